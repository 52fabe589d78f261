"""Scaling groups and the instances that they multiply: the worked results of reference/blueprint-dsl.md §15."""

import json
import random

import pytest

from durable_wf.dsl.deployment import DeploymentError, plan_deployment
from durable_wf.dsl.grouping import Hierarchy
from durable_wf.dsl.sizes import TooManyInstances
from durable_wf.dsl.source import Limits
from durable_wf.model.plan import Blueprint, DeploymentPlan, from_json, to_json
from tests.dsl.kit import HEAD, codes, compiled, deployed, suffixes

SCALING = "cloudify.policies.scaling"


def node(count=1, *links, kind="Root"):
    """A node template; a link is (kind, target[, connection_type])."""
    relationships = [
        {"type": f"cloudify.relationships.{name}", "target": target, "properties": {"connection_type": pairing}}
        for name, target, pairing in ((*link, "all_to_all")[:3] for link in links)
    ]
    counts = {"scalable": {"properties": {"default_instances": count}}}
    return {"type": f"cloudify.nodes.{kind}", "relationships": relationships, "capabilities": counts}


def blueprint(groups, **nodes):
    """A blueprint's text; groups are name -> (count, members)."""
    policies = {
        f"p_{name}": {"type": SCALING, "targets": [name], "properties": {"default_instances": count}}
        for name, (count, _) in groups.items()
        if count is not None
    }
    sections = {
        "groups": {name: {"members": members} for name, (_, members) in groups.items()},
        "policies": policies,
        "node_templates": nodes,
    }
    return "\n".join(f"{name}: {json.dumps(content)}" for name, content in sections.items())


def topology(groups, **nodes):
    return deployed(blueprint(groups, **nodes))


def of(plan, name):
    return [one for one in plan.instances if one.node == name]


def targets(plan, name, position):
    """For each instance of a node, the ids that one of its relationships points at."""
    return [[r.target_id for r in one.relationships if r.position == position] for one in of(plan, name)]


def chains(plan, name):
    return [[(group.name, group.id) for group in one.scaling_groups] for one in of(plan, name)]


VM = node(1, kind="Compute")
IN_VM = ("contained_in", "vm")


def test_groups_multiply():
    """§15: 5 in a group of 2 in a group of 3 are 30; each knows its groups, inner to outer."""
    plan = topology({"g": (2, ["a"]), "h": (3, ["g"])}, a=node(5))
    assert len(of(plan, "a")) == 30
    assert [one.index for one in of(plan, "a")] == list(range(1, 31))
    found = chains(plan, "a")
    assert {tuple(name for name, _ in chain) for chain in found} == {("g", "h")}
    assert len({chain[0] for chain in found}) == 6
    assert len({chain[1] for chain in found}) == 3
    outer = {chain[0]: {other[1] for other in found if other[0] == chain[0]} for chain in found}
    assert all(len(one) == 1 for one in outer.values())


def test_a_group_lies_in_the_node_that_contains_its_members():
    """§15: vm 2, {app, db} 2 in it -> 4 app, 4 db; a pair of them in each of the 4, all in their own vm."""
    plan = topology({"g": (2, ["app", "db"])}, vm=node(2, kind="Compute"), app=node(1, IN_VM), db=node(1, IN_VM))
    assert plan.blueprint.scaling_groups["g"].container == "vm"
    assert (len(of(plan, "app")), len(of(plan, "db"))) == (4, 4)
    assert sorted(chains(plan, "app")) == sorted(chains(plan, "db"))
    host = {one.scaling_groups[0].id: one.host_id for one in of(plan, "db")}
    for app in of(plan, "app"):
        assert app.host_id == app.relationships[0].target_id == host[app.scaling_groups[0].id]
    assert sorted(host.values()) == sorted(2 * [one.id for one in of(plan, "vm")])


def test_within_a_group_pairs_are_of_one_instance_of_it():
    """§15: {vm, ip} 2, app in vm; app -> ip stays in the group, lb -> app does not."""
    plan = topology(
        {"g": (2, ["vm", "ip", "app"])},
        vm=VM, ip=node(), app=node(1, IN_VM, ("connected_to", "ip")), lb=node(1, ("connected_to", "app")),
    )  # fmt: skip
    assert plan.blueprint.scaling_groups["g"].members == ("vm", "ip")
    assert chains(plan, "app") == [[], []]
    group = {one.id: one.scaling_groups for name in ("vm", "ip") for one in of(plan, name)}
    for app in of(plan, "app"):
        vm, ip = (one.target_id for one in app.relationships)
        assert group[vm] == group[ip]
        assert app.host_id == vm
    assert targets(plan, "lb", 0) == [[one.id for one in of(plan, "app")]]


