"""Tasks for people: where each stands in its graph, and how it went."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from durable_wf.codec import decode
from durable_wf.errors import NotFoundError, UsageError
from durable_wf.graph.match import describe
from durable_wf.inspection.find import near
from durable_wf.inspection.records import Error, Task
from durable_wf.model.rows import Kind
from durable_wf.model.states import TASK, T

if TYPE_CHECKING:
    from collections.abc import Iterable

    from durable_wf.graph.state import TaskState
    from durable_wf.model import rows

WORK = frozenset({int(Kind.OPERATION), int(Kind.LOCAL)})  # what a worker runs; all else are rows of the journal
DOUBTFUL = frozenset({TASK.code(T.SENT), TASK.code(T.STARTED), TASK.code(T.UNKNOWN)})
_KINDS = {int(kind): kind.name.lower() for kind in Kind}
_STATES = tuple(T)


class Names:
    """Paths and titles of an execution's tasks, by number."""

    def __init__(self) -> None:
        self.tasks: dict[int, rows.Task] = {}
        self._graphs: dict[int, str] = {}

    def learn(self, tasks: Iterable[rows.Task], graphs: Iterable[rows.Graph]) -> None:
        """Take in rows; those that are known already are replaced."""
        self.tasks.update((task.no, task) for task in tasks)
        self._graphs.update((graph.no, graph.path) for graph in graphs)

    def title(self, no: int) -> str:
        """`operation plugin.start web_a1 #2`."""
        task = self.tasks.get(no)
        return f"task {no}" if task is None else describe(cast("TaskState", task))  # the rows have what it reads

    def path(self, no: int) -> str:
        """`graph1.1/start_web_a1/plugin.start[web_a1]`: what contains it, outermost first."""
        parts: list[str] = []
        left: int | None = no
        graph: int | None = None
        while left is not None and left in self.tasks:
            task = self.tasks[left]
            parts.append(_part(task))
            left, graph = task.parent, task.graph
        if graph is not None:
            parts.append(self.graph(graph))
        return "/".join(reversed(parts))

    def depth(self, no: int) -> int:
        """How many graphs and subgraphs it is in."""
        depth, task = 0, self.tasks.get(no)
        if task is not None and task.graph is not None:
            depth = 1
        while task is not None and task.parent is not None:
            depth, task = depth + 1, self.tasks.get(task.parent)
        return depth

    def graph(self, no: int) -> str:
        """The path of a graph."""
        return self._graphs.get(no, f"graph {no}")

    def find(self, text: str, execution: str) -> int:
        """The number of the task that a person named: its number, its path, or either after `EXECUTION/`.

        raises  NotFoundError with near matches; UsageError for a path that several tasks have
        """
        head, slash, rest = text.partition("/")
        wanted = rest if slash and head and execution.startswith(head) else text
        if wanted.isdecimal() and int(wanted) in self.tasks:
            return int(wanted)
        paths: dict[str, list[int]] = {}
        for no in self.tasks:
            paths.setdefault(self.path(no), []).append(no)
        found = paths.get(wanted, [])
        if len(found) > 1:
            raise UsageError(f"'{wanted}' is the path of tasks {', '.join(map(str, found))}", hint="give the number")
        if found:
            return found[0]
        error = near("task", wanted, paths)
        raise NotFoundError(f"{error.message} in execution '{execution}'", hint=error.hint)


def _part(task: rows.Task) -> str:
    target = f"[{task.target}]" if task.target else ""
    how_many = f"#{task.n}" if task.n > 1 else ""
    return f"{task.name or _KINDS.get(task.kind, '?')}{target}{how_many}"


def names_of(history: rows.History) -> Names:
    """The names of all tasks of an execution."""
    names = Names()
    names.learn(history.tasks, history.graphs)
    return names


def to_error(record: Any) -> Error | None:
    """A recorded exception; None for anything else."""
    if not isinstance(record, dict) or "message" not in record:
        return None
    return Error(
        str(record.get("type", "")),
        str(record["message"]),
        str(record.get("traceback") or ""),
        list(record.get("causes") or []),
    )


def task_records(history: rows.History, wanted: Iterable[rows.Task], names: Names) -> list[Task]:
    """The tasks as records, with the error that each one ended with."""
    details = {outcome.no: decode(outcome.detail_json) for outcome in history.outcomes}
    return [
        Task(
            task.no,
            names.path(task.no),
            _KINDS.get(task.kind, str(task.kind)),
            task.name,
            task.target or None,
            str(_STATES[task.state]),
            task.attempts,
            to_error((details.get(task.no) or {}).get("error")),
        )
        for task in wanted
    ]


def count_by_state(tasks: Iterable[rows.Task]) -> dict[str, int]:
    """How many tasks are in each state, in the order of a task's life; states with none are left out."""
    counts = [0] * len(_STATES)
    for task in tasks:
        counts[task.state] += 1
    return {str(state): count for state, count in zip(_STATES, counts, strict=True) if count}
