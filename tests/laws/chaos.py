"""Random play: what could happen to an execution happens, drawn from a seed. The same seed plays the same.

As a program: `python -m tests.laws.chaos SEED…` prints a digest of the journal that each seed leaves.
"""

from __future__ import annotations

import random
import sys
from hashlib import sha256

from durable_wf.errors import AskError
from durable_wf.graph.cut import plan_cut
from durable_wf.graph.load import load
from durable_wf.model.rows import Kind, Subject
from durable_wf.model.states import EXECUTION, TASK, XE, T
from tests.laws.laws import Watch
from tests.laws.programs import Maker
from tests.laws.simulator import SECOND, World, outcome_of, run_on

BROKEN = (TASK.code(T.FAILED), TASK.code(T.RESCHEDULED))  # the latter where another has taken its place
REOPENED = tuple(XE).index(XE.REOPENED)
JUMPS_US = (1, 5 * SECOND, 10 * SECOND, 4000 * SECOND)


def options(rng):
    """How a runner is set up."""
    return {"workers": rng.randint(1, 3), "window": rng.randint(3, 5)}


class Chaos:
    """Plays with one world.

    reopened  how often a person must have resumed the execution before its end is an end
    agrees    how likely a resume says that what was lost may run again
    cancels   how likely somebody asks to cancel
    """

    def __init__(self, world, rng, *, reopened=0, agrees=0.3, cancels=0):
        self.world, self.rng = world, rng
        self.reopened, self.agrees, self.cancels = reopened, agrees, cancels
        self.runner = None
        self.stale = []
        acts = {
            self._turn: 50,
            self._finish: 25,
            self._begin: 5,
            self._wait: 8,
            self._set_clock: 2,
            self._reboot: 2,
            self._kill: 2,
            self._stop: 1,
            self._take_over: 2,
            self._let_stale_go_on: 3,
            self._cancel: cancels,
        }
        self._acts, self._weights = tuple(acts), tuple(acts.values())

    def play(self, runner, steps):
        """So many things happen; the last runner."""
        self.runner = runner
        for _ in range(steps):
            if not self.runner.running:
                if self.cancels and self.rng.random() < 0.15:
                    self._cancel()
                if self.at_end():
                    break
                agrees = self.rng.random() < self.agrees
                shuffle = random.Random(self.rng.getrandbits(32))
                self.runner = self.world.resume(reset_all=agrees, shuffle=shuffle, **options(self.rng))
            self.rng.choices(self._acts, self._weights)[0]()
        return self.runner

    def to_end(self):
        """Nothing happens any more but what must; the last runner."""
        while self.runner.running or not self.at_end():
            if not self.runner.running:
                self.runner = self.world.resume(reset_all=True)
            run_on(self.runner)
        return self.runner

    def at_end(self):
        return self.world.state in EXECUTION.ended and times_reopened(self.world) >= self.reopened

    def _turn(self):
        self.runner.turn(self.rng.choice([None, 1, 2]), crash=self.rng.choice([None] * 8 + ["before", "after"]))

    def _finish(self):
        if self.runner.works:
            self.runner.finish(self.rng.choice(sorted(self.runner.works)))

    def _begin(self):
        if self.runner.works:
            self.runner.begin(self.rng.choice(sorted(self.runner.works)))

    def _wait(self):
        self.world.clock.advance(self.rng.choice(JUMPS_US))
        self.runner.tick()

    def _set_clock(self):
        self.world.clock.jump(self.rng.choice([-5000, 5000]) * SECOND)

    def _reboot(self):
        self.runner.die()
        self.world.clock.reboot()

    def _kill(self):
        self.runner.die()

    def _stop(self):
        self.runner.stop()

    def _take_over(self):
        self.runner.lose_byte()
        self.stale.append(self.runner)
        self.runner = self.world.resume(**options(self.rng))

    def _cancel(self):
        self.world.ask_to_cancel(self.rng.choice(["cancel"] * 6 + ["force", "kill"]))

    def _let_stale_go_on(self):
        """A runner that does not know that another has its execution, goes on until it is told."""
        stale = [runner for runner in self.stale if runner.running]
        if stale:
            runner = self.rng.choice(stale)
            if runner.works:
                runner.finish(min(runner.works))
            runner.turn()


