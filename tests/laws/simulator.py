"""A world without threads: a memory journal, a clock that jumps, workers as a list, and runners that crash.

`Runner` does what `scheduler.host` and `scheduler.hosted` do for one execution: the function runs to its next blocking
call, facts queue, a turn takes some of them, commits, and performs. Whoever drives it says what happens next: which
facts a turn takes, which attempt begins or ends, when the clock moves, and where the process dies.
"""

from __future__ import annotations

import heapq
import itertools
from collections import Counter, deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from durable_wf.clock import Instant
from durable_wf.codec import decode, encode
from durable_wf.engine.modifications import Modifications, check_started
from durable_wf.errors import AskError, Fenced, HeldError, NonDeterministicWorkflow, UsageError
from durable_wf.graph import cancel
from durable_wf.graph.cut import plan_cut
from durable_wf.graph.decide import Core
from durable_wf.graph.load import load
from durable_wf.graph.pen import Pen
from durable_wf.journal.memory import MemoryJournal
from durable_wf.journal.port import Journal
from durable_wf.model import rows
from durable_wf.model.commands import Abandon, Answer, Arm, Consult, HandOut, Over
from durable_wf.model.events import Abandoned, Asked, Begun, Due, Ended, Level, Raised, Returned, Stops
from durable_wf.model.plan import Node, to_json
from durable_wf.model.protocol import MISSING, OperationOutcome, PropertyChange, Status
from durable_wf.model.states import EXECUTION, XE, N, X
from durable_wf.scheduler.claim import claim
from durable_wf.scheduler.instances import TurnStorage, instance_data
from durable_wf.scheduler.modifying import Planner
from durable_wf.scheduler.requests import Asking, ask
from tests.laws.programs import INSTANCES, Function

SECOND = 1_000_000
MORNING = 1_790_000_000 * SECOND
STATES = tuple(X)
_CREATED = tuple(XE).index(XE.CREATED)


class Crash(BaseException):
    """The process dies here; no `except Exception` may survive it."""


class ManualClock:
    """Both clocks, moved by hand."""

    def __init__(self):
        self.wall, self.boot, self.boots = MORNING, 100 * SECOND, 1

    def now(self):
        return Instant(self.wall, self.boot, f"boot {self.boots}")

    def wall_us(self):
        return self.wall

    def advance(self, by_us):
        """Time passes."""
        self.wall += by_us
        self.boot += by_us

    def jump(self, by_us):
        """Somebody sets the wall clock."""
        self.wall += by_us

    def reboot(self, took_us=60 * SECOND):
        """The machine starts again; its boot clock begins anew."""
        self.wall += took_us
        self.boots += 1
        self.boot = 5 * SECOND


@dataclass
class Work:
    """An attempt on its way through a worker."""

    no: int
    attempt: int
    kind: int
    request: dict
    retries: int
    instances: dict
    began_us: int | None = None
    told: bool = False


@dataclass
class GoesLive:
    event: object


