"""Finding what somebody named, and saying what is near when it is not there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from durable_wf.errors import DurableError, NotFoundError, UsageError
from durable_wf.journal import head
from durable_wf.model.states import EXECUTION, X

if TYPE_CHECKING:
    from collections.abc import Collection

    from durable_wf.journal.port import Reader
    from durable_wf.model import rows
    from durable_wf.model.deployed import Modification

_STATES = tuple(X)
_SHOWN = 10


def near(what: str, name: str, known: Collection[str]) -> NotFoundError:
    """`there is no deployment 'shpo'`, with `did you mean 'shop'?` as its hint, or what there is."""
    from difflib import get_close_matches

    close = get_close_matches(name, list(known), n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(repr(one) for one in close)}?" if close else None
    if not close and known:
        more = f", and {len(known) - _SHOWN} more" if len(known) > _SHOWN else ""
        hint = f"there are: {', '.join(sorted(known)[:_SHOWN])}{more}"
    return NotFoundError(f"there is no {what} '{name}'", hint=hint)


def not_there(reader: Reader, error: NotFoundError) -> DurableError:
    """What to say of something that a journal does not have: one that is older than its head may have lost it (L6)."""
    compare = getattr(reader, "compare_with_head", None)  # a store without a file has no older copy
    doubt = None if compare is None else compare()
    if doubt is None:
        return error
    return head.refusal(doubt, f"{error.message} in it" + (f" ({error.hint})" if error.hint else ""))


def find_execution(reader: Reader, uid: str) -> rows.Execution:
    """The execution whose id begins so.

    raises  NotFoundError with near matches; UsageError when several do; JournalBehindHead where it may be lost
    """
    found = reader.find_execution(uid) if uid else []
    if len(found) == 1:
        return found[0]
    if found:
        text = f"'{uid}' is the beginning of several ids: {', '.join(row.uid for row in found)}"
        raise UsageError(text, hint="give more of it")
    raise not_there(reader, near("execution", uid, [row.uid for row in reader.executions()]))


def find_deployment(reader: Reader, name: str) -> rows.Deployment:
    """The deployment of that name.

    raises  NotFoundError with near matches; JournalBehindHead where it may be lost
    """
    known = {row.name: row for row in reader.deployments()}
    if name not in known:
        raise not_there(reader, near("deployment", name, known))
    return known[name]


def find_modification(reader: Reader, uid: str) -> Modification:
    """The deployment modification whose id begins so.

    raises  as `find_execution`
    """
    known = reader.modifications()
    exact = [row for row in known if row.uid == uid]
    found = exact or [row for row in known if uid and row.uid.startswith(uid)]
    if len(found) == 1:
        return found[0]
    if found:
        text = f"'{uid}' is the beginning of several ids: {', '.join(row.uid for row in found)}"
        raise UsageError(text, hint="give more of it")
    raise not_there(reader, near("modification", uid, [row.uid for row in known]))


def shown_state(row: rows.Execution, *, owned: bool) -> str:
    """The state for people: an active execution whose runner is gone is interrupted at once."""
    state = _STATES[row.state]
    active = state not in EXECUTION.ended and state not in (X.SCHEDULED, X.QUEUED, X.PAUSED)
    return str(X.INTERRUPTED if active and not owned else state)
