"""The journal in memory: the port's laws without a disk. For tests, simulations and trying things out.

A turn writes into a layer of its own, which is laid over the store at its end or thrown away. `sibling()` gives
another handle to the same store, as a second process would have: it has its own ownership and notices the commits
of others.
"""

from __future__ import annotations

import itertools
import threading
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from durable_wf.errors import JournalError, NotFoundError
from durable_wf.journal import chain, rules, verify
from durable_wf.model import rows

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence


_FOUND_BY_UID = 10  # a shortened uid that fits more executions than this shows these only

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
    "inbox": 1,
    "link": 3,
}
_VERSION_KEYS: dict[str, Callable[[Any], Key]] = {
    "deployment": lambda row: (row.id, row.seq),
    "node": lambda row: (row.deployment, row.name, row.seq),
    "node_instance": lambda row: (row.id, row.seq),
}


class _Store:
    """What all handles share. `tables`: name → owner (an execution, a deployment, or 0) → key → row."""

    def __init__(self, journal_id: str) -> None:
        self.id = journal_id
        self.lock = threading.RLock()
        self.tables: dict[str, defaultdict[int, dict[Key, Any]]] = defaultdict(lambda: defaultdict(dict))
        self.counters: defaultdict[str, int] = defaultdict(int)
        self.owners: dict[int, MemoryJournal] = {}
        self.commits = 0

    def rows(self, table: str, owner: int) -> list[Any]:
        """Rows of one owner, by key."""
        with self.lock:
            found = self.tables[table][owner]
            return [found[key] for key in sorted(found)]

    def all_rows(self, table: str) -> list[Any]:
        """Rows of all owners, by key."""
        with self.lock:
            return [row for owner in sorted(self.tables[table]) for row in self.rows(table, owner)]


def _owner_of(table: str, row: Any) -> int:
    if table in ("node_instance", "node_instance_version"):
        return int(row.deployment)
    if table == "deployment_version":
        return int(row.id)
    if table in ("event", "inbox"):
        return int(row.execution)
    if table == "link":
        return 0
    return 0 if _KEY_WIDTH.get(table) == 1 else int(row[0])


class MemoryTurn:
    """One write transaction of a memory journal."""

    def __init__(self, store: _Store) -> None:
        self._store = store
        self._layer: defaultdict[tuple[str, int], dict[Key, Any]] = defaultdict(dict)
        self._counters = dict(store.counters)
        self._collector = chain.Collector(self.seq)

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
        requests: list[rows.Request] = []
        for execution in set(executions):
            seen = {row.id: row for row in self._store.rows("inbox", execution)}
            seen |= {row.id: row for row in self._layer["inbox", execution].values()}
            requests += [row for row in seen.values() if row.taken_seq is None]
        return sorted(requests)

    def execution(self, execution: int) -> rows.Execution | None:
        row: rows.Execution | None = self._get("execution", 0, (execution,))
        return row

    def instance(self, deployment: int, name: str) -> rows.Instance | None:
        now = dict(self._store.tables["node_instance"][deployment])
        now |= self._layer["node_instance", deployment]
        return next((row for row in now.values() if row.name == name and not row.gone), None)

    def apply(self, changes: rows.Changes) -> None:
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

    def commit(self) -> None:
        """Lay the turn over the store."""
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
        )
        for table, found in lists:
            for row in found:
                self._layer[table, _owner_of(table, row)][row[: _KEY_WIDTH[table]]] = row
                self._insert(f"{table}_version", row, _VERSION_KEYS[table](row))

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

    def _request(self, request: rows.Request) -> None:
        held = self._store.rows("inbox", request.execution)
        held += self._layer["inbox", request.execution].values()
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


