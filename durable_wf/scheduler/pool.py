"""Worker threads: they take from one queue and answer into another, and never wait for a commit."""

from __future__ import annotations

import threading
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from durable_wf.model.protocol import InstanceData, OperationOutcome
    from durable_wf.scheduler.hosted import Hosted


class Work:
    """One attempt on its way through a worker.

    began_us  wall time at which a worker took it; None while it waits in the queue
    told      the core knows that it has begun
    """

    __slots__ = (
        "attempt", "began_us", "callable", "generation", "hosted", "instances", "kind", "name", "no", "outcome",
        "request", "retries", "told",
    )  # fmt: skip

    def __init__(  # noqa: PLR0913 - made in one place
        self, hosted: Hosted, no: int, attempt: int, kind: int, name: str, request: str, retries: int, generation: int,
        call: Callable[..., Any] | None, instances: dict[str, InstanceData],
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
        self.began_us: int | None = None
        self.told = False
        self.outcome: OperationOutcome | None = None


class Pool:
    """`size` daemon threads that run work.

    perform   runs one attempt and never raises
    answered  where finished work goes
    """

    def __init__(self, size: int, perform: Callable[[Work], OperationOutcome], answered: SimpleQueue[Any]) -> None:
        self.size = size
        self._perform = perform
        self._answered = answered
        self._queue: SimpleQueue[Work | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []

    def give(self, work: Work) -> None:
        """Queue it; a thread is made while there are fewer than `size`."""
        self._queue.put(work)
        if len(self._threads) < self.size:
            thread = threading.Thread(target=self._serve, name=f"durable-wf-worker-{len(self._threads)}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def take_back(self, hosted: Hosted) -> list[Work]:
        """Work of `hosted` that no thread has taken yet. It will not begin."""
        kept: list[Work | None] = []
        taken: list[Work] = []
        try:
            while True:
                work = self._queue.get_nowait()
                if work is not None and work.hosted is hosted:
                    taken.append(work)
                else:
                    kept.append(work)
        except Empty:
            for work in kept:
                self._queue.put(work)
        return taken

    def close(self) -> None:
        """Let the threads end after what they are doing."""
        for _ in self._threads:
            self._queue.put(None)

    def _serve(self) -> None:
        take, answer, perform = self._queue.get, self._answered.put, self._perform
        while (work := take()) is not None:
            work.outcome = perform(work)
            answer(work)
