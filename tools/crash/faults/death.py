"""The death of the process at a call that changes the journal's files: before it, or in the middle of a write."""

from __future__ import annotations

from pathlib import Path

from tools.crash import points
from tools.crash.faults.base import Made, Place
from tools.crash.killing import Kill
from tools.crash.points import Point
from tools.crash.shim import CALLS, Action, Call, Strike
from tools.crash.steps import Hit


class Death:
    """SIGKILL at the n-th call, for every n that an undisturbed run has.

    in_resume  not of the run but of the resume after one that was killed at half of its commits
    """

    parallel = (1, 8)

    def __init__(
        self,
        name: str,
        action: Action,
        calls: tuple[Call, ...] = CALLS,
        *,
        scenarios: tuple[str, ...] = ("graph", "standard", "handlers"),
        in_resume: bool = False,
    ) -> None:
        self.name = name
        self.scenarios = scenarios
        self._action = action
        self._calls = calls
        self._in_resume = in_resume

    def points(self, place: Place) -> list[str]:
        """The numbers of the calls, counted in a run of their own."""
        counted = points.count(self._point(place, Strike("count", 0)), place.folder / "counted")
        return [str(n) for n in range(1, sum(counted[call] for call in self._calls) + 1)]

    def make(self, place: Place, point: str, folder: Path) -> Made:
        """`ended`: this time the run had fewer calls."""
        strike = Strike(self._action, int(point), self._calls)
        verdict = points.make(self._point(place, strike), folder, place.reference)
        return Made(point, verdict.problems, verdict.way, folder=verdict.folder)

    def _point(self, place: Place, strike: Strike) -> Point:
        before: tuple[Hit, ...] = (Kill(place.reference.commits // 2, "after"),) if self._in_resume else ()
        return Point(place.scenario, place.max_parallel, (*before, strike), place.durability)


DEATH = Death("death", "kill")
TORN = Death("torn", "torn", ("write",))
DEATH_IN_RESUME = Death("death-in-resume", "kill", in_resume=True, scenarios=("graph", "handlers"))
