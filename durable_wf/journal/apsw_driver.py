"""The SQLite of the `apsw` package, through peewee, under the part of `sqlite3` that the journal uses.

Imported by `driver` only, where it is chosen. What differs from `sqlite3` and is not mended here, because the journal
does not need it: cursors have no `description` and no `lastrowid`; and a connection that two threads use at
once is refused (apsw's ThreadingViolationError), where `sqlite3` lets one of them wait.
"""

from __future__ import annotations

import sqlite3
from functools import wraps
from itertools import islice
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import apsw
from playhouse.apsw_ext import APSWDatabase

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
R = TypeVar("R")

VERSION = apsw.sqlite_lib_version()

_OPERATIONAL = (
    apsw.SQLITE_ERROR, apsw.SQLITE_PERM, apsw.SQLITE_ABORT, apsw.SQLITE_BUSY, apsw.SQLITE_LOCKED,
    apsw.SQLITE_READONLY, apsw.SQLITE_INTERRUPT, apsw.SQLITE_IOERR, apsw.SQLITE_FULL, apsw.SQLITE_CANTOPEN,
    apsw.SQLITE_PROTOCOL, apsw.SQLITE_EMPTY, apsw.SQLITE_SCHEMA,
)  # fmt: skip
_KINDS: dict[int, type[Exception]] = {  # as `sqlite3` has them; all others are DatabaseErrors
    **dict.fromkeys(_OPERATIONAL, sqlite3.OperationalError),
    apsw.SQLITE_CONSTRAINT: sqlite3.IntegrityError,
    apsw.SQLITE_MISMATCH: sqlite3.IntegrityError,
    apsw.SQLITE_TOOBIG: sqlite3.DataError,
    apsw.SQLITE_MISUSE: sqlite3.InterfaceError,
    apsw.SQLITE_RANGE: sqlite3.InterfaceError,
    apsw.SQLITE_INTERNAL: sqlite3.InternalError,
    apsw.SQLITE_NOTFOUND: sqlite3.InternalError,
    apsw.SQLITE_NOMEM: MemoryError,
}


def database(uri: str, timeout: float) -> Any:
    """See `driver.Driver`."""
    flags = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE | apsw.SQLITE_OPEN_URI  # the URI's mode takes away
    return _Database(uri, flags=flags, autoconnect=False, thread_safe=False, timeout=timeout)


def as_of_sqlite3(error: apsw.Error) -> Exception:
    """The error that `sqlite3` would have raised, with SQLite's own code and name of it.

    What apsw finds by itself (a closed connection, a wrong number of parameters) has neither, as there.
    """
    code: int | None = getattr(error, "result", None)
    if code is None:
        return sqlite3.ProgrammingError(str(error))
    found = _KINDS.get(code, sqlite3.DatabaseError)(str(error))
    if isinstance(found, sqlite3.Error):
        extended: int = getattr(error, "extendedresult", code)
        name = apsw.mapping_extended_result_codes.get(extended) or apsw.mapping_result_codes.get(code, "")
        found.sqlite_errorcode, found.sqlite_errorname = extended, str(name)
    return found


def _raising_of_sqlite3(call: Callable[P, R]) -> Callable[P, R]:
    @wraps(call)
    def asked(*arguments: P.args, **named: P.kwargs) -> R:
        try:
            return call(*arguments, **named)
        except apsw.Error as error:
            raise as_of_sqlite3(error) from error

    return asked


class _Database(APSWDatabase):  # type: ignore[misc] # playhouse has no types
    """peewee's, with connections of ours."""

    @_raising_of_sqlite3
    def _connect(self) -> _Connection:
        opened = _Connection(self.database, **self.connect_params)
        opened.set_busy_timeout(round(self._timeout * 1000))
        self._add_conn_hooks(opened)
        return opened


class _Connection(apsw.Connection):
    """Each statement has a cursor of its own, as with `sqlite3.Connection.execute`."""

    execute = _raising_of_sqlite3(apsw.Connection.execute)
    executemany = _raising_of_sqlite3(apsw.Connection.executemany)

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.cursor_factory = _Cursor

    @property
    @_raising_of_sqlite3
    def in_transaction(self) -> bool:  # type: ignore[override] # of C, where it is no property
        return not self.get_autocommit()


class _Cursor(apsw.Cursor):
    """Errors of `execute` are seen to by the connection, which makes the cursor and calls it."""

    fetchone = _raising_of_sqlite3(apsw.Cursor.fetchone)
    fetchall = _raising_of_sqlite3(apsw.Cursor.fetchall)
    __next__ = _raising_of_sqlite3(apsw.Cursor.__next__)

    def __init__(self, connection: apsw.Connection) -> None:
        super().__init__(connection)
        self._changes = connection.total_changes()

    @property
    @_raising_of_sqlite3
    def rowcount(self) -> int:
        """How many rows were changed since this cursor was made. Ask before the connection runs anything else."""
        return self.connection.total_changes() - self._changes

    def fetchmany(self, size: int) -> list[Any]:
        """The next rows, at most `size`."""
        return list(islice(self, size))
