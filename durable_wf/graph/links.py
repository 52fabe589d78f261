"""Edges between tasks, both ways. The index by task is made when first asked for: most graphs are never asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable

    from durable_wf.model.events import Spec

Edge: TypeAlias = "tuple[Spec, Spec]"  # (task, what it waits for)
Way: TypeAlias = "dict[Spec, dict[Spec, None]]"


class Links:
    """What waits for what, in the order in which it was said.

    edges  each once
    """

    __slots__ = ("_ways", "edges")

    def __init__(self) -> None:
        self.edges: dict[Edge, None] = {}
        self._ways: tuple[Way, Way] | None = None

    def __contains__(self, edge: Edge) -> bool:
        return edge in self.edges

    def add(self, spec: Spec, on: Spec) -> None:
        """`spec` waits for `on`; twice is harmless."""
        self.edges[spec, on] = None
        if self._ways is not None:
            forth, back = self._ways
            forth.setdefault(spec, {})[on] = None
            back.setdefault(on, {})[spec] = None

    def discard(self, spec: Spec, on: Spec) -> None:
        """It does not, if it did."""
        if (spec, on) in self.edges:
            forth, back = self._index()
            del self.edges[spec, on], forth[spec][on], back[on][spec]

    def drop(self, spec: Spec) -> None:
        """Forget every edge of a task."""
        for on in self.before(spec):
            self.discard(spec, on)
        for dependent in self.after(spec):
            self.discard(dependent, spec)

    def before(self, spec: Spec) -> list[Spec]:
        """What the task waits for."""
        return list(self._index()[0].get(spec, ()))

    def after(self, spec: Spec) -> list[Spec]:
        """What waits for the task."""
        return list(self._index()[1].get(spec, ()))

    def clear(self) -> None:
        """Forget all edges."""
        self.edges.clear()
        self._ways = None

    def _index(self) -> tuple[Way, Way]:
        if self._ways is None:
            forth: Way = {}
            back: Way = {}
            for spec, on in self.edges:
                forth.setdefault(spec, {})[on] = None
                back.setdefault(on, {})[spec] = None
            self._ways = forth, back
        return self._ways


class StoredLinks:
    """The edges of tasks that were stored and have not ended yet, as small as can be."""

    __slots__ = ("_after", "_before")

    def __init__(self) -> None:
        self._before: dict[Spec, list[Spec]] = {}
        self._after: dict[Spec, list[Spec]] | None = None

    def add_all(self, edges: Iterable[Edge]) -> None:
        """Take in edges that are not here yet."""
        before = self._before
        for spec, on in edges:
            known = before.get(spec)
            if known is None:
                before[spec] = [on]
            else:
                known.append(on)
        self._after = None

    def before(self, spec: Spec) -> list[Spec]:
        """What the task waited for when it was stored; some of it may have ended."""
        return self._before.get(spec, [])

    def after(self, spec: Spec) -> list[Spec]:
        """What was stored to wait for the task. Costs O(edges) once after each change."""
        if self._after is None:
            self._after = {}
            for one, ons in self._before.items():
                for on in ons:
                    self._after.setdefault(on, []).append(one)
        return self._after.get(spec, [])

    def discard(self, spec: Spec, on: Spec) -> None:
        """Forget one edge."""
        left = [one for one in self._before.get(spec, ()) if one is not on]
        if left:
            self._before[spec] = left
        else:
            self._before.pop(spec, None)
        self._after = None

    def forget(self, specs: Iterable[Spec]) -> None:
        """These tasks wait no more."""
        for spec in specs:
            self._before.pop(spec, None)
        self._after = None
