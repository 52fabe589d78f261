"""A topology as SVG: one file that every browser shows, made without another program.

A scaling group is a frame around its members.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from itertools import cycle
from typing import TYPE_CHECKING, NamedTuple
from xml.sax.saxutils import escape

from durable_wf.inspection.topology.drawing import Kind, Look
from durable_wf.inspection.topology.geometry import Point, Size
from durable_wf.inspection.topology.layers import Way, layered
from durable_wf.inspection.topology.strips import Frames

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from durable_wf.inspection.topology.drawing import Drawing
    from durable_wf.inspection.topology.layers import Layout

_LINE = 16.0
_CHARACTER = 7.3  # of the font below
_SMALL = 6.2  # of a label's
_PAD = 12.0
_MARGIN = 20.0
_PORT = 16.0  # between arrows at one box
_STEPS = (0.5, 0.25, 0.75)  # where on its way an arrow has its label: the first place where none is yet
_GREYS = ("#f4f4f5", "#e4e4e7")  # of frames where colours tell states
_COLORS = ("#dbeafe", "#dcfce7", "#fef3c7", "#fce7f3", "#ede9fe", "#cffafe", "#ffe4e6", "#ecfccb")
_STROKES = {Kind.CONTAINED_IN: "2.5", Kind.CONNECTED_TO: "1.2", Kind.DEPENDS_ON: '1.2" stroke-dasharray="5 4'}


class _Style(NamedTuple):
    """Of a box. corner: how far it is round; negative: how far its corners are cut off."""

    fill: str
    stroke: str
    corner: float = 6.0


_STYLES = {
    Look.PLAIN: _Style("#ffffff", 'stroke="#52525b"'),
    Look.IDLE: _Style("#fafafa", 'stroke="#a1a1aa" stroke-dasharray="4 3"'),
    Look.MOVING: _Style("#dbeafe", 'stroke="#2563eb"', 22.0),
    Look.HALF: _Style("#fef9c3", 'stroke="#a16207"', 0.0),
    Look.STARTED: _Style("#dcfce7", 'stroke="#15803d"'),
    Look.WRONG: _Style("#fee2e2", 'stroke="#b91c1c" stroke-width="2.5"', -10.0),
}

_HEAD = """\
<svg xmlns="http://www.w3.org/2000/svg" width="{0:.0f}" height="{1:.0f}" viewBox="0 0 {0:.0f} {1:.0f}"
 font-family="ui-monospace, Menlo, Consolas, monospace" font-size="12">
<title>topology</title>
<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerUnits="userSpaceOnUse" markerWidth="9"
 markerHeight="9" orient="auto"><path d="M0 0 L8 4 L0 8 z" fill="#52525b"/></marker></defs>
<rect width="100%" height="100%" fill="#ffffff"/>
<g transform="translate({2:.0f} {2:.0f})">"""


class _Ends(NamedTuple):
    """How far from the middle of its boxes an arrow begins and ends."""

    begin: float
    end: float


def svg(drawing: Drawing) -> str:
    """The picture; each box above all that it needs.

    cost    that of `layered`, and linear in the text
    """
    height = max((len(box.lines) for box in drawing.boxes), default=0) * _LINE + _PAD
    sizes = {box.name: Size(max(map(len, box.lines)) * _CHARACTER + 2 * _PAD, height) for box in drawing.boxes}
    ways = [Way(one.source, one.target, len(one.label) * _SMALL) for one in drawing.arrows]
    layout = layered(sizes, ways, _frames(drawing))
    ends = _all_ends(drawing, layout, sizes)
    width = max([layout.size.width, *(len(one.label) * _SMALL for one in drawing.arrows)])
    whole = (width + 2 * _MARGIN, layout.size.height + 2 * _MARGIN)
    parts = [_HEAD.format(*whole, _MARGIN), *_frame_boxes(layout, _frame_colors(drawing))]
    for one, route, at in zip(drawing.arrows, layout.routes, ends, strict=True):
        stroke = f'stroke="#52525b" stroke-width="{_STROKES[one.kind]}"'
        path = _path(_stations(route, at, height))
        parts.append(f'<path d="{path}" fill="none" {stroke} marker-end="url(#tip)"/>')
    for box in drawing.boxes:
        parts += _box(layout.centers[box.name], sizes[box.name], box.lines, _STYLES[box.look])
    parts += _frame_labels({one.name: one.label for one in drawing.frames}, layout, _frame_colors(drawing))
    rows = _Rows(width)
    for one, route, at in zip(drawing.arrows, layout.routes, ends, strict=True):
        parts.append(_label(one.label, route, at, height, rows))
    return "\n".join([*parts, "</g>", "</svg>", ""])


def _frames(drawing: Drawing) -> Frames:
    return Frames(
        of={box.name: box.frame for box in drawing.boxes if box.frame is not None},
        parents={one.name: one.frame for one in drawing.frames},
        labels={one.name: len(one.label) * _CHARACTER for one in drawing.frames},
    )


def _frame_colors(drawing: Drawing) -> Mapping[str, str]:
    """Each in a colour of its own; by how deep it lies where the boxes' colours mean something."""
    if all(box.look is Look.PLAIN for box in drawing.boxes):
        return {one.name: color for one, color in zip(drawing.frames, cycle(_COLORS), strict=False)}
    found: dict[str, str] = {}
    for one in drawing.frames:
        found[one.name] = _GREYS[one.frame is not None and found[one.frame] == _GREYS[0]]
    return found


