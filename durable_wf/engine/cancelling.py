"""What an engine does about cancel requests: asking for one, and what the end of a cancelled execution raises."""

from __future__ import annotations

import getpass
import os
import secrets
import socket
from typing import TYPE_CHECKING, Any

from durable_wf.authoring.exceptions import ExecutionCancelled
from durable_wf.authoring.recorded import from_record
from durable_wf.errors import UsageError
from durable_wf.model.events import Level
from durable_wf.scheduler.requests import Asking

if TYPE_CHECKING:
    from durable_wf.inspection.records import CancelRequest


def asking(level: str, reason: str | None, by: str | None, key: str | None) -> Asking:
    """The wish, with what was not said filled in.

    raises  UsageError for a level that there is not
    """
    if level not in list(Level):
        raise UsageError(f"level is {level!r}; it is {', '.join(Level)}")
    return Asking(Level(level), by or requester(), reason or None, key or secrets.token_hex(8))


def requester() -> str:
    """`anna@host, process 4711`: who this process is, for people."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a user id without a name
        user = f"user {os.getuid()}"
    return f"{user}@{socket.gethostname()}, process {os.getpid()}"


def as_error(detail: dict[str, Any], request: CancelRequest | None) -> ExecutionCancelled:
    """What the result of a cancelled execution raises: what the function raised, or who asked and why."""
    if "error" in detail:
        found = from_record(detail["error"], tuple(detail.get("ended_by", ())))
        if isinstance(found, ExecutionCancelled):
            return found
    text = "the execution was cancelled"
    if request is not None:
        text += f" ({request.level}) by {request.by}{f': {request.reason}' if request.reason else ''}"
    return ExecutionCancelled(text)
