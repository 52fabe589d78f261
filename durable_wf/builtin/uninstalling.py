"""The uninstall of one node instance: its tasks, in their order. Source: workflow-api §10.4."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from durable_wf.builtin.failures import SubgraphOnFailure
from durable_wf.builtin.steps import (
    LIFECYCLE,
    MONITORING,
    MONITORING_AGENT,
    VALIDATION,
    ignore_failures,
    is_host,
    leaves,
    mark,
    operation,
    relationships,
)

if TYPE_CHECKING:
    from durable_wf.authoring.node_instances import CloudifyWorkflowNodeInstance
    from durable_wf.authoring.subgraphs import SubgraphTask
    from durable_wf.builtin.steps import Owner, Step

_NOT_RUNNING = ("stopped", "deleting", "deleted", "uninitialized", "configured")
_STOPPED = ("stopped", "deleting", "deleted")
_NOT_THERE = ("deleted", "uninitialized")


def uninstall_node_instance_subgraph(
    instance: CloudifyWorkflowNodeInstance,
    graph: Owner,
    ignore_failure: bool = False,
    state: str | None = None,
    **_: Any,
) -> SubgraphTask:
    """The subgraph `<instance id>`: what is still to be done until the instance is deleted.

    ignore_failure  what fails is told, and the rest is done all the same
    state           that it is in then; None for what the view shows
    """
    state = instance.state if state is None else state
    subgraph = graph.subgraph(instance.id)
    sequence = subgraph.sequence()
    if state not in _NOT_RUNNING:
        sequence.add(*_stop(instance))
    if state not in _STOPPED:
        sequence.add(instance.set_state("stopped"))
    if state not in _NOT_THERE:
        sequence.add(*relationships(subgraph, instance, "unlink", backwards=True))
        sequence.add(*_delete(instance))
    if state != "deleted":
        sequence.add(*mark(instance, "deleted", "Node instance deleted"))
    if ignore_failure:
        ignore_failures(instance, leaves(subgraph))
    else:
        subgraph.on_failure = SubgraphOnFailure(instance, _again)
    return subgraph


def _again(instance: CloudifyWorkflowNodeInstance, graph: Owner, state: str | None) -> SubgraphTask:
    return uninstall_node_instance_subgraph(instance, graph, state=state)


def _stop(instance: CloudifyWorkflowNodeInstance) -> Step:
    validate = "Validating node instance before deletion"
    return [
        *mark(instance, "stopping", "Stopping node instance"),
        *operation(instance, f"{VALIDATION}.delete", validate, "Node instance validated"),
        *operation(instance, f"{MONITORING}.stop"),
        *operation(instance, f"{LIFECYCLE}.prestop", "Running the prestop of node instance"),
        *(before_host_stops(instance) if is_host(instance) else []),
        *operation(instance, f"{LIFECYCLE}.stop", None, "Node instance stopped"),
    ]


def before_host_stops(instance: CloudifyWorkflowNodeInstance) -> Step:
    """Watch it no more. There are no agents on one machine."""
    return [
        *operation(instance, f"{MONITORING_AGENT}.stop"),
        *operation(instance, f"{MONITORING_AGENT}.uninstall"),
    ]


def _delete(instance: CloudifyWorkflowNodeInstance) -> Step:
    return [
        *mark(instance, "deleting", "Deleting node instance"),
        *operation(instance, f"{LIFECYCLE}.delete"),
        *operation(instance, f"{LIFECYCLE}.postdelete", "Running the postdelete of node instance"),
    ]
