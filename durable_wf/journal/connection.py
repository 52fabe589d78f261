"""The one connection of a process that writes, and its transactions.

Not peewee's `atomic()`: after a full disk SQLite has rolled back by itself, and the cause would be hidden behind
"cannot rollback". A failed COMMIT is *unknown*, not failed: the connection is thrown away, nothing is tried again on
it, and the next turn opens a new one and reads the truth.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

from peewee import PeeweeException

from durable_wf.errors import HeldError, JournalDamaged, JournalError, StorageError
from durable_wf.journal import driver, faults, migrate
from durable_wf.journal.forks import Forkable, abandon
from durable_wf.journal.tables import raw
from durable_wf.journal.wal import Wal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from peewee import SqliteDatabase

    from durable_wf.clock import Clock
    from durable_wf.journal.locks import Turnstile

Durability = Literal["power", "process"]

BUSY_TIMEOUT_S = 10.0
_SYNCHRONOUS = {"power": 2, "process": 1}
_TEND_WAL_EVERY = 16  # commits, or
_TEND_WAL_AFTER = 1000  # rows: some 60 frames
_GROW_WAL_AFTER = 48  # commits: a process that has written this much will write more
_MOST_FRAMES = 1800  # a checkpoint is due from here on, so that the -wal stays below 8 MB


def connect(path: Path, mode: Literal["ro", "rw"]) -> SqliteDatabase:
    """An opened peewee database on the file, in autocommit, with no transaction of its own.

    raises  sqlite3.Error, with SQLite's name of it
    """
    database: SqliteDatabase = driver.chosen().database(f"file:{quote(str(path))}?mode={mode}", BUSY_TIMEOUT_S)
    try:
        database.connect()
    except PeeweeException as error:  # it hides what SQLite said, by which `faults` tells whose fault it is
        raise (error.__context__ or error) from None
    return database


class Writer(Forkable):
    """The read-write connection of a journal. Opening, closing and every transaction hold the turnstile."""

    def __init__(self, path: Path, turnstile: Turnstile, durability: Durability, clock: Clock) -> None:
        super().__init__()
        self.counters: Counter[str] = Counter()
        self._path = path
        self._turnstile = turnstile
        self._durability = durability
        self._clock = clock
        self._database: SqliteDatabase | None = None
        self._wal: Wal | None = None
        self._commits = 0  # of this connection
        self._tended = 0  # how many rows there were when the -wal was looked at last

    def open(self) -> sqlite3.Connection:
        """Open under the lock, make or migrate the schema, and assert every setting.

        raises  JournalError for a file that is not ours or too new; StorageError
        """
        with self._turnstile:
            return self._open()

    def close(self) -> None:
        """Copy the -wal into the journal and close. Twice is harmless."""
        if self._database is None or self._forked:
            return
        try:
            with self._turnstile:
                with contextlib.suppress(sqlite3.Error):  # a reader is in the way, or the disk is full: it can wait
                    raw(self._database).execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
                self._drop()
        except (HeldError, StorageError):
            self._drop()  # who holds the lock is connected too, so that SQLite will not checkpoint now

    @contextmanager
    def transaction(self, committed: Callable[[], None]) -> Iterator[sqlite3.Connection]:
        """BEGIN IMMEDIATE to COMMIT under the lock; an exception inside rolls back.

        committed  called after the commit, still under the lock
        raises     HeldError; StorageError when the fate of the commit is unknown
        """
        self.check_not_forked()
        with self._turnstile:
            connection = self._open() if self._database is None else raw(self._database)
            self._begin(connection)
            try:
                yield connection
            except BaseException as error:
                self._roll_back(connection)
                if isinstance(error, (sqlite3.Error, UnicodeError)):
                    raise self.failed(error, "reading from") from error
                raise
            self._commit(connection)
            try:
                committed()
                rows = self.counters["rows"]
                if self._commits % _TEND_WAL_EVERY == 0 or rows - self._tended > _TEND_WAL_AFTER:
                    self._tended = rows
                    self._tend_wal(connection)
            except (OSError, sqlite3.Error) as error:
                raise self.failed(error, "after a commit to") from error

    def data_version(self) -> int:
        """SQLite's count of others' commits; -1 while there is no connection."""
        self.check_not_forked()
        return -1 if self._database is None else int(pragma(raw(self._database), "data_version"))

    def failed(self, error: Exception, doing: str) -> Exception:
        """What to raise for an error of a statement; after an I/O error the connection is thrown away.

        doing  what was being done, to stand before the journal's path
        """
        found = faults.translate(error, f"{doing} {self._path}")
        if isinstance(found, (StorageError, JournalDamaged)):
            self._drop()
        return found

    def _open(self) -> sqlite3.Connection:
        self.check_not_forked()
        if self._database is not None:
            return raw(self._database)
        try:
            database = connect(self._path, "rw")
        except sqlite3.Error as error:
            raise faults.translate(error, f"opening {self._path}") from error
        self._database = database
        connection = raw(database)
        try:
            if migrate.check_ours(connection, self._path) == 0:
                self._set(connection, "auto_vacuum", 2)  # before there are tables; on an old file it would be a write
            self._set(connection, "journal_mode", "wal")
            self._set(connection, "synchronous", _SYNCHRONOUS[self._durability])
            self._set(connection, "foreign_keys", 1)
            self._set(connection, "recursive_triggers", 1)  # else INSERT OR REPLACE deletes without a trigger
            self._set(connection, "wal_autocheckpoint", 0)
            self._set(connection, "mmap_size", 0)
            self._set(connection, "temp_store", 2)
            migrate.migrate(connection, self._path, self._clock.wall_us())
        except BaseException as error:
            self._drop()
            if isinstance(error, (sqlite3.Error, UnicodeError, OSError)):
                raise faults.translate(error, f"opening {self._path}") from error
            raise
        self._commits = 0
        return connection

    def _set(self, connection: sqlite3.Connection, pragma: str, value: int | str) -> None:
        """Set a pragma and assert that it holds."""
        connection.execute(f"PRAGMA {pragma} = {value}").fetchall()
        found = connection.execute(f"PRAGMA {pragma}").fetchone()
        if found not in ((value,), None):  # None: this SQLite was built without it
            message = f"{self._path}: SQLite refuses {pragma} = {value} and has {found[0]}"
            raise JournalError(message)

    def _begin(self, connection: sqlite3.Connection) -> None:
        """Somebody who does not know our lock may hold the database itself: no reason to fail an execution (L12)."""
        while True:
            try:
                connection.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.Error as error:
                if not faults.is_busy(error):
                    raise self.failed(error, "beginning a transaction on") from error
                self.counters["busy"] += 1
                if self._turnstile.has_timeout:
                    raise faults.translate(error, f"beginning a transaction on {self._path}") from error

    def _roll_back(self, connection: sqlite3.Connection) -> None:
        self.counters["rollbacks"] += 1
        if self._database is None or self._forked:
            return
        try:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        except sqlite3.Error:
            self._drop()

    def _commit(self, connection: sqlite3.Connection) -> None:
        self.check_not_forked()
        try:
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            self._drop()
            message = f"the fate of a commit to {self._path} is unknown: {error} ({faults.name_of(error)})"
            raise StorageError(message, hint="free the cause, then resume") from error
        self._commits += 1
        self.counters["transactions"] += 1

    def _tend_wal(self, connection: sqlite3.Connection) -> None:
        """Checkpoint a -wal that has grown; make it long at once where many syncs are to come."""
        if self._wal is None:
            self._wal = Wal(self._path)
        if self._durability == "power" and self._commits == _GROW_WAL_AFTER:
            self._wal.grow()
        if self._wal.frames() >= _MOST_FRAMES:
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
            self.counters["checkpoints"] += 1

    def _drop(self) -> None:
        """Close without looking back."""
        database, self._database = self._database, None
        if self._wal is not None:
            self._wal.close()
            self._wal = None
        if database is not None:
            with contextlib.suppress(sqlite3.Error):
                database.close()

    def _give_up(self) -> None:
        if self._database is not None:
            abandon(raw(self._database))
            abandon(self._database)


def pragma(connection: sqlite3.Connection, name: str) -> Any:
    """The value of a pragma."""
    return connection.execute(f"PRAGMA {name}").fetchone()[0]
