"""Asking an execution to be cancelled, from any process: its runner is asked through the inbox.

Where nobody runs it, whoever asks claims it and writes the end; the workflow function is not called (workflow-api
§5.3). While a runner replays the history, a plain request waits behind it; a forced one ends the execution at once,
without its core, which belongs to the workflow's thread then. All of this is done on the thread that may write the
journal.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from durable_wf.codec import decode, encode
from durable_wf.errors import NotFoundError, UsageError
from durable_wf.graph import cancel
from durable_wf.model.events import Level
from durable_wf.model.rows import Changes, Event, Request
from durable_wf.model.states import EXECUTION, XE, X
from durable_wf.scheduler import claim as claiming

if TYPE_CHECKING:
    from collections.abc import Iterable

    from durable_wf.clock import Clock
    from durable_wf.journal.port import Journal, Reader, Turn
    from durable_wf.model.rows import Execution
    from durable_wf.scheduler.hosted import Hosted

_STATES = tuple(X)
_FORCED = (Level.KILL, Level.FORCE)  # the stronger one first


@dataclass(frozen=True, slots=True)
class Asking:
    """A wish to cancel.

    by      who asks: shown to people
    reason  why, in words; None where nobody said
    key     tells it from others: the same wish again is the first one
    """

    level: Level
    by: str
    reason: str | None
    key: str


class CalledOff(NamedTuple):
    """An execution that a forced request has ended while its runner replayed it.

    state    as it is now: one that had ended, and was being resumed, stays as it was
    changes  what was written
    """

    hosted: Hosted
    state: X
    level: Level
    changes: Changes


def ask(journal: Journal, clock: Clock, execution: int, asking: Asking) -> bool:
    """Put the request into the inbox of whoever runs the execution; cancel it where nobody does.

    returns  False where the request lies in the inbox, True where the execution is cancelled
    raises   UsageError when it has ended and nobody resumes it; NotFoundError when it is not there
    """
    if not journal.owned(execution) and journal.own(execution):
        try:
            with journal.turn() as turn:
                row = _there(turn, execution)
                _refuse_ended(row)
                turn.apply(_end(turn, row._replace(fence=row.fence + 1), asking, clock.wall_us()))
        finally:
            journal.disown(execution)
        return True
    with journal.turn() as turn:
        row = _there(turn, execution)
        if not is_resumed(journal, row):
            _refuse_ended(row)
        text = cancel.payload(asking.level, asking.reason)
        wish = Request(0, execution, cancel.KIND, asking.key, text, asking.by, clock.wall_us(), None)
        turn.apply(Changes(requests=[wish]))
    return False


def is_resumed(journal: Reader, row: Execution) -> bool:
    """Whether the execution has ended and was claimed since then.

    Until its replay has met the end of the history it stays as it had ended. Whether that runner lives is another
    question (`Journal.owned`).
    """
    if _STATES[row.state] not in EXECUTION.ended or row.ended_seq is None:
        return False
    since = journal.transitions(row.id, since=row.ended_seq - 1)
    return any(one.seq == row.ended_seq and one.fence < row.fence for one in since)


def call_off(turn: Turn, replaying: Iterable[Hosted], at_us: int) -> list[CalledOff]:
    """End those of these executions that a forced request waits for. Their cores are not touched."""
    by_id = {hosted.id: hosted for hosted in replaying}
    asked: dict[int, tuple[int, Asking]] = {}
    for request in turn.inbox(list(by_id)) if by_id else ():
        said = decode(request.payload_json) or {}
        if request.kind == cancel.KIND and said.get("level") in _FORCED:
            wish = Asking(Level(said["level"]), request.requester, said.get("reason"), request.key or "")
            rank = _FORCED.index(wish.level)
            if request.execution not in asked or rank < asked[request.execution][0]:
                asked[request.execution] = rank, wish
    found = []
    for execution, (_, wish) in asked.items():
        hosted, row = by_id[execution], _there(turn, execution)
        if row.fence != hosted.core.run.row.fence:
            continue  # it is another runner's by now
        changes = _end(turn, row, wish, at_us)
        turn.apply(changes)
        moved = changes.execution_moves
        found.append(CalledOff(hosted, _STATES[moved[-1].state if moved else row.state], wish.level, changes))
    return found


def _there(turn: Turn, execution: int) -> Execution:
    row = turn.execution(execution)
    if row is None:
        text = f"execution {execution} is not there any more"
        raise NotFoundError(text)
    return row


def _refuse_ended(row: Execution) -> None:
    state = _STATES[row.state]
    if state in EXECUTION.ended:
        text = f"execution '{row.uid}' is {state}: there is nothing to cancel"
        raise UsageError(text, hint=f"what has become of it: durable-wf show {row.uid}")


def _end(turn: Turn, row: Execution, asking: Asking, at_us: int) -> Changes:
    """What ends an execution that has no core. Its requests to cancel have come to their end with it."""
    changes, seq = Changes(taken=claiming.outstanding(turn, row.id)), turn.seq
    if _STATES[row.state] in EXECUTION.ended:
        changes.events.append(_ended_resume(row, asking, at_us))
        return changes
    if _STATES[row.state] in claiming.LEFT_RUNNING:
        row = claiming.move(row, XE.OWNER_GONE, seq, at_us, changes)
        seq += 1
    detail = cancel.detail(asking.by, asking.reason, level=str(asking.level))
    row = claiming.move(row, XE.CALLED_OFF, seq, at_us, changes, encode(detail))
    row = row._replace(ended_us=at_us, ended_seq=seq, report=None)
    changes.execution_moves.append(claiming.columns(row))
    return changes


def _ended_resume(row: Execution, asking: Asking, at_us: int) -> Event:
    """Who ended the resume of an execution that stays as it had ended, and why: no transition says so."""
    why = "" if asking.reason is None else f": {asking.reason}"
    text = f"the resume was cancelled ({asking.level}) by {asking.by}{why}"
    text += f"; nothing was begun, the execution is {_STATES[row.state]} as before"
    return Event(0, row.id, None, None, at_us, "workflow_warning", "warning", text, None)
