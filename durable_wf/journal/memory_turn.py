"""The tables of the memory journal, and a turn over them.

A turn writes into a layer of its own, which is laid over the tables at its end or thrown away.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from durable_wf.errors import EngineBug, JournalError
from durable_wf.journal import chain, rules
from durable_wf.model import deployed, rows

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from durable_wf.journal.memory import MemoryJournal

Key = tuple[Any, ...]
_KEY_WIDTH = {  # how many of a row's first columns are its key
    "blueprint": 1,
    "deployment": 1,
    "node": 2,
    "node_instance": 1,
    "execution": 1,
    "payload": 2,
    "tasks_graph": 2,
    "task": 2,
    "task_dependency": 3,
    "attempt": 3,
    "transition": 2,
    "event": 1,
    "scaling": 2,
    "modification": 1,
    "modification_step": 1,
    "inbox": 1,
    "link": 3,
}
_VERSION_KEYS: dict[str, Callable[[Any], Key]] = {
    "deployment": lambda row: (row.id, row.seq),
    "node": lambda row: (row.deployment, row.name, row.seq),
    "node_instance": lambda row: (row.id, row.seq),
    "scaling": lambda row: (row.deployment, row.name, row.seq),
}


_OF_DEPLOYMENT = ("node_instance", "node_instance_version", "modification", "modification_step")


class Store:
    """What all handles share. `tables`: name → owner (an execution, a deployment, or 0) → key → row."""

    def __init__(self, journal_id: str) -> None:
        self.id = journal_id
        self.turn_lock = threading.Lock()  # held by the thread `writer` while its turn is open
        self.writer = 0
        self.lock = threading.RLock()  # held while the tables are read or a turn is laid over them
        self.tables: dict[str, defaultdict[int, dict[Key, Any]]] = defaultdict(lambda: defaultdict(dict))
        self.counters: defaultdict[str, int] = defaultdict(int)
        self.owners: dict[int, MemoryJournal] = {}
        self.commits = 0

    def rows(self, table: str, owner: int) -> list[Any]:
        """Rows of one owner, by key."""
        with self.lock:
            found = self.tables[table][owner]
            return [found[key] for key in sorted(found)]


def _owner_of(table: str, row: Any) -> int:
    if table in _OF_DEPLOYMENT:
        return int(row.deployment)
    if table == "deployment_version":
        return int(row.id)
    if table in ("event", "inbox"):
        return int(row.execution)
    if table == "link":
        return 0
    return 0 if _KEY_WIDTH.get(table) == 1 else int(row[0])


def as_of(store: Store, table: str, deployment: int, at: int) -> list[Any]:
    """The newest version of each row of a deployment at seq `at`, by key; what was gone is left out."""
    newest: dict[Key, Any] = {}
    for row in store.rows(f"{table}_version", deployment):
        if row.seq <= at:
            newest[_VERSION_KEYS[table](row)[:-1]] = row
    return [row for row in newest.values() if not row.gone]


class MemoryTurn:
    """One write transaction of a memory journal."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._layer: defaultdict[tuple[str, int], dict[Key, Any]] = defaultdict(dict)
        self._counters = dict(store.counters)
        self._collector = chain.Collector(self.seq)
        self._whole = True  # no list was written in part

    @property
    def seq(self) -> int:
        return self._counters.get("seq", 0) + 1

    def next_id(self, table: str) -> int:
        self._counters[table] = self._counters.get(table, 0) + 1
        return self._counters[table]

    def fences(self, executions: Collection[int]) -> dict[int, int]:
        found = ((number, self.execution(number)) for number in executions)
        return {number: row.fence for number, row in found if row is not None}

    def inbox(self, executions: Collection[int]) -> list[rows.Request]:
        found = (row for execution in set(executions) for row in self._now("inbox", execution).values())
        return sorted(row for row in found if row.taken_seq is None)

    def execution(self, execution: int) -> rows.Execution | None:
        row: rows.Execution | None = self._get("execution", 0, (execution,))
        return row

    def instance(self, deployment: int, name: str) -> rows.Instance | None:
        now = self._now("node_instance", deployment).values()
        return next((row for row in now if row.name == name and not row.gone), None)

    def shown(self, deployment: int, *, at: int | None = None) -> deployed.Shown:
        tables = ("node", "scaling", "node_instance")
        if at is not None:
            (row,) = as_of(self._store, "deployment", deployment, at)
            return deployed.Shown(row, *(as_of(self._store, table, deployment, at) for table in tables))
        row = self._now("deployment", 0)[(deployment,)]
        return deployed.Shown(row, *(list(self._now(table, deployment).values()) for table in tables))

    def modifications(self, deployment: int) -> list[deployed.Modification]:
        return sorted(self._now("modification", deployment).values())

    def steps(self, deployment: int, modification: int) -> list[deployed.ModificationStep]:
        found = sorted(self._now("modification_step", deployment).values())
        return [row for row in found if row.modification == modification]

    def apply(self, changes: rows.Changes) -> None:
        self._whole = False
        for table, found in (
            ("blueprint", changes.blueprints),
            ("payload", changes.payloads),
            ("task_dependency", changes.dependencies),
        ):
            for row in found:
                self._insert(table, row)
        self._put_topology(changes)
        self._insert_guarded(changes)
        self._move(changes)
        for transition in changes.transitions:
            self._insert("transition", transition)
        self._counters["seq"] = max([self.seq - 1, *(row.seq for row in changes.transitions)])
        events = [event._replace(id=self.next_id("event")) for event in changes.events]
        for event in events:
            self._insert("event", event)
        for request in changes.requests:
            self._request(request)
        for number in changes.taken:
            self._take(number)
        self._collector.add(replace(changes, events=events))
        self._whole = True

    def commit(self) -> None:
        """Lay the turn over the store.

        raises  EngineBug after an `apply` that failed and was gone on from
        """
        if not self._whole:
            message = "a turn whose changes were refused must not be committed"
            raise EngineBug(message)
        for link in self._collector.links(
            chain.genesis({"id": self._store.id}), self._tail, self.seq - 1, self._counters.get("event", 0)
        ):
            self._insert("link", link)
        for (table, owner), layer in self._layer.items():
            self._store.tables[table][owner].update(layer)
        self._store.counters.update(self._counters)
        self._store.commits += 1

    def _put_topology(self, changes: rows.Changes) -> None:
        lists: tuple[tuple[str, Sequence[Any]], ...] = (
            ("deployment", changes.deployments),
            ("node", changes.nodes),
            ("node_instance", changes.instances),
            ("scaling", changes.scaling),
        )
        for table, found in lists:
            for row in found:
                self._check_replacement(table, row)
                self._layer[table, _owner_of(table, row)][row[: _KEY_WIDTH[table]]] = row
                self._insert(f"{table}_version", row, _VERSION_KEYS[table](row))

    def _check_replacement(self, table: str, row: Any) -> None:
        """Revisions do not go back; what is there has a name of its own."""
        now = self._now(table, _owner_of(table, row))
        old = now.get(row[: _KEY_WIDTH[table]])
        if table == "node_instance" and old is not None and row.revision < old.revision:
            message = f"node_instance {row.id}: a revision never goes back"
            raise JournalError(message)
        others = (other for key, other in now.items() if key != row[: _KEY_WIDTH[table]])
        if not row.gone and any(other.name == row.name and not other.gone for other in others):
            message = f"{table}: there is another one named {row.name!r}"
            raise JournalError(message)

    def _now(self, table: str, owner: int) -> dict[Key, Any]:
        return {**self._store.tables[table][owner], **self._layer[table, owner]}

    def _insert_guarded(self, changes: rows.Changes) -> None:
        for execution in changes.executions:
            rules.EXECUTION.check_insert(execution.state, execution.started_us, execution.ended_us)
            self._insert("execution", execution)
        for graph in changes.graphs:
            rules.GRAPH.check_insert(graph.state)
            self._insert("tasks_graph", graph)
        for task in changes.tasks:
            rules.TASK.check_insert(task.state)
            self._insert("task", task)
        for attempt in changes.attempts:
            rules.ATTEMPT.check_insert(attempt.state, attempt.began_us, attempt.ended_us)
            self._insert("attempt", attempt)
        for modification in changes.modifications:
            rules.MODIFICATION.check_insert(modification.state, modification.created_us, modification.ended_us)
            self._check_alone(modification)
            self._insert("modification", modification)
        for step in changes.modification_steps:
            rules.MODIFICATION_STEP.check_insert(step.state)
            rules.check_step_done(step.state, step.done_seq)
            self._insert("modification_step", step)

    def _check_alone(self, modification: deployed.Modification) -> None:
        """One modification of a deployment is started at a time; its name is its own."""
        held = [row for table, owner in self._owners("modification") for row in self._now(table, owner).values()]
        if any(row.uid == modification.uid for row in held):
            message = f"modification: there is another one named {modification.uid!r}"
            raise JournalError(message)
        if any((row.deployment, row.state) == (modification.deployment, modification.state) for row in held):
            message = f"modification: there is another one of deployment {modification.deployment} that has not ended"
            raise JournalError(message)

    def _owners(self, table: str) -> list[tuple[str, int]]:
        in_layer = {owner for name, owner in self._layer if name == table}
        return [(table, owner) for owner in sorted(in_layer.union(self._store.tables[table]))]

    def _move(self, changes: rows.Changes) -> None:
        for execution in changes.execution_moves:
            old = self._row("execution", 0, execution[-1:])
            rules.EXECUTION.check_move(old.state, execution.state, execution.started_us, execution.ended_us)
            self._layer["execution", 0][execution[-1:]] = rows.Execution._make((*old[:11], *execution[:-1]))
        for graph in changes.graph_moves:
            old = self._row("tasks_graph", graph.execution, graph[-2:])
            rules.GRAPH.check_move(old.state, graph.state)
            self._layer["tasks_graph", graph.execution][graph[-2:]] = old._replace(state=graph.state)
        for task in changes.task_moves:
            old = self._row("task", task.execution, task[-2:])
            rules.TASK.check_move(old.state, task.state)
            rules.check_task_end(task.state, task.ended_seq)
            self._layer["task", task.execution][task[-2:]] = rows.Task._make((*old[:10], *task[:-2]))
        for attempt in changes.attempt_moves:
            old = self._row("attempt", attempt.execution, attempt[-3:])
            rules.ATTEMPT.check_move(old.state, attempt.state, attempt.began_us, attempt.ended_us)
            self._layer["attempt", attempt.execution][attempt[-3:]] = rows.Attempt._make((*old[:5], *attempt[:-3]))
        for modification in changes.modification_moves:
            old = self._found("modification", modification[-1:])
            rules.MODIFICATION.check_move(old.state, modification.state, old.created_us, modification.ended_us)
            moved = deployed.Modification._make((*old[:9], *modification[:-1]))
            self._layer["modification", old.deployment][modification[-1:]] = moved
        for step in changes.modification_step_moves:
            old = self._found("modification_step", step[-1:])
            rules.MODIFICATION_STEP.check_move(old.state, step.state)
            rules.check_step_done(step.state, step.done_seq)
            done = deployed.ModificationStep._make((*old[:5], *step[:-1]))
            self._layer["modification_step", old.deployment][step[-1:]] = done

    def _request(self, request: rows.Request) -> None:
        held = self._now("inbox", request.execution).values()
        if request.key is None or request.key not in {row.key for row in held}:
            self._insert("inbox", request._replace(id=request.id or self.next_id("inbox")))

    def _take(self, number: int) -> None:
        layers = [layer for (table, _), layer in self._layer.items() if table == "inbox"]
        for layer in (*layers, *self._store.tables["inbox"].values()):
            if (number,) in layer:
                row = layer[number,]
                if row.taken_seq is not None:
                    break
                self._layer["inbox", row.execution][number,] = row._replace(taken_seq=self.seq - 1)
                return
        message = f"inbox: no request {number} waits"
        raise JournalError(message)

    def _get(self, table: str, owner: int, key: Key) -> Any:
        row = self._layer[table, owner].get(key)
        return self._store.tables[table][owner].get(key) if row is None else row

    def _found(self, table: str, key: Key) -> Any:
        """A row to move, whoever it belongs to."""
        owner = next((owner for _, owner in self._owners(table) if self._get(table, owner, key) is not None), 0)
        return self._row(table, owner, key)

    def _row(self, table: str, owner: int, key: Key) -> Any:
        row = self._get(table, owner, key)
        if row is None:
            message = f"{table}: no row {key} to move"
            raise JournalError(message)
        return row

    def _insert(self, table: str, row: Any, key: Key | None = None) -> None:
        key = row[: _KEY_WIDTH[table]] if key is None else key
        owner = _owner_of(table, row)
        if self._get(table, owner, key) is not None:
            message = f"{table}: a row {key} is there already"
            raise JournalError(message)
        self._layer[table, owner][key] = row

    def _tail(self, of: chain.Chain) -> rows.Link | None:
        found = [row for row in self._store.rows("link", 0) if row[:2] == of]
        return found[-1] if found else None
