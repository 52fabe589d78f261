"""All nodes and node instances of a deployment at one view, tied together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from durable_wf.authoring.node_instances import (
    CloudifyWorkflowNodeInstance,
    CloudifyWorkflowRelationshipInstance,
)
from durable_wf.authoring.nodes import CONTAINED_IN, CloudifyWorkflowNode

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from durable_wf.authoring.workflow_ctx import WorkflowContext
    from durable_wf.model.plan import Node
    from durable_wf.model.protocol import InstanceData


class WorkflowNodesAndInstancesContainer:
    """Nodes and instances at one view. Nodes go by name; instances by node and index.

    scaling  current and planned number of instances of those nodes of which they were changed
    """

    def __init__(
        self,
        ctx: WorkflowContext,
        plans: Mapping[str, Node],
        instances: list[InstanceData],
        scaling: Mapping[str, tuple[int, int]],
    ) -> None:
        by_node: dict[str, list[CloudifyWorkflowNodeInstance]] = {name: [] for name in plans}
        contained: dict[str, list[CloudifyWorkflowNodeInstance]] = {data.id: [] for data in instances}
        self._nodes = {
            name: CloudifyWorkflowNode(ctx, plans[name], plans, by_node[name], scaling.get(name))
            for name in sorted(plans)
        }
        self._instances: dict[str, CloudifyWorkflowNodeInstance] = {}
        for data in sorted(instances, key=lambda one: (one.node, one.index)):
            node = self._nodes[data.node]
            links: list[CloudifyWorkflowRelationshipInstance] = []
            made = CloudifyWorkflowNodeInstance(ctx, node, data, links, contained[data.id])
            self._instances[data.id] = made
            by_node[data.node].append(made)
            relationships = list(node.relationships)
            for entry in data.relationships:
                relationship = relationships[entry["position"]]
                links.append(CloudifyWorkflowRelationshipInstance(ctx, made, entry["target_id"], relationship))
                if relationship.is_derived_from(CONTAINED_IN) and entry["target_id"] in contained:
                    contained[entry["target_id"]].append(made)
        for inside in contained.values():
            inside.sort(key=lambda one: one.id)

    @property
    def nodes(self) -> Iterator[CloudifyWorkflowNode]:
        """All nodes, by name."""
        return iter(list(self._nodes.values()))

    @property
    def node_instances(self) -> Iterator[CloudifyWorkflowNodeInstance]:
        """All node instances, by node and index."""
        return iter(list(self._instances.values()))

    def get_node(self, node_id: str) -> CloudifyWorkflowNode | None:
        """The node, or None."""
        return self._nodes.get(node_id)

    def get_node_instance(self, node_instance_id: str) -> CloudifyWorkflowNodeInstance | None:
        """The instance, or None."""
        return self._instances.get(node_instance_id)
