"""The way back of a node instance that was left half made. Source: workflow-api §10.10."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from durable_wf.builtin.steps import LIFECYCLE, MONITORING, ignore_failures, leaves, mark, operation, relationships

if TYPE_CHECKING:
    from durable_wf.authoring.node_instances import CloudifyWorkflowNodeInstance
    from durable_wf.authoring.subgraphs import SubgraphTask
    from durable_wf.builtin.steps import Owner


def rollback_node_instance_subgraph(
    instance: CloudifyWorkflowNodeInstance, graph: Owner, ignore_failure: bool = True, **_: Any
) -> SubgraphTask:
    """The subgraph `rollback_<instance id>`.

    It leads from `creating` and `configuring` to `uninitialized`, from `starting` to `configured`; else nowhere.
    """
    subgraph = graph.subgraph(f"rollback_{instance.id}")
    sequence = subgraph.sequence()
    if instance.state in ("creating", "configuring"):
        sequence.add(
            instance.send_event("Rolling back node instance: deleting it"),
            *relationships(subgraph, instance, "unlink", backwards=True),
            *operation(instance, f"{LIFECYCLE}.delete"),
            *operation(instance, f"{LIFECYCLE}.postdelete"),
            *mark(instance, "uninitialized", "Node instance rolled back"),
        )
    elif instance.state == "starting":
        sequence.add(
            instance.send_event("Rolling back node instance: stopping it"),
            *operation(instance, f"{MONITORING}.stop"),
            *operation(instance, f"{LIFECYCLE}.prestop"),
            *operation(instance, f"{LIFECYCLE}.stop"),
            *mark(instance, "configured", "Node instance rolled back"),
        )
    if ignore_failure:
        ignore_failures(instance, leaves(subgraph))
    return subgraph
