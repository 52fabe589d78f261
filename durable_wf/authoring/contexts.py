"""The mapping from which an operation's context is made, as the older system writes it, and tasks made from one.

Source: workflow-api §7.1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from durable_wf.authoring.requests import Defaults, operation_spec
from durable_wf.codec import decode

if TYPE_CHECKING:
    from durable_wf.authoring.tasks import WorkflowTask
    from durable_wf.model.events import Spec

_VERSION = "0.3"


def context_of(task: WorkflowTask) -> dict[str, Any]:
    """What the operation of a task is of; plain data, a new mapping each time."""
    body = decode(task.spec.request)
    about, policy, ctx = body["operation"], body["policy"], task.home.ctx
    found: dict[str, Any] = {
        "__cloudify_context": _VERSION,
        "type": "operation",
        "task_id": task.id,
        "task_name": body["function"],
        "execution_id": getattr(ctx, "execution_id", None),
        "workflow_id": getattr(ctx, "workflow_id", None),
        "deployment_id": getattr(getattr(ctx, "deployment", None), "id", None),
        "blueprint_id": getattr(getattr(ctx, "blueprint", None), "id", None),
        "has_intrinsic_functions": body["evaluate"],
        "timeout": about.get("timeout"),
        "timeout_recoverable": about.get("timeout_recoverable"),
    }
    if task.spec.target:
        found |= _subject(task.spec.target, about)
        found["plugin"] = {"name": about.get("plugin")}
        found["operation"] = {
            "name": about.get("name"),
            "retry_number": task.current_retries,
            "max_retries": policy["total_retries"],
            "relationship": about.get("relationship"),
        }
    return found


def _subject(target: str, about: dict[str, Any]) -> dict[str, Any]:
    """The node instance; of a relationship, the end where the operation runs, and the other one."""
    source, arrow, far = target.partition("->")
    if not arrow:
        return {"node_id": target, "node_name": about.get("node")}
    at_target = about.get("relationship") == "target"
    return {
        "node_id": far if at_target else source,
        "node_name": about.get("node"),
        "related": {"node_id": source if at_target else far, "node_name": None, "is_target": not at_target},
    }


def spec_from_context(
    defaults: Defaults, kwargs: dict[str, Any], context: dict[str, Any], total_retries: int, retry_interval: float
) -> Spec:
    """The task that such a mapping is of.

    raises  KeyError where it names no function
    """
    operation = context.get("operation") or {}
    end = operation.get("relationship")
    target = context.get("node_id") or ""
    related = (context.get("related") or {}).get("node_id")
    if target and related:
        target = f"{related}->{target}" if end == "target" else f"{target}->{related}"
    about = None
    if target:
        about = {
            "name": operation.get("name"),
            "node": context.get("node_name"),
            "plugin": (context.get("plugin") or {}).get("name"),
            "relationship": end,
        }
    name = operation.get("name") or context["task_name"]
    return operation_spec(
        defaults,
        name=name if end is None else f"{name} ({end})",
        target=target,
        function=context["task_name"],
        kwargs={key: value for key, value in kwargs.items() if key != "__cloudify_context"},
        about=about,
        retries=total_retries,
        interval=retry_interval,
    )
