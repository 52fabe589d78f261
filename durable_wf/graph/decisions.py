"""What a handler decided, recorded and then done: in one transaction with what it added and took (workflow-api §3.6).

The decision's transition carries the outcome and, under `decision`, what a replay compares:

    action        what was decided
    outcome       `good` or `bad`: which of its handlers was asked
    as_of         the seq as of which the handler saw things
    retries       how many retries had been decided before
    removed, unlinked   tasks and edges that it took out
    late          edges that it wanted to add to tasks that had begun already; they were left out
    replaced_by   the task that takes this one's place
    was           the outcome, where the decision has made another one of it
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from durable_wf.codec import decode, encode
from durable_wf.errors import EngineBug
from durable_wf.graph import asking, asks, flow, outcomes, waits
from durable_wf.graph.match import describe
from durable_wf.graph.state import PENDING, WORKED
from durable_wf.model.events import Action, Decides
from durable_wf.model.states import TE
from durable_wf.retry import usable_s

if TYPE_CHECKING:
    from durable_wf.graph.pen import Pen
    from durable_wf.graph.state import Run, Scope, TaskState
    from durable_wf.model.events import Spec

_MADE_BY_HANDLER = {
    "type": "durable_wf.authoring.exceptions:HandlerFailed",
    "message": "it ended well, and its on_success handler decided that it has failed",
    "arguments": [],
    "traceback": "",
    "causes": [],
}


def decided(run: Run, pen: Pen, event: Decides) -> None:
    """Take in the answer to a question."""
    task, run.asked = run.asked, None
    if task is None or task.spec is not event.task or task.undecided is None:
        text = f"a decision about task {event.task.no}, which was not asked about"
        raise EngineBug(text)
    touched: dict[Scope, None] = {}
    detail: dict[str, Any] = decode(task.undecided)
    detail["decision"] = _store(run, pen, task, event, touched)
    task.undecided = None
    if event.action is Action.RETRY:
        _retry(run, pen, task, event, detail)
    elif event.action is Action.FAIL:
        _fail(run, pen, task, event, detail)
    elif task.is_good:
        pen.task(task, TE.SUCCEEDED, encode(detail))
        flow.ended_well(run, pen, task)
    else:
        task.ignored = True
        pen.task(task, TE.FAILED, encode(detail))
        flow.ended_well(run, pen, task)
    flow.close_all(run, pen, touched)
    flow.cut_if_due(run, pen, run.graph_by_no[task.graph or 0])


def ask_again(run: Run, pen: Pen, task: TaskState) -> None:
    """A crash came between outcome and decision: ask again, or decide by default where nobody is to be asked."""
    if task in run.asking:  # its outcome was unknown until now
        return
    if asking.is_to_be_asked(run, task, is_good=task.is_good):
        run.asking.append(task)
    elif not task.is_good and task.kind in WORKED:
        outcomes.decide_failure(run, pen, task, decode(task.undecided))
    elif not task.is_good:
        outcomes.fail(run, pen, task, decode(task.undecided))
    else:
        detail, task.undecided = task.undecided, None
        pen.task(task, TE.SUCCEEDED, detail)
        flow.ended_well(run, pen, task)


def _store(run: Run, pen: Pen, task: TaskState, event: Decides, touched: dict[Scope, None]) -> dict[str, Any]:
    """Store what the handler added and took, with the seq of its decision; gives what is recorded of it."""
    found: dict[str, Any] = {
        "action": str(event.action),
        "as_of": task.ended_seq,
        "outcome": "good" if task.is_good else "bad",
        "retries": task.retries,
    }
    replacement = event.replacement
    counts = {} if replacement is None else {replacement: task.retries + 1}
    made = asks.add(run, pen, event.specs, task.graph or 0, counts)
    new = set(made)
    late = [edge for edge in event.edges if _is_late(run.tasks[edge[0].no], new)]
    asks.link(run, pen, [edge for edge in event.edges if edge not in late], touched)
    found |= asks.take_out(run, pen, event, touched)  # last: a task may wait for what is new instead of what goes
    if late:
        found["late"] = sorted([spec.no, on.no] for spec, on in late)
        _warn_of_late(run, pen, late)
    if replacement is not None:
        found["replaced_by"] = replacement.no
    begin(run, made, touched)
    return found


def begin(run: Run, made: list[TaskState], touched: dict[Scope, None]) -> None:
    """Free those of new tasks that wait for nothing; where nothing more is started they stand behind why."""
    for one in made:
        stopped = one.scope.stopped if one.scope is not None else None
        if stopped is not None:
            flow.put_behind(run, one, stopped, touched)
        elif one.waits == 0:
            run.freed.append(one)


def _is_late(task: TaskState, new: set[TaskState]) -> bool:
    """Whether the task cannot wait for anything more: it has begun, or nothing holds it back any more."""
    return task not in new and (task.state != PENDING or (task.waits == 0 and not task.holds))


def _warn_of_late(run: Run, pen: Pen, late: list[tuple[Spec, Spec]]) -> None:
    for spec, on in late:
        one, other = describe(run.tasks[spec.no]), describe(run.tasks[on.no])
        pen.warn(f"a handler wanted {one} to wait for {other}, but it had begun already")


def _retry(run: Run, pen: Pen, task: TaskState, event: Decides, detail: dict[str, Any]) -> None:
    asked_s = event.retry_after_s
    if event.replacement is None and task.inner is not None:
        text = f"{describe(task)} is to be tried again, and nothing was given that takes its place"
        raise EngineBug(text)
    if event.replacement is None:
        delay_s = task.request.policy.retry_interval_s if asked_s is None else asked_s
        outcomes.try_again(run, pen, task, detail, usable_s(delay_s) or 0.0)
        return
    new = run.tasks[event.replacement.no]
    delay_s = usable_s(asked_s) or 0.0
    if delay_s:
        run.delayed[new.no] = pen.now.boot_us + waits.draw(pen, detail, delay_s)
    pen.task(task, TE.RETRY, encode(detail))
    replace(run, task, new)
    touched: dict[Scope, None] = {}
    if asks.is_no_hope(new):
        flow.stand_behind(run, new, flow.failure_of(new), touched)
    flow.leave(run, pen, task)
    flow.close_all(run, pen, touched)


def replace(run: Run, task: TaskState, new: TaskState) -> None:
    """`new` takes the place of `task`: what waits for the one waits for the other from now on."""
    task.replaced_by = new
    waiting, task.dependents = task.dependents or [], None
    for dependent in waiting:
        if not asks.connect(dependent, new):
            flow.free(run, dependent)
        else:
            dependent.waits -= 1  # it waited for `task` already


def _fail(run: Run, pen: Pen, task: TaskState, event: Decides, detail: dict[str, Any]) -> None:
    if event.error is not None or task.is_good:
        detail["decision"]["was"] = {key: value for key, value in detail.items() if key != "decision"}
    if event.error is not None:
        before = [detail["error"]] if "error" in detail else []
        detail["error"] = {**event.error, "causes": [*event.error.get("causes", []), *map(_as_cause, before)]}
    elif task.is_good:
        detail["error"] = _MADE_BY_HANDLER
    if task.inner is not None:
        if "error" in detail:  # it failed by itself, beside what failed in it
            task.inner.failures[task.no] = None
        detail["failures"] = task.inner.failed
    outcomes.fail(run, pen, task, detail)


def _as_cause(error: dict[str, Any]) -> dict[str, Any]:
    return {key: error.get(key, "") for key in ("type", "message", "traceback")}
