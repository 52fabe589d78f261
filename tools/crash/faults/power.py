"""The power is cut: what was written and synced is replayed to every prefix, and of the rest anything may have landed.

One run of each durability is recorded. A point is a state of the files that a cut can leave, which `crash_states`
makes of the recording: it is opened and verified, and some are resumed to the end. Under `power` nothing that was
acknowledged may be missing, and the head file may not be ahead of the journal. Under `process` the last commits may be.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from tools.crash import shim, steps
from tools.crash.children import StepFailed, ask_child
from tools.crash.crash_states import (
    Create,
    Cut,
    Event,
    Files,
    Mark,
    Rename,
    Sync,
    SyncNames,
    Truncate,
    Unlink,
    Write,
    cut,
    digest,
    disk_after,
    distinct,
)
from tools.crash.faults.base import Made, Place
from tools.crash.killing import Acknowledged
from tools.crash.recording import Kind, Record, read
from tools.crash.scenarios import ran
from tools.crash.steps import Setting, journal_of
from tools.crash.victims import RUN, apart, keep, look, resume, setting_of

DURABILITIES = ("power", "process")
_JOURNAL = "journal.db"
_KEPT = frozenset(_JOURNAL + suffix for suffix in ("", "-wal", "-journal", "-head"))
_STATES = 1250  # of one scenario, parallelism and durability, spread evenly over all there are: 15 000 in a full run
_RESUMED = 7  # one of so many of them is resumed to the end: 2 100 in a full run


class Recording(NamedTuple):
    """A run as it was recorded.

    ran  what the operations had written about themselves by its end
    """

    events: tuple[Event, ...]
    ran: bytes


def events_of(records: Iterable[Record], folder: Path) -> Iterator[Event]:
    """The events of a recording, about the database, its logs and its head.

    folder  where they lay
    """
    numbers: dict[tuple[int, int], int] = {}  # an inode's number is used again
    made = 0
    for record in records:
        if record.kind is Kind.MARK:
            yield Mark(record.text)
            continue
        if record.kind is Kind.SYNC and Path(record.name) == folder:
            yield SyncNames()
            continue
        name = Path(record.name).name
        if name not in _KEPT:
            continue
        if record.kind is Kind.OPEN and record.made:
            made += 1
            numbers[record.file] = made
        yield from _event(record, name, numbers.get(record.file, 0))


def _event(record: Record, name: str, file: int) -> Iterator[Event]:
    match record.kind:
        case Kind.OPEN:
            if record.made:
                yield Create(name, file)
            elif record.flag:
                yield Truncate(file, 0)
        case Kind.WRITE:
            yield Write(file, record.offset, record.data)
        case Kind.TRUNCATE:
            yield Truncate(file, record.offset)
        case Kind.SYNC:
            yield Sync(file)
        case Kind.UNLINK:
            yield Unlink(name)
        case Kind.RENAME:
            yield Rename(name, Path(record.text).name)


def said(events: Iterable[Event], what: str) -> int:
    """The number of the last mark that begins like this; 0 without one."""
    last = 0
    for event in events:
        if isinstance(event, Mark) and event.text.startswith(what):
            last = int(event.text.removeprefix(what))
    return last


class Power:
    """Points are `DURABILITY:EVENTS:SECTOR:WAY`, with `:resumed` where it is resumed to the end."""

    name = "power"
    scenarios: tuple[str, ...] = ("graph", "standard", "handlers")
    parallel: tuple[int, ...] = (1, 8)
    durability = "both"

    def points(self, place: Place) -> list[str]:
        """Distinct states of both durabilities."""
        found = []
        for durability in DURABILITIES:
            cuts = sorted(distinct(_recorded(place, durability).events).values())
            print(f"power: {len(cuts)} distinct states of {place.scenario} x{place.max_parallel}, {durability}")
            count = min(_STATES, len(cuts))
            chosen = [cuts[n * len(cuts) // count] for n in range(count)]
            found += [f"{durability}:{at}" + ":resumed" * (not n % _RESUMED) for n, at in enumerate(chosen)]
        return found

    def make(self, place: Place, point: str, folder: Path) -> Made:
        durability, _, rest = point.partition(":")
        at = Cut.parse(rest.removesuffix(":resumed"))
        recording = _recorded(place, durability)
        events = recording.events[: at.events]
        files = cut(disk_after(events), at)
        made = Made(point, state=digest(files), folder=str(folder))
        with apart() as here:
            put(RUN, files)
            (RUN / ran.FILE).write_bytes(recording.ran[: said(events, "ran ")])
            self._judge(made, place, durability, said(events, "acknowledged seq "), resumed="resumed" in point)
            if made.problems:
                keep(here, folder)
                put(folder, files)
        return made

    def _judge(self, made: Made, place: Place, durability: str, acknowledged: int, *, resumed: bool) -> None:
        newest, ahead, problems = look(journal_of(RUN))
        made.problems += problems
        made.way = f"{durability}: whole"
        if newest < acknowledged:
            made.way = f"{durability}: older, " + ("not noticed" if ahead is None else "noticed")
            if durability == "power":
                made.problems.append(f"seq {acknowledged} was acknowledged, and the journal ends at {newest}")
        if ahead is not None and (durability == "power" or ahead <= newest):
            made.problems.append(f"a power cut is taken for more: the head file has seq {ahead}, the journal {newest}")
        if resumed and not made.problems:
            if durability == "power":
                Acknowledged.path(RUN).write_text(f"{acknowledged:020d}\n")
            made.problems += resume(place, durability, behind=ahead is not None)
            made.way += ", resumed"


def put(folder: Path, files: Files) -> None:
    """Put files there, which only their owner may read."""
    for name, content in files.items():
        path = folder / name
        path.touch(0o600)
        path.write_bytes(content)


def _recorded(place: Place, durability: str) -> Recording:
    """The recording of the place's run; made once."""
    folder = place.folder / durability
    if not folder.exists():
        folder.mkdir(parents=True)
        log = folder / "output.txt"
        with contextlib.chdir(folder):
            RUN.mkdir()
            answer = ask_child(log, _record, setting_of(place, durability), folder / "recording.bin")
        if answer["exit"] != 0:
            raise StepFailed(f"the run to be recorded is not well: {answer}\n{log.read_text()}")
    return _load(folder)


def _record(setting: Setting, log: Path) -> dict[str, Any]:
    shim.record(journal_of(setting.folder).absolute(), log)
    steps.prepare(setting)
    return steps.start(setting, None)


@lru_cache(maxsize=2)
def _load(folder: Path) -> Recording:
    events = tuple(events_of(read(folder / "recording.bin"), folder / RUN))
    return Recording(events, (folder / RUN / ran.FILE).read_bytes())


POWER = Power()
