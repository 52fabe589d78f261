"""Nodes, instances and relationships as a workflow sees them. Source: reference/workflow-api.md §2.3–2.5.

They are snapshots at the workflow's view: an operation's changes are seen after `ctx.refresh_node_instances()`.
Unlike the reference, two relationships from one node to the same target are both kept.
"""

from __future__ import annotations

from copy import deepcopy
from functools import cached_property
from typing import TYPE_CHECKING, Any

from durable_wf.authoring.requests import effect_spec, operation_spec
from durable_wf.authoring.speech import make_logger
from durable_wf.authoring.task_classes import task_of
from durable_wf.dsl.values import fits
from durable_wf.model.plan import NOOP
from durable_wf.model.rows import Kind

if TYPE_CHECKING:
    import logging
    from collections.abc import Iterator, Mapping

    from durable_wf.authoring.workflow_ctx import WorkflowContext
    from durable_wf.model.plan import Node, Operation, Relationship
    from durable_wf.model.protocol import InstanceData

_CONTAINED_IN = "cloudify.relationships.contained_in"


class CloudifyWorkflowNode:
    """A node of the deployment."""

    def __init__(self, ctx: WorkflowContext, plan: Node, instances: list[CloudifyWorkflowNodeInstance]) -> None:
        self.ctx = ctx
        self._plan = plan
        self._instances = instances
        self.id = plan.name
        self.type = plan.type
        self.type_hierarchy = list(plan.type_hierarchy)
        self.host_id = plan.host_id
        self.number_of_instances = plan.number_of_instances
        self._relationships = [CloudifyWorkflowRelationship(ctx, entry) for entry in plan.relationships]

    @property
    def properties(self) -> dict[str, Any]:
        """Its properties; a copy."""
        return deepcopy(dict(self._plan.properties))

    @property
    def operations(self) -> Mapping[str, Operation]:
        """Its operations by full name, and by bare name where that is unique."""
        return self._plan.operations

    @property
    def plugins(self) -> list[str]:
        """Names of the plugins that its operations use."""
        return list(self._plan.plugins)

    @property
    def host_node(self) -> CloudifyWorkflowNode | None:
        """The node of its host."""
        return None if self.host_id is None else self.ctx.get_node(self.host_id)

    @property
    def relationships(self) -> Iterator[CloudifyWorkflowRelationship]:
        """Its relationships, in the order of declaration."""
        return iter(self._relationships)

    @property
    def instances(self) -> Iterator[CloudifyWorkflowNodeInstance]:
        """Its instances, by index."""
        return iter(self._instances)

    def get_relationship(self, target_id: str) -> CloudifyWorkflowRelationship | None:
        """The last relationship to that node, or None."""
        return next((one for one in reversed(self._relationships) if one.target_id == target_id), None)

    def has_operation(self, operation_name: str) -> bool:
        """Whether there is something to run under that name."""
        return self._plan.has_operation(operation_name)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CloudifyWorkflowNode) and other.id == self.id

    def __hash__(self) -> int:
        return hash(self.id)

    def __repr__(self) -> str:
        return f"<CloudifyWorkflowNode {self.id}>"


class CloudifyWorkflowRelationship:
    """A relationship of a node."""

    def __init__(self, ctx: WorkflowContext, plan: Relationship) -> None:
        self._ctx = ctx
        self._plan = plan
        self.type = plan.type
        self.target_id = plan.target

    @property
    def target_node(self) -> CloudifyWorkflowNode | None:
        """The node it points at."""
        return self._ctx.get_node(self.target_id)

    @property
    def source_operations(self) -> Mapping[str, Operation]:
        """Operations of the near end, named as a node's."""
        return self._plan.source_operations

    @property
    def target_operations(self) -> Mapping[str, Operation]:
        """Operations of the far end, named as a node's."""
        return self._plan.target_operations

    @property
    def properties(self) -> dict[str, Any]:
        """Its properties; a copy."""
        return deepcopy(dict(self._plan.properties))

    def is_derived_from(self, type_name: str) -> bool:
        """Whether `type_name` is its type or above it."""
        return self._plan.is_derived_from(type_name)


