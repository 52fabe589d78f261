"""One write transaction on SQLite: lists of rows become few statements, numbers and chains are kept beside them.

The records themselves are the parameters, so that a row costs nothing in Python but its place in the hash chain.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from durable_wf.errors import EngineBug, JournalError
from durable_wf.journal import chain, queries
from durable_wf.journal.blocks import Blocks
from durable_wf.journal.tables import TABLES, names
from durable_wf.model import deployed, rows

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from durable_wf.journal.connection import Writer
    from durable_wf.journal.queries import Query

R = TypeVar("R", bound="tuple[Any, ...]")

_encode = json.JSONEncoder(check_circular=False, separators=(",", ":")).encode

_INSERT = {name: table.insert for name, table in TABLES.items()}
_BLOCKS = {name: Blocks(table) for name, table in TABLES.items()}
_UPSERT = {name: TABLES[name].upsert for name in ("deployment", "node", "node_instance", "scaling")}
_SELECT = {name: f"SELECT {names(table.columns)} FROM {name}" for name, table in TABLES.items()}

_COUNTERS = "SELECT name, value FROM counter"
_FENCES = "SELECT id, fence FROM execution WHERE id"
_INBOX = f"{_SELECT['inbox']} WHERE taken_seq IS NULL AND execution"
_EXECUTION = f"{_SELECT['execution']} WHERE id = ?"
_INSTANCE = f"{_SELECT['node_instance']} WHERE deployment = ? AND name = ? AND gone = 0"
_TAIL = f"{_SELECT['link']} WHERE execution = ? AND deployment = ? ORDER BY ordinal DESC LIMIT 1"
_REQUEST = f"{_INSERT['inbox']} ON CONFLICT (execution, key) DO NOTHING"
_TAKE = "UPDATE inbox SET taken_seq = ?, checksum = checksum + ? WHERE id = ? AND taken_seq IS NULL"

_MOVED = len(rows.ExecutionMove._fields) - 1  # columns of an execution that move
REQUESTED = 7  # columns of a request that are written once
TAKEN_UNIT = 1 << 32  # what a checksum of a request rises by for each seq of its `taken_seq` + 1


@dataclass(slots=True)
class Known:
    """What the last turn left, true for as long as no other connection has committed."""

    version: int = -1  # PRAGMA data_version
    counters: dict[str, int] = field(default_factory=dict)
    tails: dict[chain.Chain, rows.Link] = field(default_factory=dict)
    fences: dict[int, int] = field(default_factory=dict)
    empty: set[int] = field(default_factory=set)  # executions that nothing waits for in the inbox

    def forget(self) -> None:
        """After a rollback, or another's commit."""
        self.version = -1
        self.counters = {}
        self.tails = {}
        self.fences = {}
        self.empty = set()

    def changed(self, changes: rows.Changes) -> None:
        """What this connection has written itself."""
        for row in changes.execution_moves:
            self.fences[row.id] = row.fence
        for request in changes.requests:
            self.empty.discard(request.execution)


