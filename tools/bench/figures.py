"""What is measured beside the cells: counters, memory, the first task, resume, replay, the cost of many, naps."""

from __future__ import annotations

import random
import shutil
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from statistics import median
from typing import Any

from tools.bench import apart, cells, runs, work
from tools.bench.cells import DURABILITIES, STEPS, Kind

MANY = 100_000
COUNTED = 10_000
NAPS, NAP_WINDOW = 2_000, 32
TRIES = 3
FIRST = (STEPS, 10_000)
REPLAYED = 5_000


@dataclass(slots=True)
class Figures:
    """What was found.

    goals   name of a goal → its measurements
    tasks   name of a goal → how many tasks it was measured at
    others  what no goal is about: {"what", "tasks", "unit", "values"}
    """

    goals: dict[str, list[float]] = field(default_factory=dict)
    tasks: dict[str, int] = field(default_factory=dict)
    others: list[dict[str, Any]] = field(default_factory=list)

    def goal(self, name: str, tasks: int, *values: float) -> None:
        """Note what was measured for a goal."""
        self.goals[name] = list(values)
        self.tasks[name] = tasks

    def other(self, what: str, tasks: int, unit: str, *values: float) -> None:
        """Note what is only shown."""
        self.others.append({"what": what, "tasks": tasks, "unit": unit, "values": list(values)})


def of_cells(figures: Figures, found: Mapping[Kind, dict[str, Any]]) -> None:
    """The goals that cells are about, as far as these were measured."""
    plain = [kind for kind in found if kind.workers == runs.WORKERS]
    for goal, durability in (("P1", "power"), ("P4", "process")):
        wide = [kind.count for kind in plain if kind.shape == "wide" and kind.durability == durability]
        if wide:
            cell = found[Kind("wide", max(wide), durability)]
            figures.goal(goal, max(wide), *(1 / ratio for ratio in cells.ratios(cell)))
    for durability in DURABILITIES:
        kind = Kind("chain", STEPS, durability)
        if kind in found:
            figures.goal(f"P5 {durability}", STEPS, *cells.ratios(found[kind]))
    kind = Kind("chain", STEPS, "process")
    if kind in found:
        figures.goal("chain", STEPS, *(made / STEPS for made in found[kind]["transactions"]))


