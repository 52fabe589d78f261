"""What the golden journals remember, the same in every version: see `make` and `work`."""

import shutil
from pathlib import Path

from durable_wf.journal.reader import open_reader

HERE = Path(__file__).parent
VERSIONS = sorted(int(path.stem.removeprefix("version-")) for path in HERE.glob("version-*.db"))
WORK = "tests.journal.golden.work"
NEVER_WRITTEN = {"migration", "state_name", "event_name", "subject_name", "kind_name"}  # by anyone but a migration


def place(version, folder):
    """A copy of a golden journal, as a person would have it."""
    path = folder / "journal.db"
    shutil.copy(HERE / f"version-{version}.db", path)
    path.chmod(0o600)
    return path


def uid_of(path, workflow):
    """The id of the execution of a workflow."""
    reader = open_reader(path)
    try:
        return next(row.uid for row in reader.executions() if row.workflow.endswith(workflow))
    finally:
        reader.close()


def content(path, tables):
    """The rows of those of these tables that have any, as they stand there; of counters, those that have counted."""
    reader = open_reader(path)
    try:
        there = {name for (name,) in reader.query("SELECT name FROM sqlite_schema WHERE type = 'table'")}
        found = {table: reader.query(f"SELECT * FROM {table}") for table in tables if table in there - NEVER_WRITTEN}
        found["counter"] = [row for row in found["counter"] if row[1]] if "counter" in found else []
        return {table: rows for table, rows in found.items() if rows}
    finally:
        reader.close()
