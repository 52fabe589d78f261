"""The SQLite library that this process uses, and which of its known bugs could lose what was committed.

Source: sqlite.org/wal.html, "The WAL-Reset Bug", and the release notes of the versions that mend it.
"""

from __future__ import annotations

from typing import NamedTuple

from durable_wf.journal import driver

Version = tuple[int, ...]


class Bug(NamedTuple):
    """A bug by which SQLite may lose a commit or damage a file.

    first    the first version that has it
    mended   versions that do not: each ends it in its own line (3.44.x), the last in all that follow
    """

    name: str
    what: str
    first: Version
    mended: tuple[Version, ...]

    def is_in(self, version: Version) -> bool:
        """Whether a version has it."""
        if version < self.first or version >= self.mended[-1]:
            return False
        return not any(version[:2] == one[:2] and version >= one for one in self.mended)


BUGS = (
    Bug(
        "WAL-reset",
        "two connections that write or checkpoint at the same moment may lose a commit, or damage the file",
        (3, 7, 0),
        ((3, 44, 6), (3, 50, 7), (3, 51, 3)),
    ),
)


def version() -> str:
    """Of the library that journals are opened with (see `driver`)."""
    return driver.chosen().version


def bugs(of: str | None = None) -> list[Bug]:
    """Those of `BUGS` that a version has; by default the one in use."""
    numbers = driver.numbers(of or version())
    return [bug for bug in BUGS if bug.is_in(numbers)]
