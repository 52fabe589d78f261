"""The versions of the file: which one it is, and how an older one becomes the newest.

A new file gets the newest schema, which is what `schema` says. An older one is copied, then all steps that it lacks
are one transaction: it has the newest version, or is as it was. Who only reads does not migrate: an earlier version has
the same tables and its own views. A file of another program, or of a newer version, is refused unread.

To make version n + 1 of a released version n: write its golden journal (tests/journal/golden/make.py), put its
fingerprint into `schema.EARLIER`, raise `schema.VERSION`, and add a step here, which is mostly `remake`.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
from collections.abc import Callable
from typing import TYPE_CHECKING

from durable_wf.errors import JournalError
from durable_wf.journal import driver, schema
from durable_wf.journal.remake import remake
from durable_wf.journal.tables import TABLES
from durable_wf.sources import whole

if TYPE_CHECKING:
    from pathlib import Path

COUNTED = (
    "seq", "event", "blueprint", "deployment", "node_instance", "execution", "inbox", "modification",
    "modification_step",
)  # fmt: skip


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
    if version > schema.VERSION:
        message = f"the journal {path} has version {version}; this program knows versions up to {schema.VERSION}"
        raise JournalError(message, hint="use the newer durable-wf that wrote it")
    return version


def migrate(connection: sqlite3.Connection, path: Path, at_us: int) -> None:
    """Bring the file to the newest version, in one transaction; an older one is copied first.

    Call under the write lock, outside a transaction, with foreign keys on. Cost: see `remake`, and the copy.
    """
    version = check_ours(connection, path)
    if version == schema.VERSION:
        return
    if version:
        _copy(connection, path, version)
    connection.execute("PRAGMA foreign_keys = OFF")  # while tables take each other's places
    try:
        _in_one_transaction(connection, version, at_us)
    finally:
        connection.execute("PRAGMA foreign_keys = ON")
    if version:  # what was written may be as long as the file, and nothing else should have to read it from the -wal
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()


def _in_one_transaction(connection: sqlite3.Connection, version: int, at_us: int) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        if version:
            for step in range(version, schema.VERSION):
                STEPS[step](connection)
        else:
            _make(connection, at_us)
        reached = [(each, at_us) for each in range(version + 1, schema.VERSION + 1)]
        connection.executemany(TABLES["migration"].insert, reached)
        connection.execute(f"PRAGMA user_version = {schema.VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _copy(connection: sqlite3.Connection, path: Path, version: int) -> None:
    """Keep the file as it was, beside it, and durable before anything is changed."""
    copy = path.with_name(f"{path.name}-version-{version}")
    descriptor = os.open(copy, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        connection.execute("VACUUM INTO ?", (str(copy),))
        os.fsync(descriptor)
    except BaseException:
        copy.unlink()  # half of it is worth nothing, and the disk may be full
        raise
    finally:
        os.close(descriptor)
    whole.sync(path.parent)


def _make(connection: sqlite3.Connection, at_us: int) -> None:
    """The content of a new file: the newest version at once."""
    connection.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
    for statement in schema.statements():
        connection.execute(statement)
    for table, named in schema.code_names().items():
        connection.executemany(TABLES[table].insert, named)
    facts = {"id": secrets.token_hex(16), "created_us": str(at_us), "sqlite_version": driver.chosen().version}
    connection.executemany(TABLES["meta"].insert, facts.items())
    connection.executemany(TABLES["counter"].insert, [(name, 0) for name in COUNTED])


def _remake_and_count(connection: sqlite3.Connection) -> None:
    """New tables, of which two have numbers of their own."""
    remake(connection)
    there = {name for (name,) in connection.execute("SELECT name FROM counter")}
    connection.executemany(TABLES["counter"].insert, [(name, 0) for name in COUNTED if name not in there])


STEPS: dict[int, Callable[[sqlite3.Connection], None]] = {  # version → what makes the next one of it
    1: remake,  # names of codes, and the machines' rows, that came with the workflow framework
    2: _remake_and_count,  # modifications of deployments, and numbers of instances that they change
}


def check_readable(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse to read what has no content yet.

    raises  JournalError, also as `check_ours`
    """
    if check_ours(connection, path) == 0:
        message = f"the journal {path} is empty"
        raise JournalError(message, hint="the first `durable-wf run` or `deployments create` fills it")
