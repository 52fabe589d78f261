"""heal: what is not well is healed where that can be done, and reinstalled where not. Source: workflow-api §10.9."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from durable_wf.authoring.fixed_set import FixedSet
from durable_wf.builtin import lifecycle
from durable_wf.builtin.checks import check_status
from durable_wf.builtin.mending import HEAL, HEAL_FAILED
from durable_wf.builtin.selection import others, present

if TYPE_CHECKING:
    from durable_wf.authoring.node_instances import CloudifyWorkflowNodeInstance
    from durable_wf.authoring.workflow_ctx import WorkflowContext
    from durable_wf.builtin.selection import Instances

    Some = FixedSet[CloudifyWorkflowNodeInstance]

_NAMED = 5


class Options(NamedTuple):
    """What a person may choose; as the workflow's parameters."""

    ignore_failure: bool
    check_status: bool
    allow_reinstall: bool
    force_reinstall: bool


def heal(ctx: WorkflowContext, node_instance_id: str | None, options: Options) -> None:
    """Heal an instance with all that is contained in its host, or the whole deployment.

    raises  ValueError for an unknown instance; RuntimeError where a reinstall is needed and not allowed
    """
    selected = _selected(ctx, node_instance_id)
    if options.force_reinstall:
        _reinstall(ctx, selected, options)
        return
    if options.check_status:
        check_status(ctx, selected, in_dependency_order=False, ignore_failure=True)
        ctx.refresh_node_instances()
        selected = FixedSet(present(ctx, selected))
    ill = [one for one in selected if not _is_well(one, whole=node_instance_id is None)]
    hopeless = _with_contents(one for one in ill if not one.node.has_operation(HEAL))
    if hopeless and not options.allow_reinstall:
        raise RuntimeError(_refusal(hopeless))
    healed = FixedSet(ill).difference(hopeless)
    if healed:
        lifecycle.heal_node_instances(ctx.graph_mode(), healed, others(ctx, healed))
        ctx.refresh_node_instances()
    _reinstall(ctx, _with_contents(present(ctx, hopeless)) | _not_healed(ctx, healed), options)


def _selected(ctx: WorkflowContext, node_instance_id: str | None) -> Some:
    if not node_instance_id:
        return FixedSet(ctx.node_instances)
    instance = ctx.get_node_instance(node_instance_id)
    if instance is None:
        text = f"No node instance with id `{node_instance_id}` was found"
        raise ValueError(text)
    host = None if instance.host_id is None else ctx.get_node_instance(instance.host_id)
    return (host or instance).get_contained_subgraph()


def _is_well(instance: CloudifyWorkflowNodeInstance, *, whole: bool) -> bool:
    """Whether it is known to be; of a whole deployment also what nothing is known of."""
    status = instance.system_properties.get("status") or {}
    return bool(status.get("ok")) or (whole and not status.get("task"))


def _with_contents(instances: Any) -> Some:
    """They and all that is contained in them."""
    found: Some = FixedSet()
    for instance in instances:
        found.update(instance.get_contained_subgraph())
    return found


def _not_healed(ctx: WorkflowContext, tried: Instances) -> Some:
    """Those whose heal has failed, with what is contained in them; as the view shows it."""
    failed = [one for one in present(ctx, tried) if one.system_properties.get(HEAL_FAILED) == ctx.execution_id]
    return _with_contents(failed)


def _reinstall(ctx: WorkflowContext, instances: Some, options: Options) -> None:
    if not instances:
        return
    if not options.allow_reinstall and not options.force_reinstall:
        raise RuntimeError(_refusal(instances))
    lifecycle.reinstall_node_instances(ctx.graph_mode(), instances, options.ignore_failure, others(ctx, instances))


def _refusal(instances: Some) -> str:
    ids = [one.id for one in instances]
    more = f" and {len(ids) - _NAMED} more" if len(ids) > _NAMED else ""
    return f"allow_reinstall is false, and these node instances need to be reinstalled: {', '.join(ids[:_NAMED])}{more}"
