"""One input: input `n` of a seed is always the same, whatever was tried before it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cache
from random import Random
from typing import Any

from durable_wf.dsl.problems import Problem
from tests.dsl.fuzzing.blueprints import MAIN, Drawn, drawn
from tests.dsl.fuzzing.breaking import Break, Breaking, Row, all_rows
from tests.dsl.fuzzing.judging import Bench, check_valid
from tests.dsl.fuzzing.table import all_productions, used
from tests.dsl.fuzzing.trees import Path, Spot, dotted
from tests.dsl.fuzzing.writer import Written

_VALID_SHARE = 3  # one in so many inputs is a valid blueprint


@dataclass
class Outcome:
    """What an input came to.

    row       the breaker; None: a valid blueprint
    done      whether there was something to break
    used      productions
    failures  what should not be; [] where all is well
    files     the documents, for a case
    """

    name: str
    row: Row | None = None
    done: bool = True
    what: str = ""
    used: set[str] = field(default_factory=set)
    failures: list[str] = field(default_factory=list)
    files: dict[str, Any] = field(default_factory=dict)
    broken: Break | None = None


@cache
def rows() -> dict[str, list[Row]]:
    """All breakers, by code."""
    found: dict[str, list[Row]] = {}
    for row in all_rows():
        found.setdefault(row.code, []).append(row)
    return found


@cache
def targets() -> tuple[tuple[str, tuple[int, int]], ...]:
    return tuple(all_productions().items())


def trial(bench: Bench, seed: int | str, number: int) -> Outcome:
    """Input `number` of a seed."""
    if number % _VALID_SHARE == 0:
        return valid_trial(bench, seed, number // _VALID_SHARE)
    return broken_trial(bench, seed, number - number // _VALID_SHARE - 1)


def valid_trial(bench: Bench, seed: int | str, number: int) -> Outcome:
    """A valid blueprint; the numbers in a row go through all productions."""
    name = f"{seed}:valid:{number}"
    rng = Random(name)
    wanted, since = targets()[number % len(targets())]
    blueprint = drawn(rng, wanted, since)
    found = Outcome(name, what=wanted, files=blueprint.files)
    found.used = set().union(*(used(one) for one in blueprint.files.values()))
    found.failures = check_valid(bench, blueprint, rng, twice=rng.random() < 0.3)
    return found


def broken_trial(bench: Bench, seed: int | str, number: int) -> Outcome:
    """A broken blueprint; the numbers in a row go through all codes, and each time to the code's next breaker."""
    code = list(rows())[number % len(rows())]
    row = rows()[code][number // len(rows()) % len(rows()[code])]
    name = f"{seed}:broken:{number}"
    rng = Random(name)
    blueprint = _for(row, rng)
    found = Outcome(name, row, what=f"{row.code}/{row.name}", files=blueprint.files)
    breaking = Breaking(blueprint, rng)
    broken = row.run(breaking)
    if broken is None:
        found.done = False
        return found
    found.what += f" {broken.what}"
    found.files, found.broken = breaking.files, broken
    found.failures = judge(bench, blueprint, breaking.files, broken, rng)
    return found


def number_of_code(code: str, turn: int = 0) -> int:
    """The number, among broken blueprints, of a code's next breaker but `turn`."""
    return list(rows()).index(code) + turn * len(rows())


def _for(row: Row, rng: Random) -> Drawn:
    since = dict(targets()).get(row.wants, (1, 0))
    return drawn(rng, row.wants, max(row.since, since), row.below)


def judge(
    bench: Bench, blueprint: Drawn, files: dict[str, Any], broken: Break, rng: Random, **options: bool
) -> list[str]:
    """What is wrong with what is said of a broken blueprint; [] if the break is said at its place, and nothing else."""
    protected: dict[str, Collection[Path]] = {}
    for spot in broken.spots:
        protected[spot.file] = [*protected.get(spot.file, ()), spot.path]
    written = bench.write(files, rng, protected, **options)
    places = [_place(written, spot) for spot in broken.spots]
    if broken.edit is not None:
        file = broken.spots[0].file
        data, place = broken.edit(bench.data(file))
        bench.put(file, data)
        places = [(file, *place)]
    problems = bench.problems()
    hits = [one for one in problems if _is_said(one, broken, places, blueprint)]
    if not problems:
        return [f"nothing is said of {broken.codes[0]} at {places[0]}"]
    if not hits:
        return [f"not said: {broken.codes[0]} at {places}", *map(str, problems)]
    return [f"said too: {one}" for one in problems if one is not hits[0]]


def _place(written: dict[str, Written], spot: Spot) -> tuple[str, int, int]:
    table = written[spot.file].keys if spot.part == "key" else written[spot.file].values
    line, column = table.get(spot.path, (1, 1))
    return spot.file, line, column + spot.offset


def _is_said(one: Problem, broken: Break, places: list[tuple[str, int, int]], blueprint: Drawn) -> bool:
    if one.code not in broken.codes:
        return False
    for spot, (file, line, column) in zip(broken.spots, places, strict=True):
        at_place = one.column >= column if spot.part == "line" else one.column == column
        if (one.file, one.line) == (file, line) and at_place and _fits(one.path, spot, blueprint):
            return True
    return False


def _fits(path: str, spot: Spot, blueprint: Drawn) -> bool:
    """Whether a problem's path is that of the place, or of what it is in, or a part of it."""
    prefix = blueprint.prefixes.get(spot.file, "")
    own = dotted(spot.path)
    spellings = {own}
    if prefix and len(spot.path) > 1:
        spellings.add(dotted((spot.path[0], f"{prefix}{spot.path[1]}", *spot.path[2:])))
    return any(path.startswith(one) or one.startswith(path) for one in spellings)


__all__ = ["MAIN", "Bench", "Outcome", "broken_trial", "number_of_code", "rows", "targets", "trial", "valid_trial"]
