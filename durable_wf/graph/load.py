"""From rows to a `Run`: what a resume starts with, and the counters again once the replay has met its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from durable_wf.graph import asks, flow
from durable_wf.graph.state import (
    ENDED,
    GRAPH_ENDED,
    IN_FLIGHT,
    PENDING,
    RESCHEDULED,
    STARTED,
    SUCCEEDED,
    SUPERSEDED,
    UNKNOWN,
    WORKED,
    Request,
    Run,
    Scope,
    TaskState,
)
from durable_wf.codec import decode
from durable_wf.model.rows import Kind, Subject
from durable_wf.model.states import XE

if TYPE_CHECKING:
    from durable_wf.model.rows import History, Task

_ATTEMPT_ALONE = int(Subject.ATTEMPT)
_REOPENED = tuple(XE).index(XE.REOPENED)


def load(history: History) -> Run:
    """A `Run` with every task as its row says. Nothing is connected yet (see `connect_all`)."""
    run = Run(history.execution)
    by_no = {}
    for row in history.payloads:
        run.requests[row.body_json] = by_no[row.no] = Request(row.no, row.body_json)
    tasks = run.tasks
    for row in history.tasks:
        tasks[row.no] = _task(row, by_no[row.request])
    for outcome in history.outcomes:
        task = tasks[outcome.no]
        if outcome.subject == _ATTEMPT_ALONE:
            task.undecided = outcome.detail_json
        else:
            task.detail = outcome.detail_json
    for attempt in history.attempts:
        tasks[attempt.task].began_us = attempt.began_us
    cuts = [
        (decode(row.detail_json)["cut_seq"], row.seq)
        for row in history.transitions
        if row.subject == Subject.EXECUTION and row.event == _REOPENED
    ]
    for graph in history.graphs:
        scope = Scope(graph.no, graph.path, graph.seq, graph.state)
        scope.ended = graph.state in GRAPH_ENDED
        run.graph_by_no[graph.no] = scope
        if not any(cut < graph.seq < reopened for cut, reopened in cuts):
            run.graphs[graph.path] = scope
    for row in history.transitions:
        if row.subject == Subject.GRAPH:
            run.graph_by_no[row.subject_no].ended_seq = row.seq  # its end is its newest transition, where it has ended
    run.next_no = max(tasks, default=0) + 1
    run.next_graph = max(run.graph_by_no, default=0) + 1
    return run


def _task(row: Task, request: Request) -> TaskState:
    task = TaskState(row.no, row.graph, row.parent, row.kind, row.name, row.target, row.n, request, row.seq)
    task.state = row.state
    task.attempts = row.attempts
    task.retries = row.retries
    task.generation = row.generation
    task.not_before_us = row.not_before_us
    task.ended_seq = row.ended_seq
    return task


def count_keys(run: Run) -> None:
    """How many rows of each key there are; superseded ones do not count."""
    keys = run.keys
    for task in run.tasks.values():
        if task.state != SUPERSEDED:
            key = (task.graph, task.parent, task.kind, task.name, task.target)
            keys[key] = max(keys.get(key, 0), task.n)


def connect_all(run: Run, history: History) -> None:
    """Rebuild counters, scopes and queues from the states. Costs O(tasks + dependencies), once a resume."""
    live = [task for task in run.tasks.values() if task.state != SUPERSEDED]
    for task in live:
        if task.graph is not None:
            asks.join(run, task)
    for edge in history.dependencies:
        task, on = run.tasks[edge.task], run.tasks[edge.on]
        if task.state not in ENDED and task.state != SUPERSEDED and on.state != SUCCEEDED:
            if on.dependents is None:
                on.dependents = []
            on.dependents.append(task)
            task.waits += 1
    for task in reversed(live):  # members before their subgraph, whose failures they are
        _count(run, task)
    for task in live:
        if task.state == PENDING and task.waits == 0 and not task.behind:
            run.freed.append(task)


def _count(run: Run, task: TaskState) -> None:
    """One task's share in the counters, by its state."""
    if task.kind == Kind.SUBGRAPH and task.state == STARTED:
        for member in flow.inner_scope(task).members:
            member.waits -= 1
        flow.runs(task, 1)
    if task.state in ENDED:
        if task.scope is not None:
            task.scope.open -= 1
        if task.state != SUCCEEDED:
            _count_failure(task)
        elif task.kind == Kind.SUBGRAPH and task.inner is not None:
            task.inner.ended = True
        return
    if task.state == RESCHEDULED:
        run.rescheduled.add(task.no)
    elif task.kind in WORKED and task.undecided is None and (task.state in IN_FLIGHT or task.state == UNKNOWN):
        run.unknown[task.no] = task  # no runner lives: what was in flight is unknown
        flow.runs(task, 1)


def _count_failure(task: TaskState) -> None:
    innermost = [task.no] if task.inner is None else task.inner.failures
    if task.inner is not None:
        task.inner.ended = True
    if task.scope is not None:
        flow.blame(task.scope, innermost)
    for scope in flow.stand_behind(task, innermost):
        flow.blame(scope, innermost)
