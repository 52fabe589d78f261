#!/usr/bin/env python3
"""The engine against the floor: the same rows, written by plain sqlite3 in the same groups.

Both take turns in one run, shuffled, so that what else the machine does meets both; medians with least and most. The
counters know no noise. `--quick` takes half a minute and measures small sizes only.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
if __name__ == "__main__" and Path(sys.prefix).resolve() != (ROOT / ".venv").resolve():
    subprocess.run([ROOT / "tools" / "setup"], check=True)
    python = str(ROOT / ".venv" / "bin" / "python")
    os.execv(python, [python, __file__, *sys.argv[1:]])  # noqa: S606 - ourselves
sys.path.insert(0, str(ROOT)) if str(ROOT) not in sys.path else None

import argparse  # noqa: E402 - after the search path is set
import json  # noqa: E402
import platform  # noqa: E402
import random  # noqa: E402
import shutil  # noqa: E402
import sqlite3  # noqa: E402
import tempfile  # noqa: E402
from datetime import UTC, datetime  # noqa: E402
from statistics import median  # noqa: E402
from typing import Any  # noqa: E402

from tools.bench import apart, floor, goals, runs  # noqa: E402

COMPARED = ("wide", "chain", "standard")
DURABILITIES = ("power", "process")
SIZES = (100, 1_000, 10_000)
MANY = 100_000
STEPS = 1_000
COUNTED = 10_000
PAGE = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"


class Cell:
    """One shape at one size and durability: runs of the engine and of its floor in turn."""

    def __init__(self, shape: str, count: int, durability: str, folder: Path) -> None:
        self.shape, self.count, self.durability = shape, count, durability
        self._folder = folder / f"{shape}-{count}-{durability}"
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
        counted = runs.run(ours, self.shape, self.count, self.durability)
        if write is not None:
            self._take_floor(write, plain, measured=measured)
        if self._floor is None:
            self._check(ours, before)
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
        seconds = floor.write(write, path, self.durability)
        if measured:
            self.floor_s.append(seconds)

    def _check(self, ours: Path, before: Path) -> None:
        """The floor writes what the engine has written, to the last row."""
        plain = self._fresh("check")
        floor.copy(before, plain)
        floor.write(floor.derive(ours), plain, "process")
        different = floor.same(ours, plain)
        if different:
            raise RuntimeError(f"the floor of {self.shape} writes other rows into {different}")

    def result(self) -> dict[str, Any]:
        return {
            "shape": self.shape, "count": self.count, "durability": self.durability,
            "engine_s": self.engine_s, "floor_s": self.floor_s,
            "transactions": [one.transactions for one in self.counted],
            "wal_bytes": max(one.wal_bytes for one in self.counted),
            "file_bytes": median(one.file_bytes for one in self.counted),
        }  # fmt: skip


def measure(folder: Path, *, quick: bool, rounds: int) -> tuple[list[dict[str, Any]], dict[str, float]]:
    """All cells, and the figures of the goals."""
    sizes = SIZES[:2] if quick else SIZES
    kinds = [(shape, size, durability) for shape in COMPARED for size in sizes for durability in DURABILITIES]
    cells = [Cell(*kind, folder) for kind in kinds]
    for number in range(rounds + 1):  # the first is not measured: it gives the floor its rows
        random.shuffle(cells)
        for cell in cells:
            cell.turn(measured=number > 0)
        print(f"round {number} of {rounds}", file=sys.stderr, flush=True)
    found = {(cell.shape, cell.count, cell.durability): cell.result() for cell in cells}
    figures = _of_cells(found, sizes[-1]) | _counters(folder, found, quick=quick)
    figures |= _apart(folder, found, count=MANY // 10 if quick else MANY, rounds=rounds)
    return [found[kind] for kind in kinds], figures


def _ratio(cell: dict[str, Any]) -> float:
    """Time of the engine over that of the floor, the median of those that were taken one after the other."""
    return median(ours / plain for ours, plain in zip(cell["engine_s"], cell["floor_s"], strict=True))


def _of_cells(found: dict[tuple[str, int, str], dict[str, Any]], largest: int) -> dict[str, float]:
    return {
        "P1": 1 / _ratio(found["wide", largest, "power"]),
        "P4": 1 / _ratio(found["wide", largest, "process"]),
        "P5 power": _ratio(found["chain", STEPS, "power"]),
        "P5 process": _ratio(found["chain", STEPS, "process"]),
    }


def _counters(folder: Path, found: dict[tuple[str, int, str], dict[str, Any]], *, quick: bool) -> dict[str, float]:
    count = COUNTED // 5 if quick else COUNTED
    figures = {"chain": found["chain", STEPS, "process"]["transactions"][-1] / STEPS}
    for window in (16, 64):
        path = folder / f"window-{window}.db"
        runs.fresh(path)
        counted = runs.run(path, "wide", count, "process", window=window)
        figures[f"window {window}"] = count / counted.transactions
        if window == 64:  # noqa: PLR2004
            figures["file"] = counted.file_bytes / count
    path = folder / "batches.db"
    runs.fresh(path)
    figures["-wal"] = runs.run(path, "batches", count * 10, "power").wal_bytes
    for durability in DURABILITIES:
        per_transaction = apart.syncs(folder, "chain", COUNTED // 5, durability)
        (folder / "traced.db").unlink(missing_ok=True)
        if per_transaction is not None:
            figures[f"syncs {durability}"] = per_transaction
    return figures


def _apart(
    folder: Path, found: dict[tuple[str, int, str], dict[str, Any]], *, count: int, rounds: int
) -> dict[str, float]:
    """Memory, resume, and the cost of many."""
    few = STEPS
    heavy, light = (apart.ask("memory", folder / f"memory-{size}.db", size)["bytes"] for size in (count, few))
    filled = folder / "filled.db"
    apart.ask("fill", filled, count, folder / "die")
    resumes, loads = [], []
    for number in range(min(rounds, 3)):
        path = folder / f"resumed-{number}.db"
        for name in (filled.name, f"{filled.name}-wal"):
            shutil.copyfile(folder / name, folder / name.replace("filled", f"resumed-{number}"))
        loads.append(apart.ask("load", path)["all"])
        taken = apart.ask("resume", path)
        resumes.append(taken["all"] - taken["function"])
    costs = []
    for number in range(2):
        path = folder / f"many-{number}.db"
        runs.fresh(path)
        costs.append(runs.run(path, "wide", count, "process").seconds / count)
        path.unlink()
    return {
        "P8": median(resumes) / median(loads),
        "P10": (heavy - light) / (count - few),
        "P11": median(costs) / (median(found["wide", few, "process"]["engine_s"]) / few),
    }


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, write; 1 when a goal is missed and `--check` was given."""
    parser = argparse.ArgumentParser(prog="tools/bench/engine.py", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes only")
    parser.add_argument("--rounds", type=int, default=5, help="measured runs of each (default: 5)")
    parser.add_argument("--output", type=Path, help="the JSON file (default: docs/benchmark.json; none with --quick)")
    parser.add_argument("--check", action="store_true", help="exit with 1 when a goal is missed")
    options = parser.parse_args(arguments)
    folder = Path(tempfile.mkdtemp(prefix="durable-wf-bench-"))
    try:
        cells, figures = measure(folder, quick=options.quick, rounds=options.rounds)
    finally:
        shutil.rmtree(folder)
    about = _about()
    head = f"Commit {about['commit']}, {about['date']}, Python {about['python']}, SQLite {about['sqlite']}."
    lines = [head, "", *goals.table(figures), "", *goals.runs_table(cells)]
    print("\n".join(lines))
    output = options.output or (None if options.quick else ROOT / "docs" / "benchmark.json")
    if output is not None:
        output.write_text(json.dumps({**about, "goals": figures, "runs": cells}, indent=1) + "\n")
    if not options.quick and options.output is None:
        _write_page(lines)
    missed = any(goals.verdict(goal, figures[goal.name]) == "missed" for goal in goals.GOALS if goal.name in figures)
    return 1 if options.check and missed else 0


def _write_page(lines: list[str]) -> None:
    before, _, rest = PAGE.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text("\n".join([f"{before}{BEGIN}", *lines, f"{END}{after}"]))


def _about() -> dict[str, str]:
    def git(*arguments: str) -> str:
        done = subprocess.run(("git", *arguments), cwd=ROOT, capture_output=True, text=True, check=False)
        return done.stdout.strip()

    changed = " with changes" if git("status", "--porcelain", "durable_wf") else ""
    return {
        "commit": (git("rev-parse", "--short", "HEAD") or "unknown") + changed,
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "cores": str(os.cpu_count()),
    }


if __name__ == "__main__":
    sys.exit(main())