@dataclass
class World:
    """What is outside of the processes, and what they leave there.

    open    gives another handle to the journal, as another process would have it
    mended  the operations' causes of failure are mended: all of them succeed
    begins  task → how often a worker has begun it
    lost    task → how often its runner was gone after it had begun, and before its outcome was recorded
    seen    what `laws.Watch` has seen of the journal
    """

    program: object
    open: Callable[[], Journal] = field(default_factory=lambda: MemoryJournal().sibling)
    clock: ManualClock = field(default_factory=ManualClock)
    mended: bool = False
    begins: Counter = field(default_factory=Counter)
    lost: Counter = field(default_factory=Counter)
    resumes: int = 0
    watch: object = None

    def __post_init__(self):
        self.journal = self.open()
        with self.journal.turn() as turn:
            at, seq = self.clock.wall, turn.seq
            blueprint, deployment = turn.next_id("blueprint"), turn.next_id("deployment")
            said = rows.Transition(0, seq, rows.Subject.DEPLOYMENT, deployment, None, 0, 0, at, None, None, 0, None)
            instances = [
                rows.Instance(
                    turn.next_id("node_instance"), deployment, "node", name, index,
                    str(N.UNINITIALIZED), "{}", "{}", "[]", None, "[]", 0, 0, seq, 0,
                )
                for index, name in enumerate(INSTANCES)
            ]  # fmt: skip
            changes = rows.Changes(
                blueprints=[rows.Blueprint(blueprint, "d", "d.yaml", "{}", "{}", at, seq)],
                deployments=[rows.Deployment(deployment, "d", blueprint, "{}", "{}", at, seq, 0)],
                nodes=[rows.Node(deployment, "node", encode(to_json(Node("node", "n", ("n",)))), seq, 0)],
                instances=instances,
                transitions=[said],
            )
            turn.apply(changes)

    @property
    def row(self):
        """The execution's row."""
        return self.journal.history(1).execution

    @property
    def state(self):
        return STATES[self.row.state]

    def start(self, **options):
        """The first runner of a new execution."""
        journal = self.open()
        with journal.turn() as turn:
            number, seq = turn.next_id("execution"), turn.seq
            row = rows.Execution(
                number, "uid", 1, "wf", "mod:f", "{}", "{}", "{}", None, self.clock.wall, seq,
                EXECUTION.code(X.PENDING), 1, None, None, None, None, None,
            )  # fmt: skip
            made = rows.Transition(
                number,
                seq,
                rows.Subject.EXECUTION,
                number,
                None,
                row.state,
                _CREATED,
                self.clock.wall,
                None,
                None,
                1,
                None,
            )
            assert journal.own(number)
            turn.apply(rows.Changes(executions=[row], transitions=[made]))
        return Runner(self, journal, **options)

    def resume(self, *, from_task=None, shuffle=None, **options):
        """A runner that has claimed the execution; of an ended one as a person does, all changes accepted.

        raises  HeldError, AskError, NotFoundError as the engine
        """
        history = self.journal.history(1)
        self._end_modifications(load(history), history, from_task)
        journal = self.open()
        claim(journal, self.clock, history.execution, {"pid": self.resumes})
        self.resumes += 1
        history = journal.history(1)
        cut = plan_cut(load(history), history, from_task)
        self.mended = self.mended or cut is not None
        return Runner(self, journal, cut=cut, shuffle=shuffle, **options)

    def _end_modifications(self, run, history, from_task):
        """A person rolls back what a resume would start again. raises  AskError, NotFoundError."""
        cut = plan_cut(run, history, from_task)
        if cut is None:
            return
        try:
            check_started(self.journal, 1, run, cut)
        except AskError:
            (started,) = (row for row in self.journal.modifications(1) if row.ended_seq is None)
            Modifications(self.journal, self.clock, lambda write: write()).rollback(started.uid)

    def planner(self, turn):
        """Ids of what is added go by how many modifications there have been: the same in every world."""
        begun, numbers = len(turn.modifications(1)), itertools.count()
        return Planner({}, lambda: f"m{begun}x{next(numbers)}")

    def ask_to_cancel(self, level):
        """Somebody asks, as by `durable-wf cancel`: its runner, or whoever asks ends it; nothing where it has ended."""
        with suppress(UsageError):
            ask(self.journal, self.clock, 1, Asking(Level(level), "anna", None, f"key {self.journal.last_seq()}"))

    def perform(self, work):
        """What the operation does: as its request says, by the number of retries before it."""
        script = work.request.get("script") or ["ok"]
        word, _, wait = script[min(work.retries, len(script) - 1)].partition(":")
        if self.mended:
            word = "ok"
        after_s = float(wait) if wait else None
        ended_us = self.clock.wall
        name = f"p{work.request['kwargs']['id']}"
        changes = {}
        for data in work.instances.values():
            read = data.runtime_properties.get(name, MISSING)
            changes[data.id] = [PropertyChange(name, read, word if word == "ok" else f"{word} {work.retries}")]
        if word == "ok":
            result = encode(work.request["kwargs"]["id"])
            return OperationOutcome(Status.SUCCEEDED, work.began_us, ended_us, result, changes=changes)
        error = {"type": "tests:Boom", "message": word, "arguments": [word], "traceback": "", "causes": []}
        return OperationOutcome(
            Status.RETRY if word == "again" else Status.FAILED, work.began_us, ended_us, error=error,
            recoverable=word != "final", retry_after_s=after_s, changes=changes,
        )  # fmt: skip


