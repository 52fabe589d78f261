"""What the harness leaves behind: nothing but the folders of points that are wrong, however it ends.

A pool that is terminated kills its workers in the middle of a step: folders in memory, mounts, and the processes that
a step has started would stay. So all folders lie in one, and every process that has lost its parent becomes ours.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import tempfile
import types
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import psutil

_MEMORY = Path("/dev/shm")  # noqa: S108 - folders in it are made by tempfile
_PREFIX = "durable-wf-crash-"
_PR_SET_CHILD_SUBREAPER = 36
_ENDS = (signal.SIGINT, signal.SIGTERM)
_PATIENCE_S = 30  # a killed process that the kernel does not let go
_shared: list[Path] = []  # folder in memory of the harness that runs; its workers are forks and know it


@contextmanager
def folders(prefix: str) -> Iterator[tuple[Path, list[str]]]:
    """A folder for the points, and a list: whoever puts something into it has the folder kept.

    At the end, whatever brings it about, this process has no child and no mount, and the other folders are gone. Ctrl-C
    and SIGTERM end the harness with 128 and their number.
    """
    kept: list[str] = []
    folder = Path(tempfile.mkdtemp(prefix=prefix)).resolve()
    memory = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=_in_memory())).resolve()
    _shared.append(memory)
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    before = [signal.signal(number, _stop) for number in _ENDS]
    try:
        yield folder, kept
    finally:
        for number in _ENDS:  # a second one does not keep the first from being answered
            signal.signal(number, signal.SIG_IGN)
        kill_children()
        _unmount(memory, folder)
        _shared.remove(memory)
        shutil.rmtree(memory, ignore_errors=True)
        if not kept:
            shutil.rmtree(folder, ignore_errors=True)
        for number, handler in zip(_ENDS, before, strict=True):
            signal.signal(number, handler)


@contextmanager
def apart() -> Iterator[Path]:
    """A folder of one's own in memory, while it lasts."""
    with tempfile.TemporaryDirectory(prefix=_PREFIX, dir=_shared[-1] if _shared else _in_memory()) as name:
        yield Path(name).resolve()


def as_a_worker() -> None:
    """What a process of a pool begins with: its pool ends it, and Ctrl-C on the terminal is the harness's business.

    One that dies of it while it waits for work would keep a lock that the end of the pool waits for.
    """
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def as_a_step() -> None:
    """What a step's process begins with: signals as in any program."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)


def kill_children() -> None:
    """Kill every process that descends from this one, and those they start meanwhile."""
    ours = psutil.Process()
    while found := ours.children(recursive=True):
        for one in found:
            with contextlib.suppress(psutil.NoSuchProcess):
                one.kill()
        _, left = psutil.wait_procs(found, timeout=_PATIENCE_S)
        if left:  # the kernel does not let them go
            return


def _in_memory() -> Path | None:
    return _MEMORY if _MEMORY.is_dir() else None


def _unmount(*above: Path) -> None:
    points = [Path(one.mountpoint) for one in psutil.disk_partitions(all=True)]
    for point in reversed(points):  # what was mounted last lies on top
        if any(point.is_relative_to(folder) for folder in above):
            subprocess.run(("umount", "-l", str(point)), capture_output=True, check=False)


def _stop(number: int, frame: types.FrameType | None) -> NoReturn:
    del frame
    raise SystemExit(128 + number)
