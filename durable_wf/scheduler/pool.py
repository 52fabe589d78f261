"""Worker threads: they take work of each execution in turn, answer into one queue, and never wait for a commit."""

from __future__ import annotations

import threading
from collections import deque
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from durable_wf.model.protocol import InstanceData, OperationOutcome
    from durable_wf.scheduler.hosted import Hosted


class Work:
    """One attempt on its way through a worker.

    repeatable  it may be run again without asking; what may not be goes first, so that it waits for a worker only
    began_us    wall time at which a worker took it; None while it waits in the queue
    told        the core knows that it has begun
    """

    __slots__ = (
        "attempt", "began_us", "callable", "generation", "hosted", "instances", "kind", "name", "no", "outcome",
        "repeatable", "request", "retries", "told",
    )  # fmt: skip

    def __init__(  # noqa: PLR0913 - made in one place
        self, hosted: Hosted, no: int, attempt: int, kind: int, name: str, request: str, retries: int, generation: int,
        call: Callable[..., Any] | None, instances: dict[str, InstanceData], *, repeatable: bool,
    ) -> None:  # fmt: skip
        self.hosted = hosted
        self.no = no
        self.attempt = attempt
        self.kind = kind
        self.name = name
        self.request = request
        self.retries = retries
        self.generation = generation
        self.callable = call
        self.instances = instances
        self.repeatable = repeatable
        self.began_us: int | None = None
        self.told = False
        self.outcome: OperationOutcome | None = None


class Lane:
    """What one execution has given and no worker has taken yet."""

    __slots__ = ("first", "rest")

    def __init__(self) -> None:
        self.first: deque[Work] = deque()
        self.rest: deque[Work] = deque()


class Pool:
    """`size` daemon threads that run work, serving one execution after the other.

    perform   runs one attempt and never raises
    answered  where finished work goes
    """

    def __init__(self, size: int, perform: Callable[[Work], OperationOutcome], answered: SimpleQueue[Any]) -> None:
        self.size = size
        self._perform = perform
        self._answered = answered
        self._lock = threading.Lock()
        self._lanes: dict[Hosted, Lane] = {}  # the one to be served next comes first
        self._wake: SimpleQueue[bool] = SimpleQueue()  # one True for each work given, False ends a thread
        self._threads: list[threading.Thread] = []

    def give(self, work: Work) -> None:
        """Queue it; a thread is made while there are fewer than `size`."""
        with self._lock:
            lane = self._lanes.get(work.hosted)
            if lane is None:
                lane = self._lanes[work.hosted] = Lane()
            (lane.rest if work.repeatable else lane.first).append(work)
        self._wake.put(True)
        if len(self._threads) < self.size:
            thread = threading.Thread(target=self._serve, name=f"durable-wf-worker-{len(self._threads)}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def waiting(self) -> int:
        """How much no thread has taken yet; what was taken back may still count for a moment."""
        return self._wake.qsize()

    def take_back(self, hosted: Hosted) -> list[Work]:
        """Work of `hosted` that no thread has taken yet. It will not begin."""
        with self._lock:
            lane = self._lanes.pop(hosted, None)
        return [] if lane is None else [*lane.first, *lane.rest]

    def close(self) -> None:
        """Let the threads end after what they are doing."""
        for _ in self._threads:
            self._wake.put(False)

    def _take(self) -> Work | None:
        """The next work of the execution whose turn it is; None where it was taken back."""
        with self._lock:
            if not self._lanes:
                return None
            hosted = next(iter(self._lanes))
            lane = self._lanes.pop(hosted)
            work = (lane.first or lane.rest).popleft()
            if lane.first or lane.rest:
                self._lanes[hosted] = lane  # last now
            return work

    def _serve(self) -> None:
        wake, answer, perform = self._wake.get, self._answered.put, self._perform
        while wake():
            work = self._take()
            if work is not None:
                work.outcome = perform(work)
                answer(work)
