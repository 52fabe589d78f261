"""Tasks as a workflow's author has them. Source: workflow-api §3.3 to §3.9.

A task is one object however often it is tried: `current_retries` counts, where the reference makes another task for
each try. What it shows of its outcome is as of what the function was shown last, the same in a replay; while its
handler runs, it shows the outcome that the handler is asked about.
"""

from __future__ import annotations

from threading import get_ident
from typing import TYPE_CHECKING, Any, Self

from durable_wf.authoring import custom, dumps, settings
from durable_wf.authoring.handled import Handled
from durable_wf.authoring.home import home_of
from durable_wf.authoring.results import WorkflowTaskResult
from durable_wf.authoring.settings import Setting
from durable_wf.authoring.task_states import (
    DEFAULT_RETRY_INTERVAL,
    DEFAULT_SEND_TASK_EVENTS,
    DEFAULT_TOTAL_RETRIES,
    STATES,
    TASK_FAILED,
    TASK_PENDING,
    TASK_SUCCEEDED,
    TERMINATED_STATES,
    shown_state,
)
from durable_wf.codec import decode, storable
from durable_wf.errors import UsageError
from durable_wf.graph.looks import Seen
from durable_wf.model.events import Spec

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from durable_wf.authoring.custom import Attempt
    from durable_wf.authoring.handlers import HandlerResult
    from durable_wf.authoring.home import Home
    from durable_wf.authoring.subgraphs import SubgraphTask
    from durable_wf.model.commands import Consult

    Handler = Callable[[Any], HandlerResult]


