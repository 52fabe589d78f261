"""The loop: drain what has happened, let each core decide, commit once, then perform.

One thread owns the connection and the live cores. It sleeps on one queue; a timer is an entry in a heap, an outcome
an item in the queue. When idle it looks four times a second whether another process has committed.
"""

from __future__ import annotations

import threading
from operator import attrgetter
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from durable_wf.errors import DurableError, EngineBug, Fenced, NonDeterministicWorkflow, StorageError, UsageError
from durable_wf.graph import cancel
from durable_wf.graph.pen import Pen
from durable_wf.model.commands import Abandon, Answer, Arm, Consult, HandOut, Over, Reply
from durable_wf.model.events import Begun, Due, Ended, Level, Stops
from durable_wf.scheduler import intake, requests
from durable_wf.scheduler.hosted import GoesLive, Hosted, goes_live, replayed
from durable_wf.scheduler.instances import TurnStorage, instance_data
from durable_wf.scheduler.intake import Question
from durable_wf.scheduler.pool import Pool, Work, make_work
from durable_wf.scheduler.timers import Timers
from durable_wf.scheduler.updating import Call
from durable_wf.scheduler.voices import FLUSH, FLUSH_US, Batch

if TYPE_CHECKING:
    from collections.abc import Callable

    from durable_wf.clock import Clock
    from durable_wf.graph.decide import Core
    from durable_wf.journal.port import Journal, Turn
    from durable_wf.model.protocol import InstanceData, OperationOutcome
    from durable_wf.model.rows import Changes

LOOK_S = 0.25  # how often an idle runner looks for other processes' commits
SHORT_WINDOW = 64


