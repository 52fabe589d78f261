"""A POINT in a journal's history, a seq or a time, and a deployment as it was then.

A time stands for all of what it names: `2026-11-25` is the end of that day, `2026-11-25 14:03` the end of that minute,
so that a time as it is shown, which is cut, finds what was there when it was shown. Without a zone it is UTC.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from durable_wf.clock import iso
from durable_wf.errors import NotFoundError, UsageError
from durable_wf.inspection.find import find_deployment, near, not_there

if TYPE_CHECKING:
    from durable_wf.inspection.view import View
    from durable_wf.model import rows

_SEQ = re.compile(r"[0-9]{1,18}")
_TIME = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d)([T ](?P<minute>\d\d:\d\d)(?P<second>:\d\d)?(?P<part>\.\d{1,6})?)?"
    r"(?P<zone>Z|[+-]\d\d:?\d\d)?"
)
_HINT = "write a seq, as `durable-wf journal` shows it, or a time: 2026-11-25, '2026-11-25 14:03', 2026-11-25T14:03:20Z"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Point:
    """What `--at` names: one of these.

    at_us  the last microsecond of what the text names
    """

    seq: int | None = None
    at_us: int | None = None


@dataclass(frozen=True, slots=True)
class Moment:
    """A deployment at a point.

    row         as it was then
    at          the seq that is looked at; None: now
    deleted_us  when it was deleted, where it has been since
    """

    row: rows.Deployment
    at: int | None = None
    deleted_us: int | None = None


def read_point(text: str) -> Point:
    """What somebody typed.

    raises  UsageError
    """
    if _SEQ.fullmatch(text):
        return Point(seq=int(text))
    found = _TIME.fullmatch(text.strip())
    if found is None or (found["part"] and not found["second"]):
        raise UsageError(f"{text!r} is neither a seq nor a time", hint=_HINT)
    try:
        begin = datetime.fromisoformat(text.strip())
        begin = begin.astimezone(UTC) if begin.tzinfo else begin.replace(tzinfo=UTC)
        end = begin + _length(found)
    except (ValueError, OverflowError) as error:
        raise UsageError(f"{text!r}: there is no such time", hint=_HINT) from error
    return Point(at_us=(end - _EPOCH) // timedelta(microseconds=1) - 1)


def _length(found: re.Match[str]) -> timedelta:
    if found["part"]:
        return timedelta(microseconds=10 ** (7 - len(found["part"])))
    if found["second"]:
        return timedelta(seconds=1)
    return timedelta(minutes=1) if found["minute"] else timedelta(days=1)


def moment_of(view: View, name: str, point: Point | None = None) -> Moment:
    """The deployment of that name now, or as it was at a point; then also one that was deleted since.

    raises  NotFoundError with near matches, or saying when it was there; UsageError for a seq that is not there yet
    cost    of a time: that of the transitions after it, of the deployment's executions and of what no execution did
    """
    if point is None:
        return Moment(_present(view, name))
    newest = view.store.last_seq()
    if point.seq is not None and point.seq > newest:
        raise UsageError(f"seq {point.seq} is not there yet", hint=f"the newest is {newest}")
    lives = [row for row in view.store.stored("deployment", 0) if row.name == name]
    if not lives:
        raise not_there(view.store, near("deployment", name, set(view.store.named("deployment").values())))
    for row in reversed(lives):
        at = _seq_of(view, row, point)
        versions = view.store.stored("deployment_version", row.id)
        then = max((one for one in versions if one.seq <= at), key=lambda one: one.seq, default=None)
        if then is not None and not then.gone:
            return Moment(then, at, _deleted_us(view, row) if row.gone else None)
    raise NotFoundError(f"deployment '{name}' was not there at that point", hint=_lives(view, lives))


def _present(view: View, name: str) -> rows.Deployment:
    try:
        return find_deployment(view.store, name)
    except NotFoundError as error:
        lives = [row for row in view.store.stored("deployment", 0) if row.name == name]
        if not lives:
            raise
        last = lives[-1]
        text = f"{error.message} any more: it was deleted {_said(_deleted_us(view, last))}"
        raise NotFoundError(text, hint=f"--at {last.seq - 1} looks at it as it was") from error


def _seq_of(view: View, row: rows.Deployment, point: Point) -> int:
    """The newest seq of what concerns the deployment that is not after the point."""
    if point.seq is not None:
        return point.seq
    at_us = point.at_us or 0
    concerned = [0, *(one.id for one in view.store.executions(deployment=row.id) if one.created_us <= at_us)]
    found = (view.store.latest(one, at_us=at_us) for one in concerned)
    return max((one.seq for one in found if one is not None), default=0)


def _deleted_us(view: View, row: rows.Deployment) -> int:
    """When it was deleted: its row has that transition's seq, which no execution made."""
    found = view.store.latest(0, seq=row.seq)
    return row.created_us if found is None else found.at_us


def _lives(view: View, lives: list[rows.Deployment]) -> str:
    """When there was a deployment of the name: `from seq 3 (2026-…) to seq 40 (2026-…)`."""
    spans = []
    for row in lives:
        born = min(one.seq for one in view.store.stored("deployment_version", row.id))
        end = f" to seq {row.seq - 1}, and was deleted {_said(_deleted_us(view, row))}" if row.gone else ""
        spans.append(f"from seq {born} ({_said(row.created_us)}){end or ' on'}")
    return f"it was there {'; and '.join(spans)}"


def _said(at_us: int) -> str:
    return f"{iso(at_us)[:19].replace('T', ' ')} UTC"
