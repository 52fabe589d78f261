"""What `execute()` raises. Source: workflow-api §4.4, with the causes that the reference leaves empty."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from durable_wf.authoring import recorded
from durable_wf.authoring.exceptions import WorkflowFailed
from durable_wf.codec import decode

if TYPE_CHECKING:
    from durable_wf.model.commands import Answer, Cause


def workflow_failed(answer: Answer) -> WorkflowFailed:
    """The error that names each failed task, the innermost one of nested subgraphs, with its cause."""
    lines = [f"{_description(cause)}: {_cause_text(cause)}" for cause in answer.causes]
    text = f"Task failed: {lines[0]}" if len(lines) == 1 else "\n".join([f"{len(lines)} operation errors:", *lines])
    errors = [_error(cause) for cause in answer.causes]
    if errors and errors[0].get("traceback"):
        text += f"\nTraceback of {_description(answer.causes[0])} (most recent call last):\n{errors[0]['traceback']}"
    error = WorkflowFailed(text.rstrip(), causes=[_as_cause(one) for one in errors if one], hide_traceback=True)
    return recorded.mark(error, answer.failed)


def _error(cause: Cause) -> dict[str, Any]:
    found: dict[str, Any] = (decode(cause.detail_json) or {}).get("error") or {}
    return found


def _description(cause: Cause) -> str:
    body = decode(cause.request)
    name = body.get("title") or body.get("function")
    if name is None:
        return f"{cause.name} {cause.target}".strip()
    return f"{name} ({cause.target}:{cause.name})" if cause.target else str(name)


def _cause_text(cause: Cause) -> str:
    error = _error(cause)
    return f"{error['type'].rpartition(':')[2]} `{error['message']}`" if error else "its handler decided so"


def _as_cause(error: dict[str, Any]) -> dict[str, Any]:
    return {"type": error["type"].rpartition(":")[2], "message": error["message"], "traceback": error["traceback"]}
