"""Planning of modifications: the worked results of reference/blueprint-dsl.md §16, and what the house adds."""

import json

import pytest

from durable_wf.dsl.modification import Topology, finished, plan_modification, started
from durable_wf.dsl.pairing import SeveralTargets
from durable_wf.dsl.sizes import TooManyInstances
from durable_wf.dsl.wanted import ModificationError
from durable_wf.model.modification import PlannedModification
from durable_wf.model.plan import from_json, to_json
from tests.dsl.kit import suffixes
from tests.dsl.modified import Living, told
from tests.dsl.test_scaling_groups import IN_VM, VM, node, topology

NOTHING = PlannedModification()


def tiers():
    """§16: vm x2, app x3 contained in vm and connected to db, db x2."""
    app = node(3, IN_VM, ("connected_to", "db"))
    return Living.of(topology({}, vm=node(2, kind="Compute"), app=app, db=node(2)))


def pool():
    """§16: group {vm, ip} x2 with app in vm, app -> ip, lb -> app."""
    app, lb = node(1, IN_VM, ("connected_to", "ip")), node(1, ("connected_to", "app"))
    return Living.of(topology({"g": (2, ["vm", "ip"])}, vm=VM, ip=node(), app=app, lb=lb))


WORKED = {
    "vm out": ({"vm": 3}, {"added": {("vm", "added"): (1, 0), ("app", "added"): (3, 3), ("db", None): (2, 0)}}),
    "app out": ({"app": 4}, {"added": {("app", "added"): (2, 3), ("vm", None): (2, 0), ("db", None): (2, 0)}}),
    "app in": ({"app": 1}, {"removed": {("app", "removed"): (4, 3), ("vm", None): (2, 0), ("db", None): (2, 0)}}),
    "db out": (
        {"db": 3},
        {"added": {("db", "added"): (1, 0), ("app", None): (6, 1)}, "extended": {("app", "extended"): (6, 1)}},
    ),
    "db in": (
        {"db": 1},
        {"removed": {("db", "removed"): (1, 0), ("app", None): (6, 1)}, "reduced": {("app", "reduced"): (6, 1)}},
    ),
    "vm to none": (
        {"vm": 0},
        {"removed": {("vm", "removed"): (2, 0), ("app", "removed"): (6, 3), ("db", None): (2, 0)}},
    ),
    "both out": (
        {"vm": 3, "app": 4},
        {"added": {("vm", "added"): (1, 0), ("app", "added"): (6, 3), ("vm", None): (2, 0), ("db", None): (2, 0)}},
    ),
    "vm out, app in": (
        {"vm": 3, "app": 1},
        {
            "added": {("vm", "added"): (1, 0), ("app", "added"): (1, 3), ("db", None): (2, 0)},
            "removed": {("app", "removed"): (4, 3), ("vm", None): (2, 0), ("db", None): (2, 0)},
        },
    ),
    "the same": ({"vm": 2, "app": 3, "db": 2}, {}),
    "nothing": ({}, {}),
}


def lists(planned):
    """The lists that are not empty."""
    all_four = {name: told(getattr(planned, name)) for name in ("added", "removed", "extended", "reduced")}
    return {name: found for name, found in all_four.items() if found}


@pytest.mark.parametrize(("counts", "expected"), WORKED.values(), ids=WORKED)
def test_the_worked_results_of_nodes(counts, expected):
    """§16, number by number: instances and the relationships that each is listed with."""
    planned = tiers().scaled(**counts)
    assert lists(planned) == expected
    assert planned.counts == counts
    assert planned.unknown == planned.groups_added == planned.groups_removed == ()


def test_a_group_scaled_out_brings_its_members_and_what_is_in_them():
    """§16: g->3 adds vm, ip, app: app in its vm and connected only to its ip; lb is related and extended."""
    living = pool()
    planned = living.scaled(g=3)
    assert lists(planned) == {
        "added": {("vm", "added"): (1, 0), ("ip", "added"): (1, 0), ("app", "added"): (1, 2), ("lb", None): (1, 1)},
        "extended": {("lb", "extended"): (1, 1)},
    }
    vm, ip, app = planned.new_instances
    assert [one.target_id for one in app.relationships] == [vm.id, ip.id]
    assert app.host_id == vm.id
    assert vm.scaling_groups == ip.scaling_groups == planned.groups_added
    assert len(living.all_of("lb")[0].relationships) == 3


