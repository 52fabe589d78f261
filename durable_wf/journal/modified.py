"""What the rows of a deployment's modifications say against what the transitions say: L1 and L2.

A modification is started by an execution, and ended by that, by another one, or by a person. So its transitions stand
in several chains; the row names them. Of one deployment they are few.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from durable_wf.journal.consistency import Broken
from durable_wf.journal.rules import MODIFICATION, MODIFICATION_STEP
from durable_wf.model import deployed, rows
from durable_wf.model.states import MODIFICATION as MACHINE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from durable_wf.journal.rules import Guard
    from durable_wf.journal.verify import Source

_MOVES = rows.Transition._fields[1:7]  # of a transition: seq, whose, from, to, and why
_SUBJECTS = {rows.Subject.MODIFICATION: MODIFICATION, rows.Subject.MODIFICATION_STEP: MODIFICATION_STEP}
_Move = tuple[int, int, int, "int | None", int, int]


def check(source: Source, deployment: int) -> Iterator[Broken]:
    """The rules that the modifications of a deployment break. Ask inside a snapshot.

    cost  one reading of the transitions of the executions that started or ended one; nothing where there is none
    """
    found = _stored(source, "modification", deployment, deployed.Modification)
    if not found:
        return
    steps = _stored(source, "modification_step", deployment, deployed.ModificationStep)
    moves = _moves(source, {one.execution for one in found} | {one.ended_by for one in found})
    for one in found:
        which = f"modification {one.uid}"
        yield from _follow(MODIFICATION, which, one.state, moves.get((MODIFICATION, one.id), []), one.ended_seq)
        ended = one.state in MODIFICATION.ended
        if (one.ended_us is not None) != ended or (one.ended_seq is not None) != ended:
            yield Broken("times", f"{which} disagrees with the time of its end", one.seq)
        of_it = [step for step in steps if step.modification == one.id]
        for step in of_it:
            told = moves.get((MODIFICATION_STEP, step.id), [])
            yield from _follow(MODIFICATION_STEP, f"step {step.kind} of {which}", step.state, told, step.done_seq)
        yield from _ends(one, which, of_it)


def _ends(one: deployed.Modification, which: str, steps: list[deployed.ModificationStep]) -> Iterator[Broken]:
    """It has ended as the last of its steps that is done says."""
    done = [step.kind for step in steps if step.state in MODIFICATION_STEP.ended]
    wanted = {"started": ["apply"], "finished": ["apply", "finish"], "rolledback": ["apply", "rollback"]}
    state = str(MACHINE.states[one.state])
    if done != wanted[state]:
        yield Broken("L2", f"{which} is '{state}', and its steps that are done are: {', '.join(done)} (L2)", one.seq)


def _stored(source: Source, table: str, deployment: int, record: type) -> list:  # type: ignore[type-arg]
    columns = record._fields  # type: ignore[attr-defined]
    return [record._make(row) for row in source.stream(table, deployment, columns, ("id",))]  # type: ignore[attr-defined]


def _moves(source: Source, executions: set[int]) -> dict[tuple[Guard, int], list[_Move]]:
    found: dict[tuple[Guard, int], list[_Move]] = {}
    for execution in sorted(executions | {0}):
        for row in source.stream("transition", execution, _MOVES, ("seq",)):
            guard = _SUBJECTS.get(row[1])
            if guard is not None:
                found.setdefault((guard, row[2]), []).append(row)
    return {place: sorted(each) for place, each in found.items()}


def _follow(guard: Guard, which: str, state: int, moves: list[_Move], end: int | None) -> Iterator[Broken]:
    now, last = guard.initial, None
    for seq, _, _, source, target, _ in moves:
        if source is None:
            continue
        if now in guard.ended:
            yield Broken("L1", f"seq {seq}: {which} had ended already (L1)", seq)
            return
        if source != now or (source, target) not in guard.edges:
            yield Broken("L2", f"seq {seq}: {which} was not what the transition says (L2)", seq)
            return
        now, last = target, seq
    if now != state or last != end:
        yield Broken("L2", f"{which} is not what its transitions say (L2)", last)