def test_pairs_stay_in_the_smallest_group_that_both_are_in():
    """§15: a and b share the inner group, a and c only the outer one, a and d none."""
    plan = topology(
        {"g": (2, ["a", "b"]), "h": (3, ["g", "c"])},
        a=node(1, ("connected_to", "b"), ("connected_to", "c"), ("connected_to", "d")), b=node(2), c=node(), d=node(4),
    )  # fmt: skip
    for one in of(plan, "a"):
        by_target = {name: [r.target_id for r in one.relationships if r.target_name == name] for name in "bcd"}
        inner, outer = one.scaling_groups
        assert by_target["b"] == [b.id for b in of(plan, "b") if b.scaling_groups[0] == inner]
        assert by_target["c"] == [c.id for c in of(plan, "c") if c.scaling_groups == (outer,)]
        assert [len(found) for found in by_target.values()] == [2, 1, 4]


def test_containers_in_different_groups_may_hold_one_group():
    """Members below one node, one of them deeper: in each instance of the group, in each container."""
    plan = topology(
        {"g": (2, ["a", "b"])},
        vm=node(2, kind="Compute"), x=node(3, IN_VM), a=node(1, ("contained_in", "x"), ("connected_to", "b")),
        b=node(1, IN_VM),
    )  # fmt: skip
    assert plan.blueprint.scaling_groups["g"].container == "vm"
    assert (len(of(plan, "a")), len(of(plan, "b"))) == (2 * 2 * 3, 4)
    vm_of = {one.id: one.host_id for one in plan.instances}
    group_of = {one.id: one.scaling_groups for one in plan.instances}
    for a in of(plan, "a"):
        x, b = (one.target_id for one in a.relationships)
        assert vm_of[a.id] == vm_of[x] == vm_of[b]
        assert group_of[a.id] == group_of[b]


def test_a_group_whose_nodes_are_contained_in_another_member_is_no_member():
    """§13: in nested groups the nearer group is dropped from the shared one."""
    plan = topology(
        {"inner": (2, ["app"]), "outer": (3, ["inner", "vm"])},
        vm=VM, app=node(1, IN_VM),
    )  # fmt: skip
    groups = plan.blueprint.scaling_groups
    assert (groups["outer"].members, groups["inner"].container) == (("vm",), "vm")
    assert (len(of(plan, "vm")), len(of(plan, "app"))) == (3, 6)
    assert {tuple(name for name, _ in chain) for chain in chains(plan, "app")} == {("inner",)}


def test_members_of_a_group_without_a_policy_count_as_members_of_the_group_it_is_in():
    """§13: a group without a scaling policy has no effect on planning."""
    plan = topology({"plain": (None, ["a", "b"]), "g": (2, ["plain", "c"])}, a=node(), b=node(), c=node())
    assert plan.blueprint.groups["g"].members == ("plain", "c")
    assert plan.blueprint.scaling_groups["g"].members == ("a", "b", "c")
    assert len(plan.instances) == 6
    assert topology({"plain": (None, ["a"])}, a=node()).instances[0].scaling_groups == ()


@pytest.mark.parametrize(("group", "a", "b"), [(0, 2, 2), (2, 0, 2), (2, 2, 0)])
def test_zero_instances_of_anything(group, a, b):
    """§12, §15: zero is legal; without one side there are no relationships."""
    plan = topology({"g": (group, ["a", "b"])}, a=node(a, ("connected_to", "b")), b=node(b))
    assert (len(of(plan, "a")), len(of(plan, "b"))) == (group * a, group * b)
    assert [found for found in targets(plan, "a", 0) if found] == []


def test_relationships_beside_each_other_are_kept_within_a_group():
    """§15, §20: two to one target are two, ordered by declaration."""
    plan = topology({"g": (2, ["a", "b"])}, a=node(1, ("connected_to", "b"), ("depends_on", "b")), b=node(2))
    for one in of(plan, "a"):
        assert [each.position for each in one.relationships] == [0, 0, 1, 1]
        assert len({each.target_id for each in one.relationships}) == 2


