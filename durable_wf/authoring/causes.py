"""What led to an exception, as data: each exception of its chain with type, message and traceback (workflow-api §8).

The chain is followed as Python shows it, `__cause__` before `__context__`, however deep; a chain that is longer than
`MOST` loses its middle, and texts lose theirs, so that a record has a bounded size.
"""

from __future__ import annotations

import traceback
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from durable_wf.codec import cut, decode, encode
from durable_wf.errors import DurableError
from durable_wf.sources.vault import VAULT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

MAX_TEXT = 20_000  # of a message or a traceback
MOST = 50  # causes in a record
LONGEST = 10_000  # exceptions of a chain that are looked at
MAX_CAUSES = 200_000  # bytes of all causes of a record together

_KEYS = ("message", "type", "traceback")
T = TypeVar("T")


class RecordedCause(Exception):
    """What an exception that was made again from its record was when it was raised; its `__cause__`.

    record  as in the journal
    """

    def __init__(self, record: dict[str, Any]) -> None:
        super().__init__(record["message"])
        self.record = record

    def __str__(self) -> str:
        return f'\n"""\n{self.record["traceback"]}"""'


def text_of(error: BaseException) -> str:
    """Its text, also where its class cannot say it."""
    try:
        return cut(VAULT.masked_text(str(error)), MAX_TEXT)  # before it is cut: half a secret is not found
    except Exception as second:  # noqa: BLE001 - a class of somebody else's
        return f"({type(error).__name__} cannot say its text: {type(second).__name__})"


def traceback_of(error: BaseException, trace: TracebackType | None) -> str:
    """Its own traceback, without those of what led to it."""
    text = "".join(traceback.format_exception(type(error), error, trace, chain=False))
    return cut(VAULT.masked_text(text), MAX_TEXT)


def exception_to_error_cause(exc: BaseException, tb: TracebackType | None) -> dict[str, Any]:
    """The cause that an exception with this traceback is: `message`, `type`, `traceback`."""
    try:
        trace = traceback_of(exc, tb)
    except Exception as second:  # noqa: BLE001 - a class of somebody else's
        trace = f"({type(exc).__name__} cannot be shown: {type(second).__name__})"
    return {"message": text_of(exc), "type": type(exc).__name__, "traceback": trace}


def format_exception(e: BaseException) -> str:
    """`type: message` and the traceback of an exception with all that led to it."""
    return "".join(traceback.format_exception(e))


def causes_of(error: BaseException) -> list[dict[str, Any]]:
    """All that led to `error`: what it says itself in `causes`, and its chain. Each cause once, and each is JSON."""
    found: dict[str, dict[str, Any]] = {}
    for cause in (*_given(error), *_chained(error)):
        if is_json(cause):
            found.setdefault(encode(cause), cause)
    return _bounded(_middle_out(list(found.values()), _note))


def _given(error: BaseException) -> list[dict[str, Any]]:
    given = vars(error).get("causes")
    return [one for one in given if isinstance(one, dict)] if isinstance(given, list | tuple) else []


def _chained(error: BaseException) -> Iterator[dict[str, Any]]:
    for one in _middle_out(list(islice(_chain(error), LONGEST)), Exception):
        if isinstance(one, RecordedCause):  # the one above it was made from this record
            yield {key: name_of(one.record) if key == "type" else one.record[key] for key in _KEYS}
            yield from one.record.get("causes") or ()
        else:
            yield exception_to_error_cause(one, one.__traceback__)
            yield from _given(one)


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen = {id(error)}
    current = _before(error)
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = _before(current)


def _middle_out(items: list[T], note: Callable[[str], T]) -> list[T]:
    """At most `MOST` of them, a note that says how many are left out among them."""
    if len(items) <= MOST:
        return items
    head, tail = MOST // 2, MOST - MOST // 2 - 1
    text = f"… {len(items) - head - tail} causes left out …"
    return [*items[:head], note(text), *items[-tail:]]


def _note(text: str) -> dict[str, Any]:
    return {"type": "", "message": text, "traceback": ""}


def _before(error: BaseException) -> BaseException | None:
    return error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def name_of(record: dict[str, Any]) -> str:
    """The class's own name, of a record's `module:qualname`."""
    return str(record["type"]).rpartition(":")[2]


def _bounded(causes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Up to a size altogether: the last ones go without a traceback, and with the beginning of their message."""
    left, found = MAX_CAUSES, []
    for cause in causes:
        left -= len(encode(cause))
        short = {"type": str(cause.get("type", "")), "message": str(cause.get("message", ""))[:200], "traceback": ""}
        found.append(cause if left >= 0 else short)
    return found


def is_json(value: Any) -> bool:
    """Whether the journal can hold it."""
    try:
        decode(encode(value))
    except DurableError:
        return False
    return True
