"""Another process holds a lock for longer than anybody should: the database's own, or our turnstile.

A runner waits, however long it takes, and goes on (L12). A command waits as long as it was told to, ends with code 8,
names the file, and has changed nothing.
"""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from durable_wf.journal import connection
from durable_wf.journal.locks import Turnstile
from tools.crash import judge, points, steps
from tools.crash.children import ask_child, in_child
from tools.crash.faults.base import Made, Place
from tools.crash.killing import Kill
from tools.crash.points import Point
from tools.crash.steps import UID, Setting, journal_of

_HELD = 8
_SHORT_S = 1.0
_LONG_S = 30.0
_PATIENCE_S = 0.3  # of SQLite, and of a command, where the hold is short


class Holder(NamedTuple):
    """A process that takes the lock and keeps it for so long, from before the runner opens the journal."""

    what: str
    seconds: float

    @property
    def exits(self) -> tuple[int, ...]:
        return ()  # a runner waits

    def arm(self, journal: Path) -> None:
        if self.seconds < _LONG_S:
            connection.BUSY_TIMEOUT_S = _PATIENCE_S
        _hold(self.what, journal, self.seconds)

    def undo(self, journal: Path) -> None:
        """It lets go by itself."""


def _hold(what: str, journal: Path, seconds: float) -> int:
    """Start the process that holds the lock; back when it has it. Its id."""
    read, write = os.pipe()
    pid = os.fork()
    if pid:
        os.close(write)
        os.read(read, 1)
        os.close(read)
        return pid
    try:
        os.dup2(write, 3)
        os.closerange(4, 1024)  # the pipe of the step's answer among them
        if what == "database":
            kept = sqlite3.connect(journal, isolation_level=None)
            kept.execute("BEGIN IMMEDIATE")
        else:
            turnstile = Turnstile(journal, command="the harness")
            turnstile.acquire()
        os.write(3, b"x")
        time.sleep(seconds)
    finally:
        os._exit(0)


class Held:
    """Points are `LOCK:WHO:SECONDS`."""

    name = "held"
    scenarios = ("graph", "handlers")
    parallel = (8,)

    def points(self, place: Place) -> list[str]:  # noqa: ARG002 - they are the same for every run
        holds = (_SHORT_S, _LONG_S)
        return [f"{what}:{who}:{s:.0f}" for s in holds for what in ("database", "turnstile") for who in _WHO]

    def make(self, place: Place, point: str, folder: Path) -> Made:
        what, who, seconds = point.split(":")
        return _WHO[who](place, point, folder, Holder(what, float(seconds)))


def _runner(place: Place, point: str, folder: Path, holder: Holder) -> Made:
    made = points.make(Point(place.scenario, place.max_parallel, (holder,), place.durability), folder, place.reference)
    way = "waited" if made.way == "ended" else made.way
    return Made(point, made.problems, way, folder=made.folder)


def _command(place: Place, point: str, folder: Path, holder: Holder) -> Made:
    folder.mkdir(parents=True)
    made, log = Made(point, way="refused", folder=str(folder)), folder / "output.txt"
    setting = Setting(place.scenario, folder, place.max_parallel, place.durability, "cli")
    journal = journal_of(folder)
    ask_child(log, steps.prepare, setting)
    in_child(log, steps.start, setting, Kill(max(1, place.reference.commits // 2), "after"))
    before = ask_child(log, judge.look, place.scenario, folder)
    pid = _hold(holder.what, journal, 2 * steps.WAIT_S)
    try:
        patience = _PATIENCE_S if holder.seconds < _LONG_S else holder.seconds
        answer = ask_child(log, _cancel, setting, patience)
    finally:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    if answer["exit"] != _HELD or str(journal) not in answer["text"] or "Traceback" in answer["text"]:
        made.problems.append(f"it should end with code {_HELD} and name {journal}: {answer}")
    after = ask_child(log, judge.look, place.scenario, folder)
    made.problems += after["problems"]
    if after["dump"] != before["dump"]:
        made.problems.append("a refused command has changed the journal")
    reset = ask_child(log, _resume, setting)
    if reset["exit"] != 0:
        made.problems.append(f"the resume afterwards: {reset}")
    made.problems += ask_child(log, judge.look, place.scenario, folder)["problems"]
    ask_child(log, steps.clean, setting)
    if not made.problems:
        shutil.rmtree(folder)
    return made


def _cancel(setting: Setting, patience: float) -> dict[str, object]:
    connection.BUSY_TIMEOUT_S = min(connection.BUSY_TIMEOUT_S, patience)
    return steps.command(setting, "--lock-timeout", str(patience), "cancel", UID)


def _resume(setting: Setting) -> dict[str, object]:
    return steps.resume(setting, None, reset=True)


_WHO = {"runner": _runner, "command": _command}
HELD = Held()
