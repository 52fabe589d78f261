"""The install of one node instance: its tasks, in their order. Source: workflow-api §10.3."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from durable_wf.authoring.handlers import HandlerResult
from durable_wf.builtin.failures import SubgraphOnFailure
from durable_wf.builtin.resuming import undo_before_rerun, undo_create, undo_start
from durable_wf.builtin.steps import (
    HOST,
    LIFECYCLE,
    MONITORING,
    MONITORING_AGENT,
    VALIDATION,
    is_host,
    mark,
    operation,
    relationships,
)
from durable_wf.builtin.uninstalling import uninstall_node_instance_subgraph

if TYPE_CHECKING:
    from durable_wf.authoring.node_instances import CloudifyWorkflowNodeInstance
    from durable_wf.authoring.subgraphs import SubgraphTask
    from durable_wf.authoring.tasks import WorkflowTask
    from durable_wf.builtin.steps import Owner, Step

_BEGUN = ("creating", "created", "configuring", "configured", "starting")
_CREATED = _BEGUN[1:]
_CONFIGURED = _BEGUN[3:]
_SHORTEST_POLL_S = 1.0


def install_node_instance_subgraph(
    instance: CloudifyWorkflowNodeInstance, graph: Owner, state: str | None = None, **_: Any
) -> SubgraphTask:
    """The subgraph `install_<instance id>`: what is still to be done until the instance is started.

    state  that it is in then; None for what the view shows
    """
    state = instance.state if state is None else state
    subgraph = graph.subgraph(f"install_{instance.id}")
    subgraph.on_failure = SubgraphOnFailure(instance, reinstall_node_instance_subgraph)
    steps = [] if state == "started" else _steps(instance, subgraph, state)
    sequence = subgraph.sequence()
    if not any(step for _, step in steps):
        sequence.add(*mark(instance, "started", "Node instance started (nothing to do)"))
        return subgraph
    if state not in _BEGUN:
        sequence.add(instance.set_state("initializing"))
    for doing, step in steps:
        sequence.add(*(step or ([instance.send_event(f"{doing}: nothing to do")] if doing else [])))
    sequence.add(*mark(instance, "started", "Node instance started"))
    return subgraph


def _steps(instance: CloudifyWorkflowNodeInstance, subgraph: SubgraphTask, state: str | None) -> list[tuple[str, Step]]:
    """The steps that are left in a state, each with the text by which it is told of where it is empty."""
    found: list[tuple[str, Step]] = []
    if state not in _BEGUN:
        found += _before_create(instance)
    if state not in _CREATED:
        found.append(_create(instance, subgraph))
    if state not in _CONFIGURED:
        found += [("", relationships(subgraph, instance, "preconfigure")), _configure(instance)]
    found.append(("", relationships(subgraph, instance, "postconfigure")))
    found.append(_start(instance, subgraph))
    if is_host(instance):
        found.append(("", _after_host_started(instance)))
    poststart = "Running the poststart of node instance"
    found.append(
        (poststart, operation(instance, f"{LIFECYCLE}.poststart", poststart, "Poststart of node instance ran"))
    )
    found.append(("", operation(instance, f"{MONITORING}.start")))
    found.append(("", relationships(subgraph, instance, "establish")))
    return found


def _before_create(instance: CloudifyWorkflowNodeInstance) -> list[tuple[str, Step]]:
    validate, precreate = "Validating node instance before creation", "Precreating node instance"
    return [
        (validate, operation(instance, f"{VALIDATION}.create", validate, "Node instance validated")),
        (precreate, operation(instance, f"{LIFECYCLE}.precreate", precreate, "Node instance precreated")),
    ]


def _create(instance: CloudifyWorkflowNodeInstance, subgraph: SubgraphTask) -> tuple[str, Step]:
    doing, name = "Creating node instance", f"{LIFECYCLE}.create"
    step = operation(instance, name, doing, "Node instance created", before="creating", after="created")
    undo_before_rerun(instance, subgraph, step, name, undo_create)
    return doing, step


def _configure(instance: CloudifyWorkflowNodeInstance) -> tuple[str, Step]:
    doing, name = "Configuring node instance", f"{LIFECYCLE}.configure"
    return doing, operation(instance, name, doing, "Node instance configured", before="configuring", after="configured")


def _start(instance: CloudifyWorkflowNodeInstance, subgraph: SubgraphTask) -> tuple[str, Step]:
    doing, name = "Starting node instance", f"{LIFECYCLE}.start"
    step = operation(instance, name, doing, before="starting")
    undo_before_rerun(instance, subgraph, step, name, undo_start)
    return doing, step


def _after_host_started(instance: CloudifyWorkflowNodeInstance) -> Step:
    """Wait until the host says that it runs, then begin to watch it. There are no agents on one machine."""
    wait = operation(instance, f"{HOST}.get_state")
    for task in wait:
        task.on_success = _until_started
    return [
        *wait,
        *operation(instance, f"{MONITORING_AGENT}.install"),
        *operation(instance, f"{MONITORING_AGENT}.start"),
    ]


def _until_started(task: WorkflowTask) -> HandlerResult:
    """Asked again, however often, until it answers something true; never without a pause."""
    if task.async_result.result:
        return HandlerResult.cont()
    pause_s = max(task.retry_interval, _SHORTEST_POLL_S)
    return HandlerResult.retry(ignore_total_retries=True, retry_after=pause_s)


def reinstall_node_instance_subgraph(
    instance: CloudifyWorkflowNodeInstance, graph: Owner, state: str | None = None
) -> SubgraphTask:
    """The subgraph `reinstall_<instance id>`, in the place of one that failed: undone, and done again.

    state  that the instance is in then; None for what the view shows
    """
    subgraph = graph.subgraph(f"reinstall_{instance.id}")
    subgraph.on_failure = SubgraphOnFailure(instance, reinstall_node_instance_subgraph)
    subgraph.sequence().add(
        instance.send_event("Node lifecycle failed. Attempting to re-run node lifecycle"),
        uninstall_node_instance_subgraph(instance, subgraph, state=state),
        install_node_instance_subgraph(instance, subgraph, state="deleted"),
    )
    return subgraph
