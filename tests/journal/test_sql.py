"""What the schema refuses by itself, whoever writes: raw SQL on a bare SQLite connection, without our code."""

import importlib.util
import sqlite3
from pathlib import Path

import pytest

from durable_wf.journal import schema
from durable_wf.journal.rules import ATTEMPT, EXECUTION, GRAPH, GUARD_OF, MODIFICATION, MODIFICATION_STEP, TASK
from durable_wf.journal.sqlite import open_journal
from durable_wf.journal.tables import TABLES, checksum_sql, names
from durable_wf.model import deployed, rows
from durable_wf.model.states import MACHINES
from tests.journal import kit

ROOT = Path(__file__).parents[2]
GUARDS = tuple(GUARD_OF.values())


@pytest.fixture
def sql():
    """An empty journal's schema in memory, with execution 1 and task 1."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA recursive_triggers = ON")
    connection.executescript(schema.script())
    connection.execute(TABLES["execution"].insert, (*kit.execution(1, 1), 0))
    connection.execute(TABLES["payload"].insert, (1, 1, 1, "{}"))
    connection.execute(TABLES["blueprint"].insert, rows.Blueprint(1, "b", "/b.yaml", "{}", "{}", 1, 1))
    connection.execute(TABLES["task"].insert, kit.task(1, 1))
    yield connection
    connection.close()


def refuses(connection, statement, parameters=()):
    try:
        connection.execute(statement, parameters)
    except sqlite3.IntegrityError:
        return True
    return False


def insert(connection, guard, number):
    """A row in the initial state; gives the text that chooses it."""
    if guard is EXECUTION:
        connection.execute(TABLES["execution"].insert, (*kit.execution(number, 1), 0))
        return f"id = {number}"
    if guard is GRAPH:
        connection.execute(TABLES["tasks_graph"].insert, rows.Graph(1, number, "/", 1, GRAPH.initial))
        return f"execution = 1 AND no = {number}"
    if guard is TASK:
        connection.execute(TABLES["task"].insert, kit.task(number, 1))
        return f"execution = 1 AND no = {number}"
    if guard in (MODIFICATION, MODIFICATION_STEP):
        row = rows.Deployment(number, f"d{number}", 1, "{}", "{}", 1, 1, 0)
        connection.execute(TABLES["deployment"].insert, row)
        connection.execute(TABLES["modification"].insert, kit.modification(number, 1, deployment=number))
        step = deployed.ModificationStep(number, number, number, "apply", 1, 0, None, None)
        connection.execute(TABLES["modification_step"].insert, step)
        return f"id = {number}"
    connection.execute(TABLES["attempt"].insert, rows.Attempt(1, 1, number, 1, 0, ATTEMPT.initial, None, None))
    return f"execution = 1 AND task = 1 AND number = {number}"


def update(guard, where, state):
    """The UPDATE to a state, with times that agree."""
    began, ended = (("NULL" if time is None else str(time)) for time in kit.times_of(guard, state))
    times = f", {guard.times.began} = {began}, {guard.times.ended} = {ended}" if guard.times else ""
    outcome = ", ended_seq = 1" if guard is TASK else ""
    if guard is MODIFICATION:  # when it began is written once
        times, outcome = f", ended_us = {ended}", f", ended_seq = {ended}"
    elif guard is MODIFICATION_STEP:
        done = "1" if state in guard.ended else "NULL"
        outcome = f", done_us = {done}, done_seq = {done}"
    return f"UPDATE {guard.table} SET state = {state}{times}{outcome} WHERE {where}"


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.table)
def test_sql_refuses_every_pair_that_is_not_in_the_table(sql, guard):
    accepted, number = set(), 100
    for old in guard.codes:
        for new in guard.codes:
            number += 1
            where = insert(sql, guard, number)
            for step in kit.path_to(guard, old):
                sql.execute(update(guard, where, step))
            if not refuses(sql, update(guard, where, new)):
                accepted.add((old, new))
    assert accepted == guard.edges | {(code, code) for code in guard.codes}


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.table)
def test_sql_refuses_transitions_that_are_not_in_the_table(sql, guard):
    subject = next(code for code, found in GUARD_OF.items() if found is guard)
    accepted, seq = set(), 100
    for old in (*guard.codes, len(guard.codes), -1):
        for new in (*guard.codes, len(guard.codes), -1):
            seq += 1
            row = kit.transition(1, seq, subject, source=old, target=new)
            if not refuses(sql, TABLES["transition"].insert, row):
                accepted.add((old, new))
    assert accepted == guard.edges


def test_every_machine_that_forbids_has_its_guard_and_its_table():
    guarded = {guard.machine.name for guard in GUARDS}
    assert guarded == {machine.name for machine in MACHINES if machine.guarded}
    assert guarded <= set(TABLES)


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.table)
@pytest.mark.parametrize("state", ["-1", "99", "NULL", "'started'", "1.5"])
def test_sql_refuses_what_is_no_code(sql, guard, state):
    where = insert(sql, guard, 50)
    assert refuses(sql, f"UPDATE {guard.table} SET state = {state} WHERE {where}")


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.table)
def test_sql_refuses_a_new_row_elsewhere_than_at_the_beginning(sql, guard):
    insert(sql, guard, 60)
    columns = [name for name in TABLES[guard.table].columns if name != "state"]
    key = TABLES[guard.table].key[-1]
    new = {key: f"{key} + 1", "uid": "'new'", "began_us": "1", "ended_us": "1", "ended_seq": "1", "started_us": "1"}
    values = ", ".join(new.get(name, f'"{name}"') for name in columns)
    checksum = ", checksum" if guard is EXECUTION else ""
    for state in sorted(guard.ended):
        statement = (
            f"INSERT INTO {guard.table} ({', '.join(columns)}, state{checksum}) "
            f"SELECT {values}, {state}{checksum} FROM {guard.table} ORDER BY 1 DESC LIMIT 1"
        )
        with pytest.raises(sqlite3.IntegrityError, match="a new"):
            sql.execute(statement)


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    """A raw connection to a journal with rows in every table."""
    path = tmp_path_factory.mktemp("full") / "journal.db"
    journal = open_journal(path, durability="process")
    kit.fill(journal)
    journal.close()
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA recursive_triggers = ON")
    yield connection
    connection.close()


def columns_of(connection, table):
    """The columns that can be given; generated ones cannot."""
    found = connection.execute(f"SELECT name FROM pragma_table_xinfo('{table}') WHERE hidden = 0")
    return tuple(name for (name,) in found)


@pytest.mark.parametrize("name", sorted(TABLES))
def test_sql_deletes_nothing(full, name):
    assert full.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
    with pytest.raises(sqlite3.IntegrityError, match="kept"):
        full.execute(f"DELETE FROM {name}")
    columns = names(columns_of(full, name))
    with pytest.raises(sqlite3.IntegrityError):
        full.execute(f"INSERT OR REPLACE INTO {name} ({columns}) SELECT {columns} FROM {name}")


@pytest.mark.parametrize("name", sorted(TABLES))
def test_sql_changes_nothing_that_is_written_once(full, name):
    table = TABLES[name]
    moving = {*table.moves, "checksum"} if table.moves else set()
    if table.columns == (*table.key, *table.moves):  # an upsert may name the key
        moving |= set(table.key)
    for column in columns_of(full, name):
        statement = f'UPDATE {name} SET "{column}" = "{column}"'
        if column in moving:
            full.execute(statement)
        else:
            with pytest.raises(sqlite3.IntegrityError, match="written once"):
                full.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO payload VALUES (9, 1, 1, '{}')",
        "INSERT INTO attempt (execution, task, number, seq, fence, state) VALUES (1, 9, 1, 1, 0, 0)",
        "INSERT INTO task_dependency VALUES (1, 1, 9, 1)",
        "INSERT INTO task_dependency VALUES (1, 9, 1, 1)",
        "INSERT INTO tasks_graph VALUES (9, 1, '/', 1, 0)",
        "INSERT INTO node VALUES (9, 'n', '{}', 1, 0)",
    ],
)
def test_sql_refuses_what_belongs_to_nothing(sql, statement):
    with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
        sql.execute(statement)


def test_sql_gives_no_number_twice(sql):
    sql.execute("INSERT INTO counter (name, value) VALUES ('seq', 5)")
    sql.execute("UPDATE counter SET value = 6 WHERE name = 'seq'")
    with pytest.raises(sqlite3.IntegrityError, match="twice"):
        sql.execute("UPDATE counter SET value = 5 WHERE name = 'seq'")


def test_every_table_is_strict(sql):
    found = sql.execute(
        "SELECT name, strict FROM pragma_table_list WHERE schema = 'main' AND type = 'table'"
    ).fetchall()
    assert {name for name, strict in found if strict} == set(TABLES)
    assert {name for name, strict in found if not strict} == {"sqlite_schema"}


def test_a_table_has_the_columns_of_its_record_in_their_order(sql):
    for table in TABLES.values():
        found = [name for (name,) in sql.execute(f"SELECT name FROM pragma_table_xinfo('{table.name}')")]
        assert found == [*table.columns, *(["checksum"] if table.checksum is not None else [])]


def test_every_column_that_moves_has_a_checksum_or_a_version():
    """L13: what no hash chain covers."""
    versioned = {"deployment", "node", "node_instance", "scaling"}
    for table in TABLES.values():
        if table.moves and table.name not in versioned | {"tasks_graph"}:
            assert table.checksum is not None, table.name
            assert table.checksum in ((), table.moves), table.name
    assert TABLES["tasks_graph"].moves == ("state",)  # which L2 covers


@pytest.mark.parametrize("table", ["task", "attempt", "counter", "modification", "modification_step"])
def test_a_checksum_notices_every_flipped_bit_and_every_null(sql, table):
    columns = TABLES[table].checksum
    row = dict.fromkeys(columns, 3)

    def checksum(row):
        values = ", ".join(f"{'NULL' if value is None else value} AS {name}" for name, value in row.items())
        return sql.execute(f"SELECT {checksum_sql(columns)} FROM (SELECT {values})").fetchone()[0]

    right = checksum(row)
    for column in columns:
        others = [3 ^ (1 << bit) for bit in range(58)]  # an instant of the year 11000 has 58 bits
        assert right not in {checksum(row | {column: value}) for value in (*others, None)}


def test_views_show_names_for_codes(sql):
    sql.execute(update(TASK, "execution = 1 AND no = 1", 1))
    row = kit.transition(1, 1, rows.Subject.TASK, 1, source=0, target=1, event=0, attempt=1, attempt_target=0)
    sql.execute(TABLES["transition"].insert, row)
    assert sql.execute("SELECT state, kind, execution_uid FROM v_tasks").fetchall() == [
        ("sent", "operation", "uid-0001")
    ]
    assert sql.execute("SELECT state, deployment_name FROM v_executions").fetchall() == [("pending", None)]
    assert sql.execute("SELECT subject, source, target, event, attempt_target FROM v_transitions").fetchall() == [
        ("task", "pending", "sent", "handed_out", "sent")
    ]


def test_every_view_can_be_read(sql):
    views = [name for (name,) in sql.execute("SELECT name FROM sqlite_schema WHERE type = 'view'")]
    assert {"v_executions", "v_tasks", "v_attempts", "v_transitions", "v_events", "v_instances"} <= set(views)
    for view in views:
        sql.execute(f"SELECT * FROM {view}").fetchall()


def test_every_code_has_its_name(sql):
    for machine in MACHINES:
        found = sql.execute("SELECT name FROM state_name WHERE machine = ? ORDER BY code", (machine.name,)).fetchall()
        assert [name for (name,) in found] == list(machine.states)
        found = sql.execute("SELECT name FROM event_name WHERE machine = ? ORDER BY code", (machine.name,)).fetchall()
        assert [name for (name,) in found] == list(machine.events)


def gen_schema():
    spec = importlib.util.spec_from_file_location("gen_schema", ROOT / "tools" / "gen_schema.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_generated_files_are_fresh():
    for path, text in gen_schema().generated().items():
        assert path.read_text() == text, f"{path.name} is stale; run tools/gen_schema.py"


def test_a_stale_file_is_told_and_mended(tmp_path, monkeypatch, capsys):
    tool = gen_schema()
    monkeypatch.setattr(tool, "SCHEMA", tmp_path / "schema")
    monkeypatch.setattr("sys.argv", ["gen_schema", "--check"])
    assert tool.main() == 1
    assert "schema/states.md is stale" in capsys.readouterr().out
    monkeypatch.setattr("sys.argv", ["gen_schema"])
    assert tool.main() == 0
    monkeypatch.setattr("sys.argv", ["gen_schema", "--check"])
    assert tool.main() == 0


def test_the_diagrams_show_every_row():
    text = (ROOT / "schema" / "states.md").read_text()
    for machine in MACHINES:
        for row in machine.rows:
            assert f"| {row.source} | {row.event} | {row.target} | {row.why} |" in text
