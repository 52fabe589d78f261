"""Which instances attributes are read of: reference/blueprint-dsl.md §14, "get_attribute instance choice"."""

import pytest

from durable_wf.dsl.outcomes import EvaluationError
from durable_wf.dsl.runtime import InstanceView, evaluate
from tests.dsl.scopes import Scope


def view(name, node, index, *, groups=(), container=None, targets=(), **properties):
    return InstanceView(name, node, index, properties, targets, container, groups)


def scope(**who):
    """Two racks in a room: each rack has two hosts, each host an app; one db a rack, and a far db for one app."""
    inner = [("rack", "rack_1"), ("room", "room_1")], [("rack", "rack_2"), ("room", "room_1")]
    hosts = [view(f"host_{n}", "host", n, groups=inner[n > 2]) for n in range(1, 5)]
    apps = [view(f"app_{n}", "app", n, container=f"host_{n}", ip=n) for n in range(1, 5)]
    dbs = [view(f"db_{n}", "db", n, groups=inner[n - 1], ip=f"db{n}") for n in (1, 2)]
    gates = [view(f"gate_{n}", "gate", n, groups=[("room", f"room_{n}")], ip=f"gate{n}") for n in (1, 2)]
    lonely = [view("lonely_1", "lonely", 1, targets=["db_2"])]
    both = [view("both_1", "both", 1, groups=inner[0], targets=["db_1", "db_2"])]
    nodes = {name: {} for name in ("host", "app", "db", "gate", "lonely", "both")}
    return Scope(nodes=nodes, instances=[*hosts, *apps, *dbs, *gates, *lonely, *both], **who)


@pytest.mark.parametrize(
    ("who", "node", "value"),
    [
        ({"self_id": "app_1"}, "db", "db1"),
        ({"self_id": "app_3"}, "db", "db2"),
        ({"self_id": "app_3"}, "gate", "gate1"),
        ({"self_id": "lonely_1"}, "db", "db2"),
        ({"self_id": "both_1"}, "db", "db1"),
        ({"source_id": "app_4", "target_id": "lonely_1"}, "db", "db2"),
        ({"source_id": "lonely_1", "target_id": "host_1"}, "db", "db1"),
        ({}, "lonely", None),
    ],
)
def test_which_instance_is_meant(who, node, value):
    """The only one; else SELF's target; else the one in the smallest scaling group that is shared, containers' too."""
    assert evaluate({"get_attribute": [node, "ip"]}, scope(**who)) == value


@pytest.mark.parametrize(
    ("who", "node"), [({"self_id": "app_1"}, "host"), ({"self_id": "lonely_1"}, "gate"), ({}, "db"), ({}, "app")]
)
def test_what_cannot_be_told(who, node):
    """Several in the smallest group, no group, no context."""
    with pytest.raises(EvaluationError, match=f"'{node}' has . instances"):
        evaluate({"get_attribute": [node, "ip"]}, scope(**who))


def test_of_all_instances():
    """By index; null where nothing is."""
    here = scope()
    assert evaluate({"get_attributes_list": ["db", "ip"]}, here) == ["db1", "db2"]
    assert evaluate({"get_attributes_list": ["db", "ip", "deep"]}, here) == [None, None]
    assert evaluate({"get_attributes_list": ["SELF", "ip"]}, scope(self_id="db_1")) == ["db1", "db2"]
    assert evaluate({"get_attributes_dict": ["db", "ip", ["node_instance_id"], ["no", 0]]}, here) == {
        "db_1": {"ip": "db1", "node_instance_id": "db_1", "no.0": None},
        "db_2": {"ip": "db2", "node_instance_id": "db_2", "no.0": None},
    }


def test_of_all_instances_what_goes_wrong():
    """Names that would meet, nodes that are not there."""
    with pytest.raises(EvaluationError, match=r"two values would have the name 'a.b'"):
        evaluate({"get_attributes_dict": ["db", {"concat": ["a.b"]}, ["a", "b"]]}, scope())
    for name in ("get_attributes_list", "get_attributes_dict"):
        with pytest.raises(EvaluationError, match="there is no node 'nobody'"):
            evaluate({name: ["nobody", "ip"]}, scope())


def test_instances_contained_in_a_circle_do_not_hang():
    """No plan has such, a damaged journal may."""
    one = view("a_1", "a", 1, container="a_1")
    two = [view(f"b_{n}", "b", n, groups=[("g", f"g_{n}")]) for n in (1, 2)]
    with pytest.raises(EvaluationError, match="has 2 instances"):
        evaluate({"get_attribute": ["b", "x"]}, Scope(nodes={"a": {}, "b": {}}, instances=[one, *two], self_id="a_1"))
