"""Waits of hours that take no time: retries that wait at the crash, and a failure handled long before another.

The clock stands in a file of the point, so that each process goes on at the hour at which the one before was killed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from durable_wf import RecoverableError, operation, workflow
from durable_wf.testing.clock import ManualClock
from tools.crash.scenarios import ran
from tools.crash.scenarios.graph import step

HOUR_S = 3600.0
BETWEEN_S = 2000.0  # from one process to the next: a wait is not over after one kill, and is after two


class HourClock(ManualClock):
    """Goes on from where the last process of the folder has left it, and jumps to what is waited for (see `finish`)."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._file = folder / "clock.txt"
        if before := _moves(self._file):
            super()._move(before[-1] - self.now().boot_us)
            self._move(round(BETWEEN_S * 1_000_000))
        else:
            self._move(0)

    def _move(self, by_us: int) -> None:
        with self._file.open("a") as file:  # before anybody learns of it, and may die of that
            file.write(f"{self.now().boot_us + by_us}\n")
        super()._move(by_us)


def _moves(file: Path) -> list[int]:
    """Every time the clock has shown, in microseconds since the start of its machine."""
    return [int(line) for line in file.read_text().splitlines()] if file.exists() else []


def _hour(folder: str, label: str) -> None:
    """Note when an attempt begins or fails, so that the waits can be checked from outside."""
    at_us = _moves(Path(folder) / "clock.txt")[-1]
    with (Path(folder) / "hours.txt").open("a") as file:
        file.write(f"{label} {at_us}\n")


@operation(resumable=True)
def late(ctx: Any, folder: str, label: str, tries: int) -> str:
    """Fails so many times, each time asking for an hour."""
    with ran.recorded(ctx, folder, label):
        _hour(folder, f"{label} {ctx.operation.retry_number} begins")
        if ctx.operation.retry_number < tries:
            _hour(folder, f"{label} {ctx.operation.retry_number} fails")
            raise RecoverableError("in an hour", retry_after=HOUR_S)
        return f"{label} after {tries} h"


@operation(resumable=True)
def wrong(ctx: Any, folder: str, label: str) -> None:
    """Fails whenever it runs."""
    with ran.recorded(ctx, folder, label):
        raise LookupError(label)


@workflow(resumable=True)
def main(ctx: Any, folder: str) -> list[str]:
    """Standard mode with parallel gets and hours between them, then a graph whose branches wait."""

    def task(function: Any, label: str, **kwargs: Any) -> Any:
        return ctx.execute_task(function, kwargs={"folder": folder, "label": label, **kwargs}, total_retries=-1)

    def once(function: Any, label: str) -> Any:
        return ctx.execute_task(function, kwargs={"folder": folder, "label": label}, total_retries=0)

    said = []
    results = [task(late, f"a{tries}", tries=tries) for tries in (1, 0)]
    said += [results[at].get() for at in (1, 0)]
    try:
        once(wrong, "early").get()
    except LookupError as error:
        said.append(f"handled {error}")
    said.append(task(late, "hours later", tries=1).get())
    try:
        once(wrong, "another").get()
    except LookupError as error:
        said.append(f"handled {error}")
    graph = ctx.graph_mode()
    for tries in (0, 1):
        graph.sequence().add(task(late, f"g{tries}", tries=tries), task(step, f"after g{tries}"))
    graph.execute()
    return said


def too_early(folder: Path) -> list[str]:
    """Attempts that began before the hour that the failure before them had asked for was over (L9)."""
    file = folder / "hours.txt"
    last: dict[tuple[str, int], int] = {}
    found = []
    for line in file.read_text().splitlines() if file.exists() else ():
        label, number, what, at_us = line.rsplit(" ", 3)
        key = (label, int(number))
        if what == "fails":
            last[key] = int(at_us)
            continue
        before = last.get((label, int(number) - 1))
        if before is not None and int(at_us) < before + int(HOUR_S * 1_000_000):
            early_s = (before - int(at_us)) / 1e6 + HOUR_S
            found.append(f"{label}: try {number} began {early_s:.0f} s too early (L9)")
    return found
