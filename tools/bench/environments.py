"""An environment for each peer, made once in the user's cache folder and named by the versions in it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import platformdirs

DRIVERS = Path(__file__).parent / "peers"


class Unavailable(Exception):
    """Why a peer cannot be measured, in one line."""


@dataclass(frozen=True, slots=True)
class Peer:
    """What is measured against.

    name     of its package
    title    how a reader knows it
    version  that is installed
    extra    of the package, where it needs one
    """

    name: str
    title: str
    version: str
    driver: str
    extra: str = ""

    @property
    def requirement(self) -> str:
        """As pip takes it."""
        return f"{self.name}{self.extra}=={self.version}"

    @property
    def driver_path(self) -> Path:
        """The file that its environment's Python runs."""
        return DRIVERS / self.driver


PEERS = (
    Peer("dbos", "DBOS Transact, SQLite", "3.4.0", "dbos_driver.py"),
    Peer("cloudify-common", "cloudify-common, local, in memory", "7.0.5", "cloudify_driver.py", "[dispatcher]"),
    Peer("huey", "huey, SqliteHuey", "3.5.4", "huey_driver.py"),
)


def python_of(peer: Peer, cache: Path | None = None) -> Path:
    """The Python of the peer's environment, which is made where it is not there.

    raises  Unavailable
    """
    python = f"py{sys.version_info.major}.{sys.version_info.minor}"
    cache = cache or platformdirs.user_cache_path("durable-wf") / "bench"
    folder = cache / f"{peer.name}-{peer.version}-{python}"
    done, found = folder / "complete", folder / "bin" / "python"
    if not done.exists():
        print(f"installing {peer.requirement} into {folder}", file=sys.stderr, flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        run([sys.executable, "-m", "venv", str(folder)])
        run([str(found), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", peer.requirement])
        done.touch()
    return found


def packages(python: Path) -> list[str]:
    """What is installed there, as `name==version`."""
    return run([str(python), "-m", "pip", "freeze", "--disable-pip-version-check"]).split()


def run(command: list[str]) -> str:
    """What a command printed.

    raises  Unavailable with one line of why it failed
    """
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable(f"{' '.join(command[:4])}: {error}") from error
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()] or [f"exit code {done.returncode}"]
        errors = [line for line in lines if line.startswith("ERROR")] or lines
        raise Unavailable(errors[-1].removeprefix("ERROR: "))
    return done.stdout
