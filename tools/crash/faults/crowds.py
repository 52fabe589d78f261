"""Many processes on one journal: every execution terminates, no lock error reaches anybody, nothing is lost (L12)."""

from __future__ import annotations

import os
import shutil
import traceback
from pathlib import Path
from typing import Any

from durable_wf import Engine, operation, workflow
from durable_wf.journal.reader import open_reader
from durable_wf.model.states import EXECUTION, X
from tools.crash.children import ask_child
from tools.crash.faults.base import Made, Place

_TASKS = 3
_WAIT_S = 300.0


@operation(resumable=True)
def note(label: str) -> str:
    """Gives what it was given."""
    return label


@workflow
def line(ctx: Any, count: int) -> list[str]:
    """One after the other."""
    return [ctx.execute_task(note, kwargs={"label": f"{number}"}).get() for number in range(count)]


def crowd(journal: Path, processes: int, executions: int) -> list[str]:
    """That many processes, which start together and run that many executions each; what went wrong."""
    ready, go = os.pipe()
    told, tell = os.pipe()
    made = []
    for _ in range(processes):
        pid = os.fork()
        if pid == 0:
            os.close(go)
            os.close(told)
            _member(journal, executions, ready, tell)
        made.append(pid)
    os.close(go)
    os.close(tell)
    with os.fdopen(told) as pipe:
        found = [text for text in pipe.read().split("\0") if text]
    found += [f"process {pid} ended with {status}" for pid in made if (status := os.waitpid(pid, 0)[1])]
    return found + _read(journal, processes * executions)


def _member(journal: Path, executions: int, starting_line: int, tell: int) -> None:
    found = []
    try:
        os.read(starting_line, 1)  # ends when every writer has closed it
        with Engine(journal, durability="process", max_operations=2) as engine:
            started = [engine.start(line, {"count": _TASKS}) for _ in range(executions)]
            states = [engine.wait(uid, _WAIT_S) for uid in started]
            results = [engine.result(uid) for uid in started]
        found = [f"an execution is {state}" for state in states if state != "terminated"]
        found += [f"a result is {one}" for one in results if one != [f"{number}" for number in range(_TASKS)]]
    except BaseException:  # noqa: BLE001 - whatever it is belongs into the report
        found.append(traceback.format_exc())
    finally:
        os.write(tell, "".join(f"{text}\0" for text in found).encode())
        os._exit(0)


def _read(journal: Path, executions: int) -> list[str]:
    reader = open_reader(journal)
    try:
        states = [EXECUTION.states[row.state] for row in reader.executions()]
        found = list(reader.verify())
    finally:
        reader.close()
    if states != [X.TERMINATED] * executions:
        found.append(f"the journal has {len(states)} executions, {states.count(X.TERMINATED)} of them terminated")
    return found


class Crowds:
    """Points are `PROCESSESxEXECUTIONS`."""

    name = "crowd"
    scenarios = ("line",)
    parallel = (8,)

    def points(self, place: Place) -> list[str]:  # noqa: ARG002 - they are the same for every run
        return ["5x10", "20x10", "50x20"]

    def make(self, place: Place, point: str, folder: Path) -> Made:  # noqa: ARG002 - it has no scenario's parallelism
        folder.mkdir(parents=True)
        processes, executions = map(int, point.split("x"))
        made = Made(point, way=f"{processes} processes: {processes * executions} terminated", folder=str(folder))
        log, journal = folder / "output.txt", folder / "journal.db"
        made.problems = ask_child(log, crowd, journal, processes, executions, timeout_s=2 * _WAIT_S)
        if not made.problems:
            shutil.rmtree(folder)
        return made


CROWDS = Crowds()
