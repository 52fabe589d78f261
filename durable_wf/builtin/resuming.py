"""A resumed install: what was half done is undone before it is done again. Source: workflow-api §6.6.

Unlike there this is not looked for when the graph is built: the task itself says what comes before it runs again
(`on_rerun`), so that a replay builds the same graph.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from durable_wf.builtin.steps import LIFECYCLE, ignore_failures, is_host, leaves, operation
from durable_wf.builtin.uninstalling import before_host_stops

if TYPE_CHECKING:
    from collections.abc import Callable

    from durable_wf.authoring.node_instances import CloudifyWorkflowNodeInstance
    from durable_wf.authoring.subgraphs import SubgraphTask
    from durable_wf.authoring.tasks import WorkflowTask
    from durable_wf.builtin.steps import Step

    Undo = Callable[[CloudifyWorkflowNodeInstance], Step]


def undo_create(instance: CloudifyWorkflowNodeInstance) -> Step:
    """What takes a `create` back."""
    return [*operation(instance, f"{LIFECYCLE}.delete"), *operation(instance, f"{LIFECYCLE}.postdelete")]


def undo_start(instance: CloudifyWorkflowNodeInstance) -> Step:
    """What takes a `start` back."""
    return [
        *operation(instance, f"{LIFECYCLE}.prestop"),
        *(before_host_stops(instance) if is_host(instance) else []),
        *operation(instance, f"{LIFECYCLE}.stop"),
    ]


def undo_before_rerun(
    instance: CloudifyWorkflowNodeInstance, subgraph: SubgraphTask, step: Step, name: str, undo: Undo
) -> None:
    """Have the operation `name` of a step undone before a resume runs it again. Failures of that are ignored.

    One that is declared to be resumable, and of which only nobody knows whether it ended, is simply run again: so a
    death anywhere in an install, and a resume, give what an install without it gives (L5).

    subgraph  that the step is in: there it is done, in the subgraph `resume_cleanup_<instance id>`
    """

    def clean_up(task: WorkflowTask) -> None:
        was = task.detail()
        steps = [] if was["unknown"] and was["may_repeat"] else undo(instance)
        if not steps:
            return
        made = subgraph.subgraph(f"resume_cleanup_{instance.id}")
        made.sequence().add(
            instance.send_event("Rolling back prior to resuming install"),
            *steps,
            instance.send_event("Finished rolling back, now resuming install"),
        )
        ignore_failures(instance, leaves(made))

    for task in step:
        if getattr(task, "spec", None) is not None and task.spec.name == name:
            task.on_rerun = clean_up
