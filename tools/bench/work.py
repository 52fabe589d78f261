"""What is measured: operations that do nothing, in a wide graph, in a chain, and in standard mode."""

from __future__ import annotations

import gc
import os
import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from durable_wf import operation, workflow


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


SHAPES: Mapping[str, Callable[..., None]] = {"wide": wide, "chain": chain, "standard": standard, "batches": batches}


# ---------------------------------------------------------------------------------- graphs that wait, and that resume

began_s: list[float] = []  # perf_counter when `probe` began
function_s: list[float] = []  # begin and end of what the workflow function itself does before its first execute()


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
