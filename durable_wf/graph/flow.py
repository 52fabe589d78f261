"""How one task's end moves the others: releasing dependents, closing scopes, standing behind a failure.

Costs O(degree) an event: counters only, never a recomputed ready set. Failure semantics: workflow-api §4.4 (independent
branches go on, dependents of a failed task never start), and unlike §4.5 the running members of a failed
subgraph are tracked until they have ended.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from durable_wf.codec import encode
from durable_wf.graph import effects
from durable_wf.graph.state import ENDED, PENDING, STARTED, WORKED, Scope
from durable_wf.model.commands import Arm
from durable_wf.model.rows import Kind
from durable_wf.model.states import GE, TE

if TYPE_CHECKING:
    from durable_wf.graph.pen import Pen
    from durable_wf.graph.state import Run, TaskState


def settle(run: Run, pen: Pen) -> None:
    """Start all that nothing holds back any more, until only work for workers is left."""
    while run.freed:
        task = run.freed.popleft()
        if task.state != PENDING or task.behind or not may_start(run, task):
            continue
        if task.kind in WORKED:
            run.ready.append(task)
        elif task.kind == Kind.SUBGRAPH:
            _enter(run, pen, task)
        else:
            done, detail = effects.perform(run, pen, task)
            if done:
                pen.task(task, TE.SUCCEEDED, detail)
                ended_well(run, pen, task)
            else:
                pen.task(task, TE.FAILED, detail)
                ended_badly(run, pen, task)


def may_start(run: Run, task: TaskState) -> bool:
    """Whether every scope around the task still starts things."""
    scope = task.scope
    while scope is not None:
        if scope.ended:
            return False
        parent = None if scope.path else run.tasks[scope.no]
        if parent is not None and scope.failures:
            return False
        scope = parent.scope if parent is not None else None
    return True


def _enter(run: Run, pen: Pen, task: TaskState) -> None:
    """A subgraph whose turn has come: its members are free to start."""
    pen.task(task, TE.BEGAN)
    runs(task, 1)
    inner = inner_scope(task)
    if inner.open == 0 or inner.failures:
        close(run, pen, inner)
        return
    for member in inner.members:
        free(run, member)


def inner_scope(task: TaskState) -> Scope:
    """The scope that a subgraph task is."""
    if task.inner is None:
        task.inner = Scope(task.no)
    return task.inner


def free(run: Run, task: TaskState) -> None:
    """One condition less."""
    task.waits -= 1
    if task.waits == 0 and not task.behind:
        run.freed.append(task)


def runs(task: TaskState, by: int) -> None:
    """Count the task in or out of what runs in its scope."""
    if task.scope is not None:
        task.scope.running += by


def ended_well(run: Run, pen: Pen, task: TaskState) -> None:
    """The task succeeded: its dependents have one condition less, its scope one member less."""
    if task.dependents:
        for dependent in task.dependents:
            free(run, dependent)
        task.dependents = None
    if task.scope is not None:
        task.scope.open -= 1
        close(run, pen, task.scope)


def ended_badly(run: Run, pen: Pen, task: TaskState) -> None:
    """The task failed for good: what depends on it never starts, its scope has a failure."""
    innermost = task.inner.failures if task.inner is not None else [task.no]
    touched = stand_behind(task, innermost)
    if task.scope is not None:
        task.scope.open -= 1
        touched.insert(0, task.scope)
    for scope in dict.fromkeys(touched):
        first = not scope.failures
        blame(scope, innermost)
        if first and scope.path and not scope.ended:
            pen.commands.append(Arm(("graph", scope.no), int(scope.wait_after_fail_s * 1_000_000)))
        close(run, pen, scope)


def blame(scope: Scope, failures: list[int]) -> None:
    """The scope has these failures too."""
    scope.failures.extend(no for no in failures if no not in scope.failures)


def stand_behind(task: TaskState, innermost: list[int]) -> list[Scope]:
    """Mark everything that waits for `task`, directly or not, as behind its failure. Each task once.

    returns  the scopes of what was marked: they cannot succeed any more
    """
    stack, touched = [task], []
    while stack:
        for dependent in stack.pop().dependents or ():
            if dependent.behind or dependent.state in ENDED:
                continue
            dependent.behind = True
            stack.append(dependent)
            if dependent.inner is not None:
                blame(dependent.inner, innermost)
            if dependent.scope is not None:
                dependent.scope.open -= 1
                touched.append(dependent.scope)
    return touched


def close(run: Run, pen: Pen, scope: Scope) -> None:
    """End the scope if nothing more can happen in it."""
    if scope.ended:
        return
    if scope.path:
        if scope.open == 0:
            end_graph(pen, scope)
        return
    task = run.tasks[scope.no]
    if task.state != STARTED:
        return
    if scope.failures:
        if scope.running == 0:
            scope.ended = True
            pen.task(task, TE.FAILED, encode({"failures": scope.failures}))
            runs(task, -1)
            ended_badly(run, pen, task)
    elif scope.open == 0:
        scope.ended = True
        pen.task(task, TE.SUCCEEDED)
        runs(task, -1)
        ended_well(run, pen, task)


def end_graph(pen: Pen, scope: Scope) -> None:
    """The graph's end, which is what its execute() waits for."""
    scope.ended = True
    scope.ended_seq = pen.seq
    if scope.failures:
        pen.graph(scope, GE.FAILED, encode({"failures": sorted(scope.failures)}))
    else:
        pen.graph(scope, GE.SUCCEEDED)
