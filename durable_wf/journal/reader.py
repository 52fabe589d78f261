"""Reading a journal, with a connection that cannot write. Every answer is fetched whole, then its transaction ends.

An open read transaction would let the -wal grow without limit. The rows of what `queries` asks go out as the records of
`model.rows`. Any thread may ask.
"""

from __future__ import annotations

import gc
import sqlite3
import threading
from contextlib import closing, contextmanager
from functools import partial
from itertools import starmap
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from durable_wf.errors import JournalError, NotFoundError, StorageError
from durable_wf.journal import connection, faults, files, head, migrate, queries, rules
from durable_wf.journal.forks import Forkable, abandon
from durable_wf.journal.tables import TABLES, raw
from durable_wf.model import deployed, rows

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Collection, Iterator, Sequence

    from peewee import SqliteDatabase

    from durable_wf.journal import chain
    from durable_wf.journal.queries import Query
    from durable_wf.journal.verify import Problem

K = TypeVar("K")
R = TypeVar("R")


def open_reader(path: Path | str) -> SqliteReader:
    """A reader of the journal at `path`.

    raises  NotFoundError; JournalError for a file that is not a journal or too new
    """
    reader = SqliteReader(Path(path))
    try:
        reader.last_seq()
    except BaseException:
        reader.close()
        raise
    return reader


