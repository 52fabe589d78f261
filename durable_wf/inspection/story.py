"""What happened in an execution, in order: its transitions with the events between them.

A `Story` is told from where the last telling stopped, so one reader serves `journal`, `journal -f` and the progress
of a run; each telling costs what is new.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from durable_wf.clock import iso
from durable_wf.codec import decode
from durable_wf.inspection.records import JournalEntry
from durable_wf.inspection.tasks import Names
from durable_wf.model.rows import Kind, Subject
from durable_wf.model.states import (
    ATTEMPT,
    EXECUTION,
    GE,
    GRAPH,
    ME,
    MODIFICATION,
    MODIFICATION_STEP,
    MSE,
    NE,
    TASK,
    TE,
    XE,
    T,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from durable_wf.inspection.view import View
    from durable_wf.model import rows

_MACHINES: dict[int, tuple[tuple[str, ...], tuple[str, ...]]] = {
    Subject.EXECUTION: (EXECUTION.states, tuple(XE)),
    Subject.GRAPH: (GRAPH.states, tuple(GE)),
    Subject.TASK: (TASK.states, tuple(TE)),
    Subject.NODE_INSTANCE: ((), tuple(NE)),
    Subject.MODIFICATION: (MODIFICATION.states, tuple(ME)),
    Subject.MODIFICATION_STEP: (MODIFICATION_STEP.states, tuple(MSE)),
}
_OF_TASKS = frozenset({int(Subject.TASK), int(Subject.ATTEMPT)})


_OF_DEPLOYMENTS = frozenset({Subject.MODIFICATION, Subject.MODIFICATION_STEP})


def _modified(detail: dict[str, Any], what: str) -> str:
    """`modification shop_a1b2c3`, or a step of it, by what its transition says; `what` where it says nothing."""
    if "step" in detail:
        return f"step {detail['step']} of modification {detail.get('modification')}"
    return f"modification {detail['id']}" if "id" in detail else what


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened.

    subject   a `Subject`; None for an event
    task      number of the task that it is about
    depth     how many graphs and subgraphs contain it
    event_id  of an event; None for a transition
    """

    seq: int | None
    event_id: int | None
    at_us: int
    subject: Subject | None
    task: int | None
    depth: int
    path: str | None
    what: str
    source: str | None
    target: str | None
    event: str
    attempt: int | None
    fence: int | None
    level: str | None
    message: str | None
    detail_json: str | None

    @property
    def detail(self) -> Any:
        """What came with it."""
        return decode(self.detail_json)

    def record(self) -> JournalEntry:
        """As JSON shows it."""
        subject = "event" if self.subject is None else self.subject.name.lower()
        return JournalEntry(
            self.seq, self.event_id, iso(self.at_us), subject, self.task, self.path, self.what, self.source,
            self.target, self.event, self.attempt, self.fence, self.level, self.message, self.detail,
        )  # fmt: skip


