"""Tasks that write what was found out about a node instance into its system properties. Source: workflow-api §10.10."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from durable_wf.authoring.requests import effect_spec
from durable_wf.authoring.task_classes import task_of
from durable_wf.model.rows import Kind

if TYPE_CHECKING:
    from durable_wf.authoring.tasks import WorkflowTask
    from durable_wf.authoring.workflow_ctx import WorkflowContext

Path: TypeAlias = Sequence[str]


def change(path: Path, value: Any, keep: str | None = None) -> dict[str, Any]:
    """One change, as `graph.system_patch` has it: `value` at the end of `path`, with the time if it is a mapping.

    value  None takes it out
    keep   the key under which the value of before is kept
    """
    return {"path": list(path), "value": value, **({"keep": keep} if keep else {})}


def writes(ctx: WorkflowContext, instance_id: str, *changes: dict[str, Any]) -> WorkflowTask:
    """A task, for a graph, that makes these changes in one commit. In a dry run it does nothing."""
    home = ctx.internal.home
    if ctx.dry_run:
        return task_of(home, effect_spec(Kind.NOP, "update_node_instance", instance_id))
    spec = effect_spec(
        Kind.UPDATE_INSTANCE,
        "",
        instance_id,
        version=0,
        force=True,
        state=None,
        runtime_properties=None,
        system_properties=None,
        patches=list(changes),
    )
    return task_of(home, spec)
