"""Calling a function as the older system does: by a context's `task_name`, in this thread, with a ctx of its own.

Source: reference/workflow-api.md §1.4, §1.5, §7.1. Nothing of it is recorded: inside an operation it is part of that
attempt; a task is asked for with `ctx.execute_task`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from copy import deepcopy
from typing import TYPE_CHECKING, Any, ClassVar

from durable_wf.authoring.code_space import public_name
from durable_wf.authoring.current import NotInContext, current_ctx, current_workflow_ctx
from durable_wf.authoring.exceptions import NonRecoverableError
from durable_wf.authoring.functions import with_ctx
from durable_wf.authoring.operation_ctx import OperationContext
from durable_wf.compat.utils import get_func

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


class TaskHandler(ABC):
    """One call: a raw context, and the function's arguments.

    raises  NonRecoverableError where the context's function cannot be had
    """

    NOT_RESUMABLE: ClassVar[str] = ""

    def __init__(
        self,
        cloudify_context: Mapping[str, Any],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
        process_registry: Any = None,
    ) -> None:
        self.cloudify_context = dict(cloudify_context)
        self.args = tuple(args)
        self.kwargs = dict(kwargs or {})

    @property
    def func(self) -> Callable[..., Any]:
        """The function that the context names."""
        return get_func(self.cloudify_context["task_name"])

    @abstractmethod
    def handle(self) -> Any:
        """Call it; what it returns. Raises what it raises."""

    def handle_or_dispatch_to_subprocess_if_remote(self) -> Any:
        """There are no other machines: as `handle`."""
        return self.handle()

    def _check_resumable(self) -> None:
        if self.cloudify_context.get("resume") and not getattr(self.func, "resumable", False):
            text = f"Cannot resume - {self.NOT_RESUMABLE}: {self.cloudify_context['task_name']}"
            raise NonRecoverableError(text)


class OperationHandler(TaskHandler):
    """Calls an operation. Its arguments are a copy, so that one try does not change another's."""

    NOT_RESUMABLE = "operation not resumable"

    def handle(self) -> Any:
        """As `TaskHandler.handle`; raises OperationRetry where the function asked for one and returned."""
        self._check_resumable()
        function, ctx = self.func, OperationContext(self.cloudify_context)
        kwargs = deepcopy(self.kwargs)
        given = kwargs if self.cloudify_context.get("no_ctx_kwarg") else with_ctx(function, kwargs, ctx)
        with current_ctx.push(ctx, {**kwargs, "ctx": ctx}):
            result = function(*self.args, **given)
        if ctx.operation.asked_again is not None:
            raise ctx.operation.asked_again
        return result


class WorkflowHandler(TaskHandler):
    """Calls a workflow function as a part of the workflow that runs in this thread: what it asks for is recorded there.

    By itself it cannot: an execution needs an engine (`durable_wf.Engine.start`).
    """

    NOT_RESUMABLE = "workflow not resumable"

    def handle(self) -> Any:
        """As `TaskHandler.handle`; raises NonRecoverableError outside a workflow."""
        self._check_resumable()
        try:
            ctx = current_workflow_ctx.get_ctx()
        except NotInContext:
            text = f"workflow '{self.cloudify_context['task_name']}' was dispatched outside a running workflow"
            raise NonRecoverableError(f"{text}; start it with durable_wf.Engine.start") from None
        function = self.func
        with current_workflow_ctx.push(ctx, {**self.kwargs, "ctx": ctx}):
            return function(*self.args, **with_ctx(function, self.kwargs, ctx))


_HANDLERS: dict[str, type[TaskHandler]] = {
    "operation": OperationHandler,
    "workflow": WorkflowHandler,
    "hook": OperationHandler,
}


def dispatch(__cloudify_context: Mapping[str, Any], *args: Any, **kwargs: Any) -> Any:  # noqa: PYI063 - its callers pass it by this name
    """Call the function that the context's `task_name` names, as what the context's `type` says.

    raises  NonRecoverableError for an unknown type or a function that cannot be had; whatever the function raises
    """
    of = __cloudify_context.get("type", "operation")
    handler = _HANDLERS.get(of)
    if handler is None:
        text = f"a context of type '{of}' cannot be dispatched; it is one of {', '.join(_HANDLERS)}"
        raise NonRecoverableError(text)
    return handler(__cloudify_context, args, kwargs).handle()


def run(func: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """`dispatch_helper.run` of the older system's test helpers: dispatch a function in the context that is current.

    The function sees a context of its own, with the current operation's name and retries.
    """
    raw: dict[str, Any] = {"type": "operation", "task_name": f"{public_name(func.__module__)}.{func.__name__}"}
    try:
        now = current_ctx.get_ctx().operation
    except NotInContext:
        now = None
    if now is not None:
        raw["operation"] = {name: getattr(now, name) for name in ("name", "retry_number", "max_retries")}
    return dispatch(raw, *args, **kwargs)
