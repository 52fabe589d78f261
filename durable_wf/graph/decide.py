"""The core of one execution: facts in, changes and commands out. It never waits and never asks for the time.

While it replays, the workflow's own thread asks it and it writes nothing. The first question that the journal
cannot answer ends the replay: from then on the scheduler owns it and gives it a `Pen` each turn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from durable_wf.clock import Instant, remaining_us
from durable_wf.codec import decode, encode
from durable_wf.errors import EngineBug, NonDeterministicWorkflow
from durable_wf.graph import asks, flow, outcomes
from durable_wf.graph.cut import Cut, apply_cut, write_cut
from durable_wf.graph.load import connect_all, count_keys, load
from durable_wf.graph.match import Replay
from durable_wf.graph.state import (
    ATTEMPT_SENT,
    EXECUTION_CODE,
    FAILED,
    GRAPH_ENDED,
    PENDING,
    SENT,
    SUCCEEDED,
    UNKNOWN,
    Scope,
)
from durable_wf.model.commands import Answer, Arm, Cause, HandOut, Over
from durable_wf.model.events import (
    Asked,
    Begins,
    Begun,
    Due,
    Ended,
    Executes,
    FromFunction,
    FromOutside,
    Gets,
    Logged,
    Raised,
    Returned,
    Stops,
)
from durable_wf.model.rows import Request, Subject
from durable_wf.model.states import GE, TE, XE, A, X

if TYPE_CHECKING:
    from durable_wf.graph.pen import Pen
    from durable_wf.graph.state import Run, TaskState
    from durable_wf.model.rows import History


class Core:
    """One execution.

    history     what the journal remembers; nothing for a new execution
    cut         what a person's resume resets and supersedes, or None
    reset_all   a person says that all unknown operations may run again
    """

    def __init__(self, history: History, *, cut: Cut | None = None, reset_all: bool = False) -> None:
        self.run: Run = load(history)
        self._history = history
        self._cut = cut
        self._reset_all = reset_all
        self._before = {no: task.state for no, task in self.run.tasks.items()} if cut is not None else {}
        self._graphs_before = {no: scope.state for no, scope in self.run.graph_by_no.items()}
        if cut is not None:
            apply_cut(self.run, cut)
        self._started_seq = _started_seq(history)
        self.resumed_seq = _resumed_seq(history)
        self.replay: Replay | None = Replay(self.run)
        self.replay.edges = _edges(self.run, history)

    # ------------------------------------------------------------------ replay, on the workflow's thread

    def answer(self, event: FromFunction) -> Answer | None:
        """Answer the function from the journal; None when that cannot be, and the replay is over.

        An `Asked` needs no answer; its place in the history is found, or it is noted as new.
        """
        replay = self.replay
        if replay is None:
            text = "asked of the journal after the replay has ended"
            raise EngineBug(text)
        if isinstance(event, Begins):
            return None if self._started_seq is None else Answer(0, None, (), self._started_seq)
        if isinstance(event, Asked):
            replay.ask(event.spec)
            return None
        if isinstance(event, Gets):
            task = self.run.tasks.get(event.spec.no)
            return self._show(task) if task is not None and task.state in (SUCCEEDED, FAILED) else None
        if isinstance(event, Executes) and replay.graph(event) and not replay.differences:
            scope = self.run.graphs[event.path]
            return self._show_graph(scope) if scope.state in GRAPH_ENDED else None
        return None

    # ------------------------------------------------------------------ live, on the scheduler's thread

    def go_live(self, pen: Pen, event: FromFunction | None) -> None:
        """The replay has met the end of the history: write what the claim found, and go on with `event`.

        raises  NonDeterministicWorkflow when the journal remembers what the function did not ask for, or the
                function asks for another graph
        """
        replay, run = self.replay, self.run
        if replay is None:
            text = "the replay has ended already"
            raise EngineBug(text)
        if not replay.complete:
            raise NonDeterministicWorkflow(replay.report(event))
        self.replay = None
        self._resume(pen)
        for warning in replay.warnings:
            pen.warn(warning)
        count_keys(run)
        connect_all(run, self._history)
        self._lost(pen)
        self._rearm(pen)
        for spec in replay.fresh:
            asks.ask(run, pen, spec)
        self._history = None  # type: ignore[assignment]  # not needed again; may be large
        if event is not None:
            self.handle(pen, event)
        flow.settle(run, pen)

    def only_waits(self, event: FromFunction) -> bool:
        """Take in a wait that changes nothing yet, without a turn; False if the event needs one."""
        task = self.run.tasks.get(event.spec.no) if isinstance(event, Gets) and self.replay is None else None
        if task is None or task.undecided is not None or task.state in (SUCCEEDED, FAILED, UNKNOWN):
            return False
        if not self.run.in_flight and not self.run.rescheduled:
            return False
        self.run.wait = event
        return True

    def handle(self, pen: Pen, event: FromFunction | FromOutside | Request) -> None:
        """Take one fact in. What it leads to is in the pen's changes and commands."""
        run = self.run
        if run.over:
            return
        match event:
            case Ended():
                outcomes.ended(run, pen, event)
            case Begins():
                pen.commands.append(Answer(0, None, (), self._started_seq or 0))
            case Asked():
                asks.ask(run, pen, event.spec)
            case Gets():
                run.wait = event
                outcomes.decide_undecided(run, pen, run.tasks[event.spec.no])
            case Executes():
                self._execute(pen, event)
            case Begun():
                outcomes.begun(run, pen, event)
            case Logged():
                pen.log(None, event.at_us, event.level, event.text)
            case Due():
                self._due(pen, event)
            case Returned() | Raised():
                run.ending = event
            case Stops():
                self._stop(pen, event)
            case Request():
                pen.changes.taken.append(event.id)
                pen.warn(f"a request of a kind that this version does not know was left aside: '{event.kind}'")
        flow.settle(run, pen)

    def conclude(self, pen: Pen) -> None:
        """After a turn's facts and hand-outs: answer the function if that can be, end or lie down if it must."""
        run = self.run
        if run.over:
            return
        if run.ending is not None:
            self._end(pen)
        elif run.wait is not None:
            self._answer_wait(pen)
        if run.over or not self._is_stuck():
            return
        if run.unknown:
            self._lie_down(pen, tuple(sorted(run.unknown)))
        elif run.wait is not None:
            text = f"nothing can happen any more, and the function waits for {run.wait}"
            raise EngineBug(text)

    def hand_out(self, pen: Pen, *, workers: int, window: int) -> int:
        """Hand ready tasks to workers.

        workers  how many may be in flight that must not be repeated without asking
        window   how many may be in flight in all
        returns  how many were handed out
        """
        run = self.run
        if run.stopping or run.over or isinstance(run.ending, Raised):
            return 0
        handed = 0
        singles = sum(not task.request.policy.repeatable for task in run.in_flight.values())
        waiting: list[TaskState] = []
        while run.ready and len(run.in_flight) < window:
            task = run.ready.popleft()
            if task.state != PENDING or task.behind or not flow.may_start(run, task):
                continue
            if not task.request.policy.repeatable:
                if singles >= workers:
                    waiting.append(task)
                    if len(waiting) > window:
                        break
                    continue
                singles += 1
            pen.new_attempt(task)
            task.began_us = None
            pen.task(task, TE.HANDED_OUT, None, ATTEMPT_SENT)
            run.in_flight[task.no] = task
            flow.runs(task, 1)
            pen.commands.append(HandOut(task.no, task.attempts))
            handed += 1
        run.ready.extendleft(reversed(waiting))
        return handed

    # ------------------------------------------------------------------ parts

    def _resume(self, pen: Pen) -> None:
        state = tuple(X)[self.run.row.state]
        self._started_seq = self._started_seq or pen.seq
        if state is X.PENDING:
            pen.execution(XE.STARTED)
            return
        self.resumed_seq = self.resumed_seq or pen.seq
        if state is X.INTERRUPTED:
            pen.execution(XE.RESUMED)
        elif self._cut is not None:
            write_cut(self.run, pen, self._cut, self._before, self._graphs_before)

    def _lost(self, pen: Pen) -> None:
        """What was in flight when the runner died is unknown from here on; settle what can be."""
        for task in list(self.run.unknown.values()):
            if task.state in outcomes.IN_FLIGHT:
                outcomes.lost(self.run, pen, task)
            outcomes.settle_unknown(self.run, pen, task, person_says=self._reset_all)

    def _rearm(self, pen: Pen) -> None:
        for no in sorted(self.run.rescheduled):
            task = self.run.tasks[no]
            detail = decode(task.detail)
            pen.commands.append(Arm(("task", no), _left_us(detail, pen)))
        for scope in self.run.graphs.values():
            if scope.failures and not scope.ended:
                pen.commands.append(Arm(("graph", scope.no), int(scope.wait_after_fail_s * 1_000_000)))

    def _execute(self, pen: Pen, event: Executes) -> None:
        self.run.wait = event
        if event.path not in self.run.graphs:
            asks.store_graph(self.run, pen, event)

    def _due(self, pen: Pen, event: Due) -> None:
        kind, no = event.timer
        if kind == "task":
            outcomes.came_due(self.run, pen, self.run.tasks[no])
            return
        scope = self.run.graph_by_no[no]
        members = (task for task in self.run.unknown.values() if task.graph == no)
        if scope.failures and not scope.ended and next(members, None) is None:
            flow.end_graph(pen, scope)

    def _stop(self, pen: Pen, event: Stops) -> None:
        run = self.run
        run.stopping = True
        for no, attempt in event.handed_back:
            task = run.in_flight.get(no)
            if task is not None and task.attempts == attempt and task.state == SENT:
                del run.in_flight[no]
                flow.runs(task, -1)
                pen.task(task, TE.HANDED_BACK, None, pen.attempt(task, A.CANCELLED, None, pen.now.wall_us))

    def _answer_wait(self, pen: Pen) -> None:
        run, wait = self.run, self.run.wait
        if isinstance(wait, Gets):
            task = run.tasks[wait.spec.no]
            if task.state in (SUCCEEDED, FAILED):
                run.wait = None
                pen.commands.append(self._show(task))
        elif isinstance(wait, Executes):
            scope = run.graphs[wait.path]
            if scope.ended:
                run.wait = None
                pen.commands.append(self._show_graph(scope))

    def _show(self, task: TaskState) -> Answer:
        """Show the function how a task ended; a failure shown for the first time notes where the function is."""
        task.fetched = True
        failed = () if task.state == SUCCEEDED else (task.no,)
        self._note(failed, task.ended_seq or 0)
        return Answer(task.no, task.detail, failed, task.ended_seq or 0)

    def _show_graph(self, scope: Scope) -> Answer:
        failed = tuple(sorted(scope.failures or self._failures_in_journal(scope)))
        self._note(failed, max((self.run.tasks[no].ended_seq or 0 for no in failed), default=0))
        tasks = [self.run.tasks[no] for no in failed]
        causes = tuple(Cause(task.no, task.name, task.target, task.request.text, task.detail) for task in tasks)
        return Answer(0, None, failed, scope.ended_seq, causes)

    def _failures_in_journal(self, scope: Scope) -> list[int]:
        return _graph_failures(self._history, scope.no) if self._history is not None else []

    def _note(self, failed: tuple[int, ...], seq: int) -> None:
        for no in failed:
            self.run.notes.setdefault(no, max(seq, self.run.asked_seq))

    def _is_stuck(self) -> bool:
        """Nothing runs, nothing can start, no timer will come, and the function waits or has ended."""
        run = self.run
        blocked = run.wait is not None or run.ending is not None
        return blocked and not run.in_flight and not run.ready and not run.rescheduled

    def _lie_down(self, pen: Pen, asked: tuple[int, ...] = ()) -> None:
        detail = encode({"asks": list(asked)}) if asked else None
        before = self.run.row
        if self.replay is None or before.state == EXECUTION_CODE[X.PENDING]:  # in a replay nothing has changed yet
            pen.execution(XE.LAID_DOWN, detail)
        if pen.says_only_resumed_and_laid_down():  # a second resume that finds the same questions changes nothing
            pen.forget(before._replace(state=EXECUTION_CODE[X.INTERRUPTED]))
        self.run.over = True
        pen.commands.append(Over(tuple(X)[self.run.row.state], asked))

    def lie_down_if_idle(self, pen: Pen) -> bool:
        """For a stop: lie down once nothing is in flight."""
        if self.run.over or not self.run.stopping or self.run.in_flight:
            return False
        self._lie_down(pen)
        return True

    def _end(self, pen: Pen) -> None:
        """The function has ended: end the execution once what it asked for has, too."""
        run, ending = self.run, self.run.ending
        if isinstance(ending, Returned):
            for task in run.standard:
                outcomes.decide_undecided(run, pen, task)
            flow.settle(run, pen)
            if any(task.state not in (SUCCEEDED, FAILED) for task in run.standard):
                return
            failed = next((task for task in run.standard if task.state == FAILED and not task.fetched), None)
            if failed is None:
                detail = None if ending.result_json is None else f'{{"result":{ending.result_json}}}'
                self._over(pen, XE.RETURNED, detail)
                return
            self._show(failed)
            ending = Raised(decode(failed.detail)["error"], (failed.no,))
        if run.in_flight or ending is None:
            return
        cut = min((run.notes[no] for no in ending.ended_by if no in run.notes), default=None)
        detail = encode({"error": ending.error, "ended_by": list(ending.ended_by), "cut_seq": cut})
        self._over(pen, XE.RAISED, detail)

    def _over(self, pen: Pen, event: XE, detail: str | None) -> None:
        state = pen.execution(event, detail)
        self.run.over = True
        pen.commands.append(Over(state))


