"""Types and texts of the events about workflows and tasks. Source: reference/workflow-api.md §12.1."""

from __future__ import annotations

from enum import StrEnum
from typing import Any


class EventType(StrEnum):
    """What an event is about. Authors may send any other type."""

    WORKFLOW_STARTED = "workflow_started"
    WORKFLOW_SUCCEEDED = "workflow_succeeded"
    WORKFLOW_FAILED = "workflow_failed"
    WORKFLOW_CANCELLED = "workflow_cancelled"
    SENDING_TASK = "sending_task"
    TASK_STARTED = "task_started"
    TASK_SUCCEEDED = "task_succeeded"
    TASK_FAILED = "task_failed"
    TASK_RESCHEDULED = "task_rescheduled"


OF_TASK_STATE = {  # §3.2; `pending` and `sent` say nothing
    "sending": EventType.SENDING_TASK,
    "started": EventType.TASK_STARTED,
    "succeeded": EventType.TASK_SUCCEEDED,
    "failed": EventType.TASK_FAILED,
    "rescheduled": EventType.TASK_RESCHEDULED,
}
_VERBS = {
    EventType.TASK_STARTED: "started",
    EventType.TASK_SUCCEEDED: "succeeded",
    EventType.TASK_FAILED: "failed",
    EventType.TASK_RESCHEDULED: "rescheduled",
}
_DRY = " (dry run)"


def workflow_text(
    kind: EventType, workflow: str, *, resumed: bool = False, error: str | None = None, dry_run: bool = False
) -> str:
    """What is said when a workflow starts or ends.

    error  the exception, for a failure
    """
    dry = _DRY if dry_run else ""
    if kind is EventType.WORKFLOW_STARTED:
        return f"{'Resuming' if resumed else 'Starting'} '{workflow}' workflow execution{dry}"
    if kind is EventType.WORKFLOW_FAILED:
        return f"'{workflow}' workflow execution failed: {error}{dry}"
    verb = "succeeded" if kind is EventType.WORKFLOW_SUCCEEDED else "cancelled"
    return f"'{workflow}' workflow execution {verb}{dry}"


def task_text(
    kind: EventType,
    name: str,
    *,
    subgraph: bool = False,
    result: Any = None,
    error: str | None = None,
    dry_run: bool = False,
    retries: int = 0,
    total_retries: int = -1,
) -> str:
    """What is said of a task.

    result         of a success, shown unless it is None
    error          of a failure, or of what asks to be run again
    retries        decided before this attempt; not shown for the first
    total_retries  shown beside them where there is a limit
    """
    word = "subgraph" if subgraph else "task"
    if kind is EventType.SENDING_TASK:
        text = f"Sending {word} '{name}'"
    else:
        text = f"{word.capitalize()} {_VERBS[kind]} '{name}'"
    if kind is EventType.TASK_SUCCEEDED and result is not None:
        text += f" - {result}"
    if kind in (EventType.TASK_FAILED, EventType.TASK_RESCHEDULED) and error is not None:
        text += f" -> {error}"
    if dry_run:
        text += _DRY
    if retries > 0:
        text += f" [retry {retries}/{total_retries}]" if total_retries >= 0 else f" [retry {retries}]"
    return text
