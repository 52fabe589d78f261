"""Where the engines of one test keep their journal. Each engine opens a handle of its own, as a process would."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from durable_wf.journal.memory import MemoryJournal

if TYPE_CHECKING:
    from pathlib import Path

_NUMBERS = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Performed:
    """That an engine of this test has called an operation or a local task."""

    execution: str
    task: int
    attempt: int


class MemoryStore:
    """In memory: gone with the test, and fast.

    performed  what the engines on it have run, in order
    """

    def __init__(self) -> None:
        self.performed: list[Performed] = []
        self._first = MemoryJournal(journal_id=f"memory {next(_NUMBERS)}")

    def open(self) -> Any:
        """A handle for one process."""
        return self._first.sibling()

    def kill(self, journal: Any) -> None:
        """What the kernel does for a dead process."""
        journal.close()  # gives up its ownership; a memory journal has nothing else


class FileStore:
    """A file. `durability="process"` waits for no disk, which a test need not.

    performed  what the engines on it have run, in order
    """

    def __init__(self, path: Path) -> None:
        self.performed: list[Performed] = []
        self.path = path

    def open(self) -> Any:
        """A handle for one process."""
        from durable_wf.journal.sqlite import open_journal

        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return open_journal(self.path, durability="process")

    def kill(self, journal: Any) -> None:
        """What the kernel does for a dead process: its locks are free, its connection stays as it was."""
        journal._owners.close()
