"""From rows to a `Run`: what a resume starts with, and the counters again once the replay has met its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from durable_wf.codec import decode
from durable_wf.graph import asks, cancel, flow
from durable_wf.graph.state import (
    ENDED,
    EXECUTION_CODE,
    FAILED,
    GRAPH_ENDED,
    IN_FLIGHT,
    PENDING,
    RESCHEDULED,
    SUPERSEDED,
    UNKNOWN,
    WORKED,
    Failure,
    Request,
    Run,
    Scope,
    TaskState,
)
from durable_wf.model.events import Action
from durable_wf.model.rows import Subject
from durable_wf.model.states import AE, GE, TE, XE, X

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from durable_wf.model.rows import History, Outcome, Transition

_ATTEMPT_ALONE = int(Subject.ATTEMPT)
_REOPENED = tuple(XE).index(XE.REOPENED)
_FAILING = tuple(GE).index(GE.FAILING)
_GRAPH_STARTED = tuple(GE).index(GE.STARTED)
_BEGAN = tuple(TE).index(TE.BEGAN)
_SUCCEEDED = tuple(AE).index(AE.SUCCEEDED)
_OF_RETRY = ("delay_us", "due")
RERUN = "rerun"  # `outcome` of a decision about what is to be done before a task runs again
_IGNORING = (Action.IGNORE, Action.CONTINUE)


def load(history: History) -> Run:
    """A `Run` with every task as its row says. Nothing is connected yet (see `connect_all`)."""
    run = Run(history.execution, is_dry=bool(decode(history.execution.options_json).get("dry_run")))
    run.cancel = cancel.recorded(history)
    by_no = {}
    for payload in history.payloads:
        run.requests[payload.body_json] = by_no[payload.no] = Request(payload.no, payload.body_json)
    tasks = run.tasks
    for stored in history.tasks:
        tasks[stored.no] = TaskState(stored, by_no[stored.request])
    for outcome in history.outcomes:
        _remember(tasks[outcome.no], outcome)
    for attempt in history.attempts:
        tasks[attempt.task].began_us = attempt.began_us
    cuts = past_cuts(history)
    for graph in history.graphs:
        scope = Scope(graph.no, graph.path, graph.seq, graph.state)
        run.graph_by_no[graph.no] = scope
        if not any(cut.seq < graph.seq < cut.reopened_seq for cut in cuts):
            run.graphs[graph.path] = scope
    for row in history.transitions:
        if row.subject == Subject.GRAPH:
            _moved(run.graph_by_no[row.subject_no], row)
    mark_decisions(run, history, cuts)
    run.next_no = max(tasks, default=0) + 1
    run.next_graph = max(run.graph_by_no, default=0) + 1
    return run


def _remember(task: TaskState, outcome: Outcome) -> None:
    """A task's outcome, and whether it is decided."""
    if outcome.subject == _ATTEMPT_ALONE:
        task.undecided = outcome.detail_json
        task.is_good = outcome.event == _SUCCEEDED
    elif outcome.event == _BEGAN:  # its effect is written, and its handler had not answered
        task.undecided = outcome.detail_json
        task.is_good = "error" not in decode(outcome.detail_json)
    else:
        task.detail = outcome.detail_json


class PastCut(NamedTuple):
    """What a person's resume has superseded: all asked for between `seq` and `reopened_seq`, and all of `reset`."""

    seq: int
    reopened_seq: float
    reset: frozenset[int]


def past_cuts(history: History) -> list[PastCut]:
    """The cuts of a person's resumes so far."""
    found = []
    for row in history.transitions:
        if row.subject == Subject.EXECUTION and row.event == _REOPENED:
            detail = decode(row.detail_json)
            found.append(PastCut(detail["cut_seq"], row.seq, frozenset(detail["reset"])))
    return found


class Decision(NamedTuple):
    """A handler's decision as it was recorded (see `graph.decisions`).

    said      what stands under `decision`
    outcome   what it was about: the rest of the detail
    holds     False where a later resume has changed what came before it: the handler is asked again, for what it
              adds, and what it decides now is not compared
    """

    seq: int
    no: int
    is_good: bool
    said: dict[str, Any]
    outcome: dict[str, Any]
    holds: bool


def decisions(run: Run, history: History, cuts: Sequence[PastCut]) -> list[Decision]:
    """The decisions that still count, by seq: not those of tasks that were reset or superseded since."""
    found = []
    for row in history.decisions:
        detail = decode(row.detail_json) or {}
        said = detail.pop("decision", None)
        if said is None or run.tasks[row.subject_no].state == SUPERSEDED:
            continue
        if any(row.seq < cut.reopened_seq and row.subject_no in cut.reset for cut in cuts):
            continue
        holds = not any(cut.seq < row.seq < cut.reopened_seq for cut in cuts)
        is_good = said["outcome"] == "good"
        outcome = said.get("was") or {key: value for key, value in detail.items() if key not in _OF_RETRY}
        found.append(Decision(row.seq, row.subject_no, is_good, said, outcome, holds))
    return found


