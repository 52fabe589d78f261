"""What a forked child may not keep: locks, which it would hold on after its parent died, and connections.

A child's commit through an inherited connection is lost without an error, and its closing one may checkpoint under
the parent's feet. So in the child every `Forkable` gives up what it has, at once and without unlocking (an unlock
would free the parent's), and says so to whoever uses it.
"""

from __future__ import annotations

import ctypes
import os
import weakref
from abc import ABC, abstractmethod
from typing import Any

from durable_wf.errors import JournalError

_live: weakref.WeakSet[Forkable] = weakref.WeakSet()


class Forkable(ABC):
    """Something that must not be used on both sides of a fork."""

    def __init__(self) -> None:
        self._forked = False
        _live.add(self)

    @abstractmethod
    def _give_up(self) -> None:
        """Drop everything that is shared with the parent. Runs in the child; must not raise."""

    def check_not_forked(self) -> None:
        """Refuse to go on in a child.

        raises  JournalError
        """
        if self._forked:
            message = "this journal was opened before a fork; only the parent may use it"
            raise JournalError(message, hint="open the journal again in the child, or start the child by spawn")


def abandon(thing: Any) -> None:
    """Keep an object from ever being finalised: closing a connection in a child would write to the parent's file."""
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(thing))


def _in_child() -> None:
    for thing in list(_live):
        thing._forked = True  # noqa: SLF001 - of this module's own base class
        thing._give_up()  # noqa: SLF001


os.register_at_fork(after_in_child=_in_child)
