"""DBOS Transact as it comes: SQLite, its own settings. Steps that do nothing, in a workflow.

chain  one step after the other
wide   all steps at once, gathered in an asynchronous workflow
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
import time
from pathlib import Path

import protocol
from dbos import DBOS

_DIE = "DURABLE_WF_BENCH_DIE"
_times: list[float] = []
_again = threading.Event()


@DBOS.step()
def nothing() -> None:
    """Does nothing."""


@DBOS.step()
async def nothing_async() -> None:
    """Does nothing."""


@DBOS.step()
def probe() -> None:
    """Dies the first time; the second time it notes when it begins."""
    if os.environ.get(_DIE):
        os.kill(os.getpid(), signal.SIGKILL)
    _times.append(time.perf_counter())
    _again.set()


@DBOS.workflow()
def chain(count: int) -> None:
    """Each step after the one before."""
    for _ in range(count):
        nothing()


@DBOS.workflow()
async def wide(count: int) -> None:
    """All steps at once."""
    await asyncio.gather(*[nothing_async() for _ in range(count)])


@DBOS.workflow()
def long(count: int) -> None:
    """A chain, and then the probe."""
    _times.append(time.perf_counter())
    for _ in range(count):
        nothing()
    probe()


class Dbos:
    """See `protocol.Driver`."""

    def __init__(self) -> None:
        self.shapes = {"chain": self._chain, "wide": self._wide}

    def open(self, folder: Path) -> None:
        """Launch it on a database in the folder."""
        url = f"sqlite:///{folder / 'dbos.sqlite'}"
        DBOS(config={"name": "bench", "system_database_url": url, "log_level": "ERROR"})
        DBOS.launch()

    def close(self) -> None:
        """Stop it."""
        DBOS.destroy()

    def fill(self, folder: Path, count: int) -> None:
        """Dies in the step after `count`."""
        os.environ[_DIE] = "1"
        self.open(folder)
        long(count)

    def replay(self, folder: Path) -> float:
        """From the workflow function's begin to that of the step; what launching takes is not in it."""
        self.open(folder)  # recovers what was pending, in a thread of its own
        if not _again.wait(timeout=120):
            text = "the killed workflow was not recovered within two minutes"
            raise RuntimeError(text)
        return _times[1] - _times[0]

    def _chain(self, count: int) -> float:
        began = time.perf_counter()
        chain(count)
        return time.perf_counter() - began

    def _wide(self, count: int) -> float:
        async def run() -> float:
            began = time.perf_counter()
            await wide(count)
            return time.perf_counter() - began

        return asyncio.run(run())


if __name__ == "__main__":
    sys.exit(protocol.main(Dbos()))
