"""A migration makes the schema anew, keeps every row, and is whole or not there.

`older` is a golden journal whose schema is not that of any version: every table has a CHECK more, names of codes and a
view are missing, a trigger says something else. So each kind of change that a version can bring is there.
"""

import sqlite3
import threading
from contextlib import closing

import pytest

from durable_wf.errors import EngineBug, HeldError, JournalDamaged, JournalError, StorageError
from durable_wf.journal import migrate, remake, schema
from durable_wf.journal.locks import Turnstile
from durable_wf.journal.reader import open_reader
from durable_wf.journal.sqlite import open_journal
from durable_wf.journal.tables import TABLES
from tests.journal import kit
from tests.journal.golden.kit import content, place
from tests.journal.processes import PATIENCE, process
from tests.journal.test_locks import is_locked, until


def change(path, *statements):
    """Change a journal past every guard."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("PRAGMA ignore_check_constraints = ON")
        connection.execute("PRAGMA writable_schema = ON")
        for statement in statements:
            connection.execute(statement)


@pytest.fixture
def older(tmp_path):
    path = place(1, tmp_path)
    change(
        path,
        "DROP VIEW v_tasks",
        "DROP INDEX execution_by_state",
        "CREATE INDEX of_old ON event (level)",
        "DROP TRIGGER kind_name_kept",
        "DELETE FROM kind_name WHERE code > 5",
        "UPDATE sqlite_schema SET sql = replace(sql, ') STRICT', ', CHECK (1)) STRICT') WHERE type = 'table'",
        "UPDATE sqlite_schema SET sql = replace(sql, '-- pending:', '-- waiting:') WHERE name = 'task_moves'",
    )
    return path


def version_of(path):
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        return connection.execute("PRAGMA user_version").fetchone()[0]


def objects_of(path):
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        return frozenset(connection.execute(schema.OBJECTS).fetchall())


def is_as_it_was(path, before, objects):
    return (version_of(path), content(path, TABLES), objects_of(path)) == (1, before, objects)


def test_every_object_is_made_anew_and_every_row_kept(older):
    before = content(older, TABLES)
    changed = {name for _, name, *_ in schema.objects() - objects_of(older)}
    assert {*TABLES, "v_tasks", "task_moves", "execution_by_state"} <= changed
    with closing(open_journal(older)) as journal:
        assert list(journal.verify()) == []
        assert journal.query("PRAGMA foreign_key_check") == []
    assert content(older, TABLES) == before
    assert objects_of(older) == schema.objects()


def test_what_a_migrated_journal_refuses_is_what_a_new_one_refuses(older):
    open_journal(older).close()
    with closing(sqlite3.connect(older, isolation_level=None)) as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        for statement, text in (
            ("DELETE FROM event", "event is kept"),
            ("UPDATE task SET state = 7 - state WHERE state = 5", "illegal task transition"),
            ("UPDATE execution SET ended_us = NULL", "CHECK constraint failed"),
            ("INSERT INTO payload VALUES (99, 1, 1, '{}')", "FOREIGN KEY constraint failed"),
        ):
            with pytest.raises(sqlite3.IntegrityError, match=text):
                connection.execute(statement)


def test_only_tables_that_have_changed_are_written(older, monkeypatch):
    replaced = []
    replace = remake._replace
    change(
        older, "UPDATE sqlite_schema SET sql = replace(sql, ', CHECK (1)', '') WHERE name NOT IN ('task', 'counter')"
    )
    changed = {name for kind, name, *_ in schema.objects() - objects_of(older) if kind == "table"}
    monkeypatch.setattr(remake, "_replace", lambda *given: (replaced.append(given[1]), replace(*given)))
    with closing(open_journal(older)) as journal:
        assert list(journal.verify()) == []
    new = {name for name in changed if name.startswith(("modification", "scaling"))}
    assert sorted(replaced) == sorted(changed - new)
    assert {"task", "counter"} <= changed
    assert not {"payload", "event", "link"} & changed


def test_a_table_that_is_new_is_made(older):
    change(older, "PRAGMA writable_schema = OFF", "DROP TABLE link")
    with closing(open_journal(older)) as journal:
        assert journal.query("SELECT count(*) FROM link") == [(0,)]
    assert objects_of(older) == schema.objects()


def test_a_row_that_does_not_fit_stops_it_and_nothing_is_changed(older):
    change(older, "DROP TRIGGER task_moves", "UPDATE task SET state = 70 WHERE no = 1")
    before, objects = content(older, TABLES), objects_of(older)
    with pytest.raises(
        JournalDamaged, match=f"a row of task does not fit version {schema.VERSION}: CHECK constraint failed"
    ):
        open_journal(older)
    assert is_as_it_was(older, before, objects)


def test_a_reference_that_is_broken_stops_it_and_nothing_is_changed(older):
    change(older, "DROP TRIGGER payload_kept", "DELETE FROM payload WHERE execution = 1 AND no = 1")
    before, objects = content(older, TABLES), objects_of(older)
    with pytest.raises(JournalDamaged, match="a row of task refers to one of payload that is missing"):
        open_journal(older)
    assert is_as_it_was(older, before, objects)


def test_a_table_of_somebody_else_stops_it_and_nothing_is_changed(older):
    change(older, "CREATE TABLE notes (text)")
    before, objects = content(older, TABLES), objects_of(older)
    with pytest.raises(JournalError, match="the journal has a table notes that no journal has"):
        open_journal(older)
    assert is_as_it_was(older, before, objects)


def test_a_column_is_never_lost(older):
    change(older, "PRAGMA writable_schema = OFF", "DROP VIEW v_requests", "ALTER TABLE inbox ADD COLUMN more TEXT")
    with pytest.raises(EngineBug, match="inbox: the new table has no more"):
        open_journal(older)
    assert version_of(older) == 1


@pytest.mark.parametrize("point", range(0, 200, 7))
def test_a_migration_that_is_broken_off_anywhere_changes_nothing(older, monkeypatch, point):
    """Power is lost at a statement: the error is thrown by SQLite's own progress of it."""
    before, objects = content(older, TABLES), objects_of(older)
    steps = dict.fromkeys(migrate.STEPS, lambda connection: remake.remake(Dying(connection, point)))
    monkeypatch.setattr(migrate, "STEPS", steps)
    with pytest.raises(Lost):
        open_journal(older)
    assert is_as_it_was(older, before, objects)
    monkeypatch.undo()
    with closing(open_journal(older)) as journal:
        assert list(journal.verify()) == []
    assert content(older, TABLES) == before


