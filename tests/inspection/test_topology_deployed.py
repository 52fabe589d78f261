"""Pictures of what is deployed: a box for each instance by its state, and of many, a box for each node."""

import re
from xml.etree import ElementTree as ET

import pytest

from durable_wf.inspection.deployment_records import Group, Node, NodeInstance, NodeRelationship, Topology
from durable_wf.inspection.records import Relationship
from durable_wf.inspection.topology.deployed import drawing_of_deployed, look_of
from durable_wf.inspection.topology.drawing import Arrow, Box, Drawing, Frame, Kind, Look
from durable_wf.inspection.topology.svg import svg
from durable_wf.inspection.topology.texts import dot, mermaid
from tests.dsl.kit import deployed

TEXT = """
node_templates:
  net: {type: cloudify.nodes.Root}
  vm: {type: cloudify.nodes.Compute, relationships: [{type: cloudify.relationships.depends_on, target: net}]}
  app:
    type: cloudify.nodes.Root
    instances: {deploy: 2}
    relationships:
      - {type: cloudify.relationships.contained_in, target: vm}
      - {type: cloudify.relationships.connected_to, target: net}
groups: {pair: {members: [vm]}}
policies:
  p: {type: cloudify.policies.scaling, targets: [pair], properties: {default_instances: 2}}
"""
PLAN = deployed(TEXT)
CONTAINERS = {"app": "vm"}
STATES = ["started", "starting", "uninitialized", "stopped"]


def topology(states=STATES, odd=None):
    """The planned deployment with these states of its applications, and all else started."""
    left = list(states)
    instances = []
    for one in PLAN.instances:
        state = left.pop(0) if one.node == "app" else "started"
        links = [Relationship(each.type, each.target_name, each.target_id) for each in one.relationships]
        container = next((each.target_id for each in links if each.target_name == CONTAINERS.get(one.node)), None)
        groups = [{"name": each.name, "id": each.id} for each in one.scaling_groups]
        instances.append(
            NodeInstance(
                one.id, one.node, one.index, state, one.host_id, {}, links, groups, 0, container, {},
                (odd or {}).get(state),
            )
        )  # fmt: skip
    nodes = [
        Node(
            node.name, node.type, node.host_id, _counts(instances, node.name), CONTAINERS.get(node.name),
            "pair" if node.name == "vm" else None,
            [NodeRelationship(each.type, each.target) for each in node.relationships],
        )
        for node in PLAN.nodes.values()
    ]  # fmt: skip
    ids = list(dict.fromkeys(each["id"] for one in instances for each in one.scaling_groups))
    return Topology("d", None, None, nodes, instances, [Group("pair", ["vm"], "p", None, None, ids)])


def _counts(instances, node):
    states = [one.state for one in instances if one.node_id == node]
    return {state: states.count(state) for state in sorted(set(states))}


ODD = {"starting": "left so"}


def test_each_instance_has_a_box_with_its_state_in_the_frame_of_its_instance_of_a_group():
    drawing = drawing_of_deployed(topology(odd=ODD), PLAN.nodes)
    first, second = (frame.name for frame in drawing.frames)
    apps = [box for box in drawing.boxes if box.name.startswith("app_")]
    assert [box.lines[1:] for box in apps] == [
        ("Root", "started"), ("Root", "starting", "! left so"), ("Root", "uninitialized"), ("Root", "stopped"),
    ]  # fmt: skip
    assert [box.look for box in apps] == [Look.STARTED, Look.WRONG, Look.IDLE, Look.HALF]
    assert {box.frame for box in apps} == {first, second}
    (net,) = (box for box in drawing.boxes if box.name.startswith("net_"))
    assert (net.frame, net.look) == (None, Look.STARTED)
    kinds = sorted(one.kind for one in drawing.arrows)
    assert kinds == [Kind.CONNECTED_TO] * 4 + [Kind.CONTAINED_IN] * 4 + [Kind.DEPENDS_ON] * 2


