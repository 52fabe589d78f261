"""Tasks and their handlers as plain data, and back; copies of tasks.

Source: workflow-api §3.7, §3.9, §8 (wire form of errors).

Nothing here is needed to resume: that is by replay. It is for plugins and tests that write tasks down themselves.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from durable_wf.authoring import exceptions
from durable_wf.authoring.code_space import public_name
from durable_wf.authoring.exceptions import NonRecoverableError
from durable_wf.authoring.functions import find
from durable_wf.model.events import Spec

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from durable_wf.authoring.tasks import WorkflowTask

_OF_ONE_TASK = frozenset(
    {"_id", "_result", "_state", "_error", "_replaced", "consult", "attempt", "containing_subgraph"}
)
_KNOWN = ("HttpException", "NonRecoverableError", "OperationRetry", "RecoverableError", "StopAgent", "WorkflowFailed")


def dump(task: WorkflowTask) -> dict[str, Any]:
    """See `WorkflowTask.dump`; a graph adds `dependencies`."""
    return {
        "id": task.id,
        "name": task.name,
        "state": task.get_state(),
        "type": task.task_type,
        "parameters": {
            "on_success": dump_handler(task.on_success),
            "on_failure": dump_handler(task.on_failure),
            "retried_task": task.retried_task,
            "current_retries": task.current_retries,
            "send_task_events": task.send_task_events,
            "retry_interval": task.retry_interval,
            "total_retries": task.total_retries,
            "info": task.info,
            "error": task.error,
            "containing_subgraph": task.containing_subgraph.id if task.containing_subgraph is not None else None,
            "task_kwargs": task.task_kwargs(),
        },
    }


def own_kwargs(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """What the task's class is made with, beside what every task has."""
    return dict(parameters.get("task_kwargs") or {})


def settle(task: WorkflowTask, graph: Any, record: Mapping[str, Any]) -> None:
    """Give a task that was just made what its record says of it."""
    parameters = record["parameters"]
    for key in ("on_success", "on_failure"):
        setattr(task, key, load_handler(parameters.get(key)))
    for key in ("retried_task", "current_retries", "error", "send_task_events", "retry_interval", "total_retries"):
        if parameters.get(key) is not None:
            setattr(task, key, parameters[key])
    if record.get("state") is not None:
        task.set_state(record["state"])
    if parameters.get("containing_subgraph") is not None and graph is not None:
        subgraph = graph.get_task(parameters["containing_subgraph"])
        if subgraph is not None:
            subgraph.add_task(task)


def duplicate(task: WorkflowTask, execute_after: float | None) -> WorkflowTask:
    """See `WorkflowTask.duplicate_for_retry`."""
    if task.is_subgraph:
        text = f"{task!r} cannot be duplicated; build a new subgraph"
        raise NotImplementedError(text)
    spec = task.spec
    made = type(task).of(task.home, Spec(spec.kind, spec.name, spec.target, spec.request, callable=spec.callable))
    made.spec.on_success, made.spec.on_failure = spec.on_success, spec.on_failure
    made.__dict__.update({key: value for key, value in task.__dict__.items() if key not in _OF_ONE_TASK})
    made.current_retries = task.current_retries + 1
    made.retried_task = task.id
    made.execute_after = execute_after
    return made


# ------------------------------------------------------------------------------------------------------------ handlers


def dump_handler(handler: Callable[..., Any] | None) -> dict[str, Any] | None:
    """A handler's path; of an object the path of its class, and what its `dump()` gives.

    raises  NonRecoverableError for a lambda, a nested function, a method: it could not be found again
    """
    if handler is None:
        return None
    is_object = not (inspect.isroutine(handler) or isinstance(handler, type))
    named: Any = type(handler) if is_object else handler
    name = getattr(named, "__qualname__", "<unnamed>")
    if "<" in name or inspect.ismethod(handler):
        text = f"Cannot serialize handler {handler!r}: it could not be found again by the name {name}"
        raise NonRecoverableError(text)
    data = dict(handler.dump()) if is_object and hasattr(handler, "dump") else {}
    return {"path": f"{public_name(named.__module__)}{':' if '.' in name else '.'}{name}", **data}


def load_handler(record: Mapping[str, Any] | None) -> Callable[..., Any] | None:
    """The inverse."""
    if not record:
        return None
    data = dict(record)
    found: Any = find(data.pop("path"))
    return found(**data) if isinstance(found, type) else found  # type: ignore[no-any-return]


# -------------------------------------------------------------------------------------------------------------- errors


def wire_error(error: Mapping[str, Any]) -> dict[str, Any]:
    """An exception of the journal in the shape in which the reference sends it."""
    name = error["type"].rpartition(":")[2]
    known = name if name in _KNOWN and hasattr(exceptions, name) else "RecoverableError"
    return {
        "exception_type": name,
        "message": error["message"],
        "known_exception_type": known,
        "known_exception_type_args": error.get("arguments") or [],
        "known_exception_type_kwargs": {"causes": error.get("causes") or []},
        "append_message": False,
        "traceback": error.get("traceback") or "",
    }
