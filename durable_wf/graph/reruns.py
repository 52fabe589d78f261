"""What is to be done before a task runs again after a resume: its author's `on_rerun` is asked (design, "Graphs").

The questions come last in the replay, when the journal has nothing more to tell of the `execute()` that the function
waits for. Their answers are written with what else a resume writes, in one transaction; from then on they are
decisions as any others, told by the transition with which the task runs again.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from durable_wf.codec import encode
from durable_wf.graph import asks, decisions, flow
from durable_wf.graph.cut import write_reset
from durable_wf.graph.load import RERUN
from durable_wf.graph.state import IN_FLIGHT, UNKNOWN, WORKED
from durable_wf.model.commands import Consult
from durable_wf.model.states import TE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from durable_wf.graph.cut import Cut
    from durable_wf.graph.match import Replay
    from durable_wf.graph.pen import Pen
    from durable_wf.graph.state import Run, Scope, TaskState
    from durable_wf.model.events import Decides


class Reruns:
    """The questions of one resume, and their answers.

    cut        what a person's resume resets, or None
    reset_all  a person says that all unknown operations may run again
    as_of      the newest seq: what the handlers see is as of then
    """

    def __init__(self, run: Run, cut: Cut | None, *, reset_all: bool, as_of: int) -> None:
        self._run = run
        self._reset = frozenset(cut.reset if cut is not None else ())
        self._reset_all = reset_all
        self._as_of = as_of
        self._left: deque[TaskState] | None = None
        self._decided: dict[int, Decides] = {}

    def __contains__(self, no: object) -> bool:
        """Whether this task's handler has answered: `write` writes that it runs again."""
        return no in self._decided

    def question(self, graph: int) -> Consult | None:
        """The next question about the tasks of the graph that the function waits for."""
        if self._left is None:
            tasks = self._run.tasks.values()
            self._left = deque(task for task in tasks if task.graph == graph and self._is_to_be_asked(task))
        if not self._left:
            return None
        task = self._left[0]
        if task.spec is None:
            return None
        was = encode(self._was(task))
        return Consult(task.spec, succeeded=False, detail_json=was, retries=0, seq=self._as_of, rerun=True)

    def _was(self, task: TaskState) -> dict[str, bool]:
        """What its handler is shown in the place of an outcome.

        unknown     nobody knows whether it ended; else it failed
        may_repeat  that is no matter, by its own declaration
        """
        return {"unknown": task.no not in self._reset, "may_repeat": task.request.policy.on_unknown == "rerun"}

    def _is_to_be_asked(self, task: TaskState) -> bool:
        if task.spec is None or not task.spec.on_rerun or task.removed or self._run.is_dry:
            return False
        if task.no in self._reset:
            return True
        lost = task.kind in WORKED and task.undecided is None and (task.state in IN_FLIGHT or task.state == UNKNOWN)
        return lost and (self._reset_all or task.request.policy.on_unknown == "rerun")

    def decided(self, replay: Replay, path: str, event: Decides) -> None:
        """Take the answer to the last question; one that is not of here is one of the history's."""
        if self._left and self._left[0].spec is event.task:
            self._decided[self._left.popleft().no] = event
        else:
            replay.decided(path, event)

    def write(self, pen: Pen, before: Mapping[int, int]) -> None:
        """Write the answers, and that their tasks run again.

        before  the states before the cut was applied
        """
        for no, event in self._decided.items():
            self._write(pen, self._run.tasks[no], event, before)

    def _write(self, pen: Pen, task: TaskState, event: Decides, before: Mapping[int, int]) -> None:
        run = self._run
        touched: dict[Scope, None] = {}
        made = asks.add(run, pen, event.specs, task.graph or 0)
        asks.link(run, pen, event.edges, touched)
        said: dict[str, Any] = {"action": str(event.action), "as_of": self._as_of, "outcome": RERUN, "retries": 0}
        said["was"] = self._was(task)
        detail = encode({"decision": said | asks.take_out(run, pen, event, touched)})
        task.preceded = True
        if task.no in self._reset:
            write_reset(pen, task, before[task.no], detail)
        else:
            if task.request.policy.on_unknown != "rerun":
                task.generation += 1
            del run.unknown[task.no]
            pen.task(task, TE.RERUN, detail)
        if task in run.freed:
            run.freed.remove(task)
        if task.waits == 0:
            run.freed.append(task)
        decisions.begin(run, made, touched)
        flow.close_all(run, pen, touched)
