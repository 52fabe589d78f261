"""The context of an operation, `ctx`. Source: reference/workflow-api.md §7.

The names of its parts are handed on from here: contexts of nodes, instances and relationships are in `subjects`.
"""

from __future__ import annotations

import logging
import warnings
from copy import deepcopy
from functools import cached_property
from typing import TYPE_CHECKING, Any

from durable_wf.authoring.agent import AgentContext
from durable_wf.authoring.bootstrap import BootstrapContext
from durable_wf.authoring.capabilities import ContextCapabilities
from durable_wf.authoring.common_ctx import BlueprintContext, CommonContext, DeploymentContext, Named
from durable_wf.authoring.constants import COMPUTE_NODE_TYPE, DEPLOYMENT, NODE_INSTANCE, RELATIONSHIP_INSTANCE
from durable_wf.authoring.evaluation import plugin_properties
from durable_wf.authoring.exceptions import NonRecoverableError, OperationRetry
from durable_wf.authoring.plugin_ctx import PluginContext
from durable_wf.authoring.properties import DirtyTrackingDict, ImmutableProperties, ImmutableRuntimeProperties
from durable_wf.authoring.raw import request_of
from durable_wf.authoring.resources import ResourceContext
from durable_wf.authoring.speech import PLUGIN_EVENT, line_of, make_logger
from durable_wf.authoring.subjects import (
    NodeContext,
    NodeInstanceContext,
    RelationshipContext,
    RelationshipSubjectContext,
)
from durable_wf.model.protocol import OperationRequest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from durable_wf.authoring.services import Services, Topology
    from durable_wf.authoring.speech import Speech
    from durable_wf.model.protocol import InstanceData, PropertyChange, PropertyUpdate, Updated

__all__ = [
    "COMPUTE_NODE_TYPE",
    "DEPLOYMENT",
    "NODE_INSTANCE",
    "RELATIONSHIP_INSTANCE",
    "BlueprintContext",
    "BootstrapContext",
    "CommonContext",
    "ContextCapabilities",
    "DeploymentContext",
    "DirtyTrackingDict",
    "ImmutableProperties",
    "ImmutableRuntimeProperties",
    "Named",
    "NodeContext",
    "NodeInstanceContext",
    "OperationContext",
    "OperationInfo",
    "PluginContext",
    "RelationshipContext",
    "RelationshipSubjectContext",
    "line_of",
    "make_logger",
]

_WITHOUT_ENGINE = logging.getLogger("durable_wf.ctx")


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


