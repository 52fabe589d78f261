"""The journal in memory: the port's laws without a disk. For tests, simulations and trying things out.

`sibling()` gives another handle to the same store, as a second process would have: it has its own ownership and
notices the commits of others.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from durable_wf.errors import EngineBug, NotFoundError
from durable_wf.journal import chain, rules, verify
from durable_wf.journal.memory_turn import MemoryTurn, Store, as_of
from durable_wf.model import rows

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Collection, Iterator, Sequence

    from durable_wf.journal.port import Journal, Verifier
    from durable_wf.journal.verify import Problem
    from durable_wf.model import deployed

_FOUND_BY_UID = 10  # a shortened uid that fits more executions than this shows these only


class MemoryJournal:
    """A store that is gone with the process. Any thread may read; one turn is open at a time."""

    def __init__(self, *, journal_id: str = "memory", store: Store | None = None) -> None:
        self._store = store or Store(journal_id)
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
        if store.writer == threading.get_ident():
            message = "a turn was begun inside a turn"
            raise EngineBug(message)
        with store.turn_lock:
            store.writer = threading.get_ident()
            try:
                turn = MemoryTurn(store)
                yield turn
                with store.lock:
                    self._commit(turn)
            finally:
                store.writer = 0

    def _commit(self, turn: MemoryTurn) -> None:
        if self._seen == self._store.commits:
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

    def accept_loss(self) -> None:
        """Nothing is ever lost here before all is."""

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
                [transition for transition in transitions if rules.is_decided_later(transition)],
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
        return self._as_of("node", deployment, at)

    def instances(self, deployment: int, *, at: int | None = None) -> list[rows.Instance]:
        return self._as_of("node_instance", deployment, at)

    def instance(self, deployment: int, name: str) -> rows.Instance | None:
        return next((row for row in self.instances(deployment) if row.name == name), None)

    def _as_of(self, table: str, deployment: int, at: int | None) -> list[Any]:
        if at is not None:
            return as_of(self._store, table, deployment, at)
        return [row for row in self._store.rows(table, deployment) if not row.gone]

    def scaling(self, deployment: int, *, at: int | None = None) -> list[deployed.Scaling]:
        return self._as_of("scaling", deployment, at)

    def modifications(self, deployment: int | None = None) -> list[deployed.Modification]:
        with self._store.lock:
            owners = list(self._store.tables["modification"]) if deployment is None else [deployment]
            return sorted(row for owner in owners for row in self._store.rows("modification", owner))

    def steps(self, deployment: int, modification: int) -> list[deployed.ModificationStep]:
        found = self._store.rows("modification_step", deployment)
        return [row for row in found if row.modification == modification]

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
        return map(str, self.audit(executions))

    def audit(self, executions: Sequence[int] | None = None, counted: Counter[str] | None = None) -> Iterator[Problem]:
        """Problems found (see `verify.problems`)."""
        with self._store.lock:
            problems = list(verify.problems(self, executions, counted))
        yield from problems

    def chains(self) -> list[chain.Chain]:
        """Every chain that has a link."""
        return sorted({row[:2] for row in self._store.rows("link", 0)})

    def links(self, of: chain.Chain, *, since: int = 0) -> list[rows.Link]:
        """The links of a chain with ordinal > `since`, by ordinal."""
        return [row for row in self._store.rows("link", 0) if row[:2] == of and row.ordinal > since]

    def named(self, table: str) -> dict[int, str]:
        """What people call the rows of `execution` or `deployment`, by id."""
        return {row.id: row.uid if table == "execution" else row.name for row in self._store.rows(table, 0)}

    def latest(
        self, execution: int, *, seq: int | None = None, at_us: int | None = None, subject: int | None = None
    ) -> rows.Transition | None:
        """The newest transition of an execution (see `inspection.view.Store`)."""
        found: list[rows.Transition] = self._store.rows("transition", execution)
        for row in reversed(found):
            in_time = row.seq <= seq if seq is not None else at_us is None or row.at_us <= at_us
            if in_time and subject in (None, row.subject):
                return row
        return None

    def counts(self) -> list[tuple[int, str, str, int]]:
        """How many instances there are: by deployment, node and state."""
        found: dict[tuple[int, str, str], int] = {}
        for deployment in self._store.rows("deployment", 0):
            for row in self.instances(deployment.id):
                key = (row.deployment, row.node, row.state)
                found[key] = found.get(key, 0) + 1
        return [(*key, count) for key, count in sorted(found.items())]

    def node_counts(self) -> dict[int, int]:
        """How many nodes there are, by deployment."""
        found = {row.id: len(self.nodes(row.id)) for row in self._store.rows("deployment", 0)}
        return {deployment: count for deployment, count in found.items() if count}

    def last_executions(self) -> list[rows.Execution]:
        """The newest execution of each deployment that has one."""
        newest = {row.deployment: row for row in self._store.rows("execution", 0) if row.deployment is not None}
        return sorted(newest.values(), key=lambda row: row.id)

    def each_link(self, of: chain.Chain) -> Iterator[rows.Link]:
        """The links of a chain by ordinal."""
        return iter(self.links(of))

    def last_seq_before(self, seq: int) -> int:
        """The highest `last_seq` of any link below this one; 0 for none."""
        return max((row.last_seq for row in self._store.rows("link", 0) if row.last_seq < seq), default=0)

    def stream(self, table: str, owner: int, columns: Sequence[str], by: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        """Rows of an execution, a deployment or the journal (see `verify.Source`)."""
        wanted = attrgetter(*columns) if len(columns) > 1 else lambda row: (getattr(row, columns[0]),)
        return map(wanted, sorted(self.stored(table, owner), key=attrgetter(*by)))

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


if TYPE_CHECKING:  # mypy shows that the port is kept
    _journal: type[Journal] = MemoryJournal
    _verifier: type[Verifier] = MemoryJournal
