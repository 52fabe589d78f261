"""The sweep over commits as a fault among the others: death, or a request to cancel, before or after the n-th."""

from __future__ import annotations

from pathlib import Path

from tools.crash import points
from tools.crash.faults.base import Made, Place
from tools.crash.killing import DEATHS, Kill, When
from tools.crash.points import Point
from tools.crash.scenarios import SCENARIOS


class AtCommits:
    """One point for each of `whens` at each commit of the undisturbed run."""

    parallel = (1, 8)

    def __init__(self, name: str, whens: tuple[When, ...], scenarios: tuple[str, ...]) -> None:
        self.name = name
        self.scenarios = scenarios
        self._whens = whens

    def points(self, place: Place) -> list[str]:
        return [str(Kill(n, when)) for n in range(1, place.reference.commits + 1) for when in self._whens]

    def make(self, place: Place, point: str, folder: Path) -> Made:
        number, _, named = point.partition(":")
        (when,) = [when for when in self._whens if when == named]
        kill = Kill(int(number), when)
        verdict = points.make(
            Point(place.scenario, place.max_parallel, (kill,), place.durability), folder, place.reference
        )
        return Made(point, verdict.problems, verdict.way, folder=verdict.folder)


COMMITS = AtCommits("commits", DEATHS, tuple(SCENARIOS))
CANCEL = AtCommits("cancel", ("cancel",), ("graph", "standard", "handlers"))
