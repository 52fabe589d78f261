"""What happens when an attempt begins, ends, or is lost: the outcome, and the default decision about it.

The outcome, changed runtime properties, the decision where nobody is asked, and what this frees are one
turn's changes (L7). In standard mode a failed attempt is decided by the `get()` that fetches it, or at the
function's end; where the author has given a handler, by that (see `graph.decisions`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from durable_wf.codec import decode, encode
from durable_wf.graph import asking, flow, waits
from durable_wf.graph.properties import conflict_text, merge
from durable_wf.graph.state import PENDING, SENT, STARTED, WORKED
from durable_wf.model.commands import Arm
from durable_wf.model.events import Gets, Returned
from durable_wf.model.protocol import MISSING, OperationOutcome, Status
from durable_wf.model.states import NE, TE, A
from durable_wf.retry import delay_s, usable_s

if TYPE_CHECKING:
    from collections.abc import Iterable

    from durable_wf.graph.pen import Pen
    from durable_wf.graph.state import Run, Scope, TaskState
    from durable_wf.model.events import Begun, Ended

_ATTEMPT_OF = {Status.SUCCEEDED: A.SUCCEEDED, Status.RETRY: A.RESCHEDULED, Status.FAILED: A.FAILED}


def begun(run: Run, pen: Pen, event: Begun) -> None:
    """A worker has begun the attempt, and it goes on for longer than this turn."""
    task = run.in_flight.get(event.no)
    if task is None or task.state != SENT or task.attempts != event.attempt:
        return
    task.began_us = event.began_us
    pen.task(task, TE.BEGAN, None, pen.attempt(task, A.STARTED, event.began_us, None))


def handed_back(run: Run, pen: Pen, works: Iterable[tuple[int, int]], *, goes_on: bool) -> None:
    """What had been handed out and was taken back before a worker had begun it.

    works    (task, attempt)
    goes_on  after a stop it counts as begun (see `TaskState.goes_on`); else not, and the transition is its newest end
    """
    for no, attempt in works:
        task = run.in_flight.get(no)
        if task is None or task.attempts != attempt or task.state != SENT:
            continue
        del run.in_flight[no]
        task.ended_seq = None if goes_on else pen.seq
        pen.task(task, TE.HANDED_BACK, None, pen.attempt(task, A.CANCELLED, None, pen.now.wall_us))
        if goes_on:
            run.again.append(task)
        else:
            _not_begun(run, pen, task)


def _not_begun(run: Run, pen: Pen, task: TaskState) -> None:
    """Where a task stands that is as if it had never been handed out: behind a failure of its scope, or free."""
    stopped = task.scope.stopped if task.scope is not None else None
    if task.removed:
        flow.leave(run, pen, task)
    elif stopped is not None:
        touched: dict[Scope, None] = {}
        flow.put_behind(run, task, stopped, touched)
        flow.close_all(run, pen, touched)
    elif not run.holds_back(task):
        run.ready.append(task)


def ended(run: Run, pen: Pen, event: Ended) -> None:
    """An attempt has ended. One that is not in flight (late, or of before) changes nothing."""
    task = run.in_flight.get(event.no)
    if task is None or task.attempts != event.attempt:
        return
    pen.say(task.no, task.attempts, event.outcome.logs)
    is_late = (task.no, task.attempts) in run.late
    outcome = leave_out(pen, event) if is_late else _write_properties(pen, event.outcome)
    del run.in_flight[event.no]
    if outcome.status is not Status.SUCCEEDED:
        _failed(run, pen, task, outcome)
    elif asking.is_to_be_asked(run, task, is_good=True):
        _leave_undecided(pen, task, outcome, f'{{"result":{outcome.result_json or "null"}}}')
        asking.put(run, task, is_good=True)
    else:
        code = pen.attempt(task, A.SUCCEEDED, outcome.began_us, outcome.ended_us)
        detail = None if outcome.result_json is None else f'{{"result":{outcome.result_json}}}'
        pen.task(task, TE.SUCCEEDED, detail, code)
        flow.ended_well(run, pen, task)


def leave_out(pen: Pen, event: Ended) -> OperationOutcome:
    """The outcome of an attempt that began before a rollback: what it changed is told, and not written (L8)."""
    changes = {
        name: {each.key: None if each.value is MISSING else each.value for each in found}
        for name, found in sorted(event.outcome.changes.items())
        if found
    }
    if changes:
        pen.tell_left_out(event.no, event.attempt, changes)
    return event.outcome


def _write_properties(pen: Pen, outcome: OperationOutcome) -> OperationOutcome:
    """Merge what the operation changed into what is there now; a conflict makes the attempt fail (L7)."""
    merged = []
    for name in sorted(outcome.changes):
        changes = outcome.changes[name]
        row = pen.storage.instance(name)
        if row is None:
            return _conflict(outcome, f"the node instance '{name}' is not there any more")
        new, conflict = merge(row, changes)
        if conflict is not None:
            return _conflict(outcome, conflict_text(name, conflict))
        if new is not None:
            merged.append((new, [change.key for change in changes]))
    for new, keys in merged:
        pen.instance(new, NE.PROPERTIES_CHANGED, encode({"keys": keys}))
    return outcome


def _conflict(outcome: OperationOutcome, message: str) -> OperationOutcome:
    error = {"type": "durable_wf.authoring.exceptions:StorageConflict", "message": message, "arguments": [message],
             "traceback": "", "causes": [outcome.error] if outcome.error else []}  # fmt: skip
    return OperationOutcome(Status.FAILED, outcome.began_us, outcome.ended_us, error=error)


def _failed(run: Run, pen: Pen, task: TaskState, outcome: OperationOutcome) -> None:
    detail = {
        "error": outcome.error,
        "recoverable": outcome.recoverable,
        "retry_after": usable_s(outcome.retry_after_s),
        "asked_again": outcome.status is Status.RETRY,
    }
    if task.scope is None and not is_awaited(run, task):
        _leave_undecided(pen, task, outcome, encode(detail))
    elif outcome.status is not Status.RETRY and asking.is_to_be_asked(run, task, is_good=False):
        _leave_undecided(pen, task, outcome, encode(detail))
        asking.put(run, task, is_good=False)
    else:
        code = pen.attempt(task, _ATTEMPT_OF[outcome.status], outcome.began_us, outcome.ended_us)
        decide_failure(run, pen, task, detail, code)


def _leave_undecided(pen: Pen, task: TaskState, outcome: OperationOutcome, detail: str) -> None:
    """Record how the attempt ended; somebody is asked later what that means for the task."""
    target = _ATTEMPT_OF[outcome.status]
    if task.state == SENT:
        pen.task(task, TE.BEGAN, None, pen.attempt(task, A.STARTED, outcome.began_us, None))
    pen.attempt(task, target, outcome.began_us, outcome.ended_us)
    pen.attempt_alone(task, A.STARTED, target, detail)


def is_awaited(run: Run, task: TaskState) -> bool:
    """Whether a `get()` of this task is what the function is blocked in, or the function has returned."""
    return isinstance(run.ending, Returned) or (isinstance(run.wait, Gets) and run.wait.spec.no == task.no)


def _wants_no_retry(run: Run, task: TaskState) -> bool:
    """Whether the function is blocked in `get(retry_on_failure=False)` of this task."""
    return isinstance(run.wait, Gets) and run.wait.spec.no == task.no and not run.wait.retry


def decide_failure(
    run: Run, pen: Pen, task: TaskState, detail: dict[str, Any], attempt_target: int | None = None
) -> None:
    """The default decision about a failed attempt: by the task's policy, retry or fail (workflow-api §3.6 2a, 2c)."""
    delay = delay_s(
        task.request.policy,
        retries=task.retries,
        recoverable=detail["recoverable"],
        retry_after_s=detail["retry_after"],
    )
    if delay is None or task.removed or _wants_no_retry(run, task):
        fail(run, pen, task, detail, attempt_target)
    else:
        try_again(run, pen, task, detail, delay, attempt_target)


