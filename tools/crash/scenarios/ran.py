"""What the operations of the small scenarios write about themselves: one line at the begin, one at the end.

Each line is one write to a file opened with O_APPEND, so that it outlives the process and no two mix. The engine's
journal is not asked.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from durable_wf.codec import decode
from durable_wf.model.rows import History
from tools.crash import shim
from tools.crash.scenarios.base import Runs

FILE = "ran.jsonl"


@contextmanager
def recorded(ctx: Any, folder: str, label: str) -> Iterator[None]:
    """Note begin and end of what is done inside; an error is an end too.

    ctx  the operation's context, or None for a local task
    """
    key = ctx.operation.idempotency_key if ctx is not None else None
    _note(folder, {"label": label, "moment": "begin", "key": key, "pid": os.getpid()})
    try:
        yield
    finally:
        _note(folder, {"label": label, "moment": "end", "key": key, "pid": os.getpid()})


def _note(folder: str, line: dict[str, Any]) -> None:
    file = os.open(Path(folder) / FILE, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        os.write(file, (json.dumps(line) + "\n").encode())
        shim.mark(f"ran {os.fstat(file).st_size}")  # of a recording: how long this file was by then
    finally:
        os.close(file)


def lines(folder: Path) -> list[dict[str, Any]]:
    """Everything that was noted, in order."""
    file = folder / FILE
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def labels(history: History) -> dict[int, str]:
    """The label of each task that an operation or a callable with one runs."""
    kwargs = {payload.no: decode(payload.body_json)["kwargs"] for payload in history.payloads}
    found = {task.no: kwargs[task.request].get("label") for task in history.tasks}
    return {no: label for no, label in found.items() if label}


def count(folder: Path) -> dict[str, Runs]:
    """By label: how often it ran."""
    found: dict[str, Runs] = {}
    for line in lines(folder):
        runs = found.setdefault(line["label"], Runs())
        if line["moment"] == "begin":
            runs.begun += 1
            if line["key"] and line["key"] not in runs.keys:
                runs.keys.append(line["key"])
        else:
            runs.ended += 1
    return found
