"""Measurements that need a process of their own: memory, the first task, resume, syncs.

python -m tools.bench.apart WHAT ARGUMENTS…      prints what it found as JSON
"""

from __future__ import annotations

import json
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from durable_wf import Engine
from durable_wf.journal.sqlite import open_journal
from tools.bench import runs, work

ROOT = Path(__file__).parent.parent.parent
_SYNC = re.compile(r"(?:fsync|fdatasync)\(\d+<([^>]*)>")


def ask(what: str, *arguments: object, tracer: tuple[str, ...] = ()) -> Any:
    """Run one of the functions below in a fresh process; what it found, or None if it was killed."""
    command = (*tracer, sys.executable, "-m", "tools.bench.apart", what, *map(str, arguments))
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode == -signal.SIGKILL:
        return None
    if done.returncode:
        raise RuntimeError(f"{what} {arguments}: {done.stderr[-2000:]}")
    return json.loads(done.stdout)


def memory(path: str, count: str) -> dict[str, int]:
    """Resident bytes while `count` tasks wait."""
    with Engine(path, durability="process") as engine:
        uid = engine.start(work.waiting, {"count": int(count)})
        engine.wait(uid)
        history = engine.journal.history(engine.find(uid).id)
        detail = next(outcome.detail_json for outcome in history.outcomes if outcome.no == 1)
    return {"bytes": json.loads(detail or "{}")["result"]}


_LONG = {"graph": work.long, "standard": work.long_standard}


def fill(path: str, count: str, die: str, mode: str) -> None:
    """A journal with `count` finished tasks in a `graph` or in `standard` mode, whose runner is killed then."""
    Path(die).touch()
    with Engine(path, durability="process", max_operations=runs.WORKERS) as engine:
        engine.wait(engine.start(_LONG[mode], {"count": int(count), "die": die}))


def first(path: str, count: str, durability: str) -> dict[str, float]:
    """Seconds from the start of an execution until its first operation begins, in an engine that is open."""
    with Engine(open_journal(path, durability=durability), max_operations=runs.WORKERS) as engine:  # type: ignore[arg-type]
        began = time.perf_counter()
        engine.wait(engine.start(work.opening, {"count": int(count)}))
    return {"seconds": work.began_s[0] - began}


def resume(path: str) -> dict[str, float]:
    """Seconds from asking for a resume until the first new task begins, and those of the function itself."""
    with Engine(open_journal(path, durability="process")) as engine:
        (row,) = engine.journal.executions()
        began = time.perf_counter()
        engine.resume(row.uid)
        engine.wait(row.uid)
    return {"all": work.began_s[0] - began, "function": work.function_s[1] - work.function_s[0]}


def load(path: str) -> dict[str, float]:
    """The floor of a resume: ids, states and edges by plain SQL, into a DiGraph. Seconds."""
    import networkx as nx

    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    began = time.perf_counter()
    states = connection.execute("SELECT no, state FROM task").fetchall()
    edges = connection.execute('SELECT "on", task FROM task_dependency').fetchall()
    graph = nx.DiGraph()
    graph.add_nodes_from((no, {"state": state}) for no, state in states)
    graph.add_edges_from(edges)
    seconds = time.perf_counter() - began
    connection.close()
    return {"all": seconds, "tasks": len(states), "edges": len(edges)}


def counted(path: str, shape: str, count: str, durability: str) -> dict[str, Any]:
    """One run."""
    runs.fresh(Path(path))
    return asdict(runs.run(Path(path), shape, int(count), durability))


def syncs(folder: Path, shape: str, count: int, durability: str) -> float | None:
    """Syncs of the -wal for each transaction of a run, by strace; None where there is none."""
    strace = shutil.which("strace")
    if strace is None:
        return None
    trace = folder / "trace"
    tracer = (strace, "-f", "-y", "-e", "trace=fsync,fdatasync", "-o", str(trace))
    found = ask("counted", folder / "traced.db", shape, count, durability, tracer=tracer)
    lines = (_SYNC.search(line) for line in trace.read_text().splitlines())
    return sum(line is not None and line[1].endswith("-wal") for line in lines) / found["transactions"]


if __name__ == "__main__":
    functions = {function.__name__: function for function in (memory, fill, first, resume, load, counted)}
    print(json.dumps(functions[sys.argv[1]](*sys.argv[2:])))
