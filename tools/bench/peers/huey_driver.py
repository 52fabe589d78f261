"""huey's SqliteHuey as it comes. Tasks that do nothing are put into its queue, taken out and executed.

There is no consumer beside: it polls, and its sleeps would be measured. Here the same process takes a task as soon as
it has put it there, which is the best that huey can do.

chain  one is put, executed and its result fetched, then the next
wide   all are put, then all executed
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import protocol
from huey import SqliteHuey


class Huey:
    """See `protocol.Driver`."""

    def __init__(self) -> None:
        self.shapes = {"chain": self._chain, "wide": self._wide}

    def open(self, folder: Path) -> None:
        """A queue in the folder."""
        self._huey = SqliteHuey("bench", filename=str(folder / "huey.db"))
        self._task = self._huey.task()(_nothing)

    def close(self) -> None:
        """Close the queue."""
        self._huey.storage.close()

    def _chain(self, count: int) -> float:
        began = time.perf_counter()
        for _ in range(count):
            result = self._task()
            self._huey.execute(self._huey.dequeue())
            if result.get() is None:
                text = "a task has not run"
                raise RuntimeError(text)
        return time.perf_counter() - began

    def _wide(self, count: int) -> float:
        began = time.perf_counter()
        for _ in range(count):
            self._task()
        for _ in range(count):
            self._huey.execute(self._huey.dequeue())
        return time.perf_counter() - began


def _nothing() -> bool:
    return True


if __name__ == "__main__":
    sys.exit(protocol.main(Huey()))
