"""What a journal says after a kill or a resume, checked by rules of its own and not by the engine's code.

Reads only, in a process of its own.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

from durable_wf.codec import decode
from durable_wf.engine import shown_state
from durable_wf.journal.locks import Owners
from durable_wf.journal.reader import SqliteReader, open_reader
from durable_wf.journal.tables import TABLES
from durable_wf.model import rows
from durable_wf.model.rows import Subject
from durable_wf.model.states import ATTEMPT, EXECUTION, GRAPH, TASK, TE, A, T
from tools.crash.killing import acknowledged
from tools.crash.normal import normal
from tools.crash.scenarios import SCENARIOS
from tools.crash.steps import UID, journal_of

_MACHINES = {Subject.EXECUTION: EXECUTION, Subject.GRAPH: GRAPH, Subject.TASK: TASK}
_IN_FLIGHT = {ATTEMPT.code(state) for state in (A.SENT, A.STARTED)}
_OPEN = _IN_FLIGHT | {ATTEMPT.code(A.UNKNOWN)}
_BEGINS = {tuple(TE).index(event) for event in (TE.HANDED_OUT, TE.BEGAN)}
_ENDED = {TASK.code(state) for state in (T.SUCCEEDED, T.FAILED)}
_STARTED = TASK.code(T.STARTED)


def look(scenario: str, folder: Path) -> dict[str, Any]:
    """What there is to see now.

    state      as people see it; None while there is no execution
    problems   what the journal breaks
    in_flight  by name: how an attempt that was handed out and not ended is settled
    idle       tasks that have not ended, and wait for none that is in flight
    dump       every table
    ran        by name: begun, ended, how many idempotency keys
    attempts   by name: how many attempts the journal has
    normal     what must be as in an undisturbed run
    """
    path = journal_of(folder)
    reader = open_reader(path)
    try:
        lost = _lost(folder, reader)
        found: dict[str, Any] = {"dump": dump(path), "problems": [*reader.verify(), *lost]}
        executions = reader.find_execution(UID)
        if not executions:
            return found | {"state": None, "in_flight": {}, "ran": {}, "normal": None}
        seen = _look(scenario, folder, reader, executions[0])
        return found | seen | {"problems": [*seen["problems"], *lost]}
    finally:
        reader.close()


def _lost(folder: Path, reader: SqliteReader) -> list[str]:
    """Whether a commit that had returned is missing."""
    newest = reader.query("SELECT ifnull(max(seq), 0) FROM transition")[0][0]
    said = acknowledged(folder)
    return [f"seq {said} was acknowledged, and the journal ends at {newest}"] if said > newest else []


def _look(scenario: str, folder: Path, reader: SqliteReader, row: rows.Execution) -> dict[str, Any]:
    history = reader.history(row.id)
    transitions = reader.transitions(row.id)
    attempts = [rows.Attempt(*one) for one in reader.stored("attempt", row.id)]
    names = SCENARIOS[scenario].names(history)
    owners = Owners(reader.path)
    state = shown_state(row, owned=owners.owned(row.id))
    owners.close()
    problems = [*illegal(transitions), *out_of_order(history, transitions)]
    ran = SCENARIOS[scenario].ran(folder)
    unknown = sorted(ran.keys() - set(names.values()))
    problems += [f"'{name}' ran, and the journal has no such task" for name in unknown]
    counted = Counter(names[one.task] for one in attempts if one.task in names)
    in_flight = _in_flight(history, attempts)
    return {
        "state": state,
        "problems": list(reader.verify()) + problems,
        "in_flight": {names[no]: how for no, how in in_flight.items()},
        "handed_out": sorted(names[one.task] for one in attempts if one.state in _IN_FLIGHT),
        "numbers": {names[no]: no for no in in_flight},
        "idle": [_describe(task) for task in idle(history, attempts, set(in_flight))],
        "ran": {name: [runs.begun, runs.ended, len(runs.keys)] for name, runs in ran.items()},
        "attempts": dict(counted),
        "normal": normal(reader, folder, row.id),
    }


def _describe(task: rows.Task) -> str:
    return f"{rows.Kind(task.kind).name.lower()} {task.name} {task.target}".strip()


def _in_flight(history: rows.History, attempts: list[rows.Attempt]) -> dict[int, str]:
    requests = {payload.no: decode(payload.body_json) for payload in history.payloads}
    policy = {task.no: requests[task.request]["policy"]["on_unknown"] for task in history.tasks}
    newest = {one.task: one for one in sorted(attempts, key=lambda one: one.number)}
    return {no: policy[no] for no, one in newest.items() if one.state in _OPEN}


def illegal(transitions: list[rows.Transition]) -> list[str]:
    """Transitions that the tables do not list, or that do not begin where the one before has ended."""
    found, now = [], {}
    for row in transitions:
        machine = _MACHINES.get(Subject(row.subject))
        if machine is None or row.source is None:
            continue
        place = (row.subject, row.subject_no)
        source, event = machine.states[row.source], machine.events[row.event]
        listed = [one.target for one in machine.rows if one.source is source and one.event is event]
        if [machine.code(target) for target in listed] != [row.target]:
            found.append(f"seq {row.seq}: {machine.name} has no {source} --{event}--> {machine.states[row.target]}")
        if now.get(place, row.source) != row.source:
            found.append(f"seq {row.seq}: {machine.name} {row.subject_no} was not '{source}'")
        now[place] = row.target
    return found


def out_of_order(history: rows.History, transitions: list[rows.Transition]) -> list[str]:
    """Tasks that began before what they wait for had ended well, or was ignored by decision (L3)."""
    succeeded, failed = TASK.code(T.SUCCEEDED), TASK.code(T.FAILED)
    began: dict[int, int] = {}
    ended: dict[int, int] = {}
    replaced: dict[int, int] = {}
    out: set[int | tuple[int, int]] = set()
    for row in transitions:
        detail = decode(row.detail_json) or {} if row.subject in (Subject.TASK, Subject.GRAPH) else {}
        said = detail.get("decision") or detail
        out.update(said.get("removed", ()), map(tuple, said.get("unlinked", ())))
        if row.subject != Subject.TASK:
            continue
        if row.event in _BEGINS:
            began.setdefault(row.subject_no, row.seq)
        if row.target == succeeded or (row.target == failed and said.get("action") in ("ignore", "continue")):
            ended[row.subject_no] = row.seq
        if "replaced_by" in said:
            replaced[row.subject_no] = said["replaced_by"]

    def end_of(no: int) -> int | None:
        while no in replaced:
            no = replaced[no]
        return ended.get(no)

    inside = [(task.no, task.parent) for task in history.tasks if task.parent is not None]
    found = [
        f"task {edge.task} began before task {edge.on} had ended well (L3)"
        for edge in history.dependencies
        if edge.task in began and edge.on not in out and (edge.task, edge.on) not in out
        and began[edge.task] < (end_of(edge.on) or began[edge.task] + 1)
    ]  # fmt: skip
    return found + [
        f"task {no} began before its subgraph {parent} (L3)"
        for no, parent in inside
        if no in began and began[no] < began.get(parent, began[no] + 1)
    ]


def idle(history: rows.History, attempts: list[rows.Attempt], asked: set[int]) -> list[rows.Task]:
    """Tasks that have not ended although none of `asked` holds them back.

    A task of standard mode whose failure nobody has fetched yet waits for the function; one that the author took out,
    or that another has taken the place of, waits for nothing any more.
    """
    parents = {task.no: task.parent for task in history.tasks}
    begins: set[int] = set()  # cannot begin
    ends = set(asked)  # cannot end
    size = -1
    while size != len(begins) + len(ends):
        size = len(begins) + len(ends)
        begins |= {edge.task for edge in history.dependencies if edge.on in ends}
        begins |= {no for no, parent in parents.items() if parent in begins}
        ends |= begins | {parent for no, parent in parents.items() if parent is not None and no in ends}
    open_attempts = {one.task for one in attempts if one.state in _OPEN}
    gone = _gone(history)
    return [
        task
        for task in history.tasks
        if task.state not in _ENDED
        and task.no not in ends
        and task.no not in gone
        and not (task.graph is None and task.state == _STARTED and task.no not in open_attempts)
    ]


def _gone(history: rows.History) -> set[int]:
    """Tasks that were taken out, with all that is in them, and those that were replaced."""
    graphs = [row for row in history.transitions if row.subject == Subject.GRAPH]
    details = [decode(row.detail_json) or {} for row in (*history.decisions, *graphs)]
    said = [detail.get("decision") or detail for detail in details]
    gone = {no for one in said for no in one.get("removed", ())}
    gone |= {
        row.subject_no
        for row in history.decisions
        if "replaced_by" in ((decode(row.detail_json) or {}).get("decision") or {})
    }
    for task in history.tasks:  # members have greater numbers than their subgraph
        if task.parent in gone:
            gone.add(task.no)
    return gone


def dump(path: Path) -> dict[str, list[list[Any]]]:
    """Every row of every table."""
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        return {
            name: [
                [_plain(value) for value in row] for row in connection.execute(f"SELECT * FROM {name} ORDER BY 1, 2")
            ]
            for name in sorted(tables)
        }
    finally:
        connection.close()


def _plain(value: Any) -> Any:
    return value.hex() if isinstance(value, bytes) else value


FENCE_AND_OWNER = ("fence", "owner_json", "checksum")  # the checksum covers the other two


def without_owner(tables: dict[str, list[list[Any]]], columns: tuple[str, ...] = FENCE_AND_OWNER) -> dict[str, Any]:
    """A dump without those columns of `execution`."""
    names = (*TABLES["execution"].columns, "checksum")
    kept = [index for index, name in enumerate(names) if name not in columns]
    return tables | {"execution": [[row[index] for index in kept] for row in tables["execution"]]}
