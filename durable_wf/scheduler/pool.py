"""Worker threads: they take work of each execution in turn, answer into one queue, and never wait for a commit."""

from __future__ import annotations

import threading
from collections import deque
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from durable_wf.scheduler.voices import Voice

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from durable_wf.model.commands import HandOut
    from durable_wf.model.protocol import InstanceData, Logged, OperationOutcome
    from durable_wf.scheduler.hosted import Hosted

LONG_US = 20_000  # that an attempt runs is written once it has for so long: most have an outcome to write before that


class Work:
    """One attempt on its way through a worker.

    repeatable  it may be run again without asking; what may not be goes first, so that it waits for a worker only
    began_us    wall time at which a worker took it; None while it waits in the queue
    told        the core knows that it has begun
    voice       what it says with, once it has said something
    """

    __slots__ = (
        "attempt", "began_us", "callable", "generation", "hosted", "instances", "kind", "name", "no", "outcome",
        "repeatable", "request", "retries", "told", "voice",
    )  # fmt: skip

    def __init__(  # noqa: PLR0913, PLR0917 - made in one place
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
        self.voice: Voice | None = None

    def news_us(self, now_us: int) -> int | None:
        """When it began, if by `now_us` it runs for long and the core does not know. Clocks may be set back."""
        if self.began_us is None or self.told or 0 <= now_us - self.began_us < LONG_US:
            return None
        return self.began_us

    def say(self, line: Logged) -> None:
        """Have a line of the attempt written while it runs. Waits while too many are not."""
        if self.voice is None:
            self.voice = Voice(self.hosted, self.no, self.attempt)
        self.voice.say(line)


def make_work(hosted: Hosted, command: HandOut, instances: dict[str, InstanceData]) -> Work:
    """What a worker is given for an attempt that is handed out."""
    task = hosted.core.run.tasks[command.no]
    call = task.spec.callable if task.spec is not None else None
    work = Work(
        hosted, task.no, command.attempt, task.kind, task.name, task.request.text, task.retries, task.generation,
        call, instances, repeatable=task.request.repeatable,
    )  # fmt: skip
    hosted.gets(work)
    return work


class Lane:
    """What one execution has given and no worker has taken yet."""

    __slots__ = ("first", "rest")

    def __init__(self) -> None:
        self.first: deque[Work] = deque()
        self.rest: deque[Work] = deque()


class Pool:
    """At most `size` daemon threads that run work, serving one execution after the other.

    A thread takes work until there is none. Giving wakes one idle thread; each thread that takes work while more is
    left wakes the next, unless one is already on its way: so much short work is done by a few, and long work by all.

    perform   runs one attempt and never raises
    answered  where finished work goes
    """

    def __init__(self, size: int, perform: Callable[[Work], OperationOutcome], answered: SimpleQueue[Any]) -> None:
        self.size = size
        self._perform = perform
        self._answered = answered
        self._lock = threading.Lock()  # guards all below
        self._lanes: dict[Hosted, Lane] = {}  # the one to be served next comes first
        self._waiting = 0  # works in the lanes
        self._threads: list[threading.Thread] = []
        self._idle = 0  # threads that wait, or are about to wait, at `_wake`, and have been told nothing
        self._rising = False  # a thread was woken or made and has not looked for work yet
        self._closed = False
        self._wake: SimpleQueue[None] = SimpleQueue()

    def give(self, works: Iterable[Work]) -> None:
        """Queue them."""
        with self._lock:
            for work in works:
                lane = self._lanes.get(work.hosted)
                if lane is None:
                    lane = self._lanes[work.hosted] = Lane()
                (lane.rest if work.repeatable else lane.first).append(work)
                self._waiting += 1
            self._rouse()

    def waiting(self) -> int:
        """How many works no thread has taken yet."""
        return self._waiting

    def take_back(self, hosted: Hosted) -> list[tuple[int, int]]:
        """What of `hosted` no thread has taken yet, as (task, attempt). It will not begin."""
        with self._lock:
            lane = self._lanes.pop(hosted, None)
            back = [] if lane is None else [*lane.first, *lane.rest]
            self._waiting -= len(back)
        for work in back:
            hosted.no_longer(work)
        return [(work.no, work.attempt) for work in back]

    def close(self) -> None:
        """Let the threads end after what they are doing."""
        with self._lock:
            self._closed = True
            for _ in range(self._idle):
                self._wake.put(None)

    def _rouse(self) -> None:
        """Have one more thread look for work, if there is any. Under the lock."""
        if self._rising or not self._waiting:
            return
        if self._idle:
            self._idle -= 1
            self._rising = True
            self._wake.put(None)
        elif len(self._threads) < self.size:
            name = f"durable-wf-worker-{len(self._threads)}"
            thread = threading.Thread(target=self._serve, name=name, daemon=True)
            try:
                thread.start()
            except RuntimeError:  # the machine has no more threads: those that there are will do
                if not self._threads:
                    raise
                return
            self._threads.append(thread)
            self._rising = True

    def _take(self) -> Work | None:
        """The next work of the execution whose turn it is. None where there is none: the thread is idle then."""
        with self._lock:
            if not self._lanes:
                self._idle += 1
                return None
            hosted = next(iter(self._lanes))
            lane = self._lanes.pop(hosted)
            work = (lane.first or lane.rest).popleft()
            self._waiting -= 1
            if lane.first or lane.rest:
                self._lanes[hosted] = lane  # last now
                self._rouse()
            elif self._lanes:
                self._rouse()
            return work

    def _serve(self) -> None:
        wake, answer, perform = self._wake.get, self._answered.put, self._perform
        while True:
            with self._lock:
                self._rising = False
            while (work := self._take()) is not None:
                work.outcome = perform(work)
                answer(work)
            if self._closed:
                return
            wake()
