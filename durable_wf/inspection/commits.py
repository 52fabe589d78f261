"""What was committed for an execution, commit by commit, from where the last reading stopped.

Events have no seq, and clocks may stand still or jump; but each commit has left a link of the execution's hash chain,
which says how far it came in both. So the order between transitions and events is exact, and a reading ends where a
commit ends, however many are made meanwhile.
"""

from __future__ import annotations

from bisect import bisect_right
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from durable_wf.inspection.view import Store
    from durable_wf.model import rows


class Commit(NamedTuple):
    """The transitions, by seq, and the events, by id, of one commit."""

    transitions: list[rows.Transition]
    events: list[rows.Event]


class Commits:
    """Of one execution."""

    def __init__(self, store: Store, execution: int) -> None:
        self._store = store
        self._execution = execution
        self._ordinal = self._seq = self._event = 0

    def more(self) -> list[Commit]:
        """What is new, in order; the first time all there is."""
        links = self._store.links((self._execution, 0), since=self._ordinal)
        if not links:
            return []
        last = links[-1]
        transitions = self._store.transitions(self._execution, since=self._seq)
        events = self._store.events(self._execution, since=self._event)
        seqs, ids = list(map(attrgetter("seq"), transitions)), list(map(attrgetter("id"), events))
        found, begin, first = [], 0, 0
        for link in links:
            end, after = bisect_right(seqs, link.last_seq), bisect_right(ids, link.last_event)
            found.append(Commit(transitions[begin:end], events[first:after]))
            begin, first = end, after
        self._ordinal = last.ordinal
        self._seq, self._event = max(self._seq, last.last_seq), max(self._event, last.last_event)
        return found
