"""A journal's write-ahead log is lost, cut or another's, or its -shm is: the process was killed, and then this.

SQLite opens an older, consistent journal then and says nothing. The head file has to: `verify` and the first resume say
which time may be missing, and `--accept-loss` goes on from there. Without a loss nothing may be said.
"""

from __future__ import annotations

import os
import random
from pathlib import Path

from tools.crash.children import ask_child
from tools.crash.contents import content
from tools.crash.faults.base import Made, Place
from tools.crash.killing import Acknowledged
from tools.crash.steps import journal_of
from tools.crash.victims import RUN, apart, intact, keep, killed, look, resume

STEP = 512
_FRESH, _PREPARED, _OTHER = "fresh", "prepared", "other"
_WHOLE = ("wal-deleted", "wal-swapped", "shm-deleted", "shm-garbage")
_RESUMED = 29  # one of so many cuts is resumed to the end


class WalFault:
    """Points are `JOURNAL:WHAT`, with `:resumed` where it is resumed to the end.

    `fresh` is a journal that its first process was killed on, so that its main file has nothing yet; `prepared` one
    whose schema is in its main file.
    """

    name = "wal"
    scenarios: tuple[str, ...] = ("graph", "standard", "handlers")
    parallel: tuple[int, ...] = (1, 8)

    def points(self, place: Place) -> list[str]:
        found = []
        for kind in (_FRESH, _PREPARED):
            size = (_victim(place, kind) / "journal.db-wal").stat().st_size
            _victim(place, _OTHER)
            found += [f"{kind}:{what}:resumed" for what in _WHOLE]
            found += [
                f"{kind}:{cut}" + ":resumed" * (not n % _RESUMED)
                for n, cut in enumerate(range(0, size, STEP))
            ]  # fmt: skip
        return found

    def make(self, place: Place, point: str, folder: Path) -> Made:
        kind, what = point.removesuffix(":resumed").split(":")
        made = Made(point, folder=str(folder))
        with apart(_victim(place, kind)) as here:
            journal, log = journal_of(RUN), here / "output.txt"
            _damage(journal, what, _victim(place, _OTHER))
            now = ask_child(log, content, journal)  # before it is opened to be written
            seen = look(journal)
            if seen.problems:
                made.way = "reported"
            elif seen.ahead is not None:
                made.way = "noticed"
            else:
                made.way = "nothing lost"
                if now != intact(_victim(place, kind)):
                    made.problems.append(f"rows are missing, and nobody says so; the journal ends at {seen.newest}")
            if what.startswith("shm") and made.way != "nothing lost":
                made.problems.append(f"only the -shm was touched, and: {seen}")
            if point.endswith(":resumed") and not made.problems and not seen.problems:
                Acknowledged.path(RUN).unlink()  # some of it may be missing now
                made.problems += resume(place, "process", behind=seen.ahead is not None)
                made.way += ", resumed"
            if made.problems:
                keep(here, folder)
        return made


def _victim(place: Place, kind: str) -> Path:
    """The files of the killed run; made once. `other` is another journal that went the same way."""
    commits = max(1, place.reference.commits * 2 // 3)
    return killed(place, place.folder / kind, (commits,), prepared=kind != _FRESH)


def _damage(journal: Path, what: str, other: Path) -> None:
    wal, shm = (journal.with_name(f"{journal.name}{suffix}") for suffix in ("-wal", "-shm"))
    match what:
        case "wal-deleted":
            wal.unlink()
        case "wal-swapped":
            wal.write_bytes((other / wal.name).read_bytes())
        case "shm-deleted":
            shm.unlink()
        case "shm-garbage":
            shm.write_bytes(random.Random(what).randbytes(shm.stat().st_size))  # noqa: S311 - any bytes do
        case _:
            os.truncate(wal, int(what))


WAL = WalFault()
