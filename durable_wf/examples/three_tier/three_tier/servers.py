"""Start, find, ask and stop the servers. Plain functions over a server's folder; `server` explains what is in it.

A process is known by its pid and its start time, never by the pid alone: a pid is used again.
"""

from __future__ import annotations

import fcntl
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import psutil

from . import server
from .files import read_json

_START_S = 15.0
_GRACE_S = 5.0
_LOOK_S = 0.05


class ServerError(Exception):
    """A server did not start, end or answer as it should."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server that was started, whether or not it still lives."""

    folder: Path
    role: str
    instance: str
    pid: int
    start_time: str
    port: int

    @property
    def url(self) -> str:
        return f"http://{server.ADDRESS}:{self.port}/"

    def process(self) -> psutil.Process | None:
        """Its process; None when that has ended, even if another one has its pid by now."""
        try:
            process = psutil.Process(self.pid)  # first: psutil itself refuses to signal a later process of this pid
        except psutil.NoSuchProcess:
            return None
        return process if server.start_time(self.pid) == self.start_time else None


def recorded(folder: Path) -> Server | None:
    """The server last started in the folder."""
    state = read_json(folder / server.STATE)
    return Server(folder=folder, **state) if state else None


def running(folder: Path) -> Server | None:
    """The server that lives in the folder."""
    found = recorded(folder)
    return found if found and found.process() else None


def start(folder: Path, role: str, instance: str) -> Server:
    """Have one server live in the folder, and return it once it listens.

    Safe to repeat, and to run twice at once: the one that lives is found, a second one ends at once.
    """
    found = running(folder)
    if found:
        return found
    (folder / server.BOOT_LOCK).touch()  # so that whoever cleans up can wait for a server that only begins
    command = [sys.executable, "-I", "-S", server.__file__, str(folder), role, instance]
    log = folder / "server.log"
    with log.open("ab") as out:
        try:
            ended = subprocess.run(  # returns when the server listens
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd="/", timeout=_START_S, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise ServerError(f"{instance} does not listen after {_START_S:.0f} s; see {log}") from error
    found = running(folder)
    if ended.returncode or not found:
        raise ServerError(f"{instance} did not start; see {log}: {log.read_text(errors='replace')[-500:]}")
    return found


def stop(folder: Path) -> bool:
    """Have no server live in the folder; whether one did. Safe to repeat."""
    if not folder.exists():
        return False
    with no_start_in([folder]):
        found = running(folder)
        end([found] if found else [])
        (folder / server.STATE).unlink(missing_ok=True)
    return found is not None


@contextmanager
def no_start_in(folders: Iterable[Path]) -> Iterator[None]:
    """Inside it no server of these folders begins; one that was beginning is in its server.json by now."""
    locks = []
    try:
        for folder in folders:
            lock = (folder / server.BOOT_LOCK).open("a")
            locks.append(lock)
            _flock(lock.fileno(), folder)
        yield
    finally:
        for lock in locks:
            lock.close()


def _flock(descriptor: int, folder: Path) -> None:
    deadline = time.monotonic() + _START_S
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() > deadline:
                raise ServerError(f"a server in {folder} neither starts nor ends") from error
            time.sleep(_LOOK_S)
        else:
            return


def end(servers: Iterable[Server]) -> list[int]:
    """End these servers, first asking (TERM), then not (KILL); returns the pids that lived."""
    living = [process for process in (one.process() for one in servers) if process]
    pids = [process.pid for process in living]
    for signal_them in (psutil.Process.terminate, psutil.Process.kill):
        for process in living:
            try:
                signal_them(process)
            except psutil.NoSuchProcess:
                continue
        living = _wait(living)
    if living:
        raise ServerError(f"could not be ended: {[process.pid for process in living]}")
    return pids


def _wait(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Those that still live after the grace; a zombie, which its parent does not reap, has ended."""
    deadline = time.monotonic() + _GRACE_S
    while processes and time.monotonic() < deadline:
        _, alive = psutil.wait_procs(processes, timeout=_LOOK_S)
        processes = [process for process in alive if server.start_time(process.pid)]
    return processes


def ask(found: Server) -> dict[str, Any]:
    """What the server answers to anybody; raises ServerError where it does not answer, or not with 200."""
    url = found.url + ("health" if found.role == "database" else "")  # its value is for those with a grant
    try:
        status, answer = server.fetch(url)
    except OSError as error:
        raise ServerError(f"{found.instance} at {url} does not answer: {error}") from error
    if status != HTTPStatus.OK:
        raise ServerError(f"{found.instance} at {url} answers {status}: {answer}")
    return answer


def check(folder: Path) -> dict[str, Any]:
    """The answer of the server that must live in the folder."""
    found = running(folder)
    if not found:
        raise ServerError(f"no server lives in {folder}")
    return ask(found)
