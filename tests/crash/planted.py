"""Sweeps over an engine with a bug: each must be noticed, or the sweep proves nothing.

    python -m tests.crash.planted BUG
"""

from __future__ import annotations

import sys
from contextlib import contextmanager

from durable_wf.graph import decide, outcomes
from durable_wf.graph.state import SUCCEEDED
from durable_wf.journal.sqlite import SqliteJournal
from durable_wf.scheduler.host import Host
from tools.crash import judge, sweep


def reruns_what_must_be_asked_about():
    """An operation that may not be repeated is repeated."""
    settle = outcomes.settle_unknown
    outcomes.settle_unknown = lambda run, pen, task, *, person_says: settle(run, pen, task, person_says=True)  # noqa: ARG005
    decide.outcomes = outcomes


def takes_begun_for_done():
    """What was in flight at the kill is taken for succeeded."""

    def settle(run, pen, task, *, person_says):
        del person_says
        del run.unknown[task.no]
        outcomes.flow.runs(task, -1)
        pen.task(task, outcomes.TE.SETTLED)
        code = pen.attempt(task, outcomes.A.SUCCEEDED, task.began_us, pen.now.wall_us)
        pen.task(task, outcomes.TE.SUCCEEDED, '{"result":"surely"}', code)
        assert task.state == SUCCEEDED
        outcomes.flow.ended_well(run, pen, task)

    outcomes.settle_unknown = settle


def performs_before_it_commits():
    """Tasks are given to workers inside the transaction."""
    turn_of = SqliteJournal.turn
    made = []

    @contextmanager
    def turn(self):
        with turn_of(self) as inner:
            yield inner
            for host in made:
                host.perform_early()

    class Early(Host):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            made.append(self)

    def perform_early(self):
        for hosted in list(self._hosted.values()):
            for task in list(hosted.core.run.in_flight.values()):
                if task.no not in hosted.works:
                    self._perform(hosted, decide.HandOut(task.no, task.attempts), {task.no: {}})

    Host.perform_early = perform_early
    Host.__init__ = lambda self, *a, __init=Host.__init__, **k: (__init(self, *a, **k), made.append(self))[0]
    give = Host._perform

    def _perform(self, hosted, command, given):
        if isinstance(command, decide.HandOut) and command.no in hosted.works:
            return
        give(self, hosted, command, given)

    Host._perform = _perform
    SqliteJournal.turn = turn


def forgets_outcomes():
    """A resume runs what has succeeded again."""
    load = decide.load

    def forgetful(history):
        from durable_wf.graph.state import PENDING

        run = load(history)
        for task in run.tasks.values():
            if task.state == SUCCEEDED and task.kind in outcomes_worked():
                task.state, task.ended_seq = PENDING, None
        return run

    decide.load = forgetful


def outcomes_worked():
    from durable_wf.graph.state import WORKED

    return WORKED


def skips_a_dependency():
    """A resume starts what waits for something unfinished."""
    connect = decide.connect_all

    def careless(run, history):
        import dataclasses

        connect(run, dataclasses.replace(history, dependencies=[]))

    decide.connect_all = careless


BUGS = {
    "reruns": (reruns_what_must_be_asked_about, "graph"),
    "begun-is-done": (takes_begun_for_done, "graph"),
    "early": (performs_before_it_commits, "graph"),
    "forgets": (forgets_outcomes, "standard"),
    "no-order": (skips_a_dependency, "graph"),
}


def main() -> int:
    plant, scenario = BUGS[sys.argv[1]]
    plant()
    del judge
    return sweep.main(["--scenario", scenario, "--points", "40", "--seed", "1", "--max-parallel", "1", "--no-write"])


if __name__ == "__main__":
    sys.exit(main())
