"""A journal that kills its own process at a commit, or asks for a cancel there. Production code knows nothing of it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal, NamedTuple

from durable_wf.clock import SystemClock
from durable_wf.model.events import Level
from durable_wf.model.states import EXECUTION, X
from durable_wf.scheduler import requests

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


class KillingJournal:
    """Hands everything on to a journal, and counts its commits.

    kill  when to die; None to count only
    """

    def __init__(self, inner: Any, kill: Kill | None) -> None:
        self._inner = inner
        self._kill = kill
        self.commits = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    @contextmanager
    def turn(self) -> Iterator[Any]:
        with self._inner.turn() as turn:
            yield turn
            self.commits += 1
            self._die_if("before")  # all is written, nothing is committed
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
