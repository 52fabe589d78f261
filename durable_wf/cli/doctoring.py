"""`doctor`: whether the journal and its place are well; with `--migrate` an older journal becomes the newest."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from durable_wf.cli.calls import Call
from durable_wf.cli.output import clean, paint, plural
from durable_wf.cli.parameters import Migrate
from durable_wf.inspection.health.finding import OK, PROBLEM, WARNING, Finding

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_COLORS = {OK: "32", WARNING: "33", PROBLEM: "31"}


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What `doctor` found.

    level          the worst of the findings'
    migrated_from  the version before, where this call has migrated the journal; null where not
    """

    journal: str
    level: str
    migrated_from: int | None
    items: list[Finding]


def doctor(call: Call, migrate: Migrate = False) -> int:
    """Look at the journal and where it lies: file system, SQLite, files, head, sizes, runners. Runs and writes nothing.

    With --migrate an older journal is brought to the newest version first.
    """
    from durable_wf.inspection.health.diagnosis import diagnose

    path = call.config.journal
    before = _migrate(call, path) if migrate else None
    found = diagnose(path)
    count = {level: sum(one.level == level for one in found) for level in (OK, WARNING, PROBLEM)}
    worst = next(level for level in (PROBLEM, WARNING, OK) if count[level])
    lines = _lines(found, least=call.out.level, color=call.out.colors(sys.stdout))
    call.out.data(Diagnosis(str(path), worst, before, found), lines)
    call.out.note(f"{path}: {plural(count[PROBLEM], 'problem')}, {plural(count[WARNING], 'warning')}")
    return min((one.exit_code for one in found if one.level == PROBLEM), default=0)


def _migrate(call: Call, path: Path) -> int | None:
    """Bring the journal to the newest version; the version before, or None where it had the newest.

    raises  NotFoundError; JournalError; HeldError
    """
    from durable_wf.journal import schema
    from durable_wf.journal.examine import examine

    with examine(path) as reader:
        version: int = reader.query("PRAGMA user_version")[0][0]
    if version == schema.VERSION:
        call.out.note(f"{path} has version {version}, the newest: there is nothing to migrate")
        return None
    call.journal("doctor --migrate").close()
    call.out.note(f"{path} was migrated from version {version} to {schema.VERSION}")
    call.out.note(f"as it was: {path.name}-version-{version}, beside it")
    return version


def _lines(found: list[Finding], *, least: int, color: bool) -> Iterator[str]:
    """A line a finding, and one below it that says how to mend it; only what is not well where quiet."""
    width = max(len(one.name) for one in found)
    for one in found:
        if least < 0 and one.level == OK:
            continue
        level = paint(f"{one.level:<7}", _COLORS[one.level], on=color)
        yield f"{level}  {one.name:<{width}}  {clean(one.text)}"
        if one.mend is not None and (one.level != OK or least > 0):
            yield f"{'':<7}  {'':<{width}}  → {clean(one.mend)}"
