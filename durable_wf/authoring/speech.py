"""What plugins and workflows say: log lines and events, made fit for the journal (workflow-api §12).

A `Speech` belongs to an attempt or to a workflow function, and knows where its lines go. `ctx.logger` forwards to it;
`authoring.capture` finds the speech of a thread by `current_speech`.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any

from durable_wf.authoring.current import current_ctx
from durable_wf.codec import cut, encode, storable
from durable_wf.errors import DurableError
from durable_wf.model.protocol import Logged
from durable_wf.sources.vault import VAULT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MAX_LINE = 20_000  # characters; a line that is longer is cut in the middle
MAX_CONTEXT = 100_000  # bytes of what is given beside an event's text
PLUGIN_LOG, WORKFLOW_LOG, PLUGIN_EVENT = "plugin_log", "workflow_log", "plugin_event"
DELIVERED = "durable_wf_delivered"  # marks a log record that a handler has given to a speech already

_LINE = logging.Formatter("%(message)s")


class Speech:
    """Of an attempt, or of a workflow function. Calling it with a log record says that.

    say    where lines go; may wait, never raises
    kind   type of its log lines
    level  least level of the records of loggers that are not its own
    """

    __slots__ = ("_about", "_kind", "_wall_us", "level", "say")

    def __init__(
        self,
        say: Callable[[Logged], None],
        wall_us: Callable[[], int],
        *,
        kind: str = PLUGIN_LOG,
        level: int = logging.INFO,
        about: Mapping[str, Any] | None = None,
    ) -> None:
        self.say = say
        self.level = level
        self._wall_us = wall_us
        self._kind = kind
        self._about = about

    def __call__(self, record: logging.LogRecord) -> None:
        """Say what `ctx.logger` was given."""
        self._log(record, self._about)

    def captured(self, record: logging.LogRecord) -> None:
        """Say what another logger was given; the line names it."""
        self._log(record, {**(self._about or {}), "logger": storable(record.name)})

    def _log(self, record: logging.LogRecord, context: Mapping[str, Any] | None) -> None:
        level = record.levelname.lower()
        self.say(
            Logged(self._wall_us(), storable(level), line_of(record), self._kind, encode(context) if context else None)
        )

    def event(self, event_type: str, text: object, context: Mapping[str, Any] | None = None) -> None:
        """Send an event.

        context  more of what it is about; `arguments` is what its text was made with
        raises   NotSerializable for a context that is not JSON
        """
        whole = VAULT.masked({**(self._about or {}), **(context or {})})
        more = encode(whole, what=f"the context of {event_type}", limit=MAX_CONTEXT) if whole else None
        said = cut(VAULT.masked_text(str(text)), MAX_LINE)
        self.say(Logged(self._wall_us(), "info", said, storable(VAULT.masked_text(event_type)), more))

    def about(self, **context: Any) -> Speech:
        """The same, with a context for all that is said."""
        return Speech(self.say, self._wall_us, kind=self._kind, level=self.level, about=context)


def line_of(record: logging.LogRecord) -> str:
    """What a log record says, with its traceback if it has one, as text that any store can hold."""
    try:
        text = _LINE.format(record)
    except Exception:  # noqa: BLE001 - a line with the wrong arguments must not fail the operation
        text = _raw(record)
    return cut(VAULT.masked_text(text), MAX_LINE)  # before it is cut: half a secret is not found


def _raw(record: logging.LogRecord) -> str:
    try:
        return f"{record.msg} {record.args}"
    except Exception as error:  # noqa: BLE001 - as above: not even its arguments can be shown
        return f"(a line of {record.name} that cannot be shown: {type(error).__name__})"


# ------------------------------------------------------------------------------------------------------------- loggers


class _Forward(logging.Handler):
    def __init__(self, log: Callable[[logging.LogRecord], None]) -> None:
        super().__init__(logging.DEBUG)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        self._log(record)


class CtxLogger(logging.Logger):
    """`ctx.logger`: outside the logging hierarchy. What is done to `logging.Logger` later does not reach it."""

    isEnabledFor = logging.Logger.isEnabledFor  # noqa: N815 - logging's name
    callHandlers = logging.Logger.callHandlers  # noqa: N815 - as above


def make_logger(name: str, log: Callable[[logging.LogRecord], None]) -> logging.Logger:
    """A logger of its own at level DEBUG: nothing is left behind, the root is not touched."""
    logger = CtxLogger(name, logging.DEBUG)  # one per attempt would stay registered for ever
    logger.addHandler(_Forward(log))
    return logger


class CloudifyCtxLoggingHandler(logging.Handler):
    """Routes a library's logger to a context's: `logging.getLogger("paramiko").addHandler(…Handler(ctx))`."""

    def __init__(self, ctx: Any) -> None:
        super().__init__()
        self._ctx = ctx

    def emit(self, record: logging.LogRecord) -> None:
        """Say it as the context's logger would."""
        setattr(record, DELIVERED, True)
        self._ctx.logger.handle(record)


# ------------------------------------------------------------------------------------------------- whose thread this is


class _Speaking(threading.local):
    speech: Speech | None = None


_speaking = _Speaking()


class speaking:  # noqa: N801 - used as `with speaking(…)`
    """Inside the `with`, this thread speaks with `speech`."""

    __slots__ = ("_before", "_speech")

    def __init__(self, speech: Speech) -> None:
        self._speech = speech

    def __enter__(self) -> None:
        self._before = _speaking.speech
        _speaking.speech = self._speech

    def __exit__(self, *_: object) -> None:
        _speaking.speech = self._before


def own_speech() -> Speech | None:
    """What this thread was told to speak with; None for most threads, operations' too."""
    return _speaking.speech


def current_speech() -> Speech | None:
    """Whose words are said in this thread: of the operation whose context is current, else `own_speech`."""
    found = getattr(current_ctx, "ctx", None)
    if found is not None:
        speech = getattr(found, "speech", None)
        return speech if isinstance(speech, Speech) else None
    return _speaking.speech


def safely(context: Mapping[str, Any] | None) -> dict[str, Any]:
    """A context of somebody else's, without what JSON cannot hold."""
    found = {}
    for key, value in (context or {}).items():
        try:
            encode(value)
        except DurableError:
            found[str(key)] = cut(str(value), MAX_LINE)
        else:
            found[str(key)] = value
    return found
