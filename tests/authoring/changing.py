"""What workflows of the blueprint `grouped` do with modifications of its deployment."""

from __future__ import annotations

from typing import Any

from durable_wf import operation, workflow
from durable_wf.errors import DurableError, UsageError


@workflow
def changes(ctx: Any, what: str, **more: Any) -> Any:
    """Run a function of this module."""
    return globals()[what](ctx, **more)


@operation(resumable=True)
def counts(ctx: Any) -> Any:
    """How many instances the node has."""
    return ctx.node.number_of_instances


def adds_a_pair(ctx: Any) -> Any:
    """What the modification shows of a new group instance."""
    change = ctx.deployment.start_modification({"pair": {"instances": 3}})
    added = change.added
    (server,) = [one for one in added.node_instances if one.node_id == "server"]
    found = {
        "nodes": [node.id for node in added.nodes],
        "instances": {one.node_id: one.modification for one in added.node_instances},
        "unknown": [added.get_node("nobody"), added.get_node_instance("server_4")],
        "groups": {name: group["properties"] for name, group in ctx.deployment.scaling_groups.items()},
        "contained": [one.node_id for one in server.contained_instances],
    }
    change.rollback()
    return found


def keeps_a_snapshot(ctx: Any) -> Any:
    """States in the modification's own container, and in the context."""
    change = ctx.deployment.start_modification({"pair": {"instances": 3}})
    (added,) = [one for one in change.added.node_instances if one.node_id == "server"]
    ctx.get_node_instance(added.id).set_state("mine").get()
    ctx.refresh_node_instances()
    states = [change.added.get_node_instance(added.id).state, ctx.get_node_instance(added.id).state]
    change.rollback()
    gone = ctx.get_node_instance(added.id) is None
    return [states, [gone, change.added.get_node_instance(added.id) is added]]


def removes_by_hint(ctx: Any) -> Any:
    """A hint that names a member removes its group instance."""
    change = ctx.deployment.start_modification({"pair": {"instances": 1, "removed_ids_include_hint": {"server_4"}}})
    found = {one.id: one.modification for one in change.removed.node_instances if one.modification}
    change.finish()
    gone = [one for one in found if ctx.get_node_instance(one) is not None]
    return gone or found


def asks_an_operation(ctx: Any) -> Any:
    """The number that an operation sees, before and after."""
    found = []
    for _ in range(2):
        (first, *_) = ctx.get_node("app").instances
        path = "tests.authoring.changing:counts"
        found.append(ctx.execute_task(path, node_context={"node_id": first.id}).get())
        if len(found) == 1:
            ctx.deployment.start_modification({"app": {"instances": 2}}).finish()
    return found


def wishes(ctx: Any) -> Any:
    """What is said to each wish."""
    said = []
    for wanted in ({"nobody": {"instances": 7}}, {"app": {"instances": -1}}, {"app": {"instance": 2}}, ["app"]):
        try:
            ctx.deployment.start_modification(wanted).rollback()
        except DurableError as error:
            said.append(str(error))
        else:
            said.append("fine")
    return said


def lists(ctx: Any) -> Any:
    """What is listed before, during and after a modification."""
    before = ctx.deployment.list_started_modifications()
    change = ctx.deployment.start_modification({"app": {"instances": 2}})
    (during,) = ctx.deployment.list_started_modifications()
    same = during.id == change.id and [one.id for one in during.added.node_instances] == [
        one.id for one in change.added.node_instances
    ]
    during.finish()
    return [before, same, ctx.deployment.list_started_modifications()]


def starts_in_a_local_task(ctx: Any) -> Any:
    """What it is told."""

    def starts() -> str:
        try:
            ctx.deployment.start_modification({})
        except UsageError as error:
            return error.message
        return "started"

    return ctx.local_task(starts).get()