def mark_decisions(run: Run, history: History, cuts: Sequence[PastCut]) -> list[Decision]:
    """Let the tasks be as the decisions that still count have left them; gives these."""
    for row in history.decisions:
        task = run.tasks[row.subject_no]
        task.ignored, task.replaced_by, task.preceded = False, None, False
        run.added_by[row.seq] = row.subject_no
    for found in (run.removed, run.unlinked, run.delayed):
        found.clear()
    counting = decisions(run, history, cuts)
    for one in counting:
        task = run.tasks[one.no]
        if one.said["outcome"] == RERUN:
            task.preceded = True
        else:
            task.ignored = task.state == FAILED and one.said["action"] in _IGNORING
        if "replaced_by" in one.said:
            task.replaced_by = run.tasks[one.said["replaced_by"]]
            if "due" in (decode(task.detail) or {}):
                run.delayed[task.replaced_by.no] = 0  # until when is said by the pen's clock
        _take_out(run, one.said, one.seq)
    for row in history.transitions:
        if row.subject == Subject.GRAPH and row.event == _GRAPH_STARTED and row.detail_json is not None:
            graph = run.graph_by_no[row.subject_no]
            if run.graphs.get(graph.path) is graph:  # not of one that was superseded
                _take_out(run, decode(row.detail_json), row.seq)
    return counting


def _take_out(run: Run, said: dict[str, Any], seq: int) -> None:
    run.removed.update(dict.fromkeys(said.get("removed", ()), seq))
    run.unlinked.update(dict.fromkeys(((task, on) for task, on in said.get("unlinked", ())), seq))


def _moved(scope: Scope, row: Transition) -> None:
    """Take in a graph's transition; the newest one counts."""
    scope.failing_json = row.detail_json if row.event == _FAILING else None
    if row.event == _FAILING:
        return
    scope.ended = row.target in GRAPH_ENDED
    scope.ended_seq = row.seq
    scope.failures = recorded_failures(row.detail_json)


def recorded_failures(detail_json: str | None) -> dict[int, None]:
    """The failures that the end of a graph or a subgraph recorded."""
    detail = decode(detail_json) or {}
    return dict.fromkeys(detail.get("failures", ()))


def count_keys(run: Run) -> None:
    """How many rows of each key there are; superseded ones do not count."""
    keys = run.keys
    for task in run.tasks.values():
        if task.state != SUPERSEDED:
            key = (task.graph, task.parent, task.kind, task.name, task.target)
            keys[key] = max(keys.get(key, 0), task.n)


def edges_by_seq(history: History) -> dict[int, set[tuple[int, int]]]:
    """The journal's edges by the seq at which they were stored: that of a graph, or of a handler's decision."""
    found: dict[int, set[tuple[int, int]]] = {}
    for edge in history.dependencies:
        found.setdefault(edge.seq, set()).add((edge.task, edge.on))
    return found


def connect_all(run: Run, history: History) -> None:
    """Rebuild counters, scopes and queues from the states. Costs O(tasks + dependencies), once a resume."""
    live = [task for task in run.tasks.values() if task.state != SUPERSEDED]
    for task in live:
        asks.join(run, task)
    for edge in history.dependencies:
        task = run.tasks[edge.task]
        if task.state not in ENDED:
            asks.connect(task, asks.current(run.tasks[edge.on]))
    for task in live:
        _count(run, task)
    _tell_again(run, live)
    run.freed.clear()
    run.freed.extend(task for task in live if task.state == PENDING and task.waits == 0)


def _count(run: Run, task: TaskState) -> None:
    """One task's share in the counters, by its state."""
    is_over = task.state in ENDED or task.replaced_by is not None
    if task.inner is not None and is_over:
        task.inner.ended = True
        task.inner.failures = recorded_failures(task.detail)
    if is_over:
        if task.scope is not None:
            task.scope.open -= 1
    elif task.scope is None:
        run.open += 1
    if task.replaced_by is not None:
        return
    if task.state == RESCHEDULED:
        run.rescheduled[task.no] = 0  # when it is due is said by `outcomes.wait_on`
    elif task.kind in WORKED and task.undecided is None and (task.state in IN_FLIGHT or task.state == UNKNOWN):
        run.unknown[task.no] = task  # no runner lives: what was in flight is unknown


def _tell_again(run: Run, live: list[TaskState]) -> None:
    """Let all that put tasks aside happen again, in the order in which it came to be: each stands where it stood.

    That is failures, graphs that ended with some, and what authors took out.
    """
    failed = {task.ended_seq or 0: task for task in live if task.state == FAILED and not task.ignored}
    ended = {scope.ended_seq: scope for scope in run.graphs.values() if scope.ended and scope.failures}
    removed: dict[int, list[int]] = {}
    unlinked: dict[int, list[tuple[int, int]]] = {}
    for no, seq in run.removed.items():
        removed.setdefault(seq, []).append(no)
    for edge, seq in run.unlinked.items():
        unlinked.setdefault(seq, []).append(edge)
    for seq in sorted({*failed, *ended, *removed, *unlinked}):
        for task, on in unlinked.get(seq, ()):
            asks.unlink(run, run.tasks[task], asks.current(run.tasks[on]), seq)
        for no in removed.get(seq, ()):
            asks.remove(run, run.tasks[no], seq, {})
        if seq in failed and not failed[seq].removed:
            flow.fall(run, failed[seq])
        elif seq in ended:
            flow.stop(run, ended[seq], Failure(seq, ended[seq].failed), {})


def first_started(history: History) -> int | None:
    """The seq at which the execution was started; None before."""
    return _first_seq(history, lambda row: row.target == EXECUTION_CODE[X.STARTED])


def first_resumed(history: History) -> int | None:
    """The seq at which it was first resumed; None before."""
    return _first_seq(history, lambda row: row.event in _RESUMED)


def _first_seq(history: History, wanted: Callable[[Transition], bool]) -> int | None:
    found = (row.seq for row in history.transitions if row.subject == Subject.EXECUTION and wanted(row))
    return next(found, None)


_RESUMED = frozenset(tuple(XE).index(event) for event in (XE.RESUMED, XE.RESUMED_CANCELLING, XE.REOPENED))
