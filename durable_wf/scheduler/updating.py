"""Calls of operations that still run: a worker asks, the scheduler answers after the commit.

A call is answered once, whatever happens: by the turn that took it in, or by the end of its runner. So an operation
never waits for somebody who is gone.
"""

from __future__ import annotations

import threading
from queue import SimpleQueue
from typing import TYPE_CHECKING

from durable_wf.errors import RunnerStopping
from durable_wf.graph.updates import is_in_flight, update
from durable_wf.model.commands import Reply
from durable_wf.model.protocol import Updated
from durable_wf.scheduler.instances import to_data

if TYPE_CHECKING:
    from durable_wf.graph.pen import Pen
    from durable_wf.graph.state import Run
    from durable_wf.model.protocol import PropertyUpdate


class UpdateCall:
    """One `update()` of the attempt `attempt` of task `no`, on its way through the scheduler."""

    __slots__ = ("_box", "attempt", "no", "wanted")

    def __init__(self, no: int, attempt: int, wanted: PropertyUpdate) -> None:
        self.no = no
        self.attempt = attempt
        self.wanted = wanted
        self._box: SimpleQueue[Updated | BaseException] = SimpleQueue()

    def wait(self) -> Updated:
        """What became of it.

        raises  RunnerStopping where nobody writes for the execution any more
        """
        given = self._box.get()
        if isinstance(given, BaseException):
            raise given
        return given

    def reply(self, answer: Updated) -> None:
        """Let the operation go on; after the commit."""
        self._box.put(answer)

    def refuse(self) -> None:
        """Nothing was committed, and nothing will be: end the operation."""
        self._box.put(RunnerStopping("the operation's runner does not write for its execution any more"))

    def take(self, run: Run, pen: Pen) -> None:
        """Have this turn write it, and answer once that is committed."""
        if not is_in_flight(run, self.no, self.attempt):
            self.refuse()
            return
        row, conflict, done = update(pen, self.wanted, self.no, self.attempt)
        data = None if row is None else to_data(row)
        pen.commands.append(Reply(self, Updated(data, conflict, done)))


class Calls:
    """The calls of one execution that nobody has answered yet."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: set[UpdateCall] = set()
        self._over = False

    def begin(self, call: UpdateCall) -> None:
        """Remember it, so that it is answered whatever happens; at once where the runner has ended already."""
        with self._lock:
            if not self._over:
                self._waiting.add(call)
                return
        call.refuse()

    def end(self, call: UpdateCall) -> None:
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
