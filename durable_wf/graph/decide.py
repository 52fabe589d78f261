"""The core of one execution: facts in, changes and commands out. It never waits and never asks for the time.

While it replays, the workflow's own thread asks it and it writes nothing. The first question that the journal
cannot answer ends the replay: from then on the scheduler owns it and gives it a `Pen` each turn.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from durable_wf.codec import encode
from durable_wf.errors import EngineBug, IllegalTransition, NonDeterministicWorkflow
from durable_wf.graph import answers, asking, asks, cancel, decisions, flow, load, outcomes, waits
from durable_wf.graph.cut import Cut, apply_cut, write_cut
from durable_wf.graph.match import Replay
from durable_wf.graph.reruns import Reruns
from durable_wf.graph.state import (
    ATTEMPT_SENT,
    EXECUTION_CODE,
    FAILED,
    GRAPH_ENDED,
    IN_FLIGHT,
    PENDING,
    STARTED,
    SUCCEEDED,
    UNKNOWN,
)
from durable_wf.model.commands import Answer, Consult, HandOut, Over
from durable_wf.model.events import (
    Abandoned,
    Asked,
    Begins,
    Begun,
    Cancels,
    Decides,
    Due,
    Ended,
    Executes,
    FromFunction,
    FromOutside,
    Gets,
    Polls,
    Raised,
    Returned,
    Said,
    Stops,
)
from durable_wf.model.rows import Request
from durable_wf.model.states import TE, XE, X

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
        self.run: Run = load.load(history)
        self._history = history
        self._cut = cut
        self._reset_all = reset_all
        self._report = history.execution.report
        self._before = {no: task.state for no, task in self.run.tasks.items()} if cut is not None else {}
        self._graphs_before = {no: scope.state for no, scope in self.run.graph_by_no.items()}
        cuts = load.past_cuts(history)
        if cut is not None:
            apply_cut(self.run, cut)
            cuts.append(load.PastCut(cut.cut_seq, inf, frozenset(cut.reset)))
        counting = load.mark_decisions(self.run, history, cuts)
        self._reruns = Reruns(self.run, cut, reset_all=reset_all, as_of=history.last_seq)
        self._executes: Executes | None = None  # what the function waits for while its handlers are asked again
        self._started_seq, self.resumed_seq = load.first_started(history), load.first_resumed(history)
        self.replay: Replay | None = Replay(self.run, load.edges_by_seq(history), counting)

    # ------------------------------------------------------------------ replay, on the workflow's thread

    def answer(self, event: FromFunction) -> Answer | Consult | None:
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
        if isinstance(event, Cancels):
            replay.cancels = event
            return None
        if isinstance(event, Polls):
            return cancel.answer_poll(self.run, replay, event)
        replay.settle()
        if isinstance(event, Gets):
            task = self.run.tasks.get(event.spec.no)
            if cancel.hears(self.run, "get", event.spec.no) or (task and cancel.is_held_back(self.run, task)):
                return cancel.answer(self.run, event.spec.no)
            return answers.show(self.run, task) if task is not None and task.state in (SUCCEEDED, FAILED) else None
        if isinstance(event, Executes) and replay.graph(event) and not replay.differences:
            self._executes = event
            return self._goes_on(replay, event.path)
        if isinstance(event, Decides) and self._executes is not None:
            self._reruns.decided(replay, self._executes.path, event)
            return None if replay.differences else self._goes_on(replay, self._executes.path)
        return None

    def _goes_on(self, replay: Replay, path: str) -> Answer | Consult | None:
        """How an execute() went on in the journal: the next question to a handler, or its end."""
        question = replay.question(path)
        if question is not None or replay.differences:
            return question
        scope = self.run.graphs[path]
        cancel.hears(self.run, "execute", path)
        if scope.state in GRAPH_ENDED:
            return answers.show_graph(self.run, scope)
        return self._reruns.question(scope.no) if replay.complete else None

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
        replay.settle()
        if not replay.complete:
            raise NonDeterministicWorkflow(replay.report(event))
        self.replay = None
        self._resume(pen)
        for warning in replay.warnings:
            pen.warn(warning)
        load.count_keys(run)
        load.connect_all(run, self._history)
        cancel.hold(run)
        self._lost(pen)
        self._rearm(pen)
        for spec in replay.fresh:
            asks.ask(run, pen, spec)
        if replay.cancels is not None and not run.cancel.stands:
            cancel.ask(run, pen, replay.cancels.level, cancel.OWN)
        self._history = None  # type: ignore[assignment]  # not needed again; may be large
        if isinstance(event, Decides):  # it is in the journal already; the function waits for the graph again
            run.wait = self._executes
        elif event is not None:
            self.handle(pen, event)
        flow.settle(run, pen)

    def only_waits(self, event: FromFunction) -> bool:
        """Take in a wait that changes nothing yet, without a turn; False if the event needs one."""
        if not isinstance(event, Gets) or self.replay is not None or self.run.cancel.stands:
            return False
        task = self.run.tasks.get(event.spec.no)
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
        if isinstance(event, Said):
            pen.say(event.no, event.attempt, event.lines)
            return  # it moves nothing, also while the replay goes on
        if isinstance(event, Polls | Cancels):
            cancel.asked(run, pen, event)
        elif isinstance(event, FromFunction):
            self._asked(pen, event)
        else:
            self._happened(pen, event)
        flow.settle(run, pen)

    def _asked(self, pen: Pen, event: FromFunction) -> None:
        run = self.run
        match event:
            case Begins():
                pen.commands.append(Answer(0, None, (), self._started_seq or 0))
            case Asked():
                asks.ask(run, pen, event.spec)
            case Gets():
                run.wait = event
                outcomes.decide_undecided(run, pen, run.tasks[event.spec.no])
            case Executes(path=path):
                run.wait = event
                if path not in run.graphs:
                    asks.store_graph(run, pen, event)
            case Decides():
                decisions.decided(run, pen, event)
            case Returned():
                run.ending = event
                for task in run.standard:
                    outcomes.decide_undecided(run, pen, task)
            case Raised():
                run.ending = event

    def _happened(self, pen: Pen, event: FromOutside | Request) -> None:
        run = self.run
        match event:
            case Ended():
                outcomes.ended(run, pen, event)
            case Begun():
                outcomes.begun(run, pen, event)
            case Due():
                self._due(pen, event)
            case Stops():
                run.stopping = True
                outcomes.handed_back(run, pen, event.handed_back, goes_on=True)
            case Abandoned():
                run.cancel.is_abandoned = True
            case Request(kind=cancel.KIND):
                cancel.requested(run, pen, event)
            case Request():
                pen.changes.taken.append(event.id)
                pen.warn(f"a request of a kind that this version does not know was left aside: '{event.kind}'")

    def conclude(self, pen: Pen) -> None:
        """After a turn's facts and hand-outs: answer the function if that can be, end or lie down if it must."""
        run = self.run
        if run.over or cancel.is_forced(run):
            cancel.abandon(run, pen)
            return
        if run.ending is not None:
            self._end(pen)
        elif run.wait is not None:
            self._answer_wait(pen)
            question = asking.next_question(run)
            if question is not None:
                pen.commands.append(question)
            cancel.tell(run, pen)
        if not self._is_stuck():
            return
        if run.unknown:
            self._lie_down(pen, tuple(sorted(run.unknown)))
        elif run.wait is not None and not cancel.release(run, pen):
            waited = run.wait.path if isinstance(run.wait, Executes) else f"task {run.wait.spec.no}"
            text = f"nothing can happen any more, and the function waits for {waited}"
            raise EngineBug(text)

    def hand_out(self, pen: Pen, *, workers: int, window: int) -> int:
        """Hand ready tasks to workers; once the function has raised, only those that had been handed out before.

        workers  how many may be in flight that must not be repeated without asking
        window   how many may be in flight in all
        returns  how many were handed out
        """
        run = self.run
        if run.stopping or run.over or cancel.is_forced(run):
            return 0
        singles = sum(not task.request.repeatable for task in run.in_flight.values())
        before = len(run.in_flight)
        for queue in (run.again,) if isinstance(run.ending, Raised) else (run.again, run.ready):
            waiting: list[TaskState] = []
            while queue and len(run.in_flight) < window and len(waiting) <= window:
                task = queue.popleft()
                if task.state != PENDING or task.holds:
                    continue
                if not task.request.repeatable:
                    if singles >= workers:
                        waiting.append(task)
                        continue
                    singles += 1
                self._give(pen, task)
            queue.extendleft(reversed(waiting))
        return len(run.in_flight) - before

    def _give(self, pen: Pen, task: TaskState) -> None:
        pen.new_attempt(task)
        pen.task(task, TE.HANDED_OUT, None, ATTEMPT_SENT)
        self.run.in_flight[task.no] = task
        pen.commands.append(HandOut(task.no, task.attempts))

    # ------------------------------------------------------------------ parts

    def _resume(self, pen: Pen) -> None:
        state = tuple(X)[self.run.row.state]
        self._started_seq = self._started_seq or pen.seq
        if state is X.PENDING:
            pen.execution(XE.STARTED)
            return
        self.resumed_seq = self.resumed_seq or pen.seq
        if state is X.INTERRUPTED:
            pen.execution(XE.RESUMED_CANCELLING if self.run.cancel.stands else XE.RESUMED)
        elif self._cut is not None:
            write_cut(self.run, pen, self._cut, self._before, self._graphs_before, self._reruns)
        else:
            raise IllegalTransition("execution", state, XE.RESUMED)

    def _lost(self, pen: Pen) -> None:
        """What was in flight when the runner died is unknown from here on; settle what can be."""
        for task in list(self.run.unknown.values()):
            if task.state in IN_FLIGHT:
                outcomes.lost(pen, task)
            if task.no not in self._reruns:
                outcomes.settle_unknown(self.run, pen, task, person_says=self._reset_all)
        self._reruns.write(pen, self._before)

    def _rearm(self, pen: Pen) -> None:
        """Timers again, and questions to handlers that had not been answered."""
        run = self.run
        for no in sorted(run.rescheduled):
            outcomes.wait_on(run, pen, run.tasks[no])
        for scope in run.graphs.values():
            if scope.failures and not scope.ended:
                flow.arm_again(pen, scope)
        for task in run.tasks.values():
            if task.replaced_by is not None and task.replaced_by.no in run.delayed:
                run.delayed[task.replaced_by.no] = pen.now.boot_us + waits.left_us(pen, task.detail)
        open_ = [task for task in run.tasks.values() if task.graph is not None and task.state == STARTED]
        for task in sorted(open_, key=lambda one: one.ended_seq or 0):
            if task.undecided is not None:
                decisions.ask_again(run, pen, task)
            elif task.inner is not None:
                flow.close(run, pen, task.inner)
        for scope in list(run.graphs.values()):  # all in it may have ended while it was cancelled
            flow.close(run, pen, scope)

    def _due(self, pen: Pen, event: Due) -> None:
        kind, no = event.timer
        if kind == "task":
            outcomes.came_due(self.run, pen, self.run.tasks[no])
            return
        flow.cut_if_due(self.run, pen, self.run.graph_by_no[no])

    def _answer_wait(self, pen: Pen) -> None:
        run, wait = self.run, self.run.wait
        if isinstance(wait, Gets):
            task = run.tasks[wait.spec.no]
            if task.state in (SUCCEEDED, FAILED):
                run.wait = None
                pen.commands.append(answers.show(self.run, task))
            elif cancel.is_held_back(run, task):
                run.wait = None
                pen.commands.append(cancel.answer(run, task.no))
        elif isinstance(wait, Executes):
            scope = run.graphs[wait.path]
            if scope.ended:
                run.wait = None
                pen.commands.append(answers.show_graph(self.run, scope))

    def _is_stuck(self) -> bool:
        """Nothing runs, nothing can start, no timer will come, and the function waits or has ended."""
        run = self.run
        if run.over or run.in_flight or run.again or run.asked is not None:
            return False
        if isinstance(run.ending, Raised):
            return True
        return (run.wait is not None or run.ending is not None) and not run.ready and not run.rescheduled

    def _lie_down(self, pen: Pen, asked: tuple[int, ...] = ()) -> None:
        detail = encode({"asks": list(asked)}) if asked else None
        before = self.run.row
        if self.replay is None or before.state == EXECUTION_CODE[X.PENDING]:  # in a replay nothing has changed yet
            pen.execution(XE.LAID_DOWN, detail)
        if not self._report and pen.says_only_resumed_and_laid_down():  # it found the same questions: nothing changed
            pen.forget(before._replace(state=EXECUTION_CODE[X.INTERRUPTED]))
        self.run.over = True
        pen.commands.append(Over(tuple(X)[self.run.row.state], asked))

    def lie_down_if_idle(self, pen: Pen) -> bool:
        """For a stop: lie down once nothing is in flight."""
        if self.run.over or not self.run.stopping or self.run.in_flight or cancel.is_forced(self.run):
            return False
        self._lie_down(pen)
        return True

    def _end(self, pen: Pen) -> None:
        end = cancel.end_of(self.run) if cancel.ends_it(self.run) else answers.end_of(self.run)
        if end is not None:
            state = pen.execution(*end)
            self.run.over = True
            pen.commands.append(Over(state))
