"""Task classes and handlers as a plugin has them: importable, so that they can be written down and found again."""

from __future__ import annotations

import threading

from cloudify.exceptions import NonRecoverableError, OperationRetry
from cloudify.state import workflow_ctx
from cloudify.workflows.tasks import (
    TASK_FAILED,
    TASK_RESCHEDULED,
    TASK_STARTED,
    TASK_SUCCEEDED,
    HandlerResult,
    WorkflowTask,
    with_execute_after,
)

from tests.replay.work import WORLD


def cont(_task):
    """A handler that is a plain function."""
    return HandlerResult.cont()


class Ignoring:
    """A handler that is an object."""

    def __init__(self, reason="none"):
        self.reason = reason

    def __call__(self, task):
        return HandlerResult.ignore()

    def dump(self):
        """What it is made again with."""
        return {"reason": self.reason}

    @staticmethod
    def always(_task):
        """A handler that is a function of a class."""
        return HandlerResult.ignore()

    def bound(self, _task):
        """A handler that cannot be found again."""
        return HandlerResult.ignore()


class Custom(WorkflowTask):
    """A plugin's own task: says in one of several ways how it went."""

    name = "custom work"
    task_type = "tests.authoring.tasks_plugin.Custom"

    def __init__(self, how="state", **kwargs):
        super().__init__(**kwargs)
        self.how = how

    @with_execute_after
    def apply_async(self):
        """Do it."""
        WORLD.ran.append((f"custom {self.how}", workflow_ctx.workflow_id))
        self.set_state(TASK_STARTED)
        assert self.get_state() == "started"
        getattr(self, f"_{self.how}")()
        self.set_state(TASK_FAILED)  # it has ended: this changes nothing
        return self.async_result

    def _state(self):
        self.set_state(TASK_SUCCEEDED, result={"by": "state"})

    def _result(self):
        self.async_result.result = {"by": "result"}
        assert self.async_result.result == {"by": "result"}
        self.set_state(TASK_SUCCEEDED)

    def _both(self):
        self.set_state(TASK_SUCCEEDED, result={"by": "both"})
        self.async_result.result = {"by": "both"}

    def _twice(self):
        self.async_result.result = 1
        self.async_result.result = 2

    def _thread(self):
        threading.Thread(target=self.set_state, args=(TASK_SUCCEEDED, {"by": "thread"})).start()
        while self.get_state() == "started":
            threading.Event().wait(0)

    def _thread_both(self):
        threading.Thread(target=self._late_result).start()
        while self.get_state() == "started":
            threading.Event().wait(0)

    def _late_result(self):
        self.set_state(TASK_SUCCEEDED, {"by": "thread_both"})
        self.async_result.result = {"by": "too late"}

    def _gated(self):
        WORLD.note("gated", "")
        assert self.get_state() == "started"
        self.set_state(TASK_SUCCEEDED)

    def _raises(self):
        raise NonRecoverableError("raised")

    def _fails(self):
        self.set_state(TASK_FAILED, exception=NonRecoverableError("failed"))

    def _fails_by_result(self):
        self.async_result.result = NonRecoverableError("result")
        self.set_state(TASK_FAILED)

    def _again(self):
        if self.tries():
            self.set_state(TASK_SUCCEEDED, result="at the second try")
        self.set_state(TASK_RESCHEDULED, exception=OperationRetry("again", retry_after=0))

    def tries(self):
        """Whether it ran before."""
        return [name for name, _ in WORLD.ran].count("custom again") > 1

    def dump(self):
        """Its own argument besides."""
        record = super().dump()
        record["parameters"]["task_kwargs"] = {"how": self.how}
        return record


class Idle(WorkflowTask):
    """A plugin's own task without any work."""


class NoTask:
    """Not a task."""