def test_a_group_scaled_in_mirrors_it():
    """§16: g->1 takes vm, ip and app; lb is related and reduced."""
    living = pool()
    planned = living.scaled(g=1)
    assert lists(planned) == {
        "removed": {("vm", "removed"): (1, 0), ("ip", "removed"): (1, 0), ("app", "removed"): (1, 2),
                    ("lb", None): (1, 1)},
        "reduced": {("lb", "reduced"): (1, 1)},
    }  # fmt: skip
    (removed,) = planned.groups_removed
    assert {one.id for one in planned.removed if one.instance.scaling_groups == (removed,)} < planned.removed_ids
    assert [one.index for one in living.instances] == [1, 1, 1, 1]


def test_a_group_in_nodes_grows_in_each():
    """§16: g->3 with 2 vms adds one app and db pair per vm."""
    app, db = node(1, IN_VM, ("connected_to", "db")), node(1, IN_VM)
    living = Living.of(topology({"g": (2, ["app", "db"])}, vm=node(2, kind="Compute"), app=app, db=db))
    planned = living.scaled(g=3)
    assert told(planned.added) == {("vm", None): (2, 0), ("app", "added"): (2, 2), ("db", "added"): (2, 1)}
    hosts = {one.scaling_groups: one.host_id for one in planned.new_instances if one.node == "db"}
    assert {one.scaling_groups: one.host_id for one in planned.new_instances if one.node == "app"} == hosts
    assert sorted(hosts.values()) == sorted(living.ids("vm"))


@pytest.mark.parametrize("counts", [{"g": 3}, {"g": 1}, {"vm": 3}, {"x": 1}, {"x": 4, "g": 1}], ids=str)
def test_a_group_with_members_at_several_depths_is_found_in_what_contains_all(counts):
    """a lies in x in vm, b in vm: the group lies in vm, though a instances are the first to name it."""
    nodes = {
        "vm": node(2, kind="Compute"), "x": node(3, IN_VM),
        "a": node(1, ("contained_in", "x"), ("connected_to", "b")), "b": node(1, IN_VM),
    }  # fmt: skip
    living = Living.of(topology({"g": (2, ["a", "b"])}, **nodes))
    living.scaled(**counts)
    n = {"g": 2, "vm": 2, "x": 3} | counts
    sizes = [len(living.all_of(name)) for name in nodes]
    assert sizes == [n["vm"], n["vm"] * n["x"], n["vm"] * n["x"] * n["g"], n["vm"] * n["g"]]
    by_id = {one.id: one for one in living.instances}
    for a in living.all_of("a"):
        x, b = (by_id[one.target_id] for one in a.relationships)
        assert (b.scaling_groups, b.host_id) == (a.scaling_groups, x.host_id)


@pytest.mark.parametrize(
    ("counts", "number", "groups"), [({"a": 6}, 6, 0), ({"g": 1}, 15, 3), ({"h": 1}, 20, 6)], ids=str
)
def test_nested_groups(counts, number, groups):
    """§16: a(5) in g(2) in h(3): a->6 adds 6; g->1 removes 15; h->1 removes 20."""
    planned = Living.of(topology({"g": (2, ["a"]), "h": (3, ["g"])}, a=node(5))).scaled(**counts)
    assert len(planned.new_instances) + len(planned.removed_ids) == number
    assert len(planned.groups_removed) == groups


def test_the_newest_go_first_in_each_place():
    """Which ones go was an accident of a set's order; here it can be known before."""
    living = tiers()
    apps = living.all_of("app")
    planned = living.scaled(app=2)
    assert planned.removed_ids == {apps[2].id, apps[5].id}
    living = tiers()
    assert living.scaled(vm=1).removed_ids == {"vm_000001", *(one.id for one in apps[3:])}


HINTS = {
    "included": ([0], [], 2, [0]),
    "in the order of the hint": ([0, 1], [], 2, [0]),
    "no more than are needed": ([0, 1], [], 3, []),
    "then the newest": ([0], [], 1, [0, 2]),
    "not the excluded": ([], [2], 2, [1]),
    "the excluded if others do not do": ([], [0, 1, 2], 1, [1, 2]),
    "included wins": ([0], [0], 2, [0]),
}


