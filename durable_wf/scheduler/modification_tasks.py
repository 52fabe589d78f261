"""Tasks by which a workflow modifies its deployment: what each does in its turn, and what its function is given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from durable_wf.errors import InputError
from durable_wf.model.plan import to_json
from durable_wf.model.rows import Kind
from durable_wf.model.states import MODIFICATION

if TYPE_CHECKING:
    from durable_wf.model.deployed import Modification
    from durable_wf.scheduler.modifying import Modifying, Planner, Writer

_EXCEPTIONS = "durable_wf.authoring.exceptions"
_EXISTING = "ExistingStartedDeploymentModificationError"
_ENDED = "DeploymentModificationAlreadyEndedError"
_MISSING = "DeploymentModificationNotFoundError"
_DRY = "dry_run"  # the id of a modification that is only shown


def modify(
    modifying: Modifying, writer: Writer, planner: Planner, kind: int, task: int, kwargs: dict[str, Any]
) -> tuple[bool, Any]:
    """Write the effect of a task.

    returns  True and its result, or False and its error as the journal has it
    """
    if kind == Kind.LIST_MODIFICATIONS:
        return True, [{"id": row.uid} for row in modifying.started()]
    if kind == Kind.START_MODIFICATION:
        try:
            return _start(modifying, writer, planner, task, kwargs)
        except InputError as error:
            return False, _refused(f"{type(error).__module__}:{type(error).__qualname__}", error.message)
    return _end(modifying, writer, kind, kwargs["id"])


def _start(
    modifying: Modifying, writer: Writer, planner: Planner, task: int, kwargs: dict[str, Any]
) -> tuple[bool, Any]:
    wanted, limited = kwargs["nodes"], kwargs["limited"]
    if kwargs["dry_run"]:
        _, plan = modifying.plan(planner, wanted, limited=limited)
        return True, {"id": _DRY, "plan": to_json(plan)}
    started = [row.uid for row in modifying.started()]
    if started:
        return False, _refused(f"{_EXCEPTIONS}:{_EXISTING}", existing_text(started))
    return True, {"id": modifying.start(writer, planner, task, wanted, limited=limited).uid}


def _end(modifying: Modifying, writer: Writer, kind: int, uid: str) -> tuple[bool, Any]:
    row = modifying.find(uid)
    if row is None:
        return False, _refused(f"{_EXCEPTIONS}:{_MISSING}", f"there is no deployment modification '{uid}'")
    finishes = kind == Kind.FINISH_MODIFICATION
    if MODIFICATION.states[row.state] in MODIFICATION.ended:
        return False, _refused(f"{_EXCEPTIONS}:{_ENDED}", ended_text(row, finishes=finishes))
    if finishes:
        modifying.finish(writer, row)
    else:
        modifying.rollback(writer, row)
    return True, {"id": uid}


def existing_text(started: list[str]) -> str:
    """That a modification cannot be started, for these have not ended."""
    text = "a deployment modification cannot be started while there are started ones of the same deployment"
    return f"{text}: {', '.join(started)}"


def ended_text(row: Modification, *, finishes: bool) -> str:
    """That a modification cannot be ended a second time."""
    verb = "finished" if finishes else "rolled back"
    return f"deployment modification '{row.uid}' cannot be {verb}: it is {MODIFICATION.states[row.state]} already"


def _refused(kind: str, message: str) -> dict[str, Any]:
    return {"type": kind, "message": message, "arguments": [message], "traceback": "", "causes": []}
