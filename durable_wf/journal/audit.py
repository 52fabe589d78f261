"""What `verify` asks of a SQLite journal beyond chains and states: whatever a flipped bit could change unseen (L13).

- **integrity** SQLite's own check: broken pages, every index against its table, CHECKs and NOT NULL;
- **references** foreign keys, and rows of executions that are not there;
- **schema** every object of it, and the names of codes, are those that this version makes (or an earlier one made);
- **checksum** what moves, and so is in no chain, has the checksum that was written with it;
- **versions** the rows of now are exactly the newest versions;
- **numbers** no number is missing, and none was given twice; the migrations lead to the version.

Nothing here writes, or holds more than a row at a time and what is to be said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from durable_wf.journal import schema, verify
from durable_wf.journal.migrate import COUNTED
from durable_wf.journal.tables import TABLES, Table, checksum_sql, names
from durable_wf.journal.turn import REQUESTED, TAKEN_UNIT, checksum
from durable_wf.journal.verify import MOST, UNREADABLE, Problem, unreadable
from durable_wf.model import rows

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Iterator, Sequence

_WHOSE = {"deployment": "id", "node": "deployment", "node_instance": "deployment", "scaling": "deployment"}


class Source(verify.Source, Protocol):
    """A source that also answers SQL."""

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a SELECT or a PRAGMA."""
        ...

    def scan(self, sql: str, parameters: Sequence[Any] = ()) -> Iterator[tuple[Any, ...]]:
        """The same, one at a time. Ask inside a snapshot."""
        ...


def problems(
    source: Source, executions: Sequence[int] | None = None, counted: Counter[str] | None = None
) -> Iterator[Problem]:
    """Problems found; those of the whole file only where no executions are named.

    A check that cannot be made to its end, because a page cannot be read, keeps none of the others from being made.

    counted  what was looked at is added here: rows by their table
    """
    for check in _OF_FILE if executions is None else ():
        yield from _made(source, lambda check=check: check(source))  # type: ignore[misc]
    for number in (None,) if executions is None else executions:
        yield from _made(source, lambda number=number: _checksum_problems(source, number))  # type: ignore[misc]
    yield from verify.problems(source, executions, counted)


def _made(source: Source, check: Callable[[], Iterator[Problem]]) -> list[Problem]:
    """What a check finds at one moment of the journal."""
    found: list[Problem] = []
    try:
        with source.snapshot():
            found += verify.few(check())
    except UNREADABLE as error:
        found.append(unreadable(error))
    return found


def _integrity_problems(source: Source) -> Iterator[Problem]:
    for (text,) in source.query(f"PRAGMA integrity_check({MOST})"):
        if text != "ok":
            yield Problem("integrity", f"SQLite's integrity check: {text}")


def _reference_problems(source: Source) -> Iterator[Problem]:
    for table, _, there, _ in source.scan("PRAGMA foreign_key_check"):
        yield Problem("references", f"a row of {table} refers to one of {there} that is missing")
    for table in ("transition", "event"):
        of = f"SELECT DISTINCT execution FROM {table} WHERE execution > 0"
        for (number,) in source.scan(f"SELECT * FROM ({of}) WHERE execution NOT IN (SELECT id FROM execution)"):
            yield Problem("references", f"there are rows of {table} of an execution {number} that is not there")


def _schema_problems(source: Source) -> Iterator[Problem]:
    version = source.query("PRAGMA user_version")[0][0]
    expected, found = schema.objects(), frozenset(source.query(schema.OBJECTS))
    codes = {table: source.query(f"SELECT * FROM {table}") for table in schema.code_names()}
    if version != schema.VERSION:  # an earlier one, that is read as it is
        if schema.fingerprint(found, codes) != schema.EARLIER.get(version):
            yield Problem("schema", f"the schema, or the names of codes, are not those of version {version}")
        return
    for kind, name, *_ in sorted(expected - found):
        yield Problem("schema", f"the schema lacks {kind} {name}, or it has changed")
    for kind, name, *_ in sorted(found - expected):
        yield Problem("schema", f"the schema has a {kind} {name} that no journal has")
    for table, named in schema.code_names().items():
        if set(codes[table]) != set(named):
            yield Problem("schema", f"{table}: the names of codes are not those of this version")


def _checksum_problems(source: Source, execution: int | None) -> Iterator[Problem]:
    """Of one execution's rows, or of all there are."""
    yield from _execution_problems(source, execution)
    yield from _inbox_problems(source, execution)
    for table in _tables(source):
        if table.checksum and (execution is None or "execution" in table.key):
            yield from _generated_problems(source, table, table.checksum, execution)


