"""The locks of a journal, in files beside it: the turnstile around every write, and the ownership bytes.

Never on the database file: closing any descriptor of that would drop SQLite's own locks. The kernel frees them all
when their process is gone, whatever it died of.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import struct
import sys
import threading
from typing import TYPE_CHECKING

from durable_wf.errors import EngineBug, HeldError
from durable_wf.journal import faults
from durable_wf.journal.forks import Forkable
from durable_wf.journal.sidefile import SideFile

if TYPE_CHECKING:
    from pathlib import Path

_HOLDER_BYTES = 256
_SETLK = getattr(fcntl, "F_OFD_SETLK", 37)  # Linux's numbers, where Python was built without the names
_GETLK = getattr(fcntl, "F_OFD_GETLK", 36)


class Turnstile(Forkable):
    """The write lock: two blocking locks, taken as `turn`, `write`, release `turn`.

    Who waits holds `turn`, so a busy writer cannot overtake it. One thread of the process has it at a time.

    timeout  seconds to wait for another process, or None for ever
    command  what the holder is doing, for whoever waits; no arguments that could be secret
    since    when it began, for people
    """

    def __init__(
        self, journal: Path, *, timeout: float | None = None, command: str | None = None, since: str = ""
    ) -> None:
        super().__init__()
        self._journal = journal
        self._timeout = timeout
        self._turn = SideFile(journal, "turn")
        self._write = SideFile(journal, "write")
        self._thread = threading.Lock()
        self._holder = 0  # the thread that has it
        about = {
            "pid": os.getpid(),
            "command": command or os.path.basename(sys.argv[0]),  # noqa: PTH119 - a name, not a path to use
            "since": since,
        }
        self._about = json.dumps(about)[:_HOLDER_BYTES].ljust(_HOLDER_BYTES).encode()

    @property
    def has_timeout(self) -> bool:
        """Whether a caller would rather be refused than wait for ever."""
        return self._timeout is not None

    def acquire(self) -> None:
        """Wait for the lock, in order of arrival.

        raises  HeldError after the time-out, saying who holds it; StorageError
        """
        self.check_not_forked()
        if self._holder == threading.get_ident():
            message = "a turn was begun inside a turn"
            raise EngineBug(message)
        if not self._thread.acquire(timeout=-1 if self._timeout is None else self._timeout):
            raise self._held()
        try:
            if self._timeout is None:
                self._block()
            elif not self._try():
                self._wait(self._timeout)
            self._write.write(self._about)
        except BaseException as error:
            try:
                with contextlib.suppress(OSError):  # the file cannot be had: then there is no lock of it either
                    fcntl.flock(self._write, fcntl.LOCK_UN)
            finally:
                self._thread.release()
            if isinstance(error, OSError):
                raise faults.translate(error, f"taking the write lock of {self._journal}") from error
            raise
        self._holder = threading.get_ident()

    def release(self) -> None:
        """Let the next one in. In a forked child nothing: the lock is the parent's."""
        if self._forked:
            return
        self._holder = 0
        try:
            fcntl.flock(self._write, fcntl.LOCK_UN)
        finally:
            self._thread.release()

    def __enter__(self) -> None:
        self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()

    def close(self) -> None:
        """Give the descriptors back. Twice is harmless."""
        self._turn.close()
        self._write.close()

    def holder(self) -> str:
        """Who has the lock, or had it last."""
        text = os.pread(self._write.fileno(), _HOLDER_BYTES, 0).decode(errors="replace").strip()
        try:
            about = json.loads(text)
            return f"process {about['pid']} ({about['command']}, since {about['since']})"
        except (ValueError, KeyError, TypeError):
            return "another process"

    def _block(self) -> None:
        fcntl.flock(self._turn, fcntl.LOCK_EX)
        try:
            fcntl.flock(self._write, fcntl.LOCK_EX)
        finally:
            fcntl.flock(self._turn, fcntl.LOCK_UN)

    def _try(self) -> bool:
        """Take it if nobody has it and nobody waits."""
        if not _lock_now(self._turn):
            return False
        try:
            return _lock_now(self._write)
        finally:
            fcntl.flock(self._turn, fcntl.LOCK_UN)

    def _wait(self, timeout: float) -> None:
        """Wait in a thread of its own, because a blocking lock has no time-out and trying again has no order.

        On a time-out the thread stays in the queue, lets go when its turn comes, and is gone with the process.
        """
        turn, write = SideFile(self._journal, "turn"), SideFile(self._journal, "write")
        granted, guard = threading.Event(), threading.Lock()
        given_up = False

        def wait() -> None:
            fcntl.flock(turn, fcntl.LOCK_EX)
            fcntl.flock(write, fcntl.LOCK_EX)
            turn.close()
            with guard:
                if given_up:
                    write.close()
                else:
                    granted.set()

        threading.Thread(target=wait, name="journal-lock", daemon=True).start()
        granted.wait(timeout)
        with guard:
            given_up = not granted.is_set()
        if given_up:
            raise self._held()
        self._write.close()
        self._write = write

    def _held(self) -> HeldError:
        return HeldError(
            f"the journal {self._journal} has been held for writing for {self._timeout} s by {self.holder()}",
            hint="wait for it, or give a longer --lock-timeout",
        )

    def _give_up(self) -> None:
        """The files give themselves up."""


def _lock_now(file: SideFile) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
            return False
        raise
    return True


class Owners(Forkable):
    """The ownership bytes: byte N of `<journal>-owners` is locked while a process owns execution N.

    The locks belong to this object's open file description, so they are not lost when other code of the process
    opens and closes the same file.
    """

    def __init__(self, journal: Path) -> None:
        super().__init__()
        self._file = SideFile(journal, "owners")
        self._own: set[int] = set()
        self._losses = 0

    def own(self, execution: int) -> bool:
        """Lock the byte; False if another has it."""
        self._notice_loss()
        try:
            fcntl.fcntl(self._file, _SETLK, _lock(fcntl.F_WRLCK, execution))
        except OSError as error:
            if error.errno in (errno.EAGAIN, errno.EACCES):
                return False
            raise
        self._own.add(execution)
        return True

    def disown(self, execution: int) -> None:
        """Unlock the byte."""
        self._notice_loss()
        self._own.discard(execution)
        fcntl.fcntl(self._file, _SETLK, _lock(fcntl.F_UNLCK, execution))

    def owned(self, execution: int) -> bool:
        """Whether anyone, we included, has the byte."""
        self._notice_loss()
        if execution in self._own:
            return True  # a query does not report locks of the same description
        answer = fcntl.fcntl(self._file, _GETLK, _lock(fcntl.F_WRLCK, execution))
        return bool(struct.unpack_from("h", answer)[0] != fcntl.F_UNLCK)

    def close(self) -> None:
        """Give all bytes back. Twice is harmless."""
        self._file.close()
        self._own.clear()

    def _notice_loss(self) -> None:
        """What was owned through a descriptor that somebody closed is owned no more."""
        self.check_not_forked()
        self._file.fileno()
        if self._file.losses != self._losses:
            self._losses = self._file.losses
            self._own.clear()

    def _give_up(self) -> None:
        """The file gives itself up."""


def _lock(kind: int, byte: int) -> bytes:
    """A `struct flock` over one byte; the pid must be 0."""
    return struct.pack("hhqqi4x", kind, os.SEEK_SET, byte, 1, 0)
