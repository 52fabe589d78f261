"""Deaths at a commit: the points at which a process can be made to die, and the journal that dies there.

A death is an exception that no `except Exception` survives, thrown out of `Journal.turn()`: the scheduler's thread
ends where it stands, and nothing is cleaned up or written afterwards.
"""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from durable_wf.errors import UsageError
from durable_wf.model.machine import Machine
from durable_wf.model.rows import Subject
from durable_wf.model.states import ATTEMPT, EXECUTION, GRAPH, MACHINES, NE, TASK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from durable_wf.model.rows import Changes

COMMIT = "commit"
WHEN = ("before", "after")
POINTS = (COMMIT, *(f"{machine.name}.{state}" for machine in MACHINES for state in machine.states))
_MOVED: dict[Subject, Machine[Any, Any]] = {Subject.EXECUTION: EXECUTION, Subject.GRAPH: GRAPH, Subject.TASK: TASK}
_STATE_SET = {tuple(NE).index(event) for event in (NE.CREATED, NE.STATE_SET)}


class Crash(BaseException):
    """The process dies here; no `except Exception` may survive it."""


@dataclass(frozen=True, slots=True)
class Point:
    """A place in the life of a process.

    name   `commit`, or `machine.state`: a commit in which something of that machine comes to that state
    after  behind the commit, or before it: then it is as if it had never been
    """

    name: str
    after: bool

    @classmethod
    def parse(cls, text: str) -> Point:
        """`after:task.sent`, `before:commit`.

        raises  UsageError with near matches
        """
        when, separator, name = text.partition(":")
        if not separator:
            raise UsageError(f"'{text}' does not say when", hint=f"write before:{text} or after:{text}")
        if when not in WHEN:
            raise UsageError(f"'{when}' in '{text}' is no time to die", hint="write before: or after:")
        if name not in POINTS:
            raise _unknown(text, name)
        return cls(name, when == "after")

    def __str__(self) -> str:
        return f"{WHEN[self.after]}:{self.name}"


def _unknown(text: str, name: str) -> UsageError:
    from difflib import get_close_matches

    close = get_close_matches(name, POINTS, n=3, cutoff=0.5)
    machines = ", ".join(machine.name for machine in MACHINES)
    hint = f"did you mean {' or '.join(close)}?" if close else f"commit, or a state of: {machines}"
    return UsageError(f"there is no point '{name}' ('{text}')", hint=hint)


def passed(changes: Changes) -> Iterator[str]:
    """The names of the points that a commit of these changes passes, each as often as it does.

    A task and its attempt that move at the same moment pass a point each. What a task or an execution begins its
    life in (`pending`) is passed when its row is written.
    """
    yield COMMIT
    written: list[tuple[str, str]] = [(EXECUTION.name, EXECUTION.states[row.state]) for row in changes.executions]
    written += [(GRAPH.name, GRAPH.states[row.state]) for row in changes.graphs]
    written += [(TASK.name, TASK.states[row.state]) for row in changes.tasks]
    yield from (f"{machine}.{state}" for machine, state in written)
    set_at = set()
    for move in changes.transitions:
        subject = Subject(move.subject)
        if subject in _MOVED and move.source is not None:
            yield f"{_MOVED[subject].name}.{_MOVED[subject].states[move.target]}"
        if move.attempt_target is not None:
            yield f"{ATTEMPT.name}.{ATTEMPT.states[move.attempt_target]}"
        if subject is Subject.NODE_INSTANCE and move.event in _STATE_SET:
            set_at.add(move.seq)
    for instance in changes.instances:
        if instance.seq in set_at:
            yield f"node_instance.{instance.state}"


class CrashingJournal:
    """A journal whose process can be made to die at one of its commits.

    crashed  whether it has
    passed   how often each point was passed by what was committed
    """

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.crashed = False
        self.passed: Counter[str] = Counter()
        self._point: Point | None = None
        self._left = 0

    def arm(self, point: Point, n: int = 1) -> None:
        """Die when the point is passed for the n-th time from now on."""
        self._point, self._left = point, n

    def disarm(self) -> None:
        """Live on."""
        self._point = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    @contextmanager
    def turn(self) -> Iterator[Any]:
        """As the journal's; raises Crash where it dies."""
        with self.inner.turn() as turn:
            seen = _Seen(turn)
            yield seen
            seen.counts[COMMIT] = 1
            dies = self._dies(seen.counts)
            if dies is not None and not dies.after:
                self._die()
        self.passed.update(seen.counts)
        if dies is not None:
            self._die()

    def _dies(self, counts: Counter[str]) -> Point | None:
        point = self._point
        if point is None:
            return None
        self._left -= counts[point.name]
        return point if self._left <= 0 else None

    def _die(self) -> None:
        self.crashed = True
        self._point = None
        raise Crash


class _Seen:
    """A turn, and what is written in it."""

    def __init__(self, turn: Any) -> None:
        self._turn = turn
        self.counts: Counter[str] = Counter()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._turn, name)

    def apply(self, changes: Changes) -> None:
        """As the turn's."""
        self._turn.apply(changes)
        self.counts.update(passed(changes))
