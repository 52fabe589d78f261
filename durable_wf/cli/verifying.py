"""`verify`: whether the journal is what was written, and what of it can be trusted where it is not. Never writes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from durable_wf.cli.calls import Call
from durable_wf.cli.output import clean, plural
from durable_wf.cli.parameters import Executions
from durable_wf.errors import JournalBehindHead, JournalDamaged, JournalError
from durable_wf.inspection.verified import Checked, Found, Trust

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from pathlib import Path

    from durable_wf.journal.reader import SqliteReader

_MOST = 5  # ids that are named


@dataclass(frozen=True, slots=True)
class Verification:
    """What `verify` found.

    executions       ids of those that were asked about; none for the whole journal
    items            all problems, each naming its place
    execution_count  how many executions were checked
    rows             how many rows were checked, by table
    head             `seq:hash` of the newest link: an older copy of the journal has another; null in an empty one
    problems         the same as items, in parts
    first_bad_seq    the first seq that a problem casts doubt on; null where all is well, or that is not known
    trust            what can still be trusted; null where all is well
    """

    journal: str
    executions: list[str]
    transitions: int
    links: int
    items: list[str]
    execution_count: int
    rows: dict[str, int]
    seconds: float
    head: str | None
    problems: list[Found]
    first_bad_seq: int | None
    trust: Trust | None


def verify(call: Call, executions: Executions = None) -> int:
    """Check that the journal is what was written: its file, hash chains, states and times; that nothing is missing."""
    from durable_wf.clock import SystemClock
    from durable_wf.inspection.find import find_execution
    from durable_wf.inspection.verification import check, unreadable
    from durable_wf.journal.examine import examine

    path = call.config.journal
    try:
        with examine(path) as reader:
            found = {row.id: row.uid for row in (find_execution(reader, one) for one in executions or [])}
            result = check(reader, SystemClock(), list(found) if executions else None)
            notices = [] if result.problems else _notices(reader, found)
    except JournalError as error:  # nothing of it can be read, or it may have lost what was asked about
        if call.out.as_json:
            check_ = "head" if isinstance(error, JournalBehindHead) else "reading"
            call.out.data(_record(path, [], unreadable(check_, error.message)), [])
        raise
    record = _record(path, list(found.values()), result)
    what = ", ".join(record.executions) or str(path)
    counts = (
        f"{plural(result.executions, 'execution')}, {plural(record.transitions, 'transition')} and "
        f"{plural(record.links, 'link')} checked in {result.seconds:.1f} s"
    )
    call.out.data(record, _lines(record) if result.problems else [f"{what}: all is well; {counts}"])
    for notice in notices:
        call.out.error(f"notice: {notice}")
    if result.problems:
        call.out.error(f"{what}: {plural(len(result.problems), 'problem')}; {counts} [{JournalDamaged.code}]")
        return JournalDamaged.exit_code
    return 0


def _notices(reader: SqliteReader, asked: Collection[int]) -> list[str]:
    """What may be missing although nothing is wrong with what is there.

    asked  which executions; none: all
    """
    from durable_wf.clock import SystemClock
    from durable_wf.inspection.owners import may_have_lost

    boot_id = SystemClock().now().boot_id
    rows = [row for row in reader.executions() if not asked or row.id in asked]
    return [lost for row in reversed(rows) if (lost := may_have_lost(row, boot_id)) is not None]


def _record(path: Path, asked: list[str], result: Checked) -> Verification:
    return Verification(
        str(path),
        asked,
        result.rows.get("transition", 0),
        result.rows.get("link", 0),
        [problem.text for problem in result.problems],
        result.executions,
        result.rows,
        result.seconds,
        result.head,
        result.problems,
        min((problem.seq for problem in result.problems if problem.seq is not None), default=None),
        result.trust,
    )


def _lines(record: Verification) -> Iterator[str]:
    yield from map(clean, record.items)
    yield ""
    if record.first_bad_seq is not None:
        yield f"first bad seq: {record.first_bad_seq}"
    trust = record.trust
    if trust is None:
        return
    if trust.up_to is None:
        yield "can be trusted: how far all executions are whole cannot be said"
    else:
        yield f"can be trusted: everything up to seq {trust.up_to}" if trust.up_to else "can be trusted: no seq of all"
    if trust.whole:
        yield f"whole: {_named('execution', trust.whole)}"
    if trust.doubted:
        yield f"not: {_some([clean(str(one)) for one in trust.doubted])}"


def _named(what: str, ids: Sequence[str]) -> str:
    return f"{what}{'' if len(ids) == 1 else 's'} {_some(ids)}"


def _some(texts: Sequence[str]) -> str:
    more = f", and {len(texts) - _MOST} more" if len(texts) > _MOST else ""
    return f"{', '.join(texts[:_MOST])}{more}"
