"""Death while a journal is made, or brought from version 1 to the newest: at every call that changes its files.

What is left is absent, empty or complete (of a migration: the old one or the new one), readers say which without a
traceback, and the next opening makes it whole.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

from durable_wf.errors import DurableError, JournalDamaged
from durable_wf.journal import schema
from durable_wf.journal.reader import open_reader
from durable_wf.journal.sqlite import open_journal
from tools.crash import shim
from tools.crash.children import StepFailed, ask_child, in_child
from tools.crash.faults.base import Made, Place
from tools.crash.shim import CALLS, Strike
from tools.crash.table import ROOT

_OLD = ROOT / "tests" / "journal" / "golden" / "version-1.db"
_NEW, _MIGRATED = "new", "version-1"
# of no run: what a migration may write
_TABLES_OF_CODES = ("migration", "state_name", "event_name", "subject_name", "kind_name", "machine_row")


class Creation:
    """SIGKILL at the n-th call of the first opening."""

    name = "creation"
    scenarios = (_NEW, _MIGRATED)
    parallel = (1,)

    def points(self, place: Place) -> list[str]:
        with tempfile.TemporaryDirectory(dir=place.folder) as folder:
            journal = _place(place, Path(folder))
            count: int = ask_child(place.folder / "output.txt", _open, journal, Strike("count", 0))
        return [str(n) for n in range(1, count + 1)]

    def make(self, place: Place, point: str, folder: Path) -> Made:
        folder.mkdir(parents=True)
        made, log, journal = Made(point, folder=str(folder)), folder / "output.txt", _place(place, folder)
        before = ask_child(log, _content, journal) if place.scenario == _MIGRATED else None
        try:
            in_child(log, _open, journal, Strike("kill", int(point), CALLS))
            made.way, found = ask_child(log, _look, journal)
            made.problems += found
            ask_child(log, _open, journal, None)
            state, found = ask_child(log, _look, journal)
            made.problems += [f"opened again: {text}" for text in found]
            if state != f"version {schema.VERSION}":
                made.problems.append(f"opened again, it is {state}")
            if before is not None and ask_child(log, _content, journal) != before:
                made.problems.append("the migrated rows are not those that were there")
        except StepFailed as error:
            made.problems.append(str(error))
        if not made.problems:
            shutil.rmtree(folder)
        return made


def _place(place: Place, folder: Path) -> Path:
    journal = folder.resolve() / "journal.db"
    if place.scenario == _MIGRATED:
        shutil.copy(_OLD, journal)
        journal.chmod(0o600)
    return journal


def _open(journal: Path, strike: Strike | None) -> int:
    """Open and close it; how many calls that took."""
    if strike is not None:
        shim.arm(strike, journal)
    open_journal(journal).close()
    return shim.seen()


def _look(journal: Path) -> tuple[str, list[str]]:
    """What is there in a word, and what is wrong with it."""
    if not journal.exists():
        return "absent", []
    try:
        reader = open_reader(journal)
        try:
            version = reader.query("PRAGMA user_version")[0][0]
            return f"version {version}", list(reader.verify())
        finally:
            reader.close()
    except JournalDamaged as error:
        return "damaged", [str(error)]
    except DurableError as error:
        return ("empty", []) if "empty" in str(error) else ("unreadable", [str(error)])


def _content(journal: Path) -> dict[str, Any]:
    """The rows of every table but those that name codes."""
    reader = open_reader(journal)
    try:
        tables = reader.query("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
        return {
            name: [list(map(str, row)) for row in reader.query(f"SELECT * FROM {name}")]
            for (name,) in tables
            if name not in _TABLES_OF_CODES
        }
    finally:
        reader.close()


CREATION = Creation()
