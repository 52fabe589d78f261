"""`deployments list|show|instances|topology`: what there is, or was at a point. None of them writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from durable_wf.cli import parameters
from durable_wf.cli.calls import Call
from durable_wf.cli.output import clean, columns, moment, short
from durable_wf.cli.parameters import At, OutputFile, PlanFormat
from durable_wf.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from durable_wf.inspection.deployment_records import Deployment, DeploymentDetail, NodeInstance
    from durable_wf.inspection.points import Point
    from durable_wf.inspection.records import Execution


def list_(call: Call) -> None:
    """List the deployments; with -q their names only."""
    from durable_wf.inspection.deployments import deployments

    found: list[Deployment] = []
    try:
        with call.view() as view:
            found = deployments(view)
    except NotFoundError:  # no journal yet
        found = []
    head = ("DEPLOYMENT", "BLUEPRINT", "NODES", "INSTANCES", "LAST EXECUTION", "CREATED (UTC)")
    rows = [
        (
            clean(one.id),
            clean(one.blueprint_id),
            str(one.node_count),
            counted(call, one.states),
            _execution(call, one.last_execution),
            moment(one.created_at),
        )
        for one in found
    ]
    lines = columns([head, *rows]) if rows else []
    call.out.items(found, lines if call.out.level >= 0 else [one.id for one in found])
    if not found:
        call.out.note(f"no deployments in {call.config.journal}")
        call.out.note("to begin: durable-wf deployments create BLUEPRINT -d NAME")


def _execution(call: Call, one: Execution | None) -> str:
    return "" if one is None else f"{one.id}  {clean(one.workflow_id)}  {call.out.state(one.state)}"


def counted(call: Call, states: dict[str, int]) -> str:
    """`3 started, 1 starting`, in their colours."""
    return ", ".join(f"{count} {call.out.state(clean(state))}" for state, count in states.items()) or "none"


def show(call: Call, deployment: parameters.Deployment, at: At = None) -> None:
    """Show a deployment as a tree: nodes in what contains them, their instances, groups; now or as it was at a point.

    What is not as expected is marked with `!`. Many instances of a node are folded; -v shows all.
    """
    from durable_wf.inspection.deployments import deployment_detail

    point = read_at(at)
    with call.view() as view:
        found = deployment_detail(view, deployment, point)
    call.out.data(found, _detail(call, found))
    note_of_deletion(call, found.id, found.deleted_at)


def read_at(at: str | None) -> Point | None:
    """What `--at` names. raises UsageError."""
    from durable_wf.inspection.points import read_point

    return None if at is None else read_point(at)


def note_of_deletion(call: Call, name: str, deleted_at: str | None) -> None:
    """Say that what is looked at has been deleted since, where it has."""
    if deleted_at is not None:
        call.out.note(f"deployment '{name}' is not there any more: it was deleted {moment(deleted_at)} UTC")


def _detail(call: Call, found: DeploymentDetail) -> Iterator[str]:
    from durable_wf.cli.deployed_trees import node_tree

    yield f"deployment   {found.id}"
    if found.at is not None:
        yield f"at           seq {found.at}"
    yield f"blueprint    {clean(found.blueprint_path)}"
    if found.description:
        yield f"             {short(found.description, 100)}"
    yield f"created      {moment(found.created_at)} UTC"
    if found.on_unknown:
        yield f"on unknown   {found.on_unknown}"
    yield f"workflows    {', '.join(found.workflows) or 'none'}"
    yield f"outputs      {', '.join(found.outputs) or 'none'}"
    if found.capabilities:
        yield f"capabilities {', '.join(found.capabilities)}"
    yield from _pairs("labels", found.labels)
    yield from _pairs("inputs", found.inputs)
    yield from _pairs("settings", {key: value for key, value in found.settings.items() if key != "on_unknown"})
    for index, one in enumerate(found.executions):
        yield f"{'' if index else 'not ended':<12} {_execution(call, one)}"
    if not found.executions and found.last_execution is not None:
        yield f"last run     {_execution(call, found.last_execution)}"
    yield f"instances    {counted(call, found.states)}"
    yield ""
    yield from node_tree(call, found.nodes, found.groups, found.instances)


def _pairs(title: str, values: dict[str, Any]) -> Iterator[str]:
    for index, (key, value) in enumerate(values.items()):
        yield f"{title if index == 0 else '':<12} {clean(key)} = {short(value, 100)}"


def instances(call: Call, deployment: parameters.Deployment, at: At = None) -> None:
    """List the node instances of a deployment, each below what it is contained in; now or as they were at a point.

    With -v with their whole runtime properties, with -q their ids only.
    """
    from durable_wf.cli.deployed_trees import instance_table
    from durable_wf.inspection.deployments import topology

    point = read_at(at)
    with call.view() as view:
        found = topology(view, deployment, point)
    lines = instance_table(call, found) if call.out.level >= 0 else _ids(found.instances)
    call.out.items(found.instances, lines)
    note_of_deletion(call, found.id, found.deleted_at)


def _ids(found: list[NodeInstance]) -> list[str]:
    return [one.id for one in found]


def topology(
    call: Call,
    deployment: parameters.Deployment,
    output: OutputFile = None,
    format_: PlanFormat = None,
    at: At = None,
) -> None:
    """Show what is deployed: instances in what contains them, with their states and relationships.

    With -o as JSON, or as a picture: SVG, or text for Graphviz or Mermaid. States have colours and shapes; where there
    are many instances, each node has one box.
    """
    from durable_wf.cli.deployed_trees import instance_tree
    from durable_wf.cli.pictures import format_of, write
    from durable_wf.inspection import deployments as of

    wanted, point = format_of(call, output, format_), read_at(at)
    with call.view() as view, view.store.snapshot():
        found = of.topology(view, deployment, point)
        if wanted is None:
            call.out.data(found, instance_tree(call, found))
        else:
            write(call, output, wanted, found, lambda: of.drawing(view, deployment, point))
    note_of_deletion(call, found.id, found.deleted_at)
