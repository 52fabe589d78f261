"""The context of an operation. Source: reference/workflow-api.md §7.

Runtime properties are read when the attempt is handed out and compared when it ends: what differs, nested
changes too, is merged key by key in the commit of the outcome.
"""

from __future__ import annotations

from copy import deepcopy
from functools import cached_property
from typing import TYPE_CHECKING, Any, NoReturn, Self

from durable_wf.authoring.evaluation import DeploymentScope
from durable_wf.authoring.exceptions import NonRecoverableError, OperationRetry
from durable_wf.authoring.speech import PLUGIN_EVENT, make_logger
from durable_wf.codec import encode
from durable_wf.dsl.runtime import evaluate
from durable_wf.graph.properties import difference

if TYPE_CHECKING:
    import logging

    from durable_wf.authoring.services import Topology
    from durable_wf.authoring.speech import Speech
    from durable_wf.model.plan import Node
    from durable_wf.model.protocol import InstanceData, OperationRequest, PropertyChange

DEPLOYMENT = "deployment"
NODE_INSTANCE = "node-instance"
RELATIONSHIP_INSTANCE = "relationship-instance"


class ImmutableProperties(dict[str, Any]):
    """A mapping that may be read only."""

    message = "Cannot override read only properties"

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise NonRecoverableError(self.message)

    __setitem__ = __delitem__ = update = clear = pop = popitem = setdefault = _refuse
    __ior__ = _refuse

    def __reduce__(self) -> tuple[Any, ...]:
        """A copy is a plain dict, which may be changed."""
        return dict, (dict(self),)


class ImmutableRuntimeProperties(ImmutableProperties):
    """Runtime properties of the far end of a relationship."""

    message = "Cannot modify runtime properties of relationship node instances"


class NodeContext:
    """A node, read only."""

    def __init__(self, node: Node, topology: Topology, instance_id: str) -> None:
        self.id = self.name = node.name
        properties = evaluate(dict(node.properties), DeploymentScope(topology, {"self": instance_id}))
        self.properties = ImmutableProperties(deepcopy(properties))
        self.type = node.type
        self.type_hierarchy = list(node.type_hierarchy)
        self.number_of_instances = node.number_of_instances


class NodeInstanceContext:
    """A node instance.

    runtime_properties  may be changed, or replaced by assignment; saved when the operation ends, however it ends
    """

    def __init__(self, data: InstanceData, topology: Topology, *, writable: bool) -> None:
        self._read = data.runtime_properties
        self._topology = topology
        self._data = data
        self._writable = writable
        self.id = data.id
        self.index = data.index
        self.state = data.state
        now = deepcopy(data.runtime_properties)
        self._now: dict[str, Any] = now if writable else ImmutableRuntimeProperties(now)

    @property
    def runtime_properties(self) -> dict[str, Any]:
        """What is known of the instance since it is there."""
        return self._now

    @runtime_properties.setter
    def runtime_properties(self, now: dict[str, Any]) -> None:
        if not self._writable:
            raise NonRecoverableError(ImmutableRuntimeProperties.message)
        self._now = now

    @property
    def node(self) -> NodeContext:
        """Its node."""
        return NodeContext(self._topology.nodes()[self._data.node], self._topology, self.id)

    @property
    def relationships(self) -> list[RelationshipContext]:
        """Its relationships, in the order of declaration."""
        node = self._topology.nodes()[self._data.node]
        return [RelationshipContext(entry, node, self._topology) for entry in self._data.relationships]

    @property
    def host_ip(self) -> str:
        """`ip` of its host: a runtime property of the instance, else a property of the node.

        raises  NonRecoverableError when it has no host, or the host no ip (workflow-api §7.4)
        """
        if self._data.host_id is None:
            text = "host_id missing"
            raise NonRecoverableError(text)
        host = self._topology.instance(self._data.host_id)
        if host is not None:
            found = host.runtime_properties.get("ip") or self._topology.nodes()[host.node].properties.get("ip")
            if found:
                return str(found)
        text = f"could not find ip for node instance: {self._data.host_id}"
        raise NonRecoverableError(text)

    def changes(self) -> list[PropertyChange]:
        """What differs from what was read.

        raises  NotSerializable naming the key
        """
        if not self._writable:
            return []
        now = dict(self._now)
        encode(now, what=f"runtime_properties of {self.id}")
        return difference(self._read, now)


class RelationshipContext:
    """One relationship of an instance, seen from its source. The target is read only."""

    def __init__(self, entry: dict[str, Any], node: Node, topology: Topology) -> None:
        self._entry = entry
        self._topology = topology
        self.type = entry["type"]
        self.type_hierarchy = list(node.relationships[entry["position"]].type_hierarchy)

    @property
    def target(self) -> RelationshipSubjectContext:
        """The far end, as it is now."""
        data = self._topology.instance(self._entry["target_id"])
        if data is None:
            text = f"the node instance '{self._entry['target_id']}' is not there any more"
            raise NonRecoverableError(text)
        return RelationshipSubjectContext(data, self._topology, writable=False)


