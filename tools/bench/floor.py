"""The floor: the rows of a finished run, written again by plain sqlite3 in the same groups.

What each transaction wrote is derived from the journal that the run has left: a link of the hash chain says which
numbers one transaction had, and the transitions say how rows moved. That the two files end up equal, row by row, is
checked by `same`, so "the same rows" is literally true.
"""

from __future__ import annotations

import shutil
import sqlite3
import time
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from durable_wf.journal.turn import checksum
from durable_wf.model import rows
from durable_wf.model.rows import Subject
from durable_wf.model.states import ATTEMPT, EXECUTION, GRAPH, TASK, T

SYNCHRONOUS = {"power": "FULL", "process": "NORMAL"}
_STARTED, _SUCCEEDED, _FAILED = TASK.code(T.STARTED), TASK.code(T.SUCCEEDED), TASK.code(T.FAILED)
_INITIAL = {machine.name: machine.code(machine.initial) for machine in (ATTEMPT, EXECUTION, GRAPH, TASK)}
_INSERTED = ("execution", "payload", "tasks_graph", "task", "task_dependency", "attempt")
_MOVED = ("execution", "tasks_graph", "task", "attempt")
_LAST = ("transition", "event", "link", "counter")

Statement = tuple[str, list[tuple[Any, ...]]]


@dataclass(frozen=True, slots=True)
class Floor:
    """What a plain program has to write.

    groups  one list of statements for each transaction
    """

    groups: list[list[Statement]]

    @property
    def rows(self) -> int:
        """How many rows it writes."""
        return sum(len(found) for group in self.groups for _, found in group)


def derive(journal: Path) -> Floor:
    """What the run wrote, from the journal it has left.

    Only runs without node instances, retries and requests: what `work.SHAPES` has.
    """
    connection = sqlite3.connect(f"file:{journal}?mode=ro", uri=True)
    try:
        return _Derived(connection).floor()
    finally:
        connection.close()