class SqliteReader(Forkable):
    """See `port.Reader`."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self._reading: SqliteDatabase | None = None
        self._reads = threading.RLock()
        self._depth = 0  # of transactions inside each other

    def executions(
        self, *, states: Collection[int] | None = None, deployment: int | None = None
    ) -> list[rows.Execution]:
        wanted = None if states is None else frozenset(states)
        query = queries.executions(wanted, of_one_deployment=deployment is not None)
        return self._fetch(query, rows.Execution, deployment=deployment)

    def find_execution(self, uid: str) -> list[rows.Execution]:
        found = self._fetch(queries.executions_by_uid(), rows.Execution, low=uid, high=uid + chr(0x10FFFF))
        return [row for row in found if row.uid == uid] or found

    def history(self, execution: int) -> rows.History:
        with self._transaction() as ask, _collector_paused():
            found = ask(queries.execution(), rows.Execution, id=execution)
            if not found:
                message = f"no execution {execution}"
                raise NotFoundError(message)
            of = partial(ask, owner=execution)
            transitions = of(queries.of_run(), rows.Transition)
            return rows.History(
                found[0],
                of(queries.of("payload"), rows.Payload),
                of(queries.of("tasks_graph"), rows.Graph),
                of(queries.of("task"), rows.Task),
                of(queries.of("task_dependency"), rows.Dependency),
                of(queries.in_doubt(), rows.Attempt),
                of(queries.outcomes(), rows.Outcome),
                [row for row in transitions if row.subject in rules.OF_RUN],
                [row for row in transitions if rules.is_decided_later(row)],
                _number(ask(queries.last_seq(), _one)),
            )

    def transitions(self, execution: int, *, since: int = 0) -> list[rows.Transition]:
        return self._fetch(queries.since("transition", "seq"), rows.Transition, owner=execution, since=since)

    def events(self, execution: int, *, since: int = 0) -> list[rows.Event]:
        return self._fetch(queries.since("event", "id"), rows.Event, owner=execution, since=since)

    def blueprints(self) -> list[rows.Blueprint]:
        return self._fetch(queries.blueprints(), rows.Blueprint)

    def deployments(self) -> list[rows.Deployment]:
        return self._fetch(queries.deployments(), rows.Deployment)

    def nodes(self, deployment: int, *, at: int | None = None) -> list[rows.Node]:
        return self._as_of("node", "name", deployment, at, rows.Node)

    def instances(self, deployment: int, *, at: int | None = None) -> list[rows.Instance]:
        return self._as_of("node_instance", "id", deployment, at, rows.Instance)

    def instance(self, deployment: int, name: str) -> rows.Instance | None:
        found = self._fetch(queries.instance(), rows.Instance, owner=deployment, name=name)
        return next(iter(found), None)

    def scaling(self, deployment: int, *, at: int | None = None) -> list[deployed.Scaling]:
        if not self.has("scaling"):
            return []
        return self._as_of("scaling", "name", deployment, at, deployed.Scaling)

    def modifications(self, deployment: int | None = None) -> list[deployed.Modification]:
        if not self.has("modification"):
            return []
        query = queries.modifications(of_one_deployment=deployment is not None)
        return self._fetch(query, deployed.Modification, **({} if deployment is None else {"owner": deployment}))

    def steps(self, deployment: int, modification: int) -> list[deployed.ModificationStep]:
        if not self.has("modification_step"):
            return []
        return self._fetch(queries.steps(), deployed.ModificationStep, owner=deployment, modification=modification)

    def has(self, table: str) -> bool:
        """Whether the file has a table: one of an earlier version, which is read as it is, lacks some."""
        return bool(self.query("PRAGMA user_version")[0][0] >= TABLES[table].since)

    def last_seq(self) -> int:
        return _number(self._fetch(queries.last_seq(), _one))

    def close(self) -> None:
        if self._forked:
            return
        with self._reads:
            database, self._reading = self._reading, None
            if database is not None:
                database.close()

    def compare_with_head(self) -> head.Behind | head.Unreadable | None:
        """What of this journal is missing, by its head file; None while nothing is."""
        newest = head.read(self.path)  # before the journal, which may be written meanwhile
        if newest is None or isinstance(newest, head.Unreadable):
            return newest
        with self._transaction() as ask:
            of = {"execution": newest.execution, "deployment": newest.deployment}
            links = ask(queries.link(), rows.Link, **of, ordinal=newest.ordinal)
            if links and links[0].hash == newest.hash:
                return None
            seq = _number(ask(queries.last_seq(), _one))
            times = ask(queries.time_of(), _one, seq=seq)
        return head.Behind(newest.seq, seq, newest.at_us, times[0] if times else 0)

    def meta(self) -> dict[str, str]:
        """The facts of the journal's making, by name."""
        return dict(self._fetch(queries.meta(), _pair))

    def chains(self) -> list[chain.Chain]:
        """Every chain that has a link."""
        return self._fetch(queries.chains(), _pair)

    def links(self, of: chain.Chain, *, since: int = 0) -> list[rows.Link]:
        """The links of a chain with ordinal > `since`, by ordinal."""
        return self._fetch(queries.links(later=True), rows.Link, execution=of[0], deployment=of[1], since=since)

    def newest_link(self) -> rows.Link | None:
        """The link of any chain that was written last. Looks at every link."""
        found = self._fetch(queries.newest_link(), rows.Link)
        return found[0] if found else None

    def stored(self, table: str, owner: int) -> list[Any]:
        """All rows of a table that belong to an execution, a deployment, or, with 0, to the journal."""
        return self._fetch(queries.of(table, whole=owner == 0), TABLES[table].record, owner=owner)

    def named(self, table: str) -> dict[int, str]:
        """What people call the rows of `execution` or `deployment`, by id."""
        return dict(self._fetch(queries.named(table), _pair))

    def each_link(self, of: chain.Chain) -> Iterator[rows.Link]:
        """The links of a chain by ordinal, one at a time. Ask inside `snapshot()`."""
        query = queries.links()
        holes = {"execution": of[0], "deployment": of[1]}
        return map(rows.Link._make, self.scan(query.sql, query.filled(holes)))

    def last_seq_before(self, seq: int) -> int:
        """The highest `last_seq` of any link below this one (see `verify.Source`)."""
        return int(self.query(f"SELECT ifnull(max(last_seq), 0) FROM link WHERE last_seq < {int(seq)}")[0][0])

    def stream(self, table: str, owner: int, columns: Sequence[str], by: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        """Rows of an execution, a deployment or the journal, one at a time (see `verify.Source`)."""
        if TABLES[table].since > 1 and not self.has(table):
            return iter(())
        query = queries.ordered(table, tuple(columns), tuple(by), whole=owner == 0)
        return self.scan(query.sql, query.filled({"owner": owner}))

    def latest(
        self, execution: int, *, seq: int | None = None, at_us: int | None = None, subject: int | None = None
    ) -> rows.Transition | None:
        """The newest transition of an execution (see `inspection.view.Store`)."""
        query = queries.latest(by_time=seq is None, subject=subject)
        return next(iter(self._fetch(query, rows.Transition, owner=execution, seq=seq, at_us=at_us)), None)

    def counts(self) -> list[tuple[int, str, str, int]]:
        """How many instances there are: by deployment, node and state."""
        return self._fetch(queries.counts(), _row)

    def node_counts(self) -> dict[int, int]:
        """How many nodes there are, by deployment."""
        return dict(self._fetch(queries.node_counts(), _pair))

    def last_executions(self) -> list[rows.Execution]:
        """The newest execution of each deployment that has one."""
        return self._fetch(queries.last_executions(), rows.Execution)

    def scan(self, sql: str, parameters: Sequence[Any] = ()) -> Iterator[tuple[Any, ...]]:
        """The rows of a SELECT or a PRAGMA, one at a time. Ask inside `snapshot()`.

        What SQLite has to sort for it and does not fit its cache lies in temporary files of its own.
        """
        with closing(self._connection().execute(sql, parameters)) as cursor:
            yield from cursor

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a SELECT or a PRAGMA; it cannot write."""
        with self._transaction():
            return self._connection().execute(sql).fetchall()

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """All questions inside see the same moment."""
        with self._transaction():
            yield

    def verify(self, executions: Sequence[int] | None = None) -> Iterator[str]:
        """Problems found, in words, each naming its place (see `port.Verifier`)."""
        return map(str, self.audit(executions))

    def audit(self, executions: Sequence[int] | None = None, counted: Counter[str] | None = None) -> Iterator[Problem]:
        """Problems found (see `audit.problems`)."""
        from durable_wf.journal import audit

        return audit.problems(self, executions, counted)

    def _as_of(self, table: str, name: str, deployment: int, at: int | None, record: Callable[..., R]) -> list[R]:
        if at is None:
            return self._fetch(queries.as_is(table, name), record, owner=deployment)
        return self._fetch(queries.as_was(table, name), record, owner=deployment, at=at)

    def _fetch(self, query: Query, record: Callable[..., R], **holes: Any) -> list[R]:
        with self._transaction() as ask:
            return ask(query, record, **holes)

    @contextmanager
    def _transaction(self) -> Iterator[Callable[..., list[Any]]]:
        """Several questions that see the same moment."""
        self.check_not_forked()
        with self._reads:
            try:
                opened = self._connection()
                if self._depth == 0:
                    opened.execute("BEGIN")
                self._depth += 1
                try:
                    yield partial(_ask, opened)
                finally:
                    self._depth -= 1
                    if self._depth == 0 and opened.in_transaction:  # an I/O error ends it by itself
                        opened.execute("ROLLBACK")
            except (sqlite3.Error, UnicodeError) as error:
                raise self._refused(error) from error

    def _connection(self) -> sqlite3.Connection:
        if self._reading is None:
            files.check_readable(self.path)
            database = connection.connect(self.path, "ro")
            try:
                migrate.check_readable(raw(database), self.path)
            except BaseException:
                database.close()
                raise
            self._reading = database
        return raw(self._reading)

    def _refused(self, error: Exception) -> Exception:
        found = faults.translate(error, f"reading {self.path}")
        if faults.name_of(error) == "SQLITE_READONLY_ROLLBACK":  # only the first opening has a rollback journal
            message = f"the journal {self.path} is empty: its making was interrupted"
            return JournalError(message, hint="the next `durable-wf run` or `deployments create` makes it")
        if faults.name_of(error).startswith(("SQLITE_CANTOPEN", "SQLITE_READONLY")):
            message = f"reading {self.path}: {error}"
            return StorageError(message, hint="SQLite needs to write beside a journal to read it; copy it elsewhere")
        return found

    def _give_up(self) -> None:
        if self._reading is not None:
            abandon(raw(self._reading))
            abandon(self._reading)


def _ask(opened: sqlite3.Connection, query: Query, record: Callable[..., R], **holes: Any) -> list[R]:
    found = opened.execute(query.sql, query.filled(holes)).fetchall()
    if isinstance(record, type):  # a NamedTuple: made of the tuple as it is, in a third of the time of a call
        return list(map(partial(tuple.__new__, record), found))
    return list(starmap(record, found))


@contextmanager
def _collector_paused() -> Iterator[None]:
    """While many rows are made, nothing is garbage, and looking for it takes as long as making them."""
    paused = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if paused:
            gc.enable()


def _one(value: int) -> int:
    return value


def _row(*values: Any) -> tuple[Any, ...]:
    return values


def _pair(one: K, other: R) -> tuple[K, R]:
    return one, other


def _number(found: Sequence[int]) -> int:
    if not found:
        message = "a counter is missing"
        raise JournalError(message)
    return found[0]
