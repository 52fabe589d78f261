"""What an operation is about: a node and its instance, and the relationships to others.

Runtime properties are compared with what was read, nested changes too. What differs is merged by key: in the commit of
the operation's outcome, or earlier by `update()`, in a commit of its own. Source: reference/workflow-api.md §7.3–7.5.
"""

from __future__ import annotations

from copy import deepcopy
from functools import cached_property
from typing import TYPE_CHECKING, Any

from durable_wf.authoring import kept
from durable_wf.authoring.evaluation import DeploymentScope
from durable_wf.authoring.exceptions import NonRecoverableError, StorageConflict
from durable_wf.authoring.properties import (
    FAR_END,
    DirtyTrackingDict,
    ImmutableProperties,
    ImmutableRuntimeProperties,
    replace,
)
from durable_wf.dsl.runtime import evaluate
from durable_wf.graph.properties import conflict_text
from durable_wf.model.protocol import PropertyUpdate

if TYPE_CHECKING:
    from collections.abc import Callable

    from durable_wf.authoring.services import Services, Topology
    from durable_wf.model.plan import Node
    from durable_wf.model.protocol import InstanceData, PropertyChange, Updated

    Handler = Callable[[dict[str, Any], dict[str, Any]], dict[str, Any]]


class NodeContext:
    """A node, read only."""

    def __init__(self, node: Node, topology: Topology, instance_id: str) -> None:
        self._node = node
        self._topology = topology
        self._instance_id = instance_id
        self.id = self.name = node.name
        self.type = node.type
        self.type_hierarchy = list(node.type_hierarchy)

    @cached_property
    def number_of_instances(self) -> int:
        """In each instance of its container, as the deployment has them when this is first asked."""
        first: int = self._node.number_of_instances
        return self._topology.scaling().get(self.name, (first, first))[0]

    @cached_property
    def properties(self) -> ImmutableProperties:
        """Its properties, functions in them evaluated as they are now."""
        found = evaluate(dict(self._node.properties), DeploymentScope(self._topology, {"self": self._instance_id}))
        return ImmutableProperties(deepcopy(dict(found)))