class OperationContext(CommonContext, ResourceContext):
    """`ctx` inside an operation. `type` says which of node, instance, source and target there are.

    request   the attempt, or the older system's raw context (`{}` will do, workflow-api §7.1)
    topology  the deployment; None without one
    services  what it may ask for while it runs; None where there is no engine
    speech    takes what it says; without one that goes to the stdlib logger `durable_wf.ctx`
    """

    def __init__(
        self,
        request: OperationRequest | Mapping[str, Any],
        topology: Topology | None = None,
        services: Services | None = None,
        speech: Speech | None = None,
    ) -> None:
        if isinstance(request, OperationRequest):
            super().__init__(request)
        else:
            super().__init__(request_of(request))
            self.task_id = request.get("task_id", self.task_id)
        self._topology = topology
        self._services = services
        self.operation = OperationInfo(self._request, self._operation.get("relationship"))
        self.speech = speech
        self._subjects: dict[str, RelationshipSubjectContext] = {}
        if topology is not None:
            for role, data in self._request.instances.items():
                self._subjects[role] = RelationshipSubjectContext(data, topology, services)

    @cached_property
    def logger(self) -> logging.Logger:
        """Its lines are events of the attempt. Made when it is used: a logger costs more than an empty operation."""
        return make_logger(f"ctx.{self.task_id}", self.speech or _WITHOUT_ENGINE.handle)

    def send_event(self, event: object) -> None:
        """An event of type `plugin_event` of the attempt; in the journal within a second, however the attempt ends."""
        if self.speech is not None:
            self.speech.event(PLUGIN_EVENT, str(event))
        else:
            _WITHOUT_ENGINE.info("%s", event)

    # ------------------------------------------------------------------ what it is about

    @property
    def type(self) -> str:
        """`deployment`, `node-instance` or `relationship-instance`."""
        if "source" in self._subjects or "target" in self._subjects:
            return RELATIONSHIP_INSTANCE
        return NODE_INSTANCE if "self" in self._subjects else DEPLOYMENT

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

    def _subject(self, role: str, names: str, needed: str) -> RelationshipSubjectContext:
        if role not in self._subjects:
            raise self._misused(names, needed)
        return self._subjects[role]

    def _misused(self, names: str, needed: str) -> NonRecoverableError:
        text = f"{names} can only be used in a {needed} context but used in a {self.type} context."
        return NonRecoverableError(text)

    def _own_side(self) -> RelationshipSubjectContext | None:
        """The subject on whose side the operation runs."""
        role = "self" if "self" in self._subjects else self.operation.relationship or "source"
        return self._subjects.get(role)

    @property
    def capabilities(self) -> ContextCapabilities:
        """Runtime properties of what the instance has relationships to. Deprecated in the older system."""
        warnings.warn("ctx.capabilities is deprecated; use ctx.instance.relationships", DeprecationWarning, 2)
        own = self._own_side()
        if own is None:
            raise self._misused("ctx.capabilities", f"{NODE_INSTANCE}/{RELATIONSHIP_INSTANCE}")
        return ContextCapabilities(None, own.instance)

    @cached_property
    def plugin(self) -> PluginContext:
        """The plugin that the operation comes from."""
        name = self._operation.get("plugin") or ""
        plugin = self._topology.plugins.get(name) if self._topology is not None else None
        properties = plugin_properties(plugin, self._topology) if plugin and self._topology else {}
        return PluginContext(name, plugin, properties, self._workdir)

    @property
    def agent(self) -> AgentContext:
        """The agent on a compute node.

        raises  NonRecoverableError where the operation is not one of a compute node
        """
        if "self" not in self._subjects or COMPUTE_NODE_TYPE not in self.node.type_hierarchy:
            text = f"ctx.agent can only be used in operations of nodes of type {COMPUTE_NODE_TYPE}"
            raise NonRecoverableError(text)
        return AgentContext()

    @property
    def provider_context(self) -> dict[str, Any]:
        """What was given for all operations of the deployment; a copy."""
        settings = self._topology.settings if self._topology is not None else {}
        return deepcopy(dict(settings.get("provider_context") or {}))

    @property
    def bootstrap_context(self) -> BootstrapContext:
        """What the provider context has under `cloudify`."""
        return BootstrapContext(self.provider_context.get("cloudify"))

    def abort_operation(self, message: str | None = None) -> None:
        """End the operation as failed, and have it not tried again.

        raises  NonRecoverableError
        """
        raise NonRecoverableError(*([] if message is None else [message]))

    # ------------------------------------------------------------------ any instance of the deployment

    def instance_context(self, instance_id: str) -> NodeInstanceContext:
        """An instance as it is now, to be read only.

        raises  NonRecoverableError when there is none
        """
        data = self.read_instance(instance_id)
        if data is None or self._topology is None:
            text = f"there is no node instance '{instance_id}'"
            raise NonRecoverableError(text)
        return NodeInstanceContext(data, self._topology, None)

    def read_instance(self, instance_id: str) -> InstanceData | None:
        """An instance as it is now, or None."""
        return None if self._topology is None else self._topology.instance(instance_id)

    def update_instance(self, wanted: PropertyUpdate) -> Updated:
        """Commit runtime properties of any instance of the deployment.

        raises  NonRecoverableError without a deployment; RunnerStopping
        """
        if self._services is None or self._topology is None:
            text = "there is no deployment whose node instances could be updated"
            raise NonRecoverableError(text)
        return self._services.update(wanted)

    # ------------------------------------------------------------------ the engine's side

    def has_subjects(self) -> bool:
        """Whether there is an instance whose properties it can change."""
        return bool(self._subjects)

    def guarded(self) -> dict[str, int | None]:
        """By instance id, what of the outcome must not be merged without asking a handler (see `Services.end`)."""
        guards = {subject.instance.id: subject.instance.guard() for subject in self._subjects.values()}
        return {name: revision for name, (asked, revision) in guards.items() if asked}

    def ask(self, stale: Iterable[InstanceData]) -> None:
        """Ask the handlers of these instances, which are now so, what to write."""
        by_id = {subject.instance.id: subject.instance for subject in self._subjects.values()}
        for data in stale:
            by_id[data.id].ask(data)

    def property_changes(self) -> dict[str, list[PropertyChange]]:
        """By instance id, what the operation changed."""
        found = {subject.instance.id: subject.instance.changes() for subject in self._subjects.values()}
        return {name: changes for name, changes in found.items() if changes}
