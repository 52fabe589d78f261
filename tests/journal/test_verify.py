"""L13 and L2: no value of a journal can be changed without `verify` saying so, and naming the place."""

import random
import re
import shutil
import sqlite3

import pytest

from durable_wf.errors import DurableError
from durable_wf.journal import schema
from durable_wf.journal.memory import MemoryJournal
from durable_wf.journal.reader import SqliteReader, open_reader
from durable_wf.journal.sqlite import open_journal
from durable_wf.journal.tables import TABLES
from durable_wf.model.rows import Changes, TaskMove
from tests.journal import kit

FLIPS = 400


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """The file of a closed journal with rows in every table."""
    path = tmp_path_factory.mktemp("original") / "journal.db"
    journal = open_journal(path, durability="process")
    kit.fill(journal)
    assert list(journal.verify()) == []
    journal.close()
    return path


@pytest.fixture
def damaged(original, tmp_path):
    """A copy to be damaged."""
    return shutil.copy(original, tmp_path / "journal.db")


def problems_of(path, executions=None):
    reader = SqliteReader(path)
    try:
        return list(reader.verify(executions))
    except DurableError as error:
        return [error.message]
    finally:
        reader.close()


def tamper(path, statement, parameters=()):
    """Run a statement past every guard, and leave the schema as it was."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA ignore_check_constraints = ON")
    triggers = connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
    for name, _ in triggers:
        connection.execute(f"DROP TRIGGER {name}")
    changed = connection.execute(statement, parameters).rowcount
    for _, sql in triggers:
        connection.execute(sql)
    connection.close()
    return changed


def dump(path):
    """Every row of every table, or None where SQLite cannot read it."""
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return [connection.execute(f"SELECT * FROM {table}").fetchall() for table in (*TABLES, "sqlite_schema")]
    except (sqlite3.DatabaseError, OverflowError, UnicodeError):
        return None
    finally:
        connection.close()


def columns():
    connection = sqlite3.connect(":memory:")
    connection.executescript(schema.script())
    for table in TABLES:
        for name, kind in connection.execute(f"SELECT name, type FROM pragma_table_xinfo('{table}')"):
            yield pytest.param(table, name, kind, id=f"{table}-{name}")
    connection.close()


def with_free_checksum(path, table, *, free):
    """Make a generated checksum an ordinary column, or what it was; the rows lie as they are."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA writable_schema = ON")
    (right,) = (sql for sql in schema.statements() if sql.startswith(f'CREATE TABLE "{table}"'))
    sql = re.sub(r" GENERATED ALWAYS AS .* STORED", "", right) if free else right
    connection.execute("UPDATE sqlite_schema SET sql = ? WHERE name = ? AND type = 'table'", (sql, table))
    connection.close()


@pytest.mark.parametrize(("table", "column", "kind"), list(columns()))
def test_L13_every_changed_value_is_noticed(damaged, table, column, kind):
    with_free_checksum(damaged, table, free=True)
    key = " AND ".join(f'"{name}" = (SELECT "{name}" FROM {table} LIMIT 1)' for name in TABLES[table].key)
    new = {
        "INTEGER": f'ifnull("{column}", 0) + 1000',
        "TEXT": f"ifnull(\"{column}\", '') || 'x'",
        "BLOB": "zeroblob(32)",
    }[kind]
    assert tamper(damaged, f'UPDATE {table} SET "{column}" = {new} WHERE {key}') == 1
    with_free_checksum(damaged, table, free=False)
    problems = problems_of(damaged)
    assert problems
    assert not any("schema" in problem for problem in problems), "the test itself damaged something else"


@pytest.mark.parametrize("table", sorted(set(TABLES) - {"inbox"}))  # requests have no chain: chain.py says why
def test_L13_every_deleted_row_is_noticed(damaged, table):
    key = " AND ".join(f'"{name}" = (SELECT "{name}" FROM {table} LIMIT 1)' for name in TABLES[table].key)
    assert tamper(damaged, f"DELETE FROM {table} WHERE {key}") == 1
    assert problems_of(damaged)


