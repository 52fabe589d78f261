"""What a disk may hold after the power is cut: a model of files, names and syncs, with no file of its own.

Pessimistic, after what POSIX promises and no more. A sync of a file makes its earlier writes and its name durable; a
sync of the folder makes all names durable. Of what was done since, any part may have landed: of a write any of its
sectors, of a truncation all or nothing, of a name's creation, removal or change all or nothing. What has landed in one
place stands in the order in which it was written. A name that is lost takes what was written to its file with it; one
whose removal is lost shows the old file, not one made later under the same name. A disk that lies about syncs is not
modelled.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

SECTORS = (512, 4096)
SUBSETS = 3  # of each size of sector, at each prefix
_CHANCES = (0.2, 0.5, 0.8, 0.95)


class Create(NamedTuple):
    """A new, empty file has that name. `file` is a number of its own, also where a name is used again."""

    name: str
    file: int


class Write(NamedTuple):
    """Bytes were put into a file at an offset."""

    file: int
    offset: int
    data: bytes


class Truncate(NamedTuple):
    """A file has that length now."""

    file: int
    length: int


class Unlink(NamedTuple):
    """The name is gone."""

    name: str


class Rename(NamedTuple):
    """A file has another name now."""

    old: str
    new: str


class Sync(NamedTuple):
    """What was done to a file is durable, and so is its name."""

    file: int


class SyncNames(NamedTuple):
    """All names are durable."""


class Mark(NamedTuple):
    """Something happened that is no concern of the disk."""

    text: str


Event = Create | Write | Truncate | Unlink | Rename | Sync | SyncNames | Mark
Change = Create | Write | Truncate | Unlink | Rename  # what may be lost
_OfNames = (Create, Unlink, Rename)
Files = dict[str, bytes]  # content by name


class Cut(NamedTuple):
    """Where the power is cut, and what has landed by then.

    events  how many had happened
    sector  bytes that land or do not land together; 0 where `way` says it all
    way     `all`, `none`, or the number of a subset
    """

    events: int
    sector: int
    way: str

    def __str__(self) -> str:
        return f"{self.events}:{self.sector}:{self.way}"

    @classmethod
    def parse(cls, text: str) -> Cut:
        """The other way round.

        raises  ValueError
        """
        events, sector, way = text.split(":")
        return cls(int(events), int(sector), way)


class Disk:
    """What is durable, and what has been done since."""

    def __init__(self) -> None:
        self._names: dict[str, int] = {}  # durable
        self._content: dict[int, bytearray] = {}  # durable, by file
        self._frozen: dict[int, bytes] = {}  # the same, as it was last asked for
        self._pending: list[Change] = []
        self._now: dict[str, int] = {}  # as the processes see it

    def take(self, event: Event) -> None:
        """Go on by one event."""
        match event:
            case Mark():
                return
            case Sync():
                self._sync(event.file)
            case SyncNames():
                self._land(lambda change: isinstance(change, _OfNames))
            case _:
                self._pending.append(event)
                _rename(self._now, event)

    def cut(self, keep: Callable[[], bool], sector: int = 512) -> Files:
        """What there is when the power comes back.

        keep  asked for each piece of what is not durable, in order: whether it landed
        """
        names = dict(self._names)
        content: dict[int, bytearray] = {}
        for change in self._pending:
            if isinstance(change, _OfNames):
                if keep():
                    _rename(names, change)
                continue
            if change.file not in content:
                content[change.file] = bytearray(self._durable(change.file))
            for piece in pieces(change, sector):
                if keep():
                    _apply(content[change.file], piece)
        return {name: bytes(content[file]) if file in content else self._durable(file) for name, file in names.items()}

    def _durable(self, file: int) -> bytes:
        if file not in self._frozen:
            self._frozen[file] = bytes(self._content.get(file, b""))
        return self._frozen[file]

    @property
    def loose(self) -> int:
        """How many changes are not durable."""
        return len(self._pending)

    def _sync(self, file: int) -> None:
        """A name's creation becomes durable with its file; so does what happened to that name before."""
        mine = {name for name, number in self._now.items() if number == file}

        def lands(change: Change) -> bool:
            match change:
                case Write() | Truncate():
                    return change.file == file
                case Rename():
                    return bool(mine & {change.old, change.new})
                case _:
                    return change.name in mine

        self._land(lands)

    def _land(self, lands: Callable[[Change], bool]) -> None:
        left = []
        for change in self._pending:
            if not lands(change):
                left.append(change)
            elif isinstance(change, Write | Truncate):
                self._frozen.pop(change.file, None)
                _apply(self._content.setdefault(change.file, bytearray()), change)
            else:
                _rename(self._names, change)
        self._pending = left


@lru_cache(maxsize=1 << 15)
def pieces(change: Write | Truncate, sector: int) -> Sequence[Write | Truncate]:
    """The parts of a change that land or do not land each for itself."""
    if isinstance(change, Truncate):
        return (change,)
    found = []
    at, end = change.offset, change.offset + len(change.data)
    while at < end:
        until = min(end, at - at % sector + sector)
        found.append(Write(change.file, at, change.data[at - change.offset : until - change.offset]))
        at = until
    return found


def _apply(content: bytearray, change: Write | Truncate) -> None:
    until = change.length if isinstance(change, Truncate) else change.offset
    content.extend(bytes(max(0, until - len(content))))
    if isinstance(change, Truncate):
        del content[until:]
    else:
        content[until : until + len(change.data)] = change.data


def _rename(names: dict[str, int], change: Change) -> None:
    match change:
        case Create():
            names[change.name] = change.file
        case Unlink():
            names.pop(change.name, None)
        case Rename():
            if change.old in names:
                names[change.new] = names.pop(change.old)


def cuts(events: int) -> Iterator[Cut]:
    """Every way of cutting the power after so many events."""
    yield Cut(events, 0, "all")
    yield Cut(events, 0, "none")
    for sector in SECTORS:
        for number in range(SUBSETS):
            yield Cut(events, sector, str(number))


def cut(disk: Disk, at: Cut) -> Files:
    """What the cut leaves of a disk to which its events have happened. The same cut leaves the same."""
    if at.way in ("all", "none"):
        return disk.cut(lambda: at.way == "all")
    chance = random.Random(str(at))  # noqa: S311 - a choice that can be made again
    share = chance.choice(_CHANCES)
    whole = iter(range(chance.choice((0, chance.randrange(disk.loose + 1)))))  # so many landed in order, and then some
    return disk.cut(lambda: next(whole, None) is not None or chance.random() < share, at.sector)


def disk_after(events: Sequence[Event]) -> Disk:
    """The disk to which these have happened."""
    disk = Disk()
    for event in events:
        disk.take(event)
    return disk


def digest(files: Mapping[str, bytes]) -> str:
    """Tells states of files apart."""
    text = " ".join(f"{name}:{_digest(content)}" for name, content in sorted(files.items()))
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


@lru_cache(maxsize=8)  # most files are the same ones from one state to the next
def _digest(content: bytes) -> str:
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()


def distinct(events: Sequence[Event]) -> dict[str, Cut]:
    """The states that a cut at any prefix can leave, by digest; each with the last cut that leaves it.

    The last, because most has been promised by then.
    """
    disk, found = Disk(), {digest({}): Cut(0, 0, "all")}
    for number, event in enumerate(events, 1):
        disk.take(event)
        for at in cuts(number):
            if not disk.loose and at.way != "all":
                break  # they leave the same
            state = digest(cut(disk, at))
            found.pop(state, None)
            found[state] = at
    return found
