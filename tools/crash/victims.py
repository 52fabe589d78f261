"""Journals of killed runs, as files to be damaged: their -wal is not empty, and nothing of them is open.

The workflow's parameters name their folder, so it is relative, and who looks at one or resumes it stands above it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from durable_wf.errors import DurableError, JournalBehindHead
from durable_wf.journal.head import Behind, Unreadable
from durable_wf.journal.reader import open_reader
from durable_wf.journal.sqlite import open_journal
from tools.crash import points, steps, tidy
from tools.crash.children import StepFailed, ask_child, in_child
from tools.crash.contents import content
from tools.crash.faults.base import Place
from tools.crash.killing import Kill
from tools.crash.points import Point
from tools.crash.steps import Setting, journal_of

RUN = Path("folder-of-the-run")


def setting_of(place: Place, durability: str = "process") -> Setting:
    """The steps of a run in the current folder."""
    return Setting(place.scenario, RUN, place.max_parallel, durability, "engine")


@contextlib.contextmanager
def apart(source: Path | None = None) -> Iterator[Path]:
    """Stand above a folder of a run of one's own, in memory, with a copy of `source`'s content."""
    with tidy.apart() as here:
        if source is None:
            (here / RUN).mkdir()
        else:
            shutil.copytree(source, here / RUN)
        with contextlib.chdir(here):
            yield here


def keep(here: Path, folder: Path) -> None:
    """Keep what went wrong."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copytree(here, folder, dirs_exist_ok=True)


def killed(place: Place, folder: Path, kills: tuple[int, ...], *, prepared: bool = True) -> Path:
    """A run that was killed after that commit, and its resumes after theirs; the folder of its files.

    prepared  whether the journal was made and closed before, so that its main file has the schema; and after each kill
              but the last it is opened and closed, so that its main file has what was in the -wal
    """
    made = folder / RUN
    if made.exists():
        return made
    with apart() as here:
        setting, log = setting_of(place), here / "output.txt"
        if prepared:
            ask_child(log, steps.prepare, setting)
        for number, n in enumerate(kills):
            if number:
                ask_child(log, _open_and_close, setting)
            ended = in_child(log, _resume if number else steps.start, setting, Kill(n, "after"))
            if not ended.signal:
                raise StepFailed(f"it ended before its commit {n}: {ended}\n{log.read_text()}")
        shutil.copytree(here / RUN, made)
    return made


def intact(victim: Path) -> str:
    """The dump of a victim as it was made; looked at once, in a copy."""
    kept = victim.with_name(f"{victim.name}.dump")
    if not kept.exists():
        with apart(victim) as here:
            text: str = ask_child(here / "output.txt", content, journal_of(RUN))
        made = kept.with_name(f"{kept.name}.{os.getpid()}")
        made.write_text(text)
        made.replace(kept)  # at once: another process of the pool may do the same
    return kept.read_text()


def _resume(setting: Setting, kill: Kill) -> object:
    return steps.resume(setting, kill, reset=True)


def _open_and_close(setting: Setting) -> None:
    open_journal(journal_of(setting.folder), durability=setting.durability).close()


class Seen(NamedTuple):
    """A journal as it was found.

    newest    the newest seq; 0 where nothing is in it
    ahead     the seq of its head file, if the journal does not have what that says
    problems  of opening it, or what `verify` says
    """

    newest: int
    ahead: int | None
    problems: list[str]


def look(journal: Path) -> Seen:
    """Open it, compare it with its head file, and verify it. Where it is empty, it must be possible to begin."""
    try:
        reader = open_reader(journal)
    except DurableError as error:
        if journal.exists() and "is empty" not in str(error):
            return Seen(0, None, [f"it cannot be opened: {error}"])
        return _begin(journal)
    try:
        newest: int = reader.query("SELECT ifnull(max(seq), 0) FROM transition")[0][0]
        return _seen(newest, reader.compare_with_head(), reader.verify())
    except DurableError as error:
        return Seen(0, None, [f"it cannot be read: {error}"])
    finally:
        reader.close()


def _begin(journal: Path) -> Seen:
    try:
        opened = open_journal(journal)
    except DurableError as error:
        return Seen(0, None, [f"it cannot be begun: {error}"])
    try:
        return _seen(opened.last_seq(), opened.behind_head, opened.verify())
    finally:
        opened.close()


def _seen(newest: int, doubt: Behind | Unreadable | None, problems: Iterable[str]) -> Seen:
    if isinstance(doubt, Unreadable):
        return Seen(newest, None, [str(doubt), *problems])
    return Seen(newest, None if doubt is None else doubt.head_seq, list(problems))


def resume(place: Place, durability: str, *, behind: bool) -> list[str]:
    """Resume the journal in the current folder to its end, as a person would; what is wrong.

    behind  it is older than its head: a plain resume must be refused (L6), and then a person accepts what is lost
    """
    setting, log = setting_of(place, durability), Path.cwd() / "output.txt"

    def before() -> list[str]:
        if not behind:
            return []
        refused = ask_child(log, _plain, setting)
        ask_child(log, steps.accept_loss, setting)
        if (refused["exit"], "its head file says" in refused["text"]) == (JournalBehindHead.exit_code, True):
            return []
        return [f"a plain resume of a journal that is older than its head said {refused}"]

    try:
        ask_child(log, steps.prepare, setting)
        point = Point(place.scenario, place.max_parallel, (), durability)
        return points.go_on_from(point, RUN, place.reference, before).problems
    except StepFailed as error:
        return [str(error)]


def _plain(setting: Setting) -> object:
    return steps.resume(setting, None, reset=False)
