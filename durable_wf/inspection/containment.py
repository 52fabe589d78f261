"""What lies in what: nodes in nodes and groups, instances in instances and instances of groups. Pure.

Source: reference/blueprint-dsl.md §12, §15.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from durable_wf.inspection.deployment_records import Group, Node, NodeInstance


@dataclass(frozen=True, slots=True)
class Place:
    """Something, with what lies directly in it. `is_group`: a group, or an instance of one."""

    name: str
    is_group: bool
    inside: list[Place] = field(default_factory=list)


Key = tuple[bool, str]  # whether it is a group, and its name
Parents = dict[Key, Key | None]


def node_parents(nodes: Iterable[Node], groups: Iterable[Group]) -> Parents:
    """A node lies in the scaling group that it is a member of, or else in what it is contained in; a group as well."""
    found: Parents = {(False, one.id): _in(one.group, one.container_id) for one in nodes}
    return found | {(True, one.name): _in(one.group, one.container_id) for one in groups if one.policy is not None}


def _in(group: str | None, container: str | None) -> Key | None:
    if group is not None:
        return True, group
    return None if container is None else (False, container)


def instance_parents(nodes: Iterable[Node], groups: Iterable[Group], instances: Sequence[NodeInstance]) -> Parents:
    """As `node_parents`, of instances and instances of groups.

    What an instance is contained in may be gone: then it lies in nothing.
    """
    member_of = {one.id: one.group for one in nodes}
    groups_by_name = {one.name: one for one in groups}
    there = {one.id for one in instances}
    found: Parents = {}
    for one in instances:
        container = (False, one.container_id) if one.container_id in there and one.container_id is not None else None
        key: Key = (False, one.id)
        if member_of.get(one.node_id) is None:
            found[key] = container
            continue
        for entry in one.scaling_groups:
            around = (True, str(entry["id"]))
            found[key] = around
            key = around
            if groups_by_name[entry["name"]].group is None:
                inside = groups_by_name[entry["name"]].container_id is not None
                found.setdefault(key, container if inside else None)
                break
        found.setdefault(key, container)
    return found


def forest(parents: Mapping[Key, Key | None]) -> list[Place]:
    """What lies in nothing, each with what lies in it; in the order of `parents`, groups after the rest."""
    places = {key: Place(key[1], key[0]) for key in parents}
    roots: list[Place] = []
    for key in sorted(parents, key=lambda one: one[0]):
        parent = parents[key]
        (roots if parent is None else places[parent].inside).append(places[key])
    return roots


def frame_of(key: Key, parents: Mapping[Key, Key | None]) -> str | None:
    """The nearest group around something."""
    at = parents[key]
    while at is not None and not at[0]:
        at = parents[at]
    return None if at is None else at[1]


def depths(parents: Mapping[Key, Key | None]) -> dict[Key, int]:
    """How many things are around each."""
    found: dict[Key, int] = {}
    for key in parents:
        chain = [key]
        while chain[-1] not in found and (parent := parents[chain[-1]]) is not None:
            chain.append(parent)
        for one in reversed(chain):
            parent = parents[one]
            found[one] = 0 if parent is None else found[parent] + 1
    return found
