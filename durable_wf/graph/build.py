"""A task graph while its author builds it: what waits for what, and what was added since the last execute().

Between two forkjoins stands a hub, so that n tasks after m cost n + m edges. A cycle is named, not waited for.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, TypeAlias

from durable_wf.codec import encode
from durable_wf.errors import UsageError
from durable_wf.graph.match import describe_spec
from durable_wf.model.events import Executes, Spec
from durable_wf.model.rows import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_HUB_REQUEST = encode({"kwargs": {}, "policy": {"total_retries": 0, "retry_interval": 0.0, "on_unknown": "rerun"}})

Moment: TypeAlias = tuple[Spec, int]  # 0: the task begins; 1: it ends. One that is no subgraph only begins


class CycleError(UsageError):
    """Tasks of a graph wait for each other in a circle; none of them could ever start."""

    code = "cycle"
    exit_code = 1
    explanation = "A task graph has a cycle. The text names it, each task waiting for the next."


class GraphBuild:
    """The structure of one author's graph.

    path  identifies the graph within the execution
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.executes = 0
        self._specs: dict[Spec, None] = {}  # not stored yet
        self._stored: set[Spec] = set()
        self._edges: dict[tuple[Spec, Spec], None] = {}  # not stored yet
        self._hubs: dict[Spec, None] = {}

    def __contains__(self, spec: Spec) -> bool:
        return spec in self._specs or spec in self._stored

    @property
    def empty(self) -> bool:
        """Whether nothing waits for the next execute()."""
        return not self._specs

    def add(self, spec: Spec) -> None:
        """Add a task; twice is harmless.

        raises  UsageError when its subgraph was executed already
        """
        if spec in self._stored:
            return
        if spec.parent in self._stored:
            text = f"{describe_spec(spec.parent)} was executed already; nothing can be added to it"
            raise UsageError(text, hint="add a new subgraph, or add the task to the graph")
        self._specs.setdefault(spec)

    def depend(self, spec: Spec, on: Spec) -> None:
        """`spec` waits for `on`. Depending on itself is ignored, as in the reference (workflow-api §4.1).

        raises  UsageError when `spec` was executed already
        """
        if spec is on:
            return
        if spec in self._stored:
            text = f"{describe_spec(spec)} was executed already; it cannot wait for anything more"
            raise UsageError(text, hint="tasks that are added later may wait for earlier ones, not the other way round")
        self._edges.setdefault((spec, on))

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

    def take(self, wait_after_fail_s: float) -> Executes:
        """What was added since the last time, to be stored and run.

        raises  CycleError naming the cycle; UsageError for a task that is not in the graph
        """
        specs, edges = list(self._specs), list(self._edges)
        self._refuse_strangers(specs, edges)
        self._refuse_cycle(specs, edges)
        specs.sort(key=_depth)  # a task may have been added before the subgraph that it was put into
        self._name_hubs(edges)
        self.executes += 1
        self._stored.update(specs)
        self._specs.clear()
        self._edges.clear()
        self._hubs.clear()
        return Executes(f"{self.path}.{self.executes}", specs, edges, wait_after_fail_s)

    def _name_hubs(self, edges: Iterable[tuple[Spec, Spec]]) -> None:
        """A hub is known by what it joins, not by when it was made: the order of building may vary."""
        joined: dict[Spec, list[str]] = {hub: [] for hub in self._hubs}
        for spec, on in edges:
            if spec in joined:
                joined[spec].append(f"<{on.kind:d} {on.name} {on.target}")
            if on in joined:
                joined[on].append(f">{spec.kind:d} {spec.name} {spec.target}")
        for hub, names in joined.items():
            hub.name = blake2b("\n".join(sorted(names)).encode(), digest_size=6).hexdigest()

    def _refuse_strangers(self, specs: list[Spec], edges: list[tuple[Spec, Spec]]) -> None:
        for spec in specs:
            if spec.parent is not None and spec.parent not in self._specs:
                text = f"{describe_spec(spec)} is in {describe_spec(spec.parent)}, which is not executed with it"
                raise UsageError(text)
        for spec, on in edges:
            for one in (spec, on):
                if one not in self:
                    text = f"{describe_spec(one)} is part of a dependency and was not added to the graph"
                    raise UsageError(text)

    def _refuse_cycle(self, specs: list[Spec], edges: list[tuple[Spec, Spec]]) -> None:
        after: dict[Moment, list[Moment]] = {}
        waits: dict[Moment, int] = {(spec, 0): 0 for spec in specs}
        for one, other in self._arcs(specs, edges):
            after.setdefault(one, []).append(other)
            waits[other] = waits.get(other, 0) + 1
        free = [moment for moment, count in waits.items() if count == 0]
        left = len(waits)
        while free:
            left -= 1
            for other in after.get(free.pop(), ()):
                waits[other] -= 1
                if waits[other] == 0:
                    free.append(other)
        if left > 0:
            raise CycleError(_named_cycle(after))

    def _arcs(self, specs: list[Spec], edges: list[tuple[Spec, Spec]]) -> Iterator[tuple[Moment, Moment]]:
        """What comes before what: a subgraph ends after its members, which begin after it has begun."""
        for spec in specs:
            if spec.kind == Kind.SUBGRAPH:
                yield (spec, 0), (spec, 1)
            if spec.parent is not None:
                yield (spec.parent, 0), (spec, 0)
                yield _end(spec), (spec.parent, 1)
        for spec, on in edges:
            if on not in self._stored:
                yield _end(on), (spec, 0)


def _end(spec: Spec) -> Moment:
    return (spec, 1 if spec.kind == Kind.SUBGRAPH else 0)


def _depth(spec: Spec) -> int:
    """How many subgraphs the task is in."""
    return 0 if spec.parent is None else 1 + _depth(spec.parent)


def _named_cycle(after: dict[Moment, list[Moment]]) -> str:
    import networkx as nx  # only here: it takes 80 ms to import

    graph: nx.DiGraph[Moment] = nx.DiGraph((one, other) for one, others in after.items() for other in others)
    steps = [step[0][0] for step in reversed(nx.find_cycle(graph))]
    named = list(dict.fromkeys(describe_spec(spec) for spec in steps if spec.kind != Kind.HUB))
    return "tasks wait for each other in a circle: " + " → ".join([*named, named[0]])
