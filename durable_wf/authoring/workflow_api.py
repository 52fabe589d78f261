"""`api` of a workflow: whether it is to be cancelled. Source: reference/workflow-api.md §5.1.

Unlike there, requests are per execution: everything here is about the execution of the workflow function that runs in
the calling thread. `cancel_request`, `kill_request`, `cancel_callbacks` and `kill_callbacks` are found anew at each
access. A test that sets `cancel_request` or `kill_request` of this module makes the functions below answer so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from durable_wf.authoring.current import NotInContext, current_workflow_ctx
from durable_wf.authoring.exceptions import EXECUTION_CANCELLED_RESULT, ExecutionCancelled
from durable_wf.model.events import Level

if TYPE_CHECKING:
    from durable_wf.authoring.cancelling import Cancelling

__all__ = [
    "EXECUTION_CANCELLED_RESULT",
    "ExecutionCancelled",
    "has_cancel_request",
    "has_kill_request",
    "set_cancel_request",
    "set_kill_request",
]

_FLAGS = ("cancel_request", "kill_request")
_CALLBACKS = ("cancel_callbacks", "kill_callbacks")


def has_cancel_request() -> bool:
    """Whether the workflow is to be cancelled. A request that waits for it is taken by this, and its place recorded.

    False outside of a workflow. In a `local_task` it looks, and takes nothing.
    """
    return bool(globals().get("cancel_request") or _has_cancel_request() or has_kill_request())


def has_kill_request() -> bool:
    """Whether the workflow has asked for its own kill. Killed from outside, it is not asked any more."""
    if globals().get("kill_request"):
        return True
    found = _current()
    return found is not None and found.is_killed


def set_cancel_request() -> None:
    """Ask that this execution be cancelled: a request by itself.

    raises  NotInContext outside of a workflow
    """
    _own().ask(Level.CANCEL)


def set_kill_request() -> None:
    """Ask that this execution be killed: nothing of it is waited for.

    raises  NotInContext outside of a workflow
    """
    _own().ask(Level.KILL)


def _has_cancel_request() -> bool:
    found = _current()
    return found is not None and found.has_request()


def _own() -> Cancelling:
    found: Cancelling = current_workflow_ctx.get_ctx().internal.cancelling
    return found


def _current() -> Cancelling | None:
    try:
        return _own()
    except NotInContext:
        return None


def __getattr__(name: str) -> Any:
    """The module's variables of the older system, as they are for the current execution."""
    found = _current()
    if name in _FLAGS:
        return found is not None and (found.is_killed if name == "kill_request" else found.has_request())
    if name in _CALLBACKS:
        return getattr(_own(), name)
    text = f"module '{__name__}' has no attribute '{name}'"
    raise AttributeError(text)