class CloudifyWorkflowNodeInstance:
    """An instance of a node, as it was at the workflow's view. Equal by id, so that sets survive a refresh."""

    modification: str | None = None

    def __init__(
        self,
        ctx: WorkflowContext,
        node: CloudifyWorkflowNode,
        data: InstanceData,
        relationships: list[CloudifyWorkflowRelationshipInstance],
        contained: list[CloudifyWorkflowNodeInstance],
    ) -> None:
        self.ctx = ctx
        self.node = node
        self._data = data
        self.id = data.id
        self.node_id = node.id
        self.state = data.state
        self.version = data.version
        self.index = data.index
        self.host_id = data.host_id
        self.deployment_id = ctx.deployment.id
        self.runtime_properties = deepcopy(data.runtime_properties)
        self._relationships = relationships
        self._contained = contained

    @cached_property
    def logger(self) -> logging.Logger:
        """Its lines are the workflow's, about this instance."""
        speech = self.ctx.internal.speech.about(node_id=self.id, node_name=self.node_id)
        return make_logger(f"ctx.{self.ctx.execution_id}-{self.id}", speech)

    @property
    def relationships(self) -> Iterator[CloudifyWorkflowRelationshipInstance]:
        """Its relationships, in the order of declaration."""
        return iter(self._relationships)

    @property
    def contained_instances(self) -> list[CloudifyWorkflowNodeInstance]:
        """Instances directly contained in it, by id."""
        return list(self._contained)

    def get_contained_subgraph(self) -> set[CloudifyWorkflowNodeInstance]:
        """Itself and everything contained in it, however deep."""
        found = {self}
        left = [self]
        while left:
            inner = [one for one in left.pop().contained_instances if one not in found]
            found.update(inner)
            left.extend(inner)
        return found

    def set_state(self, state: str) -> Any:
        """A task that sets the instance's state; any text is accepted."""
        return self.ctx.internal.emit(effect_spec(Kind.SET_STATE, state, self.id, state=state))

    def get_state(self) -> Any:
        """A task whose result is the state in the storage when it runs."""
        return self.ctx.internal.emit(effect_spec(Kind.GET_STATE, "", self.id))

    def send_event(self, event: str, additional_context: dict[str, Any] | None = None) -> Any:
        """A task that writes an event about this instance."""
        context = {**(additional_context or {}), "node_id": self.id, "node_name": self.node_id}
        return self.ctx.internal.emit(
            effect_spec(
                Kind.EVENT,
                "workflow_node_event",
                self.id,
                event=str(event),
                event_type="workflow_node_event",
                context=context,
            )
        )

    def execute_operation(
        self,
        operation: str,
        kwargs: dict[str, Any] | None = None,
        allow_kwargs_override: bool = False,
        send_task_events: bool = True,
    ) -> Any:
        """A task that runs an operation of the node; one that is not implemented does nothing.

        raises  RuntimeError for a key that both the operation's inputs and `kwargs` have (workflow-api §2.5)
        """
        return run_operation(
            self.ctx, operation, self.node.operations, kwargs, self.id, self.node_id, override=allow_kwargs_override,
            events=send_task_events,
        )  # fmt: skip

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CloudifyWorkflowNodeInstance) and other.id == self.id

    def __hash__(self) -> int:
        return hash(self.id)

    def __repr__(self) -> str:
        return f"<CloudifyWorkflowNodeInstance {self.id}>"


class CloudifyWorkflowRelationshipInstance:
    """A relationship between two instances."""

    def __init__(
        self,
        ctx: WorkflowContext,
        source: CloudifyWorkflowNodeInstance,
        target_id: str,
        relationship: CloudifyWorkflowRelationship,
    ) -> None:
        self._ctx = ctx
        self.node_instance = source
        self.source_id = source.id
        self.target_id = target_id
        self.relationship = relationship
        self.type = relationship.type

    @property
    def target_node_instance(self) -> CloudifyWorkflowNodeInstance | None:
        """The instance it points at."""
        return self._ctx.get_node_instance(self.target_id)

    def execute_source_operation(
        self,
        operation: str,
        kwargs: dict[str, Any] | None = None,
        allow_kwargs_override: bool = False,
        send_task_events: bool = True,
    ) -> Any:
        """A task that runs an operation at the near end."""
        return self._execute("source", operation, kwargs, override=allow_kwargs_override, events=send_task_events)

    def execute_target_operation(
        self,
        operation: str,
        kwargs: dict[str, Any] | None = None,
        allow_kwargs_override: bool = False,
        send_task_events: bool = True,
    ) -> Any:
        """A task that runs an operation at the far end."""
        return self._execute("target", operation, kwargs, override=allow_kwargs_override, events=send_task_events)

    def _execute(self, end: str, operation: str, kwargs: dict[str, Any] | None, *, override: bool, events: bool) -> Any:
        operations = self.relationship.source_operations if end == "source" else self.relationship.target_operations
        node = self.node_instance.node_id if end == "source" else self.relationship.target_id
        target = f"{self.source_id}->{self.target_id}"
        return run_operation(
            self._ctx, operation, operations, kwargs, target, node, override=override, end=end, events=events
        )


