"""Tasks that wait for each other in a circle: found before anything is stored, and named.

The reference's `execute()` spins for ever on one (workflow-api §4.1).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from durable_wf.errors import UsageError
from durable_wf.graph.match import describe_spec
from durable_wf.model.rows import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from durable_wf.graph.links import Edge
    from durable_wf.model.events import Spec

Moment: TypeAlias = "tuple[Spec, int]"  # 0: the task begins; 1: it ends. One that is no subgraph only begins


class CycleError(UsageError):
    """Tasks of a graph wait for each other in a circle; none of them could ever start."""

    code = "cycle"
    exit_code = 1
    explanation = "A task graph has a cycle. The text names it, each task waiting for the next."


def refuse_cycle(
    specs: Iterable[Spec],
    edges: Iterable[Edge],
    is_stored: Callable[[Spec], bool],
    earlier: Callable[[Moment], Iterable[Moment]] | None,
) -> None:
    """Look for a cycle through new tasks or new edges. Costs O(new), and more only where what is stored waits for new.

    specs, edges  what is to be stored
    earlier       what comes directly before a moment of a stored task; None where nothing stored waits for anything new
    raises        CycleError naming the cycle
    """
    arcs: Iterable[tuple[Moment, Moment]]
    if earlier is None:
        arcs = _arcs(specs, (edge for edge in edges if not is_stored(edge[1])))
    else:
        arcs = list(_arcs(specs, edges))
        arcs += _stored_arcs([one for one, _ in arcs if is_stored(one[0])], earlier)
    after: dict[Moment, list[Moment]] = {}
    waits: dict[Moment, int] = {(spec, 0): 0 for spec in specs}
    for one, other in arcs:
        after.setdefault(one, []).append(other)
        if earlier is not None:
            waits.setdefault(one, 0)
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


def end_of(spec: Spec) -> Moment:
    """When a task ends."""
    return (spec, 1 if spec.kind == Kind.SUBGRAPH else 0)


def _arcs(specs: Iterable[Spec], edges: Iterable[Edge]) -> Iterator[tuple[Moment, Moment]]:
    """What comes before what: a subgraph ends after its members, which begin after it has begun."""
    for spec in specs:
        if spec.kind == Kind.SUBGRAPH:
            yield (spec, 0), (spec, 1)
        if spec.parent is not None:
            yield (spec.parent, 0), (spec, 0)
            yield end_of(spec), (spec.parent, 1)
    for spec, on in edges:
        yield end_of(on), (spec, 0)


def _stored_arcs(tips: list[Moment], earlier: Callable[[Moment], Iterable[Moment]]) -> Iterator[tuple[Moment, Moment]]:
    """Everything that comes before these moments of stored tasks."""
    seen = dict.fromkeys(tips)
    stack = list(seen)
    while stack:
        moment = stack.pop()
        for one in earlier(moment):
            yield one, moment
            if one not in seen:
                seen[one] = None
                stack.append(one)


def _named_cycle(after: dict[Moment, list[Moment]]) -> str:
    import networkx as nx  # only here: it takes 80 ms to import

    graph: nx.DiGraph[Moment] = nx.DiGraph((one, other) for one, others in after.items() for other in others)
    steps = [step[0][0] for step in reversed(nx.find_cycle(graph))]
    named = list(dict.fromkeys(describe_spec(spec) for spec in steps if spec.kind != Kind.HUB))
    return "tasks wait for each other in a circle: " + " → ".join([*named, named[0]])
