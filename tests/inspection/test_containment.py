"""What lies in what, and what is not as expected: on records, without a store."""

from durable_wf.codec import encode
from durable_wf.inspection.containment import depths, forest, frame_of, instance_parents, node_parents
from durable_wf.inspection.deployment_records import Group, Node, NodeInstance
from durable_wf.inspection.expectation import CHECK, DRIFT, LEFT, OTHERS, unexpected
from durable_wf.model.rows import Instance


def node(name, container=None, group=None):
    return Node(name, "t", None, {}, container, group, [])


def group(name, *members, container=None, outer=None, policy="p"):
    return Group(name, list(members), policy, outer, container, [])


def instance(name, container=None, *groups):
    entries = [{"name": one.rpartition("_")[0], "id": one} for one in groups]
    return NodeInstance(name, name.rpartition("_")[0], 1, "started", None, {}, [], entries, 0, container, {}, None)


def shown(places):
    return [(f"({place.name})" if place.is_group else place.name, shown(place.inside)) for place in places]


NODES = [node("net"), node("vm", group="web"), node("disk", "vm", "disks"), node("app", "vm")]
GROUPS = [group("zone", "web"), group("web", "vm", outer="zone"), group("disks", "disk", container="vm"),
          group("loose", "net", policy=None)]  # fmt: skip


def test_nodes_lie_in_their_group_or_else_in_their_container_and_groups_too():
    assert shown(forest(node_parents(NODES, GROUPS))) == [
        ("net", []),
        ("(zone)", [("(web)", [("vm", [("app", []), ("(disks)", [("disk", [])])])])]),
    ]


def test_instances_lie_in_instances_of_groups_and_of_containers():
    instances = [
        instance("net_1"),
        instance("vm_1", None, "web_1", "zone_1"),
        instance("vm_2", None, "web_2", "zone_1"),
        instance("disk_1", "vm_1", "disks_1", "web_1", "zone_1"),
        instance("disk_2", "vm_1", "disks_1", "web_1", "zone_1"),
        instance("app_1", "vm_2", "web_2", "zone_1"),
    ]
    parents = instance_parents(NODES, GROUPS, instances)
    assert shown(forest(parents)) == [
        ("net_1", []),
        ("(zone_1)", [
            ("(web_1)", [("vm_1", [("(disks_1)", [("disk_1", []), ("disk_2", [])])])]),
            ("(web_2)", [("vm_2", [("app_1", [])])]),
        ]),
    ]  # fmt: skip
    assert frame_of((False, "app_1"), parents) == "web_2"
    assert frame_of((False, "disk_1"), parents) == "disks_1"
    assert frame_of((True, "disks_1"), parents) == "web_1"
    assert frame_of((False, "net_1"), parents) is None
    assert depths(parents)[(False, "disk_1")] == 4


def test_what_was_contained_in_something_that_is_gone_lies_in_nothing():
    assert shown(forest(instance_parents(NODES, GROUPS, [instance("app_1", "vm_9", "web_2")]))) == [("app_1", [])]


def row(name, state, system=None):
    node_name = name.rpartition("_")[0]
    return Instance(1, 1, node_name, name, 1, state, "{}", encode(system or {}), "[]", None, "[]", 0, 0, 1, 0)


def odd(*found, busy=False, **systems):
    return unexpected(found, {one.name: systems.get(one.name, {}) for one in found}, busy=busy)


def test_what_is_half_way_is_not_as_expected_unless_something_works_on_it():
    found = [row("a_1", "starting"), row("b_1", "deleting"), row("c_1", "created"), row("d_1", "an author's own")]
    assert odd(*found) == {"a_1": LEFT, "b_1": LEFT}
    assert odd(*found, busy=True) == {}


def test_of_one_node_all_are_started_or_none_is():
    found = [row("a_1", "started"), row("a_2", "stopped"), row("b_1", "uninitialized"), row("b_2", "uninitialized")]
    assert odd(*found) == {"a_2": OTHERS}
    assert odd(*found, busy=True) == {}


def test_what_a_check_found_counts_also_while_something_works():
    found = [row("a_1", "started"), row("b_1", "started"), row("c_1", "started"), row("d_1", "started")]
    systems = {
        "a_1": {"status": {"ok": False}},
        "b_1": {"status": {"ok": True}, "configuration_drift": {"ok": True, "result": {"port": 81}}},
        "c_1": {"status": {"ok": True}, "configuration_drift": {"ok": True, "result": None}},
        "d_1": {"status": {"ok": False}, "configuration_drift": {"ok": False, "result": None}},
    }
    assert odd(*found, busy=True, **systems) == {"a_1": CHECK, "b_1": DRIFT, "d_1": f"{CHECK}; {DRIFT}"}
