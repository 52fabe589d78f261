"""The steps of one point, each run in a process of its own: prepare, start, resume, clean."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from durable_wf import Engine, ResumeOptions, RunOptions
from durable_wf.errors import DurableError
from durable_wf.journal.port import Journal
from durable_wf.journal.sqlite import open_journal
from durable_wf.model.states import X
from durable_wf.testing.clock import ManualClock
from tools.crash import shim
from tools.crash.killing import Acknowledged, Kill, KillingJournal
from tools.crash.scenarios import SCENARIOS

UID = "c0ffee"
WAIT_S = 50.0
DISK = "disk"
_LATE = (  # what the steps import when they come to need it
    "durable_wf.authoring.serial", "durable_wf.authoring.task_names", "durable_wf.authoring.workflow_api",
    "durable_wf.dsl.deployment", "durable_wf.journal.audit", "durable_wf.journal.verify", "durable_wf.sources.files",
    "encodings.idna", "http.client", "http.server", "importlib.resources.readers", "yaml",
)  # fmt: skip
EXIT = {X.TERMINATED: 0, X.FAILED: 1, X.CANCELLED: 5}


class Cause(Protocol):
    """Something outside of the program that a runner meets, and that can be mended.

    exits  exit codes by which a runner may end because of it, besides 0 and 6; None: it may end in any way
    """

    @property
    def exits(self) -> tuple[int, ...] | None: ...

    def arm(self, journal: Path) -> None:
        """Bring it about, in the runner's process."""
        ...

    def undo(self, journal: Path) -> None:
        """Mend it, from another process, after the runner's end."""
        ...


Hit = Kill | Cause | None  # what happens to a runner


class Setting(NamedTuple):
    """What all steps of a point have in common."""

    scenario: str
    folder: Path
    max_parallel: int
    durability: str
    through: str  # `engine` or `cli`: what resumes, where nobody is killed


def warm_up() -> None:
    """Import now, once, what every step's process would import for itself."""
    for name in _LATE:
        import_module(name)
    gc.freeze()  # else the first collection in a child copies every page


def journal_of(folder: Path) -> Path:
    """Where a point has its journal: on a file system of its own where a fault has made one."""
    disk = folder / DISK
    return (disk if disk.is_dir() else folder) / "journal.db"


def prepare(setting: Setting) -> None:
    """Make the journal, and what the scenario needs in it."""
    with _engine(setting, None)[0] as engine:
        SCENARIOS[setting.scenario].prepare(engine, setting.folder)


def start(setting: Setting, kill: Hit) -> dict[str, Any]:
    """Run the workflow from its beginning."""

    def begin(engine: Engine) -> str:
        workflow, parameters, deployment = SCENARIOS[setting.scenario].workflow(setting.folder)
        options = RunOptions(max_parallel=setting.max_parallel)
        return engine.start(workflow, parameters, deployment=deployment, options=options)

    return _run(setting, kill, begin)


def resume(setting: Setting, kill: Hit, *, reset: bool, accept: bool = False) -> dict[str, Any]:
    """Resume it, as a person would.

    accept  what ran because of a cancel may stay as it is
    """
    if setting.through == "cli" and not isinstance(kill, Kill):
        _arm(setting, kill)
        return command(setting, "resume", UID, *(["--reset-operations"] if reset else [])) | _counted()
    options = ResumeOptions(reset_operations=reset, accept_changes=accept)
    return _run(setting, kill, lambda engine: engine.resume(UID, options))


def accept_loss(setting: Setting) -> None:
    """Go on from what the journal has, as a person does who has been told that it may have lost something (L6)."""
    journal = open_journal(journal_of(setting.folder), durability=setting.durability)
    journal.accept_loss()
    journal.close()


def _run(setting: Setting, kill: Hit, begin: Callable[[Engine], str]) -> dict[str, Any]:
    """Open the journal, run and close it; what a person would be told.

    commits  that returned
    calls    on the journal's files, by kind, and how many of them were struck; only under the shim
    """
    _arm(setting, kill)
    commits = 0
    try:
        engine, journal = _engine(setting, kill if isinstance(kill, Kill) else None)
        try:
            with engine:
                answer = _ended(engine, begin(engine))
        finally:
            commits = journal.commits
    except DurableError as error:
        answer = {"exit": error.exit_code, "asks": [], "text": str(error)}
    return answer | {"commits": commits} | _counted()


def _arm(setting: Setting, kill: Hit) -> None:
    if kill is not None and not isinstance(kill, Kill):
        kill.arm(journal_of(setting.folder))


def _counted() -> dict[str, Any]:
    if not shim.is_loaded():
        return {}
    return {"calls": {call: shim.seen(call) for call in shim.CALLS}, "struck": shim.struck()}


def command(setting: Setting, *arguments: str) -> dict[str, Any]:
    """Run a command line in this process, which ends with it; its exit code and what it said."""
    from durable_wf.cli.app import main

    said = setting.folder / "said.txt"
    sys.argv = ["durable-wf", "--journal", str(journal_of(setting.folder)), *arguments]
    with said.open("w") as output:
        for descriptor in (1, 2):
            os.dup2(output.fileno(), descriptor)
        try:
            main()
        except SystemExit as end:
            code = end.code
        else:
            code = 0
        sys.stdout.flush()
        sys.stderr.flush()
    return {"exit": code or 0, "asks": None, "text": said.read_text()}


def finish(setting: Setting) -> list[str]:
    """What is wrong with the world of an execution that has terminated."""
    return SCENARIOS[setting.scenario].problems(setting.folder)


def clean(setting: Setting) -> None:
    """End what the scenario has started."""
    SCENARIOS[setting.scenario].clean(setting.folder)


def _engine(setting: Setting, kill: Kill | None) -> tuple[Engine, KillingJournal]:
    inner = open_journal(journal_of(setting.folder), durability=setting.durability)
    journal = KillingJournal(inner, kill, Acknowledged(setting.folder))
    make_clock = SCENARIOS[setting.scenario].clock
    clock = make_clock(setting.folder) if make_clock is not None else None
    engine = Engine(journal, max_operations=8, clock=clock, new_id=lambda: UID)
    engine.new_suffix = _Suffixes(journal)
    return engine, journal


class _Suffixes:
    """Ends of ids of what modifications add: by how many there have been, so that every run has the same."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._begun = -1
        self._given = 0

    def __call__(self) -> str:
        begun = len(self._journal.modifications())
        self._given = 0 if begun != self._begun else self._given + 1
        self._begun = begun
        return f"m{begun}{self._given:04}"


def _ended(engine: Engine, uid: str) -> dict[str, Any]:
    """The exit code that the command would end with, and the tasks that it would name."""
    try:
        state = X(_wait(engine, uid))
    except DurableError as error:
        return {"exit": error.exit_code, "asks": [], "text": str(error)}
    asks = list(engine.asks(uid))
    return {"exit": 6 if asks else EXIT.get(state, 4), "asks": asks, "text": str(state)}


def _wait(engine: Engine, uid: str) -> str:
    """Until it ends or lies down; a clock that must be moved is."""
    if isinstance(engine.clock, ManualClock):
        return engine.clock.finish(engine, uid, WAIT_S)
    return engine.wait(uid, WAIT_S)
