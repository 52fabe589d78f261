"""Tasks whose effect is journal rows: they end in the commit of their effect, and are never unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from durable_wf.codec import decode, encode
from durable_wf.model.rows import Event, Kind
from durable_wf.model.states import NE

if TYPE_CHECKING:
    from durable_wf.graph.pen import Pen
    from durable_wf.graph.state import Run, TaskState


def perform(run: Run, pen: Pen, task: TaskState) -> tuple[bool, str | None]:
    """Write the task's effect.

    returns  whether it could be had, and the detail of the task's transition
    """
    kwargs = decode(task.request.text)["kwargs"]
    if task.kind == Kind.EVENT:
        pen.changes.events.append(
            Event(
                0, run.row.id, task.no, None, pen.now.wall_us, kwargs["event_type"], "info", kwargs["event"],
                encode(kwargs.get("context") or {}),
            )
        )  # fmt: skip
        return True, None
    if task.kind == Kind.SET_STATE:
        return _set_state(pen, task.target, kwargs["state"])
    if task.kind == Kind.GET_STATE:
        row = pen.storage.instance(task.target)
        return _gone(task.target) if row is None else (True, result(row.state))
    return True, None  # HUB, NOP and REFRESH: that it happened, and when, is the effect


def _set_state(pen: Pen, name: str, state: str) -> tuple[bool, str | None]:
    row = pen.storage.instance(name)
    if row is None:
        return _gone(name)
    pen.instance(row._replace(state=state), NE.STATE_SET, encode({"from": row.state, "to": state}))
    return True, None


def _gone(name: str) -> tuple[bool, str]:
    error = {
        "type": "builtins:KeyError",
        "message": f"the node instance '{name}' is not there any more",
        "arguments": [name],
        "traceback": "",
        "causes": [],
    }
    return False, encode({"error": error})


def result(value: Any) -> str | None:
    """The detail of a success with this result."""
    return None if value is None else encode({"result": value})
