"""The head file: the newest link of any chain, written beside the journal after each commit, without a sync.

A journal whose -wal was cut, deleted or left behind is an older, consistent journal, and SQLite cannot tell. The
head says what was the newest: if the journal does not have that link, it is behind (L6).
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from durable_wf.journal.sidefile import SideFile

if TYPE_CHECKING:
    from pathlib import Path

    from durable_wf.model.rows import Link

_SUFFIX = "head"
_BYTES = 4 * 21 + 64 + 1


class Newest(NamedTuple):
    """What the head file says was written last."""

    seq: int
    execution: int
    deployment: int
    ordinal: int
    hash: bytes
    at_us: int


class Behind(NamedTuple):
    """That the journal is older than its head file.

    head_seq, journal_seq  what each says is the newest
    head_us, journal_us    when that was written; what was written between them may be missing
    """

    head_seq: int
    journal_seq: int
    head_us: int
    journal_us: int


def read(journal: Path) -> Newest | None:
    """What was written last; None where there is no head file, or nothing readable in it."""
    try:
        with journal.with_name(f"{journal.name}-{_SUFFIX}").open("rb") as file:
            words = file.read(_BYTES).split()
            at_us = os.fstat(file.fileno()).st_mtime_ns // 1000
        seq, execution, deployment, ordinal = map(int, words[:4])
        return Newest(seq, execution, deployment, ordinal, bytes.fromhex(words[4].decode()), at_us)
    except (OSError, ValueError, IndexError):
        return None


class Head:
    """The head file of one journal, to be written."""

    def __init__(self, journal: Path) -> None:
        self._file = SideFile(journal, _SUFFIX)

    def write(self, link: Link) -> None:
        """Remember a link; the same number of bytes in the same place each time."""
        chain = f"{link.execution:020d} {link.deployment:020d} {link.ordinal:020d}"
        self._file.write(f"{link.last_seq:020d} {chain} {link.hash.hex()}\n".encode())

    def clear(self) -> None:
        """Remember nothing."""
        os.ftruncate(self._file.fileno(), 0)

    def close(self) -> None:
        """Give the file back. Twice is harmless."""
        self._file.close()
