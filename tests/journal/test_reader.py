"""Readers: they never write, see whole turns, hold nothing open, and look nothing up by scanning."""

import os
import re
import shutil
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from durable_wf.errors import JournalError, StorageError
from durable_wf.journal import reader as reader_module
from durable_wf.journal import turn as turn_module
from durable_wf.journal.reader import open_reader
from durable_wf.journal.sqlite import open_journal
from durable_wf.journal.tables import TABLES
from tests.journal import kit
from tests.journal.processes import PATIENCE


@pytest.fixture
def journal(sqlite):
    journal = sqlite.open()
    kit.fill(journal)
    return journal


@pytest.fixture
def reader(journal):
    with closing(open_reader(journal.path)) as reader:
        yield reader


QUESTIONS = {
    "executions": lambda reader: reader.executions(),
    "executions of states": lambda reader: reader.executions(states=[2, 3]),
    "executions of a deployment": lambda reader: reader.executions(deployment=1),
    "executions of both": lambda reader: reader.executions(states=[2], deployment=1),
    "find_execution": lambda reader: reader.find_execution("uid"),
    "history": lambda reader: reader.history(1),
    "transitions": lambda reader: reader.transitions(1),
    "transitions since": lambda reader: reader.transitions(1, since=3),
    "events": lambda reader: reader.events(1, since=1),
    "blueprints": lambda reader: reader.blueprints(),
    "deployments": lambda reader: reader.deployments(),
    "nodes": lambda reader: reader.nodes(1),
    "nodes at": lambda reader: reader.nodes(1, at=3),
    "instances": lambda reader: reader.instances(1),
    "instances at": lambda reader: reader.instances(1, at=3),
    "instance": lambda reader: reader.instance(1, "node_1") or (),
    "last_seq": lambda reader: reader.last_seq(),
    "links": lambda reader: reader.links((1, 0)),
    "latest by seq": lambda reader: reader.latest(1, seq=3),
    "latest by time": lambda reader: reader.latest(1, at_us=kit.AT + 3),
    "latest of a subject": lambda reader: reader.latest(1, seq=9, subject=0),
    "counts": lambda reader: reader.counts(),
    "node counts": lambda reader: reader.node_counts(),
    "last executions": lambda reader: reader.last_executions(),
    "head": lambda reader: reader.compare_with_head(),
    **{
        f"stored {table}": lambda reader, table=table: reader.stored(table, 1)
        for table in ("task", "attempt", "transition", "event", "node_version", "node_instance_version")
    },
}
WHOLE = {  # they give every row of the table, so that reading all of it is right
    "executions": "execution",
    "blueprints": "blueprint",
    "deployments": "deployment",
    "counts": "node_instance",
    "node counts": "node",
    "last executions": "execution",
}


def plan(connection, sql, parameters):
    return [line for *_, line in connection.execute(f"EXPLAIN QUERY PLAN {sql}", parameters)]


@pytest.mark.parametrize("question", QUESTIONS)
def test_no_question_scans_a_table(reader, monkeypatch, question):
    asked = []
    ask = reader_module._ask

    def told(opened, query, record, **holes):
        asked.append((query.sql, query.filled(holes)))
        return ask(opened, query, record, **holes)

    monkeypatch.setattr(reader_module, "_ask", told)
    assert QUESTIONS[question](reader) is not None or question == "head"
    assert asked
    with closing(sqlite3.connect(reader.path)) as connection:
        lines = [line for sql, parameters in asked for line in plan(connection, sql, parameters)]
    scans = [line for line in lines if line.startswith("SCAN")]
    assert [line for line in scans if WHOLE.get(question) is None] == []


@pytest.mark.parametrize(
    ("sql", "parameters"),
    [
        (f"{turn_module._FENCES} = ?", (1,)),
        (f"{turn_module._FENCES} IN (SELECT value FROM json_each(?))", ("[1,2]",)),
        (f"{turn_module._INBOX} = ?", (1,)),
        (f"{turn_module._INBOX} IN (SELECT value FROM json_each(?))", ("[1,2]",)),
        (turn_module._EXECUTION, (1,)),
        (turn_module._INSTANCE, (1, "node_1")),
        (turn_module._TAIL, (1, 0)),
        *(
            (sql, (0,) * sql.count("?"))
            for name, blocks in turn_module._BLOCKS.items()
            if TABLES[name].moves
            for sql in blocks.updates
        ),
        (turn_module._TAKE, (1, 1, 1)),
    ],
)
def test_no_statement_of_a_turn_scans_a_table(journal, sql, parameters):
    with closing(sqlite3.connect(journal.path)) as connection:
        lines = plan(connection, sql, parameters)
    given = re.compile(r"SCAN (json_each|moved|\d+ CONSTANT ROWS|\d+-ROW VALUES CLAUSE)")
    assert [line for line in lines if line.startswith("SCAN") and not given.match(line)] == []
    if "inbox" in sql and "UPDATE" not in sql:
        assert any("inbox_by_execution (" in line for line in lines), "the index of requests that nobody has taken"