def run_operation(
    ctx: WorkflowContext, name: str, operations: Mapping[str, Operation], kwargs: dict[str, Any] | None, target: str,
    node: str, *, override: bool, end: str | None = None, events: bool = True,
) -> Any:  # fmt: skip
    """The task that runs an operation, or one that does nothing where it has no implementation."""
    plan = operations.get(name, NOOP)
    if plan.is_noop:
        return task_of(ctx.internal.home, effect_spec(Kind.NOP, name, target))
    inputs = merge_inputs(plan.inputs, kwargs or {}, override=override)
    _check_types(plan.inputs_types, kwargs or {})
    plugin = ctx.internal.topology.plugins.get(plan.plugin) if ctx.internal.topology is not None else None
    return ctx.internal.emit(
        operation_spec(
            ctx.internal.defaults,
            name=name if end is None else f"{name} ({end})",
            target=target,
            function=plan.function,
            kwargs=inputs,
            plan=plan,
            about={"name": name, "node": node, "plugin": plan.plugin, "relationship": end},
            on_unknown=plugin.on_unknown if plugin is not None else None,
            events=events,
        )
    )


def merge_inputs(inputs: Mapping[str, Any], kwargs: dict[str, Any], *, override: bool) -> dict[str, Any]:
    """Operation inputs overlaid with `kwargs`.

    raises  RuntimeError for a key in both, unless `override`
    """
    twice = sorted(inputs.keys() & kwargs.keys())
    if twice and not override:
        text = (
            f"Duplicate definition of {', '.join(twice)} in operation properties and in kwargs. To allow redefinition, "
            "pass 'allow_kwargs_override' to 'execute_operation'"
        )
        raise RuntimeError(text)
    return {**inputs, **kwargs}


def _check_types(types: Mapping[str, str], kwargs: dict[str, Any]) -> None:
    """What the blueprint gives was checked when it was compiled; here is what the workflow gives.

    raises  RuntimeError for a value that is not of the declared type (workflow-api §2.5)
    """
    for name, value in kwargs.items():
        if not fits(types.get(name), value):
            text = f"Value {value!r} of '{name}' does not match the definition: {types[name]}"
            raise RuntimeError(text)


class Snapshot:
    """All nodes and instances at one view."""

    def __init__(self, ctx: WorkflowContext, plans: Mapping[str, Node], instances: list[InstanceData]) -> None:
        by_node: dict[str, list[CloudifyWorkflowNodeInstance]] = {name: [] for name in plans}
        contained: dict[str, list[CloudifyWorkflowNodeInstance]] = {data.id: [] for data in instances}
        self.nodes = {name: CloudifyWorkflowNode(ctx, plan, by_node[name]) for name, plan in plans.items()}
        self.instances: dict[str, CloudifyWorkflowNodeInstance] = {}
        for data in sorted(instances, key=lambda one: (one.node, one.index)):
            node = self.nodes[data.node]
            links: list[CloudifyWorkflowRelationshipInstance] = []
            made = CloudifyWorkflowNodeInstance(ctx, node, data, links, contained[data.id])
            self.instances[data.id] = made
            by_node[data.node].append(made)
            relationships = list(node.relationships)
            for entry in data.relationships:
                relationship = relationships[entry["position"]]
                links.append(CloudifyWorkflowRelationshipInstance(ctx, made, entry["target_id"], relationship))
                if relationship.is_derived_from(_CONTAINED_IN) and entry["target_id"] in contained:
                    contained[entry["target_id"]].append(made)
        for inside in contained.values():
            inside.sort(key=lambda one: one.id)
