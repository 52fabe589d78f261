"""A clock that stands still until a test moves it."""

from __future__ import annotations

import threading

from durable_wf.clock import Instant

START_US = 1_800_000_000_000_000


class ManualClock:
    """Both clocks move together, unless a test makes the wall clock jump or the machine start again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._wall_us = START_US
        self._boot_us = 5_000_000
        self._boot = 1

    def now(self) -> Instant:
        with self._lock:
            return Instant(self._wall_us, self._boot_us, f"boot {self._boot}")

    def wall_us(self) -> int:
        with self._lock:
            return self._wall_us

    def advance(self, seconds: float) -> None:
        """Let time pass. A host notices when it is woken next (`kit.Life.advance`)."""
        with self._lock:
            self._wall_us += round(seconds * 1_000_000)
            self._boot_us += round(seconds * 1_000_000)

    def jump(self, seconds: float) -> None:
        """Somebody sets the wall clock."""
        with self._lock:
            self._wall_us += round(seconds * 1_000_000)

    def reboot(self) -> None:
        """The machine starts again: time since boot begins anew."""
        with self._lock:
            self._boot += 1
            self._boot_us = 1_000_000
