"""Whether an operation ran oftener than the journal allows, by rules of its own and not by the engine's code."""

from __future__ import annotations

import os
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from durable_wf.clock import iso
from durable_wf.codec import decode
from durable_wf.inspection.find import find_execution
from durable_wf.model.rows import Kind, Subject
from durable_wf.model.states import ATTEMPT, TASK, TE, A

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from durable_wf.model import rows
    from durable_wf.testing.stores import Performed

_OUTCOMES = frozenset({A.SUCCEEDED, A.FAILED, A.RESCHEDULED, A.TIMED_OUT})
_WORKED = frozenset({Kind.OPERATION, Kind.LOCAL})


def assert_no_double_run(journal: Any, execution: str | None = None, *, ran: Iterable[str] | None = None) -> None:
    """Fail if an operation of the execution ran oftener than the journal allows.

    journal    an engine, a journal, or the path of one; of a fixture's engine, what it really ran is looked at too
    execution  its id, or a beginning of it; None for all
    ran        idempotency keys (`ctx.operation.idempotency_key`) that operations noted when they ran, each as often
               as it did
    raises     AssertionError with every such task and the story of its attempts: tried again after a success; two
               attempts at a time; repeated after an unknown outcome although it is not resumable and no person said
               so; run more often than there are attempts
    """
    with _reading(journal) as (reader, performed):
        found = [find_execution(reader, execution)] if execution is not None else reader.executions()
        noted = Counter(ran) if ran is not None else Counter()
        text = [line for row in found for line in _judge(reader, row, performed, noted)]
    if text:
        raise AssertionError("\n".join(text))


@contextmanager
def _reading(journal: Any) -> Iterator[tuple[Any, list[Performed] | None]]:
    if isinstance(journal, (str, os.PathLike)):
        from durable_wf.journal.reader import open_reader

        reader = open_reader(_as_path(journal))
        try:
            yield reader, None
        finally:
            reader.close()
        return
    yield getattr(journal, "journal", journal), getattr(journal, "performed", None)


def _as_path(journal: Any) -> Path:
    from pathlib import Path

    return Path(journal)


@dataclass(frozen=True, slots=True)
class _Told:
    """A task, and all that the journal says of its attempts."""

    task: rows.Task
    policy: dict[str, Any]
    attempts: list[rows.Attempt]
    moves: list[rows.Transition]
    performed: Counter[int] | None
    keys: Counter[str]


def _judge(reader: Any, row: rows.Execution, performed: list[Performed] | None, noted: Counter[str]) -> Iterator[str]:
    for told in _tell(reader, row, performed, noted):
        problems = list(_problems(told))
        if problems:
            name = f"{told.task.name} {told.task.target}".strip()
            yield f"execution {row.uid}, task {told.task.no} ({name}): {'; '.join(problems)}"
            yield from _story(told)


def _tell(reader: Any, row: rows.Execution, performed: list[Performed] | None, noted: Counter[str]) -> Iterator[_Told]:
    from durable_wf.engine.runs import idempotency_key

    history = reader.history(row.id)
    policies = {payload.no: decode(payload.body_json)["policy"] for payload in history.payloads}
    attempts: dict[int, list[rows.Attempt]] = {}
    for attempt in reader.stored("attempt", row.id):
        attempts.setdefault(attempt.task, []).append(attempt)
    moves: dict[int, list[rows.Transition]] = {}
    for move in reader.transitions(row.id):
        if move.subject in (Subject.TASK, Subject.ATTEMPT):
            moves.setdefault(move.subject_no, []).append(move)
    journal_id = reader.meta()["id"]
    for task in history.tasks:
        if task.kind not in _WORKED:
            continue
        keys = [idempotency_key(journal_id, row.uid, task.no, number) for number in range(task.generation + 1)]
        calls = None
        if performed is not None:
            calls = Counter(one.attempt for one in performed if (one.execution, one.task) == (row.uid, task.no))
        yield _Told(
            task,
            policies[task.request],
            sorted(attempts.get(task.no, []), key=lambda one: one.number),
            moves.get(task.no, []),
            calls,
            Counter({key: noted[key] for key in keys}),
        )


def _problems(told: _Told) -> Iterator[str]:
    states = [ATTEMPT.states[attempt.state] for attempt in told.attempts]
    if states[:-1].count(A.SUCCEEDED) > _wanted_again(told):
        yield f"tried again after attempt {states.index(A.SUCCEEDED) + 1} had succeeded"
    yield from _overlaps(told)
    yield from _repeated(told)
    for number, times in sorted((told.performed or {}).items()):
        if times > 1 or not 1 <= number <= len(states):
            yield f"attempt {number} was run {times} times"
    if sum(told.keys.values()) > len(states):
        yield f"it ran {sum(told.keys.values())} times in {len(states)} attempts"


def _wanted_again(told: _Told) -> int:
    """How often what had ended well was to run again: by its on_success handler, or by a person's resume."""
    moves = [move for move in told.moves if move.subject == Subject.TASK]
    said = [(decode(move.detail_json) or {}).get("decision") or {} for move in moves]
    by_handler = sum((one.get("outcome"), one.get("action")) == ("good", "retry") for one in said)
    return by_handler + sum(TASK.events[move.event] is TE.RESET for move in moves)


def _overlaps(told: _Told) -> Iterator[str]:
    """An attempt is made once the one before it is over: it has an outcome, was handed back, or is unknown."""
    over: dict[int, int] = {}
    done = {ATTEMPT.code(state) for state in (*_OUTCOMES, A.CANCELLED, A.UNKNOWN)}
    for move in told.moves:
        if move.attempt is not None and move.attempt_target in done:
            over.setdefault(move.attempt, move.seq)
    for one, following in zip(told.attempts, told.attempts[1:], strict=False):
        if over.get(one.number, following.seq) >= following.seq:
            yield f"attempt {following.number} began before attempt {one.number} was over"


def _repeated(told: _Told) -> Iterator[str]:
    """A person's word, that it may run again, raises the generation; a declaration (`resumable`) does not."""
    if told.policy["on_unknown"] == "rerun":
        return
    events = [TASK.events[move.event] for move in told.moves if move.subject == Subject.TASK]
    if events.count(TE.RERUN) > told.task.generation - min(told.task.generation, events.count(TE.RESET)):
        yield "its outcome was unknown and it is not resumable, and it was repeated without a person's word"


def _story(told: _Told) -> Iterator[str]:
    for attempt in told.attempts:
        began = iso(attempt.began_us) if attempt.began_us is not None else "?"
        ended = iso(attempt.ended_us) if attempt.ended_us is not None else "?"
        yield f"    attempt {attempt.number}: {ATTEMPT.states[attempt.state]}, {began} to {ended}, seq {attempt.seq}"
    for move in told.moves:
        if move.subject == Subject.TASK and move.source is not None:
            yield f"    seq {move.seq}: {TASK.events[move.event]}, the task is {TASK.states[move.target]}"