def times_reopened(world):
    """How often a person's resume of the ended execution was written."""
    found = world.journal.transitions(1)
    return sum(row.subject == Subject.EXECUTION and row.event == REOPENED for row in found)


def is_determinate(world, runner):
    """Whether the program's outcome may not depend on what was quicker.

    It may where a subgraph failed, whose other members are started or not; or where the function raised while tasks
    were under way that it had not fetched.
    """
    failed = any(row.kind == Kind.SUBGRAPH and row.state in BROKEN for row in world.journal.history(1).tasks)
    return not failed and not runner.function.loose


def play(seed, steps=60, *, failing=0.15, store=None, modifies=False, **watch):
    """One seed: a program and what happens to it, every commit looked at; the world at its end.

    store     opens handles to a journal; None for one in memory
    modifies  whether the function modifies its deployment
    """
    rng = random.Random(seed)
    program = Maker(rng, failing=failing, careful=bool(seed % 2), hurried=seed % 3 == 0, modifies=modifies).program()
    world = World(program, store) if store is not None else World(program)
    Watch(world, **watch)
    chaos = Chaos(world, rng)
    runner = chaos.play(world.start(**options(rng)), steps)
    if runner.running:
        run_on(runner)
    if may_be_resumed(world):
        chaos = Chaos(world, rng, reopened=1)
        if chaos.play(world.resume(), steps).running:
            run_on(chaos.runner)
    return world


def play_cancelled(seed, steps=60, *, modifies=False, **watch):
    """As `play`, with cancel requests, and resumed until nothing is left to resume; the world at its end."""
    rng = random.Random(seed)
    program = Maker(
        rng, failing=0.1, careful=bool(seed % 2), hurried=seed % 3 == 0, polls=True, modifies=modifies
    ).program()
    world = World(program)
    Watch(world, **watch)
    runner = world.start(**options(rng))
    for reopened in range(4):
        chaos = Chaos(world, rng, reopened=reopened, cancels=3 if reopened < 3 else 0)
        chaos.play(runner, steps)
        chaos.to_end()
        if not may_be_resumed(world):
            break
        runner = world.resume()
    return world


def compare_with_calm(seed, steps=80, *, modifies=False, **watch):
    """L5 for one seed: chaos, then no chaos, comes to what a run without any comes to. And so after a person's resume.

    returns  how many comparisons were made
    """
    rng = random.Random(seed)
    program = Maker(rng, failing=0.08, modifies=modifies).program()
    calm, wild = World(program), World(program)
    Watch(wild, **watch)
    quiet, chaos = Chaos(calm, rng), Chaos(wild, rng)
    quiet.play(calm.start(), 0)
    last = quiet.to_end()
    chaos.play(wild.start(**options(rng)), steps)
    chaos.to_end()
    if not is_determinate(calm, last):
        return 0
    _compare(seed, calm, wild)
    if may_be_resumed(calm):
        quiet.reopened = chaos.reopened = 1
        quiet.play(calm.resume(), 0)
        last = quiet.to_end()
        chaos.play(wild.resume(), steps)
        chaos.to_end()
        if is_determinate(calm, last):
            _compare(seed, calm, wild)
            return 2
    return 1


def may_be_resumed(world):
    """Whether a person's resume finds a failure that ended the execution."""
    history = world.journal.history(1)
    try:
        return plan_cut(load(history), history) is not None
    except AskError:
        return False


def _compare(seed, calm, wild):
    one, other = outcome_of(calm), outcome_of(wild)
    assert one == other, f"L5: seed {seed}: without a crash {one}; with {other}"


def dump(world):
    """Every row of every table."""
    store = world.journal
    of_one = ("node_instance", "node_instance_version", "deployment_version", "payload", "tasks_graph", "task",
              "task_dependency", "attempt", "transition", "event", "inbox")  # fmt: skip
    of_all = ("execution", "deployment", "transition", "link")
    found = {(table, 1): store.stored(table, 1) for table in of_one}
    return found | {(table, 0): store.stored(table, 0) for table in of_all} | {"executions": store.executions()}


def digest(world):
    """A hash of every row."""
    return sha256(repr(dump(world)).encode()).hexdigest()


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        print(digest(play(int(argument), replays=False, verifies=False)))  # noqa: T201 - this is its output
