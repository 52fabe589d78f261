"""A state machine as a table of rows, checked when it is made.

Everything that knows of states is made from these tables: enforcement here, CHECKs and guard triggers in
SQL, the diagrams in `schema/states.md`, and the property tests. The row owns the target: conditions choose
the event, never the state.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

from durable_wf.errors import IllegalTransition

if TYPE_CHECKING:
    from enum import StrEnum

S = TypeVar("S", bound="StrEnum")
E = TypeVar("E", bound="StrEnum")


@dataclass(frozen=True, slots=True)
class Row(Generic[S, E]):
    """One transition: in `source`, on `event`, go to `target`, because of `why`."""

    source: S
    event: E
    target: S
    why: str


@dataclass(frozen=True)
class Machine(Generic[S, E]):
    """A named table of rows.

    name     what moves
    initial  the state that a new row has
    ended    states in which the work is over. Not derived from "no way out", because a person's resume leads
             out of some of them.
    rows     every transition there is
    guarded  False where authors may set any state: the table then documents and does not forbid

    raises   ValueError when made with two rows for one (source, event), with an unreachable state, or with a
             state from which no ended state can be reached
    """

    name: str
    initial: S
    ended: frozenset[S]
    rows: tuple[Row[S, E], ...]
    guarded: bool = True
    states: tuple[S, ...] = field(init=False)
    events: tuple[E, ...] = field(init=False)
    _target: dict[tuple[S, E], S] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        table = {(row.source, row.event): row.target for row in self.rows}
        pairs_of_states = {(row.source, row.target) for row in self.rows}
        every = set(type(self.initial))
        reached = _closure({self.initial}, pairs_of_states)
        escapes = _closure(set(self.ended), {(target, source) for source, target in pairs_of_states})
        pairs = [(row.source, row.event) for row in self.rows]
        problems = {
            "two rows for one (source, event)": {f"{s}/{e}" for s, e in pairs if pairs.count((s, e)) > 1},
            "unreachable states": {str(state) for state in every - reached},
            "states without a way to an end": {str(state) for state in every - escapes},
        }
        for problem, which in problems.items():
            if which:
                text = f"{self.name}: {problem}: {', '.join(sorted(which))}"
                raise ValueError(text)
        object.__setattr__(self, "_target", table)
        object.__setattr__(self, "states", tuple(type(self.initial)))
        object.__setattr__(self, "events", tuple(type(self.rows[0].event)))

    def next(self, state: S, event: E) -> S:
        """The state after `event` in `state`.

        raises  IllegalTransition when the table has no such row
        """
        try:
            return self._target[state, event]
        except KeyError:
            raise IllegalTransition(self.name, state, event) from None

    def allows(self, state: S, event: E) -> bool:
        """Whether the table has a row for `event` in `state`."""
        return (state, event) in self._target

    def code(self, state: S) -> int:
        """The small integer that stands for `state` in the journal. Never reused: states are only appended."""
        return self.states.index(state)

    @property
    def edges(self) -> tuple[tuple[S, S], ...]:
        """Every (source, target) pair that may be written, in the table's order, once each."""
        return tuple(dict.fromkeys((row.source, row.target) for row in self.rows))


def _closure(start: set[S], pairs: set[tuple[S, S]]) -> set[S]:
    """All that can be reached. Our own lines, because every command imports this and networkx takes 80 ms to import."""
    found, left = set(start), list(start)
    while left:
        source = left.pop()
        new = {target for one, target in pairs if one == source} - found
        found |= new
        left.extend(new)
    return found
