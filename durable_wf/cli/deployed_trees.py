"""A deployment as trees of lines: its nodes with their instances, or its instances with their relationships."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from durable_wf.cli.output import clean, short
from durable_wf.cli.trees import Branch, tree
from durable_wf.inspection.containment import forest, instance_parents, node_parents
from durable_wf.inspection.topology.drawing import short_type

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from durable_wf.cli.calls import Call
    from durable_wf.inspection.containment import Place
    from durable_wf.inspection.deployment_records import Group, Node, NodeInstance, Topology
    from durable_wf.inspection.records import Relationship

_MOST = 8  # instances of a node that are shown each
_LINKS = 3  # relationships that are shown each


def node_tree(
    call: Call, nodes: Sequence[Node], groups: Sequence[Group], instances: Sequence[NodeInstance]
) -> list[str]:
    """Nodes in what contains them or groups them, each with its instances."""
    of_node: dict[str, list[NodeInstance]] = {}
    for one in instances:
        of_node.setdefault(one.node_id, []).append(one)
    by_name = {node.id: node for node in nodes}
    by_group = {group.name: group for group in groups}

    def branch(place: Place) -> Branch:
        inside = [branch(one) for one in place.inside]
        if place.is_group:
            return Branch(_group(by_group[place.name]), inside)
        return Branch(_node(by_name[place.name]), [*_instances(call, of_node.get(place.name, [])), *inside])

    found = [branch(place) for place in forest(node_parents(nodes, groups))]
    found += [
        Branch((f"({clean(group.name)})", "group", "", clean(", ".join(group.members))))
        for group in groups
        if group.policy is None
    ]
    return tree(found, ("NODE", "TYPE", "STATE", "")) if found else ["no nodes"]


def _group(group: Group) -> tuple[str, ...]:
    return (f"({clean(group.name)})", "group", f"×{len(group.instances)}", "")


def _node(node: Node) -> tuple[str, ...]:
    links = [one for one in node.relationships if one.target_id != node.container_id]
    targets = [f"{short_type(one.type)} {clean(one.target_id)}" for one in links]
    return (clean(node.id), short_type(node.type), f"×{sum(node.instances.values())}", _arrows(targets))


def _arrows(targets: Sequence[str]) -> str:
    more = f" and {len(targets) - _LINKS} more" if len(targets) > _LINKS else ""
    return f"→ {', '.join(targets[:_LINKS])}{more}" if targets else ""


def _instances(call: Call, found: Sequence[NodeInstance]) -> list[Branch]:
    """Each, or of many those that are not as expected, and how many more there are."""
    shown = list(found)
    if len(found) > _MOST and call.out.level <= 0:
        shown = [one for one in found if one.unexpected is not None][:_MOST]
    lines = [Branch((clean(one.id), "", call.out.state(clean(one.state)), _mark(one))) for one in shown]
    rest = len(found) - len(shown)
    if rest:
        there = {one.id for one in shown}
        states = dict.fromkeys(call.out.state(clean(one.state)) for one in found if one.id not in there)
        lines.append(Branch((f"… {rest} {'more' if shown else 'instances'}", "", ", ".join(states), "")))
    return lines


def _mark(one: NodeInstance) -> str:
    return "" if one.unexpected is None else f"! {clean(one.unexpected)}"


def instance_table(call: Call, topology: Topology) -> list[str]:
    """Instances below what they are contained in, with their runtime properties."""
    nodes = {(False, one.id): one for one in topology.instances}
    there = {one.id for one in topology.instances}
    parents = {
        key: (False, one.container_id) if one.container_id is not None and one.container_id in there else None
        for key, one in nodes.items()
    }

    def branch(place: Place) -> Branch:
        one = nodes[(False, place.name)]
        pairs = [f"{clean(key)} = {short(value, sys.maxsize)}" for key, value in one.runtime_properties.items()]
        whole = call.out.level > 0
        properties = "" if whole else short(", ".join(_brief(one.runtime_properties)), 60)
        cells = (clean(one.id), clean(one.node_id), call.out.state(clean(one.state)), one.host_id or "", properties)
        more = (*([_mark(one)] if one.unexpected else []), *(pairs if whole else []))
        return Branch(cells, [branch(inner) for inner in place.inside], tuple(more))

    found = [branch(place) for place in forest(parents)]
    return tree(found, ("INSTANCE", "NODE", "STATE", "HOST", "" if call.out.level > 0 else "RUNTIME PROPERTIES"))


def _brief(properties: Mapping[str, object]) -> Iterable[str]:
    return (f"{key}={short(value, 40)}" for key, value in properties.items())


def instance_tree(call: Call, topology: Topology) -> list[str]:
    """Instances in what contains them and in instances of groups, with their relationships."""
    by_id = {one.id: one for one in topology.instances}
    types = {one.id: short_type(one.type) for one in topology.nodes}

    def branch(place: Place) -> Branch:
        inside = [branch(one) for one in place.inside]
        if place.is_group:
            return Branch((f"({clean(place.name)})", "group", "", ""), inside)
        one = by_id[place.name]
        links = [link for link in one.relationships if link.target_id != one.container_id]
        cells = (clean(one.id), types.get(one.node_id, ""), call.out.state(clean(one.state)), _arrows(_named(links)))
        return Branch(cells, inside, (_mark(one),) if one.unexpected else ())

    places = forest(instance_parents(topology.nodes, topology.groups, topology.instances))
    return tree([branch(place) for place in places], ("INSTANCE", "TYPE", "STATE", "")) if places else ["no instances"]


def _named(links: Iterable[Relationship]) -> list[str]:
    return [f"{short_type(one.type)} {clean(one.target_id)}" for one in links]
