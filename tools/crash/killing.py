"""A journal that kills its own process at a commit. Production code knows nothing of it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal, NamedTuple

When = Literal["before", "after"]


class Kill(NamedTuple):
    """When to die: before or after the n-th commit of the process, counted from 1."""

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

    def _die_if(self, when: When) -> None:
        if self._kill == (self.commits, when):
            os.kill(os.getpid(), signal.SIGKILL)
