"""The storage and the result of a run as they must be however often it was killed.

What may differ between two runs is replaced by placeholders, all of which stand here and nowhere else. Rows of
attempts, transitions, links and owners are left out: they say how often something was tried, when and by whom.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from durable_wf.codec import decode, encode
from durable_wf.journal.reader import SqliteReader
from durable_wf.model import rows
from durable_wf.model.states import EXECUTION, GRAPH, TASK

# Keys of runtime properties and of results whose value belongs to one process, wherever they stand.
BY_KEY: dict[str, str] = {
    "pid": "<pid>",
    "start_time": "<time>",
    "port": "<port>",
    "url": "<url>",
}
# Numbers of rows in the example's public books: one that a person let run again has taken the next.
BY_BOOK: dict[str, str] = {
    "schema": "<row of the ledger>",
    "announcement": "<row of the register>",
}
# Operations whose result is such a number.
IN_BOOKS: Mapping[str, str] = {
    "three_tier.database.create_schema": BY_BOOK["schema"],
    "three_tier.load_balancer.announce": BY_BOOK["announcement"],
}
# Columns of a node instance that count writes.
VERSIONS = ("version", "revision")
# In texts, in this order. Folders and instance ids are replaced before, each by the name it has in every run.
BY_PATTERN: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"http://127\.0\.0\.1:\d+"), "<url>"),
    (re.compile(r"process \d+"), "process <pid>"),
    (re.compile(r'(File \\"[^"]*\\", line )\d+'), r"\1<line>"),
)


def normal(reader: SqliteReader, folder: Path, execution: int) -> dict[str, Any]:
    """Everything of the execution and its deployment that must be the same."""
    history = reader.history(execution)
    row = history.execution
    instances = reader.instances(row.deployment) if row.deployment is not None else []
    text = encode(
        {
            "execution": {
                "workflow": row.workflow,
                "state": EXECUTION.states[row.state],
                "end": _end(history),
            },
            "tasks": sorted(_tasks(history)),
            "instances": {one.name: _instance(one) for one in instances},
            "events": sorted(
                [event.type, event.level, event.message, event.context_json]
                for event in reader.events(execution)
                if event.type != "workflow_warning"
            ),
        }
    )
    for this, everywhere in _named(folder, instances):
        text = text.replace(this, everywhere)
    for pattern, placeholder in BY_PATTERN:
        text = pattern.sub(placeholder, text)
    found: dict[str, Any] = _by_key(decode(text))
    found["tasks"].sort()  # again, now that ids do not order them any more
    found["events"].sort(key=encode)
    return found


def _named(folder: Path, instances: list[rows.Instance]) -> list[tuple[str, str]]:
    names = [(one.name, f"{one.node}#{one.idx}") for one in instances]
    return [(str(folder), "<folder>"), *sorted(names, reverse=True)]


def _end(history: rows.History) -> Any:
    for row in history.transitions:
        if row.seq == history.execution.ended_seq:
            detail = decode(row.detail_json) or {}
            return {key: detail[key] for key in ("result", "error") if key in detail}
    return None


def _tasks(history: rows.History) -> list[list[str]]:
    """One line for each task: where it stands, what it is about, and how it ended."""
    graphs = {graph.no: f"{graph.path}:{GRAPH.states[graph.state]}" for graph in history.graphs}
    details = {outcome.no: outcome.detail_json for outcome in history.outcomes}
    names = {task.no: f"{rows.Kind(task.kind).name} {task.name} {task.target}" for task in history.tasks}
    requests = {payload.no: payload.body_json for payload in history.payloads}
    return [
        [
            graphs.get(task.graph or 0, "standard"),
            names.get(task.parent or 0, ""),
            names[task.no],
            requests[task.request],
            f"{TASK.states[task.state]} after {task.retries} retries",
            _ended(details.get(task.no), decode(requests[task.request]).get("function")),
        ]
        for task in history.tasks
    ]


def _ended(detail_json: str | None, function: str | None) -> str:
    """A task's outcome without when it was, and without the numbers of other tasks."""
    detail = decode(detail_json) or {}
    kept = {key: detail[key] for key in ("result", "error") if key in detail}
    if function in IN_BOOKS and "result" in kept:
        kept["result"] = IN_BOOKS[function]
    return encode(_by_key(kept))


def _instance(one: rows.Instance) -> dict[str, Any]:
    return {
        "node": one.node,
        "index": one.idx,
        "state": one.state,
        "runtime_properties": decode(one.runtime_properties_json),
        "relationships": decode(one.relationships_json),
        "host": one.host,
        **dict.fromkeys(VERSIONS, "<version>"),
    }


def _by_key(value: Any) -> Any:
    if isinstance(value, dict):
        known = BY_KEY | BY_BOOK
        return {key: known[key] if key in known else _by_key(inner) for key, inner in sorted(value.items())}
    if isinstance(value, list):
        return [_by_key(inner) for inner in value]
    return value


def differences(one: Any, other: Any, path: str = "", found: Callable[[str], None] | None = None) -> list[str]:
    """Where two normal forms differ, as lines `path: undisturbed ≠ this`."""
    lines: list[str] = []
    add = found or lines.append
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted(one.keys() | other.keys()):
            differences(one.get(key), other.get(key), f"{path}.{key}".lstrip("."), add)
    elif isinstance(one, list) and isinstance(other, list):
        texts, others = [encode(item) for item in one], [encode(item) for item in other]
        for text in [text for text in texts if text not in others][:3]:
            add(f"{path}: only undisturbed: {text[:600]}")
        for text in [text for text in others if text not in texts][:3]:
            add(f"{path}: only here: {text[:600]}")
        if sorted(texts) == sorted(others) and texts != others:
            add(f"{path}: another order")
        if len(texts) != len(others):
            add(f"{path}: {len(texts)} ≠ {len(others)}")
    elif one != other:
        add(f"{path}: {one!r} ≠ {other!r}")
    return lines
