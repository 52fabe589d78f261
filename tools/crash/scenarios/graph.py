"""Graph mode: sequences, forkjoins, nested subgraphs, a second execute, retries, and operations of both kinds."""

from __future__ import annotations

from typing import Any

from durable_wf import RecoverableError, operation, workflow
from durable_wf.authoring.graphs import forkjoin
from tools.crash.scenarios import ran


@operation(resumable=True)
def step(ctx: Any, folder: str, label: str) -> str:
    """Safe to repeat."""
    with ran.recorded(ctx, folder, label):
        return f"did {label}"


@operation
def once(ctx: Any, folder: str, label: str) -> str:
    """Not safe to repeat."""
    with ran.recorded(ctx, folder, label):
        return f"did {label}"


@operation(resumable=True)
def stumble(ctx: Any, folder: str, label: str) -> str:
    """Fails the first time it is decided about, and is tried again at once."""
    with ran.recorded(ctx, folder, label):
        if ctx.operation.retry_number == 0:
            raise RecoverableError("not yet", retry_after=0)
        return f"did {label} at the second try"


@operation
def stumble_once(ctx: Any, folder: str, label: str) -> str:
    """The same, and not safe to repeat when nobody knows how a try ended."""
    return stumble(ctx=ctx, folder=folder, label=label)


@workflow(resumable=True)
def main(ctx: Any, folder: str) -> str:
    """31 tasks for workers, and what stands around them."""

    def task(function: Any, label: str) -> Any:
        return ctx.execute_task(function, kwargs={"folder": folder, "label": label}, retry_interval=0)

    def steps(*names: str) -> forkjoin:
        return forkjoin(*[task(step, name) for name in names])

    graph = ctx.graph_mode()
    line = graph.sequence()
    line.add(ctx.send_event("begun"), steps("a1", "a2", "a3", "a4"), steps("b1", "b2", "b3"), task(once, "c"))

    outer = graph.subgraph("outer")
    inner = outer.subgraph("inner")
    inner.sequence().add(task(step, "inner1"), forkjoin(task(step, "inner2"), task(stumble, "inner3")))
    deepest = inner.subgraph("deepest")
    deepest.sequence().add(task(once, "deep1"), task(step, "deep2"), ctx.send_event("deep"))
    outer.sequence().add(task(step, "outer1"), inner, task(step, "outer2"))
    line.add(outer, task(step, "after"))

    for name in ("d", "e"):  # independent of each other and of all above
        graph.sequence().add(task(step, f"{name}1"), task(once, f"{name}2"), task(step, f"{name}3"))
    graph.sequence().add(task(stumble_once, "f1"), task(step, "f2"))
    graph.subgraph("nothing")
    graph.execute()

    again = graph.sequence()
    again.add(task(step, "g1"), steps("h1", "h2", "h3", "h4"), task(once, "i"), task(stumble, "j"))
    again.add(ctx.send_event("ended"))
    graph.execute()
    return "all done"
