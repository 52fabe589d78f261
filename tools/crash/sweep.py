"""Kills a running execution at every commit, resumes it, and compares with a run that nobody disturbed.

For n = 1, 2, 3 … a victim is killed with SIGKILL before, and in another run after, its n-th commit, until a run ends
before its n-th. Every step is a fresh process. What is checked stands in `points.py` and `judge.py`; what is not
compared, in `normal.py`.
"""

from __future__ import annotations

import argparse
import itertools
import multiprocessing
import os
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from tools.crash import faults, frame, points, steps, table, tidy
from tools.crash.killing import DEATHS, Kill, When
from tools.crash.points import Point, Reference, Verdict
from tools.crash.scenarios import SCENARIOS

WHENS = get_args(When)
CANCEL = "+cancel"  # behind a scenario's name: it is cancelled at a commit, not killed
SWEEPS = (*SCENARIOS, *(f"{name}{CANCEL}" for name in ("graph", "standard", "handlers")))
PARALLEL = (1, 8)
_TOLD = 12  # problems of one point
_BATCH = 4  # commits whose points are made before anybody asks whether the run is over
_FORK = multiprocessing.get_context("fork")


class Sweep:
    """The points of one scenario at one parallelism.

    jobs  how many points are made at a time
    """

    def __init__(self, scenario: str, max_parallel: int, options: argparse.Namespace, folder: Path) -> None:
        self.name = (scenario, max_parallel)
        self.whens: tuple[When, ...] = ("cancel",) if scenario.endswith(CANCEL) else DEATHS
        self._point = Point(scenario.removesuffix(CANCEL), max_parallel, (), options.durability, options.through)
        self._options = options
        self._folder = folder / f"{scenario}-{max_parallel}"
        self._numbers = itertools.count()
        self.reference = points.refer(self._point, self._folder / "undisturbed")

    def every(self) -> list[Verdict]:
        """All points, until a run ends before its n-th commit."""
        found: list[Verdict] = []
        with _FORK.Pool(self._options.jobs, tidy.as_a_worker) as pool:
            for number in itertools.count(1, _BATCH):
                batch = [(Kill(n, when),) for n in range(number, number + _BATCH) for when in self.whens]
                made = pool.map(_make, [self._task(kills) for kills in batch], chunksize=1)
                found += made
                if any(all(one.way == "ended" for one in pair) for pair in itertools.pairwise(made)):
                    break
        return found

    def some(self, chosen: list[tuple[Kill, ...]]) -> list[Verdict]:
        """These points."""
        with _FORK.Pool(self._options.jobs, tidy.as_a_worker) as pool:
            return pool.map(_make, [self._task(kills) for kills in chosen], chunksize=1)

    def _task(self, kills: tuple[Kill, ...]) -> tuple[Point, Path, Reference]:
        return self._point._replace(kills=kills), self._folder / str(next(self._numbers)), self.reference


def _make(task: tuple[Point, Path, Reference]) -> Verdict:
    return points.make(*task)


def main(arguments: list[str] | None = None) -> int:
    """Make the points, print the table; 1 if anything is wrong."""
    options = _options(arguments)
    if options.fault:
        return frame.main(options)
    steps.warm_up()
    began = time.monotonic()
    print(f"seed {options.seed}", flush=True)
    rows = []
    with tidy.folders("durable-wf-sweep-") as (folder, kept):
        for sweep in _sweeps(options, folder):
            verdicts = _verdicts(sweep, options)
            rows.append((sweep, verdicts))
            kept += [verdict.folder for verdict in verdicts if verdict.problems]
            print(table.line(sweep.name, verdicts, sweep.reference.commits), flush=True)
            for verdict in verdicts:
                _tell(verdict)
    wrong = sum(bool(verdict.problems) for _, verdicts in rows for verdict in verdicts)
    count = sum(len(verdicts) for _, verdicts in rows)
    print(f"{count} points in {time.monotonic() - began:.0f} s, {wrong} of them wrong")
    if options.write:
        table.write([(sweep.name, verdicts, sweep.reference.commits) for sweep, verdicts in rows], options)
    return 1 if wrong else 0


