"""The small files beside a journal: `<journal>-turn`, `-write`, `-owners` and `-head`.

A plugin may close descriptors that are not its own (`os.closerange`), and the number may then be another file's: so
each use looks whether the descriptor is still this file, and opens it anew if not. Locks that were lost with it stay
lost; the fence is what keeps a runner out that no longer owns its execution.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from durable_wf.journal.forks import Forkable

if TYPE_CHECKING:
    from pathlib import Path


class SideFile(Forkable):
    """An open file beside a journal, made if it is not there. No program started by us gets it.

    losses  how often it had to be opened anew
    """

    def __init__(self, journal: Path, suffix: str) -> None:
        super().__init__()
        self._path = journal.with_name(f"{journal.name}-{suffix}")
        self.losses = 0
        self._file = -1
        self._is = (0, 0)
        self._open()

    def fileno(self) -> int:
        """The descriptor; `fcntl` asks for it."""
        self.check_not_forked()
        if not self._is_ours():
            self.losses += 1
            self._open()
        return self._file

    def write(self, text: bytes) -> None:
        """Put it at the file's beginning.

        raises  OSError, with the file's name
        """
        try:
            os.pwrite(self.fileno(), text, 0)
        except OSError as error:
            error.filename = str(self._path)
            raise

    def close(self) -> None:
        """Give it back. Twice is harmless."""
        if self._file >= 0 and self._is_ours():
            os.close(self._file)
        self._file = -1

    def _open(self) -> None:
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        found = os.fstat(self._file)
        self._is = (found.st_dev, found.st_ino)

    def _is_ours(self) -> bool:
        try:
            found = os.fstat(self._file)
        except OSError:
            return False
        return (found.st_dev, found.st_ino) == self._is

    def _give_up(self) -> None:
        self.close()
