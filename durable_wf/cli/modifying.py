"""`modifications …`: changes of deployments, and the end of one that its workflow has left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from durable_wf.cli import parameters
from durable_wf.cli.calls import Call
from durable_wf.cli.output import columns, moment, short
from durable_wf.errors import NotFoundError
from durable_wf.inspection.modifications import ModificationDetail, ModifiedInstance

if TYPE_CHECKING:
    from collections.abc import Iterator

    from durable_wf.inspection.records import Modification


def list_(call: Call, deployment: parameters.OfDeployment = None) -> None:
    """List modifications of deployments, the newest first; with -q their ids only."""
    from durable_wf.inspection.modifications import modifications

    found: list[Modification] = []
    if deployment is not None or call.config.journal.exists():
        with call.view() as view:
            found = modifications(view, deployment)
    rows = [(one.id, one.deployment_id, one.status, one.execution_id, moment(one.created_at)) for one in found]
    lines = columns([("ID", "DEPLOYMENT", "STATUS", "EXECUTION", "STARTED (UTC)"), *rows]) if rows else []
    call.out.items(found, lines if call.out.level >= 0 else [one.id for one in found])
    if not found:
        call.out.note(f"no modifications in {call.config.journal}")


def show(call: Call, modification: parameters.Modification) -> None:
    """Show a modification: what was asked for, what it changes, and the steps that it has gone."""
    from durable_wf.inspection.modifications import modification_detail

    with call.view() as view:
        found = modification_detail(view, modification)
    call.out.data(found, _detail(found))


def _detail(found: ModificationDetail) -> Iterator[str]:
    yield f"modification {found.id}"
    yield f"deployment   {found.deployment_id}"
    yield f"status       {found.status}"
    yield f"started      {moment(found.created_at)} UTC by execution {found.execution_id} ({found.context.workflow_id})"
    if found.ended_at:
        by = "a person" if found.ended_by is None else f"execution {found.ended_by}"
        yield f"ended        {moment(found.ended_at)} UTC by {by}"
    for index, (name, wanted) in enumerate(found.modified_nodes.items()):
        yield f"{'asked for' if index == 0 else '':<12} {name}: {short(wanted, 100)}"
    for index, step in enumerate(found.steps):
        at = f", {moment(step.done_at)} UTC, seq {step.seq}" if step.done_at else ""
        yield f"{'steps' if index == 0 else '':<12} {step.kind}: {step.state}{at}"
    instances = found.node_instances
    rows = [
        (one.id, one.node_id, one.modification)
        for one in (*instances.added_and_related, *instances.removed_and_related, *_changed(found))
        if one.modification
    ]
    if rows:
        yield ""
        yield from columns([("INSTANCE", "NODE", "BECOMES"), *rows])
    if found.status == "started":
        yield f"to end it: durable-wf modifications finish {found.id}, or rollback {found.id}"


def _changed(found: ModificationDetail) -> list[ModifiedInstance]:
    return [*found.node_instances.extended_and_related, *found.node_instances.reduced_and_related]


def finish(call: Call, modification: parameters.Modification) -> None:
    """Finish a modification that was given up: its change stays, and what it removes is gone."""
    _end(call, modification, finishes=True)


def rollback(call: Call, modification: parameters.Modification) -> None:
    """Roll back a modification that was given up: the deployment shows all as before it. Runs no operation."""
    _end(call, modification, finishes=False)


def _end(call: Call, modification: str, *, finishes: bool) -> None:
    from durable_wf.inspection.modifications import modification_detail

    if not call.config.journal.exists():
        text = f"there is no modification '{modification}': there is no journal {call.config.journal}"
        raise NotFoundError(text)
    verb = "finish" if finishes else "rollback"
    with call.engine(f"modifications {verb}") as engine:
        ended = getattr(engine.modifications, verb)(modification)
    with call.view() as view:
        found = modification_detail(view, ended)
    call.out.data(found, [])
    call.out.note(f"modification '{found.id}' of deployment '{found.deployment_id}' is {found.status}")
