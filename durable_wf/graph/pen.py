"""Writes what the core decides: every move is a transition row, and the row's new values beside it.

The machines' tables are asked for every target, so that nothing can be written that they do not list.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from durable_wf.codec import encode
from durable_wf.errors import IllegalTransition
from durable_wf.model.rows import (
    Attempt,
    AttemptMove,
    Changes,
    Event,
    ExecutionMove,
    GraphMove,
    Subject,
    TaskMove,
    Transition,
)
from durable_wf.model.states import AE, ATTEMPT, EXECUTION, GE, GRAPH, NE, TASK, TE, XE, A, X

if TYPE_CHECKING:
    from durable_wf.clock import Instant
    from durable_wf.graph.state import Run, Scope, TaskState
    from durable_wf.model.commands import Command
    from durable_wf.model.protocol import Logged
    from durable_wf.model.rows import Execution, Instance

_TASK_SUBJECT = int(Subject.TASK)
_TASK_EVENTS = {event: index for index, event in enumerate(TE)}
_TASK_NEXT = {(TASK.code(row.source), row.event): TASK.code(row.target) for row in TASK.rows}
_GRAPH_NEXT = {(GRAPH.code(row.source), row.event): GRAPH.code(row.target) for row in GRAPH.rows}
_GRAPH_EVENTS = {event: index for index, event in enumerate(GE)}
_EXECUTION_EVENTS = {event: index for index, event in enumerate(XE)}
_EXECUTION_STATES = tuple(X)
_NODE_INSTANCE_EVENTS = {event: index for index, event in enumerate(NE)}
_LOOKED = [[_EXECUTION_EVENTS[event], _EXECUTION_EVENTS[XE.LAID_DOWN]] for event in (XE.RESUMED, XE.RESUMED_CANCELLING)]
_ATTEMPT_CODE = {state: ATTEMPT.code(state) for state in A}
_ATTEMPT_EVENT = {
    (ATTEMPT.code(row.source), ATTEMPT.code(row.target)): tuple(AE).index(row.event) for row in ATTEMPT.rows
}
_SENT = _ATTEMPT_CODE[A.SENT]
_new = tuple.__new__  # of the records that every task has: a named tuple's own constructor takes three times as long
_HAS_OUTCOME = frozenset({TE.SUCCEEDED, TE.FAILED, TE.RETRY})


class Storage(Protocol):
    """The node instances of the execution's deployment, as they are in this turn."""

    def instance(self, name: str) -> Instance | None:
        """The instance as it is now, this turn's changes included."""
        ...

    def put(self, row: Instance) -> None:
        """Replace it."""
        ...

    def modify(self, pen: Pen, kind: int, task: int, kwargs: dict[str, Any]) -> tuple[bool, Any]:
        """Write what a task of this kind does to the deployment as a whole, with the pen.

        returns  True and the task's result, or False and its error as the journal has it
        """
        ...


