"""What a store refuses: rows whose state was not reached by the machines' tables, or disagrees with its times.

Written once, as data. `schema` makes CHECKs and triggers of it, the memory store asks it directly, and one
conformance suite shows that both refuse the same. An update that leaves the state as it is is no move and passes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from durable_wf.errors import JournalError
from durable_wf.model import states
from durable_wf.model.rows import Subject
from durable_wf.model.states import TE, A, T, X

if TYPE_CHECKING:
    from collections.abc import Iterable
    from enum import StrEnum

    from durable_wf.model.machine import Machine
    from durable_wf.model.rows import Transition


@dataclass(frozen=True)
class Times:
    """How a state binds the columns with its begin and its end.

    began, ended  names of the columns; `ended` is set exactly in the machine's ended states
    unbegun       codes of the states in which `began` must be empty
    begun         codes of the states in which it must be set. In all others it may be either: an outcome that a
                  person gives may have no beginning, and an execution may fail before it began
    """

    began: str
    ended: str
    unbegun: frozenset[int]
    begun: frozenset[int]


class Guard:
    """The rules of one table.

    table   whose column `state` they are about
    edges   every (code before, code after) that may be written, those that change nothing left out
    """

    def __init__(self, table: str, machine: Machine[StrEnum, StrEnum], times: Times | None = None) -> None:
        self.table = table
        self.machine = machine
        self.times = times
        self.codes = tuple(range(len(machine.states)))
        self.initial = machine.code(machine.initial)
        self.ended = frozenset(machine.code(state) for state in machine.ended)
        pairs = ((machine.code(source), machine.code(target)) for source, target in machine.edges)
        self.edges = frozenset(pair for pair in pairs if pair[0] != pair[1])

    def check_insert(self, state: int, began: int | None = None, ended: int | None = None) -> None:
        """Refuse a new row that is not in the initial state, or whose times disagree.

        raises  JournalError
        """
        if state != self.initial:
            message = f"{self.table}: a new row is {self._name(self.initial)}, not {self._name(state)}"
            raise JournalError(message)
        self._check_times(state, began, ended)

    def check_move(self, old: int, new: int, began: int | None = None, ended: int | None = None) -> None:
        """Refuse a move that the table does not list, or whose times disagree.

        raises  JournalError
        """
        if old != new and (old, new) not in self.edges:
            message = f"illegal {self.machine.name} transition: {self._name(old)} to {self._name(new)}"
            raise JournalError(message)
        self._check_times(new, began, ended)

    def _check_times(self, state: int, began: int | None, ended: int | None) -> None:
        times = self.times
        if times is None:
            return
        wrong_began = state in (times.begun if began is None else times.unbegun)
        if wrong_began or (ended is None) == (state in self.ended):
            message = f"{self.table}: {self._name(state)} disagrees with {times.began}={began}, {times.ended}={ended}"
            raise JournalError(message)

    def _name(self, code: int) -> str:
        return f"'{self.machine.states[code]}'" if 0 <= code < len(self.codes) else f"code {code}"


def _codes(machine: Machine[StrEnum, StrEnum], which: Iterable[StrEnum]) -> frozenset[int]:
    return frozenset(machine.code(state) for state in which)


_BY_NAME: dict[str, Machine[StrEnum, StrEnum]] = {machine.name: machine for machine in states.MACHINES}
_EXECUTION, _GRAPH, _TASK, _ATTEMPT = (_BY_NAME[name] for name in ("execution", "tasks_graph", "task", "attempt"))
_MODIFICATION, _STEP = _BY_NAME["modification"], _BY_NAME["modification_step"]

EXECUTION = Guard(
    "execution",
    _EXECUTION,
    Times("started_us", "ended_us", frozenset(), _codes(_EXECUTION, (X.STARTED, X.PAUSED, X.TERMINATED))),
)
GRAPH = Guard("tasks_graph", _GRAPH)
TASK = Guard("task", _TASK)
ATTEMPT = Guard(
    "attempt",
    _ATTEMPT,
    Times("began_us", "ended_us", _codes(_ATTEMPT, (A.SENT,)), _codes(_ATTEMPT, (A.STARTED,))),
)
MODIFICATION = Guard(
    "modification",
    _MODIFICATION,
    Times("created_us", "ended_us", frozenset(), _codes(_MODIFICATION, _MODIFICATION.states)),
)
MODIFICATION_STEP = Guard("modification_step", _STEP)
GUARD_OF: dict[int, Guard] = {
    Subject.EXECUTION: EXECUTION,
    Subject.GRAPH: GRAPH,
    Subject.TASK: TASK,
    Subject.ATTEMPT: ATTEMPT,
    Subject.MODIFICATION: MODIFICATION,
    Subject.MODIFICATION_STEP: MODIFICATION_STEP,
}

TASK_WITH_OUTCOME = _codes(_TASK, (T.SUCCEEDED, T.FAILED))  # a task in one of these has its ended_seq
TASK_IN_DOUBT = _codes(_TASK, (T.SENT, T.STARTED, T.UNKNOWN))  # a replay needs the attempts of these
OF_RUN = frozenset({Subject.EXECUTION, Subject.GRAPH})  # a replay needs the transitions of these


STARTED_TASK = _TASK.code(T.STARTED)
DECIDED = frozenset(tuple(TE).index(event) for event in (TE.SUCCEEDED, TE.FAILED, TE.RETRY))
RUN_AGAIN = frozenset(tuple(TE).index(event) for event in (TE.RERUN, TE.RESET))  # with a detail: a handler was asked


def is_decided_later(row: Transition) -> bool:
    """Whether this is a decision that came after its outcome: a handler's, or one that a `get()` asked for.

    A default decision moves the attempt at the same moment. Of what runs again after a resume: whether its handler was
    asked what is to be done first.
    """
    if row.subject != Subject.TASK or row.attempt is not None:
        return False
    if row.event in RUN_AGAIN:
        return row.detail_json is not None
    return row.source == STARTED_TASK and row.event in DECIDED


def check_task_end(state: int, ended_seq: int | None) -> None:
    """Refuse an ended task that does not say where its outcome is.

    raises  JournalError
    """
    if ended_seq is None and state in TASK_WITH_OUTCOME:
        message = f"task: {TASK.machine.states[state]!r} without ended_seq"
        raise JournalError(message)


def check_step_done(state: int, done_seq: int | None) -> None:
    """Refuse a done step of a modification that does not say where it was done, and one that says so and is not.

    raises  JournalError
    """
    if (done_seq is None) == (state in MODIFICATION_STEP.ended):
        message = f"modification_step: {MODIFICATION_STEP.machine.states[state]!r} disagrees with done_seq={done_seq}"
        raise JournalError(message)
