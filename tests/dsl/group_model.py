"""A model of §15 that shares nothing with the planner: instances as coordinates.

An entity's instance is the choice of one number for the entity and for everything above it (its group, its
container, what those are in …). So an entity has as many instances as the product of the counts of all that;
and two instances lie together in something exactly if they chose the same numbers for all of it.
"""

from __future__ import annotations

from itertools import product
from math import prod


class Model:
    """A topology as plain data.

    counts      entity -> instances in each place
    containers  node -> the node that it is contained in
    members     scaling group -> nodes and scaling groups
    links       (source, target) in the order of declaration; containment left out
    single      those of `links`, by position, that lead to one instance for all
    hosts       nodes that are hosts
    """

    def __init__(self, counts, containers, members, links=(), single=(), hosts=()):
        self.counts, self.containers, self.members, self.links = counts, containers, members, links
        self.single, self.hosts = single, hosts
        self._kept = {}
        self.owner = {one: group for group in members for one in self.kept(group)}
        self.places = {group: self._place(group) for group in members}

    def kept(self, group):
        """The members of a group, but for those of which anything is contained in another member."""
        if group not in self._kept:
            parts = {one: self.nodes_of(one) for one in self.members[group]}
            self._kept[group] = [
                one
                for one in parts
                if not any(
                    set(self.chain(node)) & parts[other] for node in parts[one] for other in parts if other != one
                )
            ]
        return self._kept[group]

    def nodes_of(self, entity):
        """All nodes of an entity: itself, or those of a group's kept members."""
        if entity not in self.members:
            return {entity}
        return {node for one in self.kept(entity) for node in self.nodes_of(one)}

    def chain(self, node):
        """What contains a node, nearest first."""
        found = []
        while (node := self.containers.get(node)) is not None:
            found.append(node)
        return found

    def _place(self, group):
        """The deepest node that contains all of a group."""
        chains = [self.chain(node) for node in sorted(self.nodes_of(group))]
        return next((node for node in chains[0] if all(node in chain for chain in chains)), None) if chains else None

    def is_mixed(self):
        """Whether some group has no member left, or is in no one node while something of it is in one."""
        return any(
            not self.kept(group)
            or (self.places[group] is None and any(self.chain(node) for node in self.nodes_of(group)))
            for group in self.members
        )

    def above(self, entity):
        """All entities that an entity is in, itself too."""
        direct = [self.owner.get(entity), self.containers.get(entity) or self.places.get(entity)]
        return {entity}.union(*(self.above(one) for one in direct if one))

    def size(self, entity):
        return prod(self.counts[one] for one in self.above(entity))

    def instances(self, entity):
        """Every instance: the numbers chosen, by entity."""
        names = sorted(self.above(entity))
        return [dict(zip(names, numbers, strict=True)) for numbers in product(*(range(self.counts[n]) for n in names))]

    def shared(self, source, target):
        """Everything that a pair must have in common: the groups that both are in, and what those are in."""
        groups = self.above(source) & self.above(target) & set(self.members)
        return set().union(*(self.above(group) for group in groups))

    def degrees(self, source, target):
        """For each instance of `source`, how many of `target` it is paired with."""
        shared = self.shared(source, target)
        targets = self.instances(target)
        return [sum(all(one[n] == each[n] for n in shared) for each in targets) for one in self.instances(source)]

    def group_chain(self, node):
        """Names of groups, inner to outer."""
        found = []
        while (node := self.owner.get(node)) is not None:
            found.append(node)
        return found

    def hosted(self, node):
        """The host that a node is, or is contained in."""
        return next((one for one in [node, *self.chain(node)] if one in self.hosts), None)

    def pairs(self, source, target, one, other):
        """Whether the coordinates of two instances, of `source` and `target`, are paired where all are with all."""
        return all(one[name] == other[name] for name in self.shared(source, target))


def coordinates(model, instances):
    """Instance id -> the numbers that it chose: its place's, and its own, counted within its place.

    Told from what instances say of themselves only: their container (a relationship at position 0) and groups.
    """
    by_id = {one.id: one for one in instances}
    counted = {}
    found = {}

    def container(one):
        return by_id[one.relationships[0].target_id] if model.containers[one.node] else None

    def place(group, one):
        """The instance that an instance of a group lies in, told from a node instance in it."""
        while one is not None and one.node != model.places[group]:
            one = container(one)
        return one

    def numbered(name, own, outer, inside):
        """The coordinates of an instance that is in the two others, whose coordinates are given."""
        if own not in found:
            here = counted.setdefault((name, frozenset({**outer, **inside}.items())), [])
            here.append(own)
            assert all(outer[each] == number for each, number in inside.items() if each in outer)
            found[own] = {**outer, **inside, name: len(here) - 1}
        return found[own]

    def of(one):
        outer = {}
        for group in reversed(one.scaling_groups):
            lies_in = place(group.name, one)
            outer = numbered(group.name, group.id, outer, of(lies_in) if lies_in else {})
        return numbered(one.node, one.id, outer, of(container(one)) if model.containers[one.node] else {})

    return {one.id: of(one) for one in instances}