class WorkflowTask(Handled):
    """A task. A plugin may derive its own classes, with a `name` and an `apply_async` that a worker runs.

    spec                 how the engine knows it
    home                 what it shares with the other tasks of this run of the function
    info                 anything
    containing_subgraph  the subgraph that it was put into, or None
    retried_task         id of the task that this one replaces, or None
    dependency_error     whether an execute() has ended without it, because of a failure
    consult              what its handler is being asked about; None at any other time
    attempt              of a plugin's own class: what runs in a worker now
    """

    __slots__ = ("__weakref__", "home", "ordinal", "spec")

    is_subgraph = False
    info: Any = None
    containing_subgraph: SubgraphTask | None = None
    retried_task: str | None = None
    dependency_error: bool = False
    consult: Consult | None = None
    attempt: Attempt | None = None
    _replaced: Seen | None = None

    total_retries = Setting[int]("total_retries", settings.retries, section="policy")
    retry_interval = Setting[float]("retry_interval", settings.seconds, section="policy")
    send_task_events = Setting[bool]("send_task_events", settings.flag, default=True)
    execute_after = Setting["float | None"]("execute_after", settings.instant)
    timeout = Setting["float | None"]("timeout", settings.length, section="operation")
    timeout_recoverable = Setting["bool | None"]("timeout_recoverable", settings.flag, section="operation")

    def __init__(
        self,
        workflow_context: Any = None,
        task_id: str | None = None,
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
        self.settle(home, custom.new_spec(home, type(self)))
        self.fill(task_id, info, on_success, on_failure)
        self.total_retries = total_retries
        self.retry_interval = retry_interval
        self.timeout = timeout
        self.timeout_recoverable = timeout_recoverable
        self.send_task_events = send_task_events

    def settle(self, home: Home, spec: Spec) -> None:
        """Become the task that `spec` says; in a dry run, one that only shows it."""
        self.home = home
        self.spec = home.as_run(spec)
        self.ordinal = home.next_ordinal()

    def fill(self, task_id: str | None, info: Any, on_success: Handler | None, on_failure: Handler | None) -> None:
        """Set what is given."""
        if task_id is not None:
            self.id = task_id
        if info is not None:
            self.info = info
        if on_success is not None:
            self.on_success = on_success
        if on_failure is not None:
            self.on_failure = on_failure

    @classmethod
    def of(cls, home: Home, spec: Spec, ordinal: int | None = None) -> Self:
        """The object for a task of the engine; costs little, for there may be very many."""
        made = cls.__new__(cls)
        made.home = home
        made.spec = spec
        made.ordinal = home.next_ordinal() if ordinal is None else ordinal
        return made

    # ------------------------------------------------------------------ who it is

    @property
    def id(self) -> str:
        """A text like a UUID; the same in a replay."""
        found: str | None = self.__dict__.get("_id")
        if found is None:
            found = self.__dict__["_id"] = self.home.id_of(self.ordinal)
        return found

    @id.setter  # noqa: A003 - this is the property, not the builtin
    def id(self, task_id: str) -> None:
        self.__dict__["_id"] = str(task_id)

    @property
    def name(self) -> str:
        """What people call it."""
        return self.spec.name or type(self).__name__

    @name.setter
    def name(self, name: str) -> None:
        self.refuse_if_stored("name")
        self.spec.name = storable(str(name))

    @property
    def short_description(self) -> str:
        """As in the text of a failure."""
        return self.name

    @property
    def kwargs(self) -> dict[str, Any]:
        """Its arguments; a copy."""
        return dict(decode(self.spec.request)["kwargs"])

    @property
    def cloudify_context(self) -> dict[str, Any]:
        """What its operation's context is made from; empty for a task that runs no operation."""
        return {}

    @property
    def task_type(self) -> str:
        """The name of its class; a plugin's own class says its path."""
        return type(self).__name__

    @property
    def workflow_context(self) -> Any:
        """The context of the workflow that it is a task of."""
        return self.home.ctx

    def is_remote(self) -> bool:
        """Whether it runs a function by its path."""
        return False

    def is_local(self) -> bool:
        """The opposite."""
        return not self.is_remote()

    def is_nop(self) -> bool:
        """Whether it does nothing."""
        return False

    def refuse_if_stored(self, what: str) -> None:
        """Say no to a change that the engine would not see.

        raises  UsageError
        """
        if self.stored:
            text = f"{self!r} was executed already; its {what} cannot be set any more"
            raise UsageError(text, hint="set it before the graph is executed")

    def handle_task_terminated(self) -> HandlerResult:
        """What is to be done about its outcome: its handler is asked, else the policy (workflow-api §3.6).

        raises  RuntimeError while it has none
        """
        from durable_wf.authoring.handlers import evaluate  # which imports this module

        return evaluate(self)

    # ------------------------------------------------------------------ how it stands

    @property
    def stored(self) -> bool:
        """Whether it is in the journal, so that it cannot change any more."""
        result: WorkflowTaskResult | None = self.__dict__.get("_result")
        return self.spec.no != 0 or (result is not None and result.was_started)

    @property
    def running(self) -> Attempt | None:
        """The attempt, for the threads that it is of: the workflow's own thread sees only what is delivered to it."""
        return self.attempt if get_ident() != self.home.function_thread else None

    def seen(self) -> Seen:
        """How it stands, as of what the function was shown last; asking shows it a failure."""
        if self._replaced is not None:
            return self._replaced
        if not self.stored or not self.home.connected:
            return _NOT_STORED
        [found] = self.home.bridge.look([self.spec], shown=self.home.consulted is None)
        return found

    def was_replaced(self, consult: Consult) -> None:
        """Its handler has given another task for it: to the function this outcome was its end."""
        state = TASK_SUCCEEDED if consult.succeeded else TASK_FAILED
        self._replaced = Seen(state, consult.detail_json, ended=True, retries=consult.retries)

    def detail(self) -> dict[str, Any]:
        """Its outcome as the journal has it; empty while it has none."""
        text = self.seen().detail_json if self.consult is None else self.consult.detail_json
        return decode(text) or {}

    def get_state(self) -> str:
        """One of the states of workflow-api §3.2; what runs is shown as pending."""
        if self.consult is not None:
            return shown_state(TASK_SUCCEEDED if self.consult.succeeded else TASK_FAILED, self.consult.detail_json)
        if (attempt := self.running) is not None:
            return attempt.state
        if not self.stored:
            return str(self.__dict__.get("_state", TASK_PENDING))
        seen = self.seen()
        return shown_state(seen.state, seen.detail_json)

    def set_state(self, state: str, result: Any = custom.UNSET, exception: BaseException | None = None) -> None:
        """Say how it stands: for the `apply_async` of a plugin's own class. Once it has ended, nothing changes.

        raises  RuntimeError for an unknown state
        """
        if state not in STATES:
            text = f"Illegal state set on task: {state} [task={self!r}]"
            raise RuntimeError(text)
        if (attempt := self.running) is not None:
            attempt.set_state(state, result, exception)
        elif not self.stored and self.get_state() not in TERMINATED_STATES:
            self.__dict__["_state"] = state

    @property
    def is_terminated(self) -> bool:
        """Whether it has ended."""
        return self.get_state() in TERMINATED_STATES

    @property
    def current_retries(self) -> int:
        """How many retries it has had; once it has ended, or while its handler runs."""
        if self.consult is not None:
            return self.consult.retries
        seen = self.seen()
        return seen.retries if seen.ended else int(self.__dict__.get("_current_retries", 0))

    @current_retries.setter  # for who makes a replacement; the engine counts by itself
    def current_retries(self, number: int) -> None:
        self.__dict__["_current_retries"] = number

    @property
    def async_result(self) -> WorkflowTaskResult:
        """What it has given."""
        found: WorkflowTaskResult | None = self.__dict__.get("_result")
        if found is None:
            found = self.__dict__["_result"] = WorkflowTaskResult(self)
        return found

    @async_result.setter
    def async_result(self, result: WorkflowTaskResult) -> None:
        self.__dict__["_result"] = result

    @property
    def error(self) -> dict[str, Any] | None:
        """The exception that it failed with, as the reference sends it (workflow-api §8); None where there is none."""
        found: dict[str, Any] | None = self.detail().get("error")
        return dumps.wire_error(found) if found else self.__dict__.get("_error")

    @error.setter
    def error(self, error: dict[str, Any] | None) -> None:
        self.__dict__["_error"] = error

    # ------------------------------------------------------------------ running, copying, writing down

    def apply_async(self) -> Any:
        """Do it. A plugin's own class does its work here, and says how it went by `set_state` or `async_result`."""
        raise NotImplementedError("Implemented by subclasses")

    def duplicate_for_retry(self, execute_after: float | None) -> WorkflowTask:
        """Another task that does the same: with one retry more, at a time.

        raises  NotImplementedError for a subgraph
        """
        return dumps.duplicate(self, execute_after)

    def dump(self) -> dict[str, Any]:
        """The task as plain data (workflow-api §3.9).

        raises  NonRecoverableError for a handler that could not be found again
        """
        return dumps.dump(self)

    def task_kwargs(self) -> dict[str, Any]:
        """The arguments of its class with which `restore` makes it again."""
        return {}

    @classmethod
    def restore(cls, ctx: Any, graph: Any, task_descr: Mapping[str, Any]) -> WorkflowTask:
        """The task that a `dump()` describes.

        graph  where its subgraph is looked for
        """
        parameters = task_descr["parameters"]
        made = cls(
            workflow_context=ctx,
            task_id=task_descr["id"],
            info=parameters.get("info"),
            **dumps.own_kwargs(parameters),
        )
        dumps.settle(made, graph, task_descr)
        return made

    def __eq__(self, other: object) -> bool:
        if isinstance(other, WorkflowTask):
            return self is other or self.id == other.id
        return isinstance(other, str) and self.id == other

    def __hash__(self) -> int:
        return hash(self.id)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.spec.kind.name.lower()} {self.spec.name} {self.spec.target}>"


_NOT_STORED = Seen(TASK_PENDING, None, ended=False, retries=0)


class EngineTask(WorkflowTask):
    """A task of a kind that the engine knows: nothing of it runs here."""

    __slots__ = ()

    def apply_async(self) -> WorkflowTaskResult:
        """Start it by itself, outside any graph. Twice is harmless.

        raises  UsageError in a handler
        """
        if not self.stored:
            self.home.refuse_in_handler("start a task")
            self.home.alone.add(self.spec)
            self.async_result.started(lambda _result: None)
        return self.async_result
