"""Checking a journal; saying how much was checked, what is wrong, and what can still be trusted."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from durable_wf.inspection.verified import Checked, Doubted, Found, Trust
from durable_wf.journal.chain import chain_name
from durable_wf.journal.head import Behind
from durable_wf.journal.verify import UNREADABLE, Problem

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from durable_wf.clock import Clock

# checks of what no chain covers: the rows of now, and what is around the rows
_BESIDE_HISTORY = frozenset({"checksum", "versions", "schema", "integrity", "references"})


def check(reader: Any, clock: Clock, executions: Sequence[int] | None = None) -> Checked:
    """Verify a store; all of it, or some executions.

    reader  a store with `audit`; one with a head file is compared with that
    cost    reads every row a few times; linear in their number, but for SQLite's sorting
    """
    began_us = clock.now().boot_us
    counted: Counter[str] = Counter()
    problems = list(reader.audit(executions, counted))
    problems += _head_problems(reader)
    names = _Names(reader)
    asked = set(names.executions if executions is None else executions)
    trust = _trust(problems, names, asked, _last_seq(reader)) if problems else None
    if trust is not None and executions is not None:
        trust = replace(trust, up_to=None)  # of the others nothing is known
    if trust is not None and not counted["chain"]:
        trust = replace(trust, whole=[])  # the search did not come as far as any of them
    return Checked(
        len(asked),
        {table: counted[table] for table in sorted(counted)},
        (clock.now().boot_us - began_us) / 1_000_000,
        [_found(problem, names) for problem in problems],
        trust,
        _head(reader),
    )


def unreadable(check: str, message: str) -> Checked:
    """Of a journal of which nothing could be checked.

    check  that noticed it: `reading` where it cannot be opened, `head` where it may have lost what was asked about
    """
    return Checked(0, {}, 0.0, [Found(check, None, None, message)], Trust(None, [], []))


def _head_problems(reader: Any) -> list[Problem]:
    if not hasattr(reader, "compare_with_head"):
        return []
    try:
        behind = reader.compare_with_head()
    except UNREADABLE as error:
        return [Problem("reading", f"the journal cannot be compared with its head file: {error}")]
    if behind is None:
        return []
    since = min(behind.journal_seq, behind.head_seq) + 1 if isinstance(behind, Behind) else None
    return [Problem("head", str(behind), seq=since)]


def _head(reader: Any) -> str | None:
    if not hasattr(reader, "newest_link"):  # a store without a file has no older copy
        return None
    try:
        newest = reader.newest_link()
    except UNREADABLE:  # what is wrong has been said
        return None
    return None if newest is None else f"{newest.last_seq}:{newest.hash.hex()}"


def _last_seq(reader: Any) -> int | None:
    try:
        return int(reader.last_seq())
    except UNREADABLE:  # what is wrong has been said
        return None


class _Names:
    """What people call executions and deployments, by number; as far as that can be read."""

    def __init__(self, reader: Any) -> None:
        self.executions = self._read(reader, "execution")
        self._deployments = self._read(reader, "deployment")

    def _read(self, reader: Any, table: str) -> dict[int, str]:
        try:
            return dict(reader.named(table))
        except UNREADABLE:  # what is wrong has been said
            return {}

    def of(self, chain: tuple[int, int]) -> tuple[str, str]:
        """Kind and name."""
        execution, deployment = chain
        if execution:
            return "execution", self.executions.get(execution, str(execution))
        return "deployment", self._deployments.get(deployment, str(deployment))


def _found(problem: Problem, names: _Names) -> Found:
    if problem.of is None:
        return Found(problem.check, None, problem.seq, problem.text)
    kind, name = names.of(problem.of) if any(problem.of) else (chain_name(problem.of), "")
    text = f"{' '.join(filter(None, (kind, name)))}: {problem.text}"
    return Found(problem.check, name if problem.of[0] else None, problem.seq, text)


def _trust(problems: list[Problem], names: _Names, asked: Collection[int], last_seq: int | None) -> Trust:
    since: dict[tuple[int, int], int | None] = {}
    for problem in problems:
        if problem.of is not None and any(problem.of):
            before = since.get(problem.of, problem.seq)
            known = before is not None and problem.seq is not None
            since[problem.of] = min(before or 0, problem.seq or 0) if known else None
    whole = [name for number, name in names.executions.items() if number in asked and (number, 0) not in since]
    if any(problem.check == "head" for problem in problems):
        whole = []  # which ones went on in what is missing is not known
    doubted = [Doubted(*names.of(of), seq) for of, seq in sorted(since.items())]
    return Trust(_whole_up_to(problems, last_seq), whole, doubted)


def _whole_up_to(problems: list[Problem], last_seq: int | None) -> int | None:
    """Where a row of now or an index alone is damaged, the history is whole."""
    firsts = [problem.seq for problem in problems if problem.check not in _BESIDE_HISTORY]
    if None in firsts:
        return None
    return min((seq - 1 for seq in firsts if seq is not None), default=last_seq)
