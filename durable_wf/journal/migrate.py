"""The versions of the file: which one it is, and how an older one becomes the newest.

Every step is one transaction, and a step from an earlier version copies the file first. Version 1 is the schema as
`schema` makes it. A file of another program, or of a newer version, is refused unread.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
from typing import TYPE_CHECKING

from durable_wf.errors import JournalError
from durable_wf.journal import schema
from durable_wf.journal.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

COUNTED = ("seq", "event", "blueprint", "deployment", "node_instance", "execution", "inbox")


def check_ours(connection: sqlite3.Connection, path: Path) -> int:
    """The version of the file; 0 for one without content.

    raises  JournalError for a file of another program or of a newer version
    """
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    if (application, version, tables) == (0, 0, 0):
        return 0
    if application != schema.APPLICATION_ID:
        message = f"{path} is a database of another program, not a journal"
        raise JournalError(message)
    if version > len(MIGRATIONS):
        message = f"the journal {path} has version {version}; this program knows versions up to {len(MIGRATIONS)}"
        raise JournalError(message, hint="use the newer durable-wf that wrote it")
    return version


def migrate(connection: sqlite3.Connection, path: Path, at_us: int) -> None:
    """Bring the file to the newest version. Call under the write lock, outside a transaction."""
    version = check_ours(connection, path)
    while version < len(MIGRATIONS):
        if version:
            _copy(connection, path, version)
        connection.execute("BEGIN IMMEDIATE")
        try:
            MIGRATIONS[version](connection, at_us)
            version += 1
            connection.execute(TABLES["migration"].insert, (version, at_us))
            connection.execute(f"PRAGMA user_version = {version}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


def _copy(connection: sqlite3.Connection, path: Path, version: int) -> None:
    """Keep the file as it was, beside it."""
    copy = path.with_name(f"{path.name}-version-{version}")
    os.close(os.open(copy, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))
    connection.execute("VACUUM INTO ?", (str(copy),))


def _version_1(connection: sqlite3.Connection, at_us: int) -> None:
    connection.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
    for statement in schema.statements():
        connection.execute(statement)
    for table, named in schema.code_names().items():
        connection.executemany(TABLES[table].insert, named)
    facts = {"id": secrets.token_hex(16), "created_us": str(at_us), "sqlite_version": sqlite3.sqlite_version}
    connection.executemany(TABLES["meta"].insert, facts.items())
    connection.executemany(TABLES["counter"].insert, [(name, 0) for name in COUNTED])


MIGRATIONS: tuple[Callable[[sqlite3.Connection, int], None], ...] = (_version_1,)


def check_readable(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse to read what has no content yet.

    raises  JournalError, also as `check_ours`
    """
    if check_ours(connection, path) == 0:
        message = f"the journal {path} is empty"
        raise JournalError(message, hint="the first `durable-wf run` or `deployments create` fills it")
