"""Asking an execution to be cancelled, from any process: its runner is asked through the inbox.

Where nobody runs it, whoever asks claims it and writes the end; the workflow function is not called (workflow-api
§5.3). All of this is done on the thread that may write the journal.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from durable_wf.codec import encode
from durable_wf.errors import NotFoundError, UsageError
from durable_wf.graph import cancel
from durable_wf.model.rows import Changes, Request
from durable_wf.model.states import EXECUTION, XE, X
from durable_wf.scheduler import claim as claiming

if TYPE_CHECKING:
    from durable_wf.clock import Clock
    from durable_wf.journal.port import Journal, Turn
    from durable_wf.model.events import Level
    from durable_wf.model.rows import Execution

_STATES = tuple(X)


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


def ask(journal: Journal, clock: Clock, execution: int, asking: Asking) -> bool:
    """Put the request into the inbox of whoever runs the execution; cancel it where nobody does.

    returns  False where the request lies in the inbox, True where the execution is cancelled
    raises   UsageError when it has ended; NotFoundError when it is not there
    """
    if not journal.owned(execution) and journal.own(execution):
        try:
            _call_off(journal, clock, execution, asking)
        finally:
            journal.disown(execution)
        return True
    with journal.turn() as turn:
        _row(turn, execution)
        text = cancel.payload(asking.level, asking.reason)
        row = Request(0, execution, cancel.KIND, asking.key, text, asking.by, clock.wall_us(), None)
        turn.apply(Changes(requests=[row]))
    return False


def _row(turn: Turn, execution: int) -> Execution:
    row = turn.execution(execution)
    if row is None:
        text = f"execution {execution} is not there any more"
        raise NotFoundError(text)
    state = _STATES[row.state]
    if state in EXECUTION.ended:
        text = f"execution '{row.uid}' is {state}: there is nothing to cancel"
        raise UsageError(text, hint=f"what has become of it: durable-wf show {row.uid}")
    return row


def _call_off(journal: Journal, clock: Clock, execution: int, asking: Asking) -> None:
    """End an execution that nobody runs. Its requests to cancel have come to their end with it."""
    with journal.turn() as turn:
        row, changes, at_us = _row(turn, execution), Changes(), clock.wall_us()
        row = row._replace(fence=row.fence + 1)
        seq = turn.seq
        if _STATES[row.state] in claiming.LEFT_RUNNING:
            row = claiming.move(row, XE.OWNER_GONE, seq, at_us, changes)
            seq += 1
        detail = cancel.detail(asking.by, asking.reason, level=str(asking.level))
        row = claiming.move(row, XE.CALLED_OFF, seq, at_us, changes, encode(detail))
        row = row._replace(ended_us=at_us, ended_seq=seq, report=None)
        changes.execution_moves.append(claiming.columns(row))
        changes.taken += claiming.outstanding(turn, execution)
        turn.apply(changes)
