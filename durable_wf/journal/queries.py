"""The questions that a reader asks, as SQL. peewee makes each once in a process: making one costs more than asking it.

A query is cached by what changes its text; what changes from one asking to the next are its holes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from peewee import Value, fn

from durable_wf.journal import rules
from durable_wf.journal.tables import TABLES
from durable_wf.model import rows

if TYPE_CHECKING:
    from collections.abc import Sequence

FOUND_BY_UID = 10  # a shortened uid that fits more executions than this shows these only
_OF_DEPLOYMENT = (
    "node", "node_version", "node_instance", "node_instance_version", "scaling", "scaling_version",
    "modification", "modification_step",
)  # fmt: skip


class _Hole(str):
    """Stands for a value that is given when the query is asked."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Query:
    """SQL, and its parameters in their order: values, and names of holes."""

    sql: str
    parameters: tuple[Any, ...]

    def filled(self, holes: dict[str, Any]) -> list[Any]:
        """The parameters with these values in the holes.

        raises  KeyError where one is missing
        """
        return [holes[one] if isinstance(one, _Hole) else one for one in self.parameters]


def _hole(name: str) -> Value:
    return Value(_Hole(name), converter=False)  # the converter of its column would take the name for the value


def _made(select: Any) -> Query:
    sql, parameters = select.sql()
    return Query(sql, tuple(parameters))


def _all(table: str, columns: Sequence[str] = ()) -> Any:
    """These columns, or all that the record has; not the checksums."""
    model = TABLES[table].model
    return model.select(*(getattr(model, name) for name in columns or TABLES[table].columns))


def _of(table: str, *, whole: bool, columns: Sequence[str]) -> Any:
    model = TABLES[table].model
    query = _all(table, columns).order_by(*(getattr(model, name) for name in TABLES[table].key))
    if table == "blueprint" or (table == "deployment" and whole):
        return query
    if table in ("execution", "deployment_version"):
        return query.where(model.id == _hole("owner"))
    return query.where((model.deployment if table in _OF_DEPLOYMENT else model.execution) == _hole("owner"))


@cache
def of(table: str, *, whole: bool = False) -> Query:
    """All rows of an `owner`: an execution or a deployment. By key. whole: of all deployments."""
    return _made(_of(table, whole=whole, columns=()))


@cache
def ordered(table: str, columns: tuple[str, ...], by: tuple[str, ...], *, whole: bool) -> Query:
    """As `of`: these columns, in this order."""
    model = TABLES[table].model
    return _made(_of(table, whole=whole, columns=columns).order_by(*(getattr(model, name) for name in by)))


@cache
def executions(states: frozenset[int] | None, *, of_one_deployment: bool) -> Query:
    """The newest first. Holes: deployment."""
    model = TABLES["execution"].model
    query = _all("execution").order_by(model.id.desc())
    if states is not None:
        query = query.where(model.state.in_(sorted(states)))
    if of_one_deployment:
        query = query.where(model.deployment == _hole("deployment"))
    return _made(query)


@cache
def executions_by_uid() -> Query:
    """Those whose uid is from `low` up to, without it, `high`."""
    model = TABLES["execution"].model
    query = _all("execution").where(model.uid >= _hole("low"), model.uid < _hole("high")).order_by(model.uid)
    return _made(query.limit(FOUND_BY_UID))


@cache
def execution() -> Query:
    """One. Holes: id."""
    return _made(_all("execution").where(TABLES["execution"].model.id == _hole("id")))


@cache
def outcomes() -> Query:
    """Of each task of an `owner` that has ended with one."""
    task, transition = TABLES["task"].model, TABLES["transition"].model
    return _made(
        task.select(task.no, transition.seq, transition.subject, transition.event, transition.detail_json)
        .join(transition, on=(transition.execution == task.execution) & (transition.seq == task.ended_seq))
        .where(task.execution == _hole("owner"), transition.detail_json.is_null(is_null=False))
        .order_by(task.no)
    )


@cache
def in_doubt() -> Query:
    """The attempts of an `owner` of which nobody knows whether they have ended."""
    task, attempt = TABLES["task"].model, TABLES["attempt"].model
    return _made(
        _all("attempt")
        .join(task, on=(task.execution == attempt.execution) & (task.no == attempt.task))
        .where(attempt.execution == _hole("owner"), task.state.in_(sorted(rules.TASK_IN_DOUBT)))
        .order_by(attempt.task, attempt.number)
    )


@cache
def of_run() -> Query:
    """The transitions of an `owner` that a replay reads."""
    transition = TABLES["transition"].model
    later = (transition.source == rules.STARTED_TASK) & transition.event.in_(sorted(rules.DECIDED))
    again = transition.event.in_(sorted(rules.RUN_AGAIN)) & transition.detail_json.is_null(is_null=False)
    decided = (transition.subject == int(rows.Subject.TASK)) & transition.attempt.is_null() & (later | again)
    return _made(
        _all("transition")
        .where(transition.execution == _hole("owner"), transition.subject.in_(sorted(rules.OF_RUN)) | decided)
        .order_by(transition.seq)
    )


@cache
def since(table: str, column: str) -> Query:
    """Those of `of` after `since`, by this column."""
    model = TABLES[table].model
    return _made(_of(table, whole=False, columns=()).where(getattr(model, column) > _hole("since")))


@cache
def blueprints() -> Query:
    """All."""
    return _made(_all("blueprint").order_by(TABLES["blueprint"].model.id))


