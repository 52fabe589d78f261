"""How scaling groups and containment lie in each other. Names only: no files, no places, no counts.

A node or group (an *entity*) is below up to two others: the scaling group that it is a member of, and the
node that it is contained in. Who is contained in another member of a group is in the group through that
member, and is no member itself. A group lies in the deepest node that contains all its members.

Source: reference/blueprint-dsl.md §13 (graph rules), §15.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

MAX_NESTING = 64  # scaling groups in each other


class Conflict(NamedTuple):
    """A member that cannot be where it is: a problem's code, and the member that it does not go with, if any."""

    code: str
    group: str
    member: str
    other: str | None = None


@dataclass(slots=True)
class Arrangement:
    """Scaling groups as they are planned.

    members     those that are members, not only contained in one; in the order of writing
    containers  the node that a group lies in
    """

    members: dict[str, list[str]]
    containers: dict[str, str | None]
    conflicts: list[Conflict]


def arrange(
    groups: Mapping[str, Collection[str]], containers: Mapping[str, str | None], unsure: Collection[str] = ()
) -> Arrangement:
    """Where scaling groups lie, and who are their members.

    groups      scaling group -> names of nodes and scaling groups; no circles, each entity in one group at most
    containers  every node -> the node that it is contained in
    unsure      nodes of which it is not known what they are contained in; nothing is said about their groups
    cost        linear in all entities, times how deep groups are nested; each member of a group that is contained
                in another node than the first one adds how deep they are contained
    """
    owner = {member: name for name, members in groups.items() for member in members}
    nesting = _depths({name: owner.get(name) for name in groups})
    too_deep = [name for name, depth in nesting.items() if depth == MAX_NESTING + 1]
    depths = _depths(containers)
    found = Arrangement({name: list(members) for name, members in groups.items()}, dict.fromkeys(groups), [])
    found.conflicts = [Conflict("groups-too-deep", owner[name], name) for name in too_deep]
    if too_deep or len(depths) < len(containers):  # nodes that contain each other were reported elsewhere
        return found
    implicit = _implicit(containers, owner)
    found.members = {
        name: [member for member in members if (name, member) not in implicit] for name, members in groups.items()
    }
    places = _Places(containers, depths, found, _below(containers, depths, unsure))
    for name in sorted(groups, key=lambda one: -nesting[one]):
        places.settle(name, next(iter(groups[name]), None))
    return found


def _depths(above: Mapping[str, str | None]) -> dict[str, int]:
    """How deep each name lies, 1 for those with nothing above; names in or below a circle are left out."""
    found: dict[str, int | None] = {}
    for name in above:
        chain: dict[str, None] = {}
        step: str | None = name
        while step is not None and step not in found and step not in chain:
            chain[step] = None
            step = above[step]
        depth = 0 if step is None else found.get(step)
        for one in reversed(chain):
            depth = None if depth is None else depth + 1
            found[one] = depth
    return {name: depth for name, depth in found.items() if depth is not None}


def _below(containers: Mapping[str, str | None], depths: Mapping[str, int], tops: Collection[str]) -> set[str]:
    """`tops`, and all that is contained in them."""
    found = set(tops)
    if found:
        for name in sorted(containers, key=lambda one: depths[one]):
            if containers[name] in found:
                found.add(name)
    return found


def _implicit(containers: Mapping[str, str | None], owner: Mapping[str, str]) -> set[tuple[str, str]]:
    """Groups and those of their members that are contained in another member.

    One walk down all containment, which knows at each node the groups that what contains it is in.
    """
    contents: dict[str | None, list[str]] = {}
    for name, container in containers.items():
        contents.setdefault(container, []).append(name)
    found: set[tuple[str, str]] = set()
    through: dict[str, str] = {}  # group -> the member through which the outermost container is in it
    entered: dict[str, list[str]] = {}
    left = contents.get(None, [])[::-1]
    while left:
        name = left[-1]
        if name in entered:
            left.pop()
            for group in entered.pop(name):
                del through[group]
            continue
        entered[name] = []
        for group, member in _memberships(name, owner):
            if group not in through:
                through[group] = member
                entered[name].append(group)
            elif through[group] != member:
                found.add((group, member))
                break
        left.extend(contents.get(name, ()))
    return found


