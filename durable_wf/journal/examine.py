"""Looking at a journal that we may not write beside: on a read-only disk, or another user's.

SQLite needs to write a -shm beside a journal to read it, and may leave it there in our name. So what we may not write
is copied, with its -wal and its head, into a folder that only we can read, and looked at there.
"""

from __future__ import annotations

import os
import shutil
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from durable_wf.errors import StorageError
from durable_wf.journal import files
from durable_wf.journal.reader import SqliteReader

if TYPE_CHECKING:
    from collections.abc import Iterator

_COPIED = ("", "-wal", "-head")
_TRIES = 3


@contextmanager
def examine(path: Path) -> Iterator[SqliteReader]:
    """A reader of the journal, or of a copy of it; nothing is written beside it where we could not write it.

    Not for a process that has the journal open otherwise: closing a file that SQLite has open drops its locks.

    raises  NotFoundError; JournalError for a file that is not a journal or too new; StorageError, also where somebody
            else writes it while it is copied
    """
    files.check_readable(path)
    if may_write(path):
        with closing(_opened(path)) as reader:
            yield reader
        return
    with TemporaryDirectory(prefix="durable-wf-") as folder:
        copy = Path(folder) / path.name
        _copy(path, copy)
        with closing(_opened(copy)) as reader:
            yield reader


def _opened(path: Path) -> SqliteReader:
    """Opened, and nothing asked yet: of a damaged file as much is read as can be."""
    reader = SqliteReader(path)
    try:
        with reader.snapshot():
            return reader
    except BaseException:
        reader.close()
        raise


def may_write(path: Path) -> bool:
    """Whether we may write the journal, and files beside it."""
    return os.access(path, os.W_OK) and os.access(path.parent, os.W_OK | os.X_OK)


def _copy(path: Path, copy: Path) -> None:
    """Copy a journal that rests.

    raises  StorageError
    """
    for _ in range(_TRIES):
        before = _stamps(path)
        try:
            for suffix in _COPIED:
                source = path.with_name(path.name + suffix)
                if source.exists():
                    shutil.copyfile(source, f"{copy}{suffix}", follow_symlinks=False)
        except OSError as error:
            message = f"{path} cannot be copied to be read: {error.strerror}"
            raise StorageError(message, hint="read it as the user that it belongs to") from error
        if _stamps(path) == before:
            return
    message = f"{path} cannot be read where it lies, and is being written while it is copied"
    raise StorageError(message, hint="read it as the user that it belongs to")


def _stamps(path: Path) -> list[tuple[int, int] | None]:
    """By which a write is noticed."""
    found: list[tuple[int, int] | None] = []
    for suffix in _COPIED:
        try:
            about = path.with_name(path.name + suffix).stat()
            found.append((about.st_mtime_ns, about.st_size))
        except FileNotFoundError:
            found.append(None)
    return found