class MemoryJournal:
    """A store that is gone with the process. Any thread may read; one turn is open at a time."""

    def __init__(self, *, journal_id: str = "memory", store: _Store | None = None) -> None:
        self._store = store or _Store(journal_id)
        self._seen = self._store.commits

    def sibling(self) -> MemoryJournal:
        """Another handle to the same store, as a second process would have."""
        return type(self)(store=self._store)

    @property
    def id(self) -> str:
        return self._store.id

    @contextmanager
    def turn(self) -> Iterator[MemoryTurn]:
        store = self._store
        with store.lock:
            turn = MemoryTurn(store)
            yield turn
            if self._seen == store.commits:
                self._seen += 1  # our own commit is no news
            turn.commit()

    def own(self, execution: int) -> bool:
        with self._store.lock:
            return self._store.owners.setdefault(execution, self) is self

    def disown(self, execution: int) -> None:
        with self._store.lock:
            if self._store.owners.get(execution) is self:
                del self._store.owners[execution]

    def owned(self, execution: int) -> bool:
        with self._store.lock:
            return execution in self._store.owners

    def changed(self) -> bool:
        with self._store.lock:
            seen, self._seen = self._seen, self._store.commits
            return seen != self._seen

    def executions(
        self, *, states: Collection[int] | None = None, deployment: int | None = None
    ) -> list[rows.Execution]:
        return [
            row
            for row in reversed(self._store.rows("execution", 0))
            if (states is None or row.state in states) and (deployment is None or row.deployment == deployment)
        ]

    def find_execution(self, uid: str) -> list[rows.Execution]:
        found = [row for row in self._store.rows("execution", 0) if row.uid.startswith(uid)]
        exact = [row for row in found if row.uid == uid]
        return exact or sorted(found, key=lambda row: row.uid)[:_FOUND_BY_UID]

    def history(self, execution: int) -> rows.History:
        with self._store.lock:
            row = self._store.tables["execution"][0].get((execution,))
            if row is None:
                message = f"no execution {execution}"
                raise NotFoundError(message)
            stored = self._store.rows
            tasks = stored("task", execution)
            transitions = stored("transition", execution)
            by_seq = {transition.seq: transition for transition in transitions}
            ends = ((task.no, by_seq[task.ended_seq]) for task in tasks if task.ended_seq is not None)
            running = {task.no for task in tasks if task.state in rules.TASK_IN_DOUBT}
            return rows.History(
                row,
                stored("payload", execution),
                stored("tasks_graph", execution),
                tasks,
                stored("task_dependency", execution),
                [attempt for attempt in stored("attempt", execution) if attempt.task in running],
                [
                    rows.Outcome(no, end.seq, end.subject, end.event, end.detail_json)
                    for no, end in ends
                    if end.detail_json is not None
                ],
                [transition for transition in transitions if transition.subject in rules.OF_RUN],
                self._store.counters["seq"],
            )

    def transitions(self, execution: int, *, since: int = 0) -> list[rows.Transition]:
        return [row for row in self._store.rows("transition", execution) if row.seq > since]

    def events(self, execution: int, *, since: int = 0) -> list[rows.Event]:
        return [row for row in self._store.rows("event", execution) if row.id > since]

    def blueprints(self) -> list[rows.Blueprint]:
        return self._store.rows("blueprint", 0)

    def deployments(self) -> list[rows.Deployment]:
        found = (row for row in self._store.rows("deployment", 0) if not row.gone)
        return sorted(found, key=lambda row: row.name)

    def nodes(self, deployment: int, *, at: int | None = None) -> list[rows.Node]:
        return self._as_of("node", deployment, at, lambda row: row.name)

    def instances(self, deployment: int, *, at: int | None = None) -> list[rows.Instance]:
        return self._as_of("node_instance", deployment, at, lambda row: row.id)

    def _as_of(self, table: str, deployment: int, at: int | None, name: Callable[[Any], Any]) -> list[Any]:
        if at is None:
            found: Iterable[Any] = self._store.rows(table, deployment)
        else:
            versions = (row for row in self._store.rows(f"{table}_version", deployment) if row.seq <= at)
            found = [list(group)[-1] for _, group in itertools.groupby(versions, name)]
        return [row for row in found if not row.gone]

    def last_seq(self) -> int:
        with self._store.lock:
            return self._store.counters["seq"]

    def close(self) -> None:
        with self._store.lock:
            owned = [execution for execution, owner in self._store.owners.items() if owner is self]
            for execution in owned:
                del self._store.owners[execution]

    def verify(self, executions: Sequence[int] | None = None) -> Iterator[str]:
        """Problems found, as the port has it; nothing can have changed a row, so each is a bug of ours."""
        with self._store.lock:
            problems = list(verify.problems(self, executions))
        yield from problems

    def chains(self) -> list[chain.Chain]:
        """Every chain that has a link."""
        return sorted({row[:2] for row in self._store.rows("link", 0)})

    def links(self, of: chain.Chain) -> list[rows.Link]:
        """The links of a chain, by ordinal."""
        return [row for row in self._store.rows("link", 0) if row[:2] == of]

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """All questions inside see the same moment."""
        with self._store.lock:
            yield

    def meta(self) -> dict[str, str]:
        """What the chains' first links build on."""
        return {"id": self.id}

    def stored(self, table: str, owner: int) -> list[Any]:
        """All rows of a table that belong to an execution, a deployment, or, with 0, to the journal."""
        if table == "execution":
            return [row for row in self._store.rows("execution", 0) if row.id == owner]
        return self._store.rows(table, owner)
