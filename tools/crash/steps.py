"""The steps of one point, each run in a process of its own: prepare, start, resume, clean."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any, NamedTuple

from durable_wf import Engine, ResumeOptions, RunOptions
from durable_wf.errors import DurableError
from durable_wf.journal.sqlite import open_journal
from durable_wf.model.states import X
from tools.crash.killing import Acknowledged, Kill, KillingJournal
from tools.crash.scenarios import SCENARIOS

UID = "c0ffee"
WAIT_S = 50.0
EXIT = {X.TERMINATED: 0, X.FAILED: 1, X.CANCELLED: 5}


class Setting(NamedTuple):
    """What all steps of a point have in common."""

    scenario: str
    folder: Path
    max_parallel: int
    durability: str
    through: str  # `engine` or `cli`: what resumes, where nobody is killed


def journal_of(folder: Path) -> Path:
    """Where a point has its journal."""
    return folder / "journal.db"


def prepare(setting: Setting) -> None:
    """Make the journal, and what the scenario needs in it."""
    with _engine(setting, None)[0] as engine:
        SCENARIOS[setting.scenario].prepare(engine, setting.folder)


def start(setting: Setting, kill: Kill | None) -> dict[str, Any]:
    """Run the workflow from its beginning."""
    engine, journal = _engine(setting, kill)
    with engine:
        workflow, parameters, deployment = SCENARIOS[setting.scenario].workflow(setting.folder)
        options = RunOptions(max_parallel=setting.max_parallel)
        uid = engine.start(workflow, parameters, deployment=deployment, options=options)
        return _ended(engine, uid) | {"commits": journal.commits}


def resume(setting: Setting, kill: Kill | None, *, reset: bool, accept: bool = False) -> dict[str, Any]:
    """Resume it, as a person would.

    accept  what ran because of a cancel may stay as it is
    """
    if setting.through == "cli" and kill is None:
        return _command(setting, "resume", UID, *(["--reset-operations"] if reset else []))
    engine, journal = _engine(setting, kill)
    with engine:
        try:
            uid = engine.resume(UID, ResumeOptions(reset_operations=reset, accept_changes=accept))
        except DurableError as error:
            return {"exit": error.exit_code, "asks": [], "text": str(error), "commits": journal.commits}
        return _ended(engine, uid) | {"commits": journal.commits}


def _command(setting: Setting, *arguments: str) -> dict[str, Any]:
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
    clock = SCENARIOS[setting.scenario].clock
    return Engine(journal, max_operations=8, clock=clock, new_id=lambda: UID), journal


def _ended(engine: Engine, uid: str) -> dict[str, Any]:
    """The exit code that the command would end with, and the tasks that it would name."""
    try:
        state = X(engine.wait(uid, WAIT_S))
    except DurableError as error:
        return {"exit": error.exit_code, "asks": [], "text": str(error)}
    asks = list(engine.asks(uid))
    return {"exit": 6 if asks else EXIT.get(state, 4), "asks": asks, "text": str(state)}
