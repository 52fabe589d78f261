"""The tables of the journal: one per record of `model.rows`, with the record's fields as its columns, in order.

`TABLES` holds each with its key and its constraints; a peewee model is made from it. The models never leave
`journal/`. Columns that a record does not have (`checksum`) stand behind the others and are filled by the store or
by SQLite itself: they let `verify` notice a changed value that no hash chain covers (L13).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import NoneType
from typing import TYPE_CHECKING, Any, NamedTuple, get_args, get_type_hints

from peewee import SQL, BlobField, CompositeKey, IntegerField, Model, SqliteDatabase, TextField

from durable_wf.journal import rules
from durable_wf.journal.rules import Guard
from durable_wf.model import deployed, rows

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

UNBOUND = SqliteDatabase(None)  # for making SQL; never opened

_PRIME = 32749  # the largest below 2**15: a checksum takes two bytes, and no flip of one bit leaves it as it was
_WEIGHTS = (3, 5, 7, 11, 13, 17)
_FIELDS = {int: IntegerField, str: TextField, bytes: BlobField}


class Fact(NamedTuple):
    """A fact of the journal's making. The hash chains build on them."""

    name: str
    value: str


class Migration(NamedTuple):
    """A version that the file has reached, and when."""

    version: int
    at_us: int


class Counter(NamedTuple):
    """The newest number given: of `seq`, or of the ids of the table it is named after."""

    name: str
    value: int


class Name(NamedTuple):
    """The name of a code. machine: whose state or event it is."""

    machine: str
    code: int
    name: str


class CodeName(NamedTuple):
    """The name of a code."""

    code: int
    name: str


@dataclass(frozen=True)
class Table:
    """One table.

    record      its rows; the fields are its columns
    key         its primary key; the rowid where it is one integer
    moves       the columns that may be updated; a table without any is written once
    clustered   stored in the order of its key, without rowids
    references  (columns, table, columns there)
    guard       the rules of its state
    checks      further CHECKs
    indexes     each UNIQUE or not, columns, and a condition
    checksum    the columns that a generated checksum covers; () for one that the store fills, None for none
    since       the version of the journal from which on it is there
    """

    name: str
    record: type[tuple[Any, ...]]
    key: tuple[str, ...]
    moves: tuple[str, ...] = ()
    clustered: bool = False
    references: tuple[tuple[str, str, str], ...] = ()
    guard: Guard | None = None
    checks: tuple[str, ...] = ()
    indexes: tuple[str, ...] = ()
    checksum: tuple[str, ...] | None = None
    since: int = 1
    model: Any = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "model", _model(self))

    @property
    def columns(self) -> tuple[str, ...]:
        """The record's fields."""
        return self.record._fields  # type: ignore[attr-defined, no-any-return]

    @property
    def insert(self) -> str:
        """An INSERT of a record; the store's own checksum comes after it."""
        columns = self.columns if self.checksum != () else (*self.columns, "checksum")
        return f"INSERT INTO {self.name} ({names(columns)}) VALUES ({', '.join('?' * len(columns))})"

    @property
    def update(self) -> str:
        """An UPDATE of a record's moving columns by its key, the parameters in this order."""
        moves = self.moves if self.checksum != () else (*self.moves, "checksum")
        return f"UPDATE {self.name} SET {_sets(moves, ', ')} WHERE {_sets(self.key, ' AND ')}"

    @property
    def upsert(self) -> str:
        """An INSERT that replaces all but the key of the row that is there."""
        rest = ", ".join(f'"{column}" = excluded."{column}"' for column in self.columns if column not in self.key)
        return f"{self.insert} ON CONFLICT ({names(self.key)}) DO UPDATE SET {rest}"


def names(columns: tuple[str, ...]) -> str:
    """Quoted, with commas: `on` is a word of SQL."""
    return ", ".join(f'"{column}"' for column in columns)


def raw(database: SqliteDatabase) -> sqlite3.Connection:
    """The connection under peewee's database."""
    connection: sqlite3.Connection = database.connection()  # type: ignore[no-untyped-call]
    return connection


def _sets(columns: tuple[str, ...], between: str) -> str:
    return between.join(f'"{column}" = ?' for column in columns)


def mask(codes: Iterable[int]) -> int:
    """A bit for each code. SQLite tests a bit in 0.1 µs, where an IN list takes 3 µs inside a trigger."""
    return sum(1 << code for code in codes)