def _frame_boxes(layout: Layout, colors: Mapping[str, str]) -> Iterator[str]:
    """Outer frames first."""
    for name, (upper, lower) in layout.frames.items():
        place = f'x="{upper.x:.1f}" y="{upper.y:.1f}" width="{lower.x - upper.x:.1f}" height="{lower.y - upper.y:.1f}"'
        yield f'<rect {place} rx="10" fill="{colors[name]}" stroke="#a1a1aa"/>'


def _frame_labels(labels: Mapping[str, str], layout: Layout, colors: Mapping[str, str]) -> Iterator[str]:
    """Their names, in their upper left corners; over arrows, which may come in there."""
    for name, (at, _) in layout.frames.items():
        width = len(labels[name]) * _CHARACTER
        place = f'x="{at.x + _PAD - 2:.1f}" y="{at.y + 4:.1f}" width="{width:.1f}" height="{_LINE:.1f}"'
        yield f'<rect {place} fill="{colors[name]}" fill-opacity="0.9"/>'
        yield f'<text x="{at.x + _PAD:.1f}" y="{at.y + _LINE:.1f}" fill="#3f3f46">{escape(labels[name])}</text>'


def _all_ends(drawing: Drawing, layout: Layout, sizes: Mapping[str, Size]) -> list[_Ends]:
    """Arrows of one box side by side, in the order of where they go to or come from."""
    outgoing: dict[str, list[int]] = {}
    incoming: dict[str, list[int]] = {}
    for index, one in enumerate(drawing.arrows):
        outgoing.setdefault(one.source, []).append(index)
        incoming.setdefault(one.target, []).append(index)
    begins = _spread(outgoing, {index: route[1].x for index, route in enumerate(layout.routes)}, sizes)
    arrives = _spread(incoming, {index: route[-2].x for index, route in enumerate(layout.routes)}, sizes)
    return [_Ends(begins[index], arrives[index]) for index in range(len(drawing.arrows))]


def _spread(
    arrows: Mapping[str, Iterable[int]], towards: Mapping[int, float], sizes: Mapping[str, Size]
) -> dict[int, float]:
    """Distances from the middle of a box's side."""
    places: dict[int, float] = {}
    for name, each in arrows.items():
        order = sorted(each, key=lambda index: (towards[index], index))
        step = min(_PORT, sizes[name].width / (len(order) + 1))
        for number, index in enumerate(order):
            places[index] = (number - (len(order) - 1) / 2) * step
    return places


def _stations(route: Sequence[Point], ends: _Ends, height: float) -> list[Point]:
    """Where an arrow leaves and enters layers: below its source, above and below each bend, above its target."""
    half = height / 2
    found = [Point(route[0].x + ends.begin, route[0].y + half)]
    for bend in route[1:-1]:
        found += [Point(bend.x, bend.y - half), Point(bend.x, bend.y + half)]
    return [*found, Point(route[-1].x + ends.end, route[-1].y - half)]


