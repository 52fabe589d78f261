"""How one task's end moves the others: releasing dependents, closing scopes, standing behind a failure.

Costs O(degree) an event: counters only, never a recomputed ready set. Failure semantics: workflow-api §4.4 (independent
branches go on, dependents of a failed task never start), and unlike §4.5 the running members of a failed
subgraph are tracked until they have ended.

What is behind a failure never starts. Behind a failure is what depends on the failed task, and whatever of a
subgraph does not run when one of its members fails; of a graph, when wait_after_fail ends it. Besides a failure only
the author's own word holds a free task back: that it was taken out, or that it must not start before some time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from durable_wf.codec import encode
from durable_wf.graph import asking, effects, quiet, waits
from durable_wf.graph.state import PENDING, RESCHEDULED, STARTED, SUCCEEDED, WORKED, Failure, Scope
from durable_wf.model.commands import Arm
from durable_wf.model.rows import Kind
from durable_wf.model.states import GE, TE
from durable_wf.retry import usable_s

if TYPE_CHECKING:
    from durable_wf.graph.pen import Pen
    from durable_wf.graph.state import Run, TaskState


def settle(run: Run, pen: Pen) -> None:
    """Start all that nothing holds back any more, until only work for workers is left."""
    quiet.release(run)
    while run.freed:
        task = run.freed.popleft()
        if task.state != PENDING or task.holds or run.holds_back(task) or _is_early(run, pen, task):
            continue
        if task.kind in WORKED:
            (run.again if task.goes_on else run.ready).append(task)
        elif task.kind == Kind.SUBGRAPH:
            _enter(run, pen, task)
        elif not quiet.puts_off(run, task):
            _perform(run, pen, task)


def _perform(run: Run, pen: Pen, task: TaskState) -> None:
    """A task whose effect is rows: it ends with them, or its handler is asked about what came of it."""
    is_good, detail = effects.perform(run, pen, task)
    quiet.note_late(run, task, is_good=is_good)
    if asking.is_to_be_asked(run, task, is_good=is_good):
        task.undecided = detail or '{"result":null}'
        task.ended_seq = pen.seq
        pen.task(task, TE.BEGAN, task.undecided)
        asking.put(run, task, is_good=is_good)
    elif is_good:
        pen.task(task, TE.SUCCEEDED, detail)
        ended_well(run, pen, task)
    else:
        pen.task(task, TE.FAILED, detail)
        ended_badly(run, pen, task)


def _is_early(run: Run, pen: Pen, task: TaskState) -> bool:
    """Whether it must not begin yet; then a timer frees it again."""
    if task.attempts or not (task.no in run.delayed or task.request.not_before_us):
        return False
    left_us = max(run.delayed.get(task.no, 0) - pen.now.boot_us, task.request.not_before_us - pen.now.wall_us)
    if left_us <= 0:
        return False
    run.rescheduled[task.no] = pen.now.boot_us + left_us
    pen.commands.append(Arm(("task", task.no), left_us))
    return True


def _enter(run: Run, pen: Pen, task: TaskState) -> None:
    """A subgraph whose turn has come: its members are free to start."""
    inner = inner_scope(task)
    if not inner.members:
        inner.ended = True
        pen.task(task, TE.SUCCEEDED)
        ended_well(run, pen, task)
        return
    pen.task(task, TE.BEGAN)
    for member in inner.members:
        free(run, member)
    close(run, pen, inner)


def inner_scope(task: TaskState) -> Scope:
    """The scope that a subgraph task is."""
    if task.inner is None:
        task.inner = Scope(task.no, task=task)
    return task.inner


def free(run: Run, task: TaskState) -> None:
    """One condition less."""
    task.waits -= 1
    if task.waits == 0 and not task.holds:
        run.freed.append(task)


def ended_well(run: Run, pen: Pen, task: TaskState) -> None:
    """The task succeeded, or its failure is ignored: its dependents have one condition less, its scope a member."""
    release(run, task)
    leave(run, pen, task)


def release(run: Run, task: TaskState) -> None:
    """Nothing waits for the task any more."""
    if task.dependents:
        for dependent in task.dependents:
            free(run, dependent)
        task.dependents = None


def leave(run: Run, pen: Pen, task: TaskState) -> None:
    """The task's scope has one member less."""
    if task.scope is None:
        run.open -= 1
        return
    task.scope.open -= 1
    close(run, pen, task.scope)


def ended_badly(run: Run, pen: Pen, task: TaskState) -> None:
    """The task failed for good: what depends on it never starts, its scope has a failure."""
    if task.scope is None or task.removed:
        leave(run, pen, task)
        return
    task.scope.open -= 1
    close_all(run, pen, fall(run, task))


def close_all(run: Run, pen: Pen, touched: dict[Scope, None]) -> None:
    """After failures have spread: close what nothing more can happen in, and let wait_after_fail begin."""
    for scope in touched:
        close(run, pen, scope)
        if scope.task is None and scope.failures and not scope.ended and not scope.due_us:
            arm(pen, scope)


def arm(pen: Pen, scope: Scope) -> None:
    """The graph has failed; from now on its wait_after_fail runs."""
    detail: dict[str, Any] = {}
    wait_us = waits.draw(pen, detail, usable_s(scope.wait_after_fail_s) or 0.0)
    pen.failing(scope, encode(detail))
    _arm(pen, scope, wait_us)