def checksum_sql(columns: tuple[str, ...]) -> str:
    """Integers folded to two bytes; NULL is told from every number that stands there."""
    values = (f"ifnull({column}, -1)" if column.endswith(("_us", "_seq")) else column for column in columns)
    return f"({' + '.join(f'{value} * {weight}' for value, weight in zip(values, _WEIGHTS, strict=False))}) % {_PRIME}"


def _guard_checks(guard: Guard | None) -> list[str]:
    if guard is None:
        return []
    checks = [f"state BETWEEN 0 AND {guard.codes[-1]}"]
    if guard.times is not None:
        began, ended = guard.times.began, guard.times.ended
        unset, set_ = mask(guard.times.begun), mask(guard.times.unbegun)
        checks.append(f"({ended} IS NOT NULL) = ({mask(guard.ended)} >> state & 1)")
        checks.append(f"CASE WHEN {began} IS NULL THEN {unset} ELSE {set_} END >> state & 1 = 0")
    return checks


def legal_sql(guard: Guard, column: str, *, itself: bool) -> str:
    """The states that may follow the one in `column`, as bits.

    itself  whether a state may follow itself: an update that moves nothing
    """
    lines = [f"CASE {column}"]
    for code, state in enumerate(guard.machine.states):
        targets = [target for target in guard.codes if (code, target) in guard.edges or (itself and target == code)]
        if targets:
            named = ", ".join(guard.machine.states[target] for target in targets)
            lines.append(f"    WHEN {code} THEN {mask(targets)} -- {state}: {named}")
    return "\n".join([*lines, "    ELSE 0 END"])


def _transition_check() -> str:
    """A transition is one of its machine's table; what has no states, or has them free, is not looked at.

    A CHECK and not a trigger: both states stand in the row, and it costs a tenth.
    """
    cases = "\n".join(
        f"WHEN {int(subject)} THEN {legal_sql(guard, 'source', itself=False)}"
        for subject, guard in rules.GUARD_OF.items()
    )
    return f"source IS NULL OR (CASE subject\n{cases}\nELSE -1 END) >> target & 1"


def _field(hint: Any, **options: Any) -> Any:
    kinds = set(get_args(hint) or (hint,))
    (kind,) = kinds - {NoneType}
    return _FIELDS[kind](null=NoneType in kinds, **options)


def _model(table: Table) -> Any:
    alone = len(table.key) == 1
    fields = {
        name: _field(hint, **({"primary_key": True} if alone and name == table.key[0] else {}))
        for name, hint in get_type_hints(table.record).items()
    }
    if table.checksum is not None:
        sql = f"GENERATED ALWAYS AS ({checksum_sql(table.checksum)}) STORED" if table.checksum else ""
        fields["checksum"] = IntegerField(constraints=[SQL(sql)] if sql else [])
    constraints = [SQL(f"CHECK ({check})") for check in (*_guard_checks(table.guard), *table.checks)]
    constraints += [
        SQL(f"FOREIGN KEY ({columns}) REFERENCES {there} ({keys})") for columns, there, keys in table.references
    ]
    options: dict[str, Any] = {
        "database": UNBOUND,
        "table_name": table.name,
        "strict_tables": True,
        "without_rowid": table.clustered,
        "constraints": constraints,
        "legacy_table_names": False,
    }
    if not alone:
        options["primary_key"] = CompositeKey(*table.key)
    make: Any = type(Model)
    return make(table.name, (Model,), {**fields, "Meta": type("Meta", (), options)})


_OF_EXECUTION = ("execution", "execution", "id")
_OF_DEPLOYMENT = ("deployment", "deployment", "id")

