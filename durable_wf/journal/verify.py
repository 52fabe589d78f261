"""Verification of a whole journal: its hash chains (L13) and its states against its transitions (L2)."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Protocol

from durable_wf.errors import IllegalTransition
from durable_wf.journal import chain
from durable_wf.journal.rules import ATTEMPT, EXECUTION, GRAPH, GUARD_OF, TASK, Guard
from durable_wf.model.rows import Subject

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from durable_wf.model import rows

_OF_TASK = (Subject.TASK, Subject.ATTEMPT)


class Source(Protocol):
    """What verification reads. Both stores have it."""

    def meta(self) -> Mapping[str, str]:
        """The facts that the first link of every chain builds on."""
        ...

    def chains(self) -> list[chain.Chain]:
        """Every chain that has a link."""
        ...

    def links(self, of: chain.Chain) -> list[rows.Link]:
        """The links of a chain, by ordinal."""
        ...

    def stored(self, table: str, owner: int) -> list[Any]:
        """All rows of a table that belong to an execution, a deployment, or, with 0, to the journal."""
        ...

    def executions(self) -> list[rows.Execution]:
        """All executions."""
        ...

    def snapshot(self) -> AbstractContextManager[None]:
        """All questions inside see the same moment."""
        ...


def problems(source: Source, executions: Sequence[int] | None = None) -> Iterator[str]:
    """Problems found, in words, each naming its place. Each chain is read in one short transaction.

    executions  only their chains and states; None for the whole journal
    """
    start = chain.genesis(source.meta())
    with source.snapshot():
        chains = set(source.chains())
        known = {row.id for row in source.executions()}
        deployments = {row.id for row in source.stored("deployment", 0)}
    if executions is None:
        chains |= {(0, 0)} | {(0, deployment) for deployment in deployments} | {(number, 0) for number in known}
    else:
        chains = {(number, 0) for number in executions}
    for of in sorted(chains):
        if of[0] and of[0] not in known:
            yield f"{chain.chain_name(of)} is not in the journal"
            continue
        with source.snapshot():
            found = [*_chain_problems(source, start, of), *(check_states(source, of[0]) if of[0] else ())]
        yield from found


def _chain_problems(source: Source, start: bytes, of: chain.Chain) -> Iterator[str]:
    tables = (
        (covered, [row[: covered.width] for row in source.stored(covered.table, of[1] or of[0])])
        for covered in chain.covered_by(of)
    )
    yield from chain.check_chain(of, start, source.links(of), tables)


def check_states(source: Source, execution: int) -> Iterator[str]:
    """L2: replaying the transitions through the tables gives exactly the states in the rows."""
    name = f"execution {execution}"
    replayed = _Replay()
    for transition in source.stored("transition", execution):
        problem = replayed.take(transition)
        if problem:
            yield f"{name}: seq {transition.seq}: {problem} (L2)"
            return
    stored: dict[tuple[Guard, int, int], int] = {
        (EXECUTION, row.id, 0): row.state for row in source.stored("execution", execution)
    }
    stored |= {(GRAPH, row.no, 0): row.state for row in source.stored("tasks_graph", execution)}
    stored |= {(TASK, row.no, 0): row.state for row in source.stored("task", execution)}
    stored |= {(ATTEMPT, row.task, row.number): row.state for row in source.stored("attempt", execution)}
    for place, state in stored.items():
        expected = replayed.states.get(place, place[0].initial)
        if expected != state:
            says = f"its transitions say '{_name(place[0], expected)}'"
            yield f"{name}: {_which(place)} is '{_name(place[0], state)}', {says} (L2)"
    for place in replayed.states.keys() - stored.keys():
        yield f"{name}: {_which(place)} has transitions and no row (L2)"
    yield from _count_problems(source, execution)


def _count_problems(source: Source, execution: int) -> Iterator[str]:
    """A task counts its attempts, and points to a transition of its own."""
    attempts = Counter(row.task for row in source.stored("attempt", execution))
    told = {(row.subject_no, row.seq) for row in source.stored("transition", execution) if row.subject in _OF_TASK}
    for task in source.stored("task", execution):
        if task.attempts != attempts[task.no]:
            yield f"execution {execution}: task {task.no} has {attempts[task.no]} attempts and counts {task.attempts}"
        if task.ended_seq is not None and (task.no, task.ended_seq) not in told:
            yield f"execution {execution}: task {task.no} has no transition at seq {task.ended_seq}"


def _which(place: tuple[Guard, int, int]) -> str:
    guard, number, attempt = place
    return f"attempt {attempt} of task {number}" if guard is ATTEMPT else f"{guard.table} {number}"


class _Replay:
    """States as the transitions give them: (guard, number, attempt) → code."""

    def __init__(self) -> None:
        self.states: dict[tuple[Guard, int, int], int] = {}

    def take(self, transition: rows.Transition) -> str | None:
        """Follow one transition; what is wrong with it, or None."""
        guard = GUARD_OF.get(transition.subject)
        if guard is None:
            return None
        number, attempt = transition.subject_no, transition.attempt or 0
        if guard is ATTEMPT:
            return self._move(guard, number, attempt, transition.source, transition.target)
        problem = self._move(guard, number, 0, transition.source, transition.target)
        if problem is None and transition.source is not None:
            problem = _event_problem(guard, transition)
        if problem is None and attempt and transition.attempt_target is not None:
            now = self.states.get((ATTEMPT, number, attempt), ATTEMPT.initial)
            if now != transition.attempt_target:  # a new attempt is named in its first state, without a move
                problem = self._move(ATTEMPT, number, attempt, now, transition.attempt_target)
        return problem

    def _move(self, guard: Guard, number: int, attempt: int, source: int | None, target: int) -> str | None:
        """One subject's move; a source of None says where it is and moves nothing."""
        place = (guard, number, attempt)
        now = self.states.get(place, guard.initial)
        if now != (target if source is None else source):
            return f"{_which(place)} was '{_name(guard, now)}'"
        if source is not None and (source, target) not in guard.edges:
            return f"{_which(place)} cannot go from '{_name(guard, source)}' to '{_name(guard, target)}'"
        self.states[place] = target
        return None


def _event_problem(guard: Guard, transition: rows.Transition) -> str | None:
    machine = guard.machine
    try:
        state = machine.next(machine.states[transition.source or 0], machine.events[transition.event])
    except (IllegalTransition, IndexError):
        return f"{guard.table} {transition.subject_no}: event {transition.event} is not in the table"
    if machine.code(state) != transition.target:
        return f"{guard.table} {transition.subject_no}: event {transition.event} leads elsewhere"
    return None


def _name(guard: Guard, code: int) -> str:
    states = guard.machine.states
    return str(states[code]) if 0 <= code < len(states) else f"code {code}"