def fail(run: Run, pen: Pen, task: TaskState, detail: dict[str, Any], attempt_target: int | None = None) -> None:
    """The task has failed for good."""
    task.undecided = None
    pen.task(task, TE.FAILED, encode(detail), attempt_target)
    flow.ended_badly(run, pen, task)


def try_again(
    run: Run, pen: Pen, task: TaskState, detail: dict[str, Any], delay: float, attempt_target: int | None = None
) -> None:
    """The task is tried again after `delay` seconds."""
    task.undecided = None
    drawn_us = waits.draw(pen, detail, delay)
    task.retries += 1
    task.not_before_us = pen.now.wall_us + drawn_us
    pen.task(task, TE.RETRY, encode(detail), attempt_target)
    stopped = task.scope.stopped if task.scope is not None else None
    if stopped is not None:  # what its scope still lets run is not tried again
        touched: dict[Scope, None] = {}
        flow.put_behind(run, task, stopped, touched)
        flow.close_all(run, pen, touched)
        return
    if task.removed:
        flow.leave(run, pen, task)
    elif not run.holds_back(task):
        run.rescheduled[task.no] = pen.now.boot_us + drawn_us
        pen.commands.append(Arm(("task", task.no), drawn_us))


def decide_undecided(run: Run, pen: Pen, task: TaskState) -> None:
    """Decide a failed attempt that waited for somebody to fetch it."""
    if task.undecided is not None and task.state == STARTED:
        decide_failure(run, pen, task, decode(task.undecided))


