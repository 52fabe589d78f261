"""An operation's `update()`: a commit of its own while it runs (design.md, "Running an operation"), purely."""

from __future__ import annotations

from typing import TYPE_CHECKING

from durable_wf.codec import encode
from durable_wf.graph.properties import merge
from durable_wf.model.protocol import MISSING
from durable_wf.model.states import NE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from durable_wf.graph.pen import Pen
    from durable_wf.graph.state import Run
    from durable_wf.model.protocol import OperationOutcome, PropertyChange, PropertyUpdate
    from durable_wf.model.rows import Instance


def is_in_flight(run: Run, no: int, attempt: int) -> bool:
    """Whether this attempt may still change anything: one that was settled without its outcome may not."""
    task = run.in_flight.get(no)
    return task is not None and task.attempts == attempt and not run.over


def update(
    pen: Pen, wanted: PropertyUpdate, no: int, attempt: int, *, is_late: bool = False
) -> tuple[Instance | None, PropertyChange | None, bool]:
    """Write what is wanted, unless a key conflicts or the instance is at another revision than asked for.

    no, attempt  whose update it is; said in the transition
    is_late      it began before a rollback: what it wants is told, and not written (L8)
    returns      (the instance as it is afterwards, the first conflict, whether it went through)
    """
    row = pen.storage.instance(wanted.instance)
    if is_late:
        changes = {each.key: None if each.value is MISSING else each.value for each in wanted.changes}
        pen.tell_left_out(no, attempt, {wanted.instance: changes})
        return row, None, True
    if row is None or (wanted.revision is not None and row.revision != wanted.revision):
        return row, None, False
    new, conflict = merge(row, wanted.changes)
    if new is None:
        return row, conflict, conflict is None
    keys = [change.key for change in wanted.changes]
    pen.instance(new, NE.PROPERTIES_CHANGED, encode({"keys": keys, "task": no, "attempt": attempt}))
    return pen.storage.instance(wanted.instance), None, True


def conflicting(pen: Pen, outcome: OperationOutcome, guarded: Mapping[str, int | None]) -> list[Instance]:
    """The instances of `guarded` that the outcome may not be merged into, as they are now.

    guarded  the revision that an instance must still be at, by id; None: no key may conflict
    """
    found = []
    for name, revision in guarded.items():
        row = pen.storage.instance(name)
        if row is None:
            continue
        if revision is not None:
            stale = row.revision != revision
        else:
            stale = merge(row, outcome.changes.get(name, ()))[1] is not None
        if stale:
            found.append(row)
    return found
