"""The operations' own proof of what ran how often: <scratch>/ran, one file for each operation of each instance.

It is written before anything else is done and knows nothing of the engine's journal, so the two can be compared.
Lines are appended with one write each. They are not synced to the disk: they must outlive the process, not the
machine.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .files import append_line

MARKER = ".three-tier"
FOLDERS = ("ran", "site", "hosts", "books")


class NotOurs(Exception):
    """The scratch folder is used for something else."""


def claim(scratch: Path) -> None:
    """Mark the folder as the example's, once: what is marked may be removed when it is cleaned up.

    raises NotOurs where one of our folders' names is in use in it already. Safe to repeat, and to run twice at once.
    """
    marker = scratch / MARKER
    if marker.exists():
        return
    taken = [name for name in FOLDERS if (scratch / name).exists()]
    if taken and not marker.exists():  # again: another operation may have marked it meanwhile
        raise NotOurs(f"{scratch} holds {', '.join(taken)} of somebody else; choose an empty folder")
    scratch.mkdir(parents=True, exist_ok=True)
    marker.touch()


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one operation, as the operation itself sees it.

    instance  the instance's id; for a relationship both ids, the side that runs it first
    retry     0 for the first attempt
    key       the engine's idempotency key, where it gives one
    """

    operation: str
    instance: str
    retry: int = 0
    key: str | None = None


@contextmanager
def recorded(scratch: Path, run: Run, pause_s: float = 0.0) -> Iterator[None]:
    """Note the begin and the end of what is done inside, and take `pause_s` longer: half before it, half after.

    A process killed in the first half has changed nothing yet; in the second half the work is done, and nobody was
    told. From outside both look alike: a begin without an end.
    """
    _note(scratch, run, "begin")
    time.sleep(pause_s / 2)
    try:
        yield
    except BaseException as error:
        _note(scratch, run, "raised", type(error).__name__)
        raise
    time.sleep(pause_s / 2)
    _note(scratch, run, "end")


def _note(scratch: Path, run: Run, moment: str, error: str | None = None) -> None:
    line = {
        "moment": moment,
        "operation": run.operation,
        "instance": run.instance,
        "retry": run.retry,
        "key": run.key,
        "pid": os.getpid(),
    }
    if error:
        line["error"] = error
    append_line(scratch / "ran" / f"{run.instance}.{run.operation}.jsonl", line)
