"""Deployments for people: what they are made of, and how their instances are."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from durable_wf.clock import iso
from durable_wf.codec import decode
from durable_wf.inspection.find import find_deployment
from durable_wf.inspection.records import (
    Availability,
    Constraint,
    Deployment,
    DeploymentDetail,
    Node,
    NodeInstance,
    Parameter,
    Relationship,
    Workflow,
)

if TYPE_CHECKING:
    from durable_wf.inspection.view import View
    from durable_wf.model import declarations, plan, rows


def deployments(view: View) -> list[Deployment]:
    """All deployments, by name."""
    blueprints = {row.id: row for row in view.store.blueprints()}
    return [_record(view, row, blueprints[row.blueprint]) for row in view.store.deployments()]


def _record(view: View, row: rows.Deployment, blueprint: rows.Blueprint) -> Deployment:
    return Deployment(row.name, blueprint.name, iso(row.created_us), len(view.store.instances(row.id)))


def deployment_detail(view: View, name: str) -> DeploymentDetail:
    """One deployment.

    raises  NotFoundError with near matches
    """
    row, blueprint = _rows(view, name)
    compiled = _compiled(blueprint)
    states: dict[str, Counter[str]] = {}
    for instance in view.store.instances(row.id):
        states.setdefault(instance.node, Counter())[instance.state] += 1
    nodes = [
        Node(node.name, node.type, node.host_id, dict(sorted(states.get(node.name, {}).items())))
        for node in compiled.nodes.values()
    ]
    short = _record(view, row, blueprint)
    return DeploymentDetail(
        short.id,
        short.blueprint_id,
        short.created_at,
        short.node_instances,
        blueprint_path=blueprint.source,
        description=compiled.description,
        on_unknown=(decode(row.settings_json) or {}).get("on_unknown"),
        inputs=decode(row.inputs_json),
        nodes=nodes,
        workflows=list(compiled.workflows),
        outputs=list(compiled.outputs),
    )


def instances(view: View, name: str) -> list[NodeInstance]:
    """The node instances of a deployment, by node and index.

    raises  NotFoundError with near matches
    """
    row = find_deployment(view.store, name)
    found = sorted(view.store.instances(row.id), key=lambda one: (one.node, one.idx))
    return [
        NodeInstance(
            one.name,
            one.node,
            one.idx,
            one.state,
            one.host,
            decode(one.runtime_properties_json),
            [
                Relationship(entry["type"], entry["target_name"], entry["target_id"])
                for entry in decode(one.relationships_json)
            ],
            decode(one.scaling_groups_json),
            one.version,
        )
        for one in found
    ]


def workflows(view: View, name: str) -> list[Workflow]:
    """The workflows that a deployment can run, by name.

    raises  NotFoundError with near matches
    """
    _, blueprint = _rows(view, name)
    return [
        Workflow(
            one.name,
            one.plugin,
            one.function,
            [_parameter(key, of) for key, of in one.parameters.items()],
            one.is_cascading,
            Availability(
                one.availability.available,
                list(one.availability.node_instances_active),
                list(one.availability.node_types_required),
            ),
        )
        for one in _compiled(blueprint).workflows.values()
    ]


def _parameter(name: str, of: declarations.Parameter) -> Parameter:
    return Parameter(
        name,
        of.type,
        of.item_type,
        of.description,
        of.required and not of.has_default,
        of.default,
        [Constraint(one.operator, one.argument, one.error_message) for one in of.constraints],
    )


def _rows(view: View, name: str) -> tuple[rows.Deployment, rows.Blueprint]:
    row = find_deployment(view.store, name)
    return row, next(one for one in view.store.blueprints() if one.id == row.blueprint)


def _compiled(blueprint: rows.Blueprint) -> plan.Blueprint:
    from durable_wf.model.plan import Blueprint, from_json

    return from_json(Blueprint, decode(blueprint.plan_json))