def test_L13_every_flipped_bit_that_changes_a_value_is_noticed(original, tmp_path):
    content = original.read_bytes()
    before = dump(original)
    chosen = random.Random(13)
    harmful, unnoticed = 0, []
    for number in range(FLIPS):
        path = tmp_path / f"{number}.db"
        bit = chosen.randrange(len(content) * 8)
        flipped = bytearray(content)
        flipped[bit // 8] ^= 1 << bit % 8
        path.write_bytes(flipped)
        if dump(path) != before:
            harmful += 1
            if not problems_of(path):
                unnoticed.append(bit)
    assert unnoticed == []
    assert harmful > FLIPS // 20, "too few flips hit a value for this to mean anything"


def test_a_problem_names_its_place(damaged):
    tamper(damaged, "UPDATE payload SET body_json = '{}' WHERE execution = 2")
    (problem,) = problems_of(damaged)
    covered = "1 of execution, 1 of payload, 1 of tasks_graph, 1 of task, 1 of transition"
    assert problem == f"execution 2: link 1 (up to seq 3: {covered}) is not what was committed"


def test_an_execution_is_verified_alone(damaged):
    tamper(damaged, "UPDATE payload SET body_json = '{}' WHERE execution = 2")
    assert problems_of(damaged, [1]) == []
    assert len(problems_of(damaged, [2])) == 1
    assert problems_of(damaged, [3]) == ["execution 3: it is not in the journal"]


@pytest.mark.parametrize("guard", ["task", "attempt", "tasks_graph", "execution"])
def test_L2_a_state_that_the_transitions_do_not_give_is_noticed(damaged, guard):
    tamper(damaged, f"UPDATE {guard} SET state = 4")
    found = [text for text in problems_of(damaged) if text.endswith("(L2)")]
    assert found
    assert "its transitions say" in found[0]


def test_L2_a_transition_from_elsewhere_is_noticed(store):
    journal = store.open()
    kit.start(journal, tasks=1)
    with journal.turn() as turn:
        changes = kit.end_well(turn, 1)
        changes.attempt_moves.clear()
        changes.task_moves = [TaskMove(1, 1, 0, 0, None, None, 1, 1), *changes.task_moves]
        turn.apply(changes)
    assert list(journal.verify()) == ["execution 1: seq 2: task 1 was 'pending' (L2)"]


def test_L2_a_move_without_a_transition_is_noticed(store):
    journal = store.open()
    kit.start(journal, tasks=1)
    with journal.turn() as turn:
        turn.apply(Changes(task_moves=[TaskMove(1, 0, 0, 0, None, None, 1, 1)]))
    assert list(journal.verify()) == ["execution 1: task 1 is 'sent', its transitions say 'pending' (L2)"]


def test_L2_an_event_that_leads_elsewhere_is_noticed(store):
    journal = store.open()
    kit.start(journal, tasks=1)
    with journal.turn() as turn:
        changes = kit.hand_out(turn, 1)
        changes.transitions = [changes.transitions[0]._replace(event=2)]
        turn.apply(changes)
    assert list(journal.verify()) == ["execution 1: seq 2: task 1: event 2 leads elsewhere (L2)"]


def test_the_memory_store_verifies_too():
    journal = MemoryJournal()
    kit.fill(journal)
    assert list(journal.verify()) == []
    tasks = journal._store.tables["task"][1]
    tasks[1, 1] = tasks[1, 1]._replace(name="other")
    assert [text.split(" (")[0] for text in journal.verify()] == ["execution 1: link 1"]


def test_both_stores_make_the_same_chains(tmp_path):
    """The same turns give the same hashes, but for what each first link builds on."""
    journals = [MemoryJournal(), open_journal(tmp_path / "j.db", durability="process")]
    for journal in journals:
        kit.fill(journal)
    first, second = ([journal.links(of) for of in sorted(journal.chains())] for journal in journals)
    journals[1].close()
    assert [[link[:-1] for link in links] for links in first] == [[link[:-1] for link in links] for links in second]
    assert [len({link.hash for link in links}) for links in first] == [len(links) for links in first]


def test_verify_of_a_live_journal_sees_whole_turns_only(sqlite):
    journal = sqlite.open()
    kit.start(journal, tasks=20)
    reader = open_reader(sqlite.path)
    problems = reader.verify()
    for number in range(1, 21):
        kit.run_task(journal, number)
        assert next(reader.verify(), None) is None
    assert list(problems) == []
    reader.close()


def test_a_page_that_cannot_be_read_is_a_problem(damaged):
    content = bytearray(damaged.read_bytes())
    content[4096 * 3 : 4096 * 4] = bytes(range(256)) * 16
    damaged.write_bytes(content)
    assert problems_of(damaged)