def _left_us(detail: dict[str, object], pen: Pen) -> int:
    due = Instant(*detail["due"])  # type: ignore[misc]
    return remaining_us(due=due, drawn_us=int(detail["delay_us"]), now=pen.now)  # type: ignore[call-overload]


def _started_seq(history: History) -> int | None:
    """The seq at which the function began first; what it reads of the storage is as it was then."""
    for row in history.transitions:
        if row.subject == Subject.EXECUTION and row.target == EXECUTION_CODE[X.STARTED]:
            return row.seq
    return None


def _resumed_seq(history: History) -> int | None:
    """The seq at which the execution was first resumed."""
    for row in history.transitions:
        if row.subject == Subject.EXECUTION and row.event in _RESUMED:
            return row.seq
    return None


def _edges(run: Run, history: History) -> dict[int, set[tuple[int, int]]]:
    """The journal's edges by the graph that stored them: the one with the same seq."""
    by_seq = {scope.seq: scope.no for scope in run.graph_by_no.values()}
    found: dict[int, set[tuple[int, int]]] = {}
    for edge in history.dependencies:
        found.setdefault(by_seq.get(edge.seq, 0), set()).add((edge.task, edge.on))
    return found


def _graph_failures(history: History, graph: int) -> list[int]:
    """The failures that a graph's end recorded."""
    for row in reversed(history.transitions):
        if row.subject == Subject.GRAPH and row.subject_no == graph and row.event == _GRAPH_FAILED:
            return list(decode(row.detail_json)["failures"])
    return []


_RESUMED = frozenset(tuple(XE).index(event) for event in (XE.RESUMED, XE.RESUMED_CANCELLING, XE.REOPENED))
_GRAPH_FAILED = tuple(GE).index(GE.FAILED)
