"""What a task has given, for whoever waits for it. Source: workflow-api §3.5.

A result reaches the function once: by `get()`, by reading `.result`, or, for a task of a graph, when `execute()`
returns or its handler is asked. Then the callbacks run, on the function's own thread, so a replay runs them again at
the same place.
"""

from __future__ import annotations

from threading import get_ident
from typing import TYPE_CHECKING, Any

from durable_wf.authoring import recorded
from durable_wf.authoring.cancelling import cancelled
from durable_wf.authoring.exceptions import WorkflowFailed
from durable_wf.codec import decode
from durable_wf.model.events import Asked, Gets

if TYPE_CHECKING:
    from collections.abc import Callable

    from durable_wf.authoring.home import Home
    from durable_wf.authoring.tasks import WorkflowTask
    from durable_wf.model.events import Spec

_UNSET: Any = object()


class WorkflowTaskResult:
    """The outcome of a task: its value, or the exception that it failed with."""

    __slots__ = ("__weakref__", "_callbacks", "_home", "_on_fetched", "_ordinal", "_spec", "_task", "_value")

    def __init__(self, task: WorkflowTask | None, home: Home | None = None, spec: Spec | None = None) -> None:
        self._task = task
        self._home: Home = home or task.home  # type: ignore[union-attr]  # one of both is given
        self._spec: Spec = spec or task.spec  # type: ignore[union-attr]  # as above
        self._ordinal = 0
        self._on_fetched: Callable[[WorkflowTaskResult], None] | None = None
        self._value = _UNSET
        self._callbacks: list[tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]] | None = None

    @classmethod
    def start(cls, home: Home, spec: Spec, on_fetched: Callable[[WorkflowTaskResult], None]) -> WorkflowTaskResult:
        """Standard mode: start a task. The object that stands for it is made when it is asked for.

        on_fetched  told when `get()` has come to an end
        """
        made = cls(None, home, spec)
        made._ordinal = home.next_ordinal()
        made.started(on_fetched)
        return made

    def started(self, on_fetched: Callable[[WorkflowTaskResult], None]) -> None:
        """Its task was started by itself, outside any graph."""
        self._on_fetched = on_fetched
        self._home.bridge.ask(Asked(self._spec))

    @property
    def task(self) -> WorkflowTask:
        """The task."""
        if self._task is None:
            from durable_wf.authoring.task_classes import task_of  # which imports this module

            self._task = task_of(self._home, self._spec, self._ordinal)
            self._task.async_result = self
            self._home.alone.add(self._spec)
        return self._task

    @property
    def was_started(self) -> bool:
        """Whether `get()` can wait for it: it was started outside any graph."""
        return self._on_fetched is not None

    # ------------------------------------------------------------------ reading

    def get(self, retry_on_failure: bool = True) -> Any:
        """Wait until the task is decided, retries included, and give its result.

        retry_on_failure  False: its first failure is final
        raises            what the task raised when it failed for good; ExecutionCancelled when the function is told of
                          a cancel request meanwhile, or the task will not start because of one; RuntimeError for a task
                          of a graph that has not been executed
        """
        if self._value is _UNSET and self._on_fetched is not None and self._now() is _UNSET:
            answer = self._home.bridge.call(Gets(self._spec, retry_on_failure))
            if answer.cancelled:
                self._on_fetched(self)
                raise cancelled()
            self._deliver(outcome(answer.detail_json, answer.failed))
        if self._on_fetched is not None:
            self._on_fetched(self)
        value = self.result
        if isinstance(value, BaseException):
            raise value
        return value

    @property
    def result(self) -> Any:
        """The value, or of a failed task the exception itself; as of what the function was shown last.

        raises  RuntimeError while there is none
        """
        value = self._now()
        if value is _UNSET:
            self.deliver_if_ended()
            value = self._value
        if value is _UNSET:
            text = "Result not set yet"
            raise RuntimeError(text)
        return value

    @result.setter
    def result(self, value: Any) -> None:
        attempt = None if self._task is None else self._task.running
        if attempt is not None:
            attempt.set_result(value)
            return
        if self._is_late():
            return
        if self._value is not _UNSET:
            text = "Result already set"
            raise RuntimeError(text)
        self._deliver(value)

    def _is_late(self) -> bool:
        """Whether a thread of an attempt sets it that has ended: the first end counts, and the engine has that."""
        task = self._task
        return task is not None and task.spec.no != 0 and self._home.function_thread not in (0, get_ident())

    def on_result(self, func: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        """Call `func(result, …)` when the result is there, at once if it is.

        What `func` gives, unless None, replaces the result where it was not there yet.
        """
        if self._value is not _UNSET:
            func(self._value, *args, **kwargs)
            return
        if self._callbacks is None:
            self._callbacks = []
        self._callbacks.append((func, args, kwargs))
        if self._on_fetched is None:
            self._home.listeners[self] = None

    # ------------------------------------------------------------------ delivering

    def deliver_if_ended(self) -> None:
        """Take in the outcome if the function may know it."""
        if self._value is not _UNSET or not self._home.connected:
            return
        if self._task is not None:
            seen = self._task.seen()
        else:
            [seen] = self._home.bridge.look([self._spec], shown=self._home.consulted is None)
        if seen.ended:
            self._deliver(outcome(seen.detail_json, (self._spec.no,) if seen.state == "failed" else ()))

    def consulted(self, value: Any) -> None:
        """The task's handler is about to be asked about this outcome: whoever listens is told first.

        raises  what a callback raises
        """
        callbacks, self._callbacks = self._callbacks, None
        self._home.listeners.pop(self, None)
        for func, args, kwargs in callbacks or ():
            func(value, *args, **kwargs)

    def _now(self) -> Any:
        """What it is at the moment of asking, where that is no final outcome: in a handler, or in an attempt."""
        task = self._task
        if task is None:
            return self._value
        if task.consult is not None:
            consult = task.consult
            return outcome(consult.detail_json, () if consult.succeeded else (self._spec.no,))
        attempt = task.running
        return self._value if attempt is None else attempt.value(_UNSET)

    def _deliver(self, value: Any) -> None:
        self._value = value
        callbacks, self._callbacks = self._callbacks, None
        self._home.listeners.pop(self, None)
        for func, args, kwargs in callbacks or ():
            replaced = func(self._value, *args, **kwargs)
            if replaced is not None:
                self._value = replaced


def outcome(detail_json: str | None, failed: tuple[int, ...]) -> Any:
    """The value in an outcome's detail, or the exception that it stands for.

    failed  numbers of the failed tasks; empty for a success
    """
    detail = decode(detail_json) or {}
    if not failed:
        return detail.get("result")
    if detail.get("error"):
        return recorded.from_record(detail["error"], failed)
    failures = tuple(detail.get("failures") or failed)
    return recorded.mark(WorkflowFailed(f"failed because of task {', '.join(map(str, failures))}"), failures)
