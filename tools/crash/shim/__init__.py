"""The preloaded shim: calls on a journal's files counted, failed, killed at, torn or recorded, from outside.

The harness starts itself again under it once (`preload`), and there it is dormant. Each step of a point is a fork, and
arms it for itself alone: a point costs no new interpreter. What it does stands in `shim.c`.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Literal, NamedTuple

SOURCE = Path(__file__).with_name("shim.c")
CACHE = SOURCE.parent.parent.parent.parent / ".cache" / "crash-shim"

Call = Literal["write", "sync", "truncate", "unlink"]
CALLS: tuple[Call, ...] = ("write", "sync", "truncate", "unlink")  # bits of the mask, in this order
Action = Literal["count", "kill", "torn", "EIO", "ENOSPC"]
_ACTIONS = ("", "count", "kill", "torn", "EIO", "ENOSPC")


class ShimMissing(Exception):
    """It cannot be built, or the process runs without it."""


class Strike(NamedTuple):
    """What happens at a call on the journal's files.

    n       which one, counted from 1 over all of `calls` since it was armed
    sticky  whether every later one meets the same
    """

    action: Action
    n: int
    calls: tuple[Call, ...] = CALLS
    sticky: bool = False

    def __str__(self) -> str:
        return f"{self.n}{'+' if self.sticky else ''}"

    @property
    def exits(self) -> tuple[int, ...]:
        return (10,)  # disk or I/O

    def arm(self, journal: Path) -> None:
        """Begin, in this process: it meets it at its n-th call from here."""
        arm(self, journal.resolve())

    def undo(self, journal: Path) -> None:
        """It is gone with the process that met it."""


def build() -> Path:
    """The shared object of the source as it is now, compiled if it has not been yet.

    raises  ShimMissing where there is no C compiler, with what to install
    """
    target = CACHE / hashlib.sha256(SOURCE.read_bytes()).hexdigest()[:16] / "shim.so"
    if target.exists():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    made = target.with_name(f"shim.{os.getpid()}.so")
    command = ("cc", "-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror", "-o", str(made), str(SOURCE), "-ldl")
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise ShimMissing("there is no C compiler `cc`: apt-get install gcc libc6-dev") from error
    if done.returncode:
        raise ShimMissing(f"{' '.join(command)}\n{done.stderr}")
    made.replace(target)  # at once: another process may build the same
    return target


@cache
def _library() -> ctypes.CDLL | None:
    """The shim in this process; None without it."""
    library = ctypes.CDLL(None)
    if not hasattr(library, "dwf_arm"):
        return None
    library.dwf_arm.argtypes = (ctypes.c_char_p, ctypes.c_int, ctypes.c_long, ctypes.c_int, ctypes.c_uint)
    library.dwf_seen.restype = library.dwf_struck.restype = ctypes.c_long
    library.dwf_record.argtypes = (ctypes.c_char_p, ctypes.c_char_p)
    library.dwf_mark.argtypes = (ctypes.c_char_p, ctypes.c_long)
    return library


def _loaded() -> ctypes.CDLL:
    library = _library()
    if library is None:
        raise ShimMissing("this process was not started under the shim: call preload() first")
    return library


def is_loaded() -> bool:
    """Whether this process runs under the shim."""
    return _library() is not None


def preload() -> None:
    """Start this very command again under the shim, unless it runs under it. What it starts does not inherit it.

    raises  ShimMissing
    """
    if is_loaded():
        return
    environment = {**os.environ, "LD_PRELOAD": str(build())}
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], environment)  # noqa: S606 - no shell is wanted


def _forget_preload() -> None:
    """Programs that operations start are not ours to look into."""
    if is_loaded() and "crash-shim" in os.environ.get("LD_PRELOAD", ""):
        del os.environ["LD_PRELOAD"]


def arm(strike: Strike, prefix: Path) -> None:
    """From now on, in this process only, the calls on files whose path begins with `prefix` are counted and struck.

    prefix  absolute and without symbolic links, as /proc shows it
    """
    mask = sum(1 << CALLS.index(call) for call in strike.calls)
    action = _ACTIONS.index(strike.action)
    _loaded().dwf_arm(str(prefix).encode(), action, strike.n, strike.sticky, mask)


def disarm() -> None:
    """Nothing is counted or struck any more."""
    _loaded().dwf_disarm()


def seen(call: Call | None = None) -> int:
    """How many calls there were since it was armed: of one kind, or of those that the strike is about."""
    found: int = _loaded().dwf_seen(-1 if call is None else CALLS.index(call))
    return found


def struck() -> int:
    """How many calls met the fault."""
    found: int = _loaded().dwf_struck()
    return found


def record(prefix: Path, log: Path) -> None:
    """Record every change of the files whose path begins with `prefix`, in this process only, into a new file.

    raises  OSError
    """
    error = _loaded().dwf_record(str(prefix).encode(), str(log).encode())
    if error:
        raise OSError(error, os.strerror(error), str(log))


def mark(text: str) -> None:
    """Put a word of the harness into the recording, behind all that has happened; nothing where none is made."""
    library = _library()
    if library is not None:
        said = text.encode()
        library.dwf_mark(said, len(said))


_forget_preload()
