"""The size of the write-ahead log, without asking SQLite, and growing it ahead of use.

Source: sqlite.org/fileformat2.html, §4.1 "WAL File Format": a header of 32 bytes with the page size and two salts,
then frames of a 24-byte header and a page; a frame counts while its salts are the file header's. SQLite takes no
locks on the -wal file, so that opening it here disturbs none.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from durable_wf.journal.forks import Forkable

if TYPE_CHECKING:
    from pathlib import Path

_HEADER, _FRAME_HEADER = 32, 24
GROWN_BYTES = 4 * 1024 * 1024


class Wal(Forkable):
    """The -wal file of an open journal. Use it under the write lock only."""

    def __init__(self, journal: Path) -> None:
        super().__init__()
        self._file = os.open(f"{journal}-wal", os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)

    def frames(self) -> int:
        """How many frames it holds since it was last begun anew: a binary search over their salts."""
        header = os.pread(self._file, _HEADER, 0)
        if len(header) < _HEADER:
            return 0
        step = _FRAME_HEADER + int.from_bytes(header[8:12], "big")
        salts = header[16:24]
        low, high = 0, (os.fstat(self._file).st_size - _HEADER) // step
        while low < high:
            middle = (low + high) // 2
            if os.pread(self._file, 8, _HEADER + middle * step + 8) == salts:
                low = middle + 1
            else:
                high = middle
        return low

    def grow(self) -> None:
        """Write zeros behind its end up to 4 MB, so that commits overwrite instead of making the file longer.

        A growing file makes every sync commit the file system's journal too (1.6 times the time). Zeros are no
        frame: a recovery stops before them.
        """
        size = os.fstat(self._file).st_size
        if size < GROWN_BYTES:
            os.pwrite(self._file, bytes(GROWN_BYTES - size), size)
            os.fdatasync(self._file)

    def close(self) -> None:
        """Give the descriptor back. Twice is harmless."""
        if self._file >= 0:
            os.close(self._file)
        self._file = -1

    def _give_up(self) -> None:
        self.close()
