"""The kinds of tasks that the engine knows, under the reference's names. Source: workflow-api §3.3."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from durable_wf.authoring import dumps
from durable_wf.authoring.builtin_tasks import (
    NODE_EVENT,
    GetNodeInstanceStateTask,
    SendNodeEventTask,
    SendWorkflowEventTask,
    SetNodeInstanceStateTask,
    UpdateExecutionStatusTask,
)
from durable_wf.authoring.contexts import context_of, spec_from_context
from durable_wf.authoring.home import home_of
from durable_wf.authoring.requests import effect_spec, in_dry_run, local_spec
from durable_wf.authoring.settings import Setting
from durable_wf.authoring.task_states import (
    DEFAULT_RETRY_INTERVAL,
    DEFAULT_SEND_TASK_EVENTS,
    DEFAULT_TOTAL_RETRIES,
)
from durable_wf.authoring.tasks import EngineTask, WorkflowTask
from durable_wf.codec import decode
from durable_wf.model.rows import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from durable_wf.authoring.home import Home
    from durable_wf.authoring.tasks import Handler
    from durable_wf.model.events import Spec


class LocalWorkflowTask(EngineTask):
    """Runs a callable in a worker. The callable is not stored: a replay brings it back.

    node  for information only
    """

    __slots__ = ()

    node: Any = None

    def __init__(
        self,
        local_task: Callable[..., Any],
        workflow_context: Any = None,
        node: Any = None,
        info: Any = None,
        total_retries: int = DEFAULT_TOTAL_RETRIES,
        retry_interval: float = DEFAULT_RETRY_INTERVAL,
        send_task_events: bool = DEFAULT_SEND_TASK_EVENTS,
        kwargs: dict[str, Any] | None = None,
        task_id: str | None = None,
        name: str | None = None,
        on_success: Handler | None = None,
        on_failure: Handler | None = None,
    ) -> None:
        home = home_of(workflow_context)
        spec = local_spec(
            home.defaults,
            local_task,
            name=str(name or getattr(local_task, "__name__", type(local_task).__name__)),
            kwargs=kwargs or {},
            retries=total_retries,
            interval=retry_interval,
        )
        self.settle(home, spec)
        self.fill(task_id, info, on_success, on_failure)
        self.send_task_events = send_task_events
        if node is not None:
            self.node = node

    @property
    def local_task(self) -> Callable[..., Any] | None:
        """What it runs."""
        return self.spec.callable

    def task_kwargs(self) -> dict[str, Any]:
        """Its arguments and name; not what it runs."""
        return {"kwargs": self.kwargs, "name": self.name}

    @classmethod
    def restore(cls, ctx: Any, graph: Any, task_descr: Mapping[str, Any]) -> WorkflowTask:
        """A task that does nothing: the callable was not written down (workflow-api §3.9)."""
        parameters = task_descr["parameters"]
        made = cls(_nothing, ctx, task_id=task_descr["id"], info=parameters.get("info"), **dumps.own_kwargs(parameters))
        dumps.settle(made, graph, task_descr)
        return made


def _nothing(**_: Any) -> None:
    """What a restored local task does."""


class RemoteWorkflowTask(EngineTask):
    """Runs a function by its path, as an operation of the deployment, a node instance or a relationship."""

    __slots__ = ()

    def __init__(
        self,
        kwargs: dict[str, Any],
        cloudify_context: dict[str, Any],
        workflow_context: Any = None,
        task_id: str | None = None,
        task_queue: str | None = None,
        task_target: str | None = None,
        info: Any = None,
        on_success: Handler | None = None,
        on_failure: Handler | None = None,
        total_retries: int = DEFAULT_TOTAL_RETRIES,
        retry_interval: float = DEFAULT_RETRY_INTERVAL,
        timeout: float | None = None,
        timeout_recoverable: bool | None = None,
        send_task_events: bool = DEFAULT_SEND_TASK_EVENTS,
    ) -> None:
        home = home_of(workflow_context)
        self.settle(home, spec_from_context(home.defaults, kwargs, cloudify_context, total_retries, retry_interval))
        self.fill(task_id, info, on_success, on_failure)
        self.task_queue = task_queue
        self.task_target = task_target
        self.send_task_events = send_task_events
        self.timeout = cloudify_context.get("timeout") if timeout is None else timeout
        said = cloudify_context.get("timeout_recoverable")
        self.timeout_recoverable = said if timeout_recoverable is None else timeout_recoverable

    @property
    def name(self) -> str:
        """The function's path, unless it was given another name."""
        body = decode(self.spec.request)
        return str(body.get("title") or body["function"])

    @name.setter
    def name(self, name: str) -> None:
        self._title = str(name)

    _title = Setting["str | None"]("title", lambda _key, value: str(value))

    @property
    def short_description(self) -> str:
        """`function (instance:operation)`."""
        spec = self.spec
        return f"{self.name} ({spec.target}:{spec.name})" if spec.target else self.name

    @property
    def cloudify_context(self) -> dict[str, Any]:
        """What its operation's context is made from (workflow-api §7.1); a copy."""
        return context_of(self)

    def is_remote(self) -> bool:
        """It does."""
        return True

    def task_kwargs(self) -> dict[str, Any]:
        """Its arguments with its context."""
        return {"kwargs": {**self.kwargs, "__cloudify_context": self.cloudify_context}}

    @classmethod
    def restore(cls, ctx: Any, graph: Any, task_descr: Mapping[str, Any]) -> WorkflowTask:
        """The same task, pending."""
        parameters = task_descr["parameters"]
        own = dumps.own_kwargs(parameters)
        kwargs = dict(own.pop("kwargs", {}))
        context = kwargs.pop("__cloudify_context")
        made = cls(kwargs, context, ctx, task_id=task_descr["id"], info=parameters.get("info"), **own)
        dumps.settle(made, graph, task_descr)
        return made


