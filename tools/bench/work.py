"""What is measured: operations that do nothing, in graphs of several shapes and in standard mode."""

from __future__ import annotations

import gc
import os
import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from durable_wf import operation, workflow
from durable_wf.workflows import HandlerResult, forkjoin

NAP_S = 0.001


@operation(resumable=True)
def nothing() -> None:
    """Does nothing."""


@workflow
def wide(ctx: Any, count: int) -> None:
    """All at once."""
    graph = ctx.graph_mode()
    for _ in range(count):
        graph.add_task(ctx.execute_task(nothing))
    graph.execute()


@workflow
def chain(ctx: Any, count: int) -> None:
    """Each after the one before, in a graph."""
    graph = ctx.graph_mode()
    line = graph.sequence()
    for _ in range(count):
        line.add(ctx.execute_task(nothing))
    graph.execute()


@workflow
def standard(ctx: Any, count: int) -> None:
    """Each asked for when the one before has been fetched."""
    for _ in range(count):
        ctx.execute_task(nothing).get()


@workflow
def batches(ctx: Any, count: int) -> None:
    """A thousand at once, again and again."""
    graph = ctx.graph_mode()
    for _ in range(count // 1_000):
        for _ in range(1_000):
            graph.add_task(ctx.execute_task(nothing))
        graph.execute()


ACROSS = 10  # tasks of a layer, and of a subgraph


@workflow
def layers(ctx: Any, count: int) -> None:
    """Diamonds in a line: ten at once, all of which wait for all of the ten before (through a hub)."""
    graph = ctx.graph_mode()
    line = graph.sequence()
    for _ in range(count // ACROSS):
        line.add(forkjoin(*[ctx.execute_task(nothing) for _ in range(ACROSS)]))
    graph.execute()


@workflow
def subgraphs(ctx: Any, count: int) -> None:
    """Subgraphs of ten at once, all subgraphs at once; `count` are the operations in them."""
    graph = ctx.graph_mode()
    for number in range(count // ACROSS):
        around = graph.subgraph(f"group {number}")
        for _ in range(ACROSS):
            around.add_task(ctx.execute_task(nothing))
    graph.execute()


def go_on(task: Any) -> HandlerResult:
    """A handler that lets things be."""
    del task
    return HandlerResult.cont()


@workflow
def handled(ctx: Any, count: int) -> None:
    """All at once, each with an on_success handler, whose decision is recorded."""
    graph = ctx.graph_mode()
    for _ in range(count):
        task = ctx.execute_task(nothing)
        task.on_success = go_on
        graph.add_task(task)
    graph.execute()


@operation(resumable=True)
def carry(text: str) -> str:
    """Gives back what it was given."""
    return text


@workflow
def carrying(ctx: Any, count: int, payload: int) -> None:
    """All at once; each has an argument of `payload` bytes that no other has, and gives it back as its result."""
    graph = ctx.graph_mode()
    for number in range(count):
        graph.add_task(ctx.execute_task(carry, kwargs={"text": f"{number:010}".ljust(payload, "x")}))
    graph.execute()


@operation(resumable=True)
def nap() -> None:
    """Takes a millisecond."""
    time.sleep(NAP_S)


@workflow
def naps(ctx: Any, count: int) -> None:
    """Operations of a millisecond, all at once."""
    graph = ctx.graph_mode()
    for _ in range(count):
        graph.add_task(ctx.execute_task(nap))
    graph.execute()


SHAPES: Mapping[str, Callable[..., None]] = {
    "wide": wide, "chain": chain, "layers": layers, "subgraphs": subgraphs, "handlers": handled, "standard": standard,
    "payload": carrying, "batches": batches, "naps": naps,
}  # fmt: skip


# ------------------------------------------------------------------------------------------- how soon something starts

began_s: list[float] = []  # perf_counter when `probe` began
function_s: list[float] = []  # begin and end of what the workflow function itself does before its first execute()


@operation(resumable=True)
def note() -> None:
    """Note when it begins."""
    began_s.append(time.perf_counter())


@workflow
def opening(ctx: Any, count: int) -> None:
    """A wide graph whose first task notes when it begins."""
    graph = ctx.graph_mode()
    graph.add_task(ctx.execute_task(note))
    for _ in range(count - 1):
        graph.add_task(ctx.execute_task(nothing))
    graph.execute()


# ---------------------------------------------------------------------------------- graphs that wait, and that resume


@operation(resumable=True)
def weigh() -> int:
    """The memory of this process while all that comes after it waits: resident bytes."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


@workflow
def waiting(ctx: Any, count: int) -> int:
    """`count` tasks that wait for one, which weighs the process; each is released afterwards."""
    graph = ctx.graph_mode()
    scales = ctx.execute_task(weigh)
    graph.add_task(scales)
    for _ in range(count):
        task = ctx.execute_task(nothing)
        graph.add_task(task)
        graph.add_dependency(task, scales)
    graph.execute()
    return count


@operation(resumable=True)
def probe(die: str) -> None:
    """Note when it begins; where the file `die` is there, remove it and die."""
    began_s.append(time.perf_counter())
    if Path(die).exists():
        Path(die).unlink()
        os.kill(os.getpid(), signal.SIGKILL)


@workflow
def long(ctx: Any, count: int, die: str) -> None:
    """`count` tasks in lines of a hundred, and then one more."""
    function_s.append(time.perf_counter())
    graph = ctx.graph_mode()
    for _ in range(count // 100):
        line = graph.sequence()
        for _ in range(100):
            line.add(ctx.execute_task(nothing))
    function_s.append(time.perf_counter())
    graph.execute()
    graph.add_task(ctx.execute_task(probe, kwargs={"die": die}))
    graph.execute()


@workflow
def long_standard(ctx: Any, count: int, die: str) -> None:
    """`count` tasks one after the other in standard mode, and then one more."""
    function_s.append(time.perf_counter())
    for _ in range(count):
        ctx.execute_task(nothing).get()
    function_s.append(time.perf_counter())
    ctx.execute_task(probe, kwargs={"die": die}).get()