def _sweeps(options: argparse.Namespace, folder: Path) -> Iterator[Sweep]:
    for scenario in options.scenario or SWEEPS:
        for max_parallel in options.max_parallel or PARALLEL:
            yield Sweep(scenario, max_parallel, options, folder)


def _verdicts(sweep: Sweep, options: argparse.Namespace) -> list[Verdict]:
    if options.only:
        return sweep.some([_kills(options.only)])
    if options.points == "all":
        return sweep.every()
    chance = random.Random(f"{options.seed} {sweep.name}")  # noqa: S311 - a choice that can be made again
    shares = len(options.max_parallel or PARALLEL)
    all_kills = [Kill(n, when) for n in range(1, sweep.reference.commits + 1) for when in sweep.whens]
    count = min(len(all_kills), -(-int(options.points) // shares))
    chosen = [(kill,) for kill in sorted(chance.sample(all_kills, count))]
    chosen += [tuple(chance.choices(all_kills, k=2)) for _ in range(options.double)]
    return sweep.some(chosen)


def _tell(verdict: Verdict) -> None:
    if verdict.problems:
        print(f"WRONG   tools/crash/run --scenario {verdict.point}\n        kept: {verdict.folder}")
        for problem in verdict.problems[:_TOLD]:
            print(f"        {problem}")
        if len(verdict.problems) > _TOLD:
            print(f"        and {len(verdict.problems) - _TOLD} more")


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tools/crash/run", description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--scenario", action="append", metavar="NAME", help="which; again for more (default: all)")
    add("--fault", action="append", choices=list(faults.FAULTS), help="instead of death at commits; again for more")
    add("--all", action="store_true", help="every fault, on all its scenarios")
    add("--budget", type=float, metavar="MINUTES", help="of faults: end then, with the points tried spread evenly")
    add("--points", default="20", metavar="all|N", help="every point, or N of each scenario by the seed (default: 20)")
    add("--double", type=int, default=0, metavar="N", help="with --points N: N more that kill the resume, too")
    add("--seed", type=int, default=None, help="chooses the points (default: a new one, printed)")
    add("--max-parallel", action="append", type=int, choices=PARALLEL, help="operations at a time (default: both)")
    add("--durability", choices=("process", "power"), default="process", help="of the journal (default: process)")
    add("--through", choices=("engine", "cli"), default="engine", help="what resumes (default: engine)")
    add("--only", metavar="POINT", help="this one point: N:WHEN[,N:WHEN] of commits; of a fault, as it names them")
    add("--jobs", type=int, default=os.cpu_count() or 2, help="points made at a time (default: one a core)")
    add("--write", action=argparse.BooleanOptionalAction, default=True, help="what `--points all` found into docs/")
    options = parser.parse_args(arguments)
    _check(parser, options)
    return options


def _check(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """Refuse what cannot be, and fill in what depends on other options."""
    if options.all:
        options.fault = list(faults.FAULTS)
    known = (*SWEEPS, *(one for name in options.fault or () for one in faults.fault(name).scenarios))
    for scenario in options.scenario or ():
        if scenario not in known:
            parser.error(f"there is no scenario '{scenario}'; there are {', '.join(dict.fromkeys(known))}")
    if options.budget and not options.fault:
        parser.error("--budget needs --fault or --all")
    if options.only and not options.fault:
        try:
            _kills(options.only)
        except argparse.ArgumentTypeError as error:
            parser.error(str(error))
    options.write &= options.points == "all"
    if options.points != "all" and not options.points.isdigit():
        parser.error(f"--points takes a number or `all`, not '{options.points}'")
    if options.seed is None:
        options.seed = random.SystemRandom().randrange(10**6)


def _kills(text: str) -> tuple[Kill, ...]:
    found = []
    for part in text.split(","):
        number, _, when = part.partition(":")
        if not number.isdigit() or when not in WHENS:
            raise argparse.ArgumentTypeError(f"'{part}' is not like 12:before")
        found.append(Kill(int(number), when))  # type: ignore[arg-type]
    return tuple(found)


if __name__ == "__main__":
    sys.exit(main())
