"""Which SQLite opens journals, and that apsw's connections are to the journal what `sqlite3`'s are."""

import sqlite3
import subprocess
import sys
import threading
import tomllib
from contextlib import closing
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import durable_wf.journal
from durable_wf.errors import HeldError, JournalDamaged, UsageError
from durable_wf.journal import apsw_driver, connection, driver, faults, library
from durable_wf.journal.reader import open_reader
from durable_wf.journal.sqlite import open_journal
from durable_wf.journal.tables import raw
from tests.journal import kit
from tests.journal.processes import PATIENCE

ROOT = Path(__file__).parents[2]
TABLE = "CREATE TABLE one (id INTEGER PRIMARY KEY, word TEXT NOT NULL CHECK (word <> 'no')) STRICT"
GUARD = "CREATE TRIGGER kept BEFORE DELETE ON one BEGIN SELECT RAISE(ABORT, 'one is kept'); END"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "journal.db"


# ---------------------------------------------------------------------------------------------------------- the choice


@pytest.mark.parametrize(("version", "chosen"), [("3.7.17", "python"), ("9.0.0", "apsw")])
def test_the_newer_sqlite_is_chosen(choose, monkeypatch, version, chosen):
    monkeypatch.setattr(apsw_driver, "VERSION", version)
    choose(None)
    assert driver.chosen().name == chosen
    assert library.version() == (version if chosen == "apsw" else sqlite3.sqlite_version)


def test_of_two_that_are_as_new_pythons_own_is_chosen(choose, monkeypatch):
    monkeypatch.setattr(apsw_driver, "VERSION", sqlite3.sqlite_version)
    choose(None)
    assert driver.chosen().name == "python"


def test_versions_are_compared_as_numbers():
    assert driver.numbers("3.9.2") < driver.numbers("3.40.1") < driver.numbers("3.51.3")


@pytest.mark.parametrize("version", ["3.7.17", "9.0.0"])
@pytest.mark.parametrize("name", ["python", "apsw"])
def test_the_variable_chooses_whichever_is_newer(choose, monkeypatch, version, name):
    monkeypatch.setattr(apsw_driver, "VERSION", version)
    choose(name)
    assert driver.chosen().name == name


@pytest.fixture
def without_apsw(monkeypatch):
    """As where the extra is not installed."""
    monkeypatch.setitem(sys.modules, "apsw", None)
    monkeypatch.delitem(sys.modules, "durable_wf.journal.apsw_driver")
    monkeypatch.delattr(durable_wf.journal, "apsw_driver")


def test_without_the_extra_it_is_pythons_own(choose, without_apsw):
    choose(None)
    assert driver.chosen().name == "python"


def test_an_apsw_that_is_not_there_cannot_be_chosen(choose, without_apsw):
    choose("apsw")
    with pytest.raises(UsageError, match="DURABLE_WF_SQLITE=apsw: it cannot be imported") as error:
        driver.chosen()
    assert error.value.hint == "pip install 'durable-wf[apsw]'"


def test_a_word_that_names_no_driver_is_refused(choose):
    choose("pysqlite")
    with pytest.raises(UsageError, match="DURABLE_WF_SQLITE=pysqlite: it may be python or apsw"):
        driver.chosen()


def test_nothing_stands_between_the_journal_and_pythons_own(choose, path):
    choose("python")
    with closing(open_journal(path, durability="process")) as journal:
        assert type(raw(journal._writer._database)) is sqlite3.Connection


def test_a_journal_tells_which_sqlite_made_it(choose, path):
    choose("apsw")
    with closing(open_journal(path, durability="process")) as journal:
        assert journal.meta()["sqlite_version"] == apsw_driver.VERSION != sqlite3.sqlite_version


def test_the_extra_admits_no_version_with_a_known_bug():
    """`doctor` names it as the mend."""
    (wanted,) = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]["apsw"]
    least = next(spec.version for spec in Requirement(wanted).specifier if spec.operator == ">=")
    assert all(driver.numbers(least) >= bug.mended[-1] for bug in library.BUGS)


# ----------------------------------------------------------------------------------------------------------- the speech


def opened(choose, name, path, mode="rw"):
    choose(name)
    path.touch()
    return closing(connection.connect(path, mode).connection())


