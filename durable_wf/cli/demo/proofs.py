"""What ran how often: the operations' own files compared with what the journal says. The engine is not asked."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from durable_wf.cli.demo.checks import Check
from durable_wf.cli.demo.folders import proof
from durable_wf.cli.output import plural
from durable_wf.engine.runs import idempotency_key
from durable_wf.inspection.tasks import WORK
from durable_wf.model.states import TASK, T

if TYPE_CHECKING:
    from pathlib import Path

    from durable_wf.inspection.view import View
    from durable_wf.model import rows

_SUCCEEDED = TASK.code(T.SUCCEEDED)
_IN_FLIGHT = frozenset({TASK.code(T.SENT), TASK.code(T.STARTED)})


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An execution's operations as the journal had them when its engine was killed: by number."""

    ended: dict[int, rows.Task]
    in_flight: dict[int, rows.Task]


def snapshot(view: View, execution: rows.Execution) -> Snapshot:
    """What the journal says now."""
    tasks = _work(view, execution)
    return Snapshot(
        {task.no: task for task in tasks if task.state == _SUCCEEDED},
        {task.no: task for task in tasks if task.state in _IN_FLIGHT},
    )


def _work(view: View, execution: rows.Execution) -> list[rows.Task]:
    return [task for task in view.store.stored("task", execution.id) if task.kind in WORK]


def check_runs(view: View, journal_id: str, execution: rows.Execution, at_kill: Snapshot, scratch: Path) -> list[Check]:
    """Compare each operation's own record of its runs with its task.

    journal_id  part of the idempotency keys, by which runs and tasks are matched
    """
    runs = _runs_by_key(scratch)
    tasks = {task.no: task for task in _work(view, execution)}
    of = {no: runs.pop(_key(journal_id, execution, task), None) for no, task in tasks.items()}
    begun = {no: found.begun if found is not None else 0 for no, found in of.items()}
    ended = {no: found.ended if found is not None else 0 for no, found in of.items()}
    before, during = at_kill.ended, at_kill.in_flight
    after = [no for no in tasks if no not in before and no not in during]
    again = sorted(no for no in before if begun[no] != before[no].attempts)
    often = sorted(no for no in during if not 1 <= begun[no] <= during[no].attempts + 1 or not ended[no])
    wrong = sorted(no for no in after if begun[no] != tasks[no].attempts or ended[no] != 1)
    times = Counter(begun[no] for no in during)
    told = ", ".join(
        f"{count} ran {'once' if number == 1 else f'{number} times'}" for number, count in sorted(times.items())
    )
    return [
        Check(not again, f"{plural(len(before), 'operation')} had ended before the kill: {_each(again, 'ran once')}"),
        Check(not often, f"{plural(len(during), 'was', 'were')} running: {told or 'none'}{_but(often)}"),
        Check(not wrong, f"{plural(len(after), 'operation')} came after the resume: {_each(wrong, 'ran once')}"),
        Check(
            not runs,
            f"{plural(len(runs), 'run')} without a task" if runs else "nothing ran that the journal does not know",
        ),
    ]


def _each(wrong: list[int], good: str) -> str:
    return f"each {good}" if not wrong else f"NOT each {good}: tasks {', '.join(map(str, wrong))}"


def _but(wrong: list[int]) -> str:
    return f"; NOT as they should: tasks {', '.join(map(str, wrong))}" if wrong else ""


def _runs_by_key(scratch: Path) -> dict[str, Any]:
    return {key: found for found in proof().count_runs(scratch).values() for key in found.keys}


def _key(journal_id: str, execution: rows.Execution, task: rows.Task) -> str:
    return idempotency_key(journal_id, execution.uid, task.no, task.generation)


def check_servers(scratch: Path) -> Check:
    """Every server answers, and the right thing."""
    found = proof().problems(scratch)
    alive = len(proof().living(scratch))
    return Check(
        not found, f"{plural(alive, 'server')} live, each answers as it should" if not found else "; ".join(found)
    )


def check_nothing_lives(scratch: Path) -> Check:
    """No server lives any more, and no folder of a host is left."""
    left = [str(one.pid) for one in proof().living(scratch)]
    if left:
        return Check(good=False, text=f"servers still live: {', '.join(left)}")
    hosts = sorted(path.name for path in (scratch / "hosts").glob("*"))
    return Check(not hosts, "no server lives any more, and their folders are gone" if not hosts else f"left: {hosts}")
