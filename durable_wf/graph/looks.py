"""Reads that wait for nothing: how tasks stand, as of what the function was shown last.

What has ended since then is not told, so that a replay sees the same as the life before it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from durable_wf.graph import answers
from durable_wf.graph.state import FAILED, SUCCEEDED
from durable_wf.model.states import TASK, T

if TYPE_CHECKING:
    from collections.abc import Sequence

    from durable_wf.graph.state import Run, TaskState
    from durable_wf.model.events import Spec


class Seen(NamedTuple):
    """A task as the function may know it.

    state        pending, succeeded or failed: what runs and what waits look the same
    detail_json  its outcome, once it has ended
    ended        whether nothing more will become of it
    retries      how many retries were decided; 0 while it has not ended
    """

    state: str
    detail_json: str | None
    ended: bool
    retries: int


_PENDING = Seen(str(T.PENDING), None, ended=False, retries=0)


def look(run: Run, specs: Sequence[Spec], seq: int, *, shown: bool = False) -> list[Seen]:
    """How these tasks stand as of `seq`; one that was not stored yet is pending.

    shown  the function sees the failures by this: they are noted, as by a `get()` that raises them
    """
    found = []
    for spec in specs:
        task = run.tasks.get(spec.no)
        if task is None or not _has_ended(task, seq):
            found.append(_PENDING)
            continue
        if shown:
            answers.show(run, task)
        found.append(Seen(str(TASK.states[task.state]), task.detail, ended=True, retries=task.retries))
    return found


def _has_ended(task: TaskState, seq: int) -> bool:
    return task.state in (SUCCEEDED, FAILED) and task.ended_seq is not None and task.ended_seq <= seq
