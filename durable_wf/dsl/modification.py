"""Planning a deployment's modification: other numbers of instances of some nodes and scaling groups. Pure.

Source: reference/blueprint-dsl.md §16; reference/workflow-api.md §2.8.1.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from durable_wf.dsl.instances import default_count, hierarchy_of, planned
from durable_wf.dsl.pairing import Pairing
from durable_wf.dsl.placing import Ids, Placed, Placing, groups_of
from durable_wf.dsl.sizes import check_size
from durable_wf.dsl.standing import standing
from durable_wf.dsl.wanted import check_limits, leaving, read_wanted
from durable_wf.model.groups import GroupInstance, ScalingGroup
from durable_wf.model.modification import ADDED, EXTENDED, REDUCED, REMOVED, ChangedInstance, PlannedModification
from durable_wf.model.plan import InstanceRelationship, Node, PlannedInstance


@dataclass(frozen=True, slots=True)
class Topology:
    """A deployment as it stands.

    nodes, groups  evaluated: counts are int
    instances      all node instances, of `nodes` only; in any order
    counts         node or group -> its instances in each place, where that is not what the blueprint said at first
    used           ids of node and group instances that once were; none is given again
    """

    nodes: Mapping[str, Node]
    groups: Mapping[str, ScalingGroup]
    instances: Collection[PlannedInstance]
    counts: Mapping[str, int] = field(default_factory=dict)
    used: Collection[str] = ()

    def entity(self, name: str) -> Node | ScalingGroup:
        """A node or a group."""
        return self.nodes.get(name) or self.groups[name]

    def count(self, name: str) -> int:
        """Instances of an entity in each place."""
        return self.counts[name] if name in self.counts else default_count(self.entity(name))


def plan_modification(
    topology: Topology, wanted: Mapping[str, Mapping[str, Any]], new_suffix: Callable[[], str], *, limited: bool = False
) -> PlannedModification:
    """What is to be added and removed, so that nodes and groups have the wanted numbers of instances in each place.

    wanted      name -> {instances, removed_ids_include_hint?, removed_ids_exclude_hint?}, see `wanted.py`; {}: nothing
    new_suffix  six characters of a-z0-9, new ones at each call; one that is taken is asked for again
    limited     whether min_instances and max_instances hold
    returns     the lists of §16. New instances have the indexes after their node's highest. Who is not named in
                `wanted` keeps what it has, and has in new places as many as it has in each.
    raises      ModificationError; TooManyInstances, before anything is made; SeveralTargets
    cost        linear in what stands and what is planned; within scaling groups, times how deep those lie
    """
    nodes, groups = topology.nodes, topology.groups
    hierarchy = hierarchy_of(nodes, groups)
    changes, unknown = read_wanted(wanted, {*nodes, *groups})
    if limited:
        check_limits(changes, lambda name: topology.entity(name).scalable)

    def count(name: str) -> int:
        return changes[name].instances if name in changes else topology.count(name)

    check_size(nodes, groups, hierarchy, count)
    stands = standing(nodes, hierarchy, topology.instances)
    taken = {*topology.used, *(one.id for each in stands.values() for one in each)}
    placing = Placing(nodes, groups, hierarchy, Ids(new_suffix, taken), stands)
    placing.make(count, leaving(changes, stands))
    pairing = Pairing(hierarchy, placing.of)
    lists = _Lists(nodes, placing, {one: found for node in nodes.values() for one, found in pairing.gained(node)})
    return PlannedModification(
        added=tuple(lists.added()),
        removed=tuple(lists.removed()),
        extended=tuple(lists.extended()),
        reduced=tuple(lists.reduced()),
        counts={name: change.instances for name, change in changes.items()},
        groups_added=tuple(lists.groups_added()),
        groups_removed=tuple([GroupInstance(name, one.id) for name in groups for one in placing.gone[name]]),
        unknown=unknown,
    )


class _Lists:
    """Makes the lists of a modification.

    gained  every instance in the end, in order, with the relationships that it has not had
    """

    def __init__(
        self,
        nodes: Mapping[str, Node],
        placing: Placing,
        gained: Mapping[Placed, tuple[InstanceRelationship, ...]],
    ) -> None:
        self._nodes = nodes
        self._placing = placing
        self._gained = gained
        self._new = {one.id: one for one in gained if one.is_new}
        self._gone = {one.id: one for name in nodes for one in placing.gone[name]}
        self._stay = {one: one.stored for one in gained if one.stored is not None}
        self._lost = {one: _to(stored.relationships, self._gone) for one, stored in self._stay.items()}

    def added(self) -> Iterator[ChangedInstance]:
        near = {each.target_id for one in self._new.values() for each in self._gained[one]}
        for one, gained in self._gained.items():
            if one.stored is None:
                yield ChangedInstance(planned(one, gained), ADDED)
            else:
                yield from _related(one.stored, _to(gained, self._new), near)

    def removed(self) -> Iterator[ChangedInstance]:
        gone = [one.stored for one in self._gone.values() if one.stored is not None]
        near = {each.target_id for stored in gone for each in stored.relationships}
        for name in self._nodes:
            both = [*self._placing.gone[name], *self._placing.of[name]]
            for one in sorted(both, key=lambda each: each.index):
                if one.stored is not None and one.id in self._gone:
                    yield ChangedInstance(one.stored, REMOVED)
                elif one.stored is not None:
                    yield from _related(one.stored, self._lost[one], near)

    def extended(self) -> Iterator[ChangedInstance]:
        near = {each.target_id for one in self._stay for each in self._gained[one]}
        for one, stored in self._stay.items():
            gained = self._gained[one]
            if gained:
                yield ChangedInstance(replace(stored, relationships=gained), EXTENDED)
            else:
                yield from _related(stored, (), near)

    def reduced(self) -> Iterator[ChangedInstance]:
        for one, stored in self._stay.items():
            if self._lost[one]:
                yield ChangedInstance(replace(stored, relationships=self._lost[one]), REDUCED)

    def groups_added(self) -> Iterator[GroupInstance]:
        """Those that a new instance is in and nobody was in."""
        stood = {one.id for name in self._placing.of for one in self._placing.of[name] if not one.is_new}
        found = [group for one in self._new.values() for group in groups_of(one) if group.id not in stood]
        yield from dict.fromkeys(found)


def _to(relationships: Iterable[InstanceRelationship], targets: Collection[str]) -> tuple[InstanceRelationship, ...]:
    return tuple([one for one in relationships if one.target_id in targets])


def _related(
    stored: PlannedInstance, relationships: tuple[InstanceRelationship, ...], near: Collection[str]
) -> Iterator[ChangedInstance]:
    """An instance that stays, if it has to do with the change.

    relationships  that it has to those that change
    near           ids of those that these have relationships to
    """
    if relationships or stored.id in near:
        yield ChangedInstance(replace(stored, relationships=relationships))


def started(instances: Iterable[PlannedInstance], modification: PlannedModification) -> tuple[PlannedInstance, ...]:
    """The instances as they are stored when a modification has started: what it adds is there, nothing is gone.

    returns  in their order, new ones after them. Who is extended has its relationships ordered by declaration.
    """
    gained = {one.id: one.instance.relationships for one in modification.extended if one.modification}
    stored = [_extended(one, gained[one.id]) if one.id in gained else one for one in instances]
    return (*stored, *modification.new_instances)


def _extended(one: PlannedInstance, gained: tuple[InstanceRelationship, ...]) -> PlannedInstance:
    both = sorted((*one.relationships, *gained), key=lambda each: each.position)  # stable: new targets last
    return replace(one, relationships=tuple(both))


def finished(instances: Iterable[PlannedInstance], modification: PlannedModification) -> tuple[PlannedInstance, ...]:
    """The instances as they are stored when a started modification has finished: without those that it removes.

    instances  as `started` gave them; whatever else changed of them meanwhile is kept
    """
    gone = modification.removed_ids
    reduced = {one.id for one in modification.reduced}
    return tuple([_reduced(one, gone) if one.id in reduced else one for one in instances if one.id not in gone])


def _reduced(one: PlannedInstance, gone: Collection[str]) -> PlannedInstance:
    return replace(one, relationships=tuple([each for each in one.relationships if each.target_id not in gone]))
