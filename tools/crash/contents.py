"""The canonical dump of a journal: every row of every table, without asking our own code."""

from __future__ import annotations

import sqlite3
from hashlib import sha256
from pathlib import Path


def content(journal: Path) -> str | None:
    """The digest of its dump; None where it cannot be opened or read to its end.

    Rows are compared as SQLite stores them, in an order of their own, so that a page in another place makes no
    difference.
    """
    connection = sqlite3.connect(f"file:{journal}?mode=ro", uri=True)
    connection.text_factory = bytes
    found = sha256()
    try:
        connection.execute("PRAGMA cell_size_check = 1")
        for pragma in ("application_id", "user_version"):
            found.update(repr(connection.execute(f"PRAGMA {pragma}").fetchall()).encode())
        schema = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema").fetchall()
        found.update(repr(sorted(map(repr, schema))).encode())
        for name in sorted(name.decode() for kind, name, *_ in schema if kind == b"table"):
            rows = connection.execute(f'SELECT * FROM "{name}" NOT INDEXED').fetchall()
            found.update(repr((name, sorted(map(repr, rows)))).encode())
    except (sqlite3.Error, UnicodeError, MemoryError, OverflowError):
        return None
    finally:
        connection.close()
    return found.hexdigest()
