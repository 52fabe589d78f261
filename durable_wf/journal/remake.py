"""Bring the schema of an older file to what `schema` says now, and keep every row.

The step of every migration that changes names, CHECKs, triggers, views or indexes. SQLite cannot change a CHECK where
it stands, so that a table whose statement is another one now is made anew beside the old one, filled from it, and
given its name (sqlite.org/lang_altertable.html §7). A table whose statement is the same is not touched.
"""

from __future__ import annotations

import re
import sqlite3

from durable_wf.errors import EngineBug, JournalDamaged, JournalError
from durable_wf.journal import schema
from durable_wf.journal.tables import TABLES, names

_MADE = re.compile(r'CREATE (?:UNIQUE )?(TABLE|INDEX|TRIGGER|VIEW) "?(\w+)')
_NEW = "remade_"  # before a table's name, while the old one is there
_LIMIT = 5  # problems that an error names


def remake(connection: sqlite3.Connection) -> None:
    """Make the schema anew. Call inside a transaction, and with foreign keys off, which cannot be switched in one.

    cost    writes each table that has changed, with its indexes, once; then reads the whole file and looks up each
            entry of an index and each foreign key. All 24 tables of 58 MB (200 000 tasks): 3 s, the copy included.
            The -wal takes all of it until the commit, and the file keeps the room of the largest table for what
            comes next
    raises  JournalDamaged when a row does not fit the new CHECKs, or SQLite's own checks find something; JournalError
            when there is a table that is not ours; EngineBug when a column would be lost. The caller rolls back
    """
    statements: dict[str, dict[str, str]] = {"TABLE": {}, "INDEX": {}, "TRIGGER": {}, "VIEW": {}}
    for statement in schema.statements():
        kind, name = _named(statement)
        statements[kind][name] = statement
    for kind in ("VIEW", "TRIGGER"):  # before any table is renamed: SQLite then looks into all of them
        _drop(connection, kind, _there(connection, kind))
    _remake_tables(connection, statements["TABLE"])
    _name_codes(connection)
    indexes = _there(connection, "INDEX")
    _drop(connection, "INDEX", [name for name, sql in indexes.items() if statements["INDEX"].get(name) != sql])
    indexes = _there(connection, "INDEX")
    for kind in ("INDEX", "TRIGGER", "VIEW"):
        for name, statement in statements[kind].items():
            if name not in indexes:
                connection.execute(statement)
    _check(connection)


def _named(statement: str) -> tuple[str, str]:
    found = _MADE.match(statement)
    if found is None:
        message = f"a statement of the schema makes nothing that has a name: {statement[:40]}"
        raise EngineBug(message)
    return found[1], found[2]


def _there(connection: sqlite3.Connection, kind: str) -> dict[str, str]:
    """Name and SQL of everything of this kind, but for the indexes that belong to a table's keys."""
    made = "SELECT name, sql FROM sqlite_schema WHERE type = ? AND sql IS NOT NULL"
    return dict(connection.execute(made, (kind.lower(),)).fetchall())


def _drop(connection: sqlite3.Connection, kind: str, which: dict[str, str] | list[str]) -> None:
    for name in which:
        connection.execute(f'DROP {kind} "{name}"')


def _remake_tables(connection: sqlite3.Connection, wanted: dict[str, str]) -> None:
    there = _there(connection, "TABLE")
    for name, statement in wanted.items():
        if name not in there:
            connection.execute(statement)
        elif there[name] != statement:
            _replace(connection, name, statement)


def _replace(connection: sqlite3.Connection, name: str, statement: str) -> None:
    """A new table, filled from the one that has its name, in its order."""
    connection.execute(statement.replace(f'"{name}"', f'"{_NEW}{name}"', 1))
    old, new = _columns(connection, name), _columns(connection, _NEW + name)
    lost = [column for column in old if column not in new]
    if lost:
        message = f"{name}: the new table has no {', '.join(lost)}; a step of its own must say what becomes of it"
        raise EngineBug(message)
    columns = names(tuple(old))
    try:
        connection.execute(f'INSERT INTO "{_NEW}{name}" ({columns}) SELECT {columns} FROM "{name}"')
    except sqlite3.IntegrityError as error:
        message = f"a row of {name} does not fit version {schema.VERSION}: {error}"
        raise JournalDamaged(message, hint="nothing was changed; `durable-wf verify` says what is damaged") from error
    connection.execute(f'DROP TABLE "{name}"')
    connection.execute(f'ALTER TABLE "{_NEW}{name}" RENAME TO "{name}"')


def _columns(connection: sqlite3.Connection, table: str) -> list[str]:
    """The columns that hold what was written; not those that SQLite computes."""
    found = connection.execute("SELECT name FROM pragma_table_xinfo(?) WHERE hidden = 0", (table,))
    return [name for (name,) in found.fetchall()]


def _name_codes(connection: sqlite3.Connection) -> None:
    for table, named in schema.code_names().items():
        connection.execute(f"DELETE FROM {table}")
        connection.executemany(TABLES[table].insert, named)


def _check(connection: sqlite3.Connection) -> None:
    """What is there now is the schema, and SQLite finds nothing wrong with the file."""
    there = frozenset(connection.execute(schema.OBJECTS).fetchall())
    for kind, name, *_ in sorted(there - schema.objects()):
        message = f"the journal has a {kind} {name} that no journal has, so that it cannot be migrated"
        raise JournalError(message, hint="nothing was changed; move it to a file of your own")
    problems = [
        f"a row of {table} refers to one of {there} that is missing" for table, _, there, _ in _broken(connection)
    ]
    found = connection.execute(f"PRAGMA integrity_check({_LIMIT})").fetchall()
    problems += [text for (text,) in found if text != "ok"]
    if problems:
        message = f"the migration found the journal damaged: {'; '.join(problems[:_LIMIT])}"
        raise JournalDamaged(message, hint="nothing was changed; `durable-wf verify` says what is damaged")


def _broken(connection: sqlite3.Connection) -> list[tuple[str, int, str, int]]:
    return connection.execute("PRAGMA foreign_key_check").fetchmany(_LIMIT)
