"""Verification of a journal: its hash chains (L13), and each execution's rows against its transitions.

Any store can be verified; what only a file has is `audit`'s. One chain after the other, each in one short read
transaction and in streams: memory is a few bytes an execution, and the rows of one link or one task.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from durable_wf.errors import DurableError
from durable_wf.journal import chain, consistency, modified
from durable_wf.journal.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from durable_wf.model import rows

# where a bit flipped, a page cannot be read, or a value has a type that nobody wrote
UNREADABLE = (DurableError, ArithmeticError, LookupError, TypeError, ValueError)
MOST = 20  # problems of one kind in one place; a broken journal has thousands


class Problem(NamedTuple):
    """Something that is not as it was written.

    check  what noticed it: `chain`, `L1`, `L2`, `L4`, `times`; of the file `integrity`, `schema`, `checksum`,
           `versions`, `numbers`, `references`, `head`; or `reading`, where something could not be read
    text   in words, without the name of the chain
    of     whose rows it is about, (execution, deployment); None where it is about the file
    seq    the first one that may not be as it was written; None where it has no place in that order
    """

    check: str
    text: str
    of: chain.Chain | None = None
    seq: int | None = None

    def __str__(self) -> str:
        return self.text if self.of is None else f"{chain.chain_name(self.of)}: {self.text}"


class Source(Protocol):
    """What verification reads. Both stores have it."""

    def meta(self) -> Mapping[str, str]:
        """The facts that the first link of every chain builds on."""
        ...

    def chains(self) -> list[chain.Chain]:
        """Every chain that has a link."""
        ...

    def named(self, table: str) -> dict[int, str]:
        """What people call the rows of `execution` or `deployment`, by id."""
        ...

    def each_link(self, of: chain.Chain) -> Iterator[rows.Link]:
        """The links of a chain by ordinal, one at a time. Ask inside a snapshot."""
        ...

    def last_seq_before(self, seq: int) -> int:
        """The highest `last_seq` of any link below this one; 0 for none. May look at every link."""
        ...

    def stream(self, table: str, owner: int, columns: Sequence[str], by: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        """Rows of an execution, a deployment, or, with 0, of the journal, one at a time. Ask inside a snapshot.

        columns  the ones that are wanted
        by       the ones that order the rows
        """
        ...

    def snapshot(self) -> AbstractContextManager[None]:
        """All questions inside see the same moment."""
        ...


def problems(
    source: Source, executions: Sequence[int] | None = None, counted: Counter[str] | None = None
) -> Iterator[Problem]:
    """Problems found. Each chain is read in one short transaction; a chain that cannot be read spoils no other.

    executions  only their chains and states; None for the whole journal
    counted     what was looked at is added here: rows by their table, and `chain`
    """
    counted = Counter() if counted is None else counted
    try:
        start = chain.genesis(source.meta())
        with source.snapshot():
            known = set(source.named("execution"))
            chains = {(number, 0) for number in known if executions is None}
            if executions is None:
                chains |= {(0, 0), *source.chains(), *((0, number) for number in source.named("deployment"))}
            else:
                chains |= {(number, 0) for number in executions}
    except UNREADABLE as error:
        yield unreadable(error)
        return
    turns = _Turns(source)
    for of in sorted(chains):
        if of[0] and of[0] not in known:
            yield Problem("chain", "it is not in the journal", of, 1)
            continue
        counted["chain"] += 1
        yield from _of_chain(source, start, of, counted, turns)


def unreadable(error: Exception, of: chain.Chain | None = None) -> Problem:
    """That the search ended here: a page that SQLite cannot read, or a value of a type that nobody wrote."""
    if isinstance(error, DurableError):
        return Problem("reading", error.message, of)
    text = f"a value is not what was written, so that the search ended: {type(error).__name__}: {error}"
    return Problem("reading", text, of)


class _Turns:
    """Where turns begin. All that a turn wrote has links with one `last_seq`, whichever chains it is in.

    So a link that does not fit, and what of it is there, tell a turn that began after every link of an earlier one:
    where one of those does not fit either, it is told for itself.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._left = MOST  # each question looks at every link

    def begin(self, misfit: chain.Misfit) -> int:
        """The first seq that the misfit casts doubt on, in whatever execution."""
        if misfit.first is None or misfit.first <= misfit.seq or not self._left:
            return misfit.seq
        self._left -= 1
        return max(misfit.seq, self._source.last_seq_before(misfit.first) + 1)


def _of_chain(source: Source, start: bytes, of: chain.Chain, counted: Counter[str], turns: _Turns) -> list[Problem]:
    found: list[Problem] = []
    try:
        with source.snapshot():
            misfits = chain.check_chain(of, start, source.each_link(of), _tables(source, of), counted)
            found += few(Problem("chain", misfit.text, of, turns.begin(misfit)) for misfit in misfits)
            if any(of):
                broken = consistency.check(source, of[0]) if of[0] else modified.check(source, of[1])
                found += few(Problem(check, text, of, seq) for check, text, seq in broken)
    except UNREADABLE as error:
        found.append(unreadable(error, of))
    return found


def _tables(source: Source, of: chain.Chain) -> Iterator[tuple[chain.Covered, Iterator[tuple[Any, ...]]]]:
    for covered in chain.covered_by(of):
        columns = TABLES[covered.table].columns[: covered.width]
        yield covered, source.stream(covered.table, of[1] or of[0], columns, (columns[covered.seq],))


def few(found: Iterable[Problem]) -> list[Problem]:
    """The first problems of one kind in each place, always with the one of the lowest seq, and how many more."""
    places: dict[chain.Chain | None, _Few] = {}
    for problem in found:
        places.setdefault(problem.of, _Few()).add(problem)
    return [problem for place in places.values() for problem in place.told()]


class _Few:
    """Of one kind, in one place."""

    def __init__(self) -> None:
        self._kept: list[Problem] = []
        self._more = 0
        self._first: Problem | None = None

    def add(self, problem: Problem) -> None:
        if problem.seq is not None and (self._first is None or problem.seq < (self._first.seq or 0)):
            self._first = problem
        if len(self._kept) < MOST:
            self._kept.append(problem)
        else:
            self._more += 1

    def told(self) -> list[Problem]:
        kept = self._kept
        if self._first is not None and self._first not in kept:
            kept[-1] = self._first
        if self._more:
            kept.append(Problem(kept[-1].check, f"and {self._more} more", kept[-1].of, kept[-1].seq))
        return kept
