"""The picture of what is deployed: a box for each instance, by its state; of many, a box for each node."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from durable_wf.inspection.containment import depths, frame_of, instance_parents, node_parents
from durable_wf.inspection.expectation import MOVING
from durable_wf.inspection.topology.drawing import Arrow, Box, Drawing, Frame, Kind, Look, arrow_of, clean, kind_of
from durable_wf.inspection.topology.drawing import short_type as short
from durable_wf.model.states import N

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from durable_wf.inspection.containment import Parents
    from durable_wf.inspection.deployment_records import NodeInstance, Topology
    from durable_wf.model import plan as plans

MOST = 60  # instances that have a box each
_IDLE = frozenset({N.UNINITIALIZED, N.DELETED})


def drawing_of_deployed(topology: Topology, planned: Mapping[str, plans.Node], *, most: int = MOST) -> Drawing:
    """The picture.

    planned  the nodes by name: what their relationships are
    most     where there are more instances, each node has a box with their states, counted
    """
    return _of_nodes(topology, planned) if len(topology.instances) > most else _of_instances(topology, planned)


def look_of(one: NodeInstance) -> Look:
    """How an instance is drawn."""
    if one.unexpected is not None:
        return Look.WRONG
    if one.state in MOVING:
        return Look.MOVING
    if one.state in _IDLE:
        return Look.IDLE
    return Look.STARTED if one.state == N.STARTED else Look.HALF


def _of_instances(topology: Topology, planned: Mapping[str, plans.Node]) -> Drawing:
    parents = instance_parents(topology.nodes, topology.groups, topology.instances)
    types = {node.id: node.type for node in topology.nodes}
    boxes = [
        Box(one.id, _lines(one, types.get(one.node_id, "")), frame_of((False, one.id), parents), look_of(one))
        for one in topology.instances
    ]
    there = {box.name for box in boxes}
    kinds = {(node.name, one.type, one.target): kind_of(one) for node in planned.values() for one in node.relationships}
    arrows = [
        Arrow(one.id, link.target_id, short(link.type), kinds.get((one.node_id, link.type, link.target_name), _OTHER))
        for one in topology.instances
        for link in one.relationships
        if link.target_id in there
    ]
    return Drawing(tuple(boxes), tuple(arrows), tuple(_frames(parents, {})))


_OTHER = Kind.DEPENDS_ON  # of a node that is not there any more


def _lines(one: NodeInstance, type_name: str) -> tuple[str, ...]:
    """What is not as expected says so in words, too."""
    why = () if one.unexpected is None else (f"! {clean(one.unexpected)}",)
    return (clean(one.id), short(type_name), clean(one.state), *why)


def _frames(parents: Parents, counts: Mapping[str, int]) -> Iterable[Frame]:
    """Outer ones first."""
    deep = depths(parents)
    for key in sorted((key for key in parents if key[0]), key=lambda one: deep[one]):
        count = counts.get(key[1], 1)
        label = clean(key[1]) if count == 1 else f"{clean(key[1])} ×{count}"
        yield Frame(key[1], label, frame_of(key, parents))


def _of_nodes(topology: Topology, planned: Mapping[str, plans.Node]) -> Drawing:
    parents = node_parents(topology.nodes, topology.groups)
    of_node: dict[str, list[NodeInstance]] = {node.id: [] for node in topology.nodes}
    for one in topology.instances:
        of_node.setdefault(one.node_id, []).append(one)
    boxes = []
    for node in topology.nodes:
        lines = (clean(node.id), short(node.type), counted(node.instances), *_odd(of_node[node.id]))
        boxes.append(Box(node.id, lines, frame_of((False, node.id), parents), _common(of_node[node.id])))
    arrows = [arrow_of(node, one) for node in planned.values() for one in node.relationships]
    counts = {group.name: len(group.instances) for group in topology.groups}
    return Drawing(tuple(boxes), tuple(arrows), tuple(_frames(parents, counts)))


def counted(states: Mapping[str, int]) -> str:
    """`3 started, 1 starting`."""
    return ", ".join(f"{count} {clean(state)}" for state, count in states.items()) or "no instances"


def _odd(instances: Iterable[NodeInstance]) -> tuple[str, ...]:
    count = Counter(one.unexpected is not None for one in instances)[True]
    return (f"! {count} not as expected",) if count else ()


def _common(instances: Iterable[NodeInstance]) -> Look:
    """The look that all of them have; of several, the one that needs looking at."""
    looks = {look_of(one) for one in instances}
    if Look.WRONG in looks or len(looks) == 1:
        return Look.WRONG if Look.WRONG in looks else looks.pop()
    if not looks:
        return Look.IDLE
    return Look.MOVING if Look.MOVING in looks else Look.HALF
