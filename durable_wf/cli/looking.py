"""`list`, `show` and `journal`: what the journal tells. None of them writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from durable_wf.cli import parameters
from durable_wf.cli.calls import Call
from durable_wf.cli.output import clean, columns, moment, short, took
from durable_wf.cli.parameters import Follow, OfDeployment, State
from durable_wf.errors import UsageError
from durable_wf.model.states import X

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from durable_wf.inspection.records import Execution, ExecutionDetail
    from durable_wf.inspection.story import Entry


def list_(call: Call, state: State = None, deployment: OfDeployment = None) -> None:
    """List executions, newest first; with -q their ids alone."""
    from durable_wf.inspection.executions import executions
    from durable_wf.inspection.find import find_deployment, near

    if state is not None and state not in [str(one) for one in X]:
        error = near("state of executions", state, [str(one) for one in X])
        raise UsageError(error.message, hint=error.hint)
    path, found = call.config.journal, []
    if path.exists() or deployment is not None:
        with call.view() as view:
            number = None if deployment is None else find_deployment(view.store, deployment).id
            found = executions(view, state=state, deployment=number)
    rows = [_row(call, one) for one in found]
    head = ("ID", "WORKFLOW", "DEPLOYMENT", "STATE", "CREATED (UTC)", "TOOK")
    lines = [one.id for one in found] if call.out.level < 0 else columns([head, *rows]) if rows else []
    call.out.items(found, lines)
    if not found:
        chosen = " that fit" if state or deployment else ""
        call.out.note(f"no executions{chosen} in {path}")
        call.out.note("to begin: durable-wf run MODULE:FUNCTION, or durable-wf demo")


def _row(call: Call, one: Execution) -> tuple[str, ...]:
    time = took(_us(one.started_at), _us(one.ended_at)) if one.started_at and one.ended_at else ""
    state = call.out.state(one.state)
    workflow = clean(one.workflow_id) + (" (dry run)" if one.is_dry_run else "")
    return one.id, workflow, one.deployment_id or "", state, moment(one.created_at), time


def _us(at: str) -> int:
    from datetime import datetime

    return int(datetime.fromisoformat(at).timestamp() * 1_000_000)


def show(call: Call, execution: parameters.Execution) -> None:
    """Show one execution: how it went, and what a resume would do."""
    from durable_wf.cli.endings import detail_of
    from durable_wf.inspection.find import find_execution

    with call.view() as view:
        row = find_execution(view.store, execution)
        found = detail_of(view, view.store.history(row.id))
    call.out.data(found, _detail(call, found))


def _detail(call: Call, found: ExecutionDetail) -> Iterator[str]:
    from durable_wf.cli.endings import cancel_lines, failure_lines

    yield f"execution    {found.id}"
    function = f"  ({clean(found.function)})" if found.function != found.workflow_id else ""
    dry_run = "  (dry run)" if found.is_dry_run else ""
    yield f"workflow     {clean(found.workflow_id)}{function}{dry_run}"
    yield f"deployment   {found.deployment_id or '(none)'}"
    yield f"state        {call.out.state(found.state)}"
    yield f"created      {moment(found.created_at)} UTC"
    if found.ended_at and found.started_at:
        yield f"ended        {moment(found.ended_at)} UTC, after {took(_us(found.started_at), _us(found.ended_at))}"
    if found.runner is not None:
        lives = "runs it" if found.runner.alive else "ran it last"
        yield f"runner       process {found.runner.pid} {lives}; running since {moment(found.runner.since)} UTC"
    for title, values in (("parameters", found.parameters), ("options", found.options)):
        if values:
            yield f"{title:<12} {', '.join(f'{clean(key)}={short(value)}' for key, value in values.items())}"
    if found.cancel is not None:
        yield f"cancel       {', '.join(cancel_lines(found))}, {moment(found.cancel.at)} UTC"
    for one in found.modifications:
        yield f"modification {one.id} of {one.deployment_id}: {one.status}"
    counts = ", ".join(f"{count} {state}" for state, count in found.tasks.items())
    yield f"tasks        {counts or 'none'}"
    if found.result is not None:
        yield f"result       {short(found.result, 1000 if call.out.level > 0 else 100)}"
    if found.error is not None:
        yield "error"
        yield from (f"    {line}" for line in failure_lines(found, verbose=call.out.level > 0))
    yield from _doubts(found)


def _doubts(found: ExecutionDetail) -> Iterator[str]:
    """What nobody knows, and what a resume would do."""
    from durable_wf.cli.endings import resume_lines, summary

    if found.unknown:
        yield "unknown: begun by a runner that is gone"
        yield from (f"    {task.number}: {clean(task.path)}" for task in found.unknown)
    if found.report:
        yield "the code asked for other tasks than the journal remembers:"
        yield from (f"    {clean(line)}" for line in found.report.splitlines())
    if found.resume is None:
        return
    if found.resume.refused:
        yield f"resume       would refuse: {clean(found.resume.refused)}"
        return
    yield f"resume       {summary(found.resume)}"
    yield from (f"    {line}" for line in resume_lines(found.resume))
    yield f"    durable-wf resume {found.id}"


# ------------------------------------------------------------------------------------------------------------ journal


def journal(call: Call, execution: parameters.Execution, follow: Follow = False) -> None:
    """Tell what happened in an execution, in order: every transition, with the events and logs between them."""
    from durable_wf.cli.following import print_new
    from durable_wf.inspection.find import find_execution
    from durable_wf.inspection.story import Story

    with call.view() as view:
        row = find_execution(view.store, execution)
        story, teller = Story(view, row), _Teller(call)
        if call.out.as_json:
            print_new(call, view, row, lambda: [entry.record() for entry in story.more()], list, follow=follow)
        else:
            print_new(call, view, row, story.more, teller.tell, follow=follow)


class _Teller:
    """Entries as lines; a new day is said once."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._day = ""

    def tell(self, entries: Sequence[Entry]) -> Iterator[str]:
        from durable_wf.clock import iso

        for entry in entries:
            at = iso(entry.at_us)
            if at[:10] != self._day:
                self._day = at[:10]
                yield f"{self._day} UTC"
            yield self._line(entry, at[11:23])

    def _line(self, entry: Entry, at: str) -> str:
        seq = "" if entry.seq is None else str(entry.seq)
        indent = "  " * entry.depth
        what = clean(entry.what)
        attempt = f"attempt {entry.attempt}" if entry.attempt is not None else ""
        if entry.subject is None:
            level = f" {entry.level}" if entry.level not in (None, "info") else ""
            return f"{seq:>7}  {at}  {indent}{what}  «{short(entry.message or '', 300)}» ({entry.event}{level})"
        moved = entry.event
        if entry.target is not None:
            out = self._call.out
            source = out.state(entry.source) + " → " if entry.source is not None else ""
            said = entry.event if entry.event not in (entry.target, "state_set") else ""
            more = ", ".join(part for part in (said, attempt) if part)
            moved = f"{source}{out.state(entry.target)}{f' ({more})' if more else ''}"
        detail = self._detail(entry)
        return f"{seq:>7}  {at}  {indent}{what}  {moved}{f'  {detail}' if detail else ''}"

    def _detail(self, entry: Entry) -> str:
        """What came with it, in short; wholly when verbose."""
        from durable_wf.inspection.tasks import to_error

        found = entry.detail
        if not isinstance(found, dict) or not found:
            return ""
        if self._call.out.level > 0:
            return clean(str(entry.detail_json))
        parts = []
        error = to_error(found.get("error"))
        if error is not None:
            parts.append(f"{error.type.partition(':')[2]}: {short(error.message, 120)}")
        if "result" in found:
            parts.append(f"= {short(found['result'])}")
        if "delay_us" in found:
            parts.append(f"again in {took(0, found['delay_us'])}")
        skipped = {"error", "result", "delay_us", "due", "recoverable", "retry_after", "asked_again", "from", "to"}
        parts += [f"{key}: {short(value, 40)}" for key, value in found.items() if key not in skipped]
        return ", ".join(parts)
