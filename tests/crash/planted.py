"""Sweeps over an engine with a bug: each must be noticed, or the sweep proves nothing.

python -m tests.crash.planted BUG
"""

import dataclasses
import sys
import threading

from durable_wf import engine
from durable_wf.graph import decide, outcomes
from durable_wf.graph.state import PENDING, SUCCEEDED, WORKED
from durable_wf.model.commands import HandOut
from durable_wf.scheduler import host
from durable_wf.scheduler.pool import make_work
from tools.crash import sweep


def reruns_what_must_be_asked_about():
    """An operation that may not be repeated is repeated."""
    settle = outcomes.settle_unknown

    def reruns(run, pen, task, *, person_says):
        settle(run, pen, task, person_says=True)

    outcomes.settle_unknown = reruns


def takes_begun_for_done():
    """What was in flight at the kill is taken for succeeded."""

    def settle(run, pen, task, *, person_says):
        del run.unknown[task.no]
        pen.task(task, outcomes.TE.SETTLED)
        code = pen.attempt(task, outcomes.A.SUCCEEDED, task.began_us, pen.now.wall_us)
        pen.task(task, outcomes.TE.SUCCEEDED, '{"result":"surely"}', code)
        outcomes.flow.ended_well(run, pen, task)

    outcomes.settle_unknown = settle


def performs_before_it_commits():
    """Operations run while the transaction that says so is still open."""

    class Hasty(host.Host):
        def _decide(self, hosted, pen, *rest):
            super()._decide(hosted, pen, *rest)
            early = [command for command in pen.commands if isinstance(command, HandOut)]
            pen.commands[:] = [command for command in pen.commands if command not in early]
            self.pool.give([make_work(hosted, command, {}) for command in early])
            while any(work.outcome is None for work in hosted.works.values()):
                threading.Event().wait(0.001)

    engine.Host = Hasty


def forgets_outcomes():
    """A resume runs what has succeeded again."""
    load = decide.load

    def forgetful(history):
        run = load(history)
        for task in run.tasks.values():
            if task.state == SUCCEEDED and task.kind in WORKED:
                task.state, task.ended_seq = PENDING, None
        return run

    decide.load = forgetful


def skips_dependencies():
    """A resume starts what waits for something unfinished."""
    connect = decide.connect_all

    def careless(run, history):
        connect(run, dataclasses.replace(history, dependencies=[]))

    decide.connect_all = careless


def forgets_how_long_to_wait():
    """A resume tries again at once."""

    def wait_on(run, pen, task):
        run.rescheduled[task.no] = pen.now.boot_us
        outcomes.came_due(run, pen, task)

    outcomes.wait_on = wait_on


def forgets_what_was_ignored():
    """A resume takes an ignored failure for one that counts."""
    mark = decide.mark_decisions

    def forgetful(run, history, cuts):
        counting = mark(run, history, cuts)
        for task in run.tasks.values():
            task.ignored = False
        return counting

    decide.mark_decisions = forgetful


BUGS = {
    "reruns": (reruns_what_must_be_asked_about, "graph", 24),
    "begun-is-done": (takes_begun_for_done, "graph", 10),
    "early": (performs_before_it_commits, "graph", 10),
    "forgets": (forgets_outcomes, "standard", 6),
    "no-order": (skips_dependencies, "graph", 10),
    "no-wait": (forgets_how_long_to_wait, "waits", 16),
    "not-ignored": (forgets_what_was_ignored, "handlers", 12),
}

if __name__ == "__main__":
    plant, scenario, points = BUGS[sys.argv[1]]
    plant()
    sys.exit(sweep.main(["--scenario", scenario, "--points", str(points), "--seed", "1", "--max-parallel", "1"]))
