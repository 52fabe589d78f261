"""What a resume would do, before it does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from durable_wf.graph.cut import apply_cut, plan_cut
from durable_wf.graph.load import load
from durable_wf.graph.match import describe
from durable_wf.graph.state import ENDED, FAILED, IN_FLIGHT, SUPERSEDED, UNKNOWN, WORKED

if TYPE_CHECKING:
    from durable_wf.engine.options import ResumeOptions
    from durable_wf.graph.state import TaskState
    from durable_wf.model.rows import History


@dataclass(frozen=True, slots=True)
class Preview:
    """Tasks by what a resume would do with them, described for people.

    kept          answered from the journal
    reset         failed, and run again
    again         interrupted, and run again because that is safe or was agreed to
    asked         interrupted; a person must say whether they may run again
    superseded    asked for after the failure was shown to the workflow; never matched again
    rolled_back   those of `superseded` that ran: needs --accept-changes
    waiting       not started yet
    """

    kept: list[str]
    reset: list[str]
    again: list[str]
    asked: list[str]
    superseded: list[str]
    rolled_back: list[str]
    waiting: list[str]


def preview(history: History, options: ResumeOptions) -> Preview:
    """What a resume with these options would do.

    raises  AskError, NotFoundError as the resume would
    """
    run = load(history)
    already = {task.no for task in run.tasks.values() if task.state == SUPERSEDED}
    cut = plan_cut(run, history, options.from_task)
    if cut is not None:
        apply_cut(run, cut)
    reset = set(cut.reset) if cut is not None else set()
    rolled_back = set(cut.rolled_back) if cut is not None else set()
    found: dict[str, list[str]] = {name: [] for name in Preview.__slots__}
    for task in run.tasks.values():
        if task.no in already:
            continue
        text = f"{task.no}: {describe(task)}"
        found[_fate(task, reset, agreed=options.reset_operations)].append(text)
        if task.no in rolled_back:
            found["rolled_back"].append(text)
    return Preview(**found)


def _fate(task: TaskState, reset: set[int], *, agreed: bool) -> str:
    if task.no in reset:
        return "reset"
    if task.state == SUPERSEDED:
        return "superseded"
    lost = task.state in IN_FLIGHT or task.state == UNKNOWN
    if task.kind in WORKED and lost and task.undecided is None:
        return "again" if agreed or task.request.policy.on_unknown != "ask" else "asked"
    return "kept" if task.state in ENDED or task.state == FAILED else "waiting"
