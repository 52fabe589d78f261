"""What the journal says of itself: its version, how far it reaches, what takes its room."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from durable_wf.clock import iso
from durable_wf.errors import DurableError
from durable_wf.inspection.health.finding import OK, PROBLEM, WARNING, Finding, size
from durable_wf.journal import head as head_file
from durable_wf.journal import schema as schema_now
from durable_wf.journal.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Callable

    from durable_wf.journal.reader import SqliteReader

_MOST = 4  # tables that are named
_DAMAGED = 9


def journal(reader: SqliteReader) -> Finding:
    """How much is in it."""
    executions, transitions = (
        reader.query(f"SELECT count(*) FROM {table}")[0][0]  # noqa: S608 - our own tables' names
        for table in ("execution", "transition")
    )
    made = reader.meta()
    facts = {"executions": executions, "transitions": transitions, "id": made.get("id")}
    created = iso(int(made["created_us"])) if made.get("created_us", "").isdecimal() else "an unknown time"
    text = f"{executions} execution(s), {transitions} transition(s); made {created}"
    return Finding("journal", OK, text, "durable-wf verify looks at every row", facts)


def schema(reader: SqliteReader) -> Finding:
    """Its version. A newer one than ours is refused before this is asked."""
    version = reader.query("PRAGMA user_version")[0][0]
    facts = {"version": version, "newest": schema_now.VERSION}
    if version == schema_now.VERSION:
        return Finding("schema", OK, f"version {version}, the newest", None, facts)
    text = f"version {version}: it can be read as it is; what writes to it migrates it to version {schema_now.VERSION}"
    return Finding("schema", WARNING, text, "durable-wf doctor --migrate", facts)


def head(reader: SqliteReader) -> Finding:
    """Whether the journal has what its head file says was written last (L6)."""
    newest, said = reader.newest_link(), head_file.read(reader.path)
    mark = None if newest is None else f"{newest.last_seq}:{newest.hash.hex()}"
    facts = {"head": mark, "head_file_seq": said.seq if isinstance(said, head_file.Newest) else None}
    doubt = reader.compare_with_head()
    if doubt is not None:
        again = "make it readable" if isinstance(doubt, head_file.Unreadable) else "put its -wal or the newer file back"
        mend = f"{again}; or go on without it: durable-wf resume ID --accept-loss"
        return Finding("head", PROBLEM, str(doubt), mend, facts, _DAMAGED)
    if mark is None:
        return Finding("head", OK, "nothing was committed yet", None, facts)
    if said is None:
        text = f"{mark}; there is no head file to compare it with, so a -wal that was lost would not be noticed"
        return Finding("head", WARNING, text, "the next commit writes one", facts)
    return Finding("head", OK, f"{mark}, as the head file says", None, facts)


def sizes(reader: SqliteReader) -> Finding:
    """What takes room, by table with its indexes: bytes by dbstat, or rows where this SQLite has no dbstat."""
    try:
        found = _by_bytes(reader)
    except DurableError as error:
        if "no such table: dbstat" not in error.message:
            raise
        there = [table for table in TABLES if reader.has(table)]
        rows = {table: reader.query(f"SELECT count(*) FROM {table}")[0][0] for table in there}  # noqa: S608 - as above
        return Finding("sizes", OK, f"rows, by counting: {_largest(rows, str)}", None, {"by": "count", "rows": rows})
    unused = reader.query("PRAGMA freelist_count")[0][0] * reader.query("PRAGMA page_size")[0][0]
    facts = {"by": "dbstat", "bytes": found, "unused_bytes": unused}
    text = f"{size(sum(found.values()))}, by dbstat: {_largest(found, size)}"
    return Finding("sizes", OK, f"{text}; {size(unused)} unused" if unused else text, None, facts)


def _by_bytes(reader: SqliteReader) -> dict[str, int]:
    """Bytes of each table and its indexes; the schema itself as `sqlite_schema`."""
    tables = dict(reader.query("SELECT name, tbl_name FROM sqlite_schema"))
    found: Counter[str] = Counter()
    for name, pages in reader.query("SELECT name, sum(pgsize) FROM dbstat GROUP BY name"):
        found[tables.get(name, name)] += pages
    return dict(found)


def _largest(found: dict[str, int], shown: Callable[[int], str]) -> str:
    ordered = sorted(found.items(), key=lambda item: -item[1])
    named = [f"{table} {shown(count)}" for table, count in ordered[:_MOST]]
    return ", ".join(named)
