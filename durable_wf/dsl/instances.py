"""From nodes and scaling groups to node instances. Deterministic, given where ids come from.

Source: reference/blueprint-dsl.md §15.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from durable_wf.dsl.containment import container_of
from durable_wf.dsl.grouping import Hierarchy
from durable_wf.dsl.pairing import Pairing
from durable_wf.dsl.placing import Ids, Placed, Placing, groups_of
from durable_wf.dsl.sizes import check_size
from durable_wf.model.groups import ScalingGroup
from durable_wf.model.plan import InstanceRelationship, Node, PlannedInstance


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
    groups = groups or {}
    hierarchy = hierarchy_of(nodes, groups)

    def count(name: str) -> int:
        return default_count(nodes.get(name) or groups[name])

    check_size(nodes, groups, hierarchy, count)
    placing = Placing(nodes, groups, hierarchy, Ids(new_suffix, set()), {})
    placing.make(count)
    pairing = Pairing(hierarchy, placing.of)
    return tuple([planned(one, found) for node in nodes.values() for one, found in pairing.gained(node)])


def hierarchy_of(nodes: Mapping[str, Node], groups: Mapping[str, ScalingGroup]) -> Hierarchy:
    """What evaluated nodes and groups are below."""
    return Hierarchy(
        {name: group.members for name, group in groups.items()},
        {name: group.container for name, group in groups.items()},
        {name: container_of(node) for name, node in nodes.items()},
    )


def default_count(entity: Node | ScalingGroup) -> int:
    """Instances in each place, as the blueprint says."""
    count: int = entity.scalable.default_instances
    return count


def planned(one: Placed, relationships: tuple[InstanceRelationship, ...]) -> PlannedInstance:
    """A new node instance, whole."""
    return PlannedInstance(one.id, one.name, one.index, relationships, one.host_id, groups_of(one))
