"""The head file: the newest link of any chain, written beside the journal after each commit, without a sync.

A journal whose -wal was cut, deleted or left behind is an older, consistent journal, and SQLite cannot tell. The
head says what was the newest: if the journal does not have that link, it is behind (L6). A head that is absent or empty
claims nothing: a journal is made with an empty one, and a power cut may leave it so, or with zeros for what was not
synced. One that is there and cannot be read may have claimed anything.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, NamedTuple

from durable_wf.clock import iso
from durable_wf.errors import HeadUnreadable, JournalBehindHead
from durable_wf.journal.sidefile import SideFile

if TYPE_CHECKING:
    from pathlib import Path

    from durable_wf.model.rows import Link

_SUFFIX = "head"
_BYTES = 4 * 21 + 64 + 1
_SHAPE = re.compile(rb"(\d{20}) (\d{20}) (\d{20}) (\d{20}) ([0-9a-f]{64})\n")


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

    def __str__(self) -> str:
        return (
            f"the journal ends at seq {self.journal_seq} ({iso(self.journal_us)}), but its head file says that seq "
            f"{self.head_seq} was committed ({iso(self.head_us)}): what was written between may be missing (L6)"
        )


class Unreadable(NamedTuple):
    """That there is a head file and nobody knows what it says, so that the journal may be older.

    reason  why not
    """

    file: str
    reason: str

    def __str__(self) -> str:
        return (
            f"the head file {self.file} cannot be read ({self.reason}): whether anything is missing is not known (L6)"
        )


def read(journal: Path) -> Newest | Unreadable | None:
    """What was written last; None where there is no head file, or nothing in it."""
    path = journal.with_name(f"{journal.name}-{_SUFFIX}")
    try:
        with path.open("rb") as file:
            text = file.read(_BYTES)
            at_us = os.fstat(file.fileno()).st_mtime_ns // 1000
    except FileNotFoundError:
        return None
    except OSError as error:
        return Unreadable(str(path), error.strerror or str(error))
    if not text.strip(b"\0"):
        return None
    found = _SHAPE.fullmatch(text)
    if found is None:
        reason = f"cut short, after {len(text)} of {_BYTES} bytes" if len(text) < _BYTES else "not what was written"
        return Unreadable(str(path), reason)
    seq, execution, deployment, ordinal = map(int, found.groups()[:4])
    return Newest(seq, execution, deployment, ordinal, bytes.fromhex(found[5].decode()), at_us)


def refusal(doubt: Behind | Unreadable, missing: str = "") -> JournalBehindHead:
    """The error that says what may be missing (L6).

    missing  what was looked for in the journal and is not there, as a sentence
    """
    text = f"{doubt}; {missing}" if missing else str(doubt)
    if isinstance(doubt, Unreadable):
        hint = "make it readable; or look what ran lately, then go on with --accept-loss, which writes it anew"
        return HeadUnreadable(text, hint=hint)
    return JournalBehindHead(text, hint="look what ran in that time, then run or resume with --accept-loss")


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