class Runner:
    """One process that runs the execution.

    workers, window  as `Core.hand_out` has them
    facts            what has happened and no turn has taken
    works            attempts in flight, by task
    blocked          what the function waits for
    over             the state it ended or lay down in; `gone` says why it stopped otherwise
    """

    def __init__(self, world, journal, *, cut=None, reset_all=False, shuffle=None, workers=2, window=3):
        self.world, self.journal = world, journal
        self.workers, self.window = workers, window
        self.core = Core(journal.history(1), cut=cut, reset_all=reset_all)
        self.function = Function(world.program, shuffle)
        self.facts = deque()
        self.works = {}
        self.timers = []
        self.live = self.taken = self.stale = False
        self.blocked = None
        self.over = None
        self.asks = ()
        self.gone = None
        self.turns = 0
        self._count = itertools.count()
        self._unrecorded = set()  # tasks that have begun and whose outcome is not in the journal
        self._generator = self.function.run()
        self._go_on(None)

    @property
    def running(self):
        return self.over is None and self.gone is None

    # ------------------------------------------------------------------ the function

    def _go_on(self, answer):
        """Let the function run to where nobody can answer it yet."""
        self.blocked = None
        while True:
            event = self._generator.send(answer)
            answer = self._pass_on(event)
            if isinstance(event, (Returned, Raised)):
                return
            if answer is None and not isinstance(event, Asked):
                self.blocked = event
                return

    def _pass_on(self, event):
        if self.live:
            self.facts.append(event)
            return None
        if not isinstance(event, (Returned, Raised)):
            answer = self.core.answer(event)
            if answer is not None or isinstance(event, Asked):
                return answer
        self.live = True
        self.facts.append(GoesLive(event))
        return None

    # ------------------------------------------------------------------ the workers and the clock

    def begin(self, no):
        """A worker takes the attempt."""
        work = self.works[no]
        if work.began_us is None:
            written = self.world.journal.stored("attempt", 1)
            assert (no, work.attempt) in {row[1:3] for row in written}, "L6: begun before it is on disk"
            work.began_us = self.world.clock.wall
            self.world.begins[no] += 1
            self._unrecorded.add(no)
            self._lose()

    def finish(self, no):
        """The attempt ends."""
        self.begin(no)
        work = self.works.pop(no)
        self.facts.append(Ended(no, work.attempt, self.world.perform(work)))

    def tick(self):
        """Notice the timers that have come due."""
        while self.timers and self.timers[0][0] <= self.world.clock.boot:
            self.facts.append(Due(heapq.heappop(self.timers)[2]))

    def stop(self):
        """Ask it to lie down: what has not begun is taken back. During a replay this comes before its end."""
        stops = Stops(self._take_back())
        (self.facts.append if self.taken else self.facts.appendleft)(stops)

    def _take_back(self):
        back = [work for work in self.works.values() if work.began_us is None]
        for work in back:
            del self.works[work.no]
        return [(work.no, work.attempt) for work in back]

    def die(self):
        """SIGKILL."""
        self._leave("killed")

    def lose_byte(self):
        """Its ownership is lost while it lives, as by `os.closerange` in a plugin."""
        self.journal.disown(1)
        self.stale = True
        self._lose()

    def _lose(self):
        """What has begun here and is not recorded never will be, once this is not the execution's runner."""
        if self.stale or self.gone:
            self.world.lost.update(self._unrecorded)
            self._unrecorded.clear()

    def _leave(self, why):
        self.gone = why
        self._lose()
        self.works.clear()
        self.timers.clear()
        self.journal.close()

    # ------------------------------------------------------------------ a turn

    def turn(self, facts=None, *, crash=None):
        """Take facts in, all of them or so many, commit, perform.

        crash  `before` the commit, which is then rolled back, or `after` it, when nothing is performed; None
        """
        count = len(self.facts) if facts is None else min(facts, len(self.facts))
        taken = [self.facts.popleft() for _ in range(count)]
        taken = [fact for fact in taken if not (self.taken and self.core.only_waits(fact))]
        self.turns += 1
        try:
            pen, given = self._commit(taken, crash)
            if crash == "after":
                self._unrecorded -= {fact.no for fact in taken if isinstance(fact, Ended)}
                raise Crash
        except Crash:
            self.die()
            return
        except Fenced:
            self._leave("fenced")
            return
        self._unrecorded -= {fact.no for fact in taken if isinstance(fact, Ended)}
        self._perform(pen, given)

    def _commit(self, facts, crash):
        core, differs = self.core, None
        with self.journal.turn() as turn:
            if not self._may_write(turn):
                raise Fenced
            if self.taken or any(isinstance(fact, GoesLive) for fact in facts):
                facts = [*facts, *turn.inbox([1])]
            storage = TurnStorage(turn, core.run.row.deployment, self.world.planner(turn))
            pen = Pen(core.run, turn.seq, self.world.clock.now(), storage)
            try:
                self._decide(pen, facts)
            except NonDeterministicWorkflow as signal:
                differs = signal
                pen.forget(core.run.row._replace(report=signal.report))
                pen.execution_columns()
                pen.commands.clear()
            given = {
                command.no: instance_data(storage, core.run.tasks[command.no].target)
                for command in pen.commands
                if isinstance(command, HandOut)
            }
            turn.apply(pen.changes)
            if crash == "before":
                raise Crash
        if self.world.watch is not None:
            self.world.watch.committed(self, pen)
        if differs is not None:
            self._leave(differs)
        return pen, given

    def _may_write(self, turn):
        return turn.fences([1])[1] == self.core.run.row.fence

    def _decide(self, pen, facts):
        core = self.core
        for work in self.works.values():
            if work.began_us is not None and not work.told:
                work.told = True
                core.handle(pen, Begun(work.no, work.attempt, work.began_us))
        for fact in facts:
            if isinstance(fact, GoesLive):
                self.taken = True
                core.go_live(pen, fact.event)
            else:
                core.handle(pen, fact)
        if core.run.cancel.hands_back:
            cancel.hand_back(core.run, pen, self._take_back())
        if self.taken:
            core.hand_out(pen, workers=self.workers, window=self.window)
        if not core.lie_down_if_idle(pen) and self.taken:
            core.conclude(pen)

    def _perform(self, pen, given):
        for command in pen.commands:
            match command:
                case HandOut(no, attempt):
                    task = self.core.run.tasks[no]
                    self.works[no] = Work(no, attempt, task.kind, decode(task.request.text), task.retries, given[no])
                case Answer() | Consult():
                    self._go_on(command)
                case Arm(timer, delay_us):
                    due_us = self.world.clock.boot + delay_us
                    heapq.heappush(self.timers, (due_us, next(self._count), timer))
                case Abandon():
                    self.facts.append(Abandoned())
                case Over(state, asks):
                    self.over, self.asks = state, asks
                    self._leave("over")