TABLES = {
    table.name: table
    for table in (
        Table("meta", Fact, ("name",), clustered=True),
        Table("migration", Migration, ("version",), checksum=("at_us",)),
        Table("counter", Counter, ("name",), ("value",), clustered=True, checksum=("value",)),
        Table("state_name", Name, ("machine", "code"), clustered=True),
        Table("event_name", Name, ("machine", "code"), clustered=True),
        Table("subject_name", CodeName, ("code",)),
        Table("kind_name", CodeName, ("code",)),
        Table("blueprint", rows.Blueprint, ("id",)),
        Table(
            "deployment",
            rows.Deployment,
            ("id",),
            rows.Deployment._fields[1:],
            references=(("blueprint", "blueprint", "id"),),
            checks=("gone IN (0, 1)",),
            indexes=("UNIQUE (name) WHERE gone = 0",),
        ),
        Table("deployment_version", rows.Deployment, ("id", "seq"), references=(("id", "deployment", "id"),)),
        Table(
            "node",
            rows.Node,
            ("deployment", "name"),
            rows.Node._fields[2:],
            references=(_OF_DEPLOYMENT,),
            checks=("gone IN (0, 1)",),
        ),
        Table("node_version", rows.Node, ("deployment", "name", "seq"), references=(_OF_DEPLOYMENT,)),
        Table(
            "node_instance",
            rows.Instance,
            ("id",),
            rows.Instance._fields[1:],
            references=(_OF_DEPLOYMENT,),
            checks=("gone IN (0, 1)",),
            indexes=("UNIQUE (deployment, name) WHERE gone = 0",),
        ),
        Table("node_instance_version", rows.Instance, ("deployment", "id", "seq"), references=(_OF_DEPLOYMENT,)),
        Table(
            "scaling",
            deployed.Scaling,
            ("deployment", "name"),
            deployed.Scaling._fields[2:],
            references=(_OF_DEPLOYMENT,),
            checks=("gone IN (0, 1)",),
            since=3,
        ),
        Table(
            "scaling_version",
            deployed.Scaling,
            ("deployment", "name", "seq"),
            references=(_OF_DEPLOYMENT,),
            since=3,
        ),
        Table(
            "execution",
            rows.Execution,
            ("id",),
            rows.ExecutionMove._fields[:-1],
            references=(_OF_DEPLOYMENT,),
            guard=rules.EXECUTION,
            indexes=("UNIQUE (uid)", "(state)", "(deployment)"),
            checksum=(),
        ),
        Table(
            "modification",
            deployed.Modification,
            ("id",),
            deployed.ModificationMove._fields[:-1],
            references=(_OF_DEPLOYMENT, _OF_EXECUTION),
            guard=rules.MODIFICATION,
            checks=("(ended_seq IS NOT NULL) = (ended_us IS NOT NULL)",),
            indexes=("UNIQUE (uid)", "(deployment)", "UNIQUE (deployment, state) WHERE state = 0"),
            checksum=deployed.ModificationMove._fields[:-1],
            since=3,
        ),
        Table(
            "modification_step",
            deployed.ModificationStep,
            ("id",),
            deployed.ModificationStepMove._fields[:-1],
            references=(_OF_DEPLOYMENT, ("modification", "modification", "id")),
            guard=rules.MODIFICATION_STEP,
            checks=(
                f"(done_seq IS NOT NULL) = ({mask(rules.MODIFICATION_STEP.ended)} >> state & 1)",
                "(done_seq IS NOT NULL) = (done_us IS NOT NULL)",
            ),
            indexes=("(deployment)", "(modification)"),
            checksum=deployed.ModificationStepMove._fields[:-1],
            since=3,
        ),
        Table("payload", rows.Payload, ("execution", "no"), clustered=True, references=(_OF_EXECUTION,)),
        Table(
            "tasks_graph",
            rows.Graph,
            ("execution", "no"),
            ("state",),
            clustered=True,
            references=(_OF_EXECUTION,),
            guard=rules.GRAPH,
        ),
        Table(
            "task",
            rows.Task,
            ("execution", "no"),
            rows.TaskMove._fields[:-2],
            clustered=True,
            references=(("execution, request", "payload", "execution, no"),),
            guard=rules.TASK,
            checks=(f"ended_seq IS NOT NULL OR {mask(rules.TASK_WITH_OUTCOME)} >> state & 1 = 0",),
            checksum=rows.TaskMove._fields[:-2],
        ),
        Table(
            "task_dependency",
            rows.Dependency,
            ("execution", "task", "on"),
            clustered=True,
            references=(("execution, task", "task", "execution, no"), ('execution, "on"', "task", "execution, no")),
        ),
        Table(
            "attempt",
            rows.Attempt,
            ("execution", "task", "number"),
            rows.AttemptMove._fields[:-3],
            clustered=True,
            references=(("execution, task", "task", "execution, no"),),
            guard=rules.ATTEMPT,
            checksum=rows.AttemptMove._fields[:-3],
        ),
        Table(
            "transition",
            rows.Transition,
            ("execution", "seq"),
            clustered=True,
            checks=(_transition_check(),),
        ),
        Table("event", rows.Event, ("id",), indexes=("(execution)",)),
        Table(
            "inbox",
            rows.Request,
            ("id",),
            ("taken_seq",),
            references=(_OF_EXECUTION,),
            indexes=("UNIQUE (execution, key)", "(execution) WHERE taken_seq IS NULL"),
            checksum=(),
        ),
        Table("link", rows.Link, ("execution", "deployment", "ordinal"), clustered=True),
    )
}
