"""From rows to a `Run`: what a resume starts with, and the counters again once the replay has met its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from durable_wf.codec import decode
from durable_wf.graph import asks, cancel, flow
from durable_wf.graph.state import (
    ENDED,
    FAILED,
    GRAPH_ENDED,
    IN_FLIGHT,
    PENDING,
    RESCHEDULED,
    STARTED,
    SUPERSEDED,
    UNKNOWN,
    WORKED,
    Failure,
    Request,
    Run,
    Scope,
    TaskState,
)
from durable_wf.model.rows import Subject
from durable_wf.model.states import XE

if TYPE_CHECKING:
    from durable_wf.model.rows import History, Transition

_ATTEMPT_ALONE = int(Subject.ATTEMPT)
_REOPENED = tuple(XE).index(XE.REOPENED)


def load(history: History) -> Run:
    """A `Run` with every task as its row says. Nothing is connected yet (see `connect_all`)."""
    run = Run(history.execution)
    run.cancel = cancel.recorded(history)
    by_no = {}
    for payload in history.payloads:
        run.requests[payload.body_json] = by_no[payload.no] = Request(payload.no, payload.body_json)
    tasks = run.tasks
    for stored in history.tasks:
        tasks[stored.no] = TaskState(stored, by_no[stored.request])
    for outcome in history.outcomes:
        task = tasks[outcome.no]
        if outcome.subject == _ATTEMPT_ALONE:
            task.undecided = outcome.detail_json
        else:
            task.detail = outcome.detail_json
    for attempt in history.attempts:
        tasks[attempt.task].began_us = attempt.began_us
    cuts = _cuts(history)
    for graph in history.graphs:
        scope = Scope(graph.no, graph.path, graph.seq, graph.state)
        run.graph_by_no[graph.no] = scope
        if not any(cut < graph.seq < reopened for cut, reopened in cuts):
            run.graphs[graph.path] = scope
    for row in history.transitions:
        if row.subject == Subject.GRAPH:
            _moved(run.graph_by_no[row.subject_no], row)
    run.next_no = max(tasks, default=0) + 1
    run.next_graph = max(run.graph_by_no, default=0) + 1
    return run


def _cuts(history: History) -> list[tuple[int, int]]:
    """What a person's resumes superseded: all asked for between the one seq and the other."""
    return [
        (decode(row.detail_json)["cut_seq"], row.seq)
        for row in history.transitions
        if row.subject == Subject.EXECUTION and row.event == _REOPENED
    ]


def _moved(scope: Scope, row: Transition) -> None:
    """Take in a graph's transition; the newest one counts."""
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


def edges_by_graph(run: Run, history: History) -> dict[int, set[tuple[int, int]]]:
    """The journal's edges by the graph that stored them: the one with the same seq."""
    by_seq = {scope.seq: scope.no for scope in run.graph_by_no.values()}
    found: dict[int, set[tuple[int, int]]] = {}
    for edge in history.dependencies:
        found.setdefault(by_seq[edge.seq], set()).add((edge.task, edge.on))
    return found


def connect_all(run: Run, history: History) -> None:
    """Rebuild counters, scopes and queues from the states. Costs O(tasks + dependencies), once a resume."""
    live = [task for task in run.tasks.values() if task.state != SUPERSEDED]
    for task in live:
        asks.join(run, task)
    for edge in history.dependencies:
        task = run.tasks[edge.task]
        if task.state not in ENDED:
            asks.connect(task, run.tasks[edge.on])
    for task in live:
        _count(run, task)
    _spread(run, live)
    run.freed.extend(task for task in live if task.state == PENDING and task.waits == 0)


def _count(run: Run, task: TaskState) -> None:
    """One task's share in the counters, by its state."""
    inner = task.inner
    if inner is not None and task.state in ENDED:
        inner.ended = True
        inner.failures = recorded_failures(task.detail)
    elif inner is not None and task.state == STARTED:
        for member in inner.members:
            member.waits -= 1
    if task.state in ENDED:
        if task.scope is not None:
            task.scope.open -= 1
    elif task.scope is None:
        run.open += 1
    if task.state == RESCHEDULED:
        run.rescheduled[task.no] = 0  # when it is due is said by `outcomes.wait_on`
    elif task.kind in WORKED and task.undecided is None and (task.state in IN_FLIGHT or task.state == UNKNOWN):
        run.unknown[task.no] = task  # no runner lives: what was in flight is unknown


def _spread(run: Run, live: list[TaskState]) -> None:
    """Let every failure spread again, in the order in which they came to be: each task stands where it stood."""
    failed = {task.ended_seq or 0: task for task in live if task.state == FAILED}
    ended = {scope.ended_seq: scope for scope in run.graphs.values() if scope.ended and scope.failures}
    for seq in sorted(failed.keys() | ended.keys()):
        if seq in failed:
            flow.fall(run, failed[seq])
        else:
            flow.stop(run, ended[seq], Failure(seq, ended[seq].failed), {})