@pytest.mark.parametrize(("include", "exclude", "number", "gone"), HINTS.values(), ids=HINTS)
def test_hints_are_best_effort(include, exclude, number, gone):
    """§16: included ones as long as needed, then others but for the excluded, then these."""
    living = Living.of(topology({}, db=node(3)))
    ids = living.ids("db")
    hints = {
        "removed_ids_include_hint": [ids[n] for n in include],
        "removed_ids_exclude_hint": [*(ids[n] for n in exclude), "db_nobody"],
    }
    planned = living.modify({"db": {"instances": number, **hints}})
    assert planned.removed_ids == {ids[n] for n in gone}


@pytest.mark.parametrize("named", ["vm", "app"])
def test_a_hint_may_name_a_member_of_a_group_instance(named):
    """§16: it selects that instance of the group; who is contained in a member is in the group too."""
    living = pool()
    first = living.all_of(named)[0].id
    planned = living.modify({"g": {"instances": 1, "removed_ids_include_hint": {first}}})
    assert first in planned.removed_ids
    living = pool()
    planned = living.modify({"g": {"instances": 1, "removed_ids_exclude_hint": [living.all_of(named)[1].id]}})
    assert first in planned.removed_ids


def test_a_hint_for_a_group_may_name_a_group_in_it():
    living = Living.of(topology({"g": (2, ["a"]), "h": (3, ["g"])}, a=node(1)))
    inner, outer = living.all_of("a")[0].scaling_groups
    planned = living.modify({"h": {"instances": 2, "removed_ids_include_hint": [inner.id]}})
    assert {inner, outer} < set(planned.groups_removed)


def test_a_hint_for_a_node_names_its_own_instances_only():
    """What is contained in an instance does not stand for it."""
    living = tiers()
    first = living.all_of("app")[0]
    planned = living.modify({"vm": {"instances": 1, "removed_ids_include_hint": [first.id]}})
    assert not {first.id, first.host_id} & planned.removed_ids


def test_a_hint_for_a_group_may_name_its_instance():
    living = pool()
    (group,) = living.all_of("vm")[0].scaling_groups
    assert living.modify({"g": {"instances": 1, "removed_ids_include_hint": [group.id]}}).groups_removed == (group,)


def test_indexes_go_on_and_ids_never_come_again():
    """§15: the next index is the highest existing plus one; an id means one instance for ever."""
    living = Living.of(topology({}, db=node(3)))
    first = living.ids("db")
    living.modify({"db": {"instances": 2, "removed_ids_include_hint": first[:1]}})
    assert [one.index for one in living.all_of("db")] == [2, 3]
    living.scaled(db=3)
    assert [one.index for one in living.all_of("db")] == [2, 3, 4]
    living.scaled(db=0)
    living.scaled(db=2)
    assert [one.index for one in living.all_of("db")] == [1, 2]
    assert living.ids("db") == ["db_000004", "db_000005"]


def connected(sources=2, targets=3):
    return Living.of(topology({}, web=node(sources, ("connected_to", "db", "all_to_one")), db=node(targets)))


def of_web(living):
    return [[each.target_id for each in one.relationships] for one in living.all_of("web")]


def test_all_to_one_keeps_its_target():
    """§16: new sources get the target that the others have; it is not chosen anew."""
    living = connected()
    living.modify({"db": {"instances": 1, "removed_ids_include_hint": ["db_000002", "db_000003"]}})
    (kept,) = living.ids("db")
    living.scaled(db=3)
    planned = living.scaled(web=3)
    assert told(planned.added) == {("web", "added"): (1, 1), ("db", None): (1, 0)}
    assert of_web(living) == 3 * [[kept]]


def test_all_to_one_changes_its_target_if_that_goes():
    """Nothing else is left to be related to: the smallest id, as at first."""
    living = connected()
    first, second, third = living.ids("db")
    assert of_web(living) == 2 * [[first]]
    planned = living.modify({"db": {"instances": 2, "removed_ids_include_hint": [first]}})
    assert lists(planned) == {
        "removed": {("db", "removed"): (1, 0), ("web", None): (2, 1)},
        "extended": {("web", "extended"): (2, 1), ("db", None): (1, 0)},
        "reduced": {("web", "reduced"): (2, 1)},
    }
    assert of_web(living) == 2 * [[second]]
    assert living.ids("db") == [second, third]