def write(floor: Floor, path: Path, durability: str) -> float:
    """Write it into the fresh journal at `path`; seconds from the first BEGIN to the last COMMIT."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        for pragma in ("journal_mode=WAL", f"synchronous={SYNCHRONOUS[durability]}", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}").fetchall()
        connection.execute("PRAGMA recursive_triggers=ON")
        execute, executemany = connection.execute, connection.executemany
        began = time.perf_counter()
        for group in floor.groups:
            execute("BEGIN IMMEDIATE")
            for sql, found in group:
                executemany(sql, found)
            execute("COMMIT")
        return time.perf_counter() - began
    finally:
        connection.close()


def same(one: Path, other: Path) -> list[str]:
    """Names of the tables in which two journals differ; none when the floor has written what the engine has."""
    connection = sqlite3.connect(one)
    try:
        connection.execute("ATTACH ? AS other", (str(other),))
        names = [name for (name,) in connection.execute("SELECT name FROM main.sqlite_schema WHERE type = 'table'")]
        return [
            name
            for name in names
            for left, right in (("main", "other"), ("other", "main"))
            if connection.execute(f"SELECT * FROM {left}.{name} EXCEPT SELECT * FROM {right}.{name}").fetchone()
        ]
    finally:
        connection.close()


def copy(journal: Path, to: Path) -> None:
    """Copy a closed journal."""
    shutil.copyfile(journal, to)


class _Derived:
    """The rows of a finished journal, dealt to the transactions that wrote them."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._links = [rows.Link(*row) for row in self._all("link", "execution, deployment, ordinal")]
        self._links.sort(key=lambda link: (link.last_seq, link.last_event))
        self._ends = [link.last_seq for link in self._links]
        self._event_ends = [link.last_event for link in self._links]
        self._written: list[defaultdict[str, list[tuple[Any, ...]]]] = [defaultdict(list) for _ in self._links]
        self._attempts = {row[:3]: rows.Attempt(*row[:8]) for row in self._all("attempt", "1, 2, 3")}
        self._executions = {row[0]: rows.Execution(*row[:-1]) for row in self._all("execution", "1")}
        self._started: dict[int, int] = {}
        self._tries: defaultdict[tuple[int, int], int] = defaultdict(int)

    def floor(self) -> Floor:
        self._inserts()
        for row in self._all("transition", "seq"):
            transition = rows.Transition(*row)
            group = self._group(transition.seq)
            group["+transition"].append(row)
            self._move(transition, group)
        for row in self._all("event", "id"):
            self._written[bisect_left(self._event_ends, row[0])]["+event"].append(row)
        before = rows.Link(0, 0, 0, 0, 0, b"")
        for link, group in zip(self._links, self._written, strict=True):
            group["+link"].append(tuple(link))
            for name, was, now in (
                ("seq", before.last_seq, link.last_seq),
                ("event", before.last_event, link.last_event),
            ):
                if now > was:
                    group["=counter"].append((now, name))
            if group["+execution"]:
                group["=counter"].append((group["+execution"][-1][0], "execution"))
            before = link
        return Floor([self._statements(group) for group in self._written])

    def _all(self, table: str, order: str) -> list[tuple[Any, ...]]:
        names = [row[1] for row in self._connection.execute(f"PRAGMA table_info({table})")]
        columns = ", ".join(f'"{name}"' for name in names)
        return self._connection.execute(f"SELECT {columns} FROM {table} ORDER BY {order}").fetchall()

    def _group(self, seq: int) -> defaultdict[str, list[tuple[Any, ...]]]:
        return self._written[bisect_left(self._ends, seq)]

    def _inserts(self) -> None:
        """Every row as it was when it was new."""
        for row in self._executions.values():
            new = row._replace(
                state=_INITIAL["execution"], fence=1, started_us=None, ended_us=None, ended_seq=None, report=None
            )
            self._group(row.seq)["+execution"].append((*new, checksum(new[11:])))
        for found in self._all("payload", "1, 2"):
            self._group(found[2])["+payload"].append(found)
        for found in self._all("tasks_graph", "1, 2"):
            self._group(found[3])["+tasks_graph"].append((*found[:4], _INITIAL["tasks_graph"]))
        for found in self._all("task", "1, 2"):
            self._group(found[9])["+task"].append((*found[:10], _INITIAL["task"], 0, 0, 0, None, None))
        for found in self._all("task_dependency", "seq, 1, 2, 3"):
            self._group(found[3])["+task_dependency"].append(found)
        for attempt in self._attempts.values():
            self._group(attempt.seq)["+attempt"].append((*attempt[:5], _INITIAL["attempt"], None, None))

    def _move(self, row: rows.Transition, group: defaultdict[str, list[tuple[Any, ...]]]) -> None:
        if row.source is None:
            return
        if row.subject == Subject.EXECUTION:
            group["=execution"].append(self._moved_execution(row))
        elif row.subject == Subject.GRAPH:
            group["=tasks_graph"].append((row.target, row.execution, row.subject_no))
        elif row.subject == Subject.TASK:
            ended = row.seq if row.target in (_SUCCEEDED, _FAILED) else None
            self._move_task(row, row.target, ended, group)
            if row.attempt is not None and row.attempt_target != _INITIAL["attempt"]:
                self._move_attempt(row, group)
        elif row.subject == Subject.ATTEMPT:  # its outcome, while a handler is to decide about the task
            self._move_attempt(row, group)
            self._move_task(row, _STARTED, row.seq, group)

    def _move_task(
        self, row: rows.Transition, state: int, ended: int | None, group: defaultdict[str, list[tuple[Any, ...]]]
    ) -> None:
        key = (row.execution, row.subject_no)
        self._tries[key] = row.attempt or self._tries[key]
        group["=task"].append((state, self._tries[key], 0, 0, None, ended, *key))

    def _move_attempt(self, row: rows.Transition, group: defaultdict[str, list[tuple[Any, ...]]]) -> None:
        attempt = self._attempts[row.execution, row.subject_no, row.attempt or 0]
        over = attempt.ended_us if row.attempt_target == attempt.state else None
        group["=attempt"].append((row.attempt_target, attempt.began_us, over, *attempt[:3]))

    def _moved_execution(self, row: rows.Transition) -> tuple[Any, ...]:
        last = self._executions[row.subject_no]
        ended = row.seq == last.ended_seq
        moved = (
            row.target, row.fence, last.owner_json, last.started_us,
            last.ended_us if ended else None, row.seq if ended else None, None,
        )  # fmt: skip
        return (*moved, checksum(moved), last.id)

    def _statements(self, group: defaultdict[str, list[tuple[Any, ...]]]) -> list[Statement]:
        order = [*(f"+{name}" for name in _INSERTED), *(f"={name}" for name in _MOVED)]
        order += [f"{'=' if name == 'counter' else '+'}{name}" for name in _LAST]
        return [(self._sql(what), group[what]) for what in order if group[what]]

    def _sql(self, what: str) -> str:
        table = what[1:]
        names = [row[1] for row in self._connection.execute(f"PRAGMA table_info({table})")]
        if what[0] == "+":
            columns = ", ".join(f'"{name}"' for name in names)
            return f"INSERT INTO {table} ({columns}) VALUES ({', '.join('?' * len(names))})"
        moves, key = _UPDATES[table]
        return f"UPDATE {table} SET {_sets(moves, ', ')} WHERE {_sets(key, ' AND ')}"


def _sets(names: Iterable[str], between: str) -> str:
    return between.join(f'"{name}" = ?' for name in names)


_UPDATES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "execution": ((*rows.ExecutionMove._fields[:-1], "checksum"), ("id",)),
    "tasks_graph": (("state",), ("execution", "no")),
    "task": (rows.TaskMove._fields[:-2], ("execution", "no")),
    "attempt": (rows.AttemptMove._fields[:-3], ("execution", "task", "number")),
    "counter": (("value",), ("name",)),
}
