"""Handlers of tasks: what they may answer, and the decision that is made of it. Source: workflow-api §3.6.

A handler runs on the workflow's thread, inside the `execute()` of its graph, and may not wait. A crash before its
decision is stored runs it again, never the operation. Unlike in the reference, one that raises or gives no
`HandlerResult` fails its task, with that as the error. One that sets a subgraph around its task to `failed`, as
lifecycle code does with that of a reinstallation, fails its task, too: so the subgraph fails, and its handler is asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from durable_wf.authoring import recorded
from durable_wf.errors import EngineSignal
from durable_wf.model.events import Action, Decides
from durable_wf.retry import INFINITE, usable_s

if TYPE_CHECKING:
    from durable_wf.authoring.graphs import TaskDependencyGraph
    from durable_wf.authoring.tasks import WorkflowTask
    from durable_wf.model.commands import Consult
    from durable_wf.model.events import Spec


class HandlerResult:
    """What a handler says.

    action                 one of the four names
    ignore_total_retries   with retry: also where the task has no retries left
    retry_after            with retry: seconds until the next try; None for the task's own interval
    retried_task           with retry: another task that takes this one's place; needed for a subgraph
    """

    HANDLER_RETRY = "handler_retry"
    HANDLER_FAIL = "handler_fail"
    HANDLER_IGNORE = "handler_ignore"
    HANDLER_CONTINUE = "handler_continue"

    def __init__(self, action: str, ignore_total_retries: bool = False, retry_after: float | None = None) -> None:
        self.action = action
        self.ignore_total_retries = ignore_total_retries
        self.retry_after = retry_after
        self.retried_task: WorkflowTask | None = None

    @classmethod
    def retry(cls, ignore_total_retries: bool = False, retry_after: float | None = None) -> HandlerResult:
        """Try it again."""
        return cls(cls.HANDLER_RETRY, ignore_total_retries=ignore_total_retries, retry_after=retry_after)

    @classmethod
    def fail(cls) -> HandlerResult:
        """It has failed for good."""
        return cls(cls.HANDLER_FAIL)

    @classmethod
    def cont(cls) -> HandlerResult:
        """Go on."""
        return cls(cls.HANDLER_CONTINUE)

    @classmethod
    def ignore(cls) -> HandlerResult:
        """It failed; what depends on it runs all the same."""
        return cls(cls.HANDLER_IGNORE)

    def __repr__(self) -> str:
        return f"<HandlerResult {self.action}>"


_ACTIONS = {
    HandlerResult.HANDLER_RETRY: Action.RETRY,
    HandlerResult.HANDLER_FAIL: Action.FAIL,
    HandlerResult.HANDLER_IGNORE: Action.IGNORE,
    HandlerResult.HANDLER_CONTINUE: Action.CONTINUE,
}


def retry_failure_handler(task: WorkflowTask) -> HandlerResult:
    """Try again whatever it failed with; the reference's handler of that name."""
    del task
    return HandlerResult.retry()


def decide(graph: TaskDependencyGraph, task: WorkflowTask, consult: Consult) -> Decides:
    """Ask the handler, and say what it decided and did to the graph.

    raises  nothing that the handler raised: that is the decision
    """
    task.home.fails_around = False
    if consult.rerun:
        return _before_rerun(graph, task, consult)
    try:
        if "_result" in task.__dict__:
            task.async_result.consulted(task.async_result.result)
        said = _ask(task, "on_success" if consult.succeeded else "on_failure")
        action, replacement = _settle(graph, task, consult, said)
        found = graph.take_additions(consult.spec, replacement)
    except EngineSignal:
        raise
    except BaseException as error:  # noqa: BLE001 - whatever a handler raises is its decision, SystemExit too
        graph.discard_additions()
        return Decides(consult.spec, Action.FAIL, error=recorded.to_record(error, skip_frames=2))
    after_s = usable_s(said.retry_after) if action is Action.RETRY else None
    return Decides(
        consult.spec, action, after_s, found.specs, found.edges, found.removed, found.unlinked, replacement
    )  # fmt: skip


def _before_rerun(graph: TaskDependencyGraph, task: WorkflowTask, consult: Consult) -> Decides:
    """What is to be done before the task runs again. A handler that raises has added nothing; that is logged."""
    handler = task.on_rerun
    try:
        if handler is not None:
            handler(task)
        found = graph.take_additions(consult.spec, None, first=True)
    except EngineSignal:
        raise
    except BaseException:  # whatever a handler raises must not keep the task from running, SystemExit neither
        graph.discard_additions()
        task.home.ctx.logger.exception("the on_rerun handler of %r failed; nothing is done first", task)
        return Decides(consult.spec, Action.CONTINUE)
    return Decides(
        consult.spec, Action.CONTINUE, None, found.specs, found.edges, found.removed, found.unlinked
    )  # fmt: skip


def _ask(task: WorkflowTask, which: str) -> HandlerResult:
    handler = getattr(task, which)
    said = HandlerResult.cont() if handler is None else handler(task)
    if not isinstance(said, HandlerResult) or said.action not in _ACTIONS:
        text = f"the {which} handler of {task!r} gave {said!r}; it must give a HandlerResult, such as retry() or fail()"
        raise TypeError(text)
    if said.retry_after is not None and usable_s(said.retry_after) is None:
        text = f"the {which} handler of {task!r} gave retry_after={said.retry_after!r}; it is a number of seconds"
        raise TypeError(text)
    return said


def _settle(
    graph: TaskDependencyGraph, task: WorkflowTask, consult: Consult, said: HandlerResult
) -> tuple[Action, Spec | None]:
    """The action that is left after the retry budget was looked at, and the task that takes this one's place."""
    action = _ACTIONS[said.action]
    if task.home.fails_around:
        if said.retried_task is not None:
            graph.remove_task(said.retried_task)
        return Action.FAIL, None
    if action is not Action.RETRY:
        if action in (Action.CONTINUE, Action.IGNORE):
            action = Action.CONTINUE if consult.succeeded else Action.IGNORE
        return action, None
    replacement = said.retried_task
    if not (said.ignore_total_retries or may_retry(task, consult.retries)):
        if replacement is not None:
            graph.remove_task(replacement)
        return Action.FAIL, None
    if replacement is None:
        if task.is_subgraph:
            text = f"{task!r} cannot be tried again by itself: its handler must set retried_task to a new subgraph"
            raise NotImplementedError(text)
        return action, None
    return action, graph.take_the_place(task, replacement)


def may_retry(task: WorkflowTask, retries: int) -> bool:
    """Whether there is a retry left after so many."""
    return task.total_retries == INFINITE or retries < task.total_retries


def evaluate(task: WorkflowTask) -> HandlerResult:
    """What is to be done about the outcome that a task shows (workflow-api §3.6, steps 1 and 2).

    raises  RuntimeError while it shows none
    """
    if not task.is_terminated:
        text = f"{task!r} has not ended"
        raise RuntimeError(text)
    if task.get_state() == "succeeded":
        return _ask(task, "on_success")
    detail = task.detail()
    if detail.get("asked_again"):
        return HandlerResult.retry(retry_after=detail.get("retry_after"))
    if task.on_failure is not None:
        return _ask(task, "on_failure")
    if not detail.get("recoverable", False):
        return HandlerResult.fail()
    return HandlerResult.retry(retry_after=detail.get("retry_after"))