def _path(stations: Sequence[Point]) -> str:
    """Curves between layers, straight through them."""
    text = f"M{stations[0].x:.1f} {stations[0].y:.1f}"
    for index in range(0, len(stations), 2):
        one, other = stations[index : index + 2]
        bend = (other.y - one.y) / 2
        text += f" C{one.x:.1f} {one.y + bend:.1f} {other.x:.1f} {other.y - bend:.1f} {other.x:.1f} {other.y:.1f}"
        if index + 2 < len(stations):
            text += f" L{stations[index + 2].x:.1f} {stations[index + 2].y:.1f}"
    return text


def _box(center: Point, size: Size, lines: Sequence[str], style: _Style) -> Iterator[str]:
    yield _outline(center, size, style)
    first = center.y - (len(lines) - 1) * _LINE / 2 + _LINE / 4
    for index, line in enumerate(lines):
        font = ' font-weight="bold"' if index == 0 else ' fill="#52525b"'
        place = f'x="{center.x:.1f}" y="{first + index * _LINE:.1f}"'
        yield f'<text {place} text-anchor="middle"{font}>{escape(line)}</text>'


def _outline(center: Point, size: Size, style: _Style) -> str:
    x, y = center.x - size.width / 2, center.y - size.height / 2
    painted = f'fill="{style.fill}" {style.stroke}/>'
    if style.corner >= 0:
        place = f'x="{x:.1f}" y="{y:.1f}" width="{size.width:.1f}" height="{size.height:.1f}"'
        return f'<rect {place} rx="{style.corner:.0f}" {painted}'
    cut, right, low = -style.corner, x + size.width, y + size.height
    corners = (
        (x + cut, y), (right - cut, y), (right, y + cut), (right, low - cut),
        (right - cut, low), (x + cut, low), (x, low - cut), (x, y + cut),
    )  # fmt: skip
    return f'<polygon points="{" ".join(f"{one:.1f},{other:.1f}" for one, other in corners)}" {painted}'


class _Rows:
    """Which labels stand where, by their height in the picture: none is put over another while there is room."""

    def __init__(self, width: float) -> None:
        self._width = width
        self._rows: dict[int, list[tuple[float, float]]] = {}

    def put(self, places: Sequence[Point], width: float) -> Point:
        """The first of some places that is free, or the first of all; moved so far that it is in the picture."""
        least, most = width / 2 - _MARGIN, self._width + _MARGIN - width / 2
        places = [Point(max(least, min(one.x, most)), one.y) for one in places]
        place = next((one for one in places if self._is_free(one, width)), places[0])
        insort(self._rows.setdefault(round(place.y), []), (place.x - width / 2, place.x + width / 2))
        return place

    def _is_free(self, place: Point, width: float) -> bool:
        row = self._rows.get(round(place.y), [])
        left, right = place.x - width / 2, place.x + width / 2
        at = bisect_right(row, (left, right))
        return (at == 0 or row[at - 1][1] <= left) and (at == len(row) or row[at][0] >= right)


def _label(text: str, route: Sequence[Point], ends: _Ends, height: float, rows: _Rows) -> str:
    width = len(text) * _SMALL + 4
    x, y = rows.put(_places(route, ends, height), width)
    place = f'x="{x:.1f}" y="{y + 3:.1f}" text-anchor="middle" font-size="10" fill="#3f3f46"'
    return (  # a box behind the text, for not every program knows paint-order
        f'<rect x="{x - width / 2:.1f}" y="{y - 7:.1f}" width="{width:.1f}" height="14" rx="3" fill="#ffffff" '
        f'fill-opacity="0.9"/><text {place}>{escape(text)}</text>'
    )


def _places(route: Sequence[Point], ends: _Ends, height: float) -> list[Point]:
    """Where an arrow may have its label: at its first bend, where there is room for it; else on its way."""
    if len(route) > 2:  # noqa: PLR2004 - it has a bend
        return [route[1]]
    one, other = _stations(route, ends, height)[:2]
    return [Point(one.x + (other.x - one.x) * _eased(part), one.y + (other.y - one.y) * part) for part in _STEPS]


def _eased(part: float) -> float:
    """How far across a curve is when it is this far down."""
    return part * part * (3 - 2 * part)
