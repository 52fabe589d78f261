"""The power is cut: what was written and synced is replayed to every prefix, and of the rest anything may have landed.

One run of each durability is recorded. A point is a state of the files that a cut can leave, which `crash_states` makes
of the recording: it is opened and verified, and some are resumed to the end. Under `power` nothing that was acknowledged
may be missing, and the head file may not be ahead of the journal. Under `process` the last commits may be.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from durable_wf.errors import DurableError, JournalBehindHead
from durable_wf.journal.reader import open_reader
from durable_wf.journal.sqlite import open_journal
from tools.crash import points, shim, steps
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
from tools.crash.points import Point
from tools.crash.recording import Kind, Record, read
from tools.crash.scenarios import ran
from tools.crash.steps import Setting, journal_of

DURABILITIES = ("power", "process")
RUN = Path("folder-of-the-run")  # relative: the workflow's parameters name it, and each state has its own
_JOURNAL = "journal.db"
_KEPT = frozenset(_JOURNAL + suffix for suffix in ("", "-wal", "-journal", "-head"))
_RESUMED = 350  # states of one scenario and parallelism, both durabilities: 2 100 in a full run
_MEMORY = Path("/dev/shm")  # noqa: S108 - folders in it are made by tempfile


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

    def points(self, place: Place) -> list[str]:
        """Every distinct state of both durabilities."""
        found = []
        for durability in DURABILITIES:
            recording = _recorded(place, durability)
            cuts = sorted(distinct(recording.events).values())
            step = max(1, len(cuts) * len(DURABILITIES) // _RESUMED)
            found += [f"{durability}:{at}" + ":resumed" * (not n % step) for n, at in enumerate(cuts)]
        return found

    def make(self, place: Place, point: str, folder: Path) -> Made:
        durability, _, rest = point.partition(":")
        at = Cut.parse(rest.removesuffix(":resumed"))
        recording = _recorded(place, durability)
        events = recording.events[: at.events]
        files = cut(disk_after(events), at)
        made = Made(point, state=digest(files), folder=str(folder))
        with tempfile.TemporaryDirectory(prefix="durable-wf-power-", dir=_MEMORY if _MEMORY.is_dir() else None) as name:
            here = Path(name).resolve()
            (here / RUN).mkdir()
            put(here / RUN, files)
            (here / RUN / ran.FILE).write_bytes(recording.ran[: said(events, "ran ")])
            with contextlib.chdir(here):
                self._judge(made, place, durability, said(events, "acknowledged seq "), resumed="resumed" in point)
            if made.problems:
                folder.mkdir(parents=True)
                shutil.copytree(here / RUN, folder / RUN)
                put(folder, files)
        return made

    def _judge(self, made: Made, place: Place, durability: str, acknowledged: int, *, resumed: bool) -> None:
        newest, behind, problems = look(journal_of(RUN))
        made.way = f"{durability}: whole"
        if newest < acknowledged:
            made.way = f"{durability}: older, noticed" if behind else f"{durability}: older, not noticed"
            if durability == "power":
                problems.append(f"seq {acknowledged} was acknowledged, and the journal ends at {newest}")
        if behind and durability == "power":
            problems.append("an honest power cut is taken for a lost log: the journal is older than its head")
        made.problems += problems
        if resumed and not problems:
            if durability == "power":
                (RUN / Acknowledged.path(Path()).name).write_text(f"{acknowledged:020d}\n")
            made.problems += resume(place, durability, behind=behind)
            made.way += ", resumed"


def put(folder: Path, files: Files) -> None:
    """Put files there, which only their owner may read."""
    for name, content in files.items():
        path = folder / name
        path.touch(0o600)
        path.write_bytes(content)


def look(journal: Path) -> tuple[int, bool, list[str]]:
    """The newest seq of a journal, whether its head file is ahead of it, and what is wrong."""
    try:
        reader = open_reader(journal)
    except DurableError as error:
        if journal.exists() and "is empty" not in str(error):
            return 0, False, [f"it cannot be opened: {error}"]
        try:  # nothing is in it yet: it must be possible to begin
            opened = open_journal(journal)
        except DurableError as refused:
            return 0, False, [f"it cannot be begun: {refused}"]
        try:
            return 0, opened.behind_head is not None, list(opened.verify())
        finally:
            opened.close()
    try:
        behind = reader.compare_with_head()
        newest: int = reader.query("SELECT ifnull(max(seq), 0) FROM transition")[0][0]
        problems = list(reader.verify())
    except DurableError as error:
        return 0, False, [f"it cannot be read: {error}"]
    finally:
        reader.close()
    if behind is not None and behind.head_seq <= newest:
        problems.append(f"its head has seq {behind.head_seq} and does not fit, and the journal has {newest}")
    return newest, behind is not None, problems


def resume(place: Place, durability: str, *, behind: bool) -> list[str]:
    """Resume the journal in the current folder to its end; what is wrong."""
    setting = Setting(place.scenario, RUN, place.max_parallel, durability, "engine")
    log = Path.cwd() / "output.txt"

    def before() -> list[str]:
        return _accept(setting, log) if behind else []

    try:
        ask_child(log, steps.prepare, setting)
        point = Point(place.scenario, place.max_parallel, (), durability)
        return points.go_on_from(point, RUN, place.reference, before).problems
    except StepFailed as error:
        return [str(error)]


def _accept(setting: Setting, log: Path) -> list[str]:
    """A plain resume is refused (L6), and a person accepts what is lost."""
    refused = ask_child(log, _plain, setting)
    problems = [] if refused["exit"] == JournalBehindHead.exit_code else [f"a plain resume said {refused}"]
    ask_child(log, _forgive, setting)
    return problems


def _plain(setting: Setting) -> dict[str, Any]:
    return steps.resume(setting, None, reset=False)


def _forgive(setting: Setting) -> None:
    journal = open_journal(journal_of(setting.folder), durability=setting.durability)
    journal.accept_loss()
    journal.close()


def _recorded(place: Place, durability: str) -> Recording:
    """The recording of the place's run; made once."""
    folder = place.folder / durability
    if not folder.exists():
        folder.mkdir(parents=True)
        log = folder / "output.txt"
        setting = Setting(place.scenario, RUN, place.max_parallel, durability, "engine")
        with contextlib.chdir(folder):
            RUN.mkdir()
            answer = ask_child(log, _record, setting, folder / "recording.bin")
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
