"""Whose fault an error of SQLite or the operating system is, told by SQLite's own name of it."""

from __future__ import annotations

import sqlite3

from durable_wf.errors import DurableError, HeldError, JournalDamaged, JournalError, StorageError

_DAMAGED = ("SQLITE_CORRUPT", "SQLITE_NOTADB")
_BUSY = ("SQLITE_BUSY", "SQLITE_LOCKED")
_OURS = ("SQLITE_CONSTRAINT", "SQLITE_MISMATCH", "SQLITE_RANGE", "SQLITE_MISUSE", "SQLITE_TOOBIG", "SQLITE_ERROR")


def name_of(error: BaseException) -> str:
    """SQLite's name of the error, as `SQLITE_IOERR_WRITE`; empty for one that Python's module made itself."""
    return str(getattr(error, "sqlite_errorname", None) or "")


def is_busy(error: BaseException) -> bool:
    """Whether another process held a lock of the database itself."""
    return name_of(error).startswith(_BUSY)


def translate(error: Exception, doing: str) -> DurableError:
    """The error of ours for one of SQLite or of the operating system.

    doing  what was being done and to which file, to stand before a colon
    """
    name = name_of(error)
    if isinstance(error, OSError):
        where = f" ({error.filename})" if error.filename else ""
        return StorageError(f"{doing}: {error.strerror or error}{where}", hint="free the cause, then resume")
    if name.startswith(_DAMAGED) or isinstance(error, UnicodeError) or (not name and "decode" in str(error)):
        return JournalDamaged(f"{doing}: {error} ({name})", hint="`durable-wf verify` says what is damaged")
    if name.startswith(_BUSY):
        return HeldError(f"{doing}: another process holds the database itself ({name})")
    if isinstance(error, sqlite3.Error) and not name.startswith(_OURS) and name:
        return StorageError(f"{doing}: {error} ({name})", hint="free the cause, then resume")
    return JournalError(f"{doing}: {error}" + (f" ({name})" if name else ""))
