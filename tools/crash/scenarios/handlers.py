"""Handlers: all four results, tasks that they add, subgraphs with a retry by replacement, graphs by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from durable_wf import NonRecoverableError, WorkflowFailed, operation, workflow
from durable_wf.authoring.handlers import HandlerResult
from durable_wf.authoring.named_graphs import make_or_get_graph
from tools.crash.scenarios import ran
from tools.crash.scenarios.graph import once, step


@operation(resumable=True)
def counted(ctx: Any, folder: str, label: str) -> int:
    """Gives the number of the try."""
    with ran.recorded(ctx, folder, label):
        return int(ctx.operation.retry_number)


@operation(resumable=True)
def breaks(ctx: Any, folder: str, label: str) -> None:
    """Fails whenever it runs, for good."""
    with ran.recorded(ctx, folder, label):
        raise NonRecoverableError(label)


POLLS = 2


class _Flow:
    """Makes the tasks of one run of the function, and says what its handlers decide."""

    def __init__(self, ctx: Any, folder: str) -> None:
        self.ctx = ctx
        self.folder = folder

    def task(self, function: Callable[..., Any], label: str) -> Any:
        kwargs = {"folder": self.folder, "label": label}
        return self.ctx.execute_task(function, kwargs=kwargs, retry_interval=0)

    def until_two(self, task: Any) -> HandlerResult:
        """Again, until the operation has given 2: beyond the limit of retries."""
        if task.async_result.result < POLLS:
            return HandlerResult.retry(ignore_total_retries=True, retry_after=0)
        return HandlerResult.cont()

    def add_between(self, graph: Any, waiting: Any) -> Callable[[Any], HandlerResult]:
        """Put two tasks between the one asked about and the one that waits for it."""

        def handler(task: Any) -> HandlerResult:
            first, second = self.task(step, f"{task.kwargs['label']}-added1"), self.task(once, "added2")
            graph.sequence().add(first, second)
            graph.add_dependency(waiting, second)
            return HandlerResult.cont()

        return handler

    def replace(self, subgraph: Any) -> HandlerResult:
        """The subgraph is built anew; the second time its operation succeeds."""
        for task in list(subgraph.tasks.values()):
            subgraph.graph.remove_task(task)
        again = subgraph.graph.subgraph(f"{subgraph.name}-again")
        again.current_retries = subgraph.current_retries + 1
        again.sequence().add(self.task(step, "undo"), self.task(step, "redo"))
        result = HandlerResult.retry(retry_after=0.01)
        result.retried_task = again
        return result


def _ignore(task: Any) -> HandlerResult:
    assert task.error is not None or task.get_state() == "failed"  # noqa: S101 - the victim's own check
    return HandlerResult.ignore()


def _fail(_task: Any) -> HandlerResult:
    return HandlerResult.fail()


def _first(flow: _Flow) -> Any:
    """All four results, and tasks that a handler adds."""
    graph = flow.ctx.graph_mode()
    poll, after_poll = flow.task(counted, "poll"), flow.task(step, "after-poll")
    poll.on_success = flow.until_two
    ignored, after_ignored = flow.task(breaks, "ignored"), flow.task(once, "after-ignored")
    ignored.on_failure = _ignore
    adds, waiting = flow.task(step, "adds"), flow.task(step, "waiting")
    adds.on_success = flow.add_between(graph, waiting)
    graph.sequence().add(poll, after_poll)
    graph.sequence().add(ignored, after_ignored)
    graph.sequence().add(adds, waiting)
    return graph


def _second(flow: _Flow) -> Any:
    """Nested subgraphs, of which the inner one is replaced."""
    graph = flow.ctx.graph_mode()
    outer = graph.subgraph("outer")
    inner = outer.subgraph("inner")
    inner.total_retries = 1
    inner.on_failure = flow.replace
    inner.sequence().add(flow.task(step, "do"), flow.task(breaks, "broken"), flow.task(step, "never"))
    outer.sequence().add(flow.task(step, "before-inner"), inner, flow.task(once, "after-inner"))
    graph.sequence().add(outer, flow.task(step, "after-outer"))
    return graph


@workflow(resumable=True)
def main(ctx: Any, folder: str) -> list[str]:
    """Three graphs, the last of which fails by its handler's word; the function handles that."""
    flow, said = _Flow(ctx, folder), []
    make_or_get_graph(_first)(flow, name="first").execute()
    make_or_get_graph(_second)(flow, name="second").execute()
    graph = ctx.graph_mode()
    refused = flow.task(step, "refused")
    refused.on_success = _fail
    graph.sequence().add(refused, flow.task(step, "not-reached"))
    try:
        graph.execute()
    except WorkflowFailed as error:
        said.append(str(error).partition("\n")[0])
        for task in graph.tasks:
            graph.remove_task(task)
    graph.add_task(flow.task(step, "last"))
    graph.execute()
    return said
