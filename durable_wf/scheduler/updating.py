"""Calls of operations that still run: a worker asks, the scheduler answers after the commit.

A call is answered once, whatever happens: by the turn that took it in, or by the end of its runner. So an operation
never waits for somebody who is gone.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from durable_wf.errors import RunnerStopping
from durable_wf.graph.updates import conflicting, is_in_flight, update
from durable_wf.model.commands import Reply
from durable_wf.model.events import Ended
from durable_wf.model.protocol import InstanceData, Updated
from durable_wf.scheduler.instances import to_data

if TYPE_CHECKING:
    from collections.abc import Mapping

    from durable_wf.graph.decide import Core
    from durable_wf.graph.pen import Pen
    from durable_wf.model.protocol import OperationOutcome, PropertyUpdate

A = TypeVar("A")


class Call(ABC, Generic[A]):
    """A call of the attempt `attempt` of task `no`, on its way through the scheduler."""

    __slots__ = ("_box", "attempt", "no")

    def __init__(self, no: int, attempt: int) -> None:
        self.no = no
        self.attempt = attempt
        self._box: SimpleQueue[A | BaseException] = SimpleQueue()

    def wait(self) -> A:
        """The answer.

        raises  RunnerStopping where nobody writes for the execution any more
        """
        given = self._box.get()
        if isinstance(given, BaseException):
            raise given
        return given

    def reply(self, answer: A) -> None:
        """Let the operation go on; after the commit."""
        self._box.put(answer)

    def refuse(self) -> None:
        """Nothing was committed, and nothing will be: end the operation."""
        self._box.put(RunnerStopping("the operation's runner does not write for its execution any more"))

    def take(self, core: Core, pen: Pen) -> None:
        """Have this turn do it, and answer once that is committed."""
        if is_in_flight(core.run, self.no, self.attempt):
            pen.commands.append(Reply(self, self.do(core, pen)))
        else:
            self.refuse()

    @abstractmethod
    def do(self, core: Core, pen: Pen) -> A:
        """What the turn does; gives the answer."""


class UpdateCall(Call[Updated]):
    """An `update()`."""

    __slots__ = ("_wanted",)

    def __init__(self, no: int, attempt: int, wanted: PropertyUpdate) -> None:
        super().__init__(no, attempt)
        self._wanted = wanted

    def do(self, core: Core, pen: Pen) -> Updated:
        """Write it, if nothing stands against it."""
        is_late = (self.no, self.attempt) in core.run.late
        row, conflict, done = update(pen, self._wanted, self.no, self.attempt, is_late=is_late)
        return Updated(None if row is None else to_data(row), conflict, done)


class EndCall(Call[list[InstanceData]]):
    """The outcome of an operation that has handlers of conflicts; answered with the instances they are asked about.

    guarded  by id of each instance with a handler, the revision that it must still be at; None: no key may conflict
    """

    __slots__ = ("_guarded", "_outcome")

    def __init__(self, no: int, attempt: int, outcome: OperationOutcome, guarded: Mapping[str, int | None]) -> None:
        super().__init__(no, attempt)
        self._outcome = outcome
        self._guarded = guarded

    def do(self, core: Core, pen: Pen) -> list[InstanceData]:
        """Take the outcome in, unless a handler has to be asked first: that must not happen on this thread (L7)."""
        stale = conflicting(pen, self._outcome, self._guarded)
        if not stale:
            core.handle(pen, Ended(self.no, self.attempt, self._outcome))
        return [to_data(row) for row in stale]


class Calls:
    """The calls of one execution that nobody has answered yet."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: set[Call[Any]] = set()
        self._over = False

    def begin(self, call: Call[Any]) -> None:
        """Remember it, so that it is answered whatever happens; at once where the runner has ended already."""
        with self._lock:
            if not self._over:
                self._waiting.add(call)
                return
        call.refuse()

    def end(self, call: Call[Any]) -> None:
        """It was answered."""
        with self._lock:
            self._waiting.discard(call)

    def refuse_all(self) -> None:
        """Nobody answers any more."""
        with self._lock:
            self._over = True
            left, self._waiting = self._waiting, set()
        for call in left:
            call.refuse()