def _memberships(name: str, owner: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The groups that an entity is in, inner to outer, each with the member that it is or is in."""
    while (group := owner.get(name)) is not None:
        yield group, name
        name = group


class _Places:
    """Finds the node that each group lies in, inner groups first."""

    def __init__(
        self, containers: Mapping[str, str | None], depths: Mapping[str, int], found: Arrangement, unsure: set[str]
    ) -> None:
        self._containers = containers
        self._depths = depths
        self._found = found
        self._unsure = unsure

    def settle(self, group: str, written: str | None) -> None:
        """Find its node, or the conflict among its members.

        written  the first member as written; None if all members were reported
        """
        members = self._found.members[group]
        if written is None or any(member in self._unsure for member in members):
            self._unsure.add(group)
            return
        if not members:
            self._conflict(Conflict("mixed-group", group, written))
            return
        place = self._container(members[0])
        for member in members[1:]:
            other = self._container(member)
            common = self._common(place, other)
            if common is None and (place or other):
                self._conflict(Conflict("mixed-group", group, member, members[0]))
                return
            place = common
        self._found.containers[group] = place

    def _conflict(self, conflict: Conflict) -> None:
        """One mistake is said once: not about the groups that this one is in, too."""
        self._found.conflicts.append(conflict)
        self._unsure.add(conflict.group)

    def _container(self, member: str) -> str | None:
        if member in self._containers:
            return self._containers[member]
        return self._found.containers[member]

    def _common(self, one: str | None, other: str | None) -> str | None:
        """The deepest node that is, or contains, both."""
        while one != other and one is not None and other is not None:
            if self._depths[one] >= self._depths[other]:
                one = self._containers[one]
            else:
                other = self._containers[other]
        return one if one == other else None


class Above(NamedTuple):
    """What an entity is directly below."""

    group: str | None = None
    container: str | None = None


class Hierarchy:
    """All entities of a deployment by what they are below.

    members     scaling group -> its members, as arranged
    placed      scaling group -> the node that it lies in
    containers  node -> the node that it is contained in
    """

    def __init__(
        self,
        members: Mapping[str, Collection[str]],
        placed: Mapping[str, str | None],
        containers: Mapping[str, str | None],
    ) -> None:
        owner = {member: name for name, each in members.items() for member in each}
        both = (*containers.items(), *placed.items())
        self.above = {name: Above(owner.get(name), container) for name, container in both}
        self.groups = frozenset(members)
        self._shared: dict[tuple[str, str], list[str]] = {}  # asked for twice: for sizes, and for pairs

    def shared_groups(self, one: str, other: str) -> list[str]:
        """The scaling groups that two nodes are both in, themselves or through containers: the nearest to `one`.

        returns  where groups are nested, only the innermost; groups around it say no more
        cost     linear in what is above the two
        """
        if not self.groups:
            return []
        if (one, other) not in self._shared:
            others = set(self._groups_above(other, frozenset()))
            self._shared[one, other] = [name for name in self._groups_above(one, others) if name in others]
        return self._shared[one, other]

    def _groups_above(self, start: str, stop: Collection[str]) -> Iterator[str]:
        """Groups above an entity, each once; of those in `stop`, not what is above them."""
        seen: set[str] = set()
        left = [start]
        while left:
            group, container = self.above[left.pop()]
            if group is not None and group in stop and self.above[group].container == container:
                container = None  # whoever is in one instance of the group is in one of that
            for name in (group, container):
                if name is None or name in seen:
                    continue
                seen.add(name)
                if name in self.groups:
                    yield name
                if name not in stop:
                    left.append(name)

    def in_order(self) -> Iterator[str]:
        """All entities, what they are below first, otherwise in the order of nodes."""
        done: set[str] = set()
        for start in self.above:
            left = [start]
            while left:
                name = left[-1]
                waiting = [one for one in self.above[name] if one is not None and one not in done]
                if name in done or not waiting:
                    left.pop()
                    if name not in done:
                        done.add(name)
                        yield name
                else:
                    left.extend(reversed(waiting))