def arm_again(pen: Pen, scope: Scope) -> None:
    """After a resume: only what is left of the recorded wait."""
    if scope.failing_json is None:
        arm(pen, scope)
    else:
        _arm(pen, scope, waits.left_us(pen, scope.failing_json))


def _arm(pen: Pen, scope: Scope, wait_us: int) -> None:
    scope.due_us = pen.now.boot_us + wait_us
    pen.commands.append(Arm(("graph", scope.no), wait_us))


# ---------------------------------------------------------------------------- how a failure spreads; `load` does it too


def failure_of(task: TaskState) -> Failure:
    """The failure that a task which has failed, or is behind one, means for what depends on it."""
    if task.behind is not None:
        return task.behind
    inner = () if task.inner is None else task.inner.failed
    return Failure(task.ended_seq or 0, inner or (task.no,))


def fall(run: Run, task: TaskState) -> dict[Scope, None]:
    """A failed task: spread its failure over what depends on it, and over the rest of its subgraph.

    returns  the scopes that have a failure more, or a member less
    """
    failure, scope = failure_of(task), task.scope
    touched: dict[Scope, None] = {}
    if scope is not None:
        _blame(scope, failure, touched)
        stand_behind(run, task, failure, touched)
        if scope.task is not None:
            stop(run, scope, failure, touched)
    return touched


def stand_behind(run: Run, task: TaskState, failure: Failure, touched: dict[Scope, None]) -> None:
    """Put all that waits for `task`, directly or not, behind its failure."""
    for dependent in task.dependents or ():
        put_behind(run, dependent, failure, touched)


def put_behind(run: Run, task: TaskState, failure: Failure, touched: dict[Scope, None]) -> None:
    """A task that does not run stands behind `failure`, with its members and all that waits for them. Each once."""
    stack = [task]
    while stack:
        one = stack.pop()
        if one.holds or one.state not in (PENDING, RESCHEDULED) or one.goes_on or one.replaced_by is not None:
            continue
        one.behind = failure
        run.rescheduled.pop(one.no, None)
        if one.scope is not None:
            one.scope.open -= 1
            _blame(one.scope, failure, touched)
        stack.extend(one.dependents or ())
        if one.inner is not None:
            stack.extend(one.inner.members)


def stop(run: Run, scope: Scope, failure: Failure, touched: dict[Scope, None]) -> None:
    """Nothing more of the scope is started: whatever of it does not run stands behind the failure."""
    stack = [scope]
    while stack:
        one = stack.pop()
        if one.stopped is not None:
            continue
        one.stopped = failure
        for member in one.members:
            if member.inner is None or member.state == PENDING:
                put_behind(run, member, failure, touched)
            elif member.state != SUCCEEDED:
                stack.append(member.inner)


def _blame(scope: Scope, failure: Failure, touched: dict[Scope, None]) -> None:
    """The scope has these failures too, unless it has ended: then it is as recorded."""
    touched[scope] = None
    if not scope.ended:
        scope.failures.update(dict.fromkeys(failure.tasks))


# ------------------------------------------------------------------------------------------------------ ends of scopes


def close(run: Run, pen: Pen, scope: Scope) -> None:
    """End the scope if nothing more can happen in it."""
    if scope.ended or scope.open:
        return
    task = scope.task
    if task is None:
        end_graph(pen, scope)
    elif task.state == STARTED:
        scope.ended = True
        is_good = not scope.failures
        detail = None if is_good else encode({"failures": scope.failed})
        if asking.is_to_be_asked(run, task, is_good=is_good):
            task.undecided = detail or "{}"
            task.ended_seq = pen.seq - 1  # the moment at which its handler sees things; recorded with the decision
            asking.put(run, task, is_good=is_good)
        elif is_good:
            pen.task(task, TE.SUCCEEDED)
            ended_well(run, pen, task)
        else:
            pen.task(task, TE.FAILED, detail)
            ended_badly(run, pen, task)


def cut_if_due(run: Run, pen: Pen, scope: Scope) -> None:
    """End the graph if its wait_after_fail is over, and of nothing in it the outcome or the decision is still open."""
    if scope.ended or not scope.due_us or pen.now.boot_us < scope.due_us:
        return
    about = (*run.unknown.values(), *run.asking, *((run.asked,) if run.asked is not None else ()))
    if not any(task.graph == scope.no for task in about):
        cut_short(run, pen, scope)


def cut_short(run: Run, pen: Pen, scope: Scope) -> None:
    """The graph, which has failed, ends as it is; what of it runs is let run, nothing else starts."""
    touched: dict[Scope, None] = {}
    stop(run, scope, Failure(pen.seq, scope.failed), touched)
    end_graph(pen, scope)
    close_all(run, pen, touched)


def end_graph(pen: Pen, scope: Scope) -> None:
    """The graph's end, which is what its execute() waits for."""
    scope.ended = True
    scope.ended_seq = pen.seq
    if scope.failures:
        pen.graph(scope, GE.FAILED, encode({"failures": scope.failed}))
    else:
        pen.graph(scope, GE.SUCCEEDED)
