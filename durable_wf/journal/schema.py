"""The SQL of a new journal: tables, guards made from the machines, and the views that people and tools read.

`schema/journal.sql` is `script()`, checked in. What SQL refuses, whoever asks: a state that the table does not
list, a new row elsewhere than at the beginning, a state that disagrees with its times, a change of what is written
once, and every deletion. (Retention will remove whole executions through one function of its own.)
"""

from __future__ import annotations

import json
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from peewee import SqliteDatabase

from durable_wf.journal.rules import GUARD_OF
from durable_wf.journal.tables import TABLES, CodeName, Name, Table, legal_sql, raw
from durable_wf.model.rows import Kind, Subject
from durable_wf.model.states import MACHINES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

OBJECTS = "SELECT type, name, tbl_name, ifnull(sql, '') FROM sqlite_schema"
APPLICATION_ID = 0x4457464A  # "DWFJ"
VERSION = 3  # of what stands here; rises with every change of it that is released, which needs a step in `migrate`
EARLIER = {  # `fingerprint` of each version before
    1: "9fd84e02434e5095b12e7127a11049cd12078cc8e30ed15e0d9b43ec7752ae69",
    2: "871d3b30454b56b035707d40f24c94a95b92a520e718aab5bc5d18b5990e916e",
}

_SUBJECT_NAMES = {subject: subject.name.lower() for subject in Subject} | {Subject.GRAPH: "tasks_graph"}


@cache
def statements() -> tuple[str, ...]:
    """Every statement that makes the schema of a new journal, in order."""
    made = [*_create_tables(), *_indexes(), *_guards(), *_kept(), *_views()]
    return tuple(made)


@cache
def objects() -> frozenset[tuple[str, str, str, str]]:
    """Type, name, table and SQL of everything that SQLite then has; no SQL where it made an index by itself."""
    database = SqliteDatabase(":memory:")
    with database.connection_context():
        for statement in statements():
            raw(database).execute(statement)
        return frozenset(raw(database).execute(OBJECTS).fetchall())


def script() -> str:
    """The schema as one readable text."""
    head = (
        f"-- The journal's schema, version {VERSION}. Made by tools/gen_schema.py from durable_wf/model; do not edit.\n"
        f"-- PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {VERSION};\n"
    )
    codes = [f"INSERT INTO {table} VALUES {_values(table)}" for table in code_names()]
    return head + "\n" + "\n\n".join(f"{statement};" for statement in (*statements(), *codes)) + "\n"


@cache
def code_names() -> dict[str, tuple[Name | CodeName, ...]]:
    """The rows of the tables that name codes."""
    return {
        "state_name": tuple(Name(m.name, code, str(state)) for m in MACHINES for code, state in enumerate(m.states)),
        "event_name": tuple(Name(m.name, code, str(event)) for m in MACHINES for code, event in enumerate(m.events)),
        "subject_name": tuple(CodeName(int(code), _SUBJECT_NAMES[code]) for code in Subject),
        "kind_name": tuple(CodeName(int(kind), kind.name.lower()) for kind in Kind),
    }


def fingerprint(there: Iterable[tuple[str, ...]], named: Mapping[str, Iterable[tuple[Any, ...]]]) -> str:
    """SHA-256 of a schema: by it a version is known that no code makes any more.

    there  rows of `OBJECTS`
    named  the rows of the tables that name codes
    """
    whole = [sorted(there), [(table, sorted(tuple(row) for row in named[table])) for table in sorted(named)]]
    return sha256(json.dumps(whole).encode()).hexdigest()


def _values(table: str) -> str:
    return ", ".join(
        "(" + ", ".join(f"'{value}'" if isinstance(value, str) else str(value) for value in row) + ")"
        for row in code_names()[table]
    )


def _create_tables() -> Iterator[str]:
    """peewee's CREATE TABLEs, one column or constraint a line."""
    models = [table.model for table in TABLES.values()]
    database = SqliteDatabase(":memory:")
    with database.connection_context(), database.bind_ctx(models):
        for model in models:
            model.create_table(safe=False)
        made = raw(database).execute("SELECT sql FROM sqlite_schema WHERE sql LIKE 'CREATE TABLE%' ORDER BY rowid")
        for (sql,) in made.fetchall():
            yield _one_a_line(sql)


def _one_a_line(sql: str) -> str:
    """Break a CREATE TABLE at the commas of its outermost parentheses."""
    start, end = sql.index("("), sql.rindex(")")
    parts, depth, part = [], 0, ""
    for letter in sql[start + 1 : end]:
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == "," and depth == 0:
            parts.append(part.strip())
            part = ""
        else:
            part += letter
    lines = ",\n    ".join([*parts, part.strip()])
    return f"{sql[:start]}(\n    {lines}\n){sql[end + 1 :]}"


