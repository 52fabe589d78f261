"""`run --dry-run`: the whole flow of a workflow, shown; nothing runs, and no file is written."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from durable_wf.cli.endings import error_lines
from durable_wf.cli.failures import EXIT_OF_STATE, TIMED_OUT, WAITS
from durable_wf.cli.output import clean, plural, short
from durable_wf.inspection.records import DryRun, plain
from durable_wf.model.rows import Kind, Subject
from durable_wf.model.states import T

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from durable_wf.cli.calls import Call
    from durable_wf.engine import RunOptions
    from durable_wf.inspection.records import ExecutionDetail
    from durable_wf.inspection.story import Entry, Story
    from durable_wf.journal.memory import MemoryJournal

_ENDED = frozenset({T.SUCCEEDED, T.FAILED})
_HIDDEN = frozenset({int(Kind.HUB), int(Kind.EVENT)})  # an event is told as what it says


def rehearse(
    call: Call,
    workflow: str,
    parameters: Mapping[str, Any],
    deployment: str | None,
    options: RunOptions,
    *,
    allow_custom: bool,
    timeout_s: float | None,
) -> int:
    """Run the workflow on a copy of its deployment in memory, and show what it asks for; the exit code."""
    from durable_wf.cli.waiting import stdout_for_data
    from durable_wf.engine import Engine
    from durable_wf.inspection.executions import execution_detail
    from durable_wf.inspection.story import Story
    from durable_wf.inspection.view import View

    journal = _journal(call, deployment)
    timed_out = False
    with stdout_for_data(), Engine(journal, max_operations=1) as engine:
        uid = engine.start(
            workflow,
            parameters,
            deployment=deployment,
            options=replace(options, dry_run=True),
            allow_custom_parameters=allow_custom,
        )
        try:
            state = engine.wait(uid, timeout_s)
        except TimeoutError:
            timed_out, state = True, "not ended"
    view = View(journal, journal.owned)
    row = journal.find_execution(uid)[0]
    found = execution_detail(view, journal.history(row.id))
    story = Story(view, row)
    entries = story.more()
    record = DryRun(**(plain(found) | {"error": found.error, "flow": [entry.record() for entry in entries]}))
    call.out.data(record, _lines(call, story, entries, found))
    count = plural(sum(found.tasks.values()), "task")
    call.out.note(f"dry run of {workflow}: {state}, {count}; nothing was run, and nothing changed")
    for line in error_lines(found, verbose=call.out.level > 0):
        call.out.error(line)
    if timed_out:
        call.out.error("--timeout: the workflow had not ended; this is as far as it came")
        return TIMED_OUT
    return EXIT_OF_STATE.get(state, WAITS)


def _journal(call: Call, deployment: str | None) -> MemoryJournal:
    from durable_wf.engine.rehearsal import copy_of
    from durable_wf.journal.memory import MemoryJournal

    if deployment is None:
        return MemoryJournal(journal_id="dry-run")
    with call.view() as view, view.store.snapshot():
        return copy_of(view.store, deployment)


def _lines(call: Call, story: Story, entries: list[Entry], found: ExecutionDetail) -> Iterator[str]:
    """The flow in order, then the result."""
    yield from (line for entry in entries if (line := _line(call, story, entry)) is not None)
    if found.result is not None:
        yield f"result  {short(found.result, 1000)}"


def _line(call: Call, story: Story, entry: Entry) -> str | None:
    """A task that has ended, or what was said; None for all else."""
    indent = "  " * entry.depth
    if entry.subject is None:
        return f"{indent}{clean(entry.what)}  «{short(entry.message or '', 300)}»"
    task = story.names.tasks.get(entry.task or 0)
    if entry.subject is not Subject.TASK or task is None or task.kind in _HIDDEN or entry.target not in _ENDED:
        return None
    what = f"{task.name} {task.target}".strip() if task.kind == Kind.DRY_RUN else entry.what
    mark = " (dry run)" if task.kind == Kind.DRY_RUN else ""
    ended = f"  {call.out.state(str(entry.target))}" if entry.target != T.SUCCEEDED else ""
    return f"{indent}{clean(what)}{mark}{ended}"
