"""Operations that fork: the child has the journal's files open, and must not change a byte of it, however it ends."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import sys
from pathlib import Path
from typing import Any

from durable_wf import Engine, operation, workflow
from durable_wf.journal.reader import open_reader
from tools.crash.children import ask_child
from tools.crash.faults.base import Made, Place

_HOWS = ("at-once", "finalised", "replaced", "pool", "uses-the-journal", "closes-everything")
_COUNT = 12
_engine: list[Engine] = []  # of this process, for the child that uses it


@operation(resumable=True)
def forks(how: str, number: int) -> int:
    """Fork, have the child end in that way, and wait for it; its exit code."""
    if how == "pool":
        with multiprocessing.get_context("fork").Pool(1) as pool:
            return pool.apply(abs, (0,))
    pid = os.fork()
    if pid == 0:
        _child(how, number)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _child(how: str, number: int) -> None:
    code = 1
    try:
        if how == "replaced":
            os.execv(sys.executable, [sys.executable, "-c", "pass"])  # noqa: S606 - ourselves
        if how == "uses-the-journal":
            code = 0 if _is_refused(number) else 1
        elif how == "closes-everything":
            os.closerange(3, 1024)
            code = 0
        elif how == "finalised":
            _engine.clear()  # the objects go, with whatever they do when they go
            code = 0
        else:
            code = 0
    finally:
        os._exit(code)


def _is_refused(number: int) -> bool:
    try:
        with _engine[0].journal.turn():
            pass
    except Exception as error:  # noqa: BLE001 - which one is asked below
        return "fork" in str(error)
    return number < 0


@workflow
def all_fork(ctx: Any, how: str, count: int) -> list[int]:
    """Operations that fork side by side, while others' outcomes are being written."""
    results = [ctx.execute_task(forks, kwargs={"how": how, "number": number}) for number in range(count)]
    return [result.get() for result in results]


def run(journal: Path, how: str, max_parallel: int) -> list[str]:
    """Run it, and read the journal from another connection; what is wrong."""
    multiprocessing.current_process()._config["daemon"] = False  # noqa: SLF001 - the harness's own pool may have no children
    with Engine(journal, durability="process", max_operations=max_parallel) as engine:
        _engine[:] = [engine]
        uid = engine.start(all_fork, {"how": how, "count": _COUNT})
        state = engine.wait(uid, 50)
        found = [] if state == "terminated" else [f"it is {state}"]
        if state == "terminated" and engine.result(uid) != [0] * _COUNT:
            found.append(f"the children ended with {engine.result(uid)}")
        _engine.clear()
    reader = open_reader(journal)
    try:
        return found + list(reader.verify())
    finally:
        reader.close()


class Forks:
    """Points are ways in which a child ends."""

    name = "fork"
    scenarios = ("forks",)
    parallel = (1, 8)

    def points(self, place: Place) -> list[str]:  # noqa: ARG002 - they are the same for every run
        return list(_HOWS)

    def make(self, place: Place, point: str, folder: Path) -> Made:
        folder.mkdir(parents=True)
        made = Made(point, way="ended", folder=str(folder))
        made.problems = ask_child(folder / "output.txt", run, folder / "journal.db", point, place.max_parallel)
        if not made.problems:
            shutil.rmtree(folder)
        return made


FORKS = Forks()
