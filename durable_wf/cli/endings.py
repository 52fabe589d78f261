"""What is said when an execution ends or lies down, and before one is resumed."""

from __future__ import annotations

import dataclasses
import json
import sys
from typing import TYPE_CHECKING

from durable_wf.cli.failures import EXIT_OF_STATE, WAITS
from durable_wf.cli.output import clean, plural, short, took
from durable_wf.errors import DurableError
from durable_wf.inspection.executions import execution_detail, is_resumable
from durable_wf.inspection.records import Resume
from durable_wf.model.states import X

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from durable_wf.cli.calls import Call
    from durable_wf.cli.waiting import Ending
    from durable_wf.engine import ResumeOptions
    from durable_wf.inspection.records import Error, ExecutionDetail, Task
    from durable_wf.inspection.view import View
    from durable_wf.model import rows

_MOST = 20  # tasks in one list for people; JSON has all


def resume_record(history: rows.History, options: ResumeOptions | None = None) -> Resume:
    """What a resume would do, or why it would refuse."""
    from durable_wf.engine import ResumeOptions
    from durable_wf.engine.preview import preview

    try:
        found = preview(history, options or ResumeOptions())
    except DurableError as error:
        return Resume(
            error.message if error.hint is None else f"{error.message}; {error.hint}", 0, 0, [], [], [], [], []
        )
    return Resume(
        None,
        len(found.kept),
        len(found.waiting),
        list(found.reset),
        list(found.again),
        list(found.asked),
        list(found.superseded),
        list(found.rolled_back),
    )


def summary(found: Resume) -> str:
    """`kept 41, runs again 3, not begun 20, asks 1, superseded 0`."""
    again = len(found.reset) + len(found.again)
    counts = f"kept {found.kept}, runs again {again}, not begun {found.waiting}"
    return f"{counts}, asks {len(found.asked)}, superseded {len(found.superseded)}"


def resume_lines(found: Resume, limit: int = _MOST) -> Iterator[str]:
    """The tasks of a preview that a person should see."""
    for title, tasks in (
        ("failed; run again", found.reset),
        ("interrupted; run again, since that is safe or agreed to", found.again),
        ("interrupted; asked about, run again only with --reset-operations", found.asked),
        ("superseded; kept, and never matched again", found.superseded),
        ("of those ran; needs --accept-changes", found.rolled_back),
    ):
        if tasks:
            yield f"{title}:"
            yield from (f"    {clean(task)}" for task in tasks[:limit])
            if len(tasks) > limit:
                yield f"    and {len(tasks) - limit} more"


def print_preview(call: Call, history: rows.History, options: ResumeOptions, *, whole: bool = False) -> None:
    """What a resume will do: in a line on stderr, or wholly as data."""
    found = resume_record(history, options)
    if not whole:
        if found.refused is None:
            call.out.note(f"resume {history.execution.uid}: {summary(found)}")
        return
    if call.out.as_json or found.refused is None:
        call.out.data(found, [summary(found), *resume_lines(found, limit=10**9)])


def detail_of(view: View, history: rows.History) -> ExecutionDetail:
    """An execution with what a resume would do."""
    found = execution_detail(view, history)
    if not is_resumable(found.state):
        return found
    return dataclasses.replace(found, resume=resume_record(history))


def print_ending(call: Call, view: View, execution: int, ending: Ending, asks: Sequence[int]) -> int:
    """Say how it ended and print its result; the exit code."""
    history = view.store.history(execution)
    found = execution_detail(view, history)
    # this process may still hold it; what it said at the end is the state
    found = dataclasses.replace(found, state=ending.state)
    if is_resumable(ending.state):
        found = dataclasses.replace(found, resume=resume_record(history))
    if call.out.as_json:
        call.out.data(found, [])
    _say(call, found, history.execution, asks)
    if ending.state == X.TERMINATED and found.result is not None and not call.out.as_json:
        call.out.lines([json.dumps(found.result, indent=2, ensure_ascii=False)])
    if ending.state == X.INTERRUPTED:
        if asks:
            return WAITS
        if ending.exit_code is not None:
            return ending.exit_code
    return EXIT_OF_STATE.get(ending.state, WAITS)


