"""Events that a workflow function writes itself, beside those that follow from its tasks. Source: workflow-api §2.9.

They are no tasks: like log lines they are written with the next commit, and not again in a replay. So a handler may
send them too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from durable_wf.authoring.speech import safely
from durable_wf.codec import decode
from durable_wf.model.rows import Kind
from durable_wf.model.texts import OF_TASK_STATE, EventType, task_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from durable_wf.authoring.speech import Speech


class Sending:
    """The part of `ctx.internal` that sends events.

    speech  where they go
    """

    speech: Speech

    def send_workflow_event(
        self,
        event_type: str,
        message: str | None = None,
        args: Any = None,
        additional_context: Mapping[str, Any] | None = None,
    ) -> None:
        """Write an event about the execution.

        args                what the message was made with; shown as its arguments
        additional_context  more of what it is about
        """
        context = dict(additional_context or {})
        if args:
            context["arguments"] = args
        self.speech.event(event_type, message or "", safely(context))

    def send_task_event(self, state: str, task: Any, event: Any = None) -> None:
        """Write an event about a task, as of what happens to it the engine makes by itself.

        state   `sending`, `started`, `succeeded`, `failed` or `rescheduled`; any other says nothing
        event   the outcome: a mapping with `result` or `exception`, or the exception itself
        """
        made = task_message(state, task, event)
        if made is not None:
            self.speech.event(*made)


def send_task_event(state: str, task: Any, send_event_func: Callable[..., Any], event: Any = None) -> None:
    """Hand an event about a task to `send_event_func` (`cloudify.workflows.events`); as `Sending.send_task_event`."""
    made = task_message(state, task, event)
    if made is not None:
        kind, text, context = made
        send_event_func(task=task, event_type=str(kind), message=text, additional_context=context)


def task_message(state: str, task: Any, event: Any) -> tuple[EventType, str, dict[str, Any]] | None:
    """Type, text and context of an event about a task; None for a state that says nothing, or a task without events."""
    kind = OF_TASK_STATE.get(state)
    if kind is None or (kind is not EventType.TASK_FAILED and not getattr(task, "send_task_events", True)):
        return None
    outcome = event if isinstance(event, dict) else {"exception": event}
    error = outcome.get("exception")
    retries, total = int(getattr(task, "current_retries", 0)), _total_retries(task)
    text = task_text(
        kind,
        str(task.name),
        subgraph=bool(getattr(task, "is_subgraph", False)),
        result=outcome.get("result"),
        error=None if error is None else str(error),
        retries=retries,
        total_retries=total,
    )
    context = {"task_name": str(task.name), "task_current_retries": retries, "task_total_retries": total}
    return kind, text, safely({**context, **_instance_of(task)})


def _total_retries(task: Any) -> int:
    given = getattr(task, "total_retries", None)
    if given is None:
        spec = getattr(task, "spec", None)
        given = decode(spec.request)["policy"]["total_retries"] if spec is not None else -1
    return int(given)


def _instance_of(task: Any) -> dict[str, str]:
    """The node instance that it is about."""
    spec = getattr(task, "spec", None)
    if spec is None or spec.kind == Kind.SUBGRAPH or not spec.target or "->" in spec.target:
        return {}
    return {"node_id": spec.target}