def run_on(runner, *, turns=10_000):
    """Let a runner run undisturbed until it stops: every attempt begins and ends, time passes when nothing else can."""
    for _ in range(turns):
        if not runner.running:
            return runner
        if not runner.facts and runner.works:
            runner.finish(min(runner.works))
        elif not runner.facts and runner.timers:
            clock = runner.world.clock
            clock.advance(max(0, runner.timers[0][0] - clock.boot))
            runner.tick()
        runner.turn()
    raise AssertionError(f"it does not end: it waits for {runner.blocked}, {runner.core.run}")


def run_to_end(world, runner, *, agree=True, turns=10_000):
    """Run on, resume where it lay down and agree to all it asks, until the execution has ended."""
    while True:
        run_on(runner, turns=turns)
        if world.state in EXECUTION.ended or (runner.asks and not agree):
            return runner
        runner = world.resume(reset_all=bool(runner.asks))


def outcome_of(world):
    """What an execution has come to, as far as it must not depend on crashes (L5)."""
    row = world.row
    detail = next((one.detail_json for one in world.journal.transitions(1) if one.seq == row.ended_seq), None)
    found = decode(detail) or {}
    error = found.get("error") or {}
    return {
        "state": str(world.state),
        "result": found.get("result"),
        "error": (error.get("type"), error.get("message"), error.get("log")),
        "storage": {one.name: (one.state, one.runtime_properties_json) for one in world.journal.instances(1)},
        "events": sorted(event.message for event in world.journal.events(1) if event.type == "workflow_stage"),
    }


def held(world):
    """Whether a second claim is refused now."""
    try:
        world.resume()
    except HeldError:
        return True
    return False
