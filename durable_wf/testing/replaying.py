"""Replaying a journal's executions with the code as it is now: the test that a change of a workflow needs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from durable_wf.authoring.functions import forget
from durable_wf.engine.offline import Replayed, replay
from durable_wf.inspection.find import find_execution
from durable_wf.journal.reader import open_reader

if TYPE_CHECKING:
    from os import PathLike

__all__ = ["Replayed", "replay_journal"]


def replay_journal(path: str | PathLike[str], execution: str | None = None) -> list[Replayed]:
    """Replay every execution of the journal at `path`, or one, newest first. What became of each.

    No operation runs and nothing is written: the file is opened for reading, and may be a golden one.

    raises  AssertionError with the two columns (journal says, code does) of every execution whose code asks for
            something else than the journal remembers; NotFoundError; InputError where the code cannot be had
    """
    forget()  # the code may be another one since
    reader = open_reader(Path(path))
    try:
        found = [find_execution(reader, execution)] if execution is not None else reader.executions()
        journal_id = reader.meta()["id"]
        told = [replay(reader, row, journal_id) for row in found]
    finally:
        reader.close()
    differ = [f"execution {one.execution} of {one.workflow}:\n{one.report}" for one in told if one.report is not None]
    if differ:
        text = "the code asks for something else than the journal remembers\n" + "\n".join(differ)
        raise AssertionError(text)
    return told
