"""Deployments for people: what they are made of, and how their instances are."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from durable_wf.clock import iso
from durable_wf.codec import decode
from durable_wf.inspection.deployed import Deployed
from durable_wf.inspection.deployment_records import Deployment, DeploymentDetail, NodeInstance, Topology
from durable_wf.inspection.executions import execution_record
from durable_wf.inspection.points import moment_of
from durable_wf.inspection.records import Availability, Constraint, Parameter, Workflow

if TYPE_CHECKING:
    from durable_wf.inspection.points import Point
    from durable_wf.inspection.topology.drawing import Drawing
    from durable_wf.inspection.view import View
    from durable_wf.model import declarations


def deployments(view: View) -> list[Deployment]:
    """All deployments, by name."""
    with view.store.snapshot():
        blueprints = {row.id: row.name for row in view.store.blueprints()}
        last = {row.deployment: row for row in view.store.last_executions()}
        nodes, states = view.store.node_counts(), _states(view)
        return [
            Deployment(
                row.name,
                blueprints[row.blueprint],
                iso(row.created_us),
                states[row.id].total(),
                nodes.get(row.id, 0),
                dict(sorted(states[row.id].items())),
                execution_record(view, last[row.id], row.name) if row.id in last else None,
            )
            for row in view.store.deployments()
        ]


def _states(view: View) -> dict[int, Counter[str]]:
    """The numbers of instances in each state, of each deployment."""
    states: defaultdict[int, Counter[str]] = defaultdict(Counter)
    for deployment, _, state, count in view.store.counts():
        states[deployment][state] += count
    return states


def deployment_detail(view: View, name: str, point: Point | None = None) -> DeploymentDetail:
    """One deployment, now or as it was at a point.

    raises  as `moment_of`
    """
    with view.store.snapshot():
        found = Deployed(view, moment_of(view, name, point))
        row, compiled, settings = found.row, found.blueprint, decode(found.row.settings_json) or {}
        states = Counter(one.state for one in found.instances)
        return DeploymentDetail(
            row.name,
            found.blueprint_row.name,
            iso(row.created_us),
            len(found.instances),
            len(found.nodes),
            dict(sorted(states.items())),
            found.last_execution,
            blueprint_path=found.blueprint_row.source,
            description=compiled.description,
            on_unknown=settings.get("on_unknown"),
            inputs=decode(row.inputs_json),
            nodes=found.nodes,
            workflows=list(compiled.workflows),
            outputs=list(compiled.outputs),
            capabilities=list(compiled.capabilities),
            labels=dict(compiled.labels),
            settings=settings,
            instances=found.instances,
            groups=found.groups,
            executions=found.executions,
            at=found.moment.at,
            deleted_at=found.deleted_at,
        )


def topology(view: View, name: str, point: Point | None = None) -> Topology:
    """What is deployed, now or as it was at a point.

    raises  as `moment_of`
    """
    with view.store.snapshot():
        return Deployed(view, moment_of(view, name, point)).topology()


def drawing(view: View, name: str, point: Point | None = None) -> Drawing:
    """The picture of what is deployed, now or as it was at a point.

    raises  as `moment_of`
    """
    from durable_wf.inspection.topology.deployed import drawing_of_deployed

    with view.store.snapshot():
        found = Deployed(view, moment_of(view, name, point))
        return drawing_of_deployed(found.topology(), found.planned)


def instances(view: View, name: str, point: Point | None = None) -> list[NodeInstance]:
    """The node instances of a deployment, by node and index, now or as they were at a point.

    raises  as `moment_of`
    """
    with view.store.snapshot():
        return Deployed(view, moment_of(view, name, point)).instances


def workflows(view: View, name: str) -> list[Workflow]:
    """The workflows that a deployment can run, by name.

    raises  NotFoundError with near matches
    """
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
        for one in Deployed(view, moment_of(view, name)).blueprint.workflows.values()
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
