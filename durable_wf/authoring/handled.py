"""The handlers of a task. Source: workflow-api §3.6; `on_rerun` is ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from durable_wf.model.commands import Consult
    from durable_wf.model.events import Spec

    Handler = Callable[[Any], Any]


class Handled:
    """What is asked about a task, and when."""

    __slots__ = ("__dict__",)

    spec: Spec
    consult: Consult | None
    _on_success: Handler | None = None
    _on_failure: Handler | None = None
    _on_rerun: Handler | None = None

    @property
    def on_success(self) -> Handler | None:
        """Asked when it has ended well: `on_success(task)` gives a `HandlerResult`."""
        return self._on_success

    @on_success.setter
    def on_success(self, handler: Handler | None) -> None:
        self._check_handler("on_success", handler, asked=self.spec.on_success)
        self._on_success = handler
        self.spec.on_success = handler is not None

    @property
    def on_failure(self) -> Handler | None:
        """Asked when it has failed, unless its operation has asked to be run again."""
        return self._on_failure

    @on_failure.setter
    def on_failure(self, handler: Handler | None) -> None:
        self._check_handler("on_failure", handler, asked=self.spec.on_failure)
        self._on_failure = handler
        self.spec.on_failure = handler is not None

    @property
    def on_rerun(self) -> Handler | None:
        """Asked before it runs again after a resume: when it failed, was cancelled, or nobody knows whether it ended.

        What it adds to the graph runs first, and the task waits for that. What it gives is left aside. `task.detail()`
        tells it whether the outcome is `unknown`, and whether the operation `may_repeat` by its own declaration.
        """
        return self._on_rerun

    @on_rerun.setter
    def on_rerun(self, handler: Handler | None) -> None:
        self._check_handler("on_rerun", handler, asked=self.spec.on_rerun)
        self._on_rerun = handler
        self.spec.on_rerun = handler is not None

    def _check_handler(self, which: str, handler: Handler | None, *, asked: bool) -> None:
        if handler is not None and not callable(handler):
            text = f"{which} of {self!r} is {handler!r}; it is a function that takes the task"
            raise TypeError(text)
        if asked is not (handler is not None) and self.consult is None:  # a handler may change those of its own task
            self.refuse_if_stored(which)

    def refuse_if_stored(self, what: str) -> None:
        """Say no to a change that the engine would not see."""
        raise NotImplementedError(what)
