"""Circles: in relationships between nodes, and in properties that are defined by each other. Iterative.

Each edge that closes a circle is one finding, so that taking it away removes one.
Source: reference/blueprint-dsl.md §11 (code 100), §14 (get_property of each other), §20.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from functools import reduce
from typing import NamedTuple, TypeVar

from durable_wf.dsl.calls import HasProperties, follow
from durable_wf.dsl.functions import KEYWORDS, function_of
from durable_wf.dsl.problems import Report
from durable_wf.dsl.source import Value, child

_K = TypeVar("_K", bound=Hashable)


def circles(starts: Iterable[_K], successors: Callable[[_K], Iterable[_K]]) -> Iterator[tuple[_K, ...]]:
    """Every closed walk that a depth-first search finds, its first member last again.

    order   of `starts` and `successors`
    cost    linear in what is reachable
    """
    done: set[_K] = set()
    for start in starts:
        if start in done:
            continue
        walk: dict[_K, Iterator[_K]] = {start: iter(successors(start))}
        while walk:
            last = next(reversed(walk))
            step = next(walk[last], None)
            if step is None:
                done.add(last)
                del walk[last]
            elif step in walk:
                members = list(walk)
                yield (*members[members.index(step) :], step)
            elif step not in done:
                walk[step] = iter(successors(step))


class _Vertex(NamedTuple):
    """A value within a node's properties: SELF in it is that node. `value_id` stands for the value."""

    node: str
    value_id: int


class _Edge(NamedTuple):
    """One call of get_property."""

    call: Value
    target: _Vertex


class PropertyGraph:
    """Which property takes its value from which, by get_property with literal arguments."""

    def __init__(self, nodes: Mapping[str, HasProperties]) -> None:
        self._nodes = nodes
        self._values: dict[int, Value] = {}
        self._names: dict[_Vertex, str] = {}  # for people
        self._paths: dict[_Vertex, str] = {}
        self._edges: dict[_Vertex, list[_Edge]] = {}

    def report(self, report: Report) -> None:
        """One problem for each circle, at the call that closes it."""
        starts = [
            self._vertex(node, value, [name])
            for node, one in self._nodes.items()
            for name, value in one.properties.items()
        ]
        for circle in circles(starts, self._successors):
            names = [self._names[vertex] for vertex in circle]
            call = next(edge.call for edge in self._edges[circle[-2]] if edge.target == circle[-1])
            message = f"properties are defined by each other: {' -> '.join(names)}"
            report.add("circular-functions", message, call.place, self._paths[circle[-2]])

    def _vertex(self, node: str, value: Value, keys: Sequence[str | int]) -> _Vertex:
        vertex = _Vertex(node, id(value))
        if vertex not in self._names:
            self._values[id(value)] = value
            self._names[vertex] = ".".join([node, *map(str, keys)])
            self._paths[vertex] = reduce(child, keys, f"node_templates.{node}.properties")
        return vertex

    def _successors(self, vertex: _Vertex) -> list[_Vertex]:
        if vertex not in self._edges:
            self._edges[vertex] = list(self._calls(vertex))
        return [edge.target for edge in self._edges[vertex]]

    def _calls(self, vertex: _Vertex) -> Iterator[_Edge]:
        left = [self._values[vertex.value_id]]
        while left:
            part = left.pop()
            if function_of(part.pairs) == "get_property":
                target = self._target(vertex.node, part.pairs["get_property"].value)
                if target:
                    yield _Edge(part, target)
            left.extend(pair.value for pair in part.pairs.values())
            left.extend(part.items)

    def _target(self, context: str, arguments: Value) -> _Vertex | None:
        parts = arguments.items
        name = parts[0].text if parts else None
        if name is None or name in KEYWORDS[1:]:
            return None
        node = context if name == "SELF" else name
        if node not in self._nodes:
            return None
        value = follow(self._nodes[node].properties, parts[1:]).value
        keys = [one.content for one in parts[1:] if isinstance(one.content, str | int)]
        return self._vertex(node, value, keys) if value else None


def relationship_circles(targets: Mapping[str, list[str]]) -> Iterator[tuple[str, ...]]:
    """Circles among nodes; a relationship to itself, or to a node that does not exist, is none.

    targets   node -> its relationships' targets
    """

    def successors(node: str) -> list[str]:
        return [target for target in dict.fromkeys(targets[node]) if target in targets and target != node]

    return circles(targets, successors)
