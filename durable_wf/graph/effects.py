"""Tasks whose effect is journal rows: they end in the commit of their effect, and are never unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from durable_wf.codec import decode, encode
from durable_wf.graph.properties import difference
from durable_wf.graph.system_patch import patched, reset_by
from durable_wf.model.rows import Event, Kind
from durable_wf.model.states import NE

if TYPE_CHECKING:
    from durable_wf.graph.pen import Pen
    from durable_wf.graph.state import Run, TaskState
    from durable_wf.model.rows import Instance

MODIFIES = frozenset({
    Kind.START_MODIFICATION, Kind.FINISH_MODIFICATION, Kind.ROLLBACK_MODIFICATION, Kind.LIST_MODIFICATIONS,
})  # fmt: skip


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
    if task.kind == Kind.UPDATE_INSTANCE:
        return _update(pen, task.target, kwargs)
    if task.kind == Kind.EXECUTION_STATUS:
        text = f"the status '{kwargs['status']}' cannot be set: an execution's status is what its journal says of it"
        return _refused("builtins:NotImplementedError", text)
    if task.kind in MODIFIES:
        is_good, came = pen.storage.modify(pen, task.kind, task.no, kwargs)
        return (True, result(came)) if is_good else (False, encode({"error": came}))
    return True, None  # HUB, NOP, REFRESH and DRY_RUN: that it happened, and when, is the effect


def _set_state(pen: Pen, name: str, state: str) -> tuple[bool, str | None]:
    row = pen.storage.instance(name)
    if row is None:
        return _gone(name)
    new = row._replace(state=state)
    reset = reset_by(state, decode(row.system_properties_json)) if row.system_properties_json != "{}" else None
    if reset is not None:
        new = new._replace(system_properties_json=encode(reset))
    pen.instance(new, NE.STATE_SET, encode({"from": row.state, "to": state}))
    return True, None


def _update(pen: Pen, name: str, kwargs: dict[str, Any]) -> tuple[bool, str | None]:
    """Replace what is given. Only a write without a state, and not forced, must name the present version."""
    row = pen.storage.instance(name)
    if row is None:
        return _gone(name)
    version, state = kwargs["version"], kwargs["state"]
    if not kwargs["force"] and state is None and version != row.version:
        text = f"version {version} does not match current version of node instance '{name}' which is {row.version}"
        return _refused("durable_wf.authoring.exceptions:StorageConflictError", text)
    runtime, system = kwargs["runtime_properties"], kwargs["system_properties"]
    if "patches" in kwargs:
        system = patched(decode(row.system_properties_json), kwargs["patches"], pen.now.wall_us)
    new = row._replace(
        runtime_properties_json=row.runtime_properties_json if runtime is None else encode(runtime),
        system_properties_json=row.system_properties_json if system is None else encode(system),
    )
    if state is None:
        pen.instance(new, NE.PROPERTIES_CHANGED, encode({"keys": _changed_keys(row, new)}))
    else:
        new = new._replace(state=state)
        pen.instance(new, NE.STATE_SET, encode({"from": row.state, "to": state}))
    return True, result(as_stored(new._replace(version=row.version + 1)))


def _changed_keys(old: Instance, new: Instance) -> list[str]:
    before, after = decode(old.runtime_properties_json), decode(new.runtime_properties_json)
    return [change.key for change in difference(before, after)]


def as_stored(row: Instance) -> dict[str, Any]:
    """A node instance under the reference's names (blueprint-dsl §15)."""
    return {
        "id": row.name,
        "node_id": row.node,
        "index": row.idx,
        "state": row.state,
        "version": row.version,
        "host_id": row.host,
        "runtime_properties": decode(row.runtime_properties_json),
        "system_properties": decode(row.system_properties_json),
        "relationships": decode(row.relationships_json),
        "scaling_groups": decode(row.scaling_groups_json),
    }


def _gone(name: str) -> tuple[bool, str]:
    return _refused("builtins:KeyError", f"the node instance '{name}' is not there any more", name)


def _refused(kind: str, message: str, argument: str | None = None) -> tuple[bool, str]:
    """The detail of a failure.

    argument  what the exception is made with; None: the message
    """
    arguments = [message if argument is None else argument]
    return False, encode(
        {"error": {"type": kind, "message": message, "arguments": arguments, "traceback": "", "causes": []}}
    )


def result(value: Any) -> str | None:
    """The detail of a success with this result."""
    return None if value is None else encode({"result": value})