def _tables(source: Source) -> list[Table]:
    """The tables that the file has: one of an earlier version lacks some."""
    version = source.query("PRAGMA user_version")[0][0]
    return [table for table in TABLES.values() if table.since <= version]


def _of(execution: int | None, column: str) -> str:
    return "1" if execution is None else f"{column} = {int(execution)}"


def _generated_problems(
    source: Source, table: Table, columns: tuple[str, ...], execution: int | None
) -> Iterator[Problem]:
    wrong = f"{_of(execution, 'execution')} AND checksum IS NOT {checksum_sql(columns)}"
    for key in source.scan(f"SELECT {names(table.key)} FROM {table.name} WHERE {wrong}"):
        of = (key[0], 0) if table.key[0] == "execution" else None
        yield Problem("checksum", f"{table.name} {_shown(key[1:] if of else key)}: a value is not what was written", of)


def _execution_problems(source: Source, execution: int | None) -> Iterator[Problem]:
    moves = rows.ExecutionMove._fields[:-1]
    sql = f"SELECT id, checksum, {names(moves)} FROM execution WHERE {_of(execution, 'id')}"
    for number, stored, *moved in source.scan(sql):
        if checksum(tuple(moved)) != stored:
            yield Problem("checksum", "a value of its row is not what was written", (number, 0))


def _inbox_problems(source: Source, execution: int | None) -> Iterator[Problem]:
    columns = rows.Request._fields
    sql = f"SELECT checksum, {names(columns)} FROM inbox WHERE {_of(execution, 'execution')}"
    for stored, *row in source.scan(sql):
        taken = 0 if row[-1] is None else (row[-1] + 1) * TAKEN_UNIT
        if checksum(tuple(row[:REQUESTED])) + taken != stored:
            yield Problem("checksum", f"inbox {row[0]}: a value is not what was written", (row[1], 0))


def _version_problems(source: Source) -> Iterator[Problem]:
    for table in _tables(source):
        if table.name in _WHOSE:
            yield from _of_versions(source, table)


def _of_versions(source: Source, table: Table) -> Iterator[Problem]:
    """The rows of now are exactly the newest versions."""
    columns, history = names(table.columns), f"{table.name}_version"
    same = " AND ".join(f'w."{column}" = v."{column}"' for column in table.key)
    if table.name == "node_instance":  # without it the versions of all deployments would be looked through
        same += " AND w.deployment = v.deployment"
    now = f"SELECT {columns} FROM {table.name}"
    newest = f"SELECT {columns} FROM {history} AS v WHERE seq = (SELECT max(seq) FROM {history} AS w WHERE {same})"
    place = table.columns.index(_WHOSE[table.name])
    for one, other in ((now, newest), (newest, now)):
        for row in source.scan(f"{one} EXCEPT {other}"):
            key = [value for name, value in zip(table.columns, row, strict=True) if name in table.key]
            text = f"{table.name} {_shown(key)} is not as its newest version"
            yield Problem("versions", text, (0, row[place]))


def _number_problems(source: Source) -> Iterator[Problem]:
    """No number is missing, and none was given twice."""
    counters = dict(source.query("SELECT name, value FROM counter"))
    seq = counters.get("seq", 0)
    count, distinct, first, last = source.query(
        "SELECT count(*), count(DISTINCT seq), ifnull(min(seq), 1), ifnull(max(seq), 0) FROM transition"
    )[0]
    if not count == distinct == last == seq or first != 1:
        text = f"{count} transitions have {distinct} numbers from {first} to {last}; {seq} were given"
        yield Problem("numbers", text, seq=_first_gap(source))
    for table in (table.name for table in _tables(source) if table.name in COUNTED):
        (last,) = source.query(f"SELECT ifnull(max(id), 0) FROM {table}")[0]
        if last > counters.get(table, 0):
            yield Problem("numbers", f"{table} {last} has a number that was not given")
    version = source.query("PRAGMA user_version")[0][0]
    reached = [row[0] for row in source.query("SELECT version FROM migration ORDER BY version")]
    if reached != list(range(1, version + 1)):
        yield Problem("numbers", f"the migrations do not lead to version {version}")


def _first_gap(source: Source) -> int:
    """The first seq that is missing or there twice; the one after the last where none is."""
    expected = 1
    for (seq,) in source.scan("SELECT seq FROM transition ORDER BY seq"):
        if seq != expected:
            return int(min(seq, expected))
        expected += 1
    return expected


def _shown(key: Sequence[Any]) -> str:
    return "/".join(map(str, key))


_OF_FILE = (_integrity_problems, _schema_problems, _reference_problems, _version_problems, _number_problems)
