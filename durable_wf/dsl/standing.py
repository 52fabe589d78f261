"""The instances of a deployment that stands, as its planning sees them.

Instances of scaling groups are not stored by themselves: node instances name those that they are in. One that no
node instance is in is not known; where it has to be, planning makes it again.

Source: reference/blueprint-dsl.md §15.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from durable_wf.dsl.containment import is_contained_in
from durable_wf.dsl.grouping import Hierarchy
from durable_wf.dsl.placing import Placed
from durable_wf.model.plan import Node, PlannedInstance


class _Group(NamedTuple):
    """An instance of a scaling group. Ids: of the one that it is in, and of the node instance that it lies in."""

    id: str
    group: str | None
    container: str | None


def standing(
    nodes: Mapping[str, Node], hierarchy: Hierarchy, instances: Iterable[PlannedInstance]
) -> dict[str, list[Placed]]:
    """Every node and group with its instances by index; groups' in the order in which nodes' instances name them.

    instances  all of the deployment's, of `nodes` only, in any order; whoever is contained has its container here
    cost       linear in them; for each instance of a group, how deep its members are contained in what it lies in
    """
    return _Standing(nodes, hierarchy, instances).all()


class _Standing:
    def __init__(self, nodes: Mapping[str, Node], hierarchy: Hierarchy, instances: Iterable[PlannedInstance]) -> None:
        self._hierarchy = hierarchy
        self._positions = {
            name: next((n for n, one in enumerate(node.relationships) if is_contained_in(one)), None)
            for name, node in nodes.items()
        }
        self._of: dict[str, list[PlannedInstance]] = {name: [] for name in nodes}
        for one in instances:
            self._of[one.node].append(one)
        for each in self._of.values():
            each.sort(key=lambda one: one.index)
        self._by_id = {one.id: one for each in self._of.values() for one in each}
        self._groups = self._known_groups()

    def all(self) -> dict[str, list[Placed]]:
        placed: dict[str | None, Placed] = {}
        found: dict[str, list[Placed]] = {}
        for name in self._hierarchy.in_order():
            of_node = [self._instance(one, placed) for one in self._of.get(name, ())]
            of_group = [
                Placed(name, one.id, index, None, placed.get(one.group), placed.get(one.container), is_new=False)
                for index, one in enumerate(self._groups.get(name, ()), start=1)
            ]
            found[name] = of_node + of_group
            placed.update((one.id, one) for one in found[name])
        return found

    def _instance(self, one: PlannedInstance, placed: Mapping[str | None, Placed]) -> Placed:
        group = placed[one.scaling_groups[0].id] if one.scaling_groups else None
        container = placed.get(self._container(one))
        return Placed(one.node, one.id, one.index, one.host_id, group, container, is_new=False, stored=one)

    def _container(self, one: PlannedInstance) -> str | None:
        position = self._positions[one.node]
        return next((each.target_id for each in one.relationships if each.position == position), None)

    def _known_groups(self) -> dict[str, list[_Group]]:
        """Instances of groups by name."""
        found: dict[str, list[_Group]] = {}
        known: set[str] = set()
        for one in self._by_id.values():
            for position, group in enumerate(one.scaling_groups):
                if group.id in known:
                    break  # and so are those that it is in
                known.add(group.id)
                outer = next((each.id for each in one.scaling_groups[position + 1 :]), None)
                lies_in = self._above(one, self._hierarchy.above[group.name].container)
                found.setdefault(group.name, []).append(_Group(group.id, outer, lies_in))
        return found

    def _above(self, one: PlannedInstance, node: str | None) -> str | None:
        """Id of the instance of a node that an instance is somewhere in."""
        at = self._by_id.get(self._container(one) or "") if node else None
        while at is not None and at.node != node:
            at = self._by_id.get(self._container(at) or "")
        return at.id if at else None
