"""Cancellation: a request holds back what has not begun, the function is told of it once, and then it ends.

From the request on nothing starts that was asked for before the function is told; what is in flight runs to its
outcome. The function is told at its next call that cannot return at once, or by `has_cancel_request()`; which call
it was is recorded, so that a replay tells it there again. What it asks for after that, its clean-up, runs as
always. A forced request waits for neither. Source: workflow-api §5, §3.5, §4.3.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from durable_wf.codec import decode, encode
from durable_wf.graph import answers, flow, outcomes
from durable_wf.graph.state import (
    EXECUTION_CODE,
    FAILED,
    PENDING,
    RESCHEDULED,
    Cancel,
)
from durable_wf.model.commands import Abandon, Answer, Over
from durable_wf.model.events import Cancels, Executes, Gets, Level, Raised, Returned
from durable_wf.model.rows import Subject
from durable_wf.model.states import EXECUTION, GE, XE, X

if TYPE_CHECKING:
    from collections.abc import Iterable

    from durable_wf.graph.match import Replay
    from durable_wf.graph.pen import Pen
    from durable_wf.graph.state import Run, Scope, TaskState
    from durable_wf.model.events import Polls
    from durable_wf.model.rows import History, Request

KIND = "cancel"  # of requests in the inbox
EVENT_OF = {Level.CANCEL: XE.CANCEL, Level.FORCE: XE.FORCE, Level.KILL: XE.KILL}
OWN = "the workflow function itself"
_EVENTS, _STATES = tuple(XE), tuple(X)
_CANCELLING = EXECUTION_CODE[X.CANCELLING]
_FORCED = frozenset({EXECUTION_CODE[X.FORCE_CANCELLING], EXECUTION_CODE[X.KILL_CANCELLING]})
_NOT_BEGUN = frozenset({PENDING, RESCHEDULED})


def recorded(history: History) -> Cancel:
    """The request that the journal has. A person's resume has withdrawn those before it."""
    found = Cancel()
    for row in history.transitions:
        if row.subject != Subject.EXECUTION:
            continue
        event = _EVENTS[row.event]
        if event is XE.REOPENED:
            found = Cancel()
        elif event is XE.TOLD:
            found.told = row.seq
            found.telling = next(iter(decode(row.detail_json).items()))
        elif event in EVENT_OF.values():
            found.stands = True
    return found


# ----------------------------------------------------------------------------------------------------------- requests


def payload(level: Level, reason: str | None) -> str:
    """What a request in the inbox carries."""
    return encode({"level": level, "reason": reason})


def detail(by: str, reason: str | None, **more: Any) -> dict[str, Any]:
    """What the transition says about who asked, and why."""
    return {"by": by, **({} if reason is None else {"reason": reason}), **more}


def requested(run: Run, pen: Pen, request: Request) -> None:
    """Take a request of the inbox in; one that cannot be followed leaves an event."""
    pen.changes.taken.append(request.id)
    asked = decode(request.payload_json) or {}
    if asked.get("level") not in list(Level):
        pen.warn(f"a request by {request.requester} to cancel was left aside: '{asked.get('level')}' is no level of it")
        return
    ask(run, pen, Level(asked["level"]), request.requester, asked.get("reason"))


def ask(run: Run, pen: Pen, level: Level, by: str, reason: str | None = None) -> None:
    """Somebody asks to cancel: hold what has not begun. A level that is not higher leaves an event."""
    state = _STATES[run.row.state]
    if not EXECUTION.allows(state, EVENT_OF[level]):
        pen.warn(f"a request by {by} to cancel ({level}) was left aside: the execution is {state} already")
        return
    pen.execution(EVENT_OF[level], encode(detail(by, reason)))
    run.cancel.stands = run.cancel.hands_back = True
    hold(run)
    if level is not Level.CANCEL:
        pen.commands.append(Abandon(level is Level.KILL))


def hold(run: Run) -> None:
    """Take what the request holds back out of the queues; their tasks stay as they are, and can be resumed."""
    if run.cancel.stands:
        run.ready = deque(task for task in run.ready if not run.holds_back(task))
        run.rescheduled = {no: due for no, due in run.rescheduled.items() if not run.holds_back(run.tasks[no])}


def hand_back(run: Run, pen: Pen, works: Iterable[tuple[int, int]]) -> None:
    """What the shell has taken back, no worker having begun it, is not started: so it is held like the rest.

    works  (task, attempt)
    """
    run.cancel.hands_back = False
    outcomes.handed_back(run, pen, works, goes_on=False)


# -------------------------------------------------------------------------------------------------- telling, when live


def tell(run: Run, pen: Pen) -> None:
    """The function is blocked; if a request waits for it, it is told. Failures of its graph come first (§4.3).

    So do outcomes about which its handlers are asked: they came before.
    """
    wait = run.wait
    if wait is None or run.asked is not None or not _waits(run):
        return
    run.wait = None
    if isinstance(wait, Gets):
        _tell(run, pen, ("get", wait.spec.no))
        pen.commands.append(answer(run, wait.spec.no))
        return
    scope = run.graphs[wait.path]
    if not scope.failures:
        _tell(run, pen, ("execute", wait.path))
    _end_graph(run, pen, scope)


