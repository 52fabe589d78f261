"""Which SQLite runs, by which driver, and whether it is known to lose what was committed."""

from __future__ import annotations

import os

from durable_wf.inspection.health.finding import OK, WARNING, Finding
from durable_wf.journal import driver, library

_SHOWN = {driver.PYTHON: "Python's sqlite3", driver.APSW: "apsw"}


def sqlite(version: str | None = None, name: str | None = None) -> Finding:
    """The library's version, the driver that brings it, and its known durability bugs.

    version, name  another version or driver than those in use, to be judged
    """
    chosen = driver.chosen()
    version, name = version or chosen.version, name or chosen.name
    found = library.bugs(version)
    facts = {"version": version, "driver": name, "bugs": [bug.name for bug in found]}
    this = f"SQLite {version} ({_SHOWN[name]})"
    if not found:
        return Finding("sqlite", OK, f"{this}, without a known bug that loses commits", None, facts)
    bug = found[0]
    text = (
        f"{this} has the {bug.name} bug: {bug.what}. durable-wf never does that: of all its processes one "
        "connection at a time writes or checkpoints, under a lock. Other programs do not know the lock"
    )
    return Finding("sqlite", WARNING, text, _mend(bug, name), facts)


def _mend(bug: library.Bug, name: str) -> str:
    """What to do: pip takes an apsw that the extra's range admits, and none of that range has a bug of `BUGS`."""
    mend = driver.EXTRA
    if name == driver.PYTHON:
        mended = " or ".join(".".join(map(str, one)) for one in bug.mended)
        forced = f" and unset {driver.VARIABLE}" if os.environ.get(driver.VARIABLE) else ""
        mend += f"{forced}; or use a Python whose sqlite3 has {mended}, or a later one"
    return f"{mend}. Let no other program with such an SQLite open the journal but to read it (mode=ro)"
