"""The workflows in the golden journals. Every version that made one, and this one, imports them from here.

Their tasks must stay as they are: a journal that remembers others is refused. An operation whose label stands in
GOLDEN_KILL ends the process that runs it, as a power cut would.
"""

import os
import signal

from cloudify import ctx as operation_ctx
from cloudify.workflows.tasks_graph import forkjoin

from durable_wf import NonRecoverableError, RecoverableError, operation, workflow


def _die_at(label):
    if label in os.environ.get("GOLDEN_KILL", "").split(","):
        os.kill(os.getpid(), signal.SIGKILL)


@operation(resumable=True)
def step(label):
    """May be repeated."""
    _die_at(label)
    return {"label": label, "attempt": operation_ctx.operation.retry_number}


@operation
def careful(label):
    """May not be repeated."""
    _die_at(label)
    return label


@operation(resumable=True)
def stumble(label):
    """Succeeds the second time."""
    if operation_ctx.operation.retry_number == 0:
        raise RecoverableError("not yet", retry_after=0.01)
    return label


@operation(resumable=True)
def refuse():
    """Fails for good, unless GOLDEN_MENDED is set."""
    if "GOLDEN_MENDED" not in os.environ:
        raise NonRecoverableError("no", {"why": "é"}) from KeyError("cause")
    return "mended"


@operation(resumable=True)
def light(colour):
    """Changes a runtime property."""
    _die_at(operation_ctx.instance.id.rpartition("_")[0] + colour)
    operation_ctx.instance.runtime_properties["colour"] = colour
    return colour


def _step(ctx, label, function=step):
    return ctx.execute_task(function, kwargs={"label": label})


@workflow
def whole(ctx):
    """Graph mode: a subgraph in a subgraph, a forkjoin, a retry, an event."""
    graph = ctx.graph_mode()
    outer = graph.subgraph("outer")
    inner = outer.subgraph("inner")
    inner.sequence().add(_step(ctx, "one"), _step(ctx, "two"))
    last = ctx.execute_task(stumble, kwargs={"label": "three"}, total_retries=2)
    graph.sequence().add(outer, forkjoin(_step(ctx, "left"), _step(ctx, "right")), ctx.send_event("nearly"), last)
    graph.execute()
    return "whole"


@workflow
def fails(ctx):
    """One that ends well, and one that fails for good."""
    first = _step(ctx, "before").get()
    return [first, ctx.execute_task(refuse, total_retries=0).get()]


@workflow
def in_doubt(ctx):
    """A graph with one that may not be repeated in its middle."""
    graph = ctx.graph_mode()
    graph.sequence().add(_step(ctx, "before"), _step(ctx, "doubtful", careful), _step(ctx, "after"))
    graph.execute()
    return "settled"


@workflow
def line(ctx, count):
    """Standard mode: one after the other, with what only this function has between them."""
    results = [_step(ctx, str(number)).get()["label"] for number in range(count)]
    return ctx.local_task(lambda: "-".join(results), name="join").get()


@workflow
def light_all(ctx, colour=None, **_):
    """Every lamp, rack by rack, as a deployment's workflow."""
    given = {} if colour is None else {"colour": colour}
    graph = ctx.graph_mode()
    racks = graph.sequence()
    lamps = sorted(ctx.get_node("lamp").instances, key=lambda one: one.id)
    for lamp in lamps:
        part = graph.subgraph(lamp.id)
        part.sequence().add(
            lamp.set_state("starting"),
            lamp.execute_operation("lamp.light", kwargs=given, allow_kwargs_override=True),
            lamp.set_state("started"),
        )
        racks.add(part)
    graph.execute()
    return len(lamps)
