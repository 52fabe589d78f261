"""Patches that plant a bug: what their headers say, and copies of the project to apply them to.

A patch is a unified diff against `durable_wf/` with a header of four entries before it (a line that begins with a
blank goes on with the entry above):

    Subject: one of `SUBJECTS`
    Law: the law of the design that it breaks, L1–L13
    Bug: what is wrong, and what would come of it
    Tests: selectors of pytest, one a line; each must notice the bug
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(__file__).resolve().parent
SUBJECTS = frozenset({
    "the fence check", "the write-ahead order", "the turn's transaction", "outcome-with-properties",
    "replay matching", "the cut of resume", "the turnstile", "modifications",
})  # fmt: skip
ENTRIES = ("Subject", "Law", "Bug", "Tests")
PATIENCE_S = 120  # a mutant that takes longer than this hangs

HOW_TO_REMAKE = """The patch does not fit the code any more. To make it anew: plant the bug that its header tells of by
hand in durable_wf/, and put the diff behind the header; then take the bug out again:

    git diff durable_wf > /tmp/bug.diff
    {{ sed '/^diff --git/,$d' tests/mutations/{name}.patch; cat /tmp/bug.diff; }} > /tmp/{name}.patch
    mv /tmp/{name}.patch tests/mutations/ && git checkout durable_wf

git says: {said}"""


class BadPatch(Exception):
    """A patch that cannot be used: what is wrong with it, and how to mend that."""


@dataclass(frozen=True, slots=True)
class Mutation:
    """A patch as its header tells of it.

    files  what it changes, relative to the project
    tests  selectors
    """

    path: Path
    subject: str
    law: str
    bug: str
    tests: tuple[str, ...]
    files: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.path.stem


@dataclass(frozen=True, slots=True)
class Report:
    """What the tests in a copy came to.

    package   the `durable_wf` that they imported
    code      pytest's exit code
    passed    node ids
    failed    node ids of tests that failed by themselves, and by what
    broken    node ids of what could not be collected or set up
    """

    package: str
    code: int
    passed: list[str]
    failed: dict[str, str]
    broken: list[str]


def read(path: Path) -> Mutation:
    """A patch's header.

    raises  BadPatch naming what the header lacks or says wrongly
    """
    text = path.read_text(encoding="utf-8")
    header, begin, _ = text.partition("diff --git ")
    if not begin:
        raise BadPatch(f"{path.name}: there is no `diff --git` in it")
    entries: dict[str, list[str]] = {}
    for line in header.splitlines():
        name, colon, rest = line.partition(": ")
        if colon and name in ENTRIES:
            entries[name] = [rest.strip()]
        elif line.startswith(" ") and entries:
            entries[list(entries)[-1]].append(line.strip())
        elif line.strip():
            raise BadPatch(f"{path.name}: neither an entry nor indented: {line!r}")
    if missing := [name for name in ENTRIES if name not in entries]:
        raise BadPatch(f"{path.name}: its header lacks {', '.join(missing)}")
    files = tuple(re.findall(r"^\+\+\+ b/(\S+)", text, re.MULTILINE))
    if elsewhere := [file for file in files if not file.startswith("durable_wf/")]:
        raise BadPatch(f"{path.name}: changes {elsewhere[0]}, and not only durable_wf/")
    subject, law, bug = (" ".join(entries[name]) for name in ENTRIES[:3])
    if subject not in SUBJECTS:
        raise BadPatch(f"{path.name}: its subject is none of: {'; '.join(sorted(SUBJECTS))}")
    if not re.fullmatch(r"L([1-9]|1[0-3])", law):
        raise BadPatch(f"{path.name}: the law is one of L1 to L13, and not {law!r}")
    return Mutation(path, subject, law, bug, tuple(entries["Tests"]), files)


def mutations() -> list[Mutation]:
    """All patches, by name."""
    return [read(path) for path in sorted(FOLDER.glob("*.patch"))]


def copy_project(folder: Path) -> Path:
    """Copy what tests need into `folder`.

    The byte code goes along, because that saves a second or two a copy: it holds for a source of the same time and
    size, and both are kept. It is taken from what a patch changes (see `apply`).
    """
    without = shutil.ignore_patterns("*.pyc.*", ".*_cache")  # byte code that is being written
    for name in ("durable_wf", "tests"):
        shutil.copytree(ROOT / name, folder / name, ignore=without)
    shutil.copy2(ROOT / "pyproject.toml", folder)
    return folder


def link_project(project: Path, folder: Path) -> Path:
    """A copy of a copy that shares its files until they are changed."""
    return shutil.copytree(project, folder, copy_function=os.link, dirs_exist_ok=True)


def apply(mutation: Mutation, folder: Path) -> None:
    """Plant the bug in a copy.

    raises  BadPatch when the code has moved on, saying how to make the patch anew
    """
    for file in mutation.files:
        unshare(folder / file)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment["GIT_CEILING_DIRECTORIES"] = str(folder.parent)  # a copy inside a repository is not a part of it
    done = subprocess.run(
        ("git", "apply", "--whitespace=nowarn", str(mutation.path)),
        cwd=folder, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise BadPatch(HOW_TO_REMAKE.format(name=mutation.name, said=done.stderr.strip()))
    for file in mutation.files:
        source = folder / file
        for stale in (source.parent / "__pycache__").glob(f"{source.stem}.*.pyc"):
            stale.unlink()


def unshare(file: Path) -> None:
    """Make a linked file one of its own."""
    if file.exists():
        mine = file.with_name(f"{file.name}.mine")
        shutil.copy2(file, mine)
        mine.replace(file)


class Runner:
    """Runs tests in copies, one after the other, each in a process of its own; `runner.py` is at the other end."""

    def __init__(self) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "PYTHONP"))}
        self._process = subprocess.Popen(
            (sys.executable, "-P", str(FOLDER / "runner.py")),
            env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def run(self, folder: Path, selectors: tuple[str, ...]) -> tuple[Report | None, str]:
        """What the tests came to, and what pytest printed; no report where the process ended without one.

        raises  TimeoutError with what was printed
        """
        told, printed = folder / "report.json", folder / "printed.txt"
        request = [str(folder), str(told), str(printed), PATIENCE_S, selectors]
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps(request), file=self._process.stdin, flush=True)
        code = int(self._process.stdout.readline())
        text = printed.read_text(encoding="utf-8")
        if code == -signal.SIGALRM:
            raise TimeoutError(text)
        return Report(**json.loads(told.read_text(encoding="utf-8"))) if told.exists() else None, text

    def close(self) -> None:
        """End the process at the other end."""
        with self._process:
            pass


def of(selector: str, nodes: list[str] | dict[str, str]) -> list[str]:
    """Those of `nodes` that a selector means: a test, or all cases of one with parameters."""
    return [node for node in nodes if node == selector or node.startswith(f"{selector}[")]
