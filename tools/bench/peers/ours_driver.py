"""durable-wf itself, driven as its peers are.

wide, chain, standard   the shapes of `tools.bench.work`, each with its durability: `wide power`
"""

from __future__ import annotations

import itertools
import sys
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))
import protocol

from durable_wf import Engine
from durable_wf.journal.sqlite import open_journal
from tools.bench import apart, runs, work

_DURABILITIES = ("power", "process")


class Ours:
    """See `protocol.Driver`. Each run has a journal of its own, opened before it."""

    def __init__(self) -> None:
        self.shapes = {
            f"{shape} {durability}": partial(self._run, shape, durability)
            for shape in ("wide", "chain", "standard")
            for durability in _DURABILITIES
        }
        self._numbers = itertools.count(1)

    def open(self, folder: Path) -> None:
        """Remember the folder."""
        self._folder = folder

    def close(self) -> None:
        """Nothing is open between runs."""

    def fill(self, folder: Path, count: int) -> None:
        """Dies in the step after `count`."""
        die = folder / "die"
        die.touch()
        with Engine(open_journal(folder / "journal.db")) as engine:
            engine.wait(engine.start(work.long_standard, {"count": count, "die": str(die)}))

    def replay(self, folder: Path) -> float:
        """From asking for the resume, reading the journal included, to the begin of the step."""
        return apart.resume(str(folder / "journal.db"))["all"]

    def _run(self, shape: str, durability: str, count: int) -> float:
        path = self._folder / f"{next(self._numbers)}.db"
        runs.fresh(path)
        seconds = runs.run(path, shape, count, durability).seconds
        for name in self._folder.glob(f"{path.name}*"):
            name.unlink()
        return seconds


if __name__ == "__main__":
    sys.exit(protocol.main(Ours()))
