"""What the function is shown, where it was when it first saw each failure, and what its end means.

The same in replay as live: only rows and what the function has asked for so far count.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from durable_wf.codec import decode, encode
from durable_wf.graph.state import FAILED, GRAPH_CANCELLED, SUCCEEDED
from durable_wf.model.commands import Answer, Cause
from durable_wf.model.events import Raised, Returned
from durable_wf.model.states import XE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from durable_wf.graph.state import Run, Scope, TaskState


def show(run: Run, task: TaskState) -> Answer:
    """Show the function how a task ended."""
    task.fetched = True
    failed = () if task.state == SUCCEEDED else (task.no,)
    _note(run, failed, task.ended_seq or 0)
    return Answer(task.no, task.detail, failed, task.ended_seq or 0)


def show_graph(run: Run, scope: Scope) -> Answer:
    """Show the function how an execute() ended."""
    # numbers of what handlers add follow the order in which things ended; what is told must not
    tasks = sorted((run.tasks[no] for no in scope.failed), key=lambda task: (task.name, task.target, task.no))
    _note(run, scope.failed, max((task.ended_seq or 0 for task in tasks), default=0))
    causes = tuple(Cause(task.no, task.name, task.target, task.request.text, task.detail) for task in tasks)
    return Answer(0, None, scope.failed, scope.ended_seq, causes, cancelled=scope.state == GRAPH_CANCELLED)


def _note(run: Run, failed: tuple[int, ...], seq: int) -> None:
    """A failure shown for the first time: all that the function asks for from here on may be because of it."""
    for no in failed:
        run.notes.setdefault(no, max(seq, run.asked_seq))


def end_of(run: Run) -> tuple[XE, str | None] | None:
    """How the execution ends, with its detail, once the function and all that it asked for have; None before."""
    ending = run.ending
    if ending is None or run.in_flight or run.again or run.unknown:
        return None
    if isinstance(ending, Returned):
        if run.open:
            return None
        failed = [task for task in run.standard if task.state == FAILED and not task.fetched]
        if not failed:
            return XE.RETURNED, None if ending.result_json is None else f'{{"result":{ending.result_json}}}'
        for task in failed:
            show(run, task)
        ending = Raised(decode(failed[0].detail)["error"], tuple(task.no for task in failed))
    cut = cut_of(run, ending.ended_by)
    return XE.RAISED, encode({"error": ending.error, "ended_by": list(ending.ended_by), "cut_seq": cut})


def cut_of(run: Run, ended_by: Iterable[int]) -> int | None:
    """What a person's resume will cut at: the earliest note of these failures, and of a cancel request; None for none.

    Of a cancel request the function is told by a transition, so that its seq is never older than what was asked for.
    """
    notes = [run.notes[no] for no in ended_by if no in run.notes]
    if run.cancel.told is not None:
        notes.append(run.cancel.told)
    return min(notes, default=None)