def wait_on(run: Run, pen: Pen, task: TaskState) -> None:
    """After a resume: wait for what is left of the recorded wait (L9)."""
    run.rescheduled[task.no] = pen.now.boot_us + waits.left_us(pen, task.detail)
    came_due(run, pen, task)


def came_due(run: Run, pen: Pen, task: TaskState) -> None:
    """Free a task for its next attempt if its wait is over; a timer that comes too early is armed again (L9).

    A task that has not had its first attempt is looked at again with all that is free (see `flow.settle`).
    """
    due_us = run.rescheduled.get(task.no)
    if due_us is None:
        return
    if pen.now.boot_us < due_us:
        pen.commands.append(Arm(("task", task.no), due_us - pen.now.boot_us))
        return
    del run.rescheduled[task.no]
    if task.state == PENDING:
        run.freed.append(task)
        return
    task.not_before_us = None
    pen.task(task, TE.CAME_DUE)
    if task.waits == 0:  # else it is in a subgraph that a person's resume begins anew
        (run.ready if task.kind in WORKED else run.freed).append(task)


def lost(pen: Pen, task: TaskState) -> None:
    """The runner died while the attempt was in flight: from here on its outcome is unknown."""
    pen.task(task, TE.OWNER_GONE, None, pen.attempt(task, A.UNKNOWN, task.began_us, None))


def settle_unknown(run: Run, pen: Pen, task: TaskState, *, person_says: bool) -> None:
    """Settle an unknown outcome by the task's policy, or by a person's word that all may run again.

    raises nothing; a task that must be asked about stays unknown
    """
    policy = task.request.policy.on_unknown
    if policy == "rerun" or person_says:
        if policy != "rerun":
            task.generation += 1
        del run.unknown[task.no]
        pen.task(task, TE.RERUN)
        run.again.append(task)
    elif policy == "fail":
        del run.unknown[task.no]
        error = {"type": "durable_wf.authoring.exceptions:UnknownOutcome", "arguments": [],
                 "message": "its runner died while it ran, and its policy for that is to fail",
                 "traceback": "", "causes": []}  # fmt: skip
        pen.task(task, TE.SETTLED)
        detail = {"error": error, "recoverable": False, "retry_after": None, "asked_again": False}
        code = pen.attempt(task, A.FAILED, task.began_us, pen.now.wall_us)
        if asking.is_to_be_asked(run, task, is_good=False):
            pen.attempt_alone(task, A.UNKNOWN, A.FAILED, encode(detail))
            asking.put(run, task, is_good=False)
        else:
            decide_failure(run, pen, task, detail, code)
