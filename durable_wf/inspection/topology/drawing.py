"""What a picture of a topology shows, whatever it is drawn with: boxes, arrows, and frames around boxes.

Source: reference/blueprint-dsl.md §11–§13, §15.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from durable_wf.dsl.containment import container_of, is_contained_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from durable_wf.model.plan import DeploymentPlan, Node, Relationship

_PREFIXES = ("cloudify.nodes.", "cloudify.relationships.")
_CONNECTED_TO = "cloudify.relationships.connected_to"


class Kind(StrEnum):
    """The three relationships that all others derive from."""

    CONTAINED_IN = "contained_in"
    CONNECTED_TO = "connected_to"
    DEPENDS_ON = "depends_on"


class Look(StrEnum):
    """How a box is drawn: by the state of what it stands for. Each has a colour and a shape of its own."""

    PLAIN = "plain"  # it is planned only
    IDLE = "idle"  # not made yet, or no more
    MOVING = "moving"
    HALF = "half"  # made, not started
    STARTED = "started"
    WRONG = "wrong"  # not as one would expect it


@dataclass(frozen=True, slots=True)
class Box:
    """A node, or an instance of one.

    lines   what stands in the box: name, type, and the number of instances unless it is one; or the state
    frame   name of the scaling group that it is in, itself or by being contained in a member
    """

    name: str
    lines: tuple[str, ...]
    frame: str | None = None
    look: Look = Look.PLAIN


@dataclass(frozen=True, slots=True)
class Arrow:
    """A relationship between two boxes, which are named."""

    source: str
    target: str
    label: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Frame:
    """A scaling group.

    label   with the number of instances in each place, unless it is one
    frame   name of the scaling group that it is a member of
    """

    name: str
    label: str
    frame: str | None = None


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture's content. Arrows make no circles; frames form a tree, outer ones first."""

    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    frames: tuple[Frame, ...]

    def inside(self, frame: str | None) -> tuple[list[Box], list[Frame]]:
        """What stands directly in a frame, or in none."""
        return [one for one in self.boxes if one.frame == frame], [one for one in self.frames if one.frame == frame]


def drawing_of(plan: DeploymentPlan) -> Drawing:
    """The picture of a plan: a box for each node, an arrow for each relationship of a node."""
    groups = plan.blueprint.scaling_groups
    owner = {member: name for name, group in groups.items() for member in group.members}
    totals = Counter(one.node for one in plan.instances)
    boxes = [
        Box(node.name, _lines(node, totals[node.name]), _frame(node, plan.nodes, owner)) for node in plan.nodes.values()
    ]
    arrows = [arrow_of(node, one) for node in plan.nodes.values() for one in node.relationships]
    frames = [
        Frame(name, _counted(name, groups[name].scalable.default_instances), owner.get(name))
        for name in _outer_first(groups, owner)
    ]
    return Drawing(tuple(boxes), tuple(arrows), tuple(frames))


def _frame(node: Node, nodes: Mapping[str, Node], owner: Mapping[str, str]) -> str | None:
    """The group of a node, or else of the nearest node that contains it and has one."""
    at: str | None = node.name
    while at is not None and at not in owner:
        at = container_of(nodes[at])
    return None if at is None else owner[at]


def _outer_first(names: Iterable[str], owner: Mapping[str, str]) -> list[str]:
    found: dict[str, None] = {}
    for name in names:
        chain = [name]
        while chain[-1] in owner:
            chain.append(owner[chain[-1]])
        found.update(dict.fromkeys(reversed(chain)))
    return list(found)


def _lines(node: Node, total: int) -> tuple[str, ...]:
    count = () if total == 1 else (f"{total} instances",)
    return (clean(node.name), short_type(node.type), *count)


def _counted(name: str, count: int) -> str:
    return clean(name) if count == 1 else f"{clean(name)} ×{count}"


def kind_of(one: Relationship) -> Kind:
    """Which of the three a relationship derives from."""
    if is_contained_in(one):
        return Kind.CONTAINED_IN
    return Kind.CONNECTED_TO if any(_CONNECTED_TO in name for name in one.type_hierarchy) else Kind.DEPENDS_ON


def arrow_of(node: Node, one: Relationship) -> Arrow:
    """The arrow of a node's relationship, with what it says of pairs of instances."""
    kind = kind_of(one)
    single = kind is not Kind.CONTAINED_IN and one.properties.get("connection_type") == "all_to_one"
    return Arrow(node.name, one.target, short_type(one.type) + (", all to one" if single else ""), kind)


def short_type(type_name: str) -> str:
    """A type's name, without what all built-in ones begin with."""
    return clean(next((type_name.removeprefix(one) for one in _PREFIXES if type_name.startswith(one)), type_name))


def clean(text: str) -> str:
    """On one line, without characters that pictures cannot hold."""
    return "".join(one if one.isprintable() else " " for one in text)
