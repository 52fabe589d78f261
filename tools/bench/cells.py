"""What is compared with its floor: shapes, sizes, durabilities, numbers of threads, payloads; each a cell.

The cells take turns in rounds, shuffled, and in a cell the engine and its floor do, so that what else the machine does
meets all of them.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from tools.bench import floor, runs

DURABILITIES = ("power", "process")
STEPS = 1_000  # what most shapes are measured at
LARGE = 50_000  # a cell of so many tasks is measured in `LARGE_ROUNDS` rounds at most
LARGE_ROUNDS = 3
WORKERS = (1, 2, 4, 8, 32)  # beside runs.WORKERS
PAYLOADS = (1_024, 10_240)

SIZES: dict[str, tuple[int, ...]] = {
    "wide": (100, STEPS, 10_000),
    "chain": (100, STEPS),
    "standard": (100, STEPS),
    "layers": (STEPS,),
    "subgraphs": (STEPS,),
    "handlers": (STEPS,),
    "payload": (STEPS,),
}
QUICK: dict[str, tuple[int, ...]] = {**dict.fromkeys(SIZES, (100,)), **dict.fromkeys(("wide", "chain"), (100, STEPS))}
FULL: dict[str, tuple[int, ...]] = {
    **{shape: (*sizes, 10_000) for shape, sizes in SIZES.items()},
    **dict.fromkeys(("layers", "subgraphs"), (STEPS, 10_000, 100_000)),
    "wide": (100, STEPS, 10_000, 100_000),
}


class Kind(NamedTuple):
    """What a cell measures. payload: bytes of each argument and of each result."""

    shape: str
    count: int
    durability: str
    workers: int = runs.WORKERS
    payload: int = 0


class Choice(NamedTuple):
    """What of it is measured; empty tuples leave it to the sizes."""

    sizes: dict[str, tuple[int, ...]]
    shapes: Sequence[str] = ()
    counts: Sequence[int] = ()
    workers: Sequence[int] = ()
    payloads: Sequence[int] = ()


def plan(choice: Choice) -> list[Kind]:
    """The kinds to measure, in the order of the page."""
    found: list[Kind] = []
    for shape in choice.shapes or choice.sizes:
        counts = choice.counts or choice.sizes[shape]
        payloads = (choice.payloads or PAYLOADS) if shape == "payload" else (0,)
        found += [
            Kind(shape, count, durability, workers, payload)
            for count in counts
            for durability in DURABILITIES
            for workers in choice.workers or (runs.WORKERS,)
            for payload in payloads
        ]
        if shape == "wide" and not choice.workers:
            usual = STEPS if STEPS in counts else counts[0]
            found += [Kind(shape, usual, durability, more) for durability in DURABILITIES for more in WORKERS]
    return found


class Cell:
    """One kind: runs of the engine and of its floor in turn."""

    def __init__(self, kind: Kind, folder: Path) -> None:
        self.kind = kind
        self._folder = folder / "-".join(map(str, kind))
        self._folder.mkdir()
        self._floor: floor.Floor | None = None
        self._made = 0
        self.engine_s: list[float] = []
        self.floor_s: list[float] = []
        self.counted: list[runs.Counted] = []

    def turn(self, *, measured: bool = True) -> None:
        """Once the engine, once the floor: the rows of the engine's last run but this."""
        before, ours, plain = self._fresh("empty"), self._fresh("engine"), self._fresh("floor")
        runs.fresh(before)
        for path in (ours, plain):
            floor.copy(before, path)
        write = self._floor
        if write is not None and random.getrandbits(1):
            self._take_floor(write, plain, measured=measured)
            write = None
        kind = self.kind
        counted = runs.run(
            ours, kind.shape, kind.count, kind.durability, workers=kind.workers, payload=kind.payload
        )  # fmt: skip
        if write is not None:
            self._take_floor(write, plain, measured=measured)
        if self._floor is None:
            self._check(ours, before, counted)
        if measured:
            self.engine_s.append(counted.seconds)
            self.counted.append(counted)
        self._floor = floor.derive(ours)
        for path in self._folder.iterdir():
            path.unlink()

    def _fresh(self, name: str) -> Path:
        self._made += 1
        return self._folder / f"{name}-{self._made}.db"

    def _take_floor(self, write: floor.Floor, path: Path, *, measured: bool) -> None:
        seconds = floor.write(write, path, self.kind.durability)
        if measured:
            self.floor_s.append(seconds)

    def _check(self, ours: Path, before: Path, counted: runs.Counted) -> None:
        """The floor writes what the engine has written: to the last row, and in as many transactions."""
        plain = self._fresh("check")
        floor.copy(before, plain)
        derived = floor.derive(ours)
        floor.write(derived, plain, "process")
        different = floor.same(ours, plain)
        if different:
            raise RuntimeError(f"the floor of {self.kind.shape} writes other rows into {different}")
        if (len(derived.groups), derived.rows) != (counted.transactions, counted.rows):
            raise RuntimeError(
                f"the floor of {self.kind.shape} writes {derived.rows} rows in {len(derived.groups)} transactions, "
                f"the engine {counted.rows} in {counted.transactions}"
            )

    def result(self) -> dict[str, Any]:
        """As it stands in the JSON file."""
        return {
            **self.kind._asdict(),
            "engine_s": self.engine_s, "floor_s": self.floor_s,
            "transactions": [one.transactions for one in self.counted],
            "rows": self.counted[-1].rows,
            "wal_bytes": max(one.wal_bytes for one in self.counted),
            "file_bytes": median(one.file_bytes for one in self.counted),
        }  # fmt: skip


def measure(kinds: Iterable[Kind], folder: Path, rounds: int) -> dict[Kind, dict[str, Any]]:
    """The results of all kinds."""
    cells = [Cell(kind, folder) for kind in kinds]
    results = list(cells)
    for number in range(rounds + 1):  # the first is not measured: it gives the floor its rows
        random.shuffle(cells)
        for cell in cells:
            if cell.kind.count < LARGE or number <= LARGE_ROUNDS:
                cell.turn(measured=number > 0)
        print(f"round {number} of {rounds}", file=sys.stderr, flush=True)
    return {cell.kind: cell.result() for cell in results}


def ratios(cell: dict[str, Any]) -> list[float]:
    """Time of the engine over that of the floor, of each two that were taken one after the other."""
    return [ours / plain for ours, plain in zip(cell["engine_s"], cell["floor_s"], strict=True)]
