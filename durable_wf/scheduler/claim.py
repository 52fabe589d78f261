"""Becoming an execution's runner: the kernel says whether another lives, the fence shuts out a stale one (L4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from durable_wf.codec import encode
from durable_wf.errors import HeldError, NotFoundError
from durable_wf.graph import cancel
from durable_wf.model.rows import Changes, ExecutionMove, Subject, Transition
from durable_wf.model.states import EXECUTION, MODIFICATION, XE, X

if TYPE_CHECKING:
    from collections.abc import Callable

    from durable_wf.clock import Clock
    from durable_wf.journal.port import Journal, Reader, Turn
    from durable_wf.model.rows import Execution

_EVENTS = tuple(XE)
_STATES = tuple(X)
_MODIFYING = MODIFICATION.code(MODIFICATION.initial)
_MAY_HAVE_A_RUNNER = frozenset(EXECUTION.code(state) for state in X if state is not X.TERMINATED)
LEFT_RUNNING = frozenset({X.STARTED, X.CANCELLING, X.FORCE_CANCELLING, X.KILL_CANCELLING})


def claim(journal: Journal, clock: Clock, execution: Execution, owner: dict[str, object]) -> Execution:
    """Own the execution and raise its fence; where its runner died, write that it was interrupted.

    owner   pid, start time and pid namespace of this process: shown to people, never judged by
    raises  HeldError when another runner lives, or one of the deployment; NotFoundError when the row has gone
    """
    if journal.owned(execution.id) or not journal.own(execution.id):  # this process may be the owner already
        text = f"execution '{execution.uid}' has a live runner: {execution.owner_json}"
        raise HeldError(text, hint="wait for it, or take it over with `resume --take-over`")
    try:
        with journal.turn() as turn:
            row = turn.execution(execution.id)
            if row is None:
                text = f"execution '{execution.uid}' is not there any more"
                raise NotFoundError(text)
            refuse_beside_another(journal, row)
            row = row._replace(fence=row.fence + 1, owner_json=encode(owner))
            changes = Changes()
            state = _STATES[row.state]
            if state in LEFT_RUNNING:
                row = move(row, XE.OWNER_GONE, turn.seq, clock.wall_us(), changes)
            elif state in EXECUTION.ended:  # a person opens it again: requests that came too late are withdrawn
                changes.taken += outstanding(turn, row.id)
            changes.execution_moves.append(columns(row))
            turn.apply(changes)
    except BaseException:
        journal.disown(execution.id)
        raise
    return row


def refuse_beside_another(journal: Journal, execution: Execution) -> None:
    """One execution of a deployment runs at a time, and none beside one that was broken off while it modifies it.

    To be asked inside the turn that makes or claims one.

    raises  HeldError naming the other one
    """
    if execution.deployment is None:
        return
    other = busy(journal, lambda number: number != execution.id and journal.owned(number), execution.deployment)
    if other is not None:
        text = f"execution '{other.uid}' of the same deployment is running"
        raise HeldError(text, hint="wait for it; one execution of a deployment runs at a time")
    _refuse_beside_a_modification(journal, execution.id, execution.deployment)


def _refuse_beside_a_modification(journal: Journal, execution: int, deployment: int) -> None:
    """What an execution has begun to modify, no other one touches before it has ended (design.md, "Modifications")."""
    for started in journal.modifications(deployment):
        if started.state != _MODIFYING or started.execution == execution:
            continue
        of_it = next((row for row in journal.executions(deployment=deployment) if row.id == started.execution), None)
        if of_it is not None and _STATES[of_it.state] not in EXECUTION.ended:
            text = f"execution '{of_it.uid}' has started the modification '{started.uid}' of the same deployment"
            raise HeldError(
                f"{text}, and has not ended", hint=f"resume it, or cancel it: durable-wf cancel {of_it.uid}"
            )


def busy(journal: Reader, owned: Callable[[int], bool], deployment: int) -> Execution | None:
    """An execution of the deployment that a live runner has, or None.

    One that is being resumed has a runner while its state is still that in which it was left.
    """
    found = journal.executions(states=_MAY_HAVE_A_RUNNER, deployment=deployment)
    return next((row for row in found if owned(row.id)), None)


def move(
    row: Execution, event: XE, seq: int, at_us: int, changes: Changes, detail_json: str | None = None
) -> Execution:
    """Write a transition of an execution that has no core; gives the row in its new state.

    raises  IllegalTransition
    """
    code = EXECUTION.code(EXECUTION.next(_STATES[row.state], event))
    changes.transitions.append(
        Transition(
            row.id, seq, int(Subject.EXECUTION), row.id, row.state, code, _EVENTS.index(event), at_us,
            None, None, row.fence, detail_json,
        )
    )  # fmt: skip
    return row._replace(state=code)


def outstanding(turn: Turn, execution: int) -> list[int]:
    """The requests to cancel the execution that nobody has taken."""
    return [row.id for row in turn.inbox([execution]) if row.kind == cancel.KIND]


def columns(row: Execution) -> ExecutionMove:
    """The moving columns of an execution as they are."""
    return ExecutionMove(
        row.state, row.fence, row.owner_json, row.started_us, row.ended_us, row.ended_seq, row.report, row.id
    )
