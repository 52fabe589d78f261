"""The hash chains: what they cover, how a link is made, and how one is checked.

Each execution has a chain, each deployment has one, and (0, 0) is the journal's own, with the blueprints and what no
execution did. A committed turn adds one link to every chain it touched: the SHA-256 of the link before and of the
write-once columns of the rows the turn wrote, as JSON, by table and in the order of their keys. The first link builds
on the journal's own facts. Columns that move are not covered: states follow from the transitions (L2), the others
are guarded by `sum` columns. The inbox has no chain: others than the chain's only writer put rows into it.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from hashlib import sha256
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from durable_wf.errors import EngineBug
from durable_wf.model.rows import Link

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from durable_wf.model import rows

Chain = tuple[int, int]  # (execution, deployment)
Row = tuple[Any, ...]

_encode = json.JSONEncoder(check_circular=False, separators=(",", ":")).encode


class Covered(NamedTuple):
    """How rows of one table enter a chain.

    field   the list of `Changes` they arrive in
    table   where they stand in the journal
    owner   index of the column with the execution, or with the deployment
    width   how many of the first columns are written once
    seq     index of the column that orders rows into links; an event's is its id
    key     orders rows within a link; None where the row's first columns are its key
    """

    field: str
    table: str
    owner: int
    width: int
    seq: int
    key: Callable[[Row], Any] | None = None


OF_EXECUTION = (  # a chain's links hash them in this order
    Covered("executions", "execution", 0, 11, 10),
    Covered("payloads", "payload", 0, 4, 2),
    Covered("graphs", "tasks_graph", 0, 4, 3),
    Covered("tasks", "task", 0, 10, 9),
    Covered("dependencies", "task_dependency", 0, 4, 3),
    Covered("attempts", "attempt", 0, 5, 3),
    Covered("transitions", "transition", 0, 12, 1),
    Covered("events", "event", 1, 9, 0),
)
OF_JOURNAL = (Covered("blueprints", "blueprint", 0, 7, 6), *OF_EXECUTION[-2:])
OF_DEPLOYMENT = (
    Covered("deployments", "deployment_version", 0, 8, 6, itemgetter(0, 6)),
    Covered("nodes", "node_version", 0, 5, 3, itemgetter(0, 1, 3)),
    Covered("instances", "node_instance_version", 1, 15, 13, itemgetter(0, 13)),
    Covered("scaling", "scaling_version", 0, 6, 4, itemgetter(0, 1, 4)),
    Covered("modifications", "modification", 1, 9, 8),
    Covered("modification_steps", "modification_step", 1, 5, 4),
)


def covered_by(chain: Chain) -> tuple[Covered, ...]:
    """The tables whose rows are in `chain`."""
    execution, deployment = chain
    if deployment:
        return OF_DEPLOYMENT
    return OF_EXECUTION if execution else OF_JOURNAL


def genesis(meta: Mapping[str, str]) -> bytes:
    """What the first link of every chain builds on: the journal's id and the other facts of its making."""
    return sha256(_encode(sorted(meta.items())).encode()).digest()


def digest(before: bytes, last_seq: int, last_event: int, parts: Iterable[tuple[Covered, list[Row]]]) -> bytes:
    """The hash of a link.

    before  the hash of the link before, or the genesis
    parts   the rows of the link, each table once, in the order of `covered_by`; sorted in place
    """
    tables: list[Any] = [last_seq, last_event]
    for covered, found in parts:
        if found:
            found.sort(key=covered.key)
            tables += (covered.table, found)
    return sha256(before + _encode(tables).encode()).digest()


class Collector:
    """Gathers the rows of one turn, by chain.

    first_seq  the first sequence number of the turn: no covered row may be older, or it would be looked for in an
               earlier link
    """

    def __init__(self, first_seq: int) -> None:
        self._first_seq = first_seq
        self._last_seq = 0
        self._parts: defaultdict[Chain, dict[str, list[Row]]] = defaultdict(dict)

    def add(self, changes: rows.Changes) -> None:
        """Take in what is written.

        changes  events with their ids
        raises   EngineBug when a row claims an older seq than the turn's
        """
        for covered in OF_EXECUTION:
            found = getattr(changes, covered.field)
            if found:
                self._add(covered, found, of_deployment=False)
        if changes.blueprints:
            self._take((0, 0), OF_JOURNAL[0], list(changes.blueprints))
        for covered in OF_DEPLOYMENT:
            found = getattr(changes, covered.field)
            if found:
                self._add(covered, found, of_deployment=True)

    def _add(self, covered: Covered, found: Sequence[Row], *, of_deployment: bool) -> None:
        if covered.width < len(found[0]):
            width = covered.width
            owned: list[Row] = [row[:width] for row in found]
        else:
            owned = list(found)
        by_owner = itemgetter(covered.owner)
        if len(set(map(by_owner, owned))) == 1:
            groups: Iterable[tuple[int, Iterable[Row]]] = [(by_owner(owned[0]), owned)]
        else:
            groups = groupby(sorted(owned, key=by_owner), by_owner)
        for owner, part in groups:
            self._take((0, owner) if of_deployment else (owner, 0), covered, list(part))

    def _take(self, chain: Chain, covered: Covered, part: list[Row]) -> None:
        if covered.table != "event":
            seqs = list(map(itemgetter(covered.seq), part))
            self._last_seq = max(self._last_seq, *seqs)
            if min(seqs) < self._first_seq:
                message = f"{covered.table}: a row of this turn has a seq before {self._first_seq}"
                raise EngineBug(message)
        parts = self._parts[chain]
        if covered.table in parts:
            parts[covered.table] += part
        else:
            parts[covered.table] = part

    def links(
        self, start: bytes, tail: Callable[[Chain], rows.Link | None], last_seq: int, last_event: int
    ) -> list[rows.Link]:
        """The links to write, by chain.

        start  the genesis
        tail   the newest link of a chain, or None
        last_seq, last_event   the newest numbers in the journal, this turn included
        raises  EngineBug when a row has a seq that no transition has: the link would not cover it
        """
        if self._last_seq > last_seq:
            message = f"a row of this turn has seq {self._last_seq}, its last transition has {last_seq}"
            raise EngineBug(message)
        made = []
        for chain, parts in sorted(self._parts.items()):
            before = tail(chain)
            hashed = digest(
                start if before is None else before.hash,
                last_seq,
                last_event,
                ((covered, parts[covered.table]) for covered in covered_by(chain) if covered.table in parts),
            )
            ordinal = 1 if before is None else before.ordinal + 1
            made.append(Link(*chain, ordinal, last_seq, last_event, hashed))
        return made


