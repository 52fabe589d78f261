"""Time. The only module that asks the operating system what time it is.

Instants in the journal are integers in microseconds: `wall_us` since the epoch (UTC), for people;
`boot_us` since the machine started, counting suspended time, for waits (L9).
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple, Protocol

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class Instant(NamedTuple):
    """One moment, by both clocks.

    wall_us  microseconds since 1970, UTC; may jump
    boot_us  microseconds since this boot; never goes back while `boot_id` stays the same
    boot_id  which boot `boot_us` belongs to
    """

    wall_us: int
    boot_us: int
    boot_id: str


class Clock(Protocol):
    """Where the engine takes time from."""

    def now(self) -> Instant:
        """This moment."""
        ...

    def wall_us(self) -> int:
        """Microseconds since the epoch; cheaper than `now`, for the times that people read."""
        ...


class SystemClock:
    """The machine's clocks."""

    def __init__(self) -> None:
        self._boot_id = _BOOT_ID.read_text().strip() if _BOOT_ID.exists() else "unknown"

    def now(self) -> Instant:
        return Instant(time.time_ns() // 1000, time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1000, self._boot_id)

    def wall_us(self) -> int:
        return time.time_ns() // 1000


def remaining_us(*, due: Instant, drawn_us: int, now: Instant) -> int:
    """How long a recorded wait still lasts, in microseconds (L9).

    due       the recorded end of the wait, by both clocks
    drawn_us  the delay as it was drawn
    returns   within one boot the time left by boot time; after a reboot the wall time left, clamped to
              [0, drawn_us], so that a wrong wall clock can neither prolong it nor go below zero
    """
    if due.boot_id == now.boot_id:
        return max(0, due.boot_us - now.boot_us)
    return min(max(0, due.wall_us - now.wall_us), drawn_us)


def iso(wall_us: int) -> str:
    """`2026-11-23T17:04:05.123456Z` for microseconds since the epoch."""
    return datetime.fromtimestamp(wall_us / 1_000_000, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
