"""Workflows of the blueprint `modified`, and what tests ask of its deployment."""

from __future__ import annotations

import itertools
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from durable_wf import workflow
from durable_wf.authoring.exceptions import (
    DeploymentModificationAlreadyEndedError,
    ExecutionCancelled,
    ExistingStartedDeploymentModificationError,
)
from tests.replay import kit

BLUEPRINT = Path(__file__).parent / "modified" / "blueprint.yaml"


def deploy(store: Any) -> Any:
    """The deployment `d`."""
    path = list(sys.path)
    numbers = itertools.count(1)
    life = kit.Life(store)
    life.engine.deployments.create(BLUEPRINT, "d", new_suffix=lambda: str(next(numbers)))
    life.bury()
    sys.path[:] = path
    return store


@contextmanager
def engine_on(store: Any) -> Any:
    """The engine of a process of its own."""
    life = kit.Life(store)
    try:
        yield life.engine
    finally:
        life.bury()


def shown(journal: Any, at: int | None = None) -> dict[str, Any]:
    """All that the deployment shows, revisions and places in the journal left out."""
    (deployment,) = journal.deployments()
    return {
        "instances": [row._replace(seq=0, revision=0) for row in journal.instances(deployment.id, at=at)],
        "nodes": [row._replace(seq=0) for row in journal.nodes(deployment.id, at=at)],
        "scaling": [row._replace(seq=0) for row in journal.scaling(deployment.id, at=at)],
        "deployment": deployment._replace(seq=0),
    }


def numbers(ctx: Any) -> dict[str, tuple[int, int]]:
    """Present and planned numbers of instances, of nodes and groups."""
    groups = ctx.deployment.scaling_groups.items()
    found = {node.id: [node.number_of_instances, node.planned_number_of_instances] for node in ctx.nodes}
    counts = {name: group["properties"] for name, group in groups}
    return found | {name: [each["current_instances"], each["planned_instances"]] for name, each in counts.items()}


def side(nodes: Any) -> dict[str, Any]:
    """What one side of a modification shows: of each instance what becomes of it, and its relationships."""
    return {one.id: [one.modification, [each.target_id for each in one.relationships]] for one in nodes.node_instances}


@workflow
def touches(ctx: Any) -> None:
    """Give every instance a runtime property and a state."""
    for instance in ctx.node_instances:
        instance.execute_operation("ops.touch").get()
        instance.set_state("started").get()


@workflow
def scales(ctx: Any, wanted: Any, end: str) -> Any:
    """Start a modification, have operations change what is new and what is related, and end it."""
    change = ctx.deployment.start_modification(wanted)
    during = [numbers(ctx), sorted(one.id for one in ctx.node_instances)]
    for instance in change.added.node_instances:
        live = ctx.get_node_instance(instance.id)
        live.set_state("starting").get()
        live.execute_operation("ops.again", kwargs={"by": change.id}, allow_kwargs_override=True).get()
    getattr(change, end)()
    return {
        "id": change.id,
        "added": side(change.added),
        "removed": side(change.removed),
        "during": during,
        "after": [numbers(ctx), sorted(one.id for one in ctx.node_instances)],
    }


@workflow
def twice(ctx: Any) -> list[str]:
    """Every error of starts and ends at the wrong time; each names what it is about."""
    said = []
    change = ctx.deployment.start_modification({})
    try:
        ctx.deployment.start_modification({"vm": {"instances": 2}})
    except ExistingStartedDeploymentModificationError as error:
        said.append(str(error))
    change.finish()
    for end in (change.finish, change.rollback):
        try:
            end()
        except DeploymentModificationAlreadyEndedError as error:
            said.append(str(error))
    return said


@workflow
def fails_and_rolls_back(ctx: Any) -> list[str]:
    """What scale does where an added instance cannot be installed."""
    change = ctx.deployment.start_modification({"vm": {"instances": 2}})
    try:
        for instance in change.added.node_instances:
            ctx.get_node_instance(instance.id).execute_operation("ops.touch").get()
    except Exception:
        change.rollback()
        raise
    change.finish()
    return [change.id]


@workflow
def leaves_it(ctx: Any) -> list[str]:
    """Fail with the modification started; what was begun is looked for first."""
    found = ctx.deployment.list_started_modifications()
    change = found[0] if found else ctx.deployment.start_modification({"vm": {"instances": 2}})
    (added,) = [one for one in change.added.node_instances if one.node_id == "app" and one.modification == "added"]
    ctx.get_node_instance(added.id).execute_operation("ops.touch").get()
    change.finish()
    return [change.id, added.id, *(one.id for one in ctx.node_instances)]


@workflow
def rolls_back_beside(ctx: Any) -> str:
    """Roll back while an operation of its own runs; told of a cancel request, roll back all the same."""
    change = ctx.deployment.start_modification({"vm": {"instances": 2}})
    (db,) = ctx.get_node("db").instances
    running = db.execute_operation("ops.touch")
    try:
        change.rollback()
    except ExecutionCancelled:
        change.rollback()
        raise
    return str(running.get())


@workflow
def in_two(ctx: Any) -> list[list[str]]:
    """Out and in again: what the second removes is what the first added."""
    seen = []
    for count in (3, 1):
        change = ctx.deployment.start_modification({"vm": {"instances": count}, "ring": {"instances": count}})
        change.finish()
        seen.append(sorted(one.node_id for one in ctx.node_instances))
    return seen


@workflow
def looks(ctx: Any, enforce: bool, wanted: Any) -> Any:
    """What a modification would be, with limits or without; rolled back."""
    change = ctx.deployment.start_modification(wanted, enforce_limits=enforce)
    found = side(change.added)
    change.rollback()
    return found
