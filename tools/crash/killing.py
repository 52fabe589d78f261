"""A journal that kills its own process at a commit, or asks for a cancel there. Production code knows nothing of it.

It also writes down, beside the journal and into a recording, how far commits have been acknowledged.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, NamedTuple

from durable_wf.clock import SystemClock
from durable_wf.model.events import Level
from durable_wf.model.states import EXECUTION, X
from durable_wf.scheduler import requests
from tools.crash import shim

_MAY_BE_CANCELLED = frozenset(EXECUTION.code(state) for state in X if state not in EXECUTION.ended)

When = Literal["before", "after", "cancel"]
DEATHS: tuple[When, ...] = ("before", "after")


class Kill(NamedTuple):
    """When to die: before or after the n-th commit of the process, counted from 1.

    `cancel` is no death: a request to cancel lies in the inbox after that commit, as from another process.
    """

    n: int
    when: When

    def __str__(self) -> str:
        return f"{self.n}:{self.when}"


class Acknowledged:
    """The newest seq whose commit has returned, in a file of its own: what a journal must have after any fault.

    Each one is also a mark `acknowledged seq N` in a recording, where one is made.
    """

    def __init__(self, folder: Path) -> None:
        self._file = os.open(self.path(folder), os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)

    @staticmethod
    def path(folder: Path) -> Path:
        """Where it lies: not among the journal's files, which faults strike."""
        return folder / "acknowledged.txt"

    def write(self, seq: int) -> None:
        """That all up to this seq has been committed."""
        shim.mark(f"acknowledged seq {seq}")
        os.write(self._file, f"{seq:020d}\n".encode())


def acknowledged(folder: Path) -> int:
    """The newest seq that was acknowledged in the folder; 0 if none was."""
    path = Acknowledged.path(folder)
    return max(map(int, path.read_text().split()), default=0) if path.exists() else 0


class KillingJournal:
    """Hands everything on to a journal, and counts its commits.

    kill          when to die; None to count only
    acknowledged  is told of every commit; None: nobody is
    """

    def __init__(self, inner: Any, kill: Kill | None, acknowledged: Acknowledged | None = None) -> None:
        self._inner = inner
        self._kill = kill
        self._acknowledged = acknowledged
        self.commits = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    @contextmanager
    def turn(self) -> Iterator[Any]:
        with self._inner.turn() as turn:
            yield turn
            self.commits += 1
            self._die_if("before")  # all is written, nothing is committed
        if self._acknowledged is not None:
            self._acknowledged.write(turn.seq - 1)
        self._die_if("after")  # committed, and nobody has acted on it
        if self._kill == (self.commits, "cancel"):
            self._kill = None
            self._ask_to_cancel()

    def _ask_to_cancel(self) -> None:
        for row in self._inner.executions(states=_MAY_BE_CANCELLED):
            asking = requests.Asking(Level.CANCEL, "the sweep", "to see what becomes of it", "sweep")
            requests.ask(self._inner, SystemClock(), row.id, asking)

    def _die_if(self, when: When) -> None:
        if self._kill == (self.commits, when):
            os.kill(os.getpid(), signal.SIGKILL)
