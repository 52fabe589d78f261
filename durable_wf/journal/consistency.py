"""What the rows of an execution say against what its transitions say: L1, L2, L4, and times.

- **L2** each transition begins where the one before it ended and is in its machine's table; a row's state is where
  its last transition led; a task counts its attempts, and points to a transition of its own.
- **L1** nothing leaves an ended state but by the events of a person's resume; an attempt never does.
- **L4** the fences of the transitions never go down by seq, and none is above the execution's own: what a stale
  runner wrote would have an older one. An attempt has the fence of the transition that handed it out.
- **times** an execution began and ended when the transitions say so; an attempt has the times that its state asks
  for. Times of different moments are not compared: the clock may be set back, and seq is what orders.

All in one pass over the transitions by subject, beside the rows by number, and one by seq. Held is one subject: a
task with its attempts.
"""

from __future__ import annotations

import heapq
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from durable_wf.errors import IllegalTransition, JournalError
from durable_wf.journal.rules import ATTEMPT, EXECUTION, GRAPH, GUARD_OF, TASK, Guard, check_task_end
from durable_wf.model import rows, states

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from durable_wf.journal.verify import Source

OF_A_RESUME = frozenset({states.XE.REOPENED, states.GE.RESUMED, states.TE.RESET, states.TE.SUPERSEDED})

_STARTED = EXECUTION.machine.code(states.X.STARTED)
_NEEDED = rows.Transition._fields[1:-1]  # of a transition: all but its execution and what came with it
_TABLES: tuple[tuple[str, type[tuple[Any, ...]], str], ...] = (  # each with the column that is its subject's number
    ("execution", rows.Execution, "id"),
    ("tasks_graph", rows.Graph, "no"),
    ("task", rows.Task, "no"),
    ("attempt", rows.Attempt, "task"),
)


_OF_EXECUTION = (EXECUTION, GRAPH, TASK, ATTEMPT)  # a deployment's modifications: see `journal.modified`


class Broken(NamedTuple):
    """A rule that is broken.

    check  `L1`, `L2`, `L4` or `times`
    seq    the first one that may not be as it was; None where the transitions are well and only a row is not
    """

    check: str
    text: str
    seq: int | None = None


class _Row(NamedTuple):
    """What of a row with a state is needed here; `number` is that of its subject."""

    table: str
    number: int
    values: dict[str, Any]


def check(source: Source, execution: int) -> Iterator[Broken]:
    """The rules that an execution breaks, in no order. Ask inside a snapshot.

    cost  two readings of its transitions, of which one is sorted by SQLite; one of each other row
    """
    yield from _check_fences(source, execution)
    streams = [_numbered(0, source.stream("transition", execution, _NEEDED, ("subject_no", "seq")), 2)]
    for place, (table, record, number) in enumerate(_TABLES, start=1):
        columns = record._fields  # type: ignore[attr-defined]
        by = (number,) if table != "attempt" else ("task", "number")
        streams.append(_numbered(place, source.stream(table, execution, columns, by), columns.index(number)))
    merged = heapq.merge(*streams, key=itemgetter(0, 1))
    for number, found in groupby(merged, itemgetter(0)):
        account = _Account(number)
        for _, place, row in found:
            if place == 0:
                account.move(rows.Transition._make((execution, *row, None)))
            else:
                account.row(_TABLES[place - 1][0], _TABLES[place - 1][1]._make(row))  # type: ignore[attr-defined]
        yield from account.end()


def _numbered(place: int, found: Iterator[tuple[Any, ...]], column: int) -> Iterator[tuple[int, int, tuple[Any, ...]]]:
    return ((row[column], place, row) for row in found)


def _check_fences(source: Source, execution: int) -> Iterator[Broken]:
    own = next((fence for (fence,) in source.stream("execution", execution, ("fence",), ("id",))), 0)
    highest = 0
    for seq, fence in source.stream("transition", execution, ("seq", "fence"), ("seq",)):
        if 0 < fence < highest:  # 0: no runner wrote it
            yield Broken("L4", f"seq {seq}: written with fence {fence}, after one with fence {highest} (L4)", seq)
        elif fence > max(own, highest):
            yield Broken("L4", f"seq {seq}: written with fence {fence}, but its row has fence {own} (L4)", seq)
        highest = max(highest, fence)