def told(choose, name, path, mode, *statements):
    """Class, SQLite's code and name, and the text of the error that the last statement raises; no error before it."""
    with opened(choose, name, path, mode) as db:
        for sql, parameters in statements[:-1]:
            db.execute(sql, parameters).fetchall()
        with pytest.raises(Exception) as error:  # noqa: PT011 - which, is what is compared
            db.execute(*statements[-1]).fetchall()
    found = error.value
    return type(found), getattr(found, "sqlite_errorcode", None), getattr(found, "sqlite_errorname", None), str(found)


def plain(*statements):
    return [(sql, ()) for sql in statements]


@pytest.mark.parametrize(
    ("statements", "name"),
    [
        (plain("SELECT * FROM nowhere"), "SQLITE_ERROR"),
        (plain(TABLE, "INSERT INTO one VALUES (1, 'no')"), "SQLITE_CONSTRAINT_CHECK"),
        (plain(TABLE, "INSERT INTO one VALUES (1, NULL)"), "SQLITE_CONSTRAINT_NOTNULL"),
        (plain(TABLE, "INSERT INTO one VALUES (1, 'a'), (1, 'b')"), "SQLITE_CONSTRAINT_PRIMARYKEY"),
        (plain(TABLE, GUARD, "INSERT INTO one VALUES (1, 'a')", "DELETE FROM one"), "SQLITE_CONSTRAINT_TRIGGER"),
        (plain("BEGIN", "BEGIN"), "SQLITE_ERROR"),
        (plain("COMMIT"), "SQLITE_ERROR"),
    ],
    ids=["no-table", "check", "not-null", "key", "trigger", "begin-twice", "no-transaction"],
)
def test_an_error_is_the_same_by_either(choose, tmp_path, statements, name):
    own, other = (told(choose, name, tmp_path / name, "rw", *statements) for name in ("python", "apsw"))
    assert own == other
    assert issubclass(other[0], sqlite3.Error)
    assert other[2] == name


def test_what_may_not_be_written_is_the_same_by_either(choose, tmp_path):
    found = []
    for name in ("python", "apsw"):
        with opened(choose, name, tmp_path / name) as db:
            db.execute(TABLE)
        found.append(told(choose, name, tmp_path / name, "ro", ("INSERT INTO one VALUES (1, 'a')", ())))
    assert found[0] == found[1]
    assert found[1][:3] == (sqlite3.OperationalError, 8, "SQLITE_READONLY")


def test_what_is_no_database_is_the_same_by_either(choose, path):
    path.write_bytes(b"not a database " * 100)
    own, other = (told(choose, name, path, "rw", ("SELECT * FROM sqlite_schema", ())) for name in ("python", "apsw"))
    assert own == other
    assert other[:3] == (sqlite3.DatabaseError, 26, "SQLITE_NOTADB")


def test_what_the_module_finds_itself_has_no_name_of_sqlites_by_either(choose, path):
    own, other = (told(choose, name, path, "rw", ("SELECT ?", (1, 2))) for name in ("python", "apsw"))
    assert own[:3] == other[:3] == (sqlite3.ProgrammingError, None, None)


def test_a_page_that_cannot_be_read_is_damage_by_either(choose, path):
    choose("apsw")
    with closing(open_journal(path, durability="process")) as journal:
        kit.fill(journal)
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xa5" * (len(content) - 4096)  # all but the first page, which has the schema's root
    path.write_bytes(content)
    for name in ("python", "apsw"):
        choose(name)
        with pytest.raises(JournalDamaged, match="SQLITE_CORRUPT"), closing(open_reader(path)) as reader:
            reader.executions()


def test_a_connection_that_is_closed_answers_nothing_by_either(choose, tmp_path):
    for name in ("python", "apsw"):
        with opened(choose, name, tmp_path / name) as db:
            unread = db.execute("SELECT 1 UNION SELECT 2")
        for ask in (
            lambda db=db: db.execute("SELECT 1"),
            lambda db=db: db.executemany("SELECT ?", [(1,)]),
            lambda db=db: db.in_transaction,
            unread.fetchone,
            unread.fetchall,
            lambda unread=unread: next(unread),
        ):
            with pytest.raises(sqlite3.ProgrammingError) as error:
                ask()
            assert faults.name_of(error.value) == ""