def test_many_instances_are_folded_into_their_nodes():
    drawing = drawing_of_deployed(topology(odd=ODD), PLAN.nodes, most=6)
    assert drawing.boxes == (
        Box("net", ("net", "Root", "1 started"), None, Look.STARTED),
        Box("vm", ("vm", "Compute", "2 started"), "pair", Look.STARTED),
        Box(
            "app",
            ("app", "Root", "1 started, 1 starting, 1 stopped, 1 uninitialized", "! 1 not as expected"),
            "pair",
            Look.WRONG,
        ),
    )
    assert drawing.frames == (Frame("pair", "pair ×2"),)
    assert Arrow("app", "vm", "contained_in", Kind.CONTAINED_IN) in drawing.arrows
    assert len(drawing_of_deployed(topology(), PLAN.nodes, most=7).boxes) == 7


@pytest.mark.parametrize(
    ("states", "look"),
    [
        (["started"] * 4, Look.STARTED),
        (["uninitialized"] * 4, Look.IDLE),
        (["started", "starting", "starting", "created"], Look.MOVING),
        (["started", "stopped", "stopped", "started"], Look.HALF),
    ],
)
def test_a_folded_node_looks_as_its_instances_do(states, look):
    boxes = {box.name: box for box in drawing_of_deployed(topology(states), PLAN.nodes, most=0).boxes}
    assert boxes["app"].look is look


def test_a_relationship_to_what_is_gone_has_no_arrow():
    whole = topology()
    left = [one for one in whole.instances if one.node_id != "net"]
    drawing = drawing_of_deployed(Topology("d", None, None, whole.nodes, left, whole.groups), PLAN.nodes)
    assert {one.kind for one in drawing.arrows} == {Kind.CONTAINED_IN}
    assert svg(drawing)


def test_a_state_of_an_authors_own_is_between_made_and_started():
    one = topology(["paused for lunch", "deleted", "deleting", "configured"]).instances
    looks = [look_of(each) for each in one if each.node_id == "app"]
    assert looks == [Look.HALF, Look.IDLE, Look.MOVING, Look.HALF]


LOOKS = Drawing(tuple(Box(look, (look, "x"), None, look) for look in Look), (), ())


def test_each_look_has_a_colour_and_a_shape_of_its_own_in_svg():
    root = ET.fromstring(svg(LOOKS))  # noqa: S314 - it is our own
    shapes = [
        (one.tag.rpartition("}")[2], one.get("fill"), one.get("stroke"), one.get("rx"), one.get("stroke-dasharray"))
        for one in root.iter()
        if one.get("stroke") and one.tag.rpartition("}")[2] in ("rect", "polygon")
    ]
    assert len(set(shapes)) == len(Look)
    assert len({(tag, corner, dash) for tag, _, _, corner, dash in shapes}) == len(Look) - 1  # plain is as started
    assert len({fill for _, fill, *_ in shapes}) == len(Look)


def test_each_look_has_a_style_of_its_own_in_dot_and_mermaid():
    styles = re.findall(r'label="[^"]*"(.*)\];', dot(LOOKS))
    assert len(set(styles)) == len(Look)
    assert styles[0] == ""
    text = mermaid(LOOKS)
    assert re.findall(r":::(\w+)", text) == [str(look) for look in Look][1:]
    assert re.findall(r"classDef (\w+) ", text) == [str(look) for look in Look][1:]
    assert '  n1(["idle<br/>x"]):::idle\n' in text
    assert "classDef" not in mermaid(Drawing((Box("a", ("a",)),), (), ()))


def test_frames_are_grey_where_colours_tell_states():
    frames = (Frame("outer", "outer"), Frame("inner", "inner", "outer"))
    deployed_, planned = (
        svg(Drawing((Box("a", ("a",), "inner", look),), (), frames)) for look in (Look.STARTED, Look.PLAIN)
    )
    assert re.findall(r'rx="10" fill="([^"]*)"', deployed_) == ["#f4f4f5", "#e4e4e7"]
    assert re.findall(r'rx="10" fill="([^"]*)"', planned) == ["#dbeafe", "#dcfce7"]
