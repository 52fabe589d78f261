"""Which outcomes are decided by a handler, and in which order its author is asked.

Handlers run on the workflow's thread, only inside the `execute()` of their graph, and one at a time. Until the
decision is recorded the task is `started`, its outcome stands in the journal, and a crash asks again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from durable_wf.graph.state import GRAPH_CANCELLED
from durable_wf.model.commands import Consult
from durable_wf.model.events import Executes

if TYPE_CHECKING:
    from durable_wf.graph.state import Run, TaskState
    from durable_wf.model.events import Spec


def is_to_be_asked(run: Run, task: TaskState, *, is_good: bool) -> bool:
    """Whether the author has given a handler for such an outcome, and its execute() still waits.

    That of a cancelled graph waits again when a person resumes the execution: the handler is asked then.
    """
    spec = task.spec
    if spec is None or task.graph is None or task.removed or run.is_dry:
        return False  # a dry run has no outcomes: a handler that polls for one would never end
    if not (spec.on_success if is_good else spec.on_failure):
        return False
    graph = run.graph_by_no[task.graph]
    return not graph.ended or graph.state == GRAPH_CANCELLED


def put(run: Run, task: TaskState, *, is_good: bool) -> None:
    """The task's handler is to be asked about the outcome in `undecided`."""
    task.is_good = is_good
    run.asking.append(task)


def next_question(run: Run) -> Consult | None:
    """The next question to the function, if it waits for one; none while a handler runs."""
    if run.asked is not None or run.stopping or not isinstance(run.wait, Executes):
        return None
    graph = run.graphs[run.wait.path].no
    for index, task in enumerate(run.asking):
        if task.graph == graph:
            del run.asking[index]
            run.asked = task
            return question(run, task)
    return None


def question(run: Run, task: TaskState) -> Consult:
    """What the handler of an undecided task is asked."""
    if task.spec is None:
        text = f"the handler of task {task.no} is to be asked, and the function has not given the task"
        raise LookupError(text)
    return Consult(task.spec, task.is_good, task.undecided, task.retries, task.ended_seq or 0, first_failure(run, task))


def first_failure(run: Run, task: TaskState) -> Spec | None:
    """Of a subgraph that failed: the task that failed first, however deep."""
    if task.inner is None or not task.inner.failures:
        return None
    first = min((run.tasks[no] for no in task.inner.failures), key=lambda failed: failed.ended_seq or 0)
    return first.spec
