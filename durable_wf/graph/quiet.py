"""The ends of a modification wait until nothing else happens to its deployment (design.md, "Modifications").

What was asked for before comes to its end first, whether a worker has it already or not: that is a matter of
moments, and must not tell (L5). Only the wait before another attempt is not waited for. A cancel request ends this
wait, as it ends any; what the function asks for after it has been told is not put off, so that a person can always
bound it. What runs across a rollback then keeps its result, and its changes of properties are only told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from durable_wf.model.rows import Kind

if TYPE_CHECKING:
    from durable_wf.graph.state import Run, TaskState

_ENDS = frozenset({int(Kind.FINISH_MODIFICATION), int(Kind.ROLLBACK_MODIFICATION)})


def _is_quiet(run: Run) -> bool:
    return not (run.in_flight or run.ready or run.again or run.unknown)


def puts_off(run: Run, task: TaskState) -> bool:
    """Whether the task has to wait; it is then kept for `release`."""
    if task.kind not in _ENDS or run.cancel.stands or _is_quiet(run):
        return False
    run.quieting.append(task)
    return True


def release(run: Run) -> None:
    """Free what waits, where it need not any more. What a cancel request holds back stays so."""
    if run.quieting and (run.cancel.stands or _is_quiet(run)):
        run.freed.extend(run.quieting)
        run.quieting.clear()


def note_late(run: Run, task: TaskState, *, is_good: bool) -> None:
    """After a rollback: whatever has not ended was asked for before it."""
    if task.kind == Kind.ROLLBACK_MODIFICATION and is_good:
        run.late.update((one.no, one.attempts) for one in run.in_flight.values())
        run.late.update((one.no, one.attempts + 1) for one in (*run.ready, *run.again, *run.unknown.values()))