class Host:
    """All executions that this process runs: one scheduler thread, one connection, one pool.

    perform    runs one attempt in a worker thread; never raises
    committed  is told, on this thread, of what was committed for an execution, before anything acts on it; None: nobody
    """

    def __init__(
        self, journal: Journal, clock: Clock, perform: Callable[[Work], OperationOutcome], *, max_operations: int = 8
    ) -> None:
        self.journal = journal
        self.clock = clock
        self.queue: SimpleQueue[Any] = SimpleQueue()
        self.pool = Pool(max_operations, perform, self.queue)
        self.window = max(2 * max_operations, SHORT_WINDOW)
        self.turns = 0
        self.committed: Callable[[Hosted, Changes], None] | None = None
        self._hosted: dict[int, Hosted] = {}
        self._draining: set[Hosted] = set()  # dropped, with operations still running
        self._timers = Timers()
        self._thread: threading.Thread | None = None
        self._gate = threading.Lock()  # between putting something that must be taken, and the loop's end
        self._closing = False
        self._over = False
        self._round = 0
        self._is_asked = False  # whether something may lie in an inbox

    # ------------------------------------------------------------------ from other threads

    def start(self) -> None:
        """Start the scheduler thread."""
        self._thread = threading.Thread(target=self._loop, name="durable-wf-scheduler", daemon=True)
        self._thread.start()

    def post(self, item: Any) -> None:
        """Tell the scheduler something. `("look", hosted)`: this process has put something into its inbox."""
        self.queue.put(item)

    def hear(self, batch: Batch) -> None:
        """Have what is said written; once the loop has ended it is not."""
        try:
            self._put(batch)
        except UsageError:
            batch.drop()

    def add(self, hosted: Hosted) -> None:
        """Take an execution in; its workflow thread may start afterwards.

        raises  UsageError when the loop has ended
        """
        hosted.hear = self.hear
        self._put(("add", hosted))

    def ask(self, function: Callable[[], Any]) -> Any:
        """Run `function` on the scheduler's thread, between two turns, and give what it returns or raises.

        raises  UsageError when the loop has ended
        """
        if threading.current_thread() is self._thread:
            return function()
        question = Question(function)
        self._put(question)
        return question.wait()

    def _put(self, item: tuple[Any, ...] | Batch | Question) -> None:
        with self._gate:
            if self._over:
                raise _closed()
            self.queue.put(item)

    def stop(self, hosted: Hosted) -> None:
        """Let it lie down: nothing new starts, what runs is waited for."""
        self.queue.put(("stop", hosted))

    def close(self) -> None:
        """End the thread, once nothing is hosted any more or at once; the journal stays open."""
        self.queue.put(("close",))
        if self._thread is not None:
            self._thread.join()
        self.pool.close()

    # ------------------------------------------------------------------ the loop

    def _loop(self) -> None:
        try:
            while not self._closing:
                items = intake.take(self.queue, self.pool, self._patience())
                try:
                    self._step(items)
                except DurableError as error:
                    self._broken(error)
                except OSError as error:  # a side file's disk, say
                    self._broken(StorageError(f"the scheduler could not go on: {error}"), error)
                except Exception as error:  # noqa: BLE001 - a bug of ours must stop every runner, loudly, not hang it
                    self._broken(EngineBug(f"the scheduler failed: {type(error).__name__}: {error}"), error)
        finally:
            self._end()

    def _end(self) -> None:
        """Nobody is served any more: whoever waits is told. Nothing is written, and nothing given back."""
        with self._gate:
            self._over = True
        left: list[Any] = []
        intake.drain(self.queue, left)
        for item in left:
            if isinstance(item, Question):
                item.refuse(_closed())
            elif isinstance(item, tuple) and item[0] == "add":
                self._hosted[item[1].id] = item[1]
            elif isinstance(item, Batch):
                item.drop()
        for hosted in self._hosted.values():
            hosted.abandon(_closed())

    def _broken(self, error: DurableError, cause: BaseException | None = None) -> None:
        """No core can be trusted to be what the journal says: every runner stops; a resume reads the truth."""
        error.__cause__ = cause or error.__cause__
        for hosted in list(self._hosted.values()):
            try:
                self._drop(hosted)
            finally:
                hosted.broke(error)

    def _patience(self) -> float | None:
        if not self._hosted:
            return None
        return min(LOOK_S, self._timers.left_s(self.clock))

    def _step(self, items: list[Any]) -> None:
        """One pass: sort what came in by execution, and make a turn if any of it needs one."""
        facts: dict[int, list[Any]] = {}
        for item in items:
            if isinstance(item, Work):
                self._took_end(item, facts)
            elif isinstance(item, Batch):
                self._took_batch(item, facts)
            elif isinstance(item, Question):
                item.answer()
            elif isinstance(item, GoesLive):
                if self._hosts(item.hosted):
                    facts.setdefault(item.hosted.id, []).append(item)
            elif isinstance(item[0], Hosted):
                hosted, event = item
                if self._hosts(hosted) and not hosted.core.only_waits(event):
                    facts.setdefault(hosted.id, []).append(event)
            else:
                self._control(item, facts)
        self._took_timers(facts)
        if facts or self._is_asked or self._should_look(items):
            self._is_asked = False
            self._turn(facts)

    def _hosts(self, hosted: Hosted) -> bool:
        """Whether it is this runner of the execution that is at work here, and not one before it."""
        return self._hosted.get(hosted.id) is hosted

    def _took_end(self, work: Work, facts: dict[int, list[Any]]) -> None:
        hosted = work.hosted
        if self._hosts(hosted) and work.outcome is not None:
            hosted.no_longer(work)
            hosted.cautious = max(0, hosted.cautious - 1)
            facts.setdefault(hosted.id, []).append(Ended(work.no, work.attempt, work.outcome))
        elif hosted in self._draining:
            hosted.no_longer(work)
            self._give_up(hosted)

    def _took_batch(self, batch: Batch, facts: dict[int, list[Any]]) -> None:
        """Something was said: it goes into the execution's next turn, which is now where somebody waits for that."""
        hosted = batch.voice.hosted
        if not self._hosts(hosted):
            batch.drop()
            return
        if not batch.heard:
            batch.heard = True
            hosted.voices.add(batch.voice)
            facts.get(hosted.id, hosted.unwritten).append(batch)
            if not hosted.flushes:
                hosted.flushes = True
                self._timers.set(self.clock.now().boot_us + FLUSH_US, hosted, FLUSH)
        if batch.full:
            facts.setdefault(hosted.id, [])

    def _took_timers(self, facts: dict[int, list[Any]]) -> None:
        if not self._timers:
            return
        for hosted, timer in self._timers.take_due(self.clock.now().boot_us):
            if timer == FLUSH:
                hosted.flushes = False
            if self._hosts(hosted) and (timer != FLUSH or hosted.unwritten):
                facts.setdefault(hosted.id, []).extend([] if timer == FLUSH else [Due(timer)])

    def _control(self, item: tuple[Any, ...], facts: dict[int, list[Any]]) -> None:
        if item[0] == "add":  # beside others, a look may have seen between its claim and now what was asked of it
            self._is_asked |= bool(self._hosted) and item[1].core.run.row.fence > 1
            self._hosted[item[1].id] = item[1]
        elif item[0] == "stop" and self._hosts(item[1]):
            facts.setdefault(item[1].id, []).append(Stops(self.pool.take_back(item[1])))
        elif item[0] == "look" and self._hosts(item[1]):
            self._is_asked = True
        elif item[0] == "close":
            self._closing = True

    def _should_look(self, items: list[Any]) -> bool:
        """When idle: whether somebody else has committed, or a worker has begun what the journal says is waiting."""
        if items or not self._hosted:
            return False
        now_us = self.clock.wall_us()
        return self.journal.changed() or any(
            work.news_us(now_us) is not None for hosted in self._hosted.values() for work in hosted.works.values()
        )

    # ------------------------------------------------------------------ one turn

    def _turn(self, facts: dict[int, list[Any]]) -> None:
        owned = [hosted for hosted in self._hosted.values() if hosted.taken or hosted.id in facts]
        replaying = replayed(self._hosted.values(), facts)
        if not owned and not replaying:
            return
        self.turns += 1
        now = self.clock.now()
        pens: list[tuple[Hosted, Pen, dict[int, dict[str, Any]]]] = []
        unwound: list[tuple[Hosted, BaseException]] = []
        with self.journal.turn() as turn:
            fences = turn.fences([hosted.id for hosted in owned])
            self._read_inbox(turn, owned, facts)
            called_off = requests.call_off(turn, replaying, now.wall_us)
            owned = [hosted for hosted in owned if all(one.hosted is not hosted for one in called_off)]
            seq = turn.seq
            singles = sum(hosted.singles for hosted in self._hosted.values())
            for hosted in self._rotated(owned):
                if fences.get(hosted.id) != hosted.core.run.row.fence:
                    unwound.append((hosted, Fenced()))
                    continue
                storage = TurnStorage(turn, hosted.deployment, hosted.planner)
                pen = Pen(hosted.core.run, seq, now, storage)
                try:
                    self._decide(hosted, pen, facts.get(hosted.id, []), singles - hosted.singles)
                except NonDeterministicWorkflow as signal:
                    unwound.append((hosted, signal))
                    pen.forget(hosted.core.run.row._replace(report=signal.report))
                    pen.execution_columns()
                    pen.commands.clear()
                except EngineBug as bug:  # this core cannot be trusted any more; the others can
                    unwound.append((hosted, bug))
                    continue
                seq = pen.seq
                given = {}
                for command in pen.commands:
                    if isinstance(command, HandOut):
                        task = hosted.core.run.tasks[command.no]
                        given[command.no] = instance_data(storage, task.target)
                        singles += not task.request.repeatable
                turn.apply(pen.changes)
                pens.append((hosted, pen, given))
        for hosted, reason in unwound:
            self._drop(hosted)
            hosted.broke(reason)
        for one in called_off:
            self._called_off(one)
        self._perform_all(pens)

    def _called_off(self, ended: requests.CalledOff) -> None:
        """A forced request has ended it while it was replayed; its function is not waited for."""
        if self.committed is not None:
            self.committed(ended.hosted, ended.changes)
        ended.hosted.let_go(kill=ended.level is Level.KILL)
        self._drop(ended.hosted)
        ended.hosted.finish(ended.state, stays=not ended.changes.transitions)

    def _rotated(self, owned: list[Hosted]) -> list[Hosted]:
        """Round robin: who has least of what must not be repeated under way, and of those another one each turn."""
        if len(owned) < 2:  # noqa: PLR2004
            return owned
        self._round = (self._round + 1) % len(owned)
        return sorted(owned[self._round :] + owned[: self._round], key=attrgetter("singles"))

    def _read_inbox(self, turn: Turn, owned: list[Hosted], facts: dict[int, list[Any]]) -> None:
        for request in turn.inbox([hosted.id for hosted in owned if hosted.taken or goes_live(facts.get(hosted.id))]):
            facts.setdefault(request.execution, []).append(request)

    def _decide(self, hosted: Hosted, pen: Pen, facts: list[Any], singles: int) -> None:
        core = hosted.core
        for work in list(hosted.works.values()):
            began_us = work.news_us(pen.now.wall_us)
            if began_us is not None:
                work.told = True
                core.handle(pen, Begun(work.no, work.attempt, began_us))
        said, hosted.unwritten = hosted.unwritten, []
        for fact in [*said, *facts]:
            if isinstance(fact, Batch):
                core.handle(pen, fact.take())
            elif isinstance(fact, GoesLive):
                hosted.taken = True
                core.handle(pen, fact.said)
                core.go_live(pen, fact.event)
            elif isinstance(fact, Call):
                fact.take(core, pen)
            else:
                core.handle(pen, fact)
        if core.run.cancel.hands_back:
            cancel.hand_back(core.run, pen, self.pool.take_back(hosted))
        if hosted.taken:
            self._hand_out(hosted, core, pen, singles)
        if not core.lie_down_if_idle(pen) and hosted.taken:
            core.conclude(pen)

    def _hand_out(self, hosted: Hosted, core: Core, pen: Pen, singles: int) -> None:
        """singles  works of others that must not be repeated: no more of them than workers are handed out."""
        workers = self.pool.size if hosted.limit is None else min(hosted.limit, self.pool.size)
        narrow = hosted.cautious > 0 or (hosted.limit is not None and hosted.limit < self.pool.size)
        window = workers if narrow else self.window
        core.hand_out(pen, workers=max(0, min(workers, self.pool.size - singles)), window=window)

    def _perform_all(self, pens: list[tuple[Hosted, Pen, dict[int, dict[str, InstanceData]]]]) -> None:
        """After the commit: what each core has ordered, and then all that is for workers at once."""
        works = []
        for hosted, pen, given in pens:
            hosted.is_cancelling |= hosted.core.run.cancel.stands
            if self.committed is not None:
                self.committed(hosted, pen.changes)
            for command in pen.commands:
                if isinstance(command, HandOut):
                    works.append(make_work(hosted, command, given[command.no]))
                else:
                    self._perform(hosted, command, pen.now.boot_us)
        if works:
            self.pool.give(works)

    def _perform(self, hosted: Hosted, command: Any, decided_us: int) -> None:
        """decided_us  boot time of the turn: a wait begins when it was recorded, not when it is armed."""
        if isinstance(command, (Answer, Consult)):
            hosted.answer(command)
        elif isinstance(command, Reply):
            command.to.reply(command.answer)
        elif isinstance(command, Arm):
            self._timers.set(decided_us + command.delay_us, hosted, command.timer)
        elif isinstance(command, Abandon):
            self.queue.put((hosted, hosted.let_go(kill=command.kill)))
        elif isinstance(command, Over):
            self._drop(hosted)
            hosted.finish(command.state, command.asks)

    def _drop(self, hosted: Hosted) -> None:
        """Have nothing more to do with it; it is forgotten last, so that it is told whatever goes wrong here."""
        self.pool.take_back(hosted)
        hosted.silence()
        self._draining.add(hosted)
        self._give_up(hosted)
        self._hosted.pop(hosted.id, None)

    def _give_up(self, hosted: Hosted) -> None:
        """Give the ownership back once nothing of it runs any more: nobody may repeat what is still under way."""
        if not hosted.works:
            self._draining.discard(hosted)
            self.journal.disown(hosted.id)
            hosted.released.set()


def _closed() -> UsageError:
    return UsageError("the engine is closed", hint="make a new one on the same journal")
