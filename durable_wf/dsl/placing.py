"""Which instances there are of each node and scaling group, and where: those that stand, fewer or more of them.

An entity (node or scaling group) has its count of instances in each *place*: an instance of the group that it
is a member of together with an instance of the node that it is contained in, where those lie together. What is in
a place that goes, goes with it; what is in a new place is made as often as it is in every other.

Source: reference/blueprint-dsl.md §15, §16.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from durable_wf.dsl.containment import is_host
from durable_wf.dsl.grouping import Hierarchy
from durable_wf.errors import EngineBug
from durable_wf.model.groups import GroupInstance, ScalingGroup
from durable_wf.model.plan import Node, PlannedInstance

_MAX_TRIES = 10_000  # of the allocator, for one id that is not taken


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """An instance of a node or a group, with its id, before relationships.

    index       within its node: as it is shown; within its group: older ones first, never shown
    group       the instance of a group that it is a member of
    container   the instance of a node that it is contained in
    is_new      whether it did not stand before
    stored      a node instance that stood before
    """

    name: str
    id: str
    index: int
    host_id: str | None
    group: Placed | None = None
    container: Placed | None = None
    is_new: bool = True
    stored: PlannedInstance | None = None


class Place(NamedTuple):
    """Where instances of an entity are counted. Places are equal if they are below the same instances."""

    group: Placed | None
    container: Placed | None


_NOWHERE = Place(None, None)
Leaving: TypeAlias = "Callable[[str, Sequence[Placed]], Sequence[Placed]]"


def nobody_leaves(name: str, here: Sequence[Placed]) -> Sequence[Placed]:  # noqa: ARG001 - a Leaving
    """What leaves an entity's place by itself, when nothing is scaled in."""
    return ()


class Ids:
    """Gives ids that are taken by nobody, and were by nobody.

    taken   ids of node and group instances
    """

    def __init__(self, new_suffix: Callable[[], str], taken: set[str]) -> None:
        self._new_suffix = new_suffix
        self._taken = taken

    def new(self, name: str) -> str:
        for _ in range(_MAX_TRIES):
            found = f"{name}_{self._new_suffix()}"
            if found not in self._taken:
                self._taken.add(found)
                return found
        raise EngineBug(f"no new id for an instance of '{name}': what gives suffixes repeats itself")


class Placing:
    """All instances of all entities, without relationships.

    standing  entity -> the instances that stand, by index; empty when a deployment is made from nothing
    count     entity -> the instances that it shall have in each place, at least
    leaving   those of a place's instances that leave it: by then it has no more of them than `count` says, or all
    of        entity -> the instances that stay, and the new ones, by index
    gone      entity -> those that left, by themselves or with what they are in, by index
    cost      linear in `standing`, `of` and `gone`
    """

    def __init__(
        self,
        nodes: Mapping[str, Node],
        groups: Mapping[str, ScalingGroup],
        hierarchy: Hierarchy,
        ids: Ids,
        standing: Mapping[str, Sequence[Placed]],
    ) -> None:
        self._nodes = nodes
        self._groups = groups
        self._hierarchy = hierarchy
        self._ids = ids
        self._standing = standing
        self.of: dict[str, list[Placed]] = {}
        self.gone: dict[str, list[Placed]] = {}

    def make(self, count: Callable[[str], int], leaving: Leaving = nobody_leaves) -> None:
        for name in self._hierarchy.in_order():
            self._make(name, count(name), leaving)

    def _make(self, name: str, count: int, leaving: Leaving) -> None:
        standing = self._standing.get(name, ())
        by_place: dict[Place, list[Placed]] = {}
        for one in standing:
            by_place.setdefault(Place(one.group, one.container), []).append(one)
        node = self._nodes.get(name)
        own_host = node is not None and is_host(node)
        index = standing[-1].index if standing else 0
        stay: set[Placed] = set()
        new: list[Placed] = []
        for place in self._places(name):
            here = by_place.get(place, [])
            stay.update(here)
            stay.difference_update(leaving(name, here))
            for _ in range(count - len(here)):
                index += 1
                own = self._ids.new(name)
                host_id = own if own_host else place.container.host_id if place.container else None
                new.append(Placed(name, own, index, host_id, *place))
        self.of[name] = [one for one in standing if one in stay] + new
        self.gone[name] = [one for one in standing if one not in stay]

    def _places(self, name: str) -> list[Place]:
        """Those that are there in the end, older ones first."""
        group, container = self._hierarchy.above[name]
        if group is None:
            return [Place(None, one) for one in self.of[container]] if container else [_NOWHERE]
        if container is None:
            return [Place(one, None) for one in self.of[group]]
        outer = self._groups[group].container
        if outer == container:
            return [Place(one, one.container) for one in self.of[group]]
        inside: dict[Placed | None, list[Placed]] = {}
        for one in self.of[container]:
            inside.setdefault(container_named(outer, one), []).append(one)
        return [Place(one, each) for one in self.of[group] for each in inside.get(one.container, ())]


def container_named(name: str | None, one: Placed | None) -> Placed | None:
    """The instance of a node that an instance is, or is somewhere in."""
    at = one
    while at is not None and at.name != name:
        at = at.container
    return at


def within(one: Placed, groups: Sequence[str]) -> tuple[Placed, ...]:
    """The instances of some groups that an instance is in, itself or through containers; as many as there are."""
    found: dict[str, Placed] = {}
    seen: set[Placed] = set()
    left = [one]
    while left and len(found) < len(groups):
        for above in (left[-1].container, left.pop().group):
            if above is not None and above not in seen:
                seen.add(above)
                left.append(above)
                if above.name in groups:
                    found[above.name] = above
    return tuple([found[name] for name in groups if name in found])


def groups_of(one: Placed) -> tuple[GroupInstance, ...]:
    """Inner to outer."""
    found: list[GroupInstance] = []
    at = one.group
    while at is not None:
        found.append(GroupInstance(at.name, at.id))
        at = at.group
    return tuple(found)
