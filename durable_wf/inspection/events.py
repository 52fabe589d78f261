"""The events and logs of an execution, in order, in the shapes of the reference. Source: workflow-api §12.1, §12.2.

What happened to the workflow and to its tasks is read off the transitions; `event` rows are what people sent and
logged. `sending_task` is not among them: operations run in this process, and as there (§3.2) a local task has no such
state. An attempt that began and ended in one commit has started all the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from durable_wf.clock import iso
from durable_wf.codec import decode
from durable_wf.inspection.commits import Commits
from durable_wf.inspection.message_contexts import Contexts
from durable_wf.inspection.story import comes_before
from durable_wf.model.rows import Kind, Subject
from durable_wf.model.states import ATTEMPT, TE, XE, A
from durable_wf.model.texts import EventType, task_text, workflow_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from durable_wf.inspection.commits import Commit
    from durable_wf.inspection.view import Store
    from durable_wf.model import rows

Message = dict[str, Any]
EVENT, LOG = "cloudify_event", "cloudify_log"

_XE, _TE = tuple(XE), tuple(TE)
_BEGINS = {XE.STARTED: False, XE.RESUMED: True, XE.RESUMED_CANCELLING: True, XE.REOPENED: True}
_ENDS = {
    XE.RETURNED: EventType.WORKFLOW_SUCCEEDED,
    XE.RAISED: EventType.WORKFLOW_FAILED,
    XE.TRIES_USED_UP: EventType.WORKFLOW_FAILED,
    XE.UNWOUND: EventType.WORKFLOW_CANCELLED,
    XE.CALLED_OFF: EventType.WORKFLOW_CANCELLED,
}
_BEGIN_CODES = frozenset(_XE.index(event) for event in _BEGINS)
_TOLD = frozenset(
    {int(Kind.OPERATION), int(Kind.LOCAL), int(Kind.DRY_RUN), int(Kind.SUBGRAPH)}
)  # of others only failures
_ALONE = {
    ATTEMPT.code(A.SUCCEEDED): EventType.TASK_SUCCEEDED,
    ATTEMPT.code(A.FAILED): EventType.TASK_FAILED,
    ATTEMPT.code(A.TIMED_OUT): EventType.TASK_FAILED,
    ATTEMPT.code(A.RESCHEDULED): EventType.TASK_RESCHEDULED,
}


class EventReader:
    """The events and logs of an execution, told from where the last telling stopped."""

    def __init__(self, store: Store, execution: rows.Execution) -> None:
        self._commits = Commits(store, execution.id)
        self._teller = Teller(store, execution)

    def more(self) -> list[Message]:
        """What is new, in order; the first time all there is."""
        return [message for commit in self._commits.more() for message in self._teller.tell(commit)]


class Teller:
    """Makes messages of commits that it is given in order.

    midway  the commits begin where the journal ends now, not at the execution's beginning
    """

    def __init__(self, store: Store, execution: rows.Execution, *, midway: bool = False) -> None:
        self.contexts = Contexts(store, execution)
        self._workflow = execution.workflow
        self._dry_run = bool((decode(execution.options_json) or {}).get("dry_run"))
        self._midway = midway
        self._started: dict[int, int] = {}  # task → the attempt that was said to have started
        self._ended: dict[int, tuple[int, EventType]] = {}  # task → the attempt whose outcome was told, and how
        self._retries: dict[int, int] = {}

    def tell(self, commit: Commit) -> Iterator[Message]:
        """What was committed, as messages."""
        events = iter(commit.events)
        event = next(events, None)
        for row in commit.transitions:
            while event is not None and not _begins(row) and comes_before(event, row):
                yield from self._said(event)
                event = next(events, None)
            yield from self._moved(row)
        while event is not None:
            yield from self._said(event)
            event = next(events, None)

    # ------------------------------------------------------------------ what people sent and logged

    def _said(self, row: rows.Event) -> Iterator[Message]:
        if row.task is not None and row.attempt is not None:
            yield from self._start(row.task, row.attempt, row.at_us)
        given = decode(row.context_json) or {}
        if row.type.endswith("_log"):
            context, logger = self.contexts.of_said(row), given.pop("logger", None)
            yield {
                "context": {**context, **given},
                "logger": logger or _logger(context, given),
                "level": row.level,
                "message": {"text": row.message},
                "timestamp": _moment(row.at_us),
                "message_code": None,
                "type": LOG,
            }
            return
        arguments = given.pop("arguments", None)
        yield _event(row.type, row.at_us, {**self.contexts.of_said(row), **given}, row.message, arguments)

    # ------------------------------------------------------------------ what happened

    def _moved(self, row: rows.Transition) -> Iterator[Message]:
        if row.subject == Subject.EXECUTION:
            yield from self._execution(row)
        elif row.subject == Subject.TASK:
            yield from self._task(row)
        elif row.subject == Subject.ATTEMPT and row.attempt is not None and row.target in _ALONE:
            yield from self._outcome(row, _ALONE[row.target])

    def _execution(self, row: rows.Transition) -> Iterator[Message]:
        event = _XE[row.event]
        context = self.contexts.of_workflow()
        if event in _BEGINS:
            kind = EventType.WORKFLOW_STARTED
            text = workflow_text(kind, self._workflow, resumed=_BEGINS[event], dry_run=self._dry_run)
            yield _event(kind, row.at_us, context, text)
        elif event in _ENDS:
            kind = _ENDS[event]
            error = (decode(row.detail_json) or {}).get("error") or {}
            shown = _text_of(error) if error else "it was interrupted too often without progress"
            text = workflow_text(kind, self._workflow, error=shown, dry_run=self._dry_run)
            failed = kind is EventType.WORKFLOW_FAILED
            yield _event(kind, row.at_us, context, text, {"error": error.get("traceback", "")} if failed else None)

    def _task(self, row: rows.Transition) -> Iterator[Message]:
        no, event = row.subject_no, _TE[row.event]
        if event is TE.BEGAN:
            yield from self._start(no, row.attempt or 0, row.at_us)
        elif event is TE.SUCCEEDED:
            yield from self._outcome(row, EventType.TASK_SUCCEEDED)
        elif event is TE.FAILED:
            yield from self._outcome(row, EventType.TASK_FAILED)
        elif event is TE.RETRY:
            detail = decode(row.detail_json) or {}
            again = EventType.TASK_RESCHEDULED if detail.get("asked_again") else EventType.TASK_FAILED
            yield from self._outcome(row, again)
            replacement = (detail.get("decision") or {}).get("replaced_by")  # it counts on from this one
            self._retries[no if replacement is None else replacement] = self._retried(no) + 1
        elif event is TE.RESET:
            self._retries[no] = 0

    def _start(self, no: int, attempt: int, at_us: int) -> Iterator[Message]:
        """That the attempt has started, once."""
        if self._started.get(no) != attempt:
            self._started[no] = attempt
            yield from self._about(no, EventType.TASK_STARTED, at_us, attempt)

    def _outcome(self, row: rows.Transition, kind: EventType) -> Iterator[Message]:
        """How an attempt, or a task without any, has ended: once, though outcome and decision may be two rows."""
        no, attempt = row.subject_no, row.attempt or self._started.get(row.subject_no, 0)
        told = self._ended.get(no)
        if told is not None and told[0] == attempt and attempt:
            final = row.subject == Subject.TASK and _TE[row.event] is TE.FAILED
            if not (final and told[1] is EventType.TASK_RESCHEDULED):  # it asked to be tried again, and may not
                return
        self._ended[no] = attempt, kind
        if row.attempt is not None:
            yield from self._start(no, attempt, row.at_us)
        yield from self._about(no, kind, row.at_us, attempt or None, decode(row.detail_json) or {})

    def _about(
        self, no: int, kind: EventType, at_us: int, attempt: int | None, detail: dict[str, Any] | None = None
    ) -> Iterator[Message]:
        """An event about a task, unless nobody wants it."""
        task, body = self.contexts.task(no), self.contexts.body(no)
        failed = kind is EventType.TASK_FAILED
        if task is None or (not failed and (task.kind not in _TOLD or body.get("send_task_events") is False)):
            return
        detail = detail or {}
        error = detail.get("error") or self._failures(detail)
        context = self.contexts.of_task(no, attempt, self._retried(no))
        if kind in (EventType.TASK_FAILED, EventType.TASK_RESCHEDULED):
            context["task_error_causes"] = error.get("causes") or []
        text = task_text(
            kind,
            context["task_name"],
            subgraph=task.kind == Kind.SUBGRAPH,
            result=detail.get("result"),
            error=_text_of(error) if error else None,
            dry_run=self._dry_run,
            retries=context["task_current_retries"],
            total_retries=context["task_total_retries"],
        )
        yield _event(kind, at_us, context, text)

    def _failures(self, detail: dict[str, Any]) -> dict[str, Any]:
        """Of a subgraph: its failed tasks, as an error."""
        names = [self.contexts.name(no) for no in detail.get("failures") or ()]
        return {"message": f"failed in it: {', '.join(names)}"} if names else {}

    def _retried(self, no: int) -> int:
        """How many retries were decided before."""
        found = self._retries.get(no)
        if found is None:
            task = self.contexts.task(no) if self._midway else None
            found = self._retries[no] = task.retries if task is not None else 0
        return found


def _begins(row: rows.Transition) -> bool:
    """Whether it says that the workflow starts or goes on: what was said in its replay comes after that."""
    return row.subject == Subject.EXECUTION and row.event in _BEGIN_CODES


def _event(
    kind: str, at_us: int, context: dict[str, Any], text: str, arguments: dict[str, Any] | None = None
) -> Message:
    return {
        "event_type": str(kind),
        "context": context,
        "message": {"text": text, "arguments": arguments},
        "timestamp": _moment(at_us),
        "message_code": None,
        "type": EVENT,
    }


def _logger(context: dict[str, Any], given: dict[str, Any]) -> str:
    """The name of the context's own logger."""
    if "task_id" in context:
        return f"ctx.{context['task_id']}"
    return f"ctx.{context['execution_id']}" + (f"-{given['node_id']}" if "node_id" in given else "")


def _text_of(error: dict[str, Any]) -> str:
    return str(error.get("message") or error.get("type", "").rpartition(":")[2])


def _moment(at_us: int) -> str:
    """`2026-11-23T17:04:05.123Z`."""
    return f"{iso(at_us)[:23]}Z"
