"""The operations of these tests: each notes whose it is and which, and fails where the test's blueprint says so."""

from __future__ import annotations

from typing import Any

from cloudify import ctx
from cloudify.decorators import operation, workflow
from cloudify.exceptions import NonRecoverableError, RecoverableError
from cloudify.plugins.workflows import check_drift, check_status, install, reinstall, scale_entity

from tests.replay.work import WORLD

KINDS = {"error": ValueError, "never": NonRecoverableError, "recoverable": RecoverableError}


@operation(resumable=True)
def step(answers: Any = None, side: str = "", fails: str = "error", times: int = 0, until: str = "", **_: Any) -> Any:
    """A step of a lifecycle; `WORLD.broken` has the names of those that fail whatever their inputs say.

    side     of a relationship, at which it runs
    answers  what it gives; of a list, one after the other, the last one again and again
    fails    how: a kind, or `again` to ask for a retry
    times    how often
    until    the operation of the same instance after which it does not fail any more, whoever died meanwhile
    """
    name = name_of(ctx, side)
    before = WORLD.counts()[name]
    WORLD.note(name, ctx.operation.idempotency_key)
    if ctx.type == "node-instance":
        ctx.instance.runtime_properties[ctx.operation.name.rpartition(".")[2]] = True
    if before < times or (until and until not in ctx.instance.runtime_properties):
        if fails == "again":
            return ctx.operation.retry("again", retry_after=0)
        raise KINDS[fails](f"{name} is broken")
    return answers[min(before, len(answers) - 1)] if isinstance(answers, list) else answers


@operation
def once(**inputs: Any) -> Any:
    """The same, of which nobody has said that it may be repeated."""
    return step(**inputs)


def name_of(context: Any, side: str) -> str:
    """`web_1 create`, `web_1->db_1 establish (source)`."""
    operation = context.operation.name.rpartition(".")[2]
    if side:
        return f"{context.source.instance.id}->{context.target.instance.id} {operation} ({side})"
    prefix = next((f"{name}." for name in ("validation", "monitoring") if f".{name}." in context.operation.name), "")
    return f"{context.instance.id} {prefix}{operation}"


@workflow
def sets(ctx: Any, states: dict[str, str], properties: Any = None) -> None:
    """What another program may have left: states by instance, and system properties by instance."""
    for name, state in states.items():
        ctx.get_node_instance(name).set_state(state).get()
    for name, given in (properties or {}).items():
        ctx.update_node_instance(name, force=True, system_properties=given)


@workflow
def twice(ctx: Any) -> None:
    """Two built-in workflows, one after the other."""
    install(ctx)
    ctx.refresh_node_instances()
    reinstall(ctx, ignore_failure=True)


@workflow
def installs_and_scales(ctx: Any, delta: int) -> list[str]:
    """Both, one after the other; who is there then."""
    install(ctx)
    ctx.refresh_node_instances()
    scale_entity(ctx, scalable_entity_name="vm", delta=delta)
    return [f"{one.id} {one.state}" for one in ctx.node_instances]


@workflow
def checked(ctx: Any, **more: Any) -> list[str]:
    """The instances of which something is kept, after both checks."""
    check_status(ctx, **more)
    check_drift(ctx, **more)
    ctx.refresh_node_instances()
    return [one.id for one in ctx.node_instances if one.system_properties]
