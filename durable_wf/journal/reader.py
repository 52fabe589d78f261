"""Reading a journal, with a connection that cannot write. Every answer is fetched whole, then its transaction ends.

An open read transaction would let the -wal grow without limit. peewee makes the queries; their rows go out as the
records of `model.rows`. Any thread may ask.
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

from peewee import fn

from durable_wf.errors import JournalError, NotFoundError, StorageError
from durable_wf.journal import connection, faults, files, head, migrate, rules
from durable_wf.journal.forks import Forkable, abandon
from durable_wf.journal.tables import TABLES, raw
from durable_wf.model import rows

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Collection, Iterator, Sequence

    from peewee import SqliteDatabase

    from durable_wf.journal import chain
    from durable_wf.journal.verify import Problem

_FOUND_BY_UID = 10  # a shortened uid that fits more executions than this shows these only

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
        model = TABLES["execution"].model
        query = _all("execution").order_by(model.id.desc())
        if states is not None:
            query = query.where(model.state.in_(list(states)))
        if deployment is not None:
            query = query.where(model.deployment == deployment)
        return self._fetch(query, rows.Execution)

    def find_execution(self, uid: str) -> list[rows.Execution]:
        model = TABLES["execution"].model
        query = _all("execution").where(model.uid >= uid, model.uid < uid + chr(0x10FFFF)).order_by(model.uid)
        found = self._fetch(query.limit(_FOUND_BY_UID), rows.Execution)
        return [row for row in found if row.uid == uid] or found

    def history(self, execution: int) -> rows.History:
        task, transition = TABLES["task"].model, TABLES["transition"].model
        attempt = TABLES["attempt"].model
        outcomes = (
            task.select(task.no, transition.seq, transition.subject, transition.event, transition.detail_json)
            .join(transition, on=(transition.execution == task.execution) & (transition.seq == task.ended_seq))
            .where(task.execution == execution, transition.detail_json.is_null(is_null=False))
            .order_by(task.no)
        )
        in_doubt = (
            _all("attempt")
            .join(task, on=(task.execution == attempt.execution) & (task.no == attempt.task))
            .where(attempt.execution == execution, task.state.in_(sorted(rules.TASK_IN_DOUBT)))
            .order_by(attempt.task, attempt.number)
        )
        decided = (transition.subject == int(rows.Subject.TASK)) & transition.attempt.is_null()
        decided &= (transition.source == rules.STARTED_TASK) & transition.event.in_(sorted(rules.DECIDED))
        of_run = (
            _all("transition")
            .where(transition.execution == execution, transition.subject.in_(sorted(rules.OF_RUN)) | decided)
            .order_by(transition.seq)
        )
        with self._transaction() as ask, _collector_paused():
            found = ask(_all("execution").where(TABLES["execution"].model.id == execution), rows.Execution)
            if not found:
                message = f"no execution {execution}"
                raise NotFoundError(message)
            transitions = ask(of_run, rows.Transition)
            return rows.History(
                found[0],
                ask(_of("payload", execution), rows.Payload),
                ask(_of("tasks_graph", execution), rows.Graph),
                ask(_of("task", execution), rows.Task),
                ask(_of("task_dependency", execution), rows.Dependency),
                ask(in_doubt, rows.Attempt),
                ask(outcomes, rows.Outcome),
                [row for row in transitions if row.subject in rules.OF_RUN],
                [row for row in transitions if rules.is_decided_later(row)],
                _number(ask(_LAST_SEQ, _one)),
            )

    def transitions(self, execution: int, *, since: int = 0) -> list[rows.Transition]:
        query = _of("transition", execution).where(TABLES["transition"].model.seq > since)
        return self._fetch(query, rows.Transition)

    def events(self, execution: int, *, since: int = 0) -> list[rows.Event]:
        return self._fetch(_of("event", execution).where(TABLES["event"].model.id > since), rows.Event)

    def blueprints(self) -> list[rows.Blueprint]:
        return self._fetch(_all("blueprint").order_by(TABLES["blueprint"].model.id), rows.Blueprint)

    def deployments(self) -> list[rows.Deployment]:
        model = TABLES["deployment"].model
        return self._fetch(_all("deployment").where(model.gone == 0).order_by(model.name), rows.Deployment)

    def nodes(self, deployment: int, *, at: int | None = None) -> list[rows.Node]:
        return self._as_of("node", "name", deployment, at, rows.Node)

    def instances(self, deployment: int, *, at: int | None = None) -> list[rows.Instance]:
        return self._as_of("node_instance", "id", deployment, at, rows.Instance)

    def instance(self, deployment: int, name: str) -> rows.Instance | None:
        model = TABLES["node_instance"].model
        query = _all("node_instance").where(model.deployment == deployment, model.name == name, model.gone == 0)
        return next(iter(self._fetch(query, rows.Instance)), None)

    def last_seq(self) -> int:
        return _number(self._fetch(_LAST_SEQ, _one))

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
            model = TABLES["link"].model
            of = (model.execution == newest.execution) & (model.deployment == newest.deployment)
            links = ask(_all("link").where(of, model.ordinal == newest.ordinal), rows.Link)
            if links and links[0].hash == newest.hash:
                return None
            seq = _number(ask(_LAST_SEQ, _one))
            model = TABLES["transition"].model
            times = ask(model.select(model.at_us).where(model.seq == seq), _one)
        return head.Behind(newest.seq, seq, newest.at_us, times[0] if times else 0)

    def meta(self) -> dict[str, str]:
        """The facts of the journal's making, by name."""
        return dict(self._fetch(_all("meta"), _pair))

    def chains(self) -> list[chain.Chain]:
        """Every chain that has a link."""
        model = TABLES["link"].model
        return self._fetch(model.select(model.execution, model.deployment).distinct(), _pair)

    def links(self, of: chain.Chain, *, since: int = 0) -> list[rows.Link]:
        """The links of a chain with ordinal > `since`, by ordinal."""
        model = TABLES["link"].model
        query = _all("link").where(model.execution == of[0], model.deployment == of[1], model.ordinal > since)
        return self._fetch(query.order_by(model.ordinal), rows.Link)

    def newest_link(self) -> rows.Link | None:
        """The link of any chain that was written last. Looks at every link."""
        model = TABLES["link"].model
        newest = (model.last_seq.desc(), model.last_event.desc(), model.execution.desc(), model.deployment.desc())
        found = self._fetch(_all("link").order_by(*newest).limit(1), rows.Link)
        return found[0] if found else None

    def stored(self, table: str, owner: int) -> list[Any]:
        """All rows of a table that belong to an execution, a deployment, or, with 0, to the journal."""
        return self._fetch(_of(table, owner), TABLES[table].record)

    def named(self, table: str) -> dict[int, str]:
        """What people call the rows of `execution` or `deployment`, by id."""
        model = TABLES[table].model
        name = model.uid if table == "execution" else model.name
        return dict(self._fetch(model.select(model.id, name).order_by(model.id), _pair))

    def each_link(self, of: chain.Chain) -> Iterator[rows.Link]:
        """The links of a chain by ordinal, one at a time. Ask inside `snapshot()`."""
        model = TABLES["link"].model
        query = _all("link").where(model.execution == of[0], model.deployment == of[1]).order_by(model.ordinal)
        return map(rows.Link._make, self.scan(*query.sql()))

    def last_seq_before(self, seq: int) -> int:
        """The highest `last_seq` of any link below this one (see `verify.Source`)."""
        return int(self.query(f"SELECT ifnull(max(last_seq), 0) FROM link WHERE last_seq < {int(seq)}")[0][0])

    def stream(self, table: str, owner: int, columns: Sequence[str], by: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        """Rows of an execution, a deployment or the journal, one at a time (see `verify.Source`)."""
        model = TABLES[table].model
        order = [getattr(model, name) for name in by]
        return self.scan(*_of(table, owner, columns).order_by(*order).sql())

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
            model = TABLES[table].model
            query = _all(table).where(model.deployment == deployment, model.gone == 0)
            return self._fetch(query.order_by(getattr(model, name)), record)
        model = TABLES[f"{table}_version"].model
        newest = model.alias()
        same = (newest.deployment == model.deployment) & (getattr(newest, name) == getattr(model, name))
        last = newest.select(fn.MAX(newest.seq)).where(same, newest.seq <= at)
        query = _all(f"{table}_version").where(model.deployment == deployment, model.gone == 0, model.seq == last)
        return self._fetch(query.order_by(getattr(model, name)), record)

    def _fetch(self, query: Any, record: Callable[..., R]) -> list[R]:
        with self._transaction() as ask:
            return ask(query, record)

    @contextmanager
    def _transaction(self) -> Iterator[Callable[[Any, Callable[..., R]], list[R]]]:
        """Several questions that see the same moment."""
        self.check_not_forked()
        with self._reads:
            try:
                opened = self._connection()
                if self._depth == 0:
                    opened.execute("BEGIN")
                self._depth += 1
                try:
                    yield lambda query, record: _ask(opened, query, record)
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


def _all(table: str, columns: Sequence[str] = ()) -> Any:
    """These columns, or all that the record has; not the checksums."""
    model = TABLES[table].model
    return model.select(*(getattr(model, name) for name in columns or TABLES[table].columns))


def _of(table: str, owner: int, columns: Sequence[str] = ()) -> Any:
    """All rows of an execution or a deployment, by key."""
    model = TABLES[table].model
    key = [getattr(model, name) for name in TABLES[table].key]
    query = _all(table, columns).order_by(*key)
    if table == "blueprint" or (table == "deployment" and owner == 0):
        return query
    if table in ("execution", "deployment_version"):
        return query.where(model.id == owner)
    return query.where((model.deployment if table in _OF_DEPLOYMENT else model.execution) == owner)


def _ask(opened: sqlite3.Connection, query: Any, record: Callable[..., R]) -> list[R]:
    sql, parameters = query.sql()
    found = opened.execute(sql, parameters).fetchall()
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


def _pair(one: K, other: R) -> tuple[K, R]:
    return one, other


def _number(found: Sequence[int]) -> int:
    if not found:
        message = "a counter is missing"
        raise JournalError(message)
    return found[0]


_OF_DEPLOYMENT = ("node", "node_version", "node_instance", "node_instance_version")
_LAST_SEQ = TABLES["counter"].model.select(TABLES["counter"].model.value).where(TABLES["counter"].model.name == "seq")