class Story:
    """The journal of one execution, told from where the last telling stopped.

    names   paths and titles of its tasks
    states  of its tasks, as told so far: number → state
    """

    def __init__(self, view: View, execution: rows.Execution) -> None:
        self.names = Names()
        self.states: dict[int, T] = {}
        self._view = view
        self._row = execution
        self._seq = 0
        self._event = 0
        self._instances: dict[int, str] = {}

    def more(self) -> list[Entry]:
        """What is new, in order; the first time all there is."""
        store = self._view.store
        transitions = store.transitions(self._row.id, since=self._seq)
        events = store.events(self._row.id, since=self._event)
        self._learn(transitions, events)
        for row in transitions:
            if row.subject == Subject.TASK:
                self.states[row.subject_no] = TASK.states[row.target]
        if transitions:
            self._seq = transitions[-1].seq
        if events:
            self._event = events[-1].id
        return list(self._merged(transitions, events))

    def _merged(self, transitions: list[rows.Transition], events: list[rows.Event]) -> Iterator[Entry]:
        """Each list in its own order; of the two heads the older one first, an event just before what it belongs to."""
        waiting = iter(events)
        event = next(waiting, None)
        for row in transitions:
            while event is not None and comes_before(event, row):
                yield self._event_entry(event)
                event = next(waiting, None)
            yield self._transition_entry(row)
        while event is not None:
            yield self._event_entry(event)
            event = next(waiting, None)

    def _learn(self, transitions: list[rows.Transition], events: list[rows.Event]) -> None:
        """Read the rows of tasks and instances again where something that is not known is spoken of."""
        known = self.names.tasks
        graph_stored = any(row.subject == Subject.GRAPH for row in transitions)
        new = any(row.subject in _OF_TASKS and row.subject_no not in known for row in transitions)
        if graph_stored or new or any(row.task is not None and row.task not in known for row in events):
            store, number = self._view.store, self._row.id
            self.names.learn(store.stored("task", number), store.stored("tasks_graph", number))
            for no in known:
                self.states.setdefault(no, TASK.initial)
        about = {row.subject_no for row in transitions if row.subject == Subject.NODE_INSTANCE}
        if about - self._instances.keys() and self._row.deployment is not None:
            found = self._view.store.instances(self._row.deployment)
            self._instances.update((row.id, row.name) for row in found)

    def _transition_entry(self, row: rows.Transition) -> Entry:
        subject = Subject(row.subject)
        task = row.subject_no if subject in (Subject.TASK, Subject.ATTEMPT) else None
        depth, path, what = self._about(subject, row.subject_no)
        source, target, event = _moved(row)
        if subject is Subject.NODE_INSTANCE:
            detail = decode(row.detail_json) or {}
            source, target = detail.get("from"), detail.get("to")
        elif subject in _OF_DEPLOYMENTS:
            what = _modified(decode(row.detail_json) or {}, what)
        return Entry(
            row.seq, None, row.at_us, subject, task, depth, path, what, source, target, event, row.attempt,
            row.fence, None, None, row.detail_json,
        )  # fmt: skip

    def _about(self, subject: Subject, number: int) -> tuple[int, str | None, str]:
        """Depth, path and title of what a transition is about."""
        names = self.names
        if subject in (Subject.TASK, Subject.ATTEMPT):
            return names.depth(number), names.path(number), names.title(number)
        if subject is Subject.GRAPH:
            return 0, names.graph(number), f"graph {names.graph(number)}"
        if subject is Subject.NODE_INSTANCE:
            return 0, None, f"instance {self._instances.get(number, number)}"
        if subject is Subject.EXECUTION:
            return 0, None, "execution"
        return 0, None, f"{subject.name.lower()} {number}"

    def _event_entry(self, row: rows.Event) -> Entry:
        names = self.names
        depth = 0 if row.task is None else names.depth(row.task)
        path = None if row.task is None else names.path(row.task)
        task = None if row.task is None else names.tasks.get(row.task)
        what = "execution" if row.task is None else names.title(row.task)
        if task is not None and task.kind == Kind.EVENT:
            what = task.target or "execution"
        return Entry(
            None, row.id, row.at_us, None, row.task, depth, path, what, None, None, row.type, row.attempt, None,
            row.level, row.message, row.context_json,
        )  # fmt: skip


def comes_before(event: rows.Event, row: rows.Transition) -> bool:
    """Of one moment are the events and transitions of one turn: an event waits there for its task's transition."""
    same_task = event.task is None or (row.subject in _OF_TASKS and row.subject_no == event.task)
    return event.at_us < row.at_us or (event.at_us == row.at_us and same_task)


def _moved(row: rows.Transition) -> tuple[str | None, str | None, str]:
    """From, to and event, by name. What has no states has only an event."""
    if row.subject == Subject.ATTEMPT:
        states = ATTEMPT.states
        return None if row.source is None else str(states[row.source]), str(states[row.target]), str(states[row.target])
    names, events = _MACHINES.get(row.subject, ((), ()))
    event = str(events[row.event]) if row.event < len(events) else f"event {row.event}"
    if not names:
        return None, None, event
    return None if row.source is None else str(names[row.source]), str(names[row.target]), event
