"""Pictures of topologies: what is drawn, and that what is written can be read by those who draw it."""

import json
import re
from itertools import combinations
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durable_wf.inspection.topology.drawing import Arrow, Box, Drawing, Frame, Kind, drawing_of
from durable_wf.inspection.topology.geometry import Size
from durable_wf.inspection.topology.layers import Way, layered
from durable_wf.inspection.topology.strips import Frames
from durable_wf.inspection.topology.svg import svg
from durable_wf.inspection.topology.texts import dot, mermaid
from tests.dsl.kit import deployed

TEXT = """
node_templates:
  net: {type: cloudify.nodes.Root}
  vm: {type: cloudify.nodes.Compute, relationships: [{type: cloudify.relationships.depends_on, target: net}]}
  app:
    type: cloudify.nodes.Root
    instances: {deploy: 3}
    relationships:
      - {type: cloudify.relationships.contained_in, target: vm}
      - {type: cloudify.relationships.connected_to, target: net, properties: {connection_type: all_to_one}}
      - {type: cloudify.relationships.connected_to, target: net}
groups: {pair: {members: [vm]}, zone: {members: [pair]}, unscaled: {members: [net]}}
policies:
  p: {type: cloudify.policies.scaling, targets: [pair], properties: {default_instances: 2}}
  z: {type: cloudify.policies.scaling, targets: [zone]}
"""
DRAWING = drawing_of(deployed(TEXT))


def test_what_is_drawn():
    """Nodes, relationships with what they say of pairs, and groups that multiply; contained nodes stand in them too."""
    assert DRAWING.boxes == (
        Box("net", ("net", "Root")),
        Box("vm", ("vm", "Compute", "2 instances"), "pair"),
        Box("app", ("app", "Root", "6 instances"), "pair"),
    )
    assert DRAWING.arrows == (
        Arrow("vm", "net", "depends_on", Kind.DEPENDS_ON),
        Arrow("app", "vm", "contained_in", Kind.CONTAINED_IN),
        Arrow("app", "net", "connected_to, all to one", Kind.CONNECTED_TO),
        Arrow("app", "net", "connected_to", Kind.CONNECTED_TO),
    )
    assert DRAWING.frames == (Frame("zone", "zone"), Frame("pair", "pair ×2", "zone"))


def test_dot():
    assert dot(DRAWING) == (
        "digraph topology {\n"
        "  node [shape=box, style=rounded];\n"
        '  n0 [label="net\\nRoot"];\n'
        "  subgraph cluster_g0 {\n"
        '    label="zone";\n'
        "    subgraph cluster_g1 {\n"
        '      label="pair ×2";\n'
        '      n1 [label="vm\\nCompute\\n2 instances"];\n'
        '      n2 [label="app\\nRoot\\n6 instances"];\n'
        "    }\n"
        "  }\n"
        '  n1 -> n0 [label="depends_on", style=dashed];\n'
        '  n2 -> n1 [label="contained_in", style=bold];\n'
        '  n2 -> n0 [label="connected_to, all to one", style=solid];\n'
        '  n2 -> n0 [label="connected_to", style=solid];\n'
        "}\n"
    )


def test_mermaid():
    assert mermaid(DRAWING) == (
        "flowchart TB\n"
        '  n0["net<br/>Root"]\n'
        '  subgraph g0["zone"]\n'
        '    subgraph g1["pair ×2"]\n'
        '      n1["vm<br/>Compute<br/>2 instances"]\n'
        '      n2["app<br/>Root<br/>6 instances"]\n'
        "    end\n"
        "  end\n"
        '  n1 -.->|"depends_on"| n0\n'
        '  n2 ==>|"contained_in"| n1\n'
        '  n2 -->|"connected_to, all to one"| n0\n'
        '  n2 -->|"connected_to"| n0\n'
    )


SVG = "{http://www.w3.org/2000/svg}"


def parsed(text):
    return ET.fromstring(text)  # noqa: S314 - our own text


AREA = ("x", "y", "width", "height")


def is_inside(inner, outer):
    return (
        outer["x"] < inner["x"]
        and outer["y"] < inner["y"]
        and inner["x"] + inner["width"] < outer["x"] + outer["width"]
        and inner["y"] + inner["height"] < outer["y"] + outer["height"]
    )


