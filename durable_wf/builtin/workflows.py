"""The built-in workflows: what a blueprint's `workflows` of the built-in types are mapped to. Source: workflow-api §10.

Each takes whatever else it is given, and leaves it aside.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from durable_wf.authoring.functions import workflow
from durable_wf.builtin import checks, healing, lifecycle, operations, scaling
from durable_wf.builtin.selection import others, select
from durable_wf.builtin.steps import LIFECYCLE

if TYPE_CHECKING:
    from durable_wf.authoring.workflow_ctx import WorkflowContext
    from durable_wf.builtin.selection import Instances

    Parameters = dict[str, Any] | None


@workflow(resumable=True)
def install(
    ctx: WorkflowContext, type_names: Any = None, node_ids: Any = None, node_instance_ids: Any = None, **_: Any
) -> None:
    """Install the selected node instances."""
    selected = select(ctx, type_names, node_ids, node_instance_ids)
    lifecycle.install_node_instances(ctx.graph_mode(), selected, others(ctx, selected))


@workflow(resumable=True)
def uninstall(
    ctx: WorkflowContext,
    ignore_failure: bool = False,
    type_names: Any = None,
    node_ids: Any = None,
    node_instance_ids: Any = None,
    recursive: bool = False,
    **_: Any,
) -> None:
    """Uninstall the selected node instances.

    recursive  of no effect: no deployment of one machine is the service of another
    """
    del recursive
    selected = select(ctx, type_names, node_ids, node_instance_ids)
    lifecycle.uninstall_node_instances(ctx.graph_mode(), selected, ignore_failure, others(ctx, selected))


@workflow(resumable=True)
def reinstall(
    ctx: WorkflowContext,
    ignore_failure: bool = False,
    type_names: Any = None,
    node_ids: Any = None,
    node_instance_ids: Any = None,
    **_: Any,
) -> None:
    """Uninstall the selected node instances, and install them again."""
    selected = select(ctx, type_names, node_ids, node_instance_ids)
    lifecycle.reinstall_node_instances(ctx.graph_mode(), selected, ignore_failure, others(ctx, selected))


@workflow(resumable=True)
def execute_operation(
    ctx: WorkflowContext,
    operation: str,
    operation_kwargs: Parameters = None,
    allow_kwargs_override: bool | None = None,
    run_by_dependency_order: bool = False,
    type_names: Any = None,
    node_ids: Any = None,
    node_instance_ids: Any = None,
    **_: Any,
) -> None:
    """Run an operation of each selected node instance that has it."""
    operations.execute_operation(
        ctx,
        operation,
        operation_kwargs,
        select(ctx, type_names, node_ids, node_instance_ids),
        override=bool(allow_kwargs_override),
        in_dependency_order=run_by_dependency_order,
    )


def _run(ctx: WorkflowContext, name: str, parms: Parameters, selected: Instances, *, in_order: bool) -> None:
    full = f"{LIFECYCLE}.{name}"
    operations.execute_operation(ctx, full, parms, selected, override=True, in_dependency_order=in_order)


@workflow(resumable=True)
def start(
    ctx: WorkflowContext,
    operation_parms: Parameters = None,
    run_by_dependency_order: bool = True,
    type_names: Any = None,
    node_ids: Any = None,
    node_instance_ids: Any = None,
    **_: Any,
) -> None:
    """Run the lifecycle operation `start` of the selected node instances."""
    selected = select(ctx, type_names, node_ids, node_instance_ids)
    _run(ctx, "start", operation_parms, selected, in_order=run_by_dependency_order)


@workflow(resumable=True)
def stop(
    ctx: WorkflowContext,
    operation_parms: Parameters = None,
    run_by_dependency_order: bool = True,
    type_names: Any = None,
    node_ids: Any = None,
    node_instance_ids: Any = None,
    **_: Any,
) -> None:
    """Run the lifecycle operation `stop` of the selected node instances."""
    selected = select(ctx, type_names, node_ids, node_instance_ids)
    _run(ctx, "stop", operation_parms, selected, in_order=run_by_dependency_order)


@workflow(resumable=True)
def pull(
    ctx: WorkflowContext,
    operation_parms: Parameters = None,
    run_by_dependency_order: bool = True,
    type_names: Any = None,
    node_ids: Any = None,
    node_instance_ids: Any = None,
    **_: Any,
) -> None:
    """Run the lifecycle operation `pull` of the selected node instances."""
    selected = select(ctx, type_names, node_ids, node_instance_ids)
    _run(ctx, "pull", operation_parms, selected, in_order=run_by_dependency_order)


@workflow(resumable=True)
def restart(
    ctx: WorkflowContext,
    stop_parms: Parameters = None,
    start_parms: Parameters = None,
    run_by_dependency_order: bool = True,
    type_names: Any = None,
    node_ids: Any = None,
    node_instance_ids: Any = None,
    **_: Any,
) -> None:
    """Run the lifecycle operation `stop` of all selected node instances, then `start` of all of them."""
    selected = select(ctx, type_names, node_ids, node_instance_ids)
    _run(ctx, "stop", stop_parms, selected, in_order=run_by_dependency_order)
    _run(ctx, "start", start_parms, selected, in_order=run_by_dependency_order)


@workflow(resumable=True)
def check_status(
    ctx: WorkflowContext,
    run_by_dependency_order: bool = False,
    type_names: Any = None,
    node_ids: Any = None,
    node_instance_ids: Any = None,
    ignore_failure: bool = False,
    **_: Any,
) -> None:
    """Ask the selected node instances how they are; kept in their system properties."""
    selected = select(ctx, type_names, node_ids, node_instance_ids)
    checks.check_status(ctx, selected, in_dependency_order=run_by_dependency_order, ignore_failure=ignore_failure)


@workflow(resumable=True)
def check_drift(
    ctx: WorkflowContext,
    run_by_dependency_order: bool = True,
    type_names: Any = None,
    node_ids: Any = None,
    node_instance_ids: Any = None,
    ignore_failure: bool = False,
    **_: Any,
) -> None:
    """Ask the selected node instances how they differ from what they were made as; kept likewise."""
    selected = select(ctx, type_names, node_ids, node_instance_ids)
    checks.check_drift(ctx, selected, in_dependency_order=run_by_dependency_order, ignore_failure=ignore_failure)


@workflow(resumable=True)
def rollback(
    ctx: WorkflowContext,
    type_names: Any = None,
    node_ids: Any = None,
    node_instance_ids: Any = None,
    full_rollback: bool = False,
    **_: Any,
) -> None:
    """Take back what an install has begun with the selected node instances and not ended; failures are ignored.

    full_rollback  then everything is uninstalled
    """
    selected = select(ctx, type_names, node_ids, node_instance_ids)
    lifecycle.rollback_node_instances(ctx.graph_mode(), selected, related_nodes=others(ctx, selected))
    if full_rollback:
        ctx.refresh_node_instances()
        everything = list(ctx.node_instances)
        lifecycle.uninstall_node_instances(
            ctx.graph_mode(), everything, ignore_failure=False, name_prefix="uninstall-a"
        )


@workflow
def auto_heal_reinstall_node_subgraph(
    ctx: WorkflowContext,
    node_instance_id: str | None = None,
    diagnose_value: Any = "Not provided",
    ignore_failure: bool = True,
    check_status: bool = True,
    allow_reinstall: bool = True,
    force_reinstall: bool = False,
    **_: Any,
) -> None:
    """Heal what is not well: of the whole deployment, or of one node instance with all that its host contains."""
    about = f"node instance '{node_instance_id}'" if node_instance_id else "the deployment"
    ctx.logger.info("Starting 'heal' workflow on %s, diagnosis: %s", about, diagnose_value)
    options = healing.Options(ignore_failure, check_status, allow_reinstall, force_reinstall)
    healing.heal(ctx, node_instance_id, options)


@workflow(resumable=True)
def scale_entity(
    ctx: WorkflowContext,
    scalable_entity_name: str,
    delta: Any = 1,
    scale_compute: bool = False,
    ignore_failure: bool = False,
    include_instances: Any = None,
    exclude_instances: Any = None,
    rollback_if_failed: bool = True,
    abort_started: bool = False,
    **_: Any,
) -> None:
    """Give a node or a scaling group `delta` instances more in each place, or less."""
    options = scaling.Options(
        scale_compute, ignore_failure, include_instances, exclude_instances, rollback_if_failed, abort_started
    )
    scaling.scale(ctx, scalable_entity_name, delta, options)


@workflow
def scale(ctx: WorkflowContext, node_id: str, delta: Any, scale_compute: bool, **_: Any) -> None:
    """What `scale_entity` was in older blueprints: of nodes, and groups of the same name."""
    scale_entity(ctx, scalable_entity_name=node_id, delta=delta, scale_compute=scale_compute)
