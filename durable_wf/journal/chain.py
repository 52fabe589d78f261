"""The hash chains: what they cover, how a link is made, and how one is checked.

Each execution has a chain, each deployment has one, and (0, 0) is the journal's own, with the blueprints and what no
execution did. A committed turn adds one link to every chain it touched: the SHA-256 of the link before and of the
write-once columns of the rows the turn wrote, as JSON, by table and in the order of their keys. The first link builds
on the journal's own facts. Columns that move are not covered: states follow from the transitions (L2), the others
are guarded by `sum` columns. The inbox has no chain: others than the chain's only writer put rows into it.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections import defaultdict
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


def check_chain(
    chain: Chain, start: bytes, links: Sequence[rows.Link], tables: Iterable[tuple[Covered, Iterable[Row]]]
) -> Iterator[str]:
    """Problems of one chain, the first of which names the earliest place. After one, later links still count.

    links   by ordinal
    tables  the rows that stand in the journal for this chain, cut to their write-once columns, each table once in
            the order of `covered_by`
    """
    name = chain_name(chain)
    if [link.ordinal for link in links] != list(range(1, len(links) + 1)):
        yield f"{name}: a link of its hash chain is missing"
        return
    ends = {"event": [link.last_event for link in links]}
    seqs = [link.last_seq for link in links]
    if seqs != sorted(seqs) or ends["event"] != sorted(ends["event"]):
        yield f"{name}: the links of its hash chain are out of order"
        return
    found: list[list[tuple[Covered, list[Row]]]] = [[] for _ in range(len(links) + 1)]
    for covered, rows_of_table in tables:
        _deal(covered, rows_of_table, ends.get(covered.table, seqs), found)
    for covered, rest in found.pop():
        yield f"{name}: {len(rest)} row(s) of {covered.table} stand behind the end of its hash chain"
    before = start
    for link, parts in zip(links, found, strict=True):
        if digest(before, link.last_seq, link.last_event, parts) != link.hash:
            yield _misfit(name, links, link, parts)
        before = link.hash


def _deal(
    covered: Covered, rows_of_table: Iterable[Row], ends: list[int], found: list[list[tuple[Covered, list[Row]]]]
) -> None:
    """Put each row to the link that covers it; behind the last link, to the extra list."""
    by_link: defaultdict[int, list[Row]] = defaultdict(list)
    for row in rows_of_table:
        by_link[bisect_left(ends, row[covered.seq])].append(row)
    for index, part in by_link.items():
        found[index].append((covered, part))


def _misfit(name: str, links: Sequence[rows.Link], link: rows.Link, parts: list[tuple[Covered, list[Row]]]) -> str:
    where = f"seq {links[link.ordinal - 2].last_seq + 1} to" if link.ordinal > 1 else "up to seq"
    what = ", ".join(f"{len(part)} of {covered.table}" for covered, part in parts) or "no rows"
    return f"{name}: link {link.ordinal} ({where} {link.last_seq}: {what}) is not what was committed"


def chain_name(chain: Chain) -> str:
    """How a problem names the chain it is in."""
    execution, deployment = chain
    if deployment:
        return f"deployment {deployment}"
    return f"execution {execution}" if execution else "journal"