def test_all_to_one_from_and_to_nobody():
    living = connected(2, 0)
    assert told(living.scaled(db=2).added) == {("db", "added"): (2, 0), ("web", None): (2, 1)}
    assert of_web(living) == 2 * [[min(living.ids("db"))]]
    living.scaled(db=0)
    assert of_web(living) == [[], []]


def several():
    """A deployment whose pairing was all_to_all, and is all_to_one since."""
    living = Living.of(topology({}, web=node(2, ("connected_to", "db")), db=node(2), other=node()))
    return Living(connected().nodes | {"other": living.nodes["other"]}, {}, one_each(living.instances))


def one_each(instances):
    """The first of `web` is related to the first of `db`, the second to the second."""
    return [type(one)(one.id, one.node, one.index, one.relationships[one.index - 1 : one.index]) for one in instances]


def test_all_to_one_with_several_targets_is_refused_where_one_has_to_be_told():
    """§16 IllegalAllToOneState, but not for what has nothing to do with it; and the hint helps."""
    living = several()
    with pytest.raises(
        SeveralTargets, match=r"'web' is related to one instance of 'db' .* to 2: db_\d+, db_"
    ) as refused:
        living.planned({"web": {"instances": 3}})
    assert refused.value.code == "all-to-one-state"
    assert "scale 'db' in" in refused.value.hint
    living.scaled(other=2)
    living.scaled(db=1)
    living.scaled(web=3)
    assert of_web(living) == 3 * [living.ids("db")]


def test_names_that_are_not_known_are_told_and_ignored():
    """§16: ignored silently, whatever is wanted of them; the caller can say so."""
    planned = tiers().planned({"nobody": {"instances": -1}, "db": {"instances": 3}, "no one": 7})
    assert planned.unknown == ("nobody", "no one")
    assert planned.counts == {"db": 3}


REFUSED = {
    "negative": ({"instances": -1}, "db.instances: an integer of at least 0 is expected, not -1"),
    "text": ({"instances": "3"}, "db.instances: an integer of at least 0 is expected, not '3'"),
    "bool": ({"instances": True}, "db.instances: an integer of at least 0 is expected, not True"),
    "missing": ({}, "db.instances: an integer of at least 0 is expected, not nothing"),
    "a number": (3, "db: a mapping with the key 'instances' is expected, not 3"),
    "a hint": (
        {"instances": 1, "removed_ids_include_hint": "db_1"},
        "db.removed_ids_include_hint: a list of ids is expected, not 'db_1'",
    ),
    "ids": (
        {"instances": 1, "removed_ids_exclude_hint": [1]},
        "db.removed_ids_exclude_hint: a list of ids is expected, not \\[1\\]",
    ),
    "a key": ({"instances": 1, "include": []}, "db: there is no key 'include'; there are instances, removed_ids_"),
}


