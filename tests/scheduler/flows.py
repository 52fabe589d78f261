"""Workflows of the scheduler's tests."""

from __future__ import annotations

import threading

from durable_wf import workflow
from durable_wf.workflows import forkjoin
from tests.replay.work import WORLD, once, op, risky, work


@workflow
def wide(ctx, name, width, safe=True):
    """Tasks of one name, side by side."""
    make = op if safe else once
    graph = ctx.graph_mode()
    graph.sequence().add(forkjoin(*(make(ctx, name, n=n) for n in range(width))))
    graph.execute()
    return name


@workflow
def mixed(ctx, name, width):
    """Many that may be repeated, and then one that must not."""
    graph = ctx.graph_mode()
    for n in range(width):
        graph.add_task(op(ctx, name, n=n))
    graph.add_task(once(ctx, "single"))
    graph.execute()


@workflow
def line(ctx, names):
    """One after the other, in standard mode."""
    return [op(ctx, name).get() for name in names]


COMPUTING = threading.Event()
MAY_GO_ON = threading.Event()


@workflow
def computes_first(ctx):
    """Works in Python before it asks for anything, as long as a test wants."""
    COMPUTING.set()
    MAY_GO_ON.wait(20)
    return op(ctx, "a").get()


@workflow
def works_between(ctx):
    """The same, after a task; what it does then must not happen."""
    op(ctx, "a").get()
    COMPUTING.set()
    MAY_GO_ON.wait(20)
    try:
        op(ctx, "b").get()
    except Exception:  # noqa: BLE001 - as careless as a user's code
        op(ctx, "c").get()


class Deadly(BaseException):
    """No `except Exception` catches it."""


class Unrecordable(Exception):
    """Whoever looks at its arguments is sorry."""

    @property
    def args(self):
        """Not to be had."""
        raise OSError("not to be had")


@workflow
def ends_badly(ctx, how):
    """Raises what is no Exception."""
    op(ctx, "a").get()
    if how == "unrecordable":
        raise Unrecordable
    if how == "exit":
        raise SystemExit(3)
    if how == "interrupt":
        raise KeyboardInterrupt
    raise Deadly(how)


@workflow
def between(ctx, safe=True):
    """Two tasks; between them the function does what the test wants, in a replay too."""
    op(ctx, "a").get()
    WORLD.hooks.get("between", lambda: None)()
    return ctx.execute_task(work if safe else risky, kwargs={"name": "b"}, total_retries=0).get()