def measure(figures: Figures, folder: Path, *, quick: bool, full: bool) -> None:
    """All of them; `quick` at a tenth of the sizes, `full` with the first task of many, too."""
    firsts = FIRST[:1] if quick else (*FIRST, MANY) if full else FIRST
    small = 10 if quick else 1
    steps: dict[str, Callable[[], None]] = {
        "counters": lambda: _counters(figures, folder, COUNTED // (5 if quick else 1)),
        "memory": lambda: _memory(figures, folder, MANY // small),
        "resume": lambda: _resume(figures, folder, MANY // small),
        "replay": lambda: _replay(figures, folder, REPLAYED // small),
        "the cost of many": lambda: _many(figures, folder, MANY // small),
        "the first task": lambda: _first(figures, folder, firsts),
        "operations of a millisecond": lambda: _naps(figures, folder, NAPS // (4 if quick else 1)),
    }
    for name, step in steps.items():
        print(name, file=sys.stderr, flush=True)
        step()


def _counters(figures: Figures, folder: Path, count: int) -> None:
    for window in (16, 64):
        path = folder / f"window-{window}.db"
        runs.fresh(path)
        counted = runs.run(path, "wide", count, "process", window=window)
        figures.goal(f"window {window}", count, count / counted.transactions)
    figures.goal("file", count, counted.file_bytes / count)
    path = folder / "batches.db"
    runs.fresh(path)
    figures.goal("-wal", count * 10, runs.run(path, "batches", count * 10, "power").wal_bytes)
    path.unlink()
    for durability in DURABILITIES:
        per_transaction = apart.syncs(folder, "chain", count // 5, durability)
        (folder / "traced.db").unlink(missing_ok=True)
        if per_transaction is not None:
            figures.goal(f"syncs {durability}", count // 5, per_transaction)


def _memory(figures: Figures, folder: Path, count: int) -> None:
    few = STEPS
    heavy, light = (apart.ask("memory", folder / f"memory-{size}.db", size)["bytes"] for size in (count, few))
    figures.goal("P10", count, (heavy - light) / (count - few))
    figures.other("memory of the process while its tasks wait", count, "bytes", heavy)


def _resume(figures: Figures, folder: Path, count: int) -> None:
    whole, loads = _resumed(folder, count, "graph", load=True)
    own = [taken["all"] - taken["function"] for taken in whole]
    figures.goal("P8", count, *(one / load for one, load in zip(own, loads, strict=True)))
    figures.other("resume of a graph until the next task begins, without the function's own time", count, "s", *own)


def _replay(figures: Figures, folder: Path, count: int) -> None:
    whole, _ = _resumed(folder, count, "standard", load=False)
    figures.other("resume of standard mode: tasks replayed", count, "/s", *(count / taken["all"] for taken in whole))


def _resumed(folder: Path, count: int, mode: str, *, load: bool) -> tuple[list[dict[str, float]], list[float]]:
    """What `apart.resume` says of copies of one journal, and where asked for, seconds of its floor beside each."""
    filled = folder / f"filled-{mode}.db"
    apart.ask("fill", filled, count, folder / "die", mode)
    resumes, loads = [], []
    for number in range(TRIES):
        path = folder / f"resumed-{mode}-{number}.db"
        for name in (filled.name, f"{filled.name}-wal"):
            shutil.copyfile(folder / name, folder / name.replace(filled.name, path.name))
        if load:
            loads.append(apart.ask("load", path)["all"])
        resumes.append(apart.ask("resume", path))
        path.unlink()
    return resumes, loads


def _many(figures: Figures, folder: Path, count: int) -> None:
    """The cost of a task at many and at few, in turns."""
    ratios = []
    for number in range(TRIES):
        few = [_cost(folder / f"few-{number}-{one}.db", STEPS) for one in range(5)]
        ratios.append(_cost(folder / f"many-{number}.db", count) / median(few))
    figures.goal("P11", count, *ratios)


def _cost(path: Path, count: int) -> float:
    runs.fresh(path)
    seconds = runs.run(path, "wide", count, "process").seconds
    path.unlink()
    return seconds / count


def _first(figures: Figures, folder: Path, counts: tuple[int, ...]) -> None:
    for count in counts:
        for durability in DURABILITIES:
            stem = f"first-{count}-{durability}"
            asked = [apart.ask("first", folder / f"{stem}-{one}.db", count, durability) for one in range(TRIES)]
            found = [1_000 * one["seconds"] for one in asked]
            figures.other(f"time to the first task of a wide graph, {durability}", count, "ms", *found)


# ------------------------------------------------------------------------------------- operations of a millisecond


def _naps(figures: Figures, folder: Path, count: int) -> None:
    """The engine against threads that do the same and write nothing, in turns."""
    ratios = []
    for number in range(5):
        path = folder / f"naps-{number}.db"
        runs.fresh(path)
        taken: dict[str, float] = {}
        for side in random.sample(("engine", "ideal"), 2):
            if side == "ideal":
                taken[side] = ideal(count)
            else:
                taken[side] = runs.run(path, "naps", count, "power", window=NAP_WINDOW).seconds
        ratios.append(taken["ideal"] / taken["engine"])
    figures.goal("P17", count, *ratios)


def ideal(count: int, workers: int = runs.WORKERS) -> float:
    """Seconds in which threads take `count` naps, `workers` at a time, with nothing but a queue between."""
    waiting: SimpleQueue[bool] = SimpleQueue()
    go = threading.Event()

    def take() -> None:
        go.wait()
        while waiting.get():
            time.sleep(work.NAP_S)

    threads = [threading.Thread(target=take) for _ in range(workers)]
    for one in [True] * count + [False] * workers:
        waiting.put(one)
    for thread in threads:
        thread.start()
    began = time.perf_counter()
    go.set()
    for thread in threads:
        thread.join()
    return time.perf_counter() - began