class Pen:
    """Collects what one turn writes for one execution, and what is ordered afterwards.

    seq   the next free sequence number
    now   this turn's moment
    """

    __slots__ = ("_at_us", "_execution", "_fence", "_first_seq", "_run", "changes", "commands", "now", "seq", "storage")

    def __init__(self, run: Run, seq: int, now: Instant, storage: Storage) -> None:
        self.changes = Changes()
        self.commands: list[Command] = []
        self.seq = self._first_seq = seq
        self.now = now
        self.storage = storage
        self._run = run
        self._execution = run.row.id
        self._fence = run.row.fence
        self._at_us = now.wall_us

    def forget(self, row: Execution) -> None:
        """Write nothing of this turn after all; the execution is as in `row`."""
        self.changes = Changes()
        self.seq = self._first_seq
        self._run.row = row

    def says_only_resumed_and_laid_down(self) -> bool:
        """Whether this turn would only say that somebody looked."""
        events = [row.event for row in self.changes.transitions]
        return events in _LOOKED and all(row.subject == Subject.EXECUTION for row in self.changes.transitions)

    def warn(self, text: str) -> None:
        """A line for people, in the execution's events."""
        self.changes.events.append(
            Event(0, self._execution, None, None, self._at_us, "workflow_warning", "warning", text, None)
        )

    def tell_left_out(self, no: int, attempt: int, changes: dict[str, dict[str, Any]]) -> None:
        """That an attempt which began before a rollback has changed properties, and which: they are not written."""
        text = "it began before the rollback of a modification: what it changed of runtime properties is left out"
        self.changes.events.append(
            Event(
                0, self._execution, no, attempt, self._at_us, "task_late", "warning", text,
                encode({"left_out": changes}),
            )
        )  # fmt: skip

    def say(self, no: int | None, attempt: int | None, lines: list[Logged]) -> None:
        """What an attempt, or the workflow function itself, logged and what events it sent."""
        self.changes.events += [
            Event(0, self._execution, no, attempt, one.at_us, one.type, one.level, one.text, one.context_json)
            for one in lines
        ]

    def asked(self, task: TaskState) -> None:
        """That the function asked for a task in standard mode: its place in the order of things."""
        self._write(Subject.TASK, task.no, None, task.state, _TASK_EVENTS[TE.ASKED], None)

    def told(self, detail: str) -> None:
        """That the function was told of a cancel request, and at which call: its place in the order of things."""
        row = self._run.row
        self._write(Subject.EXECUTION, row.id, None, row.state, _EXECUTION_EVENTS[XE.TOLD], detail)

    def task(
        self,
        task: TaskState,
        event: TE,
        detail: str | None = None,
        attempt_target: int | None = None,
    ) -> None:
        """Move a task, and with `attempt_target` its newest attempt at the same moment."""
        source = task.state
        target = _TASK_NEXT.get((source, event))
        if target is None:
            raise IllegalTransition(TASK.name, TASK.states[source], event)
        seq = self.seq
        self.seq = seq + 1
        task.state = target
        if event in _HAS_OUTCOME:
            task.ended_seq = seq
            task.detail = detail
        self.changes.transitions.append(
            _new(Transition, (
                self._execution, seq, _TASK_SUBJECT, task.no, source, target, _TASK_EVENTS[event], self._at_us,
                None if attempt_target is None else task.attempts, attempt_target, self._fence, detail,
            ))
        )  # fmt: skip
        self.columns(task)

    def columns(self, task: TaskState) -> None:
        """Write the moving columns of a task as they are."""
        self.changes.task_moves.append(
            _new(TaskMove, (
                task.state, task.attempts, task.retries, task.generation, task.not_before_us, task.ended_seq,
                self._execution, task.no,
            ))
        )  # fmt: skip

    def new_attempt(self, task: TaskState) -> None:
        """A new attempt of the task, to be handed out; the task's move follows and names it."""
        task.attempts += 1
        task.began_us = task.ended_seq = task.detail = None
        self.changes.attempts.append(
            _new(Attempt, (self._execution, task.no, task.attempts, self.seq, self._fence, _SENT, None, None))
        )

    def attempt(self, task: TaskState, target: A, began_us: int | None, ended_us: int | None) -> int:
        """The new values of the task's newest attempt; gives the state's code, for the transition beside it."""
        code = _ATTEMPT_CODE[target]
        self.changes.attempt_moves.append(
            _new(AttemptMove, (code, began_us, ended_us, self._execution, task.no, task.attempts))
        )
        return code

    def attempt_alone(self, task: TaskState, source: A, target: A, detail: str | None) -> None:
        """A transition of the attempt while its task stays as it is: an outcome that nobody has decided yet."""
        pair = (_ATTEMPT_CODE[source], _ATTEMPT_CODE[target])
        if pair not in _ATTEMPT_EVENT:
            raise IllegalTransition(ATTEMPT.name, source, target)
        task.ended_seq = self.seq
        task.undecided = detail
        self._write(Subject.ATTEMPT, task.no, *pair, _ATTEMPT_EVENT[pair], detail, task)
        self.columns(task)

    def graph(self, scope: Scope, event: GE, detail: str | None = None) -> None:
        """Move a graph."""
        target = _GRAPH_NEXT.get((scope.state, event))
        if target is None:
            raise IllegalTransition(GRAPH.name, GRAPH.states[scope.state], event)
        self._write(Subject.GRAPH, scope.no, scope.state, target, _GRAPH_EVENTS[event], detail)
        scope.state = target
        self.changes.graph_moves.append(GraphMove(target, self._execution, scope.no))

    def failing(self, scope: Scope, detail: str) -> None:
        """That a graph has its first failure, and until when the rest of it may go on."""
        self._write(Subject.GRAPH, scope.no, None, scope.state, _GRAPH_EVENTS[GE.FAILING], detail)

    def execution(self, event: XE, detail: str | None = None) -> X:
        """Move the execution. Gives its new state."""
        run, row = self._run, self._run.row
        target = EXECUTION.next(_EXECUTION_STATES[row.state], event)
        code = EXECUTION.code(target)
        ended = target in EXECUTION.ended
        row = row._replace(
            state=code,
            started_us=row.started_us or (self._at_us if target is X.STARTED else None),
            ended_us=self._at_us if ended else None,
            ended_seq=self.seq if ended else None,
            report=None,
        )
        self._write(Subject.EXECUTION, row.id, run.row.state, code, _EXECUTION_EVENTS[event], detail)
        run.row = row
        self.execution_columns()
        return target

    def execution_columns(self) -> None:
        """Write the moving columns of the execution as they are."""
        row = self._run.row
        self.changes.execution_moves.append(
            ExecutionMove(
                row.state, row.fence, row.owner_json, row.started_us, row.ended_us, row.ended_seq, row.report, row.id
            )
        )

    def instance(self, row: Instance, event: NE, detail: str | None) -> None:
        """Write a node instance; version and revision rise."""
        row = row._replace(version=row.version + 1, revision=row.revision + 1, seq=self.seq)
        self._write(Subject.NODE_INSTANCE, row.id, None, 0, _NODE_INSTANCE_EVENTS[event], detail)
        self.changes.instances.append(row)
        self.storage.put(row)

    @property
    def execution_id(self) -> int:
        """Whose pen it is."""
        return self._execution

    @property
    def at_us(self) -> int:
        """When its turn is."""
        return self._at_us

    def moved(
        self, subject: Subject, no: int, source: int | None, target: int, event: int, detail: str | None = None
    ) -> int:
        """Write a transition of something that is not the execution's own; its seq."""
        self._write(subject, no, source, target, event, detail)
        return self.seq - 1

    def _write(
        self, subject: Subject, no: int, source: int | None, target: int, event: int, detail: str | None,
        task: TaskState | None = None,
    ) -> None:  # fmt: skip
        attempt = None if task is None else task.attempts
        self.changes.transitions.append(
            Transition(
                self._execution, self.seq, int(subject), no, source, target, event, self._at_us, attempt,
                None if task is None else target, self._fence, detail,
            )
        )  # fmt: skip
        self.seq += 1