def _say(call: Call, found: ExecutionDetail, row: rows.Execution, asks: Sequence[int]) -> None:
    out = call.out
    state = out.state(found.state, sys.stderr)
    begin, end = row.started_us or row.created_us, row.ended_us
    time = f" in {took(begin, end)}" if end is not None else ""
    tasks = plural(sum(found.tasks.values()), "task")
    if found.state == X.TERMINATED:
        out.note(f"execution {found.id} {state}{time}: {tasks}")
        return
    out.error(f"execution {found.id} {state}{time}")
    for line in (*cancel_lines(found), *failure_lines(found, verbose=out.level > 0)):
        out.error(line)
    if asks:
        for line in asking_lines(found, asks):
            out.error(line)
    elif found.state in (X.INTERRUPTED, X.CANCELLED):
        out.error(f"to go on: durable-wf resume {found.id}")


def asking_lines(found: ExecutionDetail, asks: Sequence[int]) -> Iterator[str]:
    """Which tasks it asks about, and what to do."""
    asked = [task for task in found.unknown if task.number in asks]
    yield f"asks: {plural(len(asks), 'task')} ran when its runner died, and nobody knows how far it came"
    for task in asked[:_MOST]:
        yield f"    task {_title(task)}"
    yield "look what each of them has done; if all may run again:"
    yield f"    durable-wf resume {found.id} --reset-operations"


def cancel_lines(found: ExecutionDetail) -> Iterator[str]:
    """Who asked to cancel it, and why."""
    if found.cancel is not None:
        yield clean(f"{found.cancel.level} asked by {found.cancel.by}{_because(found.cancel.reason)}")


def _because(reason: str | None) -> str:
    return f": {reason}" if reason else ""


def failure_lines(found: ExecutionDetail, *, verbose: bool) -> Iterator[str]:
    """As `error_lines`, and then how to go on; nothing where it was cancelled, which is no failure."""
    if found.error is not None and found.state != X.CANCELLED:
        yield from error_lines(found, verbose=verbose)
        yield f"when the cause is mended: durable-wf resume {found.id}"


def error_lines(found: ExecutionDetail, *, verbose: bool) -> Iterator[str]:
    """The error of a failed execution as it was recorded, with the tasks that ended it and their causes."""
    if found.error is None or found.state == X.CANCELLED:
        return
    yield from _error_lines(found.error, "", verbose=verbose)
    wanted = set(found.ended_by)
    guilty = [task for task in found.failed if task.number in wanted]
    for task in guilty[:_MOST]:
        yield f"    task {_title(task)}, {plural(task.attempts, 'attempt')}"
        if task.error is not None:
            yield from _error_lines(task.error, "        ", verbose=verbose)


def _error_lines(error: Error, indent: str, *, verbose: bool) -> Iterator[str]:
    name = error.type.partition(":")[2] or error.type
    message = error.message if verbose else error.message.partition("\nTraceback ")[0]
    yield indent + clean(f"{name}: {message}").replace("\n", f"\n{indent}")
    for cause in error.causes:
        itself = (cause.get("type"), cause.get("message")) == (name.rpartition(".")[2], error.message)
        if verbose or not itself:  # what an operation raised, raised again by the workflow
            text = short(f"{cause.get('type', '')}: {cause.get('message', '')}", 400)
            yield f"{indent}caused by {text}"
        if verbose and cause.get("traceback"):
            yield indent + "    " + clean(str(cause["traceback"]).rstrip()).replace("\n", f"\n{indent}    ")
    if verbose and error.traceback:
        yield indent + clean(error.traceback.rstrip()).replace("\n", f"\n{indent}")


def _title(task: Task) -> str:
    target = f" of {task.target}" if task.target else ""
    return clean(f"{task.number}: {task.kind} {task.name}{target}")