class Lost(BaseException):
    """The process ends here."""


class Dying:
    """A connection that ends the process at its n-th statement."""

    def __init__(self, connection, left):
        self._connection = connection
        self._left = left

    def _count(self):
        self._left -= 1
        if self._left < 0:
            raise Lost

    def execute(self, *given):
        self._count()
        return self._connection.execute(*given)

    def executemany(self, *given):
        self._count()
        return self._connection.executemany(*given)


def test_a_migration_that_is_killed_leaves_the_version_before_and_the_next_open_migrates(older):
    before, objects = content(older, TABLES), objects_of(older)
    with process("die_migrating", older) as child:
        assert child.stdout.readline() == "remade\n"
        child.kill()
        child.wait(PATIENCE)
    assert is_as_it_was(older, before, objects)
    with closing(open_journal(older)) as journal:
        assert list(journal.verify()) == []
    assert content(older, TABLES) == before


def test_a_copy_that_cannot_be_made_stops_it_and_is_not_left_half_made(older, monkeypatch):
    copy = older.with_name("journal.db-version-1")
    copy.mkdir()
    with pytest.raises(StorageError):
        open_journal(older)
    assert version_of(older) == 1
    copy.rmdir()
    monkeypatch.setattr(migrate.os, "fsync", no_space)
    with pytest.raises(StorageError, match="No space left"):
        open_journal(older)
    assert not copy.exists()
    assert version_of(older) == 1


def no_space(_descriptor):
    raise OSError(28, "No space left on device")


def test_a_migration_waits_for_whoever_holds_the_lock(older):
    with Turnstile(older, timeout=None, command="another", since="now") as _, pytest.raises(HeldError):
        open_journal(older, lock_timeout=0.01)
    assert version_of(older) == 1
    opened = []
    thread = threading.Thread(target=lambda: opened.append(open_journal(older)))
    with Turnstile(older, timeout=None, command="another", since="now"):
        thread.start()
        until(lambda: is_locked(older, "turn"))
        assert version_of(older) == 1
    thread.join(PATIENCE)
    assert version_of(older) == schema.VERSION
    opened[0].close()


def test_a_reader_sees_the_version_before_until_the_commit_and_the_new_one_after(older):
    with closing(open_reader(older)) as reader:
        with reader.snapshot():
            before = reader.query("SELECT count(*) FROM task")
            open_journal(older).close()
            assert reader.query("PRAGMA user_version") == [(1,)]
            assert reader.query("SELECT count(*) FROM task") == before
        assert reader.query("PRAGMA user_version") == [(schema.VERSION,)]
        assert reader.query("SELECT count(*) FROM v_tasks") == before


def test_a_program_of_the_version_before_that_has_it_open_goes_on(older, monkeypatch):
    monkeypatch.setattr(schema, "VERSION", 1)
    before = open_journal(older)
    kit.start(before, uid="before")
    monkeypatch.undo()
    with closing(open_journal(older)) as after:
        assert objects_of(older) == schema.objects()
        row = kit.start(before, tasks=1, uid="between")
        kit.run_task(before, 1, execution=row.id)
        kit.start(after, uid="after")
        assert [found.uid for found in after.executions()[:3]] == ["after", "between", "before"]
        before.close()
        assert list(after.verify()) == []


def test_an_earlier_schema_that_was_changed_is_a_problem_for_who_only_reads(older):
    with closing(open_reader(older)) as reader:
        assert "the schema, or the names of codes, are not those of version 1" in list(reader.verify())
