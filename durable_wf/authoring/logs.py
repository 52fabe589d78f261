"""What operations and workflows log: each line becomes an event of the journal."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from durable_wf.codec import storable

if TYPE_CHECKING:
    from collections.abc import Callable

EVENT_TYPE = "durable_wf_event_type"  # attribute of a record that is no line of a log, but an event of that type
PLUGIN_EVENT = "plugin_event"
PLUGIN_LOG = "plugin_log"

_LINE = logging.Formatter("%(message)s")


def line_of(record: logging.LogRecord) -> str:
    """What a log record says, with its traceback if it has one, as text that any store can hold."""
    try:
        text = _LINE.format(record)
    except Exception:  # noqa: BLE001 - a line with the wrong arguments must not fail the operation
        text = f"{record.msg} {record.args}"
    return storable(text)


def type_of(record: logging.LogRecord) -> str:
    """The type of the event that a record of an operation becomes."""
    return str(getattr(record, EVENT_TYPE, PLUGIN_LOG))


class _Forward(logging.Handler):
    def __init__(self, log: Callable[[logging.LogRecord], None]) -> None:
        super().__init__(logging.DEBUG)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        self._log(record)


def make_logger(name: str, log: Callable[[logging.LogRecord], None]) -> logging.Logger:
    """A logger of its own, outside the logging hierarchy: nothing is left behind, the root is not touched."""
    logger = logging.Logger(name, logging.DEBUG)  # noqa: LOG001 - one per attempt would stay registered for ever
    logger.addHandler(_Forward(log))
    return logger