def test_everything_to_one_leaves_the_group():
    """§15: from within a group to a node outside of it there may be one target."""
    plan = topology({"g": (3, ["a"])}, a=node(2, ("connected_to", "b", "all_to_one")), b=node(3))
    assert {tuple(found) for found in targets(plan, "a", 0)} == {(min(one.id for one in of(plan, "b")),)}


COUNTED = f"""
inputs: {{n: {{default: 2}}}}
groups: {{g: {{members: [a]}}}}
policies:
  p: {{type: {SCALING}, targets: [g], properties: {{default_instances: {{get_input: n}}, max_instances: 4}}}}
node_templates: {{a: {{type: cloudify.nodes.Root}}}}
"""


def test_counts_of_policies_may_be_functions_of_inputs():
    """§14: policies' and scaling groups' properties are evaluated at creation."""
    plan = deployed(COUNTED, {"n": 3})
    assert len(plan.instances) == 3
    assert plan.blueprint.policies["p"].scalable == plan.blueprint.scaling_groups["g"].scalable
    assert plan.blueprint.scaling_groups["g"].scalable.default_instances == 3
    for bad in (5, -1, "two"):
        with pytest.raises(DeploymentError, match=r"policies\.p\.properties"):
            deployed(COUNTED, {"n": bad})


def test_the_same_suffixes_give_the_same_plan():
    """§20: a plan is a function of the blueprint, the inputs and the suffixes; whatever they are, only ids differ."""
    text = blueprint({"g": (2, ["vm", "ip"])}, vm=VM, ip=node(), app=node(3, IN_VM, ("connected_to", "ip")))

    def planned(seed):
        numbers = random.Random(seed)
        return plan_deployment(compiled(text), {}, lambda: f"{numbers.randrange(36**6):06}")

    assert planned(1) == planned(1)
    one, other = planned(1), planned(2)
    assert [instance.id for instance in one.instances] != [instance.id for instance in other.instances]
    positions = [{each.id: n for n, each in enumerate(plan.instances)} for plan in (one, other)]
    shapes = [
        [[at[r.target_id] for r in each.relationships] for each in plan.instances]
        for plan, at in zip((one, other), positions, strict=True)
    ]
    assert shapes[0] == shapes[1]


def test_a_plan_with_groups_comes_back_from_json():
    """Kept in the journal as JSON; plans of earlier versions have no groups."""
    plan = topology({"g": (2, ["a"]), "h": (2, ["g"])}, a=node())
    assert from_json(DeploymentPlan, json.loads(json.dumps(to_json(plan)))) == plan
    old = {name: part for name, part in to_json(plan.blueprint).items() if "group" not in name and "polic" not in name}
    assert from_json(Blueprint, old).scaling_groups == {}


KEPT = """
policy_types: {watch: {source: watch.clj, properties: {service: {default: {get_attribute: [SELF, x]}}, every: {}}}}
policy_triggers: {heal: {source: heal.clj, parameters: {workflow: {}, force: {default: false}}}}
groups:
  g:
    members: [a, a]
    policies:
      p: {type: watch, properties: {every: 5}, triggers: {t: {type: heal, parameters: {workflow: heal}}}}
node_templates: {a: {type: cloudify.nodes.Root}}
"""


def test_monitoring_is_kept_in_the_plan_and_said_to_do_nothing():
    """§13: engines may only store them; values are merged with the types' schemas, functions stay."""
    plan = deployed(KEPT).blueprint
    policy = plan.groups["g"].policies["p"]
    assert plan.groups["g"].members == ("a",)
    assert policy.properties == {"service": {"get_attribute": ["SELF", "x"]}, "every": 5}
    assert policy.triggers["t"].parameters == {"force": False, "workflow": "heal"}
    assert plan.policy_types["watch"].schema["every"] == {}
    assert plan.policy_triggers["heal"].source == "heal.clj"
    assert [line.partition(": kept")[0] for line in plan.notes] == [
        "main.yaml:6:16: policy_types.watch",
        "main.yaml:7:19: policy_triggers.heal",
        "main.yaml:11:5: groups.g.policies",
    ]


BUILT_IN = """
groups:
  g:
    members: [a]
    policies:
      p:
        type: cloudify.policies.types.threshold
        properties: {service: [cpu], threshold: 80}
        triggers:
          t: {type: cloudify.policies.triggers.execute_workflow, parameters: {workflow: scale}}
node_templates: {a: {type: cloudify.nodes.Root}}
"""


