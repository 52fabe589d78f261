"""What workflows and operations of the blueprint `grouped` do with its scaling groups."""

from __future__ import annotations

from typing import Any

from durable_wf import operation, workflow
from durable_wf.errors import UsageError


@operation
def tells(ctx: Any) -> Any:
    """The groups that the instance says it is in."""
    return ctx.instance.scaling_groups


@workflow
def shows(ctx: Any) -> Any:
    """What the workflow's ctx says of groups, by deployment, instance and handler."""
    groups = ctx.deployment.scaling_groups
    groups["pair"]["members"].append("nobody")  # a copy
    return {
        "groups": ctx.deployment.scaling_groups,
        "handler": ctx.internal.handler.scaling_groups == ctx.deployment.scaling_groups,
        "instances": {one.id: one.scaling_groups for one in ctx.node_instances},
        "links": {
            one.id: [each.target_id for each in one.relationships] for one in ctx.node_instances if one.node_id == "app"
        },
    }


@workflow
def tells_all(ctx: Any) -> Any:
    """What an operation of each server and app says."""
    asked = {one.id: one.execute_operation("ops.tells") for one in ctx.node_instances if one.node_id != "address"}
    return {name: result.get() for name, result in asked.items()}


@workflow
def has_no_deployment(ctx: Any) -> Any:
    """What a workflow without a deployment is told of its groups and modifications."""
    said: list[Any] = [ctx.deployment.scaling_groups]
    for ask in (lambda: ctx.deployment.start_modification({}), ctx.deployment.list_started_modifications):
        try:
            ask()
        except UsageError as error:
            said.append(error.message)
    return said
