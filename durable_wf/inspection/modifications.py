"""Modifications of deployments for people: which there were, what each changes, and the steps that it has gone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from durable_wf.clock import iso
from durable_wf.codec import decode
from durable_wf.inspection.find import find_deployment, find_modification
from durable_wf.inspection.records import Modification, plain
from durable_wf.model.states import MODIFICATION, MODIFICATION_STEP

if TYPE_CHECKING:
    from collections.abc import Iterable

    from durable_wf.inspection.view import View
    from durable_wf.model import deployed, rows
    from durable_wf.model.modification import ChangedInstance


@dataclass(frozen=True, slots=True)
class ModificationStep:
    """A step of a modification; all that it changes is written in the transaction in which it is done.

    kind  apply, finish or rollback
    seq   at which it was done
    """

    kind: str
    state: str
    done_at: str | None
    seq: int | None


@dataclass(frozen=True, slots=True)
class ModifiedInstance:
    """An instance that a modification touches.

    modification  added, removed, extended, reduced; null for one that only has to do with one that is
    """

    id: str
    node_id: str
    modification: str | None


@dataclass(frozen=True, slots=True)
class ModificationContext:
    """Who started it."""

    blueprint_id: str
    deployment_id: str
    execution_id: str
    workflow_id: str


@dataclass(frozen=True, slots=True)
class ModifiedInstances:
    """The instances that a modification touches, by what becomes of them (blueprint-dsl §16)."""

    added_and_related: list[ModifiedInstance]
    removed_and_related: list[ModifiedInstance]
    extended_and_related: list[ModifiedInstance]
    reduced_and_related: list[ModifiedInstance]


@dataclass(frozen=True, slots=True)
class ModificationDetail(Modification):
    """A modification, with what it changes.

    modified_nodes  what was asked for
    ended_by        id of the execution that ended it; null while nobody has, and for a person
    before_seq      a rollback gives what the deployment showed at this seq
    """

    modified_nodes: dict[str, Any]
    context: ModificationContext
    steps: list[ModificationStep]
    node_instances: ModifiedInstances
    ended_by: str | None
    before_seq: int


def modifications(view: View, deployment: str | None = None) -> list[Modification]:
    """Modifications, newest first.

    deployment  only those of this one
    raises      NotFoundError with near matches
    """
    number = None if deployment is None else find_deployment(view.store, deployment).id
    return [_record(view, row) for row in reversed(view.store.modifications(number))]


def of_execution(view: View, execution: int, deployment: int | None) -> list[Modification]:
    """Those that an execution has started, oldest first."""
    if deployment is None:
        return []
    return [_record(view, row) for row in view.store.modifications(deployment) if row.execution == execution]


def _record(view: View, row: deployed.Modification) -> Modification:
    return Modification(
        row.uid,
        view.deployment_names().get(row.deployment, f"(deleted) {row.deployment}"),
        str(MODIFICATION.states[row.state]),
        _execution(view, row.deployment, row.execution).uid,
        iso(row.created_us),
        None if row.ended_us is None else iso(row.ended_us),
    )


def _execution(view: View, deployment: int, number: int) -> rows.Execution:
    return next(row for row in view.store.executions(deployment=deployment) if row.id == number)


def modification_detail(view: View, uid: str) -> ModificationDetail:
    """One modification.

    raises  NotFoundError with near matches
    """
    from durable_wf.model.modification import PlannedModification
    from durable_wf.model.plan import from_json

    row = find_modification(view.store, uid)
    plan = from_json(PlannedModification, decode(row.plan_json))
    short, execution = _record(view, row), _execution(view, row.deployment, row.execution)
    return ModificationDetail(
        **plain(short),
        modified_nodes=decode(row.wanted_json),
        context=ModificationContext(_blueprint(view, row), short.deployment_id, execution.uid, execution.workflow),
        steps=[
            ModificationStep(
                one.kind,
                str(MODIFICATION_STEP.states[one.state]),
                None if one.done_us is None else iso(one.done_us),
                one.done_seq,
            )
            for one in view.store.steps(row.deployment, row.id)
        ],
        node_instances=ModifiedInstances(
            *(_instances(each) for each in (plan.added, plan.removed, plan.extended, plan.reduced))
        ),
        ended_by=_execution(view, row.deployment, row.ended_by).uid if row.ended_by else None,
        before_seq=row.seq - 1,
    )


def _blueprint(view: View, row: deployed.Modification) -> str:
    of = next((one.blueprint for one in view.store.deployments() if one.id == row.deployment), None)
    return next((one.name for one in view.store.blueprints() if one.id == of), "")


def _instances(changed: Iterable[ChangedInstance]) -> list[ModifiedInstance]:
    return [ModifiedInstance(one.id, one.instance.node, one.modification) for one in changed]
