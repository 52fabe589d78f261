"""`cancel`: asks the runner of an execution, wherever it is, or ends an execution that nobody runs."""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from durable_wf.cli.calls import Call
from durable_wf.cli.parameters import Execution, Force, Kill, Reason
from durable_wf.errors import UsageError
from durable_wf.model.states import EXECUTION

if TYPE_CHECKING:
    from durable_wf.engine import Engine
    from durable_wf.inspection.view import View
    from durable_wf.model import rows
    from durable_wf.model.events import Level

LOOK_S = 0.05
_ENDED = frozenset(EXECUTION.code(state) for state in EXECUTION.ended)


@dataclass(frozen=True, slots=True)
class Cancellation:
    """What was asked, and what has become of it.

    level  cancel, force or kill
    state  of the execution when its runner had taken the request, or nobody ran it
    asked  whether a runner was asked; else the execution was ended by this command
    """

    id: str
    level: str
    reason: str | None
    state: str
    asked: bool


def cancel(call: Call, execution: Execution, force: Force = False, kill: Kill = False, reason: Reason = None) -> None:
    """Cancel an execution: it starts nothing more, and its workflow function is told, and may clean up.

    Returns when its runner has taken the request; `journal ID -f` shows how it ends. One that nobody runs is ended at
    once. A cancelled execution can be resumed.
    """
    from durable_wf.inspection.find import find_execution

    if force and kill:
        raise UsageError("--force and --kill were both given", hint="--kill is the stronger one")
    from durable_wf.model.events import Level

    level = Level.KILL if kill else Level.FORCE if force else Level.CANCEL
    with call.view() as view:
        row = find_execution(view.store, execution)
        with call.engine("cancel") as engine:
            asked = not _ask(call, view, engine, row, level, reason)
        found = view.state(find_execution(view.store, row.uid))
    call.out.data(Cancellation(row.uid, str(level), reason, found, asked), [])
    what = "asked its runner" if asked else "nobody ran it"
    call.out.note(f"cancel ({level}) execution {row.uid}: {what}; it is {call.out.state(found)}")


def _ask(call: Call, view: View, engine: Engine, row: rows.Execution, level: Level, reason: str | None) -> bool:
    """Ask until the request has been taken, or there is nobody to take it; whether it was ended here.

    raises  UsageError where the execution has ended before
    """
    key, never, said = secrets.token_hex(8), threading.Event(), False
    while True:
        if engine.cancel(row.uid, str(level), reason=reason, key=key):
            return True
        while _has_runner(view, row):
            if _is_taken(view, row, key):
                return False
            if not said:
                call.out.detail("asked; its runner takes the request when its function waits for something")
                said = True
            never.wait(LOOK_S)
        if _is_taken(view, row, key):
            return False


def _has_runner(view: View, row: rows.Execution) -> bool:
    """Whether somebody will take a request: also one who resumes an execution that has ended."""
    from durable_wf.scheduler.requests import is_resumed

    if not view.owned(row.id):
        return False
    now = view.store.find_execution(row.uid)[0]
    return now.state not in _ENDED or is_resumed(view.store, now)


def _is_taken(view: View, row: rows.Execution, key: str) -> bool:
    found = view.store.stored("inbox", row.id)
    return any(request.key == key and request.taken_seq is not None for request in found)