def asked(run: Run, pen: Pen, event: Polls | Cancels) -> None:
    """`set_cancel_request()`, or `has_cancel_request()`, which takes a request that waits."""
    if isinstance(event, Cancels):
        ask(run, pen, event.level, OWN)
        return
    if _waits(run):
        _tell(run, pen, ("poll", event.n))
    pen.commands.append(answer(run))


def release(run: Run, pen: Pen) -> bool:
    """Nothing can happen any more in the graph that the function waits for, because of what is held: it ends.

    returns  False if that is not why it waits
    """
    wait = run.wait
    if not run.cancel.stands or not isinstance(wait, Executes):
        return False
    run.wait = None
    _end_graph(run, pen, run.graphs[wait.path])
    return True


def _waits(run: Run) -> bool:
    return run.row.state == _CANCELLING and run.cancel.told is None


def _tell(run: Run, pen: Pen, telling: tuple[str, int | str]) -> None:
    cancel = run.cancel
    cancel.told, cancel.telling, cancel.heard = pen.seq, telling, True
    pen.told(encode(dict([telling])))


def _end_graph(run: Run, pen: Pen, scope: Scope) -> None:
    if scope.failures:
        flow.cut_short(run, pen, scope)
    else:
        scope.ended = True
        scope.ended_seq = pen.seq
        pen.graph(scope, GE.CANCELLED)
    pen.commands.append(answers.show_graph(run, scope))


def answer(run: Run, no: int = 0) -> Answer:
    """Whether the function has been told; to a `Gets` of the task `no`, that it has."""
    told = run.cancel.told if run.cancel.heard else None
    return Answer(no, None, (), told or 0, cancelled=told is not None)


def is_held_back(run: Run, task: TaskState) -> bool:
    """Whether a function that has been told waits for it in vain."""
    return run.cancel.heard and task.state in _NOT_BEGUN and run.holds_back(task)


# ------------------------------------------------------------------------------------------------- telling, in a replay


def hears(run: Run, kind: str, what: int | str) -> bool:
    """Whether this call of the function, in a replay, is the one that was told."""
    cancel = run.cancel
    if cancel.heard or cancel.telling != (kind, what):
        return False
    cancel.heard = True
    return True


def answer_poll(run: Run, replay: Replay, event: Polls) -> Answer | None:
    """A poll during a replay; None when it lies beyond the history.

    One that took nothing is answered so while the journal remembers what the function has not asked for yet.
    """
    hears(run, "poll", event.n)
    replay.settle()
    return None if replay.complete and not run.cancel.heard else answer(run)


def describe(cancel: Cancel) -> str:
    """`told of the cancel request by the get of task 5`."""
    kind, what = cancel.telling or ("", "")
    where = {"get": f"the get of task {what}", "execute": f"execute {what}", "poll": f"has_cancel_request() #{what}"}
    return f"(told of the cancel request by {where.get(kind, kind)})"


# ------------------------------------------------------------------------------------------------------------ the end


def is_forced(run: Run) -> bool:
    """Whether nobody waits for the function any more."""
    return run.row.state in _FORCED


def ends_it(run: Run) -> bool:
    """Whether the end of the function, as it is, is a cancelled execution: it returned or raised ExecutionCancelled."""
    ending = run.ending
    return ending.cancelled if isinstance(ending, Raised) else run.row.state == _CANCELLING


def end_of(run: Run) -> tuple[XE, str | None] | None:
    """How it ends, once what is in flight has ended, and what a returned function has asked for as clean-up."""
    ending = run.ending
    if run.in_flight or run.again or run.unknown:
        return None
    if isinstance(ending, Raised):
        return XE.UNWOUND, encode({"error": ending.error, **_end(run, ending.ended_by)})
    if run.ready or run.rescheduled:
        return None
    failed = [task.no for task in run.standard if task.state == FAILED and not task.fetched]
    result = {"result": decode(ending.result_json)} if isinstance(ending, Returned) and ending.result_json else {}
    return XE.UNWOUND, encode({**result, **_end(run, failed)})


def _end(run: Run, ended_by: Iterable[int]) -> dict[str, Any]:
    return {"ended_by": list(ended_by), "cut_seq": answers.cut_of(run, ended_by)}


def abandon(run: Run, pen: Pen) -> None:
    """The execution ends without its function; how what is in flight now ends, nobody will know."""
    if run.over or not run.cancel.is_abandoned:
        return
    for task in run.in_flight.values():
        outcomes.lost(pen, task)
    run.in_flight.clear()
    state = pen.execution(XE.UNWOUND, encode(_end(run, ())))
    run.over = True
    pen.commands.append(Over(state))
