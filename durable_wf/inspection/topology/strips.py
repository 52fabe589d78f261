"""Frames around boxes: each has a strip of the picture to itself, so that nothing else stands in it.

What is in a frame directly stands left in its strip, and the strips of the frames in it stand right of that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from durable_wf.inspection.topology.geometry import GAP_X, Area, Point

TOP = 30.0  # room for a frame's name, above what is in it
EDGE = 12.0  # room at its other sides


@dataclass(frozen=True, slots=True)
class Frames:
    """The frames of a picture.

    of       box -> the innermost frame around it
    parents  frame -> the frame around it, or None; outer ones first
    labels   frame -> the width of its name
    """

    of: Mapping[str, str]
    parents: Mapping[str, str | None]
    labels: Mapping[str, float]

    def around(self, box: str) -> Iterator[str]:
        """The frames around a box, inner to outer."""
        at = self.of.get(box)
        while at is not None:
            yield at
            at = self.parents[at]

    def common(self, box: str, other: str) -> str | None:
        """The innermost frame around both of two boxes."""
        outer = set(self.around(box))
        return next((name for name in self.around(other) if name in outer), None)


NO_FRAMES = Frames({}, {}, {})


class Strip(NamedTuple):
    """Where a strip begins and ends, and where what stands in it directly begins."""

    left: float
    right: float
    begin: float


def strips(frames: Frames, widths: Mapping[str | None, float]) -> dict[str | None, Strip]:
    """The strip of each frame, and under None that of the whole picture.

    widths   of what stands directly in each frame, and under None in no frame; 0 for nothing
    """
    filled = dict(widths)
    for name, parent in reversed(list(frames.parents.items())):
        whole = max(filled[name], frames.labels[name]) + 2 * EDGE
        filled[name] = whole
        filled[parent] += whole + (GAP_X if filled[parent] else 0.0)
    found: dict[str | None, Strip] = {None: Strip(0.0, filled[None], 0.0)}
    free: dict[str | None, float] = {None: widths[None]}
    for name, parent in frames.parents.items():
        left = free[parent] + (GAP_X if free[parent] > found[parent].begin else 0.0)
        found[name] = Strip(left, left + filled[name], left + EDGE)
        free[parent] = left + filled[name]
        free[name] = left + EDGE + widths[name]
    return found


class Room(NamedTuple):
    """How many frames begin right above a layer, and how many end right below it, at most over one another."""

    above: int = 0
    below: int = 0


def rooms(frames: Frames, layers: Sequence[Sequence[str]]) -> list[Room]:
    """The room that frames need at each layer.

    layers   items from top to bottom; those that are no boxes need none
    """
    first: dict[str, int] = {}
    last: dict[str, int] = {}
    around = {box: tuple(frames.around(box)) for box in frames.of}
    for index, layer in enumerate(layers):
        for name in (name for item in layer for name in around.get(item, ())):
            first.setdefault(name, index)
            last[name] = index
    found: list[Room] = []
    for index, layer in enumerate(layers):
        names = [around[item] for item in layer if item in around]
        above = max((sum(first[name] == index for name in each) for each in names), default=0)
        below = max((sum(last[name] == index for name in each) for each in names), default=0)
        found.append(Room(above, below))
    return found


def areas(
    frames: Frames, boxes: Mapping[str, Point], height: float, found: Mapping[str | None, Strip]
) -> dict[str, Area]:
    """The rectangle of each frame, around its boxes and frames; outer ones first.

    boxes    centers by name
    height   of a box
    """
    ends: dict[str, list[float]] = {name: [] for name in frames.parents}
    for box, frame in frames.of.items():
        ends[frame] += [boxes[box].y - height / 2, boxes[box].y + height / 2]
    for name, parent in reversed(list(frames.parents.items())):
        if ends[name]:
            ends[name] = [min(ends[name]) - TOP, max(ends[name]) + EDGE]
            if parent is not None:
                ends[parent] += ends[name]
    return {
        name: Area(Point(found[name].left, ends[name][0]), Point(found[name].right, ends[name][1]))
        for name in frames.parents
        if ends[name]
    }
