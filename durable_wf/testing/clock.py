"""Virtual time: a clock that stands still until a test moves it, and tells whoever waits by it.

No clock of the machine is touched: pytest, time-outs and plugins go on by real time. So it is safe in any scope of
fixtures: time only goes forward while an engine lives by it, and every such engine notices.
"""

from __future__ import annotations

import threading
import weakref
from typing import TYPE_CHECKING

from durable_wf.clock import Instant
from durable_wf.errors import UsageError
from durable_wf.graph.rest import next_due_us

if TYPE_CHECKING:
    from durable_wf.engine import Engine
    from durable_wf.scheduler.host import Host

START_US = 1_800_000_000_000_000  # 2027-01-15 08:00:00 UTC
_BOOT_US = 5_000_000
TIMEOUT_S = 20.0  # real seconds; longer than any operation of a test takes that does not hang
_LOOK_S = 0.002  # how often `finish` looks whether there is nothing left but to wait


class ManualClock:
    """Both clocks move together, unless the wall clock is made to jump or the machine to start again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._watchers: weakref.WeakSet[Host] = weakref.WeakSet()
        self._boot = 0
        self.reset()

    def now(self) -> Instant:
        with self._lock:
            return Instant(self._wall_us, self._boot_us, f"boot {self._boot}")

    def wall_us(self) -> int:
        with self._lock:
            return self._wall_us

    def advance(self, seconds: float) -> None:
        """Let time pass, and return once every engine on this clock has noticed and taken in what came due.

        raises  UsageError for a negative time: use `jump` to set the wall clock back
        """
        if seconds < 0:
            raise UsageError(f"time cannot go back by {-seconds} s", hint="jump() sets the wall clock alone")
        self._move(round(seconds * 1_000_000))

    def jump(self, seconds: float) -> None:
        """Somebody sets the wall clock, forward or back. Waits do not care (L9)."""
        with self._lock:
            self._wall_us += round(seconds * 1_000_000)

    def reboot(self) -> None:
        """The machine starts again: time since boot begins anew, wall time goes on."""
        with self._lock:
            self._boot += 1
            self._boot_us = 1_000_000

    def reset(self) -> None:
        """Set it back to where it began, as on another machine."""
        with self._lock:
            self._boot += 1
            self._wall_us, self._boot_us = START_US, _BOOT_US

    def finish(self, engine: Engine, execution: str, timeout: float = TIMEOUT_S) -> str:
        """Let the execution go on to where it ends or lies down, jumping to each next timer. Its state.

        timeout  real seconds that it may take
        raises   TimeoutError when it has not ended by then; as `Engine.wait`
        """
        left = round(timeout / _LOOK_S)
        while True:
            try:
                return engine.wait(execution, _LOOK_S)
            except TimeoutError:
                left -= 1
                if left <= 0:
                    raise
            due_us = engine.host.ask(lambda: _due_us(engine, execution))
            if due_us is not None:
                self._move(max(0, due_us - self.now().boot_us))

    # ------------------------------------------------------------------ the engines that live by it

    def watched_by(self, host: Host) -> None:
        """An engine's host that waits by this clock."""
        self._watchers.add(host)

    @property
    def in_use(self) -> bool:
        """Whether an open engine lives by it."""
        return bool(self._tell())

    def _move(self, by_us: int) -> None:
        with self._lock:
            self._wall_us += by_us
            self._boot_us += by_us
        self._tell()

    def _tell(self) -> list[Host]:
        """Let every host look at the clock; those that still can. Twice, so that the turn it leads to is over."""
        living = []
        for host in list(self._watchers):
            try:
                host.ask(_nothing)
                host.ask(_nothing)
            except UsageError:  # closed, or dead
                self._watchers.discard(host)
            else:
                living.append(host)
        return living


def _nothing() -> None:
    pass


def _due_us(engine: Engine, execution: str) -> int | None:
    hosted = engine._hosted.get(engine.find(execution).uid)
    return None if hosted is None or not hosted.taken else next_due_us(hosted.core.run)
