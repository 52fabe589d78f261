"""Making what the workflow function asks for: tasks of standard mode, and graphs.

Identity is the parent, (kind, name, target), and the n-th of that key under the parent; rows that a resume
superseded are not counted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from durable_wf.graph import flow
from durable_wf.graph.state import FAILED, GRAPH_PENDING, PENDING, SUCCEEDED, Scope, TaskState
from durable_wf.model.rows import Dependency, Graph, Kind, Payload, Task
from durable_wf.model.states import GE

if TYPE_CHECKING:
    from durable_wf.graph.pen import Pen
    from durable_wf.graph.state import Run
    from durable_wf.model.events import Executes, Spec


def make_task(run: Run, pen: Pen, spec: Spec, graph: int | None) -> TaskState:
    """A new task row for `spec`, pending; the caller connects and frees it."""
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
        0, 0, 0, None, None,
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
    made = [make_task(run, pen, spec, no) for spec in asked.specs]
    for task in made:
        join(run, task)
    failed: dict[TaskState, None] = {}
    for spec, on in asked.edges:
        pen.changes.dependencies.append(Dependency(run.row.id, spec.no, on.no, pen.seq))
        if connect(run.tasks[spec.no], run.tasks[on.no]) and is_no_hope(run.tasks[on.no]):
            failed[run.tasks[on.no]] = None
    run.asked_seq = pen.seq
    pen.graph(scope, GE.STARTED)
    touched: dict[Scope, None] = {scope: None}
    for task in sorted(failed, key=lambda task: flow.failure_of(task).seq):  # all of earlier execute()s
        flow.stand_behind(run, task, flow.failure_of(task), touched)
    run.freed.extend(task for task in made if task.waits == 0)
    flow.close_all(run, pen, touched)


def join(run: Run, task: TaskState) -> None:
    """Put a task into its scope. A member of a subgraph waits for the subgraph's start."""
    if task.graph is None:
        return
    if task.parent is None:
        task.scope = run.graph_by_no[task.graph]
    else:
        task.scope = flow.inner_scope(run.tasks[task.parent])
        task.waits += 1
    if task.kind == Kind.SUBGRAPH:
        flow.inner_scope(task)
    task.scope.members.append(task)
    task.scope.open += 1


def connect(task: TaskState, on: TaskState) -> bool:
    """`task` waits for `on`; False if that has ended well already."""
    if on.state == SUCCEEDED:
        return False
    if on.dependents is None:
        on.dependents = []
    on.dependents.append(task)
    task.waits += 1
    return True


def is_no_hope(task: TaskState) -> bool:
    """Whether it will never end well: it has failed, or is behind a failure."""
    return task.state == FAILED or task.behind is not None