class NOPLocalWorkflowTask(EngineTask):
    """Does nothing."""

    __slots__ = ()

    def __init__(self, workflow_context: Any = None, task_id: str | None = None, info: Any = None, **_: Any) -> None:
        self.settle(home_of(workflow_context), effect_spec(Kind.NOP))
        self.fill(task_id, info, None, None)

    @property
    def name(self) -> str:
        """NOP, unless it was given another name."""
        return str(self.__dict__.get("_name", "NOP"))

    @name.setter
    def name(self, name: str) -> None:
        self.__dict__["_name"] = name

    def is_nop(self) -> bool:
        """Whether nobody is asked about it either."""
        return self.on_success is None and self.on_failure is None

    def get(self, retry_on_failure: bool = True) -> None:
        """Nothing: also in standard mode, where an operation without implementation gives this task itself."""


class DryRunLocalWorkflowTask(LocalWorkflowTask):
    """Stands for a task that is shown and not done."""

    __slots__ = ()

    def __init__(self, local_task: Callable[..., Any], workflow_context: Any = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(local_task, workflow_context, *args, **kwargs)
        shown = self.spec
        self.spec = in_dry_run(shown)
        self.spec.on_success, self.spec.on_failure = shown.on_success, shown.on_failure

    def get(self, retry_on_failure: bool = True) -> None:
        """Nothing."""


_CLASSES: Mapping[int, type[WorkflowTask]] = {
    Kind.OPERATION: RemoteWorkflowTask,
    Kind.LOCAL: LocalWorkflowTask,
    Kind.SET_STATE: SetNodeInstanceStateTask,
    Kind.GET_STATE: GetNodeInstanceStateTask,
    Kind.NOP: NOPLocalWorkflowTask,
    Kind.DRY_RUN: DryRunLocalWorkflowTask,
    Kind.EXECUTION_STATUS: UpdateExecutionStatusTask,
}


_BY_KIND = tuple(_CLASSES.get(kind) for kind in Kind)  # by index: an enum's hash is slow


def task_of(home: Home, spec: Spec, ordinal: int | None = None) -> WorkflowTask:
    """The object that stands for a task of the engine; costs little, for there may be very many."""
    kind = _BY_KIND[spec.kind] or _event_class(spec)
    task = kind.__new__(kind)
    task.home = home
    task.spec = spec
    task.ordinal = home.next_ordinal() if ordinal is None else ordinal
    return task


def _event_class(spec: Spec) -> type[WorkflowTask]:
    if spec.kind is not Kind.EVENT:
        return EngineTask
    return SendNodeEventTask if spec.name == NODE_EVENT and spec.target else SendWorkflowEventTask