def test_rows_come_one_by_one_some_at_a_time_or_all_by_either(choose, tmp_path):
    for name in ("python", "apsw"):
        with opened(choose, name, tmp_path / name) as db:
            db.execute(TABLE)
            assert db.executemany("INSERT INTO one VALUES (?, ?)", {1: "a", 2: "b", 3: "c"}.items()).rowcount == 3
            assert db.execute("UPDATE one SET word = 'd' WHERE id > ?", (1,)).rowcount == 2
            assert db.execute("UPDATE one SET word = 'd' WHERE id > 9").rowcount == 0
            found = db.execute("SELECT id, word FROM one ORDER BY id")
            assert found.fetchone() == (1, "a")
            assert found.fetchmany(1) == [(2, "d")]
            assert list(found) == [(3, "d")]
            assert (found.fetchone(), found.fetchall(), found.fetchmany(2)) == (None, [], [])
            with closing(db.execute("SELECT id FROM one")) as broken_off:
                assert next(broken_off) == (1,)
            assert not db.in_transaction
            db.execute("BEGIN IMMEDIATE")
            assert db.in_transaction


def test_a_text_that_is_no_utf8_is_damage_by_either(choose, tmp_path):
    """`faults.translate` tells both."""
    for name in ("python", "apsw"):
        with opened(choose, name, tmp_path / name) as db, pytest.raises((sqlite3.OperationalError, UnicodeError)):
            db.execute("SELECT CAST(x'ff' AS TEXT)").fetchall()


# ------------------------------------------------------------------------------------------------------- other programs


HOLDER = """
import sqlite3, sys
held = sqlite3.connect(sys.argv[1], isolation_level=None)
held.execute("BEGIN IMMEDIATE")
print("holds", flush=True)
sys.stdin.read()
"""


@kit.BY_EITHER
def test_a_program_with_pythons_sqlite_is_seen_to_hold_the_database(path, driven, monkeypatch):
    """The locks of both are the same, where they are of two processes."""
    monkeypatch.setattr(connection, "BUSY_TIMEOUT_S", 0.01)
    with closing(open_journal(path, durability="process", lock_timeout=1.0)) as journal:
        other = subprocess.Popen(
            [sys.executable, "-c", HOLDER, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        with other:
            assert other.stdout.readline() == "holds\n"
            with pytest.raises(HeldError, match=r"another process holds the database itself \(SQLITE_BUSY\)"):
                kit.start(journal)
            other.stdin.close()
            other.wait(PATIENCE)
        kit.start(journal)
        assert list(journal.verify()) == []


def test_two_copies_of_sqlite_in_one_process_do_not_see_each_others_locks(choose, path):
    """Why a process chooses once: POSIX locks are the process's."""
    with opened(choose, "apsw", path) as one, opened(choose, "python", path) as other:
        for db in (one, other):
            db.execute("BEGIN IMMEDIATE")  # by one driver the second is refused: SQLITE_BUSY
        assert (one.in_transaction, other.in_transaction) == (True, True)


def test_a_journal_goes_from_one_driver_to_the_other_and_back(choose, path):
    for number, name in enumerate(("python", "apsw", "python", "apsw"), start=1):
        choose(name)
        with closing(open_journal(path, durability="process")) as journal:
            row = kit.start(journal, tasks=1)
            kit.run_task(journal, 1, execution=row.id)
            assert (row.id, journal.behind_head, list(journal.verify())) == (number, None, [])


def test_by_apsw_two_threads_may_not_use_one_connection_at_once(choose, path):
    """What is documented in `apsw_driver`; a journal gives no two threads its connection at once."""
    found = []
    with opened(choose, "apsw", path) as db:

        def ask():
            try:
                found.append(db.execute("SELECT 1").fetchall())
            except sqlite3.ProgrammingError as error:
                found.append(str(error))

        def start_another(value):
            other = threading.Thread(target=ask)
            other.start()
            other.join(PATIENCE)
            return value

        db.create_scalar_function("start_another", start_another)
        assert db.execute("SELECT start_another(7)").fetchall() == [(7,)]
    assert found == ["Connection is busy in another thread"]
