"""Which node instances a built-in workflow is about. Source: workflow-api §10.1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from durable_wf.authoring.fixed_set import FixedSet

if TYPE_CHECKING:
    from collections.abc import Iterable

    from durable_wf.authoring.node_instances import CloudifyWorkflowNodeInstance
    from durable_wf.authoring.workflow_ctx import WorkflowContext

    Instances = Iterable[CloudifyWorkflowNodeInstance]


def select(
    ctx: WorkflowContext, type_names: Any = None, node_ids: Any = None, node_instance_ids: Any = None
) -> FixedSet[CloudifyWorkflowNodeInstance]:
    """The instances that every filter lets through; an empty filter lets all through.

    type_names  of which any is the node's type or above it
    others      looked into by `in`: a plain text lets through what it has in it
    """
    return FixedSet(
        one
        for one in ctx.node_instances
        if (not node_ids or one.node_id in node_ids)
        and (not node_instance_ids or one.id in node_instance_ids)
        and (not type_names or any(name in type_names for name in one.node.type_hierarchy))
    )


def others(ctx: WorkflowContext, selected: Instances) -> FixedSet[CloudifyWorkflowNodeInstance]:
    """All other instances of the deployment: order goes through them."""
    return FixedSet(ctx.node_instances).difference(selected)


def in_order(instances: Instances | None) -> list[CloudifyWorkflowNodeInstance]:
    """By id, each once, whatever it was that held them."""
    return list(FixedSet(instances or ()))


def present(ctx: WorkflowContext, instances: Instances) -> list[CloudifyWorkflowNodeInstance]:
    """The same instances at the view as it is now; those that are gone left out."""
    found = (ctx.get_node_instance(one.id) for one in in_order(instances))
    return [one for one in found if one is not None]
