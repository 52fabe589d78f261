"""Plugins' own loggers into the journal, as if a handler of ours were at the root, without touching the root.

A handler at the root would change what a program that embeds the engine has set up, and a level of INFO there would
make its other handlers print more. A log record factory sees no filters, and is one of a process too. So two methods
of `logging.Logger` are wrapped while an engine has executions: `isEnabledFor`, because with the root's usual level an
INFO record would not even be made, and `callHandlers`, which sees what has passed the logger's filters. Both ask which
attempt speaks in this thread; where none does, they only pass on. A record that exists only because the journal wants
it is given to nobody else. Levels, handlers, `propagate` and `logging.disable` stay as they are, and are honoured:
a logger with a level of its own, or that does not propagate, decides for itself.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from durable_wf.authoring.speech import DELIVERED, current_speech

if TYPE_CHECKING:
    from collections.abc import Callable

    from durable_wf.authoring.speech import Speech

_lock = threading.Lock()
_users: WeakSet[Any] = WeakSet()
_taps: list[Taps] = []  # the one that is in place, or none


class Taps:
    """The two wrappers. Once they are off, one that somebody else has wrapped meanwhile only passes on."""

    def __init__(self) -> None:
        kind = logging.Logger
        self._is_enabled_for: Callable[[logging.Logger, int], bool] = kind.isEnabledFor
        self._call_handlers: Callable[[logging.Logger, logging.LogRecord], None] = kind.callHandlers
        self._on = True
        self._ours = threading.local()  # what only the journal wants, between the two

        def is_enabled_for(logger: logging.Logger, level: int) -> bool:
            return self._enabled(logger, level)

        def call_handlers(logger: logging.Logger, record: logging.LogRecord) -> None:
            self._handle(logger, record)

        self._put = (is_enabled_for, call_handlers)
        kind.isEnabledFor = is_enabled_for  # type: ignore[method-assign,assignment]  # what this class is for
        kind.callHandlers = call_handlers  # type: ignore[method-assign,assignment]

    def off(self) -> None:
        """Put back what was there, unless somebody has put something else over it."""
        self._on = False
        kind = logging.Logger
        if kind.isEnabledFor is self._put[0]:
            kind.isEnabledFor = self._is_enabled_for  # type: ignore[method-assign,assignment]
        if kind.callHandlers is self._put[1]:
            kind.callHandlers = self._call_handlers  # type: ignore[method-assign,assignment]

    def _enabled(self, logger: logging.Logger, level: int) -> bool:
        if self._is_enabled_for(logger, level):
            return True
        speech = current_speech() if self._on else None
        if speech is None or not _wants(speech, logger, level):
            return False
        self._ours.said = (logger, level)
        return True

    def _handle(self, logger: logging.Logger, record: logging.LogRecord) -> None:
        said = getattr(self._ours, "said", None)
        self._ours.said = None
        if said != (logger, record.levelno):
            self._call_handlers(logger, record)
        speech = current_speech() if self._on else None
        if speech is None or record.levelno < speech.level or getattr(record, DELIVERED, False):
            return
        if _root_of(logger) is not None:
            speech.captured(record)


def _wants(speech: Speech, logger: logging.Logger, level: int) -> bool:
    """Whether the journal gets a record of this level although nobody else does."""
    if level < speech.level or logger.disabled or logger.manager.disable >= level:
        return False
    root, one = _root_of(logger), logger
    while one is not root and not one.level and one.parent is not None:
        one = one.parent
    return root is not None and one is root


def _root_of(logger: logging.Logger) -> logging.Logger | None:
    """The root that its records come to; None where it, or a logger between, does not propagate."""
    while logger.parent is not None:
        if not logger.propagate:
            return None
        logger = logger.parent
    return logger if logger is logging.root else None


def begin(user: object) -> None:
    """Capture, as long as `user` or another one lives and wants it."""
    with _lock:
        _users.add(user)
        if not _taps:
            _taps.append(Taps())


def end(user: object) -> None:
    """This user needs it no more."""
    with _lock:
        _users.discard(user)
        if not _users and _taps:
            _taps.pop().off()
