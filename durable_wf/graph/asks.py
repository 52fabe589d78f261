"""Making what the workflow function asks for: tasks of standard mode, and graphs.

Identity is the parent, (kind, name, target), and the n-th of that key under the parent; rows that a resume
superseded are not counted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from durable_wf.codec import encode
from durable_wf.graph import flow
from durable_wf.graph.state import (
    ENDED,
    FAILED,
    GRAPH_PENDING,
    PENDING,
    RESCHEDULED,
    SUCCEEDED,
    Scope,
    TaskState,
)
from durable_wf.model.rows import Dependency, Graph, Kind, Payload, Task
from durable_wf.model.states import GE

if TYPE_CHECKING:
    from durable_wf.graph.pen import Pen
    from durable_wf.graph.state import Run
    from durable_wf.model.events import Decides, Executes, Spec


def make_task(run: Run, pen: Pen, spec: Spec, graph: int | None, retries: int = 0) -> TaskState:
    """A new task row for `spec`, pending; the caller connects and frees it.

    retries  where it takes the place of a task that was tried before
    """
    request, new = run.request(spec.request)
    if new:
        pen.changes.payloads.append(Payload(run.row.id, request.no, pen.seq, request.text))
    parent = spec.parent.no if spec.parent is not None else None
    key = (graph, parent, int(spec.kind), spec.name, spec.target)
    n = run.keys[key] = run.keys.get(key, 0) + 1
    no = run.next_no
    run.next_no = no + 1
    row = Task(
        run.row.id, no, graph, parent, key[2], spec.name, spec.target, n, request.no, pen.seq, PENDING,
        0, retries, 0, None, None,
    )  # fmt: skip
    pen.changes.tasks.append(row)
    task = run.tasks[no] = TaskState(row, request)
    task.spec = spec
    spec.no = no
    return task


def ask(run: Run, pen: Pen, spec: Spec) -> None:
    """Standard mode: make the task and free it at once."""
    task = make_task(run, pen, spec, None)
    run.standard.append(task)
    run.open += 1
    run.freed.append(task)
    run.asked_seq = task.seq
    pen.asked(task)


def store_graph(run: Run, pen: Pen, asked: Executes) -> None:
    """Store what was added to a graph, connect it, and free what waits for nothing."""
    no = run.next_graph
    run.next_graph = no + 1
    scope = Scope(no, asked.path, pen.seq, GRAPH_PENDING)
    scope.wait_after_fail_s = asked.wait_after_fail_s
    run.graphs[asked.path] = run.graph_by_no[no] = scope
    pen.changes.graphs.append(Graph(run.row.id, no, asked.path, pen.seq, GRAPH_PENDING))
    touched: dict[Scope, None] = {scope: None}
    made = add(run, pen, asked.specs, no)
    link(run, pen, asked.edges, touched)
    taken = take_out(run, pen, asked, touched)
    run.asked_seq = pen.seq
    pen.graph(scope, GE.STARTED, encode(taken) if taken else None)
    run.freed.extend(task for task in made if task.waits == 0)
    flow.close_all(run, pen, touched)


def add(run: Run, pen: Pen, specs: list[Spec], graph: int, retries: dict[Spec, int] | None = None) -> list[TaskState]:
    """Make these tasks of a graph and put them into their scopes; the caller frees those that wait for nothing."""
    counts = retries or {}
    made = [make_task(run, pen, spec, graph, counts.get(spec, 0)) for spec in specs]
    for task in made:
        join(run, task)
    return made


def link(run: Run, pen: Pen, edges: list[tuple[Spec, Spec]], touched: dict[Scope, None]) -> None:
    """Store edges, and let what stands behind them count.

    touched  gets the scopes that have a failure more by that
    """
    failed: dict[TaskState, None] = {}
    for spec, on in edges:
        pen.changes.dependencies.append(Dependency(run.row.id, spec.no, on.no, pen.seq))
        other = current(run.tasks[on.no])
        if connect(run.tasks[spec.no], other) and is_no_hope(other):
            failed[other] = None
    for task in sorted(failed, key=lambda task: flow.failure_of(task).seq):
        flow.stand_behind(run, task, flow.failure_of(task), touched)


def take_out(run: Run, pen: Pen, asked: Executes | Decides, touched: dict[Scope, None]) -> dict[str, Any]:
    """Take tasks and edges out of a graph; gives what is recorded of that, nothing where nothing was.

    touched  gets the scopes that have a member less
    """
    for spec, on in asked.unlinked:
        unlink(run, run.tasks[spec.no], current(run.tasks[on.no]), pen.seq)
        run.unlinked[spec.no, on.no] = pen.seq
    for spec in asked.removed:
        remove(run, run.tasks[spec.no], pen.seq, touched)
        run.removed[spec.no] = pen.seq
    taken = {
        "removed": sorted(spec.no for spec in asked.removed),
        "unlinked": sorted([spec.no, on.no] for spec, on in asked.unlinked),
    }
    return {name: found for name, found in taken.items() if found}


def unlink(run: Run, task: TaskState, on: TaskState, seq: int) -> None:
    """From `seq` on `task` waits for `on` no more. One that stands behind a failure of it stays: that has happened."""
    if on.dependents is not None and task in on.dependents:
        on.dependents.remove(task)
        had_failed = on.state == FAILED and (on.ended_seq or 0) < seq
        if on.behind is None and not had_failed:
            flow.free(run, task)


def remove(run: Run, task: TaskState, seq: int, touched: dict[Scope, None]) -> None:
    """Take a task, and what is in it, out at `seq`: it is not started any more, and nothing waits for it.

    One that runs is waited for until it has ended, so that nothing runs that nobody knows of; its failure counts
    nothing.
    """
    stack = [task]
    while stack:
        one = stack.pop()
        if one.removed:
            continue
        if one.inner is not None:
            stack.extend(one.inner.members)
            touched[one.inner] = None
        if (one.state in ENDED and (one.ended_seq or 0) <= seq) or one.replaced_by is not None:
            continue
        if one.behind is None and one.state in (PENDING, RESCHEDULED) and not one.goes_on and one.scope is not None:
            one.scope.open -= 1
            touched[one.scope] = None
        one.removed = True
        flow.release(run, one)
        run.rescheduled.pop(one.no, None)


def current(task: TaskState) -> TaskState:
    """The task that has taken the place of this one, if any has."""
    while task.replaced_by is not None:
        task = task.replaced_by
    return task


def join(run: Run, task: TaskState) -> None:
    """Put a task into its scope. A member of a subgraph waits for the subgraph's start.

    What a handler adds to a subgraph that has ended meanwhile counts for what that is in.
    """
    if task.graph is None:
        return
    if task.kind == Kind.SUBGRAPH:
        flow.inner_scope(task)
    parent = None if task.parent is None else run.tasks[task.parent]
    while parent is not None and parent.ended_seq is not None and parent.ended_seq < task.seq and is_over(parent):
        parent = None if parent.parent is None else run.tasks[parent.parent]
    task.scope = run.graph_by_no[task.graph] if parent is None else flow.inner_scope(parent)
    if parent is not None and parent.state == PENDING:
        task.waits += 1
    task.scope.members.append(task)
    task.scope.open += 1


def is_over(task: TaskState) -> bool:
    """Whether nothing more becomes of a subgraph by itself: it has ended, or another has taken its place."""
    return task.state in ENDED or task.undecided is not None or task.replaced_by is not None


def connect(task: TaskState, on: TaskState) -> bool:
    """`task` waits for `on`; False if that has ended well already, is ignored, or was taken out."""
    if on.state == SUCCEEDED or on.ignored or on.removed:
        return False
    if on.dependents is None:
        on.dependents = []
    on.dependents.append(task)
    task.waits += 1
    return True


def is_no_hope(task: TaskState) -> bool:
    """Whether it will never end well: it has failed and that counts, or it is behind a failure."""
    return (task.state == FAILED and not task.ignored) or task.behind is not None
