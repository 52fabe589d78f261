"""Events and logs as lines of text. Source: workflow-api §12.3."""

from __future__ import annotations

import sys
from typing import Any, TextIO

HIDE, LOW, MEDIUM, HIGH = range(4)  # verbosity; debug logs are shown from MEDIUM on
_HIDDEN = "debug"
_MODULE = "cloudify.logs"


class Event:
    """An event or a log as a line; `cloudify.logs.EVENT_CLASS` may be replaced by another class with these names.

    event            the mapping of workflow-api §12.2
    verbosity_level  HIDE to HIGH; None: what the process has chosen
    """

    def __init__(self, event: dict[str, Any], verbosity_level: int | None = None) -> None:
        self._event = event
        self._verbosity_level = verbosity_level or HIDE

    def __str__(self) -> str:
        parts = [self.printable_timestamp, self.event_type_indicator, str(self.deployment_id)]
        bracket = self.bracket
        return " ".join([*parts, *([f"[{bracket}]"] if bracket else []), self.text])

    @property
    def has_output(self) -> bool:
        """Whether anybody wants to see it: debug logs only from medium verbosity on."""
        return self._verbosity_level >= MEDIUM or self._event.get("level") != _HIDDEN

    @property
    def is_log_message(self) -> bool:
        """Whether it is a log."""
        return str(self._event.get("type", "")).endswith("_log")

    @property
    def event_type_indicator(self) -> str:
        """`LOG`, or `CFY` for an event."""
        return "LOG" if self.is_log_message else "CFY"

    @property
    def printable_timestamp(self) -> str:
        """The time without its T and Z."""
        return str(self.timestamp).replace("T", " ").replace("Z", "")

    @property
    def bracket(self) -> str | None:
        """`node.operation` or `source->target|operation`, of which only the operation's last name is shown."""
        context = self._context
        operation = str(context.get("operation") or "").rpartition(".")[2]
        if context.get("source_id"):
            pair = f"{context['source_id']}->{context.get('target_id')}"
            return f"{pair}|{operation}" if operation else pair
        node = context.get("node_id")
        return ".".join(part for part in (node, operation) if part) or None

    @property
    def text(self) -> str:
        """What is said, after the level if it is a log."""
        text = str(self._event.get("message", {}).get("text", ""))
        return f"{str(self._event.get('level', '')).upper()}: {text}" if self.is_log_message else text

    @property
    def event_type(self) -> Any:
        """None for a log."""
        return self._event.get("event_type")

    @property
    def timestamp(self) -> Any:
        """ISO text in UTC."""
        return self._event.get("timestamp") or self._event.get("@timestamp", "")

    @property
    def _context(self) -> dict[str, Any]:
        return self._event.get("context") or {}

    @property
    def deployment_id(self) -> Any:
        """The deployment, or None."""
        return self._context.get("deployment_id")

    @property
    def execution_id(self) -> Any:
        """The execution."""
        return self._context.get("execution_id")

    @property
    def workflow_id(self) -> Any:
        """The workflow's name."""
        return self._context.get("workflow_id")

    @property
    def operation(self) -> Any:
        """The operation's full name, or None."""
        return self._context.get("operation")

    @property
    def node_id(self) -> Any:
        """The node instance, or None."""
        return self._context.get("node_id")

    @property
    def error_causes(self) -> Any:
        """What led to a failure."""
        return self._context.get("task_error_causes")


def create_event_message_prefix(event: dict[str, Any]) -> str | None:
    """The line for an event or log, made as `cloudify.logs` is set; None where its verbosity hides it."""
    chosen = sys.modules.get(_MODULE)
    kind = getattr(chosen, "EVENT_CLASS", Event)
    made = kind(event, verbosity_level=getattr(chosen, "EVENT_VERBOSITY_LEVEL", HIDE))
    return str(made) if made.has_output else None


def stdout_event_out(event: dict[str, Any], **_: Any) -> None:
    """Print an event. The engine calls `cloudify.logs.stdout_event_out` only where somebody has replaced it."""
    _print(event, sys.stdout)


def stdout_log_out(log: dict[str, Any], **_: Any) -> None:
    """Print a log. The engine calls `cloudify.logs.stdout_log_out` only where somebody has replaced it."""
    _print(log, sys.stdout)


def _print(message: dict[str, Any], stream: TextIO | None) -> None:
    line = create_event_message_prefix(message)
    if line and stream is not None:
        stream.write(f"{line}\n")
