"""One run through the engine on a fresh journal, and what can be counted of it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from durable_wf import Engine
from durable_wf.journal.sqlite import open_journal
from tools.bench.work import SHAPES

WORKERS = 16


@dataclass(frozen=True, slots=True)
class Counted:
    """What one run took.

    seconds       from the start to the end of the execution
    transactions  committed by the engine for it
    rows          inserted and moved by them
    wal_bytes     the -wal at its longest
    file_bytes    by which the journal has grown, after it was closed
    """

    seconds: float
    transactions: int
    rows: int
    wal_bytes: int
    file_bytes: int


def fresh(path: Path) -> None:
    """An empty journal, closed."""
    open_journal(path, durability="process").close()


def run(
    path: Path, shape: str, count: int, durability: str, *, workers: int = WORKERS, window: int | None = None,
    payload: int = 0,
) -> Counted:  # fmt: skip
    """Run `count` tasks on the journal at `path`.

    window   how many may be handed out; None leaves it to the engine
    payload  bytes of each task's argument, and of its result; only of the shape `payload`
    """
    before = path.stat().st_size
    parameters = {"count": count, **({"payload": payload} if shape == "payload" else {})}
    journal = open_journal(path, durability=durability)  # type: ignore[arg-type]
    with Engine(journal, max_operations=workers) as engine:
        if window is not None:
            engine.host.window = window
        before_it = journal.counters.copy()
        began = time.perf_counter()
        uid = engine.start(SHAPES[shape], parameters)
        state = engine.wait(uid)
        seconds = time.perf_counter() - began
        made = journal.counters - before_it
        wal = Path(f"{path}-wal").stat().st_size
    if state != "terminated":
        text = f"the run of {shape} x {count} is {state}"
        raise RuntimeError(text)
    return Counted(seconds, made["transactions"], made["rows"], wal, path.stat().st_size - before)
