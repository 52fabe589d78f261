"""Exceptions as the journal has them, and back.

A workflow is always given what is built from the record, live as in a replay, so that both see the same.
"""

from __future__ import annotations

import contextlib
from typing import Any, TypeVar

from durable_wf.authoring.causes import RecordedCause, causes_of, text_of, traceback_of
from durable_wf.authoring.code_space import import_module, public_name
from durable_wf.authoring.exceptions import (
    ExecutionCancelled,
    NonRecoverableError,
    OperationRetry,
    RecordedError,
    RecoverableError,
)
from durable_wf.codec import decode, encode
from durable_wf.errors import DurableError
from durable_wf.retry import usable_s
from durable_wf.sources.vault import VAULT

E = TypeVar("E", bound=Exception)
_MARK = "__durable_wf_failed__"


def to_record(error: BaseException, *, skip_frames: int = 0) -> dict[str, Any]:
    """What the journal stores of an exception.

    skip_frames  frames of ours to leave out at the top of the traceback
    returns      type, message, arguments (None where they are not JSON), attributes, traceback, causes; secrets that
                 were handed out are masked (L10)
    """
    try:
        record = _to_record(error, skip_frames)
    except Exception as second:  # noqa: BLE001 - a class of somebody else's; without a record its thread would hang
        text = f"{type(error).__name__}, which cannot be recorded: {type(second).__name__}: {second}"
        record = _to_record(RuntimeError(text), 0)
    return dict(VAULT.masked(record))


def _to_record(error: BaseException, skip_frames: int) -> dict[str, Any]:
    trace = error.__traceback__
    for _ in range(skip_frames):
        trace = trace.tb_next if trace is not None else None
    kind = type(error)
    attributes = {key: _json_or_none(value) for key, value in vars(error).items() if not key.startswith("_")}
    return {
        "type": f"{public_name(kind.__module__)}:{kind.__qualname__}",
        "message": text_of(error),
        "arguments": _json_or_none(list(error.args)),
        "attributes": {key: one for key, one in attributes.items() if one is not None or vars(error)[key] is None},
        "traceback": traceback_of(error, trace),
        "causes": causes_of(error),
    }


def from_record(record: dict[str, Any], failed: tuple[int, ...]) -> Exception:
    """The exception that the workflow is given: same class and arguments, or a stand-in that says what it was.

    failed  numbers of the tasks whose failure it is
    returns its `__cause__` is a `RecordedCause`, which shows the traceback of where it was raised
    """
    error = _rebuild(record)
    if record.get("traceback") or record.get("causes"):
        error.__cause__ = RecordedCause(record)
    return mark(error, failed)


def mark(error: E, failed: tuple[int, ...]) -> E:
    """Remember in the exception which tasks' failure it shows."""
    setattr(error, _MARK, failed)
    return error


def failed_tasks(error: BaseException) -> tuple[int, ...]:
    """The tasks whose failure ended the workflow: of the nearest exception in the chain that knows any.

    A cancel that reached the function while it handled a failure is no consequence of that failure.
    """
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        found = getattr(current, _MARK, ())
        if found:
            return tuple(found)
        if isinstance(current, ExecutionCancelled):
            return ()
        current = current.__cause__ or current.__context__
    return ()


def recoverable(error: BaseException) -> tuple[bool, float | None]:
    """Whether a retry may follow, and the delay the error asks for (workflow-api §3.8)."""
    if isinstance(error, RecoverableError):
        return True, _seconds(error.retry_after)
    return not isinstance(error, NonRecoverableError), None


def _seconds(asked: Any) -> float | None:
    """What plugins give as `retry_after`, texts included; None leaves it to the policy."""
    try:
        return None if asked is None else usable_s(float(asked))
    except (TypeError, ValueError, OverflowError):
        return None


def asks_again(error: BaseException) -> bool:
    """Whether the operation asked to be run again, rather than failed."""
    return isinstance(error, OperationRetry)


def _rebuild(record: dict[str, Any]) -> Exception:
    arguments = record.get("arguments")
    module, _, name = record["type"].partition(":")
    stand_in = RecordedError(record["type"], record["message"])
    if arguments is None or "<locals>" in name:
        return stand_in
    try:
        kind: Any = import_module(module)
        for part in name.split("."):
            kind = getattr(kind, part)
        if not (isinstance(kind, type) and issubclass(kind, Exception)):
            return stand_in
        error = kind.__new__(kind, *arguments)
        Exception.__init__(error, *arguments)
    except Exception:  # noqa: BLE001 - a class of somebody else's that cannot be had or made
        return stand_in
    for key, value in (record.get("attributes") or {}).items():
        with contextlib.suppress(Exception):  # a class of somebody else's may refuse
            setattr(error, key, value)
    try:
        str(error)
    except Exception:  # noqa: BLE001 - it needs what JSON could not hold
        return stand_in
    return error


def _json_or_none(value: Any) -> Any:
    try:
        return decode(encode(value))
    except DurableError:
        return None
