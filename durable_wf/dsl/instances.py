"""From nodes to node instances. Deterministic, given where ids come from.

Source: reference/blueprint-dsl.md §15.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from durable_wf.errors import EngineBug, InputError
from durable_wf.model.plan import InstanceRelationship, Node, PlannedInstance, Relationship

CONTAINED_IN = "cloudify.relationships.contained_in"
HOST = "cloudify.nodes.Compute"
MAX_INSTANCES = 100_000
MAX_RELATIONSHIPS = 1_000_000
_MAX_TRIES = 10_000  # of the allocator, for one id that is not taken


class TooManyInstances(InputError):
    """A deployment would be larger than what can be handled."""

    code = "too-many-instances"
    explanation = (
        "Instances multiply where nodes are contained in each other, and relationships between all instances of "
        f"two nodes multiply too. A deployment may have {MAX_INSTANCES} instances and {MAX_RELATIONSHIPS} "
        "relationships between them."
    )


@dataclass(frozen=True, slots=True)
class _Made:
    """An instance with its id, before relationships.

    parent   the instance that it is contained in
    """

    id: str
    index: int
    host_id: str | None
    parent: _Made | None = None


@dataclass(slots=True)
class _Planner:
    nodes: Mapping[str, Node]
    new_suffix: Callable[[], str]
    made: dict[str, list[_Made]] = field(default_factory=dict)


def plan_instances(nodes: Mapping[str, Node], new_suffix: Callable[[], str]) -> tuple[PlannedInstance, ...]:
    """All instances of evaluated nodes, grouped by node in the order of `nodes`, then by index.

    nodes       counts are int; containment has no circle
    new_suffix  six characters of a-z0-9, new ones at each call; one that is taken is asked for again
    returns     contained nodes multiply with their container's instances; relationships are ordered by
                declaration, then by the target's index; several to one target are all kept
    raises      TooManyInstances before anything is made of it
    cost        linear in the result
    """
    _check_size(nodes)
    made: dict[str, list[_Made]] = {}
    for name in _containers_first(nodes):
        made[name] = _make(nodes[name], made, new_suffix)
    return tuple(
        PlannedInstance(one.id, name, one.index, tuple(_relationships(node, one, made)), one.host_id)
        for name, node in nodes.items()
        for one in made[name]
    )


def is_contained_in(relationship: Relationship) -> bool:
    """Whether a relationship derives from contained_in."""
    return any(CONTAINED_IN in name for name in relationship.type_hierarchy)


def container_of(node: Node) -> str | None:
    """Name of the node that `node` is contained in."""
    return next((one.target for one in node.relationships if is_contained_in(one)), None)


def _containers_first(nodes: Mapping[str, Node]) -> Iterator[str]:
    """Names, containers before what they contain, otherwise in the order of `nodes`."""
    done: set[str] = set()
    for name in nodes:
        chain: list[str] = []
        step: str | None = name
        while step is not None and step not in done:
            done.add(step)
            chain.append(step)
            step = container_of(nodes[step])
        yield from reversed(chain)


def _check_size(nodes: Mapping[str, Node]) -> None:
    sizes: dict[str, int] = {}
    for name in _containers_first(nodes):
        container = container_of(nodes[name])
        sizes[name] = nodes[name].scalable.default_instances * (sizes[container] if container else 1)
    total = sum(sizes.values())
    if total > MAX_INSTANCES:
        raise TooManyInstances(f"the deployment would have {total} node instances; {MAX_INSTANCES} are allowed")
    edges = sum(
        sizes[name] * (1 if _is_single(one) else sizes[one.target])
        for name, node in nodes.items()
        for one in node.relationships
    )
    if edges > MAX_RELATIONSHIPS:
        message = f"the deployment would have {edges} relationships between instances; {MAX_RELATIONSHIPS} are allowed"
        raise TooManyInstances(message, hint="connection_type: all_to_one makes one for each source")


def _is_single(one: Relationship) -> bool:
    """Whether each source instance has one target."""
    return is_contained_in(one) or one.properties.get("connection_type") == "all_to_one"


def _make(node: Node, made: Mapping[str, list[_Made]], new_suffix: Callable[[], str]) -> list[_Made]:
    container = container_of(node)
    parents: list[_Made | None] = [*made[container]] if container else [None]
    is_host = any(HOST in name for name in node.type_hierarchy)
    taken: set[str] = set()
    found: list[_Made] = []
    for parent in parents:
        for _ in range(node.scalable.default_instances):
            own = _new_id(node.name, taken, new_suffix)
            host_id = own if is_host else parent.host_id if parent else None
            found.append(_Made(own, len(found) + 1, host_id, parent))
    return found


def _new_id(node: str, taken: set[str], new_suffix: Callable[[], str]) -> str:
    for _ in range(_MAX_TRIES):
        found = f"{node}_{new_suffix()}"
        if found not in taken:
            taken.add(found)
            return found
    raise EngineBug(f"no new id for an instance of '{node}': what gives suffixes repeats itself")


def _relationships(node: Node, one: _Made, made: Mapping[str, list[_Made]]) -> Iterator[InstanceRelationship]:
    for position, relationship in enumerate(node.relationships):
        targets = made[relationship.target]
        if is_contained_in(relationship):
            targets = [one.parent] if one.parent else []
        elif _is_single(relationship) and targets:
            targets = [min(targets, key=lambda each: each.id)]
        for target in targets:
            yield InstanceRelationship(position, relationship.type, relationship.target, target.id)
