"""Operations and the one workflow of the tests of tasks, graphs and handlers; a module of its own, as a plugin is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cloudify.exceptions import NonRecoverableError, RecoverableError

from durable_wf import WorkflowFailed, ctx, operation, workflow
from tests.replay import kit
from tests.replay.work import WORLD

if TYPE_CHECKING:
    from collections.abc import Callable

PARTS: dict[str, Callable[..., Any]] = {}
TROUBLES = {"error": ValueError, "never": NonRecoverableError, "recoverable": RecoverableError}


@operation(resumable=True)
def stumbles(name: str, times: int = 1, how: str = "error") -> str:
    """Fail so many times, in a way."""
    WORLD.note(name, ctx.operation.idempotency_key)
    if ctx.operation.retry_number < times:
        if how == "again":
            return ctx.operation.retry("not yet", retry_after=0)
        raise TROUBLES[how](f"{name} stumbles")
    return f"{name} done"


def stumble(ctx: Any, name: str, times: int = 1, how: str = "error", retries: int = 0) -> Any:
    """A task that fails so many times; tried again at once where it may."""
    kwargs = {"name": name, "times": times, "how": how}
    return ctx.execute_task(stumbles, kwargs=kwargs, total_retries=retries, retry_interval=0)


def acts(function: Callable[..., Any]) -> Callable[..., Any]:
    """A part of a workflow, to be played by `acted`: takes ctx and what the test gives, and tells something."""
    PARTS[function.__name__] = function
    return function


@workflow
def acted(ctx: Any, part: str, **more: Any) -> Any:
    """What a part tells, or the error of a call that refused something."""
    more.pop("ctx", None)
    try:
        return PARTS[part](ctx, **more)
    except WorkflowFailed:
        raise
    except Exception as error:  # noqa: BLE001 - whatever refuses is what the tests want to know
        return [type(error).__name__, str(error)]


def tell(life: kit.Life, part: str, **more: Any) -> Any:
    """What the part told."""
    uid, state = life.run(acted, {"part": part, **more}, options=kit.NO_RETRIES)
    assert state == "terminated", life.engine.result(uid)
    return life.engine.result(uid)


def failure(life: kit.Life, part: str, **more: Any) -> tuple[str, str]:
    """The id, and the text of the failure that ended it, without the traceback."""
    uid, state = life.run(acted, {"part": part, **more}, options=kit.NO_RETRIES)
    assert state == "failed", life.engine.result(uid)
    return uid, str(kit.outcome(life, uid)[1])
