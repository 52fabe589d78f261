"""What is to happen later, by boot time: a heap, used by the scheduler's thread alone."""

from __future__ import annotations

import heapq
import itertools
from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from durable_wf.clock import Clock
    from durable_wf.scheduler.hosted import Hosted

Timer = tuple[str, int]


class Timers:
    """Timers of all executions. Nothing is taken out before it is due: who gets it sees whether it still matters."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, Hosted, Timer]] = []
        self._count = itertools.count()  # those that are due at once come in the order in which they were set

    def set(self, due_us: int, hosted: Hosted, timer: Timer) -> None:
        """Have it come due; boot time in microseconds."""
        heapq.heappush(self._heap, (due_us, next(self._count), hosted, timer))

    def __bool__(self) -> bool:
        return bool(self._heap)

    def left_s(self, clock: Clock) -> float:
        """Seconds until the first one is due, not below zero; infinity without any."""
        return max(0.0, (self._heap[0][0] - clock.now().boot_us) / 1_000_000) if self._heap else inf

    def take_due(self, now_us: int) -> Iterator[tuple[Hosted, Timer]]:
        """Those that are due, the earliest first; they are gone then."""
        while self._heap and self._heap[0][0] <= now_us:
            _, _, hosted, timer = heapq.heappop(self._heap)
            yield hosted, timer
