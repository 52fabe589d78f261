"""Operations that try to give away what they were given, and workflows that run them."""

from __future__ import annotations

import logging
from typing import Any

from durable_wf import RecoverableError, ctx, operation, workflow
from tests.replay.work import WORLD

GIVEN = []  # what the operations have really got


@operation(resumable=True)
def does(password: str, part: str, what: str = "", **more: Any) -> Any:
    """One of the ways of this module; `GIVEN` gets what it was given."""
    more.pop("ctx")
    GIVEN.append({"password": password, "part": part, **more})
    WORLD.note(what, ctx.operation.idempotency_key)
    return WAYS[what](password, part) if what else None


def _logs(password: str, part: str) -> None:
    ctx.logger.info("the password is %s, and %s", password, part)
    ctx.logger.info("x" * 9_995 + password + "y" * 19_000)  # it would be cut in the middle of it
    logging.getLogger("some.library").warning("connecting with %s", password)
    ctx.send_event(f"an event of {password}")
    try:
        raise KeyError(password)
    except KeyError:
        ctx.logger.exception("that failed")


def _raises(password: str, part: str) -> None:
    try:
        raise ValueError({"a": password, "b": part})
    except ValueError as error:
        local = f"no access with {password}"
        raise RecoverableError(local, causes=[{"message": password, "type": "T", "traceback": part}]) from error


def _raises_attributes(password: str, part: str) -> None:
    error = RuntimeError(5)
    error.password, error.deep = password, {"x": [part], password: 1}
    raise error


def _asks_again(password: str, _part: str) -> None:
    ctx.operation.retry(f"not with {password}")


def _keeps(password: str, part: str) -> None:
    ctx.instance.runtime_properties.update(kept={"password": password, "all": [part, "plain"]}, state="open")
    ctx.instance.update()
    assert ctx.instance.runtime_properties["kept"] == {"password": password, "all": [part, "plain"]}
    ctx.instance.runtime_properties["second"] = password


def _finds(password: str, part: str) -> Any:
    found = ctx.instance.runtime_properties
    assert found["kept"] == {"password": password, "all": [part, "plain"]}
    assert not found.dirty
    found["other"] = 1
    assert ctx.node.properties["token"] == password
    assert ctx.node.properties["url"] == f"user:{password}@host"
    return sorted(found)


def _keeps_inside(password: str, _part: str) -> None:
    ctx.instance.runtime_properties["url"] = f"https://user:{password}@host"


WAYS = {
    "logs": _logs,
    "raises": _raises,
    "raises attributes": _raises_attributes,
    "asks again": _asks_again,
    "keeps": _keeps,
    "finds": _finds,
    "keeps inside": _keeps_inside,
    "returns": lambda password, part: {"password": password, "all": [part]},
    "returns inside": lambda password, part: {"deep": [f"{password}{part}"]},
}


@operation(resumable=True)
def reads(found: Any) -> Any:
    """What functions of other deployments gave."""
    GIVEN.append(found)
    return {key: value for key, value in found.items() if key != "environment"}


@workflow
def acts(ctx: Any, what: str) -> Any:
    """Run one way; what it returned."""
    (instance,) = ctx.node_instances
    name = "ops.reads" if what == "reads" else "ops.does"
    kwargs = {} if what == "reads" else {"what": what}
    return instance.execute_operation(name, kwargs=kwargs, allow_kwargs_override=True).get()


@workflow
def passes_on(ctx: Any) -> Any:
    """A result that is a secret is an argument of the next operation."""
    (instance,) = ctx.node_instances
    found = instance.execute_operation("ops.does", kwargs={"what": "returns"}, allow_kwargs_override=True).get()
    instance.execute_operation("ops.does", kwargs={"again": found}, allow_kwargs_override=True).get()
    ctx.execute_task("tests.authoring.secretive.plain", kwargs={"given": found}).get()
    return found


@operation(resumable=True)
def plain(given: Any) -> None:
    """A task without a node."""
    GIVEN.append(given)


@workflow
def asks_for_it(ctx: Any) -> Any:
    """A workflow function gets no secrets; everything else it does."""
    here = ctx.internal.evaluate_functions(None, {}, {"get_capability": [ctx.deployment.id, "state"]})
    try:
        ctx.internal.evaluate_functions(None, {}, {"get_secret": "password"})
    except Exception as error:  # noqa: BLE001 - the test looks at it
        return [here, str(error)]
    return None
