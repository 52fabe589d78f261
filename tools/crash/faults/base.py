"""What every fault of the harness is: points at which it can strike one run, and what came of striking there."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Protocol

from tools.crash.points import Reference


class Place(NamedTuple):
    """The run that a fault strikes.

    folder     the fault's own, for what it finds out once for all points (a recording, say); it exists
    reference  the run that nothing has disturbed
    """

    scenario: str
    max_parallel: int
    durability: str
    folder: Path
    reference: Reference


@dataclass(slots=True)
class Made:
    """What came of one point.

    point     as `points` gave it: enough to make it again
    problems  what is wrong, in sentences; none: it was survived
    way       one word for what happened, counted in the table (`resumed`, `refused`, `noticed` …)
    state     digest of the state of the files that was looked at, where the fault makes states: tells them apart
    folder    kept when something is wrong
    """

    point: str
    problems: list[str] = field(default_factory=list)
    way: str = "resumed"
    state: str | None = None
    folder: str = ""


class Fault(Protocol):
    """A kind of fault.

    name       of `--fault`
    scenarios  that it is tried on where nobody names one
    parallel   how many operations at a time, of those runs
    """

    name: str
    scenarios: tuple[str, ...]
    parallel: tuple[int, ...]

    def points(self, place: Place) -> list[str]:
        """Every point there is, in order; what is needed to make them is left in `place.folder`."""
        ...

    def make(self, place: Place, point: str, folder: Path) -> Made:
        """Strike there, in a folder that does not exist yet; look, resume, look again.

        Removes the folder when nothing is wrong. Runs in a process of a pool, so nothing is kept in memory between
        points.
        """
        ...
