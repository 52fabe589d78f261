"""What runs says, on its way into the journal: log lines and events, in batches.

A batch is one item in the scheduler's queue, put there with its first line; lines are added to it until the scheduler
takes it, which it does in the next turn of that execution, or a second after it heard of it. So lines cost few
transactions, come in the order in which they were said, and stand before the outcome of their attempt. Whoever says
more than a batch holds waits until it was taken: a flood is as slow as the disk, and takes no more memory.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from durable_wf.model.events import Said

if TYPE_CHECKING:
    from durable_wf.model.protocol import Logged
    from durable_wf.scheduler.hosted import Hosted

FLUSH_US = 1_000_000  # how long what was said may be missing from the journal
MOST_LINES = 4096  # of a batch
MOST_CHARACTERS = 2_000_000
FLUSH = ("flush", 0)  # the timer's name; the core has none of that kind


class Batch:
    """Lines of one voice.

    heard  the scheduler knows of it
    full   whoever speaks waits for it to be taken
    """

    __slots__ = ("characters", "full", "heard", "lines", "taken", "voice")

    def __init__(self, voice: Voice) -> None:
        self.voice = voice
        self.lines: list[Logged] = []
        self.characters = 0
        self.heard = False
        self.full = False
        self.taken: threading.Event | None = None

    def add(self, line: Logged) -> None:
        """One more; notes whether it is full then. Under the voice's lock."""
        self.lines.append(line)
        self.characters += len(line.text) + len(line.context_json or "")
        if len(self.lines) >= MOST_LINES or self.characters >= MOST_CHARACTERS:
            self.full = True
            self.taken = threading.Event()

    def take(self) -> Said:
        """What it holds; nothing is added any more, and who waits goes on."""
        self.voice.close(self)
        if self.taken is not None:
            self.taken.set()
        return Said(self.voice.no, self.voice.attempt, self.lines)

    def drop(self) -> None:
        """Nobody writes for its execution any more: who waits goes on, and need not be heard again."""
        self.voice.mute()
        if self.taken is not None:
            self.taken.set()


class Voice:
    """Who speaks: an attempt, or with `no` None the workflow function. Any thread may speak with it."""

    def __init__(self, hosted: Hosted, no: int | None, attempt: int | None) -> None:
        self.hosted = hosted
        self.no = no
        self.attempt = attempt
        self._lock = threading.RLock()  # of what runs while it is held, a `__del__` may speak too
        self._open: Batch | None = None
        self._muted = False

    def say(self, line: Logged) -> None:
        """Have a line written. Waits while too many are not."""
        said = False
        while not said:
            with self._lock:
                if self._muted:
                    return
                batch = self._open
                if batch is None:
                    batch = self._open = Batch(self)
                    self.hosted.hear(batch)
                if not batch.full:
                    batch.add(line)
                    said = True
                    if batch.full:
                        self.hosted.hear(batch)
            if batch.taken is not None:
                batch.taken.wait()

    def pause(self) -> None:
        """What is said from here on comes after what the scheduler is told now."""
        with self._lock:
            if self._open is not None and not self._open.full:
                self._open = None

    def close(self, batch: Batch) -> None:
        """The batch is on its way into the journal."""
        with self._lock:
            if self._open is batch:
                self._open = None

    def mute(self) -> None:
        """Nobody listens any more; who waits goes on."""
        with self._lock:
            self._muted = True
            batch, self._open = self._open, None
            if batch is not None and batch.taken is not None:
                batch.taken.set()
