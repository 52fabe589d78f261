"""One bit of a journal's files flips while nobody looks: of the main file, or of a -wal that is not empty.

A flip is *effective* when the dump of all tables is not what it was, or cannot be made; *reported* when opening the
journal, comparing it with its head, or `verify` says that something is wrong; *silent* when it is effective and not
reported. None may be silent (L13).
"""

from __future__ import annotations

import random
from pathlib import Path

from tools.crash.children import ask_child
from tools.crash.contents import content
from tools.crash.faults.base import Made, Place
from tools.crash.steps import journal_of
from tools.crash.victims import RUN, Seen, apart, intact, keep, killed, look

FLIPS = 2000  # of one journal
_FILES = ("journal.db", "journal.db-wal")


class Bits:
    """Points are `FILE:BYTE:BIT`."""

    name = "bits"
    scenarios: tuple[str, ...] = ("graph", "handlers")
    parallel: tuple[int, ...] = (8,)

    def points(self, place: Place) -> list[str]:
        """Spread uniformly over both files; the same ones for the same files' lengths."""
        sizes = {name: (_victim(place) / name).stat().st_size for name in _FILES}
        if not all(sizes.values()):
            raise ValueError(f"a file is empty: {sizes}")
        chance = random.Random(f"{place.scenario} {sizes}")  # noqa: S311 - a choice that can be made again
        total = sum(sizes.values())
        found = []
        for bit in sorted(chance.sample(range(total * 8), FLIPS)):
            at = bit // 8
            name, offset = (_FILES[0], at) if at < sizes[_FILES[0]] else (_FILES[1], at - sizes[_FILES[0]])
            found.append(f"{name}:{offset}:{bit % 8}")
        return found

    def make(self, place: Place, point: str, folder: Path) -> Made:
        name, offset, bit = point.split(":")
        made = Made(point, folder=str(folder))
        with apart(_victim(place)) as here:
            log, journal = here / "output.txt", journal_of(RUN)
            flip(RUN / name, int(offset), int(bit))
            found, (newest, ahead, problems) = ask_child(log, _look, journal)
            effective = found != intact(_victim(place))
            reported = bool(problems) or ahead is not None
            made.way = ("effective" if effective else "no effect") + (", reported" if reported else "")
            if effective and not reported:
                made.problems.append(f"silent: the tables are not what they were; the journal ends at {newest}")
                keep(here, folder)
        return made


def flip(path: Path, offset: int, bit: int) -> None:
    """Turn one bit of a file round."""
    with path.open("r+b") as file:
        file.seek(offset)
        byte = file.read(1)[0]
        file.seek(offset)
        file.write(bytes([byte ^ 1 << bit]))


def _look(journal: Path) -> tuple[str | None, Seen]:
    return content(journal), look(journal)


def _victim(place: Place) -> Path:
    """The files of a run that was killed twice: what it did first is in the main file, the rest in the -wal."""
    half = max(1, place.reference.commits // 2)
    return killed(place, place.folder / "victim", (half, max(1, half // 2)))


BITS = Bits()