@cache
def deployments() -> Query:
    """All that are not gone, by name."""
    model = TABLES["deployment"].model
    return _made(_all("deployment").where(model.gone == 0).order_by(model.name))


@cache
def as_is(table: str, name: str) -> Query:
    """What an `owner` has now of nodes or instances."""
    model = TABLES[table].model
    query = _all(table).where(model.deployment == _hole("owner"), model.gone == 0)
    return _made(query.order_by(getattr(model, name)))


@cache
def as_was(table: str, name: str) -> Query:
    """What an `owner` had of nodes or instances when the seq was `at`."""
    model = TABLES[f"{table}_version"].model
    newest = model.alias()
    same = (newest.deployment == model.deployment) & (getattr(newest, name) == getattr(model, name))
    last = newest.select(fn.MAX(newest.seq)).where(same, newest.seq <= _hole("at"))
    query = _all(f"{table}_version").where(model.deployment == _hole("owner"), model.gone == 0, model.seq == last)
    return _made(query.order_by(getattr(model, name)))


@cache
def deployment(*, at: bool) -> Query:
    """The `owner` itself. at: as it was when the seq was `at`."""
    model = TABLES["deployment_version" if at else "deployment"].model
    query = _all("deployment_version" if at else "deployment").where(model.id == _hole("owner"))
    return _made(query.where(model.seq <= _hole("at")).order_by(model.seq.desc()).limit(1) if at else query)


@cache
def modifications(*, of_one_deployment: bool) -> Query:
    """The oldest first. Holes: owner."""
    model = TABLES["modification"].model
    query = _all("modification").order_by(model.id)
    return _made(query.where(model.deployment == _hole("owner")) if of_one_deployment else query)


@cache
def steps() -> Query:
    """Of a `modification` of an `owner`, in order."""
    model = TABLES["modification_step"].model
    of_it = (model.deployment == _hole("owner")) & (model.modification == _hole("modification"))
    return _made(_all("modification_step").where(of_it).order_by(model.id))


@cache
def instance() -> Query:
    """One of an `owner`, by `name`."""
    model = TABLES["node_instance"].model
    return _made(
        _all("node_instance").where(model.deployment == _hole("owner"), model.name == _hole("name"), model.gone == 0)
    )


@cache
def last_seq() -> Query:
    """The counter of transitions."""
    model = TABLES["counter"].model
    return _made(model.select(model.value).where(model.name == "seq"))


@cache
def latest(*, by_time: bool, subject: int | None) -> Query:
    """The newest transition of an `owner` up to and with `seq`, or `at_us`; subject: of those about such a one."""
    model = TABLES["transition"].model
    last = model.at_us <= _hole("at_us") if by_time else model.seq <= _hole("seq")
    query = _all("transition").where(model.execution == _hole("owner"), last)
    if subject is not None:
        query = query.where(model.subject == subject)
    return _made(query.order_by(model.seq.desc()).limit(1))


@cache
def counts() -> Query:
    """How many instances each deployment has, by node and state."""
    model = TABLES["node_instance"].model
    by = (model.deployment, model.node, model.state)
    return _made(model.select(*by, fn.COUNT(model.id)).where(model.gone == 0).group_by(*by).order_by(*by))


@cache
def node_counts() -> Query:
    """How many nodes each deployment has."""
    model = TABLES["node"].model
    by = model.deployment
    return _made(model.select(by, fn.COUNT(model.name)).where(model.gone == 0).group_by(by).order_by(by))


@cache
def last_executions() -> Query:
    """The newest of each deployment."""
    model = TABLES["execution"].model
    newest = model.alias()
    ids = newest.select(fn.MAX(newest.id)).where(newest.deployment.is_null(is_null=False)).group_by(newest.deployment)
    return _made(_all("execution").where(model.id.in_(ids)).order_by(model.id))


@cache
def time_of() -> Query:
    """When the transition `seq` was."""
    model = TABLES["transition"].model
    return _made(model.select(model.at_us).where(model.seq == _hole("seq")))


@cache
def meta() -> Query:
    """All."""
    return _made(_all("meta"))


@cache
def chains() -> Query:
    """Whose they are, each once."""
    model = TABLES["link"].model
    return _made(model.select(model.execution, model.deployment).distinct())


@cache
def links(*, later: bool = False) -> Query:
    """Of the chain of an `execution` and a `deployment`, by ordinal. later: those after `since` alone."""
    model = TABLES["link"].model
    query = _all("link").where(model.execution == _hole("execution"), model.deployment == _hole("deployment"))
    if later:
        query = query.where(model.ordinal > _hole("since"))
    return _made(query.order_by(model.ordinal))


@cache
def link() -> Query:
    """One. Holes: execution, deployment, ordinal."""
    model = TABLES["link"].model
    of = (model.execution == _hole("execution")) & (model.deployment == _hole("deployment"))
    return _made(_all("link").where(of, model.ordinal == _hole("ordinal")))


@cache
def newest_link() -> Query:
    """Of all chains."""
    model = TABLES["link"].model
    newest = (model.last_seq.desc(), model.last_event.desc(), model.execution.desc(), model.deployment.desc())
    return _made(_all("link").order_by(*newest).limit(1))


@cache
def named(table: str) -> Query:
    """The id and the name of each."""
    model = TABLES[table].model
    name = model.uid if table == "execution" else model.name
    return _made(model.select(model.id, name).order_by(model.id))
