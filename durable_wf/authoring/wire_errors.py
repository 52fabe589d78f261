"""Exceptions in the older system's wire form, and back. Source: workflow-api §8, last paragraphs."""

from __future__ import annotations

from typing import Any

from durable_wf.authoring.causes import exception_to_error_cause, text_of, traceback_of
from durable_wf.authoring.exceptions import (
    HttpException,
    NonRecoverableError,
    OperationRetry,
    RecoverableError,
    StopAgent,
    WorkflowFailed,
)

_KNOWN: dict[str, type[Exception]] = {
    kind.__name__: kind
    for kind in (HttpException, NonRecoverableError, OperationRetry, RecoverableError, StopAgent, WorkflowFailed)
}


def serialize_known_exception(e: BaseException) -> dict[str, Any]:
    """An exception as data; one of another class counts as recoverable, and keeps its class's name.

    returns  exception_type, message, known_exception_type, known_exception_type_args and _kwargs {causes},
             append_message (whether the message is the last argument, not the first), traceback unless it is hidden
    """
    known = next((kind for kind in type(e).__mro__ if _KNOWN.get(kind.__name__) is kind), None)
    message, arguments = text_of(e), []
    if isinstance(e, HttpException):
        message, arguments = e.message, [e.url, e.code]
    elif isinstance(e, RecoverableError):
        arguments = [e.retry_after]
    causes = list(getattr(e, "causes", None) or [])
    if known is None:
        causes.append(exception_to_error_cause(e, e.__traceback__))
    payload: dict[str, Any] = {
        "exception_type": type(e).__name__,
        "message": message,
        "known_exception_type": (known or RecoverableError).__name__,
        "known_exception_type_args": arguments,
        "known_exception_type_kwargs": {"causes": causes},
        "append_message": known is HttpException,
    }
    if not getattr(e, "hide_traceback", False):
        payload["traceback"] = traceback_of(e, e.__traceback__)
    return payload


def deserialize_known_exception(error: dict[str, Any]) -> Exception:
    """The exception that `serialize_known_exception` has made data of; of a class it does not know, RecoverableError.

    raises  KeyError for what is no such data
    """
    kind = _KNOWN.get(error["known_exception_type"], RecoverableError)
    given, message = list(error["known_exception_type_args"]), error["message"]
    arguments = [*given, message] if error["append_message"] else [message, *given]
    return kind(*arguments, **error["known_exception_type_kwargs"])
