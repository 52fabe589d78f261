"""SIGTERM and SIGINT, once and twice, at the n-th commit of a resume by the command line.

The first lets running operations end and lays the execution down; the second ends at once. Neither cancels: the next
resume goes on. The exit code is 128 and the signal's number (`cli.md`).
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from durable_wf.journal.sqlite import SqliteJournal
from tools.crash import points
from tools.crash.faults.base import Made, Place
from tools.crash.killing import Kill
from tools.crash.points import Point

NAMES = {"term": signal.SIGTERM, "int": signal.SIGINT}


class Signal(NamedTuple):
    """A signal to the runner after its n-th commit, and again after the next where it comes twice."""

    which: str
    n: int
    times: int = 1

    @property
    def exits(self) -> tuple[int, ...]:
        return (128 + NAMES[self.which],)

    def arm(self, journal: Path) -> None:  # noqa: ARG002 - of the process
        real = SqliteJournal.turn
        commits = 0

        @contextmanager
        def turn(store: SqliteJournal) -> Iterator[Any]:
            nonlocal commits
            with real(store) as found:
                yield found
            commits += 1
            if self.n <= commits < self.n + self.times:
                os.kill(os.getpid(), NAMES[self.which])

        SqliteJournal.turn = turn  # type: ignore[method-assign, assignment]

    def undo(self, journal: Path) -> None:
        """It has passed."""


class Signals:
    """Points are `term:N`, `int:N`, and `…:twice` behind them; N counts commits of the resume."""

    name = "signals"
    scenarios = ("graph", "standard", "handlers")
    parallel = (1, 8)

    def points(self, place: Place) -> list[str]:
        """About as many commits as the resume has left, after a kill at a quarter of them."""
        left = place.reference.commits - place.reference.commits // 4
        return [f"{which}:{n}{twice}" for n in range(1, left) for which in NAMES for twice in ("", ":twice")]

    def make(self, place: Place, point: str, folder: Path) -> Made:
        which, n, *twice = point.split(":")
        hit = Signal(which, int(n), 2 if twice else 1)
        kills = (Kill(max(1, place.reference.commits // 4), "after"), hit)
        verdict = points.make(
            Point(place.scenario, place.max_parallel, kills, place.durability, "cli"), folder, place.reference
        )
        return Made(point, verdict.problems, verdict.way, folder=verdict.folder)


SIGNALS = Signals()
