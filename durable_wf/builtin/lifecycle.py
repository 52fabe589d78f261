"""Install, uninstall and the like of many node instances at once. Source: workflow-api §10.5.

Each of the functions builds a graph and executes it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from durable_wf.builtin.checks import has_drifted
from durable_wf.builtin.installing import install_node_instance_subgraph
from durable_wf.builtin.mending import heal_node_instance_subgraph, update_node_instance_subgraph
from durable_wf.builtin.ordering import Order
from durable_wf.builtin.rolling_back import rollback_node_instance_subgraph
from durable_wf.builtin.selection import in_order, present
from durable_wf.builtin.steps import RELATIONSHIPS, ignore_failures, relationship_operations
from durable_wf.builtin.uninstalling import uninstall_node_instance_subgraph

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from durable_wf.authoring.graphs import TaskDependencyGraph
    from durable_wf.authoring.node_instances import (
        CloudifyWorkflowNodeInstance,
        CloudifyWorkflowRelationshipInstance,
    )
    from durable_wf.authoring.sequences import TaskSequence
    from durable_wf.authoring.subgraphs import SubgraphTask
    from durable_wf.builtin.selection import Instances

    Build = Callable[..., SubgraphTask]


class LifecycleProcessor:
    """What is done to some node instances of a deployment, in the order that their relationships give.

    graph                      where it is built; it may hold other tasks
    node_instances             to which it is done
    related_nodes              instances that are left as they are: order goes through them, and their relationships
                               to the others are established or unlinked
    modified_relationship_ids  node id -> ids of nodes: relationships of related instances that are to be established or
                               unlinked, too
    ignore_failure             what fails is told, and the rest is done all the same
    name_prefix                of the graph's name
    """

    def __init__(
        self,
        graph: TaskDependencyGraph,
        node_instances: Instances | None = None,
        related_nodes: Instances | None = None,
        modified_relationship_ids: Mapping[str, Sequence[str]] | None = None,
        ignore_failure: bool = False,
        name_prefix: str = "",
    ) -> None:
        self.graph = graph
        self.node_instances = in_order(node_instances)
        self.intact_nodes = in_order(related_nodes)
        self.modified_relationship_ids = dict(modified_relationship_ids or {})
        self.ignore_failure = ignore_failure
        self._prefix = name_prefix
        self._processed = {one.id for one in self.node_instances}

    def install(self) -> None:
        """Do what is left until each is started.

        raises  WorkflowFailed, ExecutionCancelled
        """
        self._build(install_node_instance_subgraph, "establish", forwards=True)
        self._execute("install")

    def uninstall(self) -> None:
        """Do what is left until each is deleted.

        raises  WorkflowFailed, ExecutionCancelled
        """
        self._build(uninstall_node_instance_subgraph, "unlink", forwards=False)
        self._execute("uninstall")

    def rollback(self) -> None:
        """Take back what was begun with each and not ended; what points at them first.

        raises  WorkflowFailed, ExecutionCancelled
        """
        self._build(rollback_node_instance_subgraph, None, forwards=False)
        self._execute("rollback")

    def heal(self) -> None:
        """Heal each in its place. Failures are ignored, and written down under `heal_failed`.

        raises  ExecutionCancelled
        """
        self._build(heal_node_instance_subgraph, None, forwards=True)
        self._execute("heal")

    def update(self) -> None:
        """Make those that have drifted what they should be, in their place.

        raises  WorkflowFailed, ExecutionCancelled
        """
        ctx: Any = self.graph.workflow_context
        drifted = [one for one in self.node_instances if has_drifted(ctx, one)]
        self.intact_nodes = in_order([*self.intact_nodes, *(one for one in self.node_instances if one not in drifted)])
        self.node_instances = drifted
        self._processed = {one.id for one in drifted}
        self._build(update_node_instance_subgraph, None, forwards=True)
        self._execute("update")

    def _execute(self, name: str) -> None:
        self.graph.store(f"{self._prefix}{name}", optimize=False)
        self.graph.execute()

    def _build(self, build: Build, relationship_operation: str | None, *, forwards: bool) -> None:
        subgraphs = {
            one.id: build(one, self.graph, ignore_failure=self.ignore_failure) for one in self.node_instances
        } | {
            one.id: self.graph.subgraph(f"stub_{one.id}") for one in self.intact_nodes if one.id not in self._processed
        }
        order = Order(self.graph, subgraphs, forwards=forwards)
        order.tie(self.node_instances)
        related = [one for one in self.intact_nodes if one.id not in self._processed]
        if relationship_operation is None:
            order.tie(related)
            return
        sequences: dict[str, TaskSequence] = {}

        def operate(instance: CloudifyWorkflowNodeInstance, rel: CloudifyWorkflowRelationshipInstance) -> None:
            if self._is_changed(instance, rel):
                tasks = relationship_operations(rel, f"{RELATIONSHIPS}.{relationship_operation}")
                if not forwards:
                    ignore_failures(instance, tasks)
                if instance.id not in sequences:
                    sequences[instance.id] = subgraphs[instance.id].sequence()
                sequences[instance.id].add(*tasks)

        order.tie(related, operate)

    def _is_changed(self, instance: CloudifyWorkflowNodeInstance, rel: CloudifyWorkflowRelationshipInstance) -> bool:
        modified = self.modified_relationship_ids.get(instance.node_id, ())
        return rel.target_id in self._processed or rel.relationship.target_id in modified


def install_node_instances(
    graph: TaskDependencyGraph, node_instances: Instances, related_nodes: Instances | None = None, name_prefix: str = ""
) -> None:
    """Install them: what they point at first."""
    LifecycleProcessor(graph, node_instances, related_nodes, name_prefix=name_prefix).install()


def uninstall_node_instances(
    graph: TaskDependencyGraph,
    node_instances: Instances,
    ignore_failure: bool,
    related_nodes: Instances | None = None,
    name_prefix: str = "",
) -> None:
    """Uninstall them: what points at them first."""
    LifecycleProcessor(
        graph, node_instances, related_nodes, ignore_failure=ignore_failure, name_prefix=name_prefix
    ).uninstall()


def reinstall_node_instances(
    graph: TaskDependencyGraph,
    node_instances: Instances,
    ignore_failure: bool,
    related_nodes: Instances | None = None,
) -> None:
    """Uninstall all of them, look again, install all of them."""
    ctx: Any = graph.workflow_context
    uninstall_node_instances(graph, node_instances, ignore_failure, related_nodes, "reinstall-")
    ctx.refresh_node_instances()
    install_node_instances(graph, present(ctx, node_instances), present(ctx, related_nodes or ()), "reinstall-")


def rollback_node_instances(
    graph: TaskDependencyGraph,
    node_instances: Instances,
    ignore_failure: bool = True,
    related_nodes: Instances | None = None,
    name_prefix: str = "",
) -> None:
    """Take back what was begun with them and not ended."""
    LifecycleProcessor(
        graph, node_instances, related_nodes, ignore_failure=ignore_failure, name_prefix=name_prefix
    ).rollback()


def heal_node_instances(
    graph: TaskDependencyGraph, node_instances: Instances, related_nodes: Instances | None = None, name_prefix: str = ""
) -> None:
    """Heal them in their place: what they point at first."""
    LifecycleProcessor(graph, node_instances, related_nodes, name_prefix=name_prefix).heal()


def update_node_instances(
    graph: TaskDependencyGraph, node_instances: Instances, related_nodes: Instances | None = None, name_prefix: str = ""
) -> None:
    """Make those of them that have drifted what they should be: what they point at first."""
    LifecycleProcessor(graph, node_instances, related_nodes, name_prefix=name_prefix).update()


def execute_establish_relationships(
    graph: TaskDependencyGraph,
    node_instances: Instances,
    related_nodes: Instances | None = None,
    modified_relationship_ids: Mapping[str, Sequence[str]] | None = None,
) -> None:
    """Run `establish` of the modified relationships of these instances.

    related_nodes  taken and left aside, there as here
    """
    LifecycleProcessor(
        graph, related_nodes=node_instances, modified_relationship_ids=modified_relationship_ids
    ).install()


def execute_unlink_relationships(
    graph: TaskDependencyGraph,
    node_instances: Instances,
    related_nodes: Instances | None = None,
    modified_relationship_ids: Mapping[str, Sequence[str]] | None = None,
) -> None:
    """Run `unlink` of the modified relationships of these instances; failures are told and ignored.

    related_nodes  as of `execute_establish_relationships`
    """
    LifecycleProcessor(
        graph, related_nodes=node_instances, modified_relationship_ids=modified_relationship_ids
    ).uninstall()