def test_the_built_in_policy_types_are_there():
    """§17.6; only their use is said to do nothing, not that they are declared."""
    plan = compiled(BUILT_IN)
    policy = plan.groups["g"].policies["p"]
    assert policy.properties == {
        "policy_operates_on_group": False, "is_node_started_before_workflow": True, "interval_between_workflows": 300,
        "service": ["cpu"], "threshold": 80, "upper_bound": True, "stability_time": 0,
    }  # fmt: skip
    assert policy.triggers["t"].parameters == {
        "workflow": "scale", "workflow_parameters": {}, "force": False, "allow_custom_parameters": False,
        "socket_timeout": 1000, "conn_timeout": 1000,
    }  # fmt: skip
    assert len(plan.policy_types) == 3
    assert len(plan.notes) == 1
    unused = BUILT_IN.replace("threshold: 80", "").replace("types.threshold", "types.host_failure")
    assert compiled(unused.replace("[cpu],", "[cpu]")).groups["g"].policies["p"].properties["service"] == ["cpu"]


def test_groups_in_each_other_have_a_limit():
    """65 deep is one mistake, however many groups stand in it; 64 are planned."""
    groups = {"g0": (1, ["a"])} | {f"g{n}": (1, [f"g{n - 1}"]) for n in range(1, 70)}
    assert codes(blueprint(groups, a=node())) == ["groups-too-deep"]
    allowed = dict(list(groups.items())[:64])
    assert len(topology(allowed, a=node()).instances[0].scaling_groups) == 64


def test_too_many_group_instances():
    """Multiplication is checked before anything is made; groups count too, though their nodes may have none."""
    with pytest.raises(TooManyInstances, match="1000000000 node and group instances"):
        topology({"g": (10**9, ["a"])}, a=node(0))


def test_members_that_are_contained_in_each_other_across_groups_are_refused():
    """Neither group could be made first."""
    host = ("contained_in", "host")
    text = blueprint(
        {"one": (1, ["a", "d"]), "two": (1, ["b", "c"]), "all": (1, ["one", "two"])},
        host=node(), a=node(1, host), b=node(1, host), c=node(1, ("contained_in", "a")),
        d=node(1, ("contained_in", "b")),
    )  # fmt: skip
    assert codes(text) == ["mixed-group"]


@pytest.mark.parametrize("shape", ["flat", "chain"])
def test_the_cost_of_a_group_does_not_grow(shape, monkeypatch):
    """P14: counted, not timed: ten times the groups ask ten times as often what an entity is in."""
    looked = {size: looks_of(size, shape, monkeypatch) for size in (25, 250, 500)}
    assert (looked[500] - looked[250]) * 9 == (looked[250] - looked[25]) * 10


def looks_of(size, shape, monkeypatch):
    """How many groups a plan's making looks at above its nodes."""
    seen = []
    real = Hierarchy._groups_above

    def counting(self, *args):
        for one in real(self, *args):
            seen.append(one)
            yield one

    with monkeypatch.context() as patch:
        patch.setattr(Hierarchy, "_groups_above", counting)
        plan = plan_deployment(compiled(many(size, shape), HEAD, Limits(values=10**7)), {}, suffixes())
    assert len(plan.instances) == 2 * 2 * size
    return len(seen)


def many(size, shape):
    """`size` groups of two nodes, twice each; each relates to its neighbour, and in a chain to the group before."""
    nodes, groups = {}, {}
    for n in range(size):
        before = [("connected_to", f"b{n - 1}")] if shape == "chain" and n else []
        nodes[f"a{n}"] = node(1, ("connected_to", f"b{n}"))
        nodes[f"b{n}"] = node(1, *before)
        groups[f"g{n}"] = (2, [f"a{n}", f"b{n}"])
    return blueprint(groups, **nodes)


def test_only_the_nearest_of_the_groups_that_two_nodes_share_is_named():
    """Groups around it, by groups or by containers, say no more: one instance of it is in one of theirs."""
    size = 30
    containers = {f"n{n}": f"n{n - 1}" if n else None for n in range(size)}
    members = {f"g{n}": [f"n{n}"] for n in range(size)}
    placed = {f"g{n}": containers[f"n{n}"] for n in range(size)}
    assert Hierarchy(members, placed, containers).shared_groups("n29", "n10") == ["g10"]
    assert Hierarchy(members, placed, containers).shared_groups("n10", "n29") == ["g10"]
    assert Hierarchy({}, {}, containers).shared_groups("n10", "n29") == []