class RelationshipSubjectContext:
    """One end of a relationship: its node and its instance."""

    def __init__(self, data: InstanceData, topology: Topology, *, writable: bool) -> None:
        self.instance = NodeInstanceContext(data, topology, writable=writable)
        self.node = NodeContext(topology.nodes()[data.node], topology, data.id)


class OperationInfo:
    """`ctx.operation`.

    name             full name, `interface.operation`; the function's path for a task without a node
    retry_number     0 for the first attempt
    max_retries      -1 without limit
    relationship     `source`, `target` or None
    idempotency_key  the same for every attempt until a person resets the task: give it to what you call
    """

    def __init__(self, request: OperationRequest, relationship: str | None) -> None:
        self.name = (request.body.get("operation") or {}).get("name") or request.name
        self.retry_number = request.retry_number
        self.max_retries = request.max_retries
        self.relationship = relationship
        self.idempotency_key = request.idempotency_key
        self.asked_again: OperationRetry | None = None

    def retry(self, message: str | None = None, retry_after: float | None = None) -> None:
        """Ask to be run again; return normally afterwards. Overrides the result."""
        self.asked_again = OperationRetry(message or "", retry_after=retry_after)


class Named:
    """`ctx.deployment` and `ctx.blueprint`: an id."""

    def __init__(self, name: str | None) -> None:
        self.id = name


class PluginContext(str):  # noqa: SLOT000 - a handful a process; the attributes read better without slots
    """The plugin's name, with what is known of it."""

    name: str
    package_name: str | None
    package_version: str | None

    def __new__(cls, name: str, package_name: str | None, package_version: str | None) -> Self:
        made = super().__new__(cls, name)
        made.name = name
        made.package_name = package_name
        made.package_version = package_version
        return made


class OperationContext:
    """`ctx` inside an operation. `type` says which of node, instance, source and target there are."""

    def __init__(self, request: OperationRequest, topology: Topology | None, speech: Speech) -> None:
        self._request = request
        self._topology = topology
        self._operation = request.body.get("operation") or {}
        self.execution_id = request.execution_uid
        self.workflow_id = request.workflow
        self.task_id = f"{request.execution_uid}/{request.task}"
        self.task_name = request.body["function"]
        self.deployment = Named(request.deployment)
        self.blueprint = Named(request.blueprint)
        self.operation = OperationInfo(request, self._operation.get("relationship"))
        self.resume = request.resumed
        self.local = True
        self.speech = speech
        self._subjects = {
            role: RelationshipSubjectContext(data, topology, writable=True)
            for role, data in request.instances.items()
            if topology is not None
        }

    @cached_property
    def logger(self) -> logging.Logger:
        """Its lines are events of the attempt. Made when it is used: a logger costs more than an empty operation."""
        return make_logger(f"ctx.{self.task_id}", self.speech)

    def send_event(self, event: object) -> None:
        """Send an event of the operation; it is in the journal within a second, however the operation ends."""
        self.speech.event(PLUGIN_EVENT, str(event))

    @property
    def type(self) -> str:
        """`deployment`, `node-instance` or `relationship-instance`."""
        if "self" in self._subjects:
            return NODE_INSTANCE
        return RELATIONSHIP_INSTANCE if "source" in self._subjects else DEPLOYMENT

    @property
    def node(self) -> NodeContext:
        """The node of a node operation."""
        return self._subject("self", "ctx.node/ctx.instance", NODE_INSTANCE).node

    @property
    def instance(self) -> NodeInstanceContext:
        """The instance of a node operation."""
        return self._subject("self", "ctx.node/ctx.instance", NODE_INSTANCE).instance

    @property
    def source(self) -> RelationshipSubjectContext:
        """The near end of a relationship operation."""
        return self._subject("source", "ctx.source/ctx.target", RELATIONSHIP_INSTANCE)

    @property
    def target(self) -> RelationshipSubjectContext:
        """The far end of a relationship operation."""
        return self._subject("target", "ctx.source/ctx.target", RELATIONSHIP_INSTANCE)

    @property
    def plugin(self) -> PluginContext:
        """The plugin that the operation comes from."""
        name = self._operation.get("plugin") or ""
        plugin = self._topology.plugins.get(name) if self._topology is not None else None
        return PluginContext(name, plugin.package_name if plugin else None, plugin.package_version if plugin else None)

    def _subject(self, role: str, names: str, needed: str) -> RelationshipSubjectContext:
        if role not in self._subjects:
            text = f"{names} can only be used in a {needed} context but used in a {self.type} context."
            raise NonRecoverableError(text)
        return self._subjects[role]

    def property_changes(self) -> dict[str, list[PropertyChange]]:
        """By instance id, what the operation changed."""
        found: dict[str, list[PropertyChange]] = {}
        for subject in self._subjects.values():
            changes = subject.instance.changes()
            if changes:
                found[subject.instance.id] = changes
        return found
