"""Where boxes stand and how arrows run between them: in layers, each box above all that it needs.

networkx is a dependency, but its layouts need numpy, which is none, and do not know that boxes are wide. Long
arrows are led through every layer that they pass, so that they run beside boxes, not across them.
Deterministic: the order of boxes and arrows is all that counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from durable_wf.inspection.topology.geometry import GAP_X, GAP_Y, Area, Point, Size
from durable_wf.inspection.topology.strips import EDGE, NO_FRAMES, TOP, Frames, Room, Strip, areas, rooms, strips

_SWEEPS = 6
_MOST_BENDS = 20_000  # points that long arrows are led through; beyond it they run straight


class Way(NamedTuple):
    """An arrow.

    label   how wide its text is; it has room at the first point that a long arrow is led through
    """

    source: str
    target: str
    label: float = 0.0


@dataclass(frozen=True, slots=True)
class Layout:
    """A finished picture's geometry.

    centers  of the boxes, by name
    routes   for each arrow, in order: the points that it runs through, from center to center
    frames   by name; nothing but what belongs to a frame is in it
    """

    centers: Mapping[str, Point]
    routes: Sequence[Sequence[Point]]
    size: Size
    frames: Mapping[str, Area]


@dataclass(slots=True)
class _Grid:
    """Boxes and bends in layers; a bend is an item of its own, as wide as its label.

    below, above    item -> the items in the next layer that it is joined with
    """

    layers: list[list[str]]
    widths: dict[str, float]
    below: dict[str, list[str]] = field(default_factory=dict)
    above: dict[str, list[str]] = field(default_factory=dict)

    def join(self, upper: str, lower: str) -> None:
        self.below.setdefault(upper, []).append(lower)
        self.above.setdefault(lower, []).append(upper)

    def part(self, owners: Mapping[str, str | None], owner: str | None) -> _Grid:
        """The items of one owner, with what joins them among themselves."""
        layers = [[item for item in layer if owners.get(item) == owner] for layer in self.layers]
        made = _Grid(layers, self.widths)
        for item in (item for layer in layers for item in layer):
            for lower in self.below.get(item, ()):
                if owners.get(lower) == owner:
                    made.join(item, lower)
        return made


def layered(sizes: Mapping[str, Size], arrows: Sequence[Way], frames: Frames = NO_FRAMES) -> Layout:
    """A layout of boxes.

    sizes    of the boxes, by name
    arrows   from box to box, without circles
    cost     linear in boxes, arrows, bends and frames, but for sorting
    """
    ranks = _ranks(sizes, arrows)
    height = max((size.height for size in sizes.values()), default=0.0)
    grid, chains = _grid(sizes, arrows, ranks)
    for sweep in range(_SWEEPS):
        _order(grid, downwards=sweep % 2 == 0)
    owners: dict[str, str | None] = dict(frames.of)
    for chain in chains:
        if len(chain) > 2:  # noqa: PLR2004 - it has bends
            owners.update(dict.fromkeys(chain[1:-1], frames.common(chain[0], chain[-1])))
    xs, found = _places(grid, owners, frames)
    tops, high = _tops(rooms(frames, grid.layers), height)
    places = {
        item: Point(xs[item], top + height / 2) for top, layer in zip(tops, grid.layers, strict=True) for item in layer
    }
    centers = {name: places[name] for name in sizes}
    routes = [[places[item] for item in chain] for chain in chains]
    return Layout(centers, routes, Size(found[None].right, high), areas(frames, centers, height, found))


def _tops(needed: Sequence[Room], height: float) -> tuple[list[float], float]:
    """Where each layer begins, and how high all of them are."""
    tops: list[float] = []
    at = 0.0
    for room in needed:
        tops.append(at + TOP * room.above)
        at = tops[-1] + height + EDGE * room.below + GAP_Y
    return tops, max(0.0, at - GAP_Y)


def _places(
    grid: _Grid, owners: Mapping[str, str | None], frames: Frames
) -> tuple[dict[str, float], dict[str | None, Strip]]:
    """The x of each item, and the strips: each part of the grid is laid out for itself, and moved into its strip."""
    parts = {name: grid.part(owners, name) for name in (None, *frames.parents)} if owners else {None: grid}
    each: dict[str | None, dict[str, float]] = {}
    widths: dict[str | None, float] = dict.fromkeys((None, *frames.parents), 0.0)
    for name, part in parts.items():
        xs = _start(part)
        for sweep in range(_SWEEPS):
            _pull(part, xs, downwards=sweep % 2 == 0)
        left = min((x - grid.widths[item] / 2 for item, x in xs.items()), default=0.0)
        each[name] = {item: x - left for item, x in xs.items()}
        widths[name] = max((x + grid.widths[item] / 2 for item, x in each[name].items()), default=0.0)
    found = strips(frames, widths)
    return {item: x + found[name].begin for name, xs in each.items() for item, x in xs.items()}, found


def _ranks(names: Mapping[str, Size], arrows: Sequence[Way]) -> dict[str, int]:
    """The longest way from each box down to one that needs nothing."""
    waiting = dict.fromkeys(names, 0)
    sources: dict[str, list[str]] = {}
    for source, target, _ in arrows:
        waiting[source] += 1
        sources.setdefault(target, []).append(source)
    ranks = dict.fromkeys(names, 0)
    ready = [name for name, count in waiting.items() if count == 0]
    for name in ready:  # grows while it is walked
        for source in sources.get(name, ()):
            ranks[source] = max(ranks[source], ranks[name] + 1)
            waiting[source] -= 1
            if waiting[source] == 0:
                ready.append(source)
    return ranks


def _grid(sizes: Mapping[str, Size], arrows: Sequence[Way], ranks: Mapping[str, int]) -> tuple[_Grid, list[list[str]]]:
    """The layers, top first, and for each arrow the items that it runs through."""
    top = max(ranks.values(), default=-1)
    grid = _Grid([[] for _ in range(top + 1)], {name: size.width for name, size in sizes.items()})
    for name in sizes:
        grid.layers[top - ranks[name]].append(name)
    bends = sum(max(0, ranks[source] - ranks[target] - 1) for source, target, _ in arrows)
    chains: list[list[str]] = []
    for number, (source, target, label) in enumerate(arrows):
        chain = [source]
        for rank in range(ranks[source] - 1, ranks[target], -1) if bends <= _MOST_BENDS else ():
            bend = f"{number}.{rank}"
            while bend in sizes:
                bend += "'"
            grid.layers[top - rank].append(bend)
            grid.widths[bend] = label if len(chain) == 1 else 0.0
            chain.append(bend)
        chain.append(target)
        chains.append(chain)
        for upper, lower in pairwise(chain):
            grid.join(upper, lower)
    return grid, chains


def _order(grid: _Grid, *, downwards: bool) -> None:
    """Sort each layer by where the items' neighbours stand in the layer before: fewer arrows cross."""
    at = {item: float(index) for layer in grid.layers for index, item in enumerate(layer)}
    neighbours = grid.above if downwards else grid.below
    for layer in grid.layers if downwards else reversed(grid.layers):
        wanted = {item: _mean([at[one] for one in neighbours.get(item, ())], at[item]) for item in layer}
        layer.sort(key=wanted.__getitem__)
        at.update((item, float(index)) for index, item in enumerate(layer))


