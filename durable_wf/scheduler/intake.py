"""Taking in what has happened: all of it at once, and crowds of short operations together.

Operations that are shorter than a commit come in crowds: while more of them wait for a worker, they are let end first,
so that all go into one transaction. That also keeps workers from fighting the writing of rows for the interpreter's
lock.
"""

from __future__ import annotations

import threading
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from durable_wf.scheduler.pool import Pool, Work
from durable_wf.scheduler.voices import Batch

if TYPE_CHECKING:
    from collections.abc import Callable

SHORT_US = 200  # an operation that is shorter costs less than its commit
CROWD_S = 0.0003  # how long short operations are given to end in, as long as any does

_never = threading.Event()


class Question:
    """Something to be run on the scheduler's thread between two turns, for another thread that waits for it."""

    __slots__ = ("_box", "_function")

    def __init__(self, function: Callable[[], Any]) -> None:
        self._function = function
        self._box: SimpleQueue[tuple[bool, Any]] = SimpleQueue()

    def wait(self) -> Any:
        """What the function returns or raises, once it has been run."""
        good, value = self._box.get()
        if good:
            return value
        raise value

    def answer(self) -> None:
        """Run it. What it raises is the asker's; an interrupt is this thread's as well."""
        try:
            self._box.put((True, self._function()))
        except BaseException as error:
            self.refuse(error)
            if not isinstance(error, Exception):
                raise

    def refuse(self, error: BaseException) -> None:
        """Have the asker get this error."""
        self._box.put((False, error))


def take(queue: SimpleQueue[Any], pool: Pool, patience_s: float | None) -> list[Any]:
    """All that has happened, once anything has; nothing when that takes longer than `patience_s`."""
    items: list[Any] = []
    try:
        items.append(queue.get(timeout=patience_s))
    except Empty:
        return items
    drain(queue, items)
    looked_at = 0
    while looked_at < len(items) and pool.waiting() and _are_short(items[looked_at:]):
        looked_at = len(items)
        _never.wait(CROWD_S)
        drain(queue, items)
    return items


def drain(queue: SimpleQueue[Any], items: list[Any]) -> None:
    """Add what is there."""
    try:
        while True:
            items.append(queue.get_nowait())
    except Empty:
        return


def _are_short(items: list[Any]) -> bool:
    """Whether all of these are operations that took next to no time, and what they said."""
    return all(isinstance(item, Batch) or (isinstance(item, Work) and _is_short(item)) for item in items)


def _is_short(work: Work) -> bool:
    return work.outcome is not None and work.outcome.ended_us - work.outcome.began_us < SHORT_US
