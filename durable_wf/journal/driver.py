"""Which SQLite opens journals: Python's own, or the one that the extra `apsw` brings.

The newer of the two, where apsw is installed: the extra is there for a current SQLite, and an apsw that some other
program brought, with an older one, takes nothing away. `DURABLE_WF_SQLITE` chooses otherwise.

It is chosen once, for the whole process: two copies of SQLite on one file in one process do not know of each other,
and whichever closes the file first takes the other's locks with it (sqlite.org/howtocorrupt.html §2.2).

Either way a connection speaks what the journal uses of `sqlite3.Connection` and raises the errors of `sqlite3`. With
Python's own it is one: nothing stands between.
"""

from __future__ import annotations

import os
import sqlite3
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from peewee import SqliteDatabase

from durable_wf.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

VARIABLE = "DURABLE_WF_SQLITE"
PYTHON, APSW = "python", "apsw"
EXTRA = "pip install 'durable-wf[apsw]'"


class Driver(NamedTuple):
    """A way to SQLite.

    name      `python` or `apsw`
    version   of its SQLite, as `3.40.1`
    database  makes peewee's database, not yet connected, of a `file:` URI and the seconds that a statement waits for
              a lock. Its connection is in autocommit and may be used by any thread, by one at a time
    """

    name: str
    version: str
    database: Callable[[str, float], Any]


@cache
def chosen() -> Driver:
    """The one that this process uses.

    raises  UsageError for a `DURABLE_WF_SQLITE` that cannot be had
    """
    wanted = os.environ.get(VARIABLE, "")
    if wanted not in ("", PYTHON, APSW):
        message = f"{VARIABLE}={wanted}: it may be {PYTHON} or {APSW}, or not set for the newer SQLite of both"
        raise UsageError(message)
    own = Driver(PYTHON, sqlite3.sqlite_version, _of_python)
    if wanted == PYTHON:
        return own
    try:
        from durable_wf.journal import apsw_driver
    except ImportError as error:
        if wanted:
            raise UsageError(f"{VARIABLE}={wanted}: it cannot be imported: {error}", hint=EXTRA) from error
        return own
    other = Driver(APSW, apsw_driver.VERSION, apsw_driver.database)
    return other if wanted or numbers(other.version) > numbers(own.version) else own


def numbers(version: str) -> tuple[int, ...]:
    """A version's numbers, which can be compared."""
    return tuple(map(int, version.split(".")))


def _of_python(uri: str, timeout: float) -> SqliteDatabase:
    return SqliteDatabase(
        uri,
        uri=True,
        autoconnect=False,
        thread_safe=False,  # ours to guard: one connection, not one a thread
        check_same_thread=False,
        timeout=timeout,
    )