def _start(grid: _Grid) -> dict[str, float]:
    """Each layer side by side, around 0."""
    xs: dict[str, float] = {}
    for layer in grid.layers:
        total = sum(grid.widths[item] + GAP_X for item in layer) - GAP_X
        x = -total / 2
        for item in layer:
            xs[item] = x + grid.widths[item] / 2
            x += grid.widths[item] + GAP_X
    return xs


def _pull(grid: _Grid, xs: dict[str, float], *, downwards: bool) -> None:
    """Move items towards their neighbours in the layer before; none over another one."""
    neighbours = grid.above if downwards else grid.below
    for layer in grid.layers if downwards else reversed(grid.layers):
        wanted = [_mean([xs[one] for one in neighbours.get(item, ())], xs[item]) for item in layer]
        moved: list[float] = []
        for index, item in enumerate(layer):
            least = moved[-1] + _apart(grid, layer[index - 1], item) if moved else wanted[index]
            moved.append(max(wanted[index], least))
        back = _mean([want - got for want, got in zip(wanted, moved, strict=True)], 0.0)
        xs.update((item, x + back) for item, x in zip(layer, moved, strict=True))


def _apart(grid: _Grid, one: str, other: str) -> float:
    return (grid.widths[one] + grid.widths[other]) / 2 + GAP_X


def _mean(numbers: Sequence[float], default: float) -> float:
    return sum(numbers) / len(numbers) if numbers else default