def test_svg_says_the_same():
    """Well-formed; each box with its lines, each group around its members, each arrow with its label."""
    root = parsed(svg(DRAWING))
    texts = [one.text for one in root.iter(f"{SVG}text")]
    assert texts[:3] == ["net", "Root", "vm"]
    assert texts[3:5] == ["Compute", "2 instances"]
    assert texts[-6:-4] == ["zone", "pair ×2"]
    assert texts[-4:] == [arrow.label for arrow in DRAWING.arrows]
    rectangles = [one for one in root.iter(f"{SVG}rect") if "stroke" in one.attrib]
    zone, pair, net, vm, app = ({key: float(one.get(key)) for key in AREA} for one in rectangles)
    assert is_inside(pair, zone)
    assert [is_inside(box, pair) for box in (vm, app, net)] == [True, True, False]
    assert len(list(root.iter(f"{SVG}path"))) == 1 + len(DRAWING.arrows)
    assert svg(DRAWING) == svg(DRAWING)


@pytest.mark.parametrize("draw", [svg, dot, mermaid])
def test_an_empty_topology(draw):
    """A picture without anything is a picture."""
    text = draw(Drawing((), (), ()))
    assert text.endswith("\n")
    assert "nan" not in text


HOSTILE = ['"', "\\", '\\"', "end", "]]>", "<b>&amp;", "#quot;", "a\nb", "x;y", "`js`", "ä ×", "%%", "n0", "--"]


@pytest.mark.parametrize("name", HOSTILE)
def test_names_cannot_break_out_of_their_text(name):
    """They stand in quoted labels; what a format reads as its own is escaped, line breaks are blanks."""
    template = {"type": "cloudify.nodes.Root"}
    plan = deployed(f"node_templates: {json.dumps({name: template, 'other': template})}")
    drawing = drawing_of(plan)
    shown = name.replace("\n", " ")
    assert drawing.boxes[0].lines[0] == shown
    (label, _) = re.findall(r'^  n\d \[label="((?:[^"\\]|\\.)*)"\];$', dot(drawing), re.MULTILINE)
    assert re.sub(r"\\(.)", r"\1", label.removesuffix("\\nRoot")) == shown
    (label, _) = re.findall(r'^  n\d\["([^"]*)"\]$', mermaid(drawing), re.MULTILINE)
    plain = label.removesuffix("<br/>Root")
    assert not set(plain) & set('"<>&`\\')
    assert re.sub(r"#(\d+);", lambda match: chr(int(match[1])), plain) == shown
    assert next(one.text for one in parsed(svg(drawing)).iter(f"{SVG}text")) == shown


@st.composite
def graphs(draw):
    """Boxes of different widths, and arrows from later ones to earlier ones."""
    count = draw(st.integers(1, 12))
    sizes = {f"b{n}": Size(draw(st.sampled_from([20.0, 80.0, 200.0])), 40.0) for n in range(count)}
    pairs = list(combinations(range(count), 2))
    chosen = draw(st.lists(st.sampled_from(pairs), max_size=25)) if pairs else []
    return sizes, [Way(f"b{later}", f"b{earlier}", 50.0) for earlier, later in chosen]


@given(graphs())
def test_boxes_never_overlap_and_arrows_run_down(graph):
    """Whatever the graph: each box has room of its own, inside the picture, above all that it needs."""
    sizes, ways = graph
    layout = layered(sizes, ways)
    for one, other in combinations(sizes, 2):
        a, b = layout.centers[one], layout.centers[other]
        if a.y == b.y:
            assert abs(a.x - b.x) >= (sizes[one].width + sizes[other].width) / 2
        else:
            assert abs(a.y - b.y) >= 40.0
    for name, center in layout.centers.items():
        half = sizes[name].width / 2
        assert -0.001 <= center.x - half < center.x + half <= layout.size.width + 0.001
        assert 20.0 <= center.y <= layout.size.height - 20.0
    for way, route in zip(ways, layout.routes, strict=True):
        assert (route[0], route[-1]) == (layout.centers[way.source], layout.centers[way.target])
        assert [point.y for point in route] == sorted({point.y for point in route})
    assert layout == layered(sizes, ways)


