"""Operations of one shared target, and one that does what a test gives it. Workflows that run them."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from durable_wf import ctx, operation, workflow
from tests.replay.work import TIMEOUT, WORLD

if TYPE_CHECKING:
    from collections.abc import Callable

MEETING: dict[str, threading.Barrier] = {}
TODO: list[Callable[[Any], Any]] = []  # what `runs` does, one entry an attempt; the last one for all others


def _all_have_read() -> None:
    """In the first attempt, wait until every operation has read."""
    if ctx.operation.retry_number == 0:
        MEETING["here"].wait(TIMEOUT)
    WORLD.note("joins", ctx.operation.idempotency_key)


@operation
def sets_a_key() -> None:
    """A key of the source's own on the target."""
    assert ctx.source.instance.id not in ctx.target.instance.runtime_properties
    _all_have_read()
    ctx.target.instance.runtime_properties[ctx.source.instance.id] = {"index": ctx.source.instance.index}


@operation
def counts() -> None:
    """One more, by hand."""
    properties = ctx.target.instance.runtime_properties
    before = properties.get("count", 0)
    _all_have_read()
    properties["count"] = before + 1


def one_more(own: dict[str, Any], newest: dict[str, Any]) -> dict[str, Any]:
    """A handler that counts on from what is there; it may change what it is given."""
    assert threading.current_thread().name.startswith("durable-wf-worker")
    own.clear()
    newest["count"] = newest.get("count", 0) + 1
    return newest


@operation
def counts_with_handler() -> None:
    """One more, by a handler."""
    assert "count" not in ctx.target.instance.runtime_properties
    _all_have_read()
    ctx.target.instance.update(on_conflict=one_more)


@operation
def counts_asking_at_the_end() -> None:
    """One more by hand, and a handler for the conflict at the end."""
    instance = ctx.target.instance
    before = instance.runtime_properties.get("count", 0)
    _all_have_read()
    instance.on_conflict = one_more
    instance.runtime_properties["count"] = before + 1


@operation
def describes() -> Any:
    """What the two ends are called, and the capabilities of the executing side."""
    return TODO[-1](ctx)


@operation(resumable=True)
def runs(**inputs: Any) -> Any:
    """What the test wants."""
    WORLD.note("runs", ctx.operation.idempotency_key)
    doing = TODO.pop(0) if len(TODO) > 1 else TODO[0]
    return doing(inputs["ctx"])


@workflow
def join(ctx: Any, operation: str, sources: int) -> Any:
    """Run an operation of so many relationships at the same time; the target's runtime properties."""
    graph = ctx.graph_mode()
    found = sorted(ctx.get_node("source").instances, key=lambda one: one.index)
    for source in found[:sources]:
        (link,) = source.relationships
        graph.add_task(link.execute_source_operation(f"joins.{operation}"))
    graph.execute()
    ctx.refresh_node_instances()
    (target,) = ctx.get_node("target").instances
    return target.runtime_properties


@workflow
def act(ctx: Any, instance: str, operation: str = "ops.runs", kwargs: dict[str, Any] | None = None) -> Any:
    """Run an operation of one instance, or of its first relationship, at its near or far end."""
    one = ctx.get_node_instance(instance)
    name, _, end = operation.partition("@")
    if not end:
        return one.execute_operation(name, kwargs).get()
    link = next(one.relationships)
    return (link.execute_source_operation if end == "source" else link.execute_target_operation)(name, kwargs).get()


@workflow
def states(ctx: Any, states: dict[str, str], instance: str | None = None) -> None:
    """Set states of instances."""
    del instance
    for name, state in states.items():
        ctx.get_node_instance(name).set_state(state).get()


@workflow
def rows(ctx: Any, instances: list[str]) -> None:
    """Run the operation of each, and have it started, all at once."""
    graph = ctx.graph_mode()
    for name in instances:
        one = ctx.get_node_instance(name)
        graph.sequence().add(one.execute_operation("ops.runs"), one.set_state("started"))
    graph.execute()


@workflow
def alone(ctx: Any) -> Any:
    """One operation that is about nothing."""
    return ctx.execute_task(runs).get()
