"""Executions for people: the list, and one in detail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from durable_wf.clock import iso
from durable_wf.codec import decode
from durable_wf.inspection.owners import owner_of
from durable_wf.inspection.records import CancelRequest, Execution, ExecutionDetail, Runner, plain
from durable_wf.model.rows import Subject
from durable_wf.model.states import EXECUTION, TASK, XE, T, X

if TYPE_CHECKING:
    from durable_wf.inspection.view import View
    from durable_wf.model import rows

_FAILED = TASK.code(T.FAILED)
_EVENTS = tuple(XE)
_REQUESTS = frozenset({XE.CANCEL, XE.FORCE, XE.KILL, XE.CALLED_OFF})


def executions(view: View, *, state: str | None = None, deployment: int | None = None) -> list[Execution]:
    """Executions, newest first.

    state       only those that people see in this state
    deployment  only those of this deployment, by its number
    """
    names = view.deployment_names()
    found = (_record(view, row, names) for row in view.store.executions(deployment=deployment))
    return [one for one in found if state is None or one.state == state]


def _record(view: View, row: rows.Execution, names: dict[int, str]) -> Execution:
    name = None if row.deployment is None else names.get(row.deployment, f"(deleted) {row.deployment}")
    return execution_record(view, row, name)


def execution_record(
    view: View, row: rows.Execution, deployment: str | None, *, at_point: str | None = None
) -> Execution:
    """An execution of a deployment, which is named.

    at_point  the state that it had at the point which is looked at; None: as it is now
    """
    ended = row.ended_us if at_point is None or at_point in EXECUTION.ended else None
    return Execution(
        row.uid,
        row.workflow,
        deployment,
        at_point or view.state(row),
        iso(row.created_us),
        _iso(row.started_us),
        _iso(ended),
        is_dry_run(row),
    )


def is_dry_run(row: rows.Execution) -> bool:
    """Whether operations and writes of the execution were shown only."""
    return bool(decode(row.options_json).get("dry_run"))


def _iso(at_us: int | None) -> str | None:
    return None if at_us is None else iso(at_us)


def end_detail(history: rows.History) -> dict[str, Any]:
    """What the transition that ended the execution carries: a result, or an error with the tasks that ended it."""
    ended = history.execution.ended_seq
    found = next((row for row in reversed(history.transitions) if row.seq == ended), None)
    return {} if found is None else dict(decode(found.detail_json) or {})


def execution_detail(view: View, history: rows.History) -> ExecutionDetail:
    """All that is known about how one execution went; `resume` is left to who can preview one."""
    from durable_wf.inspection.modifications import of_execution
    from durable_wf.inspection.tasks import DOUBTFUL, WORK, count_by_state, names_of, task_records, to_error

    row, names = history.execution, names_of(history)
    short = _record(view, row, view.deployment_names())
    detail = end_detail(history)
    failed = [task for task in history.tasks if task.state == _FAILED]
    doubtful = [task for task in history.tasks if task.state in DOUBTFUL and task.kind in WORK]
    owner, lives = owner_of(row), view.owned(row.id)
    return ExecutionDetail(
        **plain(short),
        function=row.function,
        parameters=decode(row.parameters_json),
        options=decode(row.options_json),
        result=detail.get("result"),
        error=to_error(detail.get("error")),
        ended_by=list(detail.get("ended_by", ())),
        tasks=count_by_state(history.tasks),
        failed=task_records(history, failed, names),
        unknown=[] if lives else task_records(history, doubtful, names),
        runner=None if owner is None else Runner(owner.pid, iso(int(owner.start_s * 1_000_000)), lives),
        report=row.report,
        cancel=cancel_request(history),
        modifications=of_execution(view, row.id, row.deployment),
    )


def cancel_request(history: rows.History) -> CancelRequest | None:
    """The newest request to cancel that still counts: levels only rise, and a person's resume withdraws all."""
    found = None
    for row in history.transitions:
        event = _EVENTS[row.event]
        if row.subject != Subject.EXECUTION:
            continue
        if event is XE.REOPENED:
            found = None
        elif event in _REQUESTS:
            detail = decode(row.detail_json) or {}
            level = detail.get("level") or str(event)
            found = CancelRequest(level, detail.get("by", ""), detail.get("reason"), iso(row.at_us))
    return found


def is_resumable(state: str) -> bool:
    """Whether a person may resume an execution that is in this state."""
    return state in (X.INTERRUPTED, X.FAILED, X.CANCELLED)