class Misfit(NamedTuple):
    """Where a chain does not fit what stands in the journal.

    seq    the first one that may not be what was committed; everything of the chain before it is
    first  the lowest seq of the rows that are there in that place, or None where none is: they were written in one
           turn, which other chains may tell more of than this
    """

    seq: int
    text: str
    first: int | None


class _Dealer:
    """The rows of one table in the order of their seq, handed out link by link; one row is looked at ahead."""

    def __init__(self, covered: Covered, found: Iterable[Row]) -> None:
        self.covered = covered
        self._rows = iter(found)
        self._next = next(self._rows, None)

    def up_to(self, end: int) -> list[Row]:
        """What comes next, up to this seq; or event, in their table."""
        part = []
        while self._next is not None and self._next[self.covered.seq] <= end:
            part.append(self._next)
            self._next = next(self._rows, None)
        return part

    def next_seq(self) -> int | None:
        """That of the next row; None where there is none, or it is an event, which has none."""
        return None if self._next is None or self.covered.table == "event" else self._next[self.covered.seq]

    def rest(self) -> int:
        """How many are left."""
        return 0 if self._next is None else 1 + sum(1 for _ in self._rows)


def check_chain(
    chain: Chain,
    start: bytes,
    links: Iterable[Link],
    tables: Iterable[tuple[Covered, Iterable[Row]]],
    counted: Counter[str] | None = None,
) -> Iterator[Misfit]:
    """Where a chain does not fit, the earliest place first. After a misfit, later links still count.

    One pass that holds the rows of one link; what is read ahead is one row a table.

    links    by ordinal
    tables   the rows that stand in the journal for this chain, cut to their write-once columns and ordered by their
             seq (an event's is its id), each table once in the order of `covered_by`
    counted  what was looked at is added here: `link`, and rows by their table
    """
    counted = Counter() if counted is None else counted
    dealers = [_Dealer(*table) for table in tables]
    before = Link(*chain, 0, 0, 0, start)
    for link in links:
        counted["link"] += 1
        if link.ordinal != before.ordinal + 1:
            yield Misfit(before.last_seq + 1, "a link of its hash chain is missing", _next_seq(dealers))
            return
        if link.last_seq < before.last_seq or link.last_event < before.last_event:
            yield Misfit(before.last_seq + 1, "the links of its hash chain are out of order", _next_seq(dealers))
            return
        first = _next_seq(dealers)
        parts = list(_parts(dealers, link, counted))
        if digest(before.hash, link.last_seq, link.last_event, parts) != link.hash:
            yield Misfit(before.last_seq + 1, _misfit(before, link, parts), first)
        before = link
    for dealer in dealers:
        first, rest = dealer.next_seq(), dealer.rest()
        if rest:
            text = f"{rest} row(s) of {dealer.covered.table} stand behind the end of its hash chain"
            yield Misfit(before.last_seq + 1, text, first)


def _next_seq(dealers: Sequence[_Dealer]) -> int | None:
    """The lowest seq of the rows that come next."""
    return min((seq for dealer in dealers if (seq := dealer.next_seq()) is not None), default=None)


def _parts(dealers: Sequence[_Dealer], link: Link, counted: Counter[str]) -> Iterator[tuple[Covered, list[Row]]]:
    """The rows that a link covers, by table; tables without any are left out."""
    for dealer in dealers:
        table = dealer.covered.table
        part = dealer.up_to(link.last_event if table == "event" else link.last_seq)
        if part:
            counted[table] += len(part)
            yield dealer.covered, part


def _misfit(before: Link, link: Link, parts: list[tuple[Covered, list[Row]]]) -> str:
    where = f"seq {before.last_seq + 1} to" if before.ordinal else "up to seq"
    what = ", ".join(f"{len(part)} of {covered.table}" for covered, part in parts) or "no rows"
    return f"link {link.ordinal} ({where} {link.last_seq}: {what}) is not what was committed"


def chain_name(chain: Chain) -> str:
    """How a problem names the chain it is in."""
    execution, deployment = chain
    if deployment:
        return f"deployment {deployment}"
    return f"execution {execution}" if execution else "journal"
