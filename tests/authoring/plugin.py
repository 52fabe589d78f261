"""Operations of the author API's tests. What they find they put into `WORLD.seen`."""

from __future__ import annotations

import asyncio
import copy
from typing import Any

from cloudify import ctx as old_ctx
from cloudify.decorators import operation as old_operation
from cloudify.exceptions import NonRecoverableError, OperationRetry, RecoverableError
from cloudify.state import ctx_parameters

from durable_wf import ctx, operation
from tests.replay.work import WORLD


@operation
def tries(succeed_at: int, how: str = "error", after: float | None = None) -> list[int]:
    """Fail in a way until a retry number is reached."""
    info = ctx.operation
    WORLD.seen.append((info.retry_number, info.max_retries))
    if info.retry_number == succeed_at:
        return [info.retry_number, info.max_retries]
    if how == "retry":
        return info.retry("not yet", retry_after=after)
    if how == "raise after retry":
        info.retry("not yet")
        text = "wins"
        raise ValueError(text)
    errors = {
        "error": ValueError("error"),
        "recoverable": RecoverableError("again", retry_after=after),
        "never": NonRecoverableError("never"),
        "direct": OperationRetry("direct"),
    }
    raise errors[how]


@operation
def mutates(box: dict[str, list[int]]) -> int:
    """Change an argument, and fail once."""
    box["found"].append(len(box["found"]))
    WORLD.seen.append(list(box["found"]))
    if ctx.operation.retry_number == 0:
        text = "once more"
        raise ValueError(text)
    return len(box["found"])


@operation
def returns(what: str) -> Any:
    """Something that JSON cannot hold, or too much of it."""
    return {"set": {"inner": [1, {2}]}, "nan": float("nan"), "keys": {1: 2}, "large": "x" * 1_000_001}[what]


def without_ctx(value: int) -> int:
    """Takes no ctx, and is not decorated."""
    return value + 1


def with_ctx(ctx: Any, value: int) -> str:
    """Takes ctx by name."""
    return f"{value} {ctx.operation.name}"


def with_all(**kwargs: Any) -> list[str]:
    """Takes everything."""
    return sorted(kwargs)


async def asynchronous() -> None:
    """Not a plain function."""
    await asyncio.sleep(0)


@old_operation
def through_proxies(ctx: Any, value: int) -> list[Any]:
    """Compare the real ctx with the proxies."""
    return [ctx == old_ctx, old_ctx == ctx, old_ctx._get_current_object() is ctx, ctx_parameters.value, value]


@operation
def logs() -> None:
    """Log at two levels, with arguments."""
    ctx.logger.debug("fine %s", 1)
    ctx.logger.error("bad %s", {"a": 2})


@operation
def logs_and_fails() -> None:
    """Log, then raise."""
    ctx.logger.info("attempt %d", ctx.operation.retry_number)
    text = "no"
    raise ValueError(text)


@operation
def describes() -> dict[str, Any]:
    """What its ctx is."""
    found: dict[str, Any] = {"type": ctx.type, "operation": ctx.operation.name, "plugin": str(ctx.plugin)}
    found["relationship"] = ctx.operation.relationship
    found["deployment"] = ctx.deployment.id
    for name in ("node", "instance", "source", "target"):
        try:
            one = getattr(ctx, name)
        except NonRecoverableError as error:
            found[name] = str(error)
        else:
            found[name] = one.instance.id if name in ("source", "target") else one.id
    return found


@operation
def sets(**properties: Any) -> None:
    """Set runtime properties; `None` takes one away."""
    properties.pop("ctx")
    for key, value in properties.items():
        if value is None:
            ctx.instance.runtime_properties.pop(key, None)
        else:
            ctx.instance.runtime_properties[key] = value


@operation
def changes(how: str) -> Any:
    """Change runtime properties, in ways that a plugin may."""
    properties = ctx.instance.runtime_properties
    if how == "nested":
        properties["box"]["deep"].append(2)
    elif how == "setdefault":
        properties.setdefault("late", []).append(1)
    elif how == "assignment":
        ctx.instance.runtime_properties = {"only": 1}
    elif how == "not json":
        properties["bad"] = {"inner": {1}}
    elif how == "key":
        properties[1] = 2
    elif how == "fails":
        properties["kept"] = True
        text = "after the change"
        raise NonRecoverableError(text)
    elif how == "copy":
        copied = dict(ctx.node.properties)
        copied["port"] = 1
        return copied["port"]
    return None


@operation
def meets(value: int) -> None:
    """Wait for the other one, then set the same key."""
    WORLD.note(f"meets {value}", ctx.operation.idempotency_key)
    ctx.instance.runtime_properties["shared"] = value


@operation
def reads_far_end() -> Any:
    """What a node operation may see of its relationships."""
    far = next(one for one in ctx.instance.relationships if one.type == "tests.connected")
    refused = []
    for change in (
        lambda: far.target.instance.runtime_properties.update(a=1),
        lambda: setattr(far.target.instance, "runtime_properties", {}),
        lambda: far.target.node.properties.pop("port"),
        lambda: ctx.node.properties.__setitem__("port", 1),
    ):
        try:
            change()
        except NonRecoverableError as error:
            refused.append(str(error))
    copied = copy.deepcopy(ctx.node.properties)
    copied["port"] = 0
    return [far.target.instance.id, dict(far.target.instance.runtime_properties), refused, type(copied).__name__]


@operation
def links() -> None:
    """Change both ends of a relationship."""
    ctx.source.instance.runtime_properties["to"] = ctx.target.instance.id
    ctx.target.instance.runtime_properties["from"] = ctx.source.instance.id


@operation
def host_ip() -> str:
    """The ip of the host."""
    return ctx.instance.host_ip


@operation
def takes(port: int, name: str = "x", evaluated: Any = None) -> list[Any]:
    """Inputs of the blueprint, kwargs of the workflow."""
    return [port, name, evaluated]


@operation
def says(how: str) -> None:
    """Log as plugins do."""
    if how == "wrong arguments":
        ctx.logger.info("%d of %s", "one")
    elif how == "exception":
        try:
            raise ValueError("inner")
        except ValueError:
            ctx.logger.exception("it failed")
    elif how == "half a pair":
        ctx.logger.info("file %s", b"\xff.txt".decode("utf-8", "surrogateescape"))
    elif how == "error":
        raise ValueError("\udcff")


@operation
def asks_again(retry_after: Any) -> int:
    """Ask to be run again after something odd, once."""
    if ctx.operation.retry_number == 0:
        odd = {"inf": float("inf"), "nan": float("nan"), "minus": -1, "text": "0", "word": "soon", "none": None}
        ctx.operation.retry("again", retry_after=odd[retry_after])
    return ctx.operation.retry_number
