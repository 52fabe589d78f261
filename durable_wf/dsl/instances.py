"""From nodes and scaling groups to node instances. Deterministic, given where ids come from.

An entity (node or scaling group) has its count of instances in each *place*: an instance of the group that it
is a member of together with an instance of the node that it is contained in, where those lie together.

Source: reference/blueprint-dsl.md §15.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from durable_wf.dsl.grouping import Hierarchy
from durable_wf.errors import EngineBug, InputError
from durable_wf.model.groups import GroupInstance, ScalingGroup
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
        "Instances multiply where nodes are contained in each other or in scaling groups, and relationships between "
        f"all instances of two nodes multiply too. A deployment may have {MAX_INSTANCES} instances of nodes and "
        f"groups, and {MAX_RELATIONSHIPS} relationships between them."
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Made:
    """An instance of a node or a group, with its id, before relationships.

    group       the instance of a group that it is a member of
    container   the instance of a node that it is contained in
    """

    name: str
    id: str
    index: int
    host_id: str | None
    group: _Made | None = None
    container: _Made | None = None


class _Place(NamedTuple):
    group: _Made | None
    container: _Made | None


_Targets = Callable[[_Made], Sequence[_Made]]
_NOWHERE = _Place(None, None)


def plan_instances(
    nodes: Mapping[str, Node], new_suffix: Callable[[], str], groups: Mapping[str, ScalingGroup] | None = None
) -> tuple[PlannedInstance, ...]:
    """All instances of evaluated nodes, grouped by node in the order of `nodes`, then by index.

    nodes       counts are int; containment has no circle
    new_suffix  six characters of a-z0-9, new ones at each call; one that is taken is asked for again
    groups      the scaling groups, evaluated too; no all_to_one between members of one
    returns     members of groups and contained nodes multiply with what they are in; relationships are ordered by
                declaration, then by the target's index; several to one target are all kept
    raises      TooManyInstances before anything is made of it
    cost        linear in the result; where relationships meet scaling groups, times how deep those lie
    """
    planner = _Planner(nodes, groups or {}, new_suffix)
    planner.check_size()
    planner.make()
    return tuple([one for node in nodes.values() for one in planner.planned(node)])


def is_contained_in(relationship: Relationship) -> bool:
    """Whether a relationship derives from contained_in."""
    return any(CONTAINED_IN in name for name in relationship.type_hierarchy)


def container_of(node: Node) -> str | None:
    """Name of the node that `node` is contained in."""
    return next((one.target for one in node.relationships if is_contained_in(one)), None)


class _Planner:
    def __init__(
        self, nodes: Mapping[str, Node], groups: Mapping[str, ScalingGroup], new_suffix: Callable[[], str]
    ) -> None:
        self._nodes = nodes
        self._groups = groups
        self._new_suffix = new_suffix
        self._hierarchy = Hierarchy(
            {name: group.members for name, group in groups.items()},
            {name: group.container for name, group in groups.items()},
            {name: container_of(node) for name, node in nodes.items()},
        )
        self._made: dict[str, list[_Made]] = {}
        self._shared: dict[tuple[str, str], list[str]] = {}

    def _count(self, name: str) -> int:
        """Instances in each place."""
        entity = self._nodes.get(name) or self._groups[name]
        count: int = entity.scalable.default_instances
        return count

    # ------------------------------------------------------------------ sizes

    def check_size(self) -> None:
        """raises TooManyInstances."""
        sizes: dict[str, int] = {}
        for name in self._hierarchy.in_order():
            sizes[name] = self._count(name) * self._places_of(name, sizes)
        total = sum(sizes.values())
        if total > MAX_INSTANCES:
            what = "node and group instances" if self._groups else "node instances"
            raise TooManyInstances(f"the deployment would have {total} {what}; {MAX_INSTANCES} are allowed")
        edges = sum(self._edges(node.name, one, sizes) for node in self._nodes.values() for one in node.relationships)
        if edges > MAX_RELATIONSHIPS:
            message = (
                f"the deployment would have {edges} relationships between instances; {MAX_RELATIONSHIPS} are allowed"
            )
            raise TooManyInstances(message, hint="connection_type: all_to_one makes one for each source")

    def _places_of(self, name: str, sizes: Mapping[str, int]) -> int:
        group, container = self._hierarchy.above[name]
        if group is None or container is None:
            return sizes[group or container or ""] if group or container else 1
        outer = self._groups[group].container
        if outer == container or outer is None:
            return sizes[group]
        return sizes[group] * sizes[container] // max(1, sizes[outer])

    def _edges(self, source: str, one: Relationship, sizes: Mapping[str, int]) -> int:
        if _is_single(one):
            return sizes[source]
        shared = self._shared_groups(source, one.target)
        return sizes[source] * sizes[one.target] // max([1, *(sizes[name] for name in shared)])

    def _shared_groups(self, source: str, target: str) -> list[str]:
        """Asked for twice: for the size, and for the pairs."""
        key = (source, target)
        if key not in self._shared:
            self._shared[key] = self._hierarchy.shared_groups(source, target)
        return self._shared[key]

    # ------------------------------------------------------------------ instances

    def make(self) -> None:
        """All instances, without relationships."""
        for name in self._hierarchy.in_order():
            node = self._nodes.get(name)
            is_host = node is not None and any(HOST in each for each in node.type_hierarchy)
            taken: set[str] = set()
            found: list[_Made] = []
            for place in self._places(name):
                for _ in range(self._count(name)):
                    own = self._new_id(name, taken)
                    host_id = own if is_host else place.container.host_id if place.container else None
                    found.append(_Made(name, own, len(found) + 1, host_id, *place))
            self._made[name] = found

    def _places(self, name: str) -> list[_Place]:
        group, container = self._hierarchy.above[name]
        if group is None:
            return [_Place(None, one) for one in self._made[container]] if container else [_NOWHERE]
        if container is None:
            return [_Place(one, None) for one in self._made[group]]
        outer = self._groups[group].container
        if outer == container:
            return [_Place(one, one.container) for one in self._made[group]]
        inside: dict[_Made | None, list[_Made]] = {}
        for one in self._made[container]:
            inside.setdefault(_container_named(outer, one), []).append(one)
        return [_Place(one, each) for one in self._made[group] for each in inside.get(one.container, ())]

    def _new_id(self, name: str, taken: set[str]) -> str:
        for _ in range(_MAX_TRIES):
            found = f"{name}_{self._new_suffix()}"
            if found not in taken:
                taken.add(found)
                return found
        raise EngineBug(f"no new id for an instance of '{name}': what gives suffixes repeats itself")

    # ------------------------------------------------------------------ relationships

    def planned(self, node: Node) -> Iterator[PlannedInstance]:
        """The instances of a node, whole, by index."""
        targets = [self._targets(node.name, one) for one in node.relationships]
        for one in self._made[node.name]:
            relationships = tuple(
                [
                    InstanceRelationship(position, each.type, each.target, target.id)
                    for position, (each, of) in enumerate(zip(node.relationships, targets, strict=True))
                    for target in of(one)
                ]
            )
            yield PlannedInstance(one.id, node.name, one.index, relationships, one.host_id, _groups_of(one))

    def _targets(self, source: str, one: Relationship) -> _Targets:
        """What gives the targets of a relationship for each instance of its source."""
        if is_contained_in(one):
            return lambda made: [made.container] if made.container else []
        targets = self._made[one.target]
        if _is_single(one):
            single = [min(targets, key=lambda each: each.id)] if targets else []
            return lambda _: single
        shared = self._shared_groups(source, one.target)
        if not shared:
            return lambda _: targets
        together: dict[tuple[_Made, ...], list[_Made]] = {}
        for target in targets:
            together.setdefault(_within(target, shared), []).append(target)
        return lambda made: together.get(_within(made, shared), ())


def _is_single(one: Relationship) -> bool:
    """Whether each source instance has one target."""
    return is_contained_in(one) or one.properties.get("connection_type") == "all_to_one"


def _container_named(name: str | None, one: _Made) -> _Made | None:
    """The instance of a node that an instance is, or is somewhere in."""
    at: _Made | None = one
    while at is not None and at.name != name:
        at = at.container
    return at


def _within(one: _Made, groups: Sequence[str]) -> tuple[_Made, ...]:
    """The instances of some groups that an instance is in, itself or through containers."""
    found: dict[str, _Made] = {}
    seen: set[_Made] = set()
    left = [one]
    while left and len(found) < len(groups):
        for above in (left[-1].container, left.pop().group):
            if above is not None and above not in seen:
                seen.add(above)
                left.append(above)
                if above.name in groups:
                    found[above.name] = above
    return tuple([found[name] for name in groups])


def _groups_of(one: _Made) -> tuple[GroupInstance, ...]:
    """Inner to outer."""
    found: list[GroupInstance] = []
    at = one.group
    while at is not None:
        found.append(GroupInstance(at.name, at.id))
        at = at.group
    return tuple(found)
