"""Operations of which the instances of a node take their turns. Source: reference/workflow-api.md §1.3.

Unlike there, no server is needed: the other instances are read from the journal.
"""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

from durable_wf.authoring.current import current_ctx
from durable_wf.authoring.exceptions import CloudifySerializationRetry
from durable_wf.authoring.functions import operation, with_ctx

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

F = TypeVar("F", bound="Callable[..., Any]")


def serial_operation(
    threshold: int = 0,
    workflows: Collection[str] | None = None,
    states: Collection[str] | None = None,
    **op_kwargs: Any,
) -> Callable[[F], F]:
    """Have an operation wait until the instances with a smaller index have come further.

    threshold  this many instances may be in `states` before the order matters; 0: it always does
    workflows  in which it matters; `install` if not given
    states     of an instance that has come further; `started` if not given
    op_kwargs  for `operation`
    The operation raises CloudifySerializationRetry, which is a retry, where it is not yet its turn.
    """
    which = frozenset(workflows or ("install",))
    done = frozenset(states or ("started",))

    def decorate(function: F) -> F:
        @wraps(function)
        def in_turn(**kwargs: Any) -> Any:
            ctx = kwargs.get("ctx") or current_ctx.get_ctx()
            if ctx.workflow_id in which:
                _wait_for_turn(ctx.instance, threshold, done)
            kwargs.pop("ctx", None)
            return function(**with_ctx(function, kwargs, ctx))

        marked: F = operation(**op_kwargs)(in_turn)
        return marked

    return decorate


def _wait_for_turn(instance: Any, threshold: int, done: frozenset[str]) -> None:
    others = instance.siblings()
    count = sum(other.state in done for other in others)
    if threshold and count < threshold:
        return
    waits_for = [other.id for other in others if other.index < instance.index and other.state not in done]
    if waits_for:
        text = f"{instance.id} waits for {', '.join(waits_for)}"
        raise CloudifySerializationRetry(text)
