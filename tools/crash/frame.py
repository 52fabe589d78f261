"""Strikes runs with faults: their points chosen, made in a pool, and told; see `faults/base.py` for what a fault is.

All runs and faults go forward together, each spread evenly over its points, so that a budget that ends early has seen
a point of every kind in every one, then all of those that are quick and many, and then the same fraction of all others.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import re
import threading
import time
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tools.crash import faults, points, results, shim, tidy
from tools.crash.faults.base import Made, Place
from tools.crash.points import Point, Reference
from tools.crash.scenarios import SCENARIOS

_FORK = multiprocessing.get_context("fork")
_AT_LEAST = 4  # points of a run, before the long runs get more
_NUMBER = re.compile(r"\d+")
_WHOLE = frozenset({"power", "bits"})  # their number of points is what is promised of them
_TOLD = 6  # problems of one point
_TOLD_CHARACTERS = 1500
_Task = tuple[int, Place, str, str, Path]  # index of the run, where, fault, point, a folder for it
_NOTHING = Reference({}, {}, 0)


@dataclass(slots=True)
class Run:
    """One fault on one scenario at one parallelism.

    there  every point there is
    """

    fault: str
    place: Place
    there: list[str]
    made: list[Made] = field(default_factory=list)

    @property
    def wrong(self) -> list[Made]:
        return [made for made in self.made if made.problems]

    def line(self) -> str:
        """For people."""
        row = results.row(self.fault, self.place, len(self.there), self.made)
        ways = ", ".join(f"{count} {way}" for way, count in row["ways"].items())
        states = f", {row['states']} states" if row["states"] else ""
        head = f"{self.fault:16} {self.place.scenario:12} x{self.place.max_parallel}"
        return f"{head}  {row['tried']:5} of {row['points']:5} points{states}: {ways}; {len(self.wrong)} wrong"


def main(options: argparse.Namespace) -> int:
    """Make the points, print a line for each run, write the results; 1 if anything is wrong, 2 if nothing can be."""
    shim.preload()
    began = time.monotonic()
    print(f"seed {options.seed}", flush=True)
    with tidy.folders("durable-wf-fault-") as (folder, kept):
        runs = _strike(options, folder, kept, began + options.budget * 60 if options.budget else None)
    for run in runs:
        print(run.line())
    there, tried = sum(len(run.there) for run in runs), sum(len(run.made) for run in runs)
    wrong = sum(len(run.wrong) for run in runs)
    fraction = f"{tried / max(1, there):.1%} of {there}"
    print(f"{tried} points ({fraction}) in {time.monotonic() - began:.0f} s, {wrong} of them wrong")
    if options.write and not options.only:
        results.write([results.row(run.fault, run.place, len(run.there), run.made) for run in runs if run.made])
    return 1 if wrong else 0 if tried else 2


def _strike(options: argparse.Namespace, folder: Path, kept: list[str], deadline: float | None) -> list[Run]:
    """The runs, with all points made that there is time for.

    kept  gets the folders of those that are wrong
    """
    room = threading.Semaphore(2 * options.jobs)  # what is begun is ended: nothing is left mounted or running
    over = threading.Event()
    with _FORK.Pool(options.jobs, tidy.as_a_worker) as pool:
        places = list(_places(options, folder))
        known = list({one[:3]: one._replace(folder=folder) for _, one in places if one.scenario in SCENARIOS}.values())
        undisturbed = dict(zip([one[:3] for one in known], pool.imap(_refer, known, chunksize=1), strict=True))
        found = [(name, place._replace(reference=undisturbed.get(place[:3], _NOTHING))) for name, place in places]
        runs = pool.map(_prepare, found, chunksize=1)
        tasks = _while(_tasks(runs, options, folder), room, over, deadline)
        try:
            for index, made in pool.imap_unordered(_make, tasks, chunksize=1):
                room.release()
                runs[index].made.append(made)
                kept += [made.folder] if made.problems else []
                _tell(runs[index], made)
        finally:  # the pool's own thread may wait for room, and the pool's end for that thread
            over.set()
            room.release()
    return runs


def _while(
    tasks: Iterator[_Task], room: threading.Semaphore, over: threading.Event, deadline: float | None
) -> Iterator[_Task]:
    """The tasks, as there is room for them, until it is too late."""
    for task in tasks:
        room.acquire()
        if over.is_set() or (deadline is not None and time.monotonic() > deadline):
            return
        yield task


def _places(options: argparse.Namespace, folder: Path) -> Iterator[tuple[str, Place]]:
    for name in options.fault or faults.FAULTS:
        fault = faults.fault(name)
        scenarios = [one for one in options.scenario or fault.scenarios if _fits(one, fault.scenarios)]
        if not scenarios:
            print(f"{name}: is tried on {', '.join(fault.scenarios)}")
        reason = fault.skips() if hasattr(fault, "skips") else None
        if reason is not None:
            print(f"{name}: SKIPPED, {reason}")
            continue
        for scenario in scenarios:
            for max_parallel in options.max_parallel or fault.parallel:
                own = folder / name / f"{scenario}-{max_parallel}"
                yield name, Place(scenario, max_parallel, options.durability, own, _NOTHING)


def _fits(scenario: str, scenarios: tuple[str, ...]) -> bool:
    """Whether a fault can be tried on it: on its own scenarios, and on all real ones if it takes real ones."""
    return scenario in scenarios or (scenario in SCENARIOS and any(one in SCENARIOS for one in scenarios))


def _refer(place: Place) -> Reference:
    """The undisturbed run, for all faults; in a process of the pool."""
    folder = place.folder / f"undisturbed-{place.scenario}-{place.max_parallel}"
    return points.refer(Point(place.scenario, place.max_parallel, (), place.durability), folder)


def _prepare(task: tuple[str, Place]) -> Run:
    """Find the points; in a process of the pool."""
    name, place = task
    place.folder.mkdir(parents=True)
    return Run(name, place, faults.fault(name).points(place))


def _tasks(runs: list[Run], options: argparse.Namespace, folder: Path) -> Iterator[_Task]:
    """Every point to be made, all runs going forward alike."""
    spread: list[tuple[int, float, int, str]] = []
    for index, run in enumerate(runs):
        first, rest = _chosen(run, options)
        stage = 1 if run.fault in _WHOLE else 2
        spread += [(0, at, index, point) for at, point in enumerate(first)]
        spread += [(stage, at / len(rest), index, point) for at, point in enumerate(rest)]
    for number, (_, _, index, point) in enumerate(sorted(spread, key=lambda one: one[:3])):
        yield index, runs[index].place, runs[index].fault, point, folder / "points" / str(number)


def _chosen(run: Run, options: argparse.Namespace) -> tuple[list[str], list[str]]:
    """The points to be made of a run: one of each kind and some more, then the others, spread evenly all the way."""
    if options.only:
        only: list[str] = options.only.split()
        return only, []
    chance = random.Random(f"{options.seed} {run.fault} {run.place[:3]}")  # noqa: S311 - a choice that can be made again
    count = len(run.there) if options.points == "all" else min(int(options.points), len(run.there))
    order = kinds_first([run.there[at] for at in evenly(len(run.there), chance)])
    return order[0][:count], order[1][: max(0, count - len(order[0]))]


def kinds_first(points_: Sequence[str]) -> tuple[list[str], list[str]]:
    """The first point of each kind, and a few more; the others. Points of a kind differ in numbers only."""
    seen: set[str] = set()
    first, rest = [], []
    for point in points_:
        kind = _NUMBER.sub("#", point)
        (rest if kind in seen else first).append(point)
        seen.add(kind)
    more = max(0, _AT_LEAST - len(first))
    return first + rest[:more], rest[more:]


def evenly(count: int, chance: random.Random) -> Iterator[int]:
    """0 … count - 1, so that every beginning is spread evenly: one in each half, in each quarter, and so on.

    Which one, `chance` says: at fixed distances it would be the same variant of a point each time.
    """
    bits = max(1, (count - 1).bit_length())
    left = set(range(count))
    for at in range(1 << bits):
        start, width = int(f"{at:0{bits}b}"[::-1], 2), 1 << (bits - at.bit_length())
        block = [one for one in range(start, min(start + width, count)) if one in left]
        if block:
            left.remove(chosen := chance.choice(block))
            yield chosen
    yield from sorted(left)


def _make(task: _Task) -> tuple[int, Made]:
    """One point, in a process of the pool. Whatever goes wrong is the point's, so that the others are made."""
    index, place, name, point, folder = task
    try:
        return index, faults.fault(name).make(place, point, folder)
    except Exception:  # noqa: BLE001 - it is told with the point
        return index, Made(point, [f"the harness failed: {traceback.format_exc()}"], "broken", folder=str(folder))


def _tell(run: Run, made: Made) -> None:
    if not made.problems:
        return
    place = run.place
    again = f"--scenario {place.scenario} --fault {run.fault} --max-parallel {place.max_parallel} --only {made.point}"
    print(f"WRONG   tools/crash/run {again} --durability {place.durability}\n        kept: {made.folder}", flush=True)
    for problem in made.problems[:_TOLD]:
        print(f"        {problem[:_TOLD_CHARACTERS]}")
    if len(made.problems) > _TOLD:
        print(f"        and {len(made.problems) - _TOLD} more")
