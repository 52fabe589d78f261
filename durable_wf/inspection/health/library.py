"""Which SQLite runs, and whether it is known to lose what was committed."""

from __future__ import annotations

from durable_wf.inspection.health.finding import OK, WARNING, Finding
from durable_wf.journal import library


def sqlite(version: str | None = None) -> Finding:
    """The library's version and its known durability bugs.

    version  another one than that in use, to be judged
    """
    version = version or library.version()
    found = library.bugs(version)
    facts = {"version": version, "bugs": [bug.name for bug in found]}
    if not found:
        return Finding("sqlite", OK, f"SQLite {version}, without a known bug that loses commits", None, facts)
    bug = found[0]
    mended = " or ".join(".".join(map(str, one)) for one in bug.mended)
    text = (
        f"SQLite {version} has the {bug.name} bug: {bug.what}. durable-wf never does that: of all its processes one "
        "connection at a time writes or checkpoints, under a lock. Other programs do not know the lock"
    )
    mend = (
        "let no other program open the journal but to read it (mode=ro); or use a Python whose "
        f"sqlite3 has {mended}, or a later one"
    )
    return Finding("sqlite", WARNING, text, mend, facts)
