"""File systems for single points: a small one, and one that cannot be written. Mounts only below a point's folder."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class NoMount(Exception):
    """This machine does not let us mount; the text says why."""


@contextmanager
def of_its_own(folder: Path, size_kb: int) -> Iterator[None]:
    """A tmpfs at the folder while it lasts; nothing at all for 0 KB.

    raises  NoMount
    """
    if not size_kb:
        yield
        return
    folder.mkdir()
    _run("mount", "-t", "tmpfs", "-o", f"size={size_kb}k,mode=0700", "none", str(folder))
    try:
        yield
    finally:
        _run("umount", "-l", str(folder))
        folder.rmdir()


def make_read_only(folder: Path) -> None:
    """Nobody can write in the folder any more, root included, until `make_writable`.

    raises  NoMount
    """
    _run("mount", "--bind", str(folder), str(folder))
    _run("mount", "-o", "remount,ro,bind", str(folder))


def make_writable(folder: Path) -> None:
    """The other way round."""
    _run("umount", "-l", str(folder))


def why_not() -> str | None:
    """Why nothing can be mounted here; None if it can."""
    with tempfile.TemporaryDirectory(prefix="durable-wf-mount-") as folder:
        try:
            with of_its_own(Path(folder) / "try", 64):
                pass
        except NoMount as error:
            return str(error)
    return None


def _run(*command: str) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise NoMount(f"there is no program `{command[0]}`") from error
    if done.returncode:
        raise NoMount(f"{' '.join(command)}: {done.stderr.strip()}")
