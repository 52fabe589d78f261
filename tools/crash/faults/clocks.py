"""The wall clock is wrong, jumps, or the machine was booted anew: nothing waits longer, and nothing is out of order.

Order is told by sequence numbers alone, so that what people read as times may contradict it (L9).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from durable_wf.clock import Instant, SystemClock
from tools.crash import points
from tools.crash.faults.base import Made, Place
from tools.crash.killing import Kill
from tools.crash.points import Point
from tools.crash.steps import Hit

_HOUR_US = 3600 * 1_000_000
_DAY_US = 24 * _HOUR_US
_2038_US = 2_147_483_648 * 1_000_000
RESUME = "resume-"  # before a point: the first life has the machine's clock, the resume has the wrong one


class Wrong(NamedTuple):
    """Another clock in the runner's process."""

    how: str

    @property
    def exits(self) -> tuple[int, ...]:
        return ()

    def arm(self, journal: Path) -> None:  # noqa: ARG002 - of the process
        real, jumps = SystemClock.now, self._jumps()

        def now(clock: SystemClock) -> Instant:
            is_now = real(clock)
            if self.how == "another-boot":
                return is_now._replace(boot_us=is_now.boot_us % _HOUR_US, boot_id="another boot")
            if self.how == "2038":
                return is_now._replace(wall_us=_2038_US + is_now.boot_us % _HOUR_US)
            return is_now._replace(wall_us=is_now.wall_us + next(jumps))

        SystemClock.now = now  # type: ignore[method-assign]
        SystemClock.wall_us = lambda clock: now(clock).wall_us  # type: ignore[method-assign]

    def undo(self, journal: Path) -> None:
        """It is gone with the process."""

    def _jumps(self) -> Iterator[int]:
        back_and_forth = (0, -_HOUR_US, _HOUR_US, -_DAY_US)
        shifts = {"ten-years-on": (3653 * _DAY_US,), "a-day-back": (-_DAY_US,), "back-and-forth": back_and_forth}
        return itertools.cycle(shifts.get(self.how, (0,)))


class Clocks:
    """Points are a wrong clock in the run, killed at half of its commits, or in its resume."""

    name = "clock"
    scenarios = ("graph", "standard", "handlers")
    parallel = (1, 8)

    def points(self, place: Place) -> list[str]:  # noqa: ARG002 - they are the same for every run
        hows = ("ten-years-on", "a-day-back", "back-and-forth", "2038", "another-boot")
        return [f"{before}{how}" for before in ("", RESUME) for how in hows]

    def make(self, place: Place, point: str, folder: Path) -> Made:
        wrong = Wrong(point.removeprefix(RESUME))
        half = Kill(max(1, place.reference.commits // 2), "after")
        kills: tuple[Hit, ...] = (half, wrong) if point.startswith(RESUME) else (wrong,)
        verdict = points.make(
            Point(place.scenario, place.max_parallel, kills, place.durability), folder, place.reference
        )
        return Made(point, verdict.problems, verdict.way, folder=verdict.folder)


CLOCKS = Clocks()
