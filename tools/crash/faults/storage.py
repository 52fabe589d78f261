"""The disk refuses: an error at the n-th write or sync, once or for good; a full disk, a limit, a read-only file.

What is required: exit code 10 and the file's name, never a traceback; nothing that was acknowledged is lost, nothing is
half written; once the cause is gone, a resume completes it. A runner may also go on where the error is of no account:
a checkpoint that failed is made later.
"""

from __future__ import annotations

import os
import resource
from pathlib import Path
from typing import NamedTuple

from tools.crash import disks, points
from tools.crash.faults.base import Made, Place
from tools.crash.killing import Kill
from tools.crash.points import Point
from tools.crash.shim import Action, Call, Strike
from tools.crash.steps import Cause, Hit

CLI = "cli-"  # before a point: a resume by the command line meets it, not the run itself
_SCENARIOS = ("graph", "standard", "handlers")
_DISK_KB = 8192
_STEP_KB = 8
EXITS = (10,)  # disk or I/O


def _through(place: Place, cause: Cause, *, by_command: bool, disk_kb: int = 0, durability: str | None = None) -> Point:
    """The point: the run meets the cause, or a resume by the command line after a kill at half of the commits."""
    before: tuple[Hit, ...] = (Kill(max(1, place.reference.commits // 2), "after"),) if by_command else ()
    through = "cli" if by_command else "engine"
    kills = (*before, cause)
    return Point(place.scenario, place.max_parallel, kills, durability or place.durability, through, disk_kb)


class Failing:
    """The n-th call fails, for every n that an undisturbed run has; `17+` fails from there on.

    durability  what the journal promises, where that makes calls that there would not be otherwise
    """

    scenarios = _SCENARIOS
    parallel = (1, 8)

    def __init__(self, name: str, action: Action, calls: tuple[Call, ...], durability: str | None = None) -> None:
        self.name = name
        self._action = action
        self._calls = calls
        self.durability = durability

    def points(self, place: Place) -> list[str]:
        """Each call of a run, and of a resume by the command line, once and for good."""
        found = []
        for before in ("", CLI):
            point = self._point(place, f"{before}0")
            counted = points.count(point, place.folder / f"counted{before}")
            calls = sum(counted[call] for call in self._calls)
            found += [f"{before}{n}{sticky}" for n in range(1, calls + 1) for sticky in ("", "+")]
        return found

    def make(self, place: Place, point: str, folder: Path) -> Made:
        """`absorbed`: it went on all the same."""
        verdict = points.make(self._point(place, point), folder, place.reference)
        return Made(point, verdict.problems, verdict.way, folder=verdict.folder)

    def _point(self, place: Place, point: str) -> Point:
        number = point.removeprefix(CLI)
        strike = Strike(self._action, int(number.rstrip("+")), self._calls, sticky=number.endswith("+"))
        return _through(place, strike, by_command=point.startswith(CLI), durability=self.durability)


class Full(NamedTuple):
    """A disk with this little room."""

    free_kb: int

    @property
    def exits(self) -> tuple[int, ...]:
        return EXITS

    def arm(self, journal: Path) -> None:
        found = os.statvfs(journal.parent)
        filler = bytes(max(0, found.f_bavail * found.f_bsize - self.free_kb * 1024))
        (journal.parent / "filler").write_bytes(filler)

    def undo(self, journal: Path) -> None:
        (journal.parent / "filler").unlink()


class FileLimit(NamedTuple):
    """No file of the process may become longer than this (RLIMIT_FSIZE)."""

    kb: int

    @property
    def exits(self) -> tuple[int, ...]:
        return EXITS

    def arm(self, journal: Path) -> None:  # noqa: ARG002 - a limit of the process
        resource.setrlimit(resource.RLIMIT_FSIZE, (self.kb * 1024, resource.RLIM_INFINITY))

    def undo(self, journal: Path) -> None:
        """It is gone with the process."""


class ReadOnly(NamedTuple):
    """The journal, or its whole folder, cannot be written by anybody."""

    what: str

    @property
    def exits(self) -> tuple[int, ...]:
        return EXITS

    def arm(self, journal: Path) -> None:
        disks.make_read_only(self._path(journal))

    def undo(self, journal: Path) -> None:
        disks.make_writable(self._path(journal))

    def _path(self, journal: Path) -> Path:
        return journal if self.what == "file" else journal.parent


class Refused:
    """Causes that are real, and no errors of a shim.

    causes  by the name of a point
    skips   why it cannot be made here, or None
    """

    scenarios: tuple[str, ...] = ("graph", "handlers")
    parallel: tuple[int, ...] = (1, 8)

    def __init__(self, name: str, causes: dict[str, Cause], *, disk_kb: int = 0) -> None:
        self.name = name
        self._causes = causes
        self._disk_kb = disk_kb

    def skips(self) -> str | None:
        return disks.why_not() if self._disk_kb else None

    def points(self, place: Place) -> list[str]:  # noqa: ARG002 - they are the same for every run
        """Each cause, met by a run and by a resume by the command line."""
        return [f"{before}{name}" for before in ("", CLI) for name in self._causes]

    def make(self, place: Place, point: str, folder: Path) -> Made:
        cause = self._causes[point.removeprefix(CLI)]
        made = _through(place, cause, by_command=point.startswith(CLI), disk_kb=self._disk_kb)
        verdict = points.make(made, folder, place.reference)
        return Made(point, verdict.problems, verdict.way, folder=verdict.folder)


EIO_WRITE = Failing("eio-write", "EIO", ("write", "truncate", "unlink"))
ENOSPC = Failing("enospc", "ENOSPC", ("write",))
EIO_SYNC = Failing("eio-sync", "EIO", ("sync",), durability="power")
DISK_FULL = Refused("disk-full", {str(kb): Full(kb) for kb in range(0, 512, _STEP_KB)}, disk_kb=_DISK_KB)
FILE_LIMIT = Refused("file-limit", {str(kb): FileLimit(kb) for kb in range(16, 512, _STEP_KB)})
READ_ONLY = Refused("read-only", {what: ReadOnly(what) for what in ("file", "folder")}, disk_kb=_DISK_KB)