@pytest.mark.parametrize(("given", "message"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_is_refused(given, message):
    with pytest.raises(ModificationError, match=message):
        tiers().planned({"db": given})


def test_all_that_is_wrong_is_said_at_once():
    with pytest.raises(ModificationError) as refused:
        tiers().planned({"db": {"instances": -1}, "vm": {"instances": -2}})
    assert len(refused.value.problems) == 2
    with pytest.raises(ModificationError, match="a mapping of names, not \\['db'\\]"):
        tiers().planned(["db"])
    assert tiers().planned({"db": {"instances": 2, "removed_ids_include_hint": None}}) == PlannedModification(
        counts={"db": 2}
    )


def limited():
    db = node(2)
    db["capabilities"]["scalable"]["properties"] |= {"min_instances": 1, "max_instances": 3}
    return Living.of(topology({}, db=db, app=node()))


@pytest.mark.parametrize(("number", "said"), [(0, "less than min_instances, 1"), (4, "more than max_instances, 3")])
def test_minimum_and_maximum_hold_only_if_it_is_asked_for(number, said):
    """§16: min/max not checked."""
    wanted = {"db": {"instances": number}, "app": {"instances": 10}}
    assert limited().planned(wanted).counts["db"] == number
    with pytest.raises(ModificationError, match=f"db.instances: {number} is {said}") as refused:
        limited().planned(wanted, limited=True)
    assert len(refused.value.problems) == 1


@pytest.mark.parametrize("number", [1, 3])
def test_minimum_and_maximum_themselves_are_allowed(number):
    assert limited().planned({"db": {"instances": number}}, limited=True).counts == {"db": number}


def test_too_many_instances_are_refused_before_they_are_made():
    with pytest.raises(TooManyInstances, match="would have 4000000002 node instances"):
        tiers().planned({"vm": {"instances": 10**9}})
    living = tiers()
    living.scaled(db=300)
    with pytest.raises(TooManyInstances, match="relationships between instances"):
        living.planned({"app": {"instances": 2000}})


def test_counts_that_were_changed_hold_in_new_places():
    """Counts are per place: a new vm has as many apps as the others have by now."""
    living = tiers()
    living.scaled(app=1)
    assert told(living.scaled(vm=3).added)[("app", "added")] == (1, 3)
    living.scaled(vm=0)
    living.scaled(app=4)
    assert told(living.scaled(vm=1).added)[("app", "added")] == (4, 3)


def test_groups_that_nobody_is_in_come_back_when_somebody_is():
    """Group instances are known by their members only; when these have gone, others take their place."""
    living = pool()
    assert len(living.scaled(vm=0, ip=0).removed_ids) == 6
    planned = living.scaled(vm=1)
    assert told(planned.added) == {("vm", "added"): (2, 0), ("app", "added"): (2, 1), ("lb", None): (1, 2)}
    assert len(planned.groups_added) == 2
    assert living.scaled(lb=2).groups_added == ()


def test_lists_are_ordered_by_node_and_index():
    """What goes and what only has to do with it stand among each other."""
    removed = tiers().scaled(app=2, db=1).removed
    assert [(one.instance.node, one.instance.index, one.modification) for one in removed] == [
        ("vm", 1, None), ("vm", 2, None), ("app", 1, None), ("app", 2, None), ("app", 3, "removed"),
        ("app", 4, None), ("app", 5, None), ("app", 6, "removed"), ("db", 1, None), ("db", 2, "removed"),
    ]  # fmt: skip


def test_several_relationships_to_one_target_change_together():
    living = Living.of(topology({}, a=node(1, ("connected_to", "b"), ("depends_on", "b")), b=node()))
    assert told(living.scaled(b=2).extended) == {("a", "extended"): (1, 2)}
    (a,) = living.all_of("a")
    old, new = living.ids("b")
    assert [(one.position, one.target_id) for one in a.relationships] == [(0, old), (0, new), (1, old), (1, new)]


def test_a_start_removes_nothing_and_a_finish_does():
    """workflow-api §2.8: removed instances and relationships to them are there until finish."""
    living = tiers()
    planned = living.planned({"db": {"instances": 1}, "vm": {"instances": 3}})
    during = started(living.instances, planned)
    assert {one.id for one in during} > {one.id for one in living.instances}
    assert [len(one.relationships) for one in during if one.node == "app"] == 6 * [3] + 3 * [2]
    after = finished(during, planned)
    assert [len(one.relationships) for one in after if one.node == "app"] == 9 * [2]
    assert finished(after, planned) == after


def test_a_plan_comes_back_from_json():
    """It is kept in the journal between start and finish."""
    planned = pool().planned({"g": {"instances": 3}, "lb": {"instances": 0}, "x": {}})
    assert from_json(PlannedModification, json.loads(json.dumps(to_json(planned)))) == planned
    assert from_json(PlannedModification, to_json(NOTHING)) == NOTHING


def test_the_order_of_what_stands_does_not_matter():
    living = pool()
    wanted = {"g": {"instances": 1}, "app": {"instances": 3}}
    plans = [
        plan_modification(Topology(living.nodes, living.groups, instances), wanted, suffixes())
        for instances in (living.instances, living.instances[::-1])
    ]
    assert plans[0] == plans[1]