class NodeInstanceContext:
    """A node instance.

    services     None where nothing may be written: the far end of a relationship
    on_conflict  asked where a key conflicts in an `update()` without a handler of its own, or at the operation's end.
                 Called on the operation's thread, as `on_conflict(own, newest)`; says what to write
    """

    def __init__(self, data: InstanceData, topology: Topology, services: Services | None) -> None:
        self._data = data
        self._topology = topology
        self._services = services
        self._now: dict[str, Any] | None = None
        self._own: dict[str, Any] | None = None  # what the operation wanted, once a handler was asked at its end
        self._asked_at: int | None = None
        self.on_conflict: Handler | None = None
        self.id = data.id

    @property
    def index(self) -> int:
        """1 for the first instance of its node."""
        return self._data.index

    @property
    def state(self) -> str:
        """Its state when it was read."""
        return self._data.state

    @property
    def scaling_groups(self) -> dict[str, str]:
        """The scaling groups that it is in: id → name."""
        return {group["id"]: group["name"] for group in self._data.scaling_groups}

    @property
    def drift(self) -> Any:
        """What `check_drift` has found; None if nothing."""
        return deepcopy(self._data.system_properties.get("configuration_drift"))

    @property
    def runtime_properties(self) -> dict[str, Any]:
        """What is known of the instance since it is there."""
        if self._now is None:
            now = kept.shown(self._data.runtime_properties)
            self._now = ImmutableRuntimeProperties(now) if self._services is None else DirtyTrackingDict(now)
        return self._now

    @runtime_properties.setter
    def runtime_properties(self, now: dict[str, Any]) -> None:
        self._writable()
        self._now = DirtyTrackingDict(now)

    @cached_property
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

        raises  NonRecoverableError when it has no host, or the host no ip
        """
        if self._data.host_id is None:
            text = "host_id missing"
            raise NonRecoverableError(text)
        host = self._topology.instance(self._data.host_id)
        if host is not None:
            properties = NodeContext(self._topology.nodes()[host.node], self._topology, host.id).properties
            found = host.runtime_properties.get("ip") or properties.get("ip")
            if found:
                return str(found)
        text = f"could not find ip for node instance: {self._data.host_id}"
        raise NonRecoverableError(text)

    def siblings(self) -> list[InstanceData]:
        """The other instances of its node as they are now, by index."""
        found = [one for one in self._topology.instances() if one.node == self._data.node and one.id != self.id]
        return sorted(found, key=lambda one: one.index)

    # ------------------------------------------------------------------ reading and writing while the operation runs

    def refresh(self, force: bool = False) -> None:
        """Read it again.

        force   lose what was changed and not saved; otherwise that raises NonRecoverableError
        """
        if not force and self.changes():
            text = f"runtime properties of {self.id} were changed and not saved; update() first, or refresh(force=True)"
            raise NonRecoverableError(text)
        data = self._topology.instance(self.id)
        if data is None:
            raise _gone(self.id)
        self._is_now(data)

    def update(self, on_conflict: Handler | None = None) -> None:
        """Save what was changed now, not only when the operation ends; the operation then has what is there.

        on_conflict  asked for what to write: first with the operation's own properties twice, even where nothing was
                     changed, and then with its own and the newest, as often as the instance has changed meanwhile
        raises       StorageConflict naming a key that somebody else has changed too, where there is no handler;
                     whatever the handler raises; RunnerStopping where the operation's runner does not write any more
        """
        services = self._writable()
        if on_conflict is not None:
            self._negotiate(services, on_conflict, self._data, dict(self.runtime_properties))
            return
        changes = self.changes()
        if not changes:
            self.refresh(force=True)
            return
        done = services.update(PropertyUpdate(self.id, changes))
        if done.conflict is None or done.data is None:
            self._took(done)
        elif self.on_conflict is not None:
            self._negotiate(services, self.on_conflict, done.data, kept.shown(done.data.runtime_properties))
        else:
            raise StorageConflict(conflict_text(self.id, done.conflict))

    def _negotiate(self, services: Services, handler: Handler, data: InstanceData, newest: dict[str, Any]) -> None:
        """Ask the handler until what it says goes through. By revision, not by key: it may look at several keys.

        data    what the first round is written over
        newest  what the handler is first shown beside the operation's own properties
        """
        own = deepcopy(dict(self.runtime_properties))
        while True:
            wanted = _mapping(handler(deepcopy(own), deepcopy(newest)), handler)
            changes = kept.changes(self.id, data.runtime_properties, wanted)
            done = services.update(PropertyUpdate(self.id, changes, data.revision))
            if done.written or done.data is None:
                self._took(done)
                return
            data, newest = done.data, kept.shown(done.data.runtime_properties)

    def guard(self) -> tuple[bool, int | None]:
        """Whether its handler is to be asked about a conflict at the operation's end, and since which revision.

        returns  (it is, the revision for which the handler has been asked already; None: any key may have changed)
        """
        return self.on_conflict is not None and self._services is not None and bool(self.changes()), self._asked_at

    def ask(self, newest: InstanceData) -> None:
        """At the operation's end, ask the handler what to write over `newest`. Called on the operation's thread.

        raises  whatever the handler raises; NonRecoverableError where it gives nothing that can be written
        """
        if self.on_conflict is None:
            text = f"{self.id} has no handler of conflicts"
            raise NonRecoverableError(text)
        if self._own is None:
            self._own = deepcopy(dict(self.runtime_properties))
        found = self.on_conflict(deepcopy(self._own), kept.shown(newest.runtime_properties))
        self._now = DirtyTrackingDict(_mapping(found, self.on_conflict))
        self._data = newest
        self._asked_at = newest.revision

    def changes(self) -> list[PropertyChange]:
        """What differs from what was read.

        raises  NotSerializable, SecretInValue, naming the key
        """
        if self._services is None or self._now is None:
            return []
        return kept.changes(self.id, self._data.runtime_properties, self._now)

    def _writable(self) -> Services:
        if self._services is None:
            raise NonRecoverableError(FAR_END)
        return self._services

    def _took(self, done: Updated) -> None:
        if done.data is None:
            raise _gone(self.id)
        self._is_now(done.data)

    def _is_now(self, data: InstanceData) -> None:
        """The mapping that was handed out stays the one that is looked at."""
        self._data = data
        if self._now is not None:
            replace(self._now, kept.shown(data.runtime_properties))


class RelationshipContext:
    """One relationship of an instance, seen from its source. The target is read only."""

    def __init__(self, entry: dict[str, Any], node: Node, topology: Topology) -> None:
        self._entry = entry
        self._topology = topology
        self.type = entry["type"]
        self.type_hierarchy = list(node.relationships[entry["position"]].type_hierarchy)

    @cached_property
    def target(self) -> RelationshipSubjectContext:
        """The far end, as it is when it is first asked for."""
        data = self._topology.instance(self._entry["target_id"])
        if data is None:
            raise _gone(self._entry["target_id"])
        return RelationshipSubjectContext(data, self._topology, None)


class RelationshipSubjectContext:
    """One end of a relationship: its node and its instance."""

    def __init__(self, data: InstanceData, topology: Topology, services: Services | None) -> None:
        self.instance = NodeInstanceContext(data, topology, services)

    @property
    def node(self) -> NodeContext:
        """The instance's node."""
        return self.instance.node


def _gone(instance: str) -> NonRecoverableError:
    return NonRecoverableError(f"the node instance '{instance}' is not there any more")


def _mapping(found: Any, handler: Handler) -> dict[str, Any]:
    if not isinstance(found, dict):
        name = getattr(handler, "__name__", repr(handler))
        text = f"{name} returned {type(found).__name__}; a handler of conflicts returns the properties to write"
        raise NonRecoverableError(text)
    return dict(found)
