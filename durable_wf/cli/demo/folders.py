"""What a demo makes: a folder of its own below a fixed one, so that `demo --clean` finds it after a kill.

Processes are known by pid and start time, never by the pid alone. A folder whose demo still runs is left alone.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import signal
import stat
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from durable_wf.errors import NotFoundError, StorageError
from durable_wf.inspection.owners import Owner, owner_of
from durable_wf.inspection.view import open_view

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

BLUEPRINT = Path(__file__).parents[2] / "examples" / "three_tier" / "blueprint.yaml"
_MODULE = "_durable_wf_demo_three_tier"
_RECORD = "demo.json"
_SAME_START_S = 0.05


def proof() -> ModuleType:
    """The example's own module that tells what really happened; loaded from its folder, as a plugin would be."""
    package = BLUEPRINT.parent / "three_tier"
    if _MODULE not in sys.modules:
        spec = importlib.util.spec_from_file_location(
            _MODULE, package / "__init__.py", submodule_search_locations=[str(package)]
        )
        if spec is None or spec.loader is None:
            raise NotFoundError(f"the example is not there: {package}")
        module = importlib.util.module_from_spec(spec)
        sys.modules[_MODULE] = module
        spec.loader.exec_module(module)
    return importlib.import_module(f"{_MODULE}.proof")


def parent() -> Path:
    """The folder of all demos of this user.

    raises  StorageError where somebody else has it, or could write to it
    """
    folder = Path(tempfile.gettempdir()) / f"durable-wf-demo-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise StorageError(f"{folder} is not a folder of this user's alone", hint="remove it, or set TMPDIR")
    return folder


@dataclass(frozen=True, slots=True)
class Folder:
    """One demo's folder."""

    path: Path

    @property
    def journal(self) -> Path:
        """Its journal."""
        return self.path / "journal.db"

    @property
    def scratch(self) -> Path:
        """Where the example's operations make their folders and files."""
        return self.path / "shop"

    def record(self, *children: int) -> None:
        """Write down who runs the demo, and which processes it has started."""
        processes = [_identity(pid) for pid in (os.getpid(), *children)]
        new = self.path / f".{_RECORD}"
        new.write_text(json.dumps([one for one in processes if one]), encoding="utf-8")
        new.replace(self.path / _RECORD)

    def processes(self) -> list[dict[str, Any]]:
        """Who was recorded: the demo, then its children."""
        try:
            return list(json.loads((self.path / _RECORD).read_text(encoding="utf-8")))
        except (OSError, ValueError):
            return []

    def is_running(self) -> bool:
        """Whether another process runs this demo now."""
        found = self.processes()
        return bool(found) and found[0]["pid"] != os.getpid() and _lives(found[0]) is not None

    def remove(self) -> list[int]:
        """End all that the demo started and remove all that it made; the pids that lived."""
        ended = [pid for pid in (_end(one) for one in [*self.processes()[1:], *self._runners()]) if pid]
        if self.scratch.exists():
            ended += proof().clean(self.scratch)
        shutil.rmtree(self.path)
        try:
            self.path.parent.rmdir()
        except OSError:
            return ended  # other demos are there
        return ended

    def _runners(self) -> Iterator[dict[str, Any]]:
        """Live runners of its executions, as the journal names them."""
        try:
            with open_view(self.journal) as view:
                owners: list[Owner | None] = [owner_of(row) for row in view.store.executions() if view.owned(row.id)]
        except (NotFoundError, StorageError):
            return
        yield from ({"pid": owner.pid, "start": owner.start_s} for owner in owners if owner is not None)


def new_folder() -> Folder:
    """A folder for a new demo."""
    while True:
        try:
            folder = Folder(Path(tempfile.mkdtemp(prefix="shop-", dir=parent())))
        except FileNotFoundError:  # another demo has ended and taken the empty folder of all demos away
            continue
        folder.record()
        return folder


def left_over() -> list[Folder]:
    """The folders of all demos that there are."""
    return [Folder(path) for path in sorted(parent().iterdir()) if path.is_dir() and not path.is_symlink()]


def _identity(pid: int) -> dict[str, Any] | None:
    try:
        return {"pid": pid, "start": psutil.Process(pid).create_time()}
    except psutil.NoSuchProcess:
        return None


def _lives(one: dict[str, Any]) -> psutil.Process | None:
    """The process, if that very one lives."""
    try:
        process = psutil.Process(int(one["pid"]))
        same = abs(process.create_time() - float(one["start"])) < _SAME_START_S
        return process if same and process.status() != psutil.STATUS_ZOMBIE else None
    except psutil.NoSuchProcess:
        return None


def _end(one: dict[str, Any]) -> int | None:
    """Kill the process, if that very one lives, and wait for it; its pid."""
    process = _lives(one)
    if process is None:
        return None
    process.send_signal(signal.SIGKILL)
    psutil.wait_procs([process], timeout=10)
    return process.pid
