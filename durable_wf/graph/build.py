"""A task graph while its author builds it: what waits for what, and what was added or taken out since the last time.

Between two forkjoins stands a hub, so that n tasks after m cost n + m edges. It is never shown: what is asked here of
one task's neighbours sees through it. A cycle is named, not waited for.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple

from durable_wf.codec import encode
from durable_wf.errors import UsageError
from durable_wf.graph.cycles import CycleError, end_of, refuse_cycle
from durable_wf.graph.links import Links, StoredLinks
from durable_wf.graph.match import describe_spec
from durable_wf.model.events import Executes, Spec
from durable_wf.model.rows import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from durable_wf.graph.cycles import Moment
    from durable_wf.graph.links import Edge

__all__ = ["Additions", "CycleError", "GraphBuild"]

_HUB_REQUEST = encode({"kwargs": {}, "policy": {"total_retries": 0, "retry_interval": 0.0, "on_unknown": "rerun"}})


class Additions(NamedTuple):
    """What changed since the last time, as `Executes` and `Decides` say it."""

    specs: list[Spec]
    edges: list[Edge]
    removed: list[Spec]
    unlinked: list[Edge]


class GraphBuild:
    """The structure of one author's graph.

    path       identifies the graph within the execution
    consulted  the task whose handler runs now: then tasks that wait already may be given more to wait for, and
               subgraphs that were stored may be given members
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.executes = 0
        self.consulted: Spec | None = None
        self._new: dict[Spec, None] = {}  # not stored yet
        self._fresh = Links()
        self._hubs: dict[Spec, None] = {}  # of them, the hubs
        self._stored: set[Spec] = set()
        self._links = StoredLinks()
        self._members: dict[Spec, list[Spec]] = {}  # of stored subgraphs
        self._removed: dict[Spec, None] = {}  # stored ones, taken out since the last time
        self._gone: set[Spec] = set()  # and before
        self._unlinked: dict[Edge, None] = {}

    def __contains__(self, spec: Spec) -> bool:
        return spec in self._new or (spec in self._stored and spec not in self._removed)

    @property
    def empty(self) -> bool:
        """Whether nothing waits for the next execute()."""
        return not self._new

    @property
    def new(self) -> list[Spec]:
        """What was added since the last time, hubs included."""
        return list(self._new)

    def is_new(self, spec: Spec) -> bool:
        """Whether it was added since the last time."""
        return spec in self._new

    # ------------------------------------------------------------------ building

    def add(self, spec: Spec) -> None:
        """Add a task; twice is harmless.

        raises  UsageError when its subgraph was executed already, or it was itself and then taken out
        """
        if spec in self._stored:
            self._removed.pop(spec, None)
            return
        if self._gone and spec in self._gone:
            text = f"{describe_spec(spec)} was executed and taken out of the graph; it cannot be added again"
            raise UsageError(text, hint="make another task that does the same")
        if self.consulted is None and spec.parent in self._stored:
            text = f"{describe_spec(spec.parent)} was executed already; nothing can be added to it"
            raise UsageError(text, hint="add a new subgraph, or add the task to the graph")
        self._new[spec] = None

    def depend(self, spec: Spec, on: Spec) -> None:
        """`spec` waits for `on`. Depending on itself is ignored, as in the reference (workflow-api §4.1).

        raises  UsageError when `spec` was executed already
        """
        if spec is on:
            return
        if spec in self._stored:
            if self.consulted is None:
                text = f"{describe_spec(spec)} was executed already; it cannot wait for anything more"
                hint = "tasks that are added later may wait for earlier ones, not the other way round"
                raise UsageError(text, hint=hint)
            if on in self._links.before(spec):
                self._unlinked.pop((spec, on), None)
                return
        self._fresh.add(spec, on)

    def follow(self, before: Sequence[Spec], after: Sequence[Spec], parent: Spec | None) -> None:
        """Everything in `after` waits for everything in `before`."""
        if len(before) > 1 and len(after) > 1:
            hub = Spec(Kind.HUB, "", "", _HUB_REQUEST, parent)
            self.add(hub)
            self._hubs[hub] = None
            self.follow(before, [hub], parent)
            self.follow([hub], after, parent)
            return
        for spec in after:
            for on in before:
                self.depend(spec, on)

    def remove(self, specs: Sequence[Spec]) -> None:
        """Take out tasks, with their edges; with a subgraph, its members must be among them, after it."""
        gone = set(specs)
        if any(spec.kind == Kind.SUBGRAPH for spec in specs):
            gone.update(hub for hub in self._hubs if hub.parent in gone)
        for spec in [*specs, *(hub for hub in self._hubs if hub in gone)]:
            if spec in self._new:
                del self._new[spec]
                self._hubs.pop(spec, None)
            elif spec in self._stored:
                self._removed[spec] = None
            self._fresh.drop(spec)

    def unlink(self, spec: Spec, on: Spec) -> None:
        """`spec` does not wait for `on` any more. A hub between them becomes plain edges.

        raises  UsageError where they wait for each other by a forkjoin that was executed
        """
        while (hub := self._hub_between(spec, on)) is not None:
            if hub not in self._new:
                text = f"{describe_spec(spec)} waits for {describe_spec(on)} by a forkjoin that was executed already"
                raise UsageError(text, hint="remove one of the two tasks instead")
            self._expand(hub)
        self._fresh.discard(spec, on)
        if on in self._links.before(spec):
            self._unlinked[spec, on] = None

    def bridge(self, spec: Spec) -> None:
        """Take out a new task; what waits for it waits for what it waited for."""
        before, after = self._fresh.before(spec), self._fresh.after(spec)
        self.remove([spec])
        self.follow(before, after, spec.parent)

    def _hub_between(self, spec: Spec, on: Spec) -> Spec | None:
        for one in self._before(spec):
            if one.kind == Kind.HUB and any(found is on for found in self._through(one, self._before)):
                return one
        return None

    def _expand(self, hub: Spec) -> None:
        before, after = self._fresh.before(hub), self._fresh.after(hub)
        self.remove([hub])
        for spec in after:
            for on in before:
                self.depend(spec, on)

    # ------------------------------------------------------------------ looking

    def waits_for(self, spec: Spec) -> list[Spec]:
        """What a task was said to wait for, ended ones of before included; each once."""
        return self._seen(spec, self._before)

    def awaited_by(self, spec: Spec) -> list[Spec]:
        """What was said to wait for a task; each once."""
        return self._seen(spec, self._after)

    def neighbours(self, spec: Spec) -> list[Spec]:
        """What a new task is directly tied to, hubs included."""
        return [*self._fresh.before(spec), *self._fresh.after(spec)]

    def _seen(self, spec: Spec, way: Callable[[Spec], list[Spec]]) -> list[Spec]:
        found: dict[Spec, None] = {}
        for one in way(spec):
            found.update(dict.fromkeys(self._through(one, way)) if one.kind == Kind.HUB else {one: None})
        return list(found)

    def _through(self, hub: Spec, way: Callable[[Spec], list[Spec]]) -> Iterator[Spec]:
        for one in way(hub):
            if one.kind == Kind.HUB:
                yield from self._through(one, way)
            else:
                yield one

    def _before(self, spec: Spec) -> list[Spec]:
        stored = [on for on in self._links.before(spec) if on not in self._removed and (spec, on) not in self._unlinked]
        return [*stored, *self._fresh.before(spec)]

    def _after(self, spec: Spec) -> list[Spec]:
        stored = [
            one for one in self._links.after(spec) if one not in self._removed and (one, spec) not in self._unlinked
        ]
        return [*stored, *self._fresh.after(spec)]

    # ------------------------------------------------------------------ storing

    def take(self, wait_after_fail_s: float) -> Executes:
        """What was added since the last time, to be stored and run.

        raises  CycleError naming the cycle; UsageError for a task that is not in the graph
        """
        found = self.take_additions()
        self.executes += 1
        return Executes(
            f"{self.path}.{self.executes}", found.specs, found.edges, wait_after_fail_s, found.removed, found.unlinked
        )

    def take_additions(self, replaced: Spec | None = None, by: Spec | None = None, *, first: bool = False) -> Additions:
        """The same for a handler's decision.

        replaced, by  the first was stored; the other, new or stored, takes its place: what waits for the one waits for
                      the other, which waits for what the one waited for
        first         `replaced` waits for all that is new
        raises        as `take`; then nothing has changed
        """
        if first and replaced is not None:
            self._precede(replaced)
        specs, edges = list(self._new), list(self._fresh.edges)
        self._refuse_strangers(specs, edges)
        inherited = [] if replaced is None or by is None else self._inherited(replaced, by)
        earlier = self._earlier if inherited or self.consulted is not None else None
        refuse_cycle(specs, edges + inherited, self._stored.__contains__, earlier)
        specs.sort(key=_depth)  # a task may have been added before the subgraph that it was put into
        self._name_hubs(edges)
        removed = [spec for spec in self._removed if spec.parent not in self._removed]
        unlinked = [edge for edge in self._unlinked if not self._removed.keys() & edge]
        self._take_in(specs, edges + inherited)
        if replaced is not None and by is not None:
            self._forget_replaced(replaced)
        self._new.clear()
        self._fresh.clear()
        self._hubs.clear()
        self._removed.clear()
        self._unlinked.clear()
        return Additions(specs, edges, removed, unlinked)

    def _precede(self, spec: Spec) -> None:
        """Have a stored task wait for what is new: for what nothing else that is new waits for."""
        for one in list(self._new):
            if one.parent not in self._new and not any(after in self._new for after in self._fresh.after(one)):
                self.depend(spec, one)

    def discard(self) -> None:
        """Forget what changed since the last time: a handler that failed has added nothing."""
        self._new.clear()
        self._fresh.clear()
        self._hubs.clear()
        self._removed.clear()
        self._unlinked.clear()

    def forget(self, specs: Iterable[Spec]) -> None:
        """These tasks have ended: they wait for nothing, and are no longer a subgraph's open members."""
        specs = list(specs)
        self._links.forget(specs)
        for spec in specs:
            self._members.pop(spec, None)

    def _inherited(self, replaced: Spec, by: Spec) -> list[Edge]:
        edges = [(spec, by) for spec in self._after(replaced) if spec is not by]
        edges += [(by, on) for on in self._before(replaced) if on is not by]
        return [edge for edge in edges if edge not in self._fresh]

    def _forget_replaced(self, replaced: Spec) -> None:
        for spec in self._links.after(replaced).copy():
            self._links.discard(spec, replaced)
        self.forget([replaced])

    def _take_in(self, specs: list[Spec], edges: list[Edge]) -> None:
        self._stored.update(specs)
        for spec in specs:
            if spec.parent is not None:
                self._members.setdefault(spec.parent, []).append(spec)
        self._links.add_all(edges)
        for spec, on in self._unlinked:
            self._links.discard(spec, on)
        for spec in self._removed:
            for one in list(self._links.after(spec)):
                self._links.discard(one, spec)
        self._links.forget(self._removed)
        self._stored.difference_update(self._removed)
        self._gone.update(self._removed)

    def _earlier(self, moment: Moment) -> Iterator[Moment]:
        """What comes directly before a moment of a stored task."""
        spec, ends = moment
        if ends:
            yield (spec, 0)
            for member in self._members.get(spec, ()):
                if member not in self._removed:
                    yield end_of(member)
            return
        if spec.parent is not None:
            yield (spec.parent, 0)
        for on in self._links.before(spec):
            if on not in self._removed and (spec, on) not in self._unlinked:
                yield end_of(on)

    def _name_hubs(self, edges: Iterable[Edge]) -> None:
        """A hub is known by what it joins, not by when it was made: the order of building may vary."""
        joined: dict[Spec, list[str]] = {hub: [] for hub in self._hubs}
        for spec, on in edges:
            if spec in joined:
                joined[spec].append(f"<{on.kind:d} {on.name} {on.target}")
            if on in joined:
                joined[on].append(f">{spec.kind:d} {spec.name} {spec.target}")
        for hub, names in joined.items():
            hub.name = blake2b("\n".join(sorted(names)).encode(), digest_size=6).hexdigest()

    def _refuse_strangers(self, specs: list[Spec], edges: list[Edge]) -> None:
        for spec in specs:
            if spec.parent is not None and spec.parent not in self:
                text = f"{describe_spec(spec)} is in {describe_spec(spec.parent)}, which is not executed with it"
                raise UsageError(text)
        for spec, on in edges:
            for one in (spec, on):
                if one not in self:
                    text = f"{describe_spec(one)} is part of a dependency and was not added to the graph"
                    raise UsageError(text)


def _depth(spec: Spec) -> int:
    """How many subgraphs the task is in."""
    return 0 if spec.parent is None else 1 + _depth(spec.parent)
