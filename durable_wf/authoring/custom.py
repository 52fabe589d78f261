"""Task classes of plugins: their `apply_async` is run by a worker, as a local task's callable is.

It says how it went by `set_state` or by `async_result.result`, in the call or later from a thread of its own; the
worker waits for that. Source: workflow-api §3.3, §3.4.
"""

from __future__ import annotations

import threading
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

from durable_wf.authoring.current import current_workflow_ctx
from durable_wf.authoring.exceptions import OperationRetry
from durable_wf.authoring.task_states import (
    TASK_FAILED,
    TASK_PENDING,
    TASK_RESCHEDULED,
    TASK_SUCCEEDED,
    TERMINATED_STATES,
)
from durable_wf.codec import encode, storable
from durable_wf.model.events import Spec
from durable_wf.model.rows import Kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from durable_wf.authoring.home import Home
    from durable_wf.authoring.tasks import WorkflowTask

F = TypeVar("F", bound="Callable[..., Any]")
UNSET: Any = object()


class Attempt:
    """One run of an `apply_async`. Any thread may say how it went; the first end counts.

    As the reference's own classes do, it may say the result both by `set_state` and by `async_result`.
    """

    def __init__(self) -> None:
        self.state = TASK_PENDING
        self._result = UNSET
        self._is_set = False
        self._error: BaseException | None = None
        self._ended = threading.Event()

    def set_state(self, state: str, result: Any, exception: BaseException | None) -> None:
        """As the task's `set_state`."""
        if self.state in TERMINATED_STATES:
            return
        self.state = state
        if result is not UNSET and not self._is_set:
            self._result = result
        if exception is not None:
            self._error = exception
        if state in TERMINATED_STATES:
            self._ended.set()

    def set_result(self, result: Any) -> None:
        """As the task's `async_result.result = …`.

        raises  RuntimeError the second time
        """
        if self._is_set:
            text = "Result already set"
            raise RuntimeError(text)
        self._is_set = True
        if self._result is UNSET:
            self._result = result
        self._ended.set()

    def value(self, default: Any) -> Any:
        """The result so far."""
        return default if self._result is UNSET else self._result

    def wait(self) -> Any:
        """The result, once it is there.

        raises  what it failed with
        """
        self._ended.wait()
        result = None if self._result is UNSET else self._result
        error = self._error or (result if isinstance(result, BaseException) else None)
        if self.state == TASK_RESCHEDULED:
            raise error or OperationRetry(str(result or ""))
        if error is not None and self.state != TASK_SUCCEEDED:
            raise error
        if self.state == TASK_FAILED:
            raise RuntimeError("it said that it failed" if result is None else str(result))
        return result


def new_spec(home: Home, kind: type[WorkflowTask]) -> Spec:
    """What a worker is to run for a task of a plugin's class; `prepare` gives it the name and the callable."""
    policy = home.defaults.policy(resumable=bool(getattr(kind, "resumable", False)))
    return Spec(Kind.LOCAL, "", "", encode({"kwargs": {}, "policy": policy.to_json()}))


def is_custom(kind: type[WorkflowTask]) -> bool:
    """Whether the class does its work in an `apply_async` of its own."""
    from durable_wf.authoring.tasks import EngineTask  # which imports this module

    return kind.apply_async is not EngineTask.apply_async


def prepare(task: WorkflowTask) -> None:
    """Before a local task is added to a graph: a plugin's class may say its name by an attribute or a property."""
    spec = task.spec
    if is_custom(type(task)) and not spec.no:
        spec.name = storable(str(task.name))
        spec.callable = runner(task)


def runner(task: WorkflowTask) -> Callable[..., Any]:
    """The callable that a worker runs."""

    def run(**_: Any) -> Any:
        attempt = task.attempt = Attempt()
        try:
            task.apply_async()
            return attempt.wait()
        finally:
            del task.attempt

    return run


def with_execute_after(func: F) -> F:
    """Decorator of an `apply_async`: the workflow's context is current in it.

    The reference's also waits for `execute_after`, and starts nothing once a cancel was requested; here the engine has
    seen to both before a worker gets the task.
    """

    @wraps(func)
    def with_context(task: WorkflowTask, *args: Any, **kwargs: Any) -> Any:
        with current_workflow_ctx.push(task.workflow_context):
            return func(task, *args, **kwargs)

    return with_context  # type: ignore[return-value]
