"""Circles: in relationships of nodes, and in properties and inputs' defaults that define each other. Iterative.

Each edge that closes a circle is one finding, so that taking it away removes one.
Source: reference/blueprint-dsl.md §11 (code 100), §14 (get_property of each other), §20 (defaults of inputs).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from functools import reduce
from typing import NamedTuple, TypeVar

from durable_wf.dsl.calls import HasProperties, follow
from durable_wf.dsl.functions import KEYWORDS, function_of
from durable_wf.dsl.problems import Report
from durable_wf.dsl.source import Pair, Value, child

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
    """A value within a node's properties, or the defaults of inputs.

    node      for which SELF stands in it; None: the value is an input's
    value_id  stands for the value
    """

    node: str | None
    value_id: int


class _Edge(NamedTuple):
    """One call of get_property or get_input."""

    call: Value
    target: _Vertex


class ValueGraph:
    """Which property or input takes its value from which, by get_property and get_input with literal arguments.

    inputs  their declarations; what is taken from an input is taken from its default
    """

    def __init__(self, nodes: Mapping[str, HasProperties], inputs: Mapping[str, Pair]) -> None:
        self._nodes = nodes
        self._defaults = {name: found for name, pair in inputs.items() if (found := pair.value.get("default"))}
        self._values: dict[int, Value] = {}
        self._names: dict[_Vertex, str] = {}  # for people
        self._paths: dict[_Vertex, str] = {}
        self._edges: dict[_Vertex, list[_Edge]] = {}

    def report(self, report: Report) -> None:
        """One problem for each circle, at the call that closes it."""
        starts = [self._vertex(None, value, [name]) for name, value in self._defaults.items()]
        starts += [
            self._vertex(node, value, [name])
            for node, one in self._nodes.items()
            for name, value in one.properties.items()
        ]
        for circle in circles(starts, self._successors):
            names = [self._names[vertex] for vertex in circle]
            call = next(edge.call for edge in self._edges[circle[-2]] if edge.target == circle[-1])
            what = "values" if any(vertex.node is None for vertex in circle) else "properties"
            message = f"{what} are defined by each other: {' -> '.join(names)}"
            report.add("circular-functions", message, call.place, self._paths[circle[-2]])

    def _vertex(self, node: str | None, value: Value, keys: Sequence[str | int]) -> _Vertex:
        vertex = _Vertex(node, id(value))
        if vertex not in self._names:
            self._values[id(value)] = value
            dotted = ".".join(map(str, keys))
            self._names[vertex] = f"input {dotted}" if node is None else f"{node}.{dotted}"
            if node is None:
                self._paths[vertex] = reduce(child, keys[1:], f"inputs.{keys[0]}.default")
            else:
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
            function = function_of(part.pairs)
            target: _Vertex | None = None
            if function == "get_property":
                target = self._property(vertex.node, part.pairs[function].value.items)
            elif function == "get_input":
                arguments = part.pairs[function].value
                target = self._target(None, self._defaults, arguments.items or [arguments])
            if target:
                yield _Edge(part, target)
            left.extend(pair.value for pair in part.pairs.values())
            left.extend(part.items)

    def _property(self, context: str | None, arguments: Sequence[Value]) -> _Vertex | None:
        name = arguments[0].text if arguments else None
        if name is None or name in KEYWORDS[1:]:
            return None
        node = context if name == "SELF" else name
        if node is None or node not in self._nodes:
            return None
        return self._target(node, self._nodes[node].properties, arguments[1:])

    def _target(self, node: str | None, values: Mapping[str, Value], path: Sequence[Value]) -> _Vertex | None:
        value = follow(values, path).value
        keys = [one.content for one in path if isinstance(one.content, str | int)]
        return self._vertex(node, value, keys) if value else None


def relationship_circles(targets: Mapping[str, list[str]]) -> Iterator[tuple[str, ...]]:
    """Circles among nodes; a relationship to itself, or to a node that does not exist, is none.

    targets   node -> its relationships' targets
    """

    def successors(node: str) -> list[str]:
        return [target for target in dict.fromkeys(targets[node]) if target in targets and target != node]

    return circles(targets, successors)
