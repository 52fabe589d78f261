"""What `verify` asks of a SQLite journal beyond chains and states: whatever a flipped bit could change unseen (L13).

SQLite's own check finds broken pages and indexes; the schema and the names of codes are compared with what this
version makes; checksums guard the columns that move; the rows of now are the newest versions; numbers have no gaps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from durable_wf.errors import DurableError
from durable_wf.journal import schema, verify
from durable_wf.journal.tables import TABLES, Table, checksum_sql, names
from durable_wf.journal.turn import REQUESTED, TAKEN_UNIT, checksum
from durable_wf.model import rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_LIMIT = 20  # problems of one kind; a broken journal has thousands


class Source(verify.Source, Protocol):
    """A source that also answers SQL."""

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a SELECT or a PRAGMA."""
        ...


def problems(source: Source, executions: Sequence[int] | None = None) -> Iterator[str]:
    """Problems found, in words; those of the whole file only where no executions are named."""
    try:
        if executions is None:
            yield from _file_problems(source)
        yield from verify.problems(source, executions)
    except DurableError as error:  # a page that SQLite cannot read ends the search
        yield error.message
    except Exception as error:  # noqa: BLE001 - where a bit flipped, any value may have any type
        yield f"a value is not what was written, so that the search ended: {type(error).__name__}: {error}"


def _file_problems(source: Source) -> Iterator[str]:
    for (text,) in source.query(f"PRAGMA integrity_check({_LIMIT})"):
        if text != "ok":
            yield f"SQLite's integrity check: {text}"
    yield from _schema_problems(source)
    for table in TABLES.values():
        if table.checksum:
            yield from _generated_problems(source, table, table.checksum)
    with source.snapshot():
        found = [*_execution_problems(source), *_inbox_problems(source), *_number_problems(source)]
        for name in ("deployment", "node", "node_instance"):
            found += _version_problems(source, TABLES[name])
    yield from found


def _schema_problems(source: Source) -> Iterator[str]:
    version = source.query("PRAGMA user_version")[0][0]
    expected, found = schema.objects(), frozenset(source.query(schema.OBJECTS))
    codes = {table: source.query(f"SELECT * FROM {table}") for table in schema.code_names()}
    if version != schema.VERSION:  # an earlier one, that is read as it is
        if schema.fingerprint(found, codes) != schema.EARLIER.get(version):
            yield f"the schema, or the names of codes, are not those of version {version}"
        return
    for kind, name, *_ in sorted(expected - found):
        yield f"the schema lacks {kind} {name}, or it has changed"
    for kind, name, *_ in sorted(found - expected):
        yield f"the schema has a {kind} {name} that no journal has"
    for table, named in schema.code_names().items():
        if set(codes[table]) != set(named):
            yield f"{table}: the names of codes are not those of this version"


def _generated_problems(source: Source, table: Table, columns: tuple[str, ...]) -> Iterator[str]:
    wrong = f"checksum IS NOT {checksum_sql(columns)}"
    for key in source.query(f"SELECT {names(table.key)} FROM {table.name} WHERE {wrong} LIMIT {_LIMIT}"):
        yield f"{table.name} {_shown(key)}: a value is not what was written"


def _execution_problems(source: Source) -> Iterator[str]:
    moves = rows.ExecutionMove._fields[:-1]
    for number, stored, *moved in source.query(f"SELECT id, checksum, {names(moves)} FROM execution"):
        if checksum(tuple(moved)) != stored:
            yield f"execution {number}: a value is not what was written"


def _inbox_problems(source: Source) -> Iterator[str]:
    columns = rows.Request._fields
    for stored, *row in source.query(f"SELECT checksum, {names(columns)} FROM inbox"):
        taken = 0 if row[-1] is None else (row[-1] + 1) * TAKEN_UNIT
        if checksum(tuple(row[:REQUESTED])) + taken != stored:
            yield f"inbox {row[0]}: a value is not what was written"


def _version_problems(source: Source, table: Table) -> Iterator[str]:
    """The rows of now are exactly the newest versions."""
    columns, history = names(table.columns), f"{table.name}_version"
    same = " AND ".join(f'w."{column}" = v."{column}"' for column in table.key)
    now = f"SELECT {columns} FROM {table.name}"
    newest = f"SELECT {columns} FROM {history} AS v WHERE seq = (SELECT max(seq) FROM {history} AS w WHERE {same})"
    for one, other in ((now, newest), (newest, now)):
        for row in source.query(f"SELECT {names(table.key)} FROM ({one} EXCEPT {other}) LIMIT {_LIMIT}"):
            yield f"{table.name} {_shown(row)} is not as its newest version"


def _number_problems(source: Source) -> Iterator[str]:
    """No number is missing, and none was given twice."""
    counters = dict(source.query("SELECT name, value FROM counter"))
    seq = counters.get("seq", 0)
    count, distinct, first, last = source.query(
        "SELECT count(*), count(DISTINCT seq), ifnull(min(seq), 1), ifnull(max(seq), 0) FROM transition"
    )[0]
    if not count == distinct == last == seq or first != 1:
        yield f"{count} transitions have {distinct} numbers from {first} to {last}; {seq} were given"
    for table in ("event", "blueprint", "deployment", "node_instance", "execution", "inbox"):
        (last,) = source.query(f"SELECT ifnull(max(id), 0) FROM {table}")[0]
        if last > counters.get(table, 0):
            yield f"{table} {last} has a number that was not given"
    version = source.query("PRAGMA user_version")[0][0]
    reached = [row[0] for row in source.query("SELECT version FROM migration ORDER BY version")]
    if reached != list(range(1, version + 1)):
        yield f"the migrations do not lead to version {version}"


def _shown(key: tuple[Any, ...]) -> str:
    return "/".join(map(str, key))
