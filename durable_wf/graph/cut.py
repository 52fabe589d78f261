"""A person's resume of a failed or cancelled execution: what is reset, what is superseded, what has to be asked.

The failures that ended the execution are reset, and a cancel request is withdrawn. What the function itself asked
for after the first of these was shown to it is superseded: kept, shown, never matched again. The rest is answered as
it was.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from durable_wf.codec import decode, encode
from durable_wf.errors import AskError, NotFoundError
from durable_wf.graph.load import recorded_failures
from durable_wf.graph.state import (
    FAILED,
    GRAPH_CANCELLED,
    GRAPH_STARTED,
    PENDING,
    SENT,
    STARTED,
    SUCCEEDED,
    SUPERSEDED,
    UNKNOWN,
    WORKED,
    Cancel,
)
from durable_wf.model.rows import Kind
from durable_wf.model.states import EXECUTION, GE, TE, XE, X

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    from durable_wf.graph.pen import Pen
    from durable_wf.graph.state import Run, Scope, TaskState
    from durable_wf.model.rows import History

_ENDED_STATES = frozenset(EXECUTION.code(state) for state in EXECUTION.ended)
_ENDS = frozenset({int(Kind.FINISH_MODIFICATION), int(Kind.ROLLBACK_MODIFICATION)})
_TERMINATED, _CANCELLED = EXECUTION.code(X.TERMINATED), EXECUTION.code(X.CANCELLED)


@dataclass(slots=True)
class Cut:
    """What a person's resume will do. Task numbers, ascending.

    reset        failed tasks that run again, and the subgraphs that failed with them
    graphs       numbers of the graphs that go on
    superseded   tasks that are never matched again
    rolled_back  those of `superseded` that workers ran: the storage and the world have their effects
    """

    cut_seq: int
    reset: list[int] = field(default_factory=list)
    graphs: list[int] = field(default_factory=list)
    superseded: list[int] = field(default_factory=list)
    rolled_back: list[int] = field(default_factory=list)


def plan_cut(run: Run, history: History, from_task: int | None = None) -> Cut | None:
    """What resuming this ended execution means; None for one that has not ended (it simply goes on).

    from_task  begin again from this task where no failure is found, or where a person wants it
    raises     AskError when it has terminated, or no failure ended it and no task is given; NotFoundError for an
               unknown task
    """
    row = history.execution
    if row.state not in _ENDED_STATES:
        return None
    if row.state == _TERMINATED:
        text = f"execution '{row.uid}' has terminated; there is nothing to resume"
        raise AskError(text)
    if from_task is not None:
        return _from(run, from_task)
    detail = _end_detail(history)
    cut_seq = detail.get("cut_seq")
    if cut_seq is None and row.state == _CANCELLED:
        cut_seq = row.ended_seq or 0  # never told: there is nothing to supersede
    if cut_seq is None:
        text = (
            f"no failed task ended execution '{row.uid}': its function failed by itself, so there is nothing to reset"
        )
        raise AskError(text, hint="mend the function, then name where to begin again: --from TASK")
    return _collect(run, cut_seq, detail.get("ended_by", ()), undecided=row.state != _CANCELLED)


def _end_detail(history: History) -> dict[str, Any]:
    for transition in reversed(history.transitions):
        if transition.seq == history.execution.ended_seq:
            return decode(transition.detail_json) or {}
    return {}


def _from(run: Run, no: int) -> Cut:
    task = run.tasks.get(no)
    if task is None:
        text = f"there is no task {no} in this execution"
        raise NotFoundError(text)
    if task.state == SUPERSEDED:
        text = f"task {no} was superseded by an earlier resume; nothing can begin again from it"
        raise NotFoundError(text)
    if task.state == FAILED and task.ended_seq is not None:
        return _collect(run, task.ended_seq, recorded_failures(task.detail) or [no])
    return _collect(run, _asked_seq(run, task) - 1, [])


def _collect(run: Run, cut_seq: int, ended_by: Iterable[int], *, undecided: bool = True) -> Cut:
    """What follows from the cut. Where it would take back the end of a modification, it moves to before its start.

    undecided  whether failures that nobody has fetched are reset, too; after a cancel they are decided by whoever
               fetches them, as if there had been none
    """
    seq = cut_seq
    while True:
        cut = _collect_after(run, seq, ended_by, undecided=undecided)
        begun = _begun_before(run, cut)
        if begun is None:
            return cut
        seq = begun


def _begun_before(run: Run, cut: Cut) -> int | None:
    """The seq before the start of a modification that would be superseded in part: its end, and not its start."""
    gone = set(cut.superseded)
    ended = {_modification(run.tasks[no]) for no in gone if run.tasks[no].kind in _ENDS} - {None}
    kept = (task for task in run.tasks.values() if task.kind == Kind.START_MODIFICATION and task.no not in gone)
    return min((task.seq - 1 for task in kept if _modification(task) in ended), default=None)


def _modification(task: TaskState) -> str | None:
    """The id of the modification that a task has started or ended; None where it has not."""
    if task.state != SUCCEEDED or task.detail is None:
        return None
    found: str = decode(task.detail)["result"]["id"]
    return found


def _collect_after(run: Run, cut_seq: int, ended_by: Iterable[int], *, undecided: bool) -> Cut:
    """As `_collect`, with the cut where it is."""
    if run.cancel.told is not None:  # the request is withdrawn, so nothing may stay that was asked for because of it
        cut_seq = min(cut_seq, run.cancel.told)
    live = [task for task in run.tasks.values() if task.state != SUPERSEDED]
    kept = [task for task in live if _asked_seq(run, task) <= cut_seq]
    reset = {task.no for task in kept if undecided and task.undecided is not None and task.graph is None}
    reset |= {task.no for task in kept if task.state == FAILED}.intersection(ended_by)
    graphs: list[int] = []
    size = -1
    while size != len(reset):  # what failed with a task may be what another graph, or another subgraph, failed with
        size = len(reset)
        reset |= {task.no for task in kept if task.kind == Kind.SUBGRAPH and _failed_with(task, reset)}
        graphs = _reopened(run, kept, reset, _added(run, live, reset), cut_seq)
    cut = Cut(cut_seq, sorted(reset), graphs)
    cut.superseded = _superseded(run, live, cut)
    cut.reset = sorted(reset.difference(cut.superseded))
    cut.rolled_back = [
        no for no in cut.superseded if run.tasks[no].kind in WORKED and run.tasks[no].attempts and _ran(run.tasks[no])
    ]
    return cut


def _asked_seq(run: Run, task: TaskState) -> int:
    """When the function itself asked for the task, or for the graph that a handler has added it to."""
    return task.seq if task.graph is None else run.graph_by_no[task.graph].seq


def _superseded(run: Run, live: list[TaskState], cut: Cut) -> list[int]:
    """What the function itself asked for after the cut, and what handlers of tasks that are reset have added."""
    late = {task.no for task in live if _asked_seq(run, task) > cut.cut_seq}
    return sorted(late | _added(run, live, late.union(cut.reset)))


def _added(run: Run, live: list[TaskState], by: Iterable[int]) -> set[int]:
    """What handlers of these tasks have added, and handlers of what they have added."""
    found: set[int] = set()
    gone = set(by)
    for task in live:  # in ascending order: who added a task has a smaller number
        if run.added_by.get(task.seq) in gone:
            found.add(task.no)
            gone.add(task.no)
    return found


def _reopened(run: Run, kept: list[TaskState], reset: set[int], gone: set[int], cut_seq: int) -> list[int]:
    """The graphs that go on: cancelled, or failed with what is reset. Adds to `reset` what failed in them after that.

    Such a late failure nobody was shown, and the graph would fail of it at once.

    gone  what took the place of what is reset, and goes with that
    """
    ended = {no: scope for no, scope in run.graph_by_no.items() if scope.ended and scope.seq <= cut_seq}
    found: set[int] = set()
    new = {
        no for no, scope in ended.items()
        if scope.state == GRAPH_CANCELLED and run.graphs.get(scope.path) is scope  # not superseded before
    }  # fmt: skip
    while new := new | {
        no for no, scope in ended.items() if no not in found and not (reset | gone).isdisjoint(scope.failures)
    }:
        found |= new
        for task in kept:
            if task.graph in new and task.state == FAILED and (task.ended_seq or 0) > ended[task.graph].ended_seq:
                reset |= recorded_failures(task.detail).keys() if task.kind == Kind.SUBGRAPH else {task.no}
        new = set()
    return sorted(found)


def _failed_with(task: TaskState, reset: set[int]) -> bool:
    """Whether the subgraph failed with these; one that was replaced because of them is then begun anew instead."""
    failed = task.state == FAILED or task.replaced_by is not None
    return failed and not reset.isdisjoint(recorded_failures(task.detail))


def _ran(task: TaskState) -> bool:
    """Whether it may have: who called the execution off has not looked at what was `sent` when its runner died."""
    return task.state in (SENT, STARTED, UNKNOWN, SUCCEEDED, FAILED) or task.retries > 0


def apply_cut(run: Run, cut: Cut) -> None:
    """Let the replay see the cut, in memory. It is written when the replay has met its end (`write_cut`)."""
    run.cancel = Cancel()
    for no in cut.superseded:
        run.tasks[no].state = SUPERSEDED
    for no in cut.reset:
        task = run.tasks[no]
        task.state = PENDING
        task.ended_seq = task.detail = task.undecided = None
        task.ignored, task.replaced_by = False, None
    for no in cut.graphs:
        scope = run.graph_by_no[no]
        scope.state, scope.ended, scope.failures, scope.failing_json = GRAPH_STARTED, False, {}, None
    for path, scope in list(run.graphs.items()):
        if scope.seq > cut.cut_seq:
            del run.graphs[path]


def write_cut(
    run: Run, pen: Pen, cut: Cut, states: dict[int, int], graphs: dict[int, int], later: Container[int] = ()
) -> None:
    """Write the cut: the execution is open again, resets and superseded rows beside it.

    states, graphs  the states before `apply_cut`, by number
    later           those whose reset is written with what is to be done first (`write_reset`)
    """
    pen.execution(XE.REOPENED, encode({"cut_seq": cut.cut_seq, "reset": cut.reset, "superseded": cut.superseded}))
    for no in cut.graphs:
        scope: Scope = run.graph_by_no[no]
        scope.state = graphs[no]
        pen.graph(scope, GE.RESUMED)
    for no in cut.reset:
        if no not in later:
            write_reset(pen, run.tasks[no], states[no])
    for no in cut.superseded:
        task = run.tasks[no]
        task.state = states[no]
        pen.task(task, TE.SUPERSEDED)


def write_reset(pen: Pen, task: TaskState, before: int, detail: str | None = None) -> None:
    """Write that a task runs again, as if it had not run.

    before  its state before `apply_cut`
    detail  the decision of its handler about what is to be done first
    """
    task.state = before
    task.generation += 1
    task.retries = 0
    task.not_before_us = None
    pen.task(task, TE.RESET, detail)