@st.composite
def framed(draw):
    """Such a graph with some of its boxes in frames, some of which are in others."""
    sizes, ways = draw(graphs())
    count = draw(st.integers(0, 4))
    parents = {f"f{n}": draw(st.sampled_from([None, *(f"f{one}" for one in range(n))])) for n in range(count)}
    chosen = {box: draw(st.sampled_from([None, *parents])) for box in sizes}
    of = {box: frame for box, frame in chosen.items() if frame is not None}
    return sizes, ways, Frames(of, parents, {name: draw(st.sampled_from([10.0, 300.0])) for name in parents})


@given(framed())
def test_a_frame_has_in_it_what_belongs_to_it_and_nothing_else(graph):
    """Boxes and frames; and a frame is in the picture, as wide as its name, and over no other."""
    sizes, ways, frames = graph
    layout = layered(sizes, ways, frames)
    for name, (upper, lower) in layout.frames.items():
        assert 0.0 <= upper.x < lower.x <= layout.size.width + 0.001
        assert 0.0 <= upper.y < lower.y <= layout.size.height + 0.001
        assert lower.x - upper.x >= frames.labels[name]
        for box, center in layout.centers.items():
            half = sizes[box].width / 2
            if name in frames.around(box):
                assert upper.x < center.x - half + 0.001
                assert center.x + half < lower.x + 0.001
                assert upper.y < center.y - 20.0 < center.y + 20.0 < lower.y
            else:
                sides = (center.x + half <= upper.x, center.x - half >= lower.x)
                assert any(sides) or center.y + 20.0 < upper.y or center.y - 20.0 > lower.y
    shown = {name: set(_above(name, frames.parents)) for name in layout.frames}
    for one, other in combinations(layout.frames, 2):
        if other not in shown[one] and one not in shown[other]:
            a, b = layout.frames[one], layout.frames[other]
            assert a.lower.x <= b.upper.x or b.lower.x <= a.upper.x
    assert layout == layered(sizes, ways, frames)


def _above(name, parents):
    while name is not None:
        yield name
        name = parents[name]


def test_labels_of_arrows_do_not_meet_while_there_is_room():
    """Three arrows into one box, whose labels are longer than the boxes are wide; none leaves the picture."""
    boxes = (Box("t", ("t",)), Box("a", ("a",)), Box("b", ("b",)), Box("c", ("c",)))
    arrows = tuple(Arrow(one, "t", f"a long label of {one}", Kind.DEPENDS_ON) for one in "abc")
    root = parsed(svg(Drawing(boxes, arrows, ())))
    labels = [one for one in root.iter(f"{SVG}rect") if one.get("fill-opacity")]
    places = [(float(one.get("x")), float(one.get("y")), float(one.get("width"))) for one in labels]
    assert len(places) == 3
    for (x, y, width), (left, top, wide) in combinations(places, 2):
        assert abs(y - top) >= 14 or x + width <= left or left + wide <= x
    assert all(x >= -20 and x + width <= float(root.get("width")) - 20 for x, _, width in places)


def test_long_arrows_run_beside_boxes():
    """A bend in each layer that an arrow passes, as far from the boxes there as they are from each other."""
    sizes = {name: Size(50.0, 20.0) for name in "abc"}
    layout = layered(sizes, [Way("a", "b"), Way("b", "c"), Way("a", "c", 80.0)])
    (_, bend, _) = layout.routes[2]
    assert bend.y == layout.centers["b"].y
    assert abs(bend.x - layout.centers["b"].x) >= (50.0 + 80.0) / 2


def test_a_picture_with_very_many_long_arrows_is_drawn_with_straight_ones():
    """Bends of all arrows would be more than boxes and arrows by far."""
    sizes = {f"b{n}": Size(50.0, 20.0) for n in range(400)}
    ways = [Way(f"b{n}", f"b{n - 1}") for n in range(1, 400)] + [Way(f"b{n}", "b0") for n in range(2, 400)]
    layout = layered(sizes, ways)
    assert {len(route) for route in layout.routes} == {2}