class SqliteTurn:
    """See `port.Turn`."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        known: Known,
        writer: Writer,
    ) -> None:
        self._connection = connection
        self._known = known
        self._writer = writer
        version = connection.execute("PRAGMA data_version").fetchone()[0]
        if version != known.version:
            known.forget()
            known.version = version
            known.counters = dict(connection.execute(_COUNTERS).fetchall())
        self._before = known.counters
        self._counters = dict(known.counters)
        self._collector = chain.Collector(self.seq)
        self._whole = True  # no list was written in part

    @property
    def seq(self) -> int:
        return self._counters["seq"] + 1

    def next_id(self, table: str) -> int:
        self._counters[table] += 1
        return self._counters[table]

    def fences(self, executions: Collection[int]) -> dict[int, int]:
        self._writer.check_not_forked()
        known = self._known.fences
        if unknown := [one for one in executions if one not in known]:
            known.update(self._of(_FENCES, unknown))
        return {one: known[one] for one in executions if one in known}

    def inbox(self, executions: Collection[int]) -> list[rows.Request]:
        self._writer.check_not_forked()
        empty = self._known.empty
        asked = [one for one in executions if one not in empty]
        if not asked:
            return []
        found = sorted(rows.Request(*row) for row in self._of(_INBOX, asked))
        empty.update(set(asked).difference(request.execution for request in found))
        return found

    def execution(self, execution: int) -> rows.Execution | None:
        self._writer.check_not_forked()
        found = self._connection.execute(_EXECUTION, (execution,)).fetchone()
        return None if found is None else rows.Execution(*found)

    def instance(self, deployment: int, name: str) -> rows.Instance | None:
        self._writer.check_not_forked()
        found = self._connection.execute(_INSTANCE, (deployment, name)).fetchone()
        return None if found is None else rows.Instance(*found)

    def shown(self, deployment: int, *, at: int | None = None) -> deployed.Shown:
        ask = partial(self._ask, owner=deployment, at=at)
        (row,) = ask(queries.deployment(at=at is not None), rows.Deployment)
        if at is None:
            return deployed.Shown(
                row,
                ask(queries.of("node"), rows.Node),
                ask(queries.of("scaling"), deployed.Scaling),
                ask(queries.of("node_instance"), rows.Instance),
            )
        return deployed.Shown(
            row,
            ask(queries.as_was("node", "name"), rows.Node),
            ask(queries.as_was("scaling", "name"), deployed.Scaling),
            ask(queries.as_was("node_instance", "id"), rows.Instance),
        )

    def modifications(self, deployment: int) -> list[deployed.Modification]:
        return self._ask(queries.modifications(of_one_deployment=True), deployed.Modification, owner=deployment)

    def steps(self, deployment: int, modification: int) -> list[deployed.ModificationStep]:
        return self._ask(queries.steps(), deployed.ModificationStep, owner=deployment, modification=modification)

    def _ask(self, query: Query, record: type[R], **holes: Any) -> list[R]:
        self._writer.check_not_forked()
        found = self._connection.execute(query.sql, query.filled(holes)).fetchall()
        return [tuple.__new__(record, row) for row in found]

    def apply(self, changes: rows.Changes) -> None:
        if changes.events:
            events = [rows.Event(self.next_id("event"), *event[1:]) for event in changes.events]
            changes = replace(changes, events=events)
        self._whole = False
        self._writer.check_not_forked()
        try:
            self._insert_rows(changes)
            self._move_rows(changes)
            self._write("transition", changes.transitions)
            if changes.transitions:
                self._counters["seq"] = max(row.seq for row in changes.transitions)
            self._write("event", changes.events)
            self._write_inbox(changes)
        except sqlite3.Error as error:
            raise self._writer.failed(error, "writing to") from error
        self._known.changed(changes)
        self._collector.add(changes)
        self._whole = True

    def finish(self, genesis: bytes) -> list[rows.Link]:
        """Write the chains' links and the counters; gives the links.

        raises  EngineBug after an `apply` that failed and was gone on from
        """
        if not self._whole:
            message = "a turn whose changes were refused must not be committed"
            raise EngineBug(message)
        self._writer.check_not_forked()
        seq, event = self._counters["seq"], self._counters["event"]
        made = self._collector.links(genesis, self._tail, seq, event)
        try:
            self._write("link", made)
            risen = [(value, name) for name, value in self._counters.items() if value != self._before[name]]
            self._move("counter", risen)
        except sqlite3.Error as error:
            raise self._writer.failed(error, "writing to") from error
        return made

    def keep(self, links: Sequence[rows.Link]) -> None:
        """After the commit: what the next turn may build on."""
        self._known.counters = self._counters
        for link in links:
            self._known.tails[link.execution, link.deployment] = link

    def _of(self, sql: str, executions: Collection[int]) -> list[Any]:
        """The rows of some executions; of one, as it mostly is, at a third of the cost."""
        if len(executions) == 1:
            return self._connection.execute(f"{sql} = ?", tuple(executions)).fetchall()
        return self._connection.execute(
            f"{sql} IN (SELECT value FROM json_each(?))", (_encode(list(executions)),)
        ).fetchall()

    def _insert_rows(self, changes: rows.Changes) -> None:
        self._write("blueprint", changes.blueprints)
        topology: tuple[tuple[str, Sequence[Any]], ...] = (
            ("deployment", changes.deployments),
            ("node", changes.nodes),
            ("node_instance", changes.instances),
            ("scaling", changes.scaling),
        )
        for table, found in topology:
            if found:
                changed = self._connection.executemany(_UPSERT[table], map(tuple, found)).rowcount
                self._writer.counters["rows"] += changed
                self._write(f"{table}_version", found)
        self._write("execution", [(*row, checksum(row[-_MOVED:])) for row in changes.executions])
        self._write("payload", changes.payloads)
        self._write("tasks_graph", changes.graphs)
        self._write("task", changes.tasks)
        self._write("task_dependency", changes.dependencies)
        self._write("attempt", changes.attempts)
        self._write("modification", changes.modifications)
        self._write("modification_step", changes.modification_steps)

    def _move_rows(self, changes: rows.Changes) -> None:
        self._move("execution", [(*row[:-1], checksum(row[:-1]), row.id) for row in changes.execution_moves])
        self._move("tasks_graph", changes.graph_moves)
        self._move("task", changes.task_moves)
        self._move("attempt", changes.attempt_moves)
        self._move("modification", changes.modification_moves)
        self._move("modification_step", changes.modification_step_moves)

    def _write_inbox(self, changes: rows.Changes) -> None:
        for request in changes.requests:
            row = request if request.id else request._replace(id=self.next_id("inbox"))
            self._connection.execute(_REQUEST, (*row, checksum(row[:REQUESTED])))
        if changes.taken:
            seq = self.seq - 1
            taken = [(seq, (seq + 1) * TAKEN_UNIT, number) for number in changes.taken]
            self._moved("inbox", taken, self._connection.executemany(_TAKE, taken).rowcount)

    def _write(self, table: str, found: Sequence[Any]) -> None:
        if found:
            self._writer.counters["rows"] += _BLOCKS[table].write(self._connection, found)

    def _move(self, table: str, found: Sequence[Any]) -> None:
        if found:
            self._moved(table, found, _BLOCKS[table].move(self._connection, found))

    def _moved(self, table: str, found: Sequence[Any], changed: int) -> None:
        self._writer.counters["rows"] += changed
        if changed != len(found):
            message = f"{table}: {len(found) - changed} row(s) to move are not there"
            raise JournalError(message)

    def _tail(self, of: chain.Chain) -> rows.Link | None:
        if of not in self._known.tails:
            found = self._connection.execute(_TAIL, of).fetchone()
            if found is None:
                return None
            self._known.tails[of] = rows.Link(*found)
        return self._known.tails[of]


def checksum(columns: tuple[Any, ...]) -> int:
    """Four bytes by which `verify` notices a changed value that no chain covers."""
    return zlib.crc32(_encode(columns).encode())