def test_a_reader_changes_no_byte(journal, reader):
    files = [journal.path, Path(f"{journal.path}-wal")]
    before = [file.read_bytes() for file in files]
    for ask in QUESTIONS.values():
        ask(reader)
    list(reader.verify())
    reader.close()
    assert [file.read_bytes() for file in files] == before


def test_a_reader_cannot_write(reader):
    for statement in ("DELETE FROM event", "CREATE TABLE x (y)", "PRAGMA user_version = 7"):
        with pytest.raises(StorageError):
            reader.query(statement)
    with pytest.raises(StorageError):
        reader.query("PRAGMA wal_checkpoint(TRUNCATE)")
    assert Path(f"{reader.path}-wal").stat().st_size
    assert len(reader.executions()) == 2


def test_a_reader_holds_no_transaction_open(journal, reader):
    for ask in QUESTIONS.values():
        ask(reader)
    with pytest.raises(ZeroDivisionError), reader.snapshot():
        _ = 1 / 0
    assert not reader._reading.connection().in_transaction
    (busy, _, _) = sqlite_checkpoint(journal)
    assert busy == 0, "a reader would have kept the -wal"


def sqlite_checkpoint(journal):
    with closing(sqlite3.connect(journal.path)) as connection:
        return connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()


def test_a_snapshot_sees_one_moment(journal, reader):
    with reader.snapshot():
        before = reader.last_seq()
        kit.start(journal)
        assert reader.last_seq() == before
    assert reader.last_seq() == before + 1


def test_readers_in_many_threads_share_one_connection(journal, reader):
    found, errors = [], []

    def ask():
        try:
            found.append([len(reader.history(1).tasks), len(journal.transitions(1))])
        except Exception as error:  # noqa: BLE001 - shown below
            errors.append(error)

    threads = [threading.Thread(target=ask) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert errors == []
    assert len(found) == 16
    assert found.count(found[0]) == 16


def test_a_journal_that_was_closed_can_be_read(journal):
    journal.close()
    assert not Path(f"{journal.path}-wal").exists()
    with closing(open_reader(journal.path)) as reader:
        assert len(reader.executions()) == 2


def test_a_reader_outlives_the_writer(journal, reader):
    journal.close()
    assert len(reader.executions()) == 2
    with closing(open_journal(journal.path)) as again:
        kit.start(again)
        assert len(reader.executions()) == 3
    assert len(reader.executions()) == 3


def test_a_folder_that_cannot_be_written_is_said_clearly(journal):
    journal.close()
    script = (
        "import sys; sys.path.insert(0, sys.argv[2])\n"
        "from pathlib import Path; from durable_wf.journal.reader import SqliteReader\n"
        "try:\n    print(SqliteReader(Path(sys.argv[1])).executions())\n"
        "except Exception as error:\n    print(type(error).__name__, error.message, error.hint)\n"
    )
    # root may write everywhere, unless this right of its is taken away
    prefix = () if os.geteuid() else ("setpriv", "--bounding-set=-dac_override,-dac_read_search")
    command = [*prefix, sys.executable, "-c", script, str(journal.path), str(Path(__file__).parents[2])]
    journal.path.parent.chmod(0o500)
    try:
        found = subprocess.run(command, capture_output=True, text=True, check=False)
    finally:
        journal.path.parent.chmod(0o700)
    assert found.stdout.startswith("StorageError reading "), found.stderr
    assert "SQLite needs to write beside a journal" in found.stdout


def test_a_missing_counter_is_said_clearly(journal, tmp_path):
    journal.close()
    copy = shutil.copy(journal.path, tmp_path / "copy.db")
    with closing(sqlite3.connect(copy, isolation_level=None)) as connection:
        connection.execute("DROP TRIGGER counter_kept")
        connection.execute("DELETE FROM counter")
    with pytest.raises(JournalError, match="counter is missing"):
        open_reader(copy)
