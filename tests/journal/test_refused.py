"""What the operating system refuses is told with the name of the file, and as an error of ours."""

import errno
import os
import resource
import shutil
import sqlite3
from contextlib import closing, contextmanager

import pytest

from durable_wf.errors import JournalError, StorageError
from durable_wf.journal import faults
from durable_wf.journal.reader import open_reader
from durable_wf.journal.sqlite import open_journal
from tests.journal import kit


@pytest.fixture
def path(tmp_path):
    return tmp_path / "journal.db"


@pytest.fixture
def refuse(monkeypatch):
    """Makes the next writes of side files fail, as a broken disk would."""

    def refuse():
        def pwrite(*_):
            raise OSError(errno.EIO, os.strerror(errno.EIO))

        monkeypatch.setattr(os, "pwrite", pwrite)

    return refuse


@pytest.mark.parametrize("suffix", ["turn", "write", "owners", "head"])
def test_a_side_file_that_cannot_be_opened_is_a_storage_error_that_names_it(path, suffix):
    side = path.with_name(f"journal.db-{suffix}")
    side.symlink_to(path.with_name("elsewhere"))
    with pytest.raises(StorageError, match=str(side)):
        open_journal(path)


def test_a_turnstile_that_cannot_be_written_is_a_storage_error_that_names_it(path, refuse):
    open_journal(path).close()
    refuse()
    with pytest.raises(StorageError, match=f"write lock of {path}: Input/output error .*-write"):
        open_journal(path)


def test_the_turnstile_is_free_again_after_it_could_not_be_written(path, refuse, monkeypatch):
    with closing(open_journal(path)) as journal:
        refuse()
        with pytest.raises(StorageError), journal.turn():
            pass
        monkeypatch.undo()
        with closing(open_journal(path, lock_timeout=0)) as other, other.turn():
            pass


def test_a_journal_can_be_closed_when_the_turnstile_cannot_be_written(path, refuse):
    journal = open_journal(path)
    refuse()
    journal.close()
    journal.close()


def test_an_error_of_the_system_is_told_with_the_file_that_it_was_about():
    error = OSError(errno.ENOSPC, "No space left on device")
    assert (
        str(faults.translate(error, "writing to /a/journal.db")) == "writing to /a/journal.db: No space left on device"
    )
    error.filename = "/a/journal.db-head"
    assert str(faults.translate(error, "after")) == "after: No space left on device (/a/journal.db-head)"


@contextmanager
def no_more_files():
    """This process may open no other file."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    os.close(free := os.dup(0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (free, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)


@kit.BY_EITHER
def test_a_journal_that_cannot_be_opened_to_be_read_is_a_storage_error(path, driven):
    open_journal(path).close()
    with pytest.raises(StorageError, match=f"reading {path}: unable to open database file"), no_more_files():
        open_reader(path)
    open_reader(path).close()


@kit.BY_EITHER
def test_a_connection_that_cannot_be_opened_again_is_a_storage_error(path, driven):
    with closing(open_journal(path)) as journal:
        kit.start(journal)
        journal._writer._drop()
        with (
            pytest.raises(StorageError, match=f"opening {path}: unable to .*CANTOPEN"),
            no_more_files(),
            journal.turn(),
        ):
            pass
        kit.start(journal)
        assert list(journal.verify()) == []


def test_a_failed_statement_names_the_journal(path):
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorname = "SQLITE_IOERR_READ"
    with closing(open_journal(path)) as journal:
        with pytest.raises(StorageError, match=f"reading from {path}: disk I/O error"), journal.turn():
            raise error
        with journal.turn():
            pass


def test_a_journal_whose_making_was_interrupted_is_empty_to_readers(path, tmp_path):
    making = tmp_path / "making.db"
    with closing(sqlite3.connect(making, isolation_level=None)) as half:
        half.execute("PRAGMA cache_size = 1")
        half.execute("PRAGMA auto_vacuum = 2")
        half.execute("CREATE TABLE something (text)")
        half.execute("BEGIN")
        half.executemany("INSERT INTO something VALUES (?)", [("x" * 4000,)] * 50)
        for suffix in ("", "-journal"):  # as a kill would leave it
            shutil.copy(f"{making}{suffix}", f"{path}{suffix}")
    path.chmod(0o600)
    with pytest.raises(JournalError, match="is empty: its making was interrupted"):
        open_reader(path)
