"""Nodes and their relationships as a workflow sees them. Source: reference/workflow-api.md §2.3, §2.4.

They are snapshots at the workflow's view: an operation's changes are seen after `ctx.refresh_node_instances()`.
Unlike the reference, two relationships from one node to the same target are both kept.
"""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

from durable_wf.authoring.fixed_set import fixed_hash
from durable_wf.authoring.stored_objects import raw_node, raw_plugin

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from durable_wf.authoring.node_instances import CloudifyWorkflowNodeInstance
    from durable_wf.authoring.stored_objects import Raw
    from durable_wf.authoring.workflow_ctx import WorkflowContext
    from durable_wf.model.plan import Node, Operation, Relationship

CONTAINED_IN = "cloudify.relationships.contained_in"


class CloudifyWorkflowNode:
    """A node of the deployment.

    number_of_instances          in each instance of its container, as the deployment has them
    planned_number_of_instances  as a modification that has started wants them; else the same
    """

    def __init__(
        self,
        ctx: WorkflowContext,
        plan: Node,
        all_nodes: Mapping[str, Node],
        instances: list[CloudifyWorkflowNodeInstance],
        scaling: tuple[int, int] | None = None,
    ) -> None:
        self.ctx = ctx
        self._plan = plan
        self._all_nodes = all_nodes
        self._instances = instances
        self.id = plan.name
        self.type = plan.type
        self.type_hierarchy = list(plan.type_hierarchy)
        self.host_id = plan.host_id
        first: int = plan.number_of_instances
        current, planned = scaling or (first, first)
        self.number_of_instances = current
        self.planned_number_of_instances = planned
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
    def plugins(self) -> list[Raw]:
        """The plugins that its operations use: `name`, `package_name`, … of each; copies."""
        return self._declared(self._plan.plugins)

    @property
    def plugins_to_install(self) -> list[Raw]:
        """Of a host, the plugins that run on it and are to be installed there; of another node, none."""
        if self.host_id != self.id:
            return []
        inside = (node for node in self._all_nodes.values() if node.host_id == self.id)
        names = sorted({name for node in inside for name in node.plugins})
        return [one for one in self._declared(names) if one["executor"] == "host_agent" and one["install"]]

    def _declared(self, names: Iterable[str]) -> list[Raw]:
        topology = self.ctx.internal.topology
        known = topology.plugins if topology is not None else {}
        return [raw_plugin(known[name]) for name in names if name in known]

    @property
    def _node(self) -> Raw:
        counts = self.number_of_instances, self.planned_number_of_instances
        return raw_node(self._plan, self.ctx.deployment.id, self.plugins, counts)

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
        return fixed_hash(self.id)

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
