"""Waits of hours, on a clock that runs fast: retries that wait at the crash, and a failure handled long before another.

The clock is the machine's, many times as fast, so that each process of a point goes on where the one before was.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from durable_wf import RecoverableError, operation, workflow
from durable_wf.clock import Instant, SystemClock
from tools.crash.scenarios import ran
from tools.crash.scenarios.graph import step

SPEED = 4_500  # an hour is 0.8 s: longer than a new process needs to go on
HOUR_S = 3600.0


class FastClock:
    """The machine's clocks, `SPEED` times as fast from the moment at which the machine started."""

    def __init__(self) -> None:
        self._real = SystemClock()
        now = self._real.now()
        self._began_us = now.wall_us - now.boot_us

    def now(self) -> Instant:
        """This moment."""
        real = self._real.now()
        return Instant(self._began_us + real.boot_us * SPEED, real.boot_us * SPEED, real.boot_id)

    def wall_us(self) -> int:
        """As `now`."""
        return self.now().wall_us


def _hour(folder: str, label: str) -> int:
    """When, on the fast clock, an attempt begins or ends; noted so that the waits can be checked from outside."""
    at_us = time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1000 * SPEED
    with (Path(folder) / "hours.txt").open("a") as file:
        file.write(f"{label} {at_us}\n")
    return at_us


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