class _Account:
    """All transitions and rows of one number: the execution, graph, task and attempts that have it.

    The transitions come first, by seq.
    """

    def __init__(self, number: int) -> None:
        self._number = number
        self._found: list[Broken] = []
        self._states: dict[tuple[Guard, int], int] = {}
        self._last: dict[tuple[Guard, int], int] = {}  # the seq of the last move
        self._lost: set[tuple[Guard, int]] = set()  # whose transitions break off
        self._fences: dict[int, int] = {}  # of the task's transitions, by seq
        self._began_us: int | None = None  # of the execution, as its transitions say
        self._ended_us: int | None = None
        self._task: rows.Task | None = None
        self._attempts = 0
        self._rows: set[tuple[Guard, int]] = set()

    # ------------------------------------------------------------------ transitions

    def move(self, one: rows.Transition) -> None:
        """Follow a transition."""
        guard = GUARD_OF.get(one.subject)
        if guard not in _OF_EXECUTION:
            return
        attempt = one.attempt or 0
        if guard in (TASK, ATTEMPT):
            self._fences[one.seq] = one.fence
        if guard is ATTEMPT:
            self._step(ATTEMPT, attempt, one, one.source, one.target)
            return
        if guard is EXECUTION and one.source is not None:
            self._note_times(one)
        if self._step(guard, 0, one, one.source, one.target) and attempt and one.attempt_target is not None:
            now = self._states.get((ATTEMPT, attempt), ATTEMPT.initial)
            if now == one.attempt_target:  # a new attempt is named in its first state, without a move
                self._last[ATTEMPT, attempt] = one.seq
            else:
                self._step(ATTEMPT, attempt, one, now, one.attempt_target)

    def _note_times(self, one: rows.Transition) -> None:
        if self._began_us is None and one.target == _STARTED:
            self._began_us = one.at_us
        self._ended_us = one.at_us if one.target in EXECUTION.ended else None

    def _step(self, guard: Guard, attempt: int, one: rows.Transition, source: int | None, target: int) -> bool:
        """One subject's move; whether it is as it may be."""
        place = (guard, attempt)
        if place in self._lost:
            return False
        broken = self._misstep(guard, attempt, one, source, target)
        if broken is not None:
            self._lost.add(place)
            self._found.append(broken)
            return False
        if source is not None:
            self._states[place] = target
        self._last[place] = one.seq
        return True

    def _misstep(
        self, guard: Guard, attempt: int, one: rows.Transition, source: int | None, target: int
    ) -> Broken | None:
        now = self._states.get((guard, attempt), guard.initial)
        which = self._which(guard, attempt)
        if now != (target if source is None else source):  # a source of None says where it is and moves nothing
            return Broken("L2", f"seq {one.seq}: {which} was '{_name(guard, now)}' (L2)", one.seq)
        if source is None:
            return None
        if now in guard.ended and not _may_leave(guard, one.event):
            return Broken("L1", f"seq {one.seq}: {which} had ended as '{_name(guard, now)}' (L1)", one.seq)
        if (source, target) not in guard.edges:
            moved = f"cannot go from '{_name(guard, source)}' to '{_name(guard, target)}'"
            return Broken("L2", f"seq {one.seq}: {which} {moved} (L2)", one.seq)
        text = None if guard is ATTEMPT else _event_problem(guard, one)
        return None if text is None else Broken("L2", f"seq {one.seq}: {which}: {text} (L2)", one.seq)

    # ------------------------------------------------------------------------- rows

    def row(self, table: str, row: Any) -> None:
        """Compare a row with what its transitions say."""
        self._CHECKS[table](self, row)

    def _execution(self, row: rows.Execution) -> None:
        self._compare(EXECUTION, 0, row.state)
        self._fits(EXECUTION, 0, lambda: EXECUTION.check_move(row.state, row.state, row.started_us, row.ended_us))
        if (EXECUTION, 0) in self._lost:
            return
        last = self._last.get((EXECUTION, 0))
        for what, says, moved in (("began", row.started_us, self._began_us), ("ended", row.ended_us, self._ended_us)):
            if says != moved:
                text = f"its row says that it {what} at {_instant(says)}, its transitions say {_instant(moved)}"
                self._found.append(Broken("times", text, last))

    def _graph(self, row: rows.Graph) -> None:
        self._compare(GRAPH, 0, row.state)

    def _of_task(self, row: rows.Task) -> None:
        self._task = row
        self._compare(TASK, 0, row.state)
        self._fits(TASK, 0, lambda: check_task_end(row.state, row.ended_seq))

    def _attempt(self, row: rows.Attempt) -> None:
        self._attempts += 1
        self._compare(ATTEMPT, row.number, row.state)
        which = self._which(ATTEMPT, row.number)
        fence = self._fences.get(row.seq)
        if fence is None:
            self._found.append(Broken("L2", f"{which} was made at seq {row.seq}, where no transition is (L2)", row.seq))
        elif fence != row.fence:
            text = f"{which} has fence {row.fence}, and was handed out with fence {fence} (L4)"
            self._found.append(Broken("L4", text, row.seq))
        self._fits(ATTEMPT, row.number, lambda: ATTEMPT.check_move(row.state, row.state, row.began_us, row.ended_us))

    _CHECKS: dict[str, Callable[[_Account, Any], None]] = {  # noqa: RUF012 - never written
        "execution": _execution, "tasks_graph": _graph, "task": _of_task, "attempt": _attempt,
    }  # fmt: skip

    def _fits(self, guard: Guard, attempt: int, ask: Callable[[], None]) -> None:
        """The CHECKs of the table, which SQLite's own check does not look at in every table."""
        try:
            ask()
        except JournalError as error:
            place = (guard, attempt)
            self._found.append(Broken("times", f"{self._which(*place)}: {error.message}", self._last.get(place)))

    def _compare(self, guard: Guard, attempt: int, state: int) -> None:
        place = (guard, attempt)
        self._rows.add(place)
        expected = self._states.get(place, guard.initial)
        if place not in self._lost and expected != state:
            says = f"its transitions say '{_name(guard, expected)}'"
            text = f"{self._which(guard, attempt)} is '{_name(guard, state)}', {says} (L2)"
            self._found.append(Broken("L2", text, self._last.get(place)))

    def end(self) -> list[Broken]:
        """What is wrong with this number."""
        for place in (self._last.keys() | self._lost) - self._rows:
            text = f"{self._which(*place)} has transitions and no row (L2)"
            self._found.append(Broken("L2", text, self._last.get(place)))
        task = self._task
        if task is not None and (TASK, 0) not in self._lost:
            if task.attempts != self._attempts:
                text = f"task {task.no} has {self._attempts} attempts and counts {task.attempts} (L2)"
                self._found.append(Broken("L2", text, self._last.get((TASK, 0))))
            if task.ended_seq is not None and task.ended_seq not in self._fences:
                text = f"task {task.no} has no transition at seq {task.ended_seq} (L2)"
                self._found.append(Broken("L2", text, task.ended_seq))
        return self._found

    def _which(self, guard: Guard, attempt: int) -> str:
        return f"attempt {attempt} of task {self._number}" if guard is ATTEMPT else f"{guard.table} {self._number}"


def _may_leave(guard: Guard, event: int) -> bool:
    """Whether the event is one of those by which a person's resume opens again what had ended."""
    if guard is ATTEMPT:
        return False
    events = guard.machine.events
    return 0 <= event < len(events) and events[event] in OF_A_RESUME


def _event_problem(guard: Guard, one: rows.Transition) -> str | None:
    machine = guard.machine
    try:
        state = machine.next(machine.states[one.source or 0], machine.events[one.event])
    except (IllegalTransition, IndexError):
        return f"event {one.event} is not in the table"
    return f"event {one.event} leads elsewhere" if machine.code(state) != one.target else None


def _name(guard: Guard, code: int) -> str:
    known = guard.machine.states
    return str(known[code]) if 0 <= code < len(known) else f"code {code}"


def _instant(at_us: int | None) -> str:
    return "no time" if at_us is None else f"{at_us} µs"