def _indexes() -> Iterator[str]:
    for table in TABLES.values():
        for index in table.indexes:
            unique, columns = ("UNIQUE ", index.removeprefix("UNIQUE ")) if index.startswith("UNIQUE") else ("", index)
            name = columns[1 : columns.index(")")].replace(", ", "_")
            yield f"CREATE {unique}INDEX {table.name}_by_{name} ON {table.name} {columns}"


def _refuse(name: str, when: str, table: str, text: str, condition: str = "") -> str:
    where = f"\nWHEN {condition}" if condition else ""
    return f"CREATE TRIGGER {name} BEFORE {when} ON {table}{where}\nBEGIN SELECT RAISE(ABORT, '{text}'); END"


def _guards() -> Iterator[str]:
    """A new row is at the beginning; a move is in the table, or moves nothing."""
    for guard in GUARD_OF.values():
        table = guard.table
        begins = f"a new {table} is {guard.machine.initial}"
        yield _refuse(f"{table}_begins", "INSERT", table, begins, f"NEW.state <> {guard.initial}")
        illegal = f"illegal {guard.machine.name} transition"
        legal = legal_sql(guard, "OLD.state", itself=True)
        yield _refuse(f"{table}_moves", "UPDATE OF state", table, illegal, f"({legal}) >> NEW.state & 1 = 0")


def _kept() -> Iterator[str]:
    """Nothing is deleted; what is written once is not changed; revisions do not go back."""
    for table in TABLES.values():
        if not table.moves:
            yield _refuse(f"{table.name}_once", "UPDATE", table.name, f"{table.name} is written once")
        elif table.columns != (*table.key, *table.moves):
            fixed = ", ".join(column for column in table.columns if column not in table.moves)
            yield _refuse(
                f"{table.name}_once", f"UPDATE OF {fixed}", table.name, f"this of {table.name} is written once"
            )
        yield _refuse(f"{table.name}_kept", "DELETE", table.name, f"{table.name} is kept")
    yield _refuse(
        "node_instance_rises",
        "UPDATE OF revision",
        "node_instance",
        "a revision never goes back",
        "NEW.revision < OLD.revision",
    )
    yield _refuse(
        "counter_rises", "UPDATE OF value", "counter", "a number is never given twice", "NEW.value < OLD.value"
    )


def _name_of(kind: str, machine: str, column: str) -> str:
    return f"(SELECT name FROM {kind}_name WHERE machine = {machine} AND code = {column})"


def _view(name: str, table: Table, named: dict[str, str], more: str = "", join: str = "") -> str:
    columns = [f"{named[column]} AS {column}" if column in named else f't."{column}"' for column in table.columns]
    lines = ",\n    ".join([*columns, *([more] if more else [])])
    return f"CREATE VIEW {name} AS SELECT\n    {lines}\nFROM {table.name} AS t{join}"


def _views() -> Iterator[str]:
    """Names for codes. These are part of the interface; the tables are not."""
    uid = "(SELECT uid FROM execution AS e WHERE e.id = t.execution) AS execution_uid"
    of_deployment = "(SELECT name FROM deployment AS d WHERE d.id = t.deployment) AS deployment_name"
    machine = "(SELECT name FROM subject_name AS s WHERE s.code = t.subject)"
    kind = "(SELECT name FROM kind_name AS k WHERE k.code = t.kind)"
    for view, guard, more in (
        ("v_executions", GUARD_OF[Subject.EXECUTION], of_deployment),
        ("v_graphs", GUARD_OF[Subject.GRAPH], uid),
        ("v_tasks", GUARD_OF[Subject.TASK], uid),
        ("v_attempts", GUARD_OF[Subject.ATTEMPT], uid),
    ):
        named = {"state": _name_of("state", f"'{guard.machine.name}'", "t.state"), "kind": kind}
        yield _view(view, TABLES[guard.table], named, more)
    named = {
        "subject": machine,
        "source": _name_of("state", machine, "t.source"),
        "target": _name_of("state", machine, "t.target"),
        "event": _name_of("event", machine, "t.event"),
        "attempt_target": _name_of("state", "'attempt'", "t.attempt_target"),
    }
    yield _view("v_transitions", TABLES["transition"], named, uid)
    yield _view("v_events", TABLES["event"], {}, uid)
    yield _view("v_requests", TABLES["inbox"], {}, uid)
    yield _view("v_deployments", TABLES["deployment"], {}) + " WHERE gone = 0"
    yield _view("v_nodes", TABLES["node"], {}, of_deployment) + " WHERE gone = 0"
    yield _view("v_instances", TABLES["node_instance"], {}, of_deployment) + " WHERE gone = 0"
    yield _view("v_scaling", TABLES["scaling"], {}, of_deployment) + " WHERE gone = 0"
    for view, guard, more in (
        ("v_modifications", GUARD_OF[Subject.MODIFICATION], f"{of_deployment},\n    {uid}"),
        ("v_modification_steps", GUARD_OF[Subject.MODIFICATION_STEP], of_deployment),
    ):
        named = {"state": _name_of("state", f"'{guard.machine.name}'", "t.state")}
        yield _view(view, TABLES[guard.table], named, more)
