"""The engine's process may have no more memory: whatever becomes of it, it is as if it had been killed there."""

from __future__ import annotations

import resource
from pathlib import Path
from typing import NamedTuple

from tools.crash import points
from tools.crash.faults.base import Made, Place
from tools.crash.points import Point

_PAGE_KB = resource.getpagesize() // 1024
_STEP_KB, _MOST_KB = 512, 32 * 1024


class AddressLimit(NamedTuple):
    """No more address space than it has now and so much (RLIMIT_AS)."""

    kb: int

    @property
    def exits(self) -> None:
        """A process without memory cannot be asked to end in a certain way."""

    def arm(self, journal: Path) -> None:  # noqa: ARG002 - of the process
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        limit = (pages * _PAGE_KB + self.kb) * 1024
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))

    def undo(self, journal: Path) -> None:
        """It is gone with the process."""


class Memory:
    """Points are kilobytes more than the process has when it opens the journal."""

    name = "memory"
    scenarios = ("graph", "standard", "handlers")
    parallel = (1, 8)

    def points(self, place: Place) -> list[str]:  # noqa: ARG002 - they are the same for every run
        return [str(kb) for kb in range(0, _MOST_KB, _STEP_KB)]

    def make(self, place: Place, point: str, folder: Path) -> Made:
        made = Point(place.scenario, place.max_parallel, (AddressLimit(int(point)),), place.durability)
        verdict = points.make(made, folder, place.reference)
        return Made(point, verdict.problems, verdict.way, folder=verdict.folder)


MEMORY = Memory()
