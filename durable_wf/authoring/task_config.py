"""What its callable, its invocation and the execution say about a local task. Source: workflow-api §2.2."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def task_config(fn: Callable[..., Any] | None = None, **arguments: Any) -> Any:
    """Decorate a callable with settings for `ctx.local_task`; bare, or with arguments.

    arguments  send_task_events, kwargs, total_retries, retry_interval, name, info
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            return function(*args, **kwargs)

        wrapper.workflow_task_config = arguments  # type: ignore[attr-defined]
        return wrapper

    return decorate if fn is None else decorate(fn)


def settings_of(
    call: Callable[..., Any], usual: Mapping[str, Any], given: Mapping[str, Any], *, override: bool
) -> dict[str, Any]:
    """The settings of one local task; of several, the last one in this order counts.

    usual     the execution's
    given     the invocation's; None says nothing
    override  the invocation wins over the callable's own, rather than the other way round
    """
    own = getattr(call, "workflow_task_config", None) or {}
    chosen = {key: value for key, value in given.items() if value is not None}
    return {**usual, **own, **chosen} if override else {**usual, **chosen, **own}
