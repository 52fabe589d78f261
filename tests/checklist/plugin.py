"""The checklist's operations. Source of what they do: the points of workflow-api §14 that use them."""

from __future__ import annotations

from typing import Any

from cloudify import ctx
from cloudify.decorators import operation
from cloudify.exceptions import NonRecoverableError, RecoverableError
from cloudify.state import ctx_parameters

from tests.replay.work import WORLD


class OwnError(Exception):
    """A class that only this plugin knows."""


KINDS = {"error": ValueError, "own": OwnError, "never": NonRecoverableError, "recoverable": RecoverableError}


@operation(resumable=True)
def says(name: str = "says", **_: Any) -> str:
    """Note that it ran; it fails where the test has broken it."""
    WORLD.note(name, ctx.operation.idempotency_key)
    return f"{name} done"


@operation
def fails(how: str = "error", name: str = "fails", times: int = 1, **_: Any) -> str:
    """Fail so many times: with an error of a kind."""
    WORLD.note(name, ctx.operation.idempotency_key)
    if ctx.operation.retry_number < times:
        raise KINDS[how](f"{name} failed")
    return f"{name} done"


@operation
def counts(name: str = "counts", at: int | None = None, **_: Any) -> int | None:
    """Ask to be run again, until a retry number is reached: `at`, or the last one there is."""
    operation = ctx.operation
    WORLD.note(name, operation.idempotency_key)
    WORLD.seen.append((operation.retry_number, operation.max_retries))
    if operation.retry_number < (operation.max_retries if at is None else at):
        return operation.retry("again", retry_after=0)
    return operation.retry_number


@operation
def spoils(box: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Change an argument, at every depth, and fail the first time."""
    WORLD.seen.append({"list": list(box["list"]), "keys": sorted(box)})
    box["list"].append("spoilt")
    box["new"] = True
    if ctx.operation.retry_number == 0:
        raise RecoverableError("spoilt", retry_after=0)
    return box


@operation
def takes(**inputs: Any) -> dict[str, Any]:
    """What it was given."""
    return {name: value for name, value in inputs.items() if name != "ctx"}


@operation
def sets(properties: dict[str, Any], **_: Any) -> None:
    """Set runtime properties."""
    ctx.instance.runtime_properties.update(properties)


@operation
def looks(ctx: Any, **_: Any) -> dict[str, Any]:
    """The ctx that it was given beside the proxy, and the plugin that it belongs to."""
    from cloudify import ctx as proxy

    plugin = ctx.plugin
    return {
        "equal": [ctx == proxy, proxy == ctx, proxy._get_current_object() is ctx, ctx_parameters["ctx"] == proxy],
        "ids": [ctx.instance.id == proxy.instance.id, ctx.node.name],
        "plugin": [plugin == "checklist", isinstance(plugin, str), plugin.name, plugin.package_name],
        "more": [plugin.package_version, plugin.source, dict(plugin.properties), isinstance(plugin.prefix, str)],
        "workdir": plugin.workdir,
    }


@operation
def overrides(**_: Any) -> list[str]:
    """Every way to write what may only be read; what it is told."""
    target = next(one.target for one in ctx.instance.relationships if one.target.node.name == "other")
    properties, far = ctx.node.properties, target.instance.runtime_properties
    ways = (
        lambda: properties.__setitem__("port", 1),
        lambda: properties.__delitem__("port"),
        lambda: properties.update(port=1),
        lambda: properties.setdefault("new", 1),
        lambda: properties.pop("port"),
        properties.clear,
        lambda: far.__setitem__("a", 1),
        lambda: far.update(a=1),
        lambda: setattr(target.instance, "runtime_properties", {"a": 1}),
    )
    return [refusal(way) for way in ways]


def refusal(way: Any) -> str:
    """What it raises, if it is what it must be."""
    try:
        way()
    except NonRecoverableError as error:
        return str(error)
    return "not refused"


@operation
def touches_target(**_: Any) -> None:
    """Of a relationship: both ends may be written."""
    ctx.source.instance.runtime_properties["touched"] = "source"
    ctx.target.instance.runtime_properties["touched"] = "target"


@operation
def speaks(**_: Any) -> str:
    """A line and an event of its own."""
    ctx.logger.info("of the operation")
    ctx.send_event("of the plugin")
    return "spoken"


@operation
def notes(**_: Any) -> Any:
    """A step of a lifecycle: note whose it is and which; fail so many times where the blueprint says so.

    A node's property `broken` has by the step's name how it fails (as in `fails`, or `again`), and how often.
    """
    step = ctx.operation.name.rpartition(".")[2]
    if ctx.type == "relationship-instance":
        who, broken = f"{ctx.source.node.name}->{ctx.target.node.name}", ctx.source.node.properties["broken"]
    else:
        who, broken = ctx.node.name, ctx.node.properties["broken"]
    how, times = broken.get(step, ("error", 0))
    before = WORLD.seen.count((who, step))
    WORLD.seen.append((who, step))
    if before >= times:
        return None
    if how == "again":
        return ctx.operation.retry("again", retry_after=0)
    raise KINDS[how](f"{step} of {who} is broken")
