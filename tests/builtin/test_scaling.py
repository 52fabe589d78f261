"""scale: a node or a scaling group gets more instances, or less (workflow-api §10.8)."""

import itertools
import json
import re
from dataclasses import replace

import pytest

from durable_wf.builtin import scaling
from durable_wf.errors import AskError
from durable_wf.model.states import MODIFICATION
from durable_wf.testing.stores import MemoryStore
from tests.builtin import kit
from tests.replay import kit as replay
from tests.replay.work import WORLD

FARM = """\
node_templates:
  db: {type: Small}
  vm: {type: Host, capabilities: {scalable: {properties: {default_instances: 2}}}}
  web:
    type: Small
    relationships: [{type: inside, target: vm}, {type: linked, target: db}]
"""
LB = FARM + "  lb: {type: Small, relationships: [{type: linked, target: web}]}\n"
RING = """\
node_templates:
  a: {type: Small}
  b: {type: Small, relationships: [{type: inside, target: a}]}
groups: {ring: {members: [a]}}
policies:
  rings: {type: cloudify.policies.scaling, targets: [ring], properties: {default_instances: 2}}
"""
POOL = """\
node_templates:
  db: {type: Small, capabilities: {scalable: {properties: {default_instances: 2}}}}
  web: {type: Small, relationships: [{type: linked, target: db, properties: {connection_type: all_to_one}}]}
"""
PAIR = """\
node_templates:
  vm: {type: Small}
  web: {type: Small, relationships: [{type: inside, target: vm}]}
"""


@pytest.fixture
def installed(deployed):
    """A deployment that is installed, of which nothing is remembered."""

    def make(text=FARM, **more):
        env = deployed(text, **more)
        assert env.run("install") == "terminated"
        WORLD.clear()
        return env

    return make


def scale(env, name, delta, **more):
    return env.run("scale", scalable_entity_name=name, delta=delta, **more)


def said(env):
    """What the execution failed with."""
    return replay.outcome(env.life, env.uid)


def modifications(env):
    return [MODIFICATION.states[row.state] for row in env.life.journal.modifications()]


def ran(*about):
    """The operations of these instances, in order; of a relationship those at its source."""
    return [one.removesuffix(" (source)") for one in WORLD.names() if one.startswith(about) and "(target)" not in one]


def all_started(env):
    return set(env.states().values()) == {"started"}


# ------------------------------------------------------------------------------------------------------------------ out


def test_scaling_out_installs_what_is_added_with_what_it_contains_and_nothing_else(installed):
    env = installed()
    before = set(env.states())
    assert scale(env, "vm", 1) == "terminated"
    assert set(env.states()) - before == {"vm_1", "web_2"}
    assert all_started(env)
    assert modifications(env) == ["finished"]
    assert {one.split(" ")[0].partition("->")[0] for one in WORLD.names()} == {"vm_1", "web_2"}
    assert ran("web_2")[-2:] == ["web_2->vm_1 establish", "web_2->db_1 establish"]
    names = WORLD.names()
    assert names.index("vm_1 poststart") < names.index("web_2 create")
    assert env.subgraphs().count("stub_db_1") == 1


def test_those_that_are_related_establish_their_relationships_to_what_is_new(installed):
    env = installed(LB)
    assert scale(env, "vm", "1") == "terminated"
    assert ran("lb_6") == ["lb_6->web_2 establish"]
    assert WORLD.names().index("web_2 start") < WORLD.names().index("lb_6->web_2 establish (source)")
    assert [each["target_id"] for each in env.instance("lb_6").relationships] == ["web_4", "web_5", "web_2"]


def test_a_group_is_scaled_as_one(installed):
    env = installed(RING)
    before = set(env.states())
    assert scale(env, "ring", 2, scale_compute=True) == "terminated"
    assert sorted(one[0] for one in set(env.states()) - before) == ["a", "a", "b", "b"]
    assert all_started(env)


@pytest.mark.parametrize(("compute", "added"), [(True, ["vm", "web"]), (False, ["web", "web"])])
def test_scale_compute_scales_the_host_of_a_node_in_it(installed, compute, added):
    env = installed()
    before = set(env.states())
    assert scale(env, "web", 1, scale_compute=compute) == "terminated"
    assert sorted(one.partition("_")[0] for one in set(env.states()) - before) == added


def test_scale_compute_scales_a_node_itself_that_is_in_no_host(installed):
    env = installed()
    assert scale(env, "db", 1, scale_compute=True) == "terminated"
    assert "db_1" in env.states()
    assert len([one for one in env.states() if one.startswith("db")]) == 2


def test_the_workflow_of_older_blueprints_scales_too(installed):
    env = installed(PAIR)
    assert env.run("old_scale", node_id="vm", delta=1, scale_compute=False) == "terminated"
    assert len(env.states()) == 4


def test_a_dry_run_shows_and_does_nothing(installed):
    env = installed()
    before = env.states()
    options = replace(kit.ONCE, dry_run=True)
    for delta in (1, -1):
        assert scale(env, "vm", delta, options=options) == "terminated"
    assert (env.states(), WORLD.names(), modifications(env)) == (before, [], [])


# ------------------------------------------------------------------------------------------------------------------- in


def test_scaling_in_uninstalls_what_goes_what_points_at_it_first(installed):
    env = installed(LB)
    assert scale(env, "vm", -1, include_instances="vm_2") == "terminated"
    assert sorted(env.states()) == ["db_1", "lb_6", "vm_3", "web_5"]
    assert all_started(env)
    assert modifications(env) == ["finished"]
    assert ran("lb_6") == ["lb_6->web_4 unlink"]
    names = WORLD.names()
    order = ["lb_6->web_4 unlink (source)", "web_4 stop", "web_4 delete", "vm_2 prestop", "vm_2 postdelete"]
    assert sorted(order, key=names.index) == order


def test_who_is_excluded_stays(installed):
    env = installed()
    assert scale(env, "vm", -1, exclude_instances=["vm_3"]) == "terminated"
    assert sorted(env.states()) == ["db_1", "vm_3", "web_5"]


def test_hints_for_a_group_name_a_node_instance_in_it(installed):
    env = installed(RING)
    (a, b, *_) = sorted(env.states())
    group = env.instance(b).scaling_groups[0]["id"]
    assert scale(env, "ring", -1, include_instances=[a], exclude_instances=[group]) == "terminated"
    assert a not in env.states()
    assert b in env.states()
    assert len(env.states()) == 2


def test_those_that_stay_are_connected_to_a_new_target_before_theirs_goes(installed):
    env = installed(POOL)
    (old,) = [each["target_id"] for each in env.instance("web_3").relationships]
    (new,) = {"db_1", "db_2"} - {old}
    assert scale(env, "db", -1, include_instances=[old]) == "terminated"
    assert ran("web_3", old) == [f"web_3->{new} establish", f"web_3->{old} unlink", f"{old} stop", f"{old} delete"]
    assert [each["target_id"] for each in env.instance("web_3").relationships] == [new]


def test_a_failure_while_instances_go_takes_the_modification_back(installed):
    env = installed()
    before = env.states()
    WORLD.broken.add("web_4 stop")
    assert scale(env, "vm", -1, include_instances=["vm_2"]) == "failed"
    assert "web_4 stop" in str(said(env))
    assert modifications(env) == ["rolledback"]
    assert env.states() == before


def test_a_failure_while_instances_go_may_be_ignored(installed):
    env = installed()
    WORLD.broken.add("web_4 stop")
    assert scale(env, "vm", -1, include_instances=["vm_2"], ignore_failure=True) == "terminated"
    assert sorted(env.states()) == ["db_1", "vm_3", "web_5"]


# ------------------------------------------------------------------------------------------------------------- failures


@pytest.mark.parametrize("broken", ["web_2 create", "web_2 start", "vm_1 configure"])
def test_a_failure_undoes_what_was_begun_and_takes_the_modification_back(installed, broken):
    """What was created is deleted, whether it was half made or whole; nothing is left outside."""
    env = installed()
    before = env.states()
    WORLD.broken.add(broken)
    assert scale(env, "vm", 1) == "failed"
    assert broken in str(said(env))
    assert env.states() == before
    assert modifications(env) == ["rolledback"]
    created = [one.split(" ")[0] for one in WORLD.names() if one.endswith(" create")]
    deleted = [one.split(" ")[0] for one in WORLD.names() if one.endswith(" delete")]
    assert {one for one in created if one.startswith("vm")} <= set(deleted)
    assert sorted(set(created)) == sorted(deleted)


def test_failures_of_undoing_do_not_keep_the_modification(installed):
    env = installed()
    before = env.states()
    WORLD.broken |= {"web_2 start", "web_2 stop", "vm_1 delete"}
    assert scale(env, "vm", 1) == "failed"
    assert env.states() == before
    assert modifications(env) == ["rolledback"]


def test_without_rollback_if_failed_it_stays_begun_and_a_resume_goes_on_with_it(installed):
    env = installed()
    WORLD.broken.add("web_2 start")
    assert scale(env, "vm", 1, rollback_if_failed=False) == "failed"
    assert modifications(env) == ["started"]
    WORLD.broken.clear()
    assert env.life.resume(env.uid) == "terminated"
    assert modifications(env) == ["finished"]
    assert WORLD.counts()["vm_1 create"] == 1
    assert all_started(env)


def test_one_that_has_not_ended_stands_in_the_way_or_is_aborted(installed):
    env = installed()
    before = set(env.states())
    WORLD.broken.add("web_2 start")
    scale(env, "vm", 1, rollback_if_failed=False)
    WORLD.clear()
    assert scale(env, "vm", 1) == "failed"
    assert "started ones of the same deployment" in str(said(env))
    assert WORLD.names() == []
    assert scale(env, "vm", 2, abort_started=True) == "terminated"
    assert modifications(env) == ["rolledback", "finished"]
    assert ran("web_2")[-1] == "web_2 delete"
    assert ran("vm_1")[-1] == "vm_1 postdelete"
    assert len(set(env.states()) - before) == 4
    assert not {"vm_1", "web_2"} & set(env.states())
    assert all_started(env)


def test_what_is_aborted_cannot_be_named_in_hints(installed):
    env = installed()
    WORLD.broken.add("web_2 start")
    scale(env, "vm", 1, rollback_if_failed=False)
    WORLD.clear()
    assert scale(env, "vm", -1, abort_started=True, include_instances=["vm_1"]) == "failed"
    assert "do not exist in 'vm': vm_1" in str(said(env))
    assert modifications(env) == ["started"]


# ------------------------------------------------------------------------------------------------- deaths and cancels


def test_a_cancel_leaves_it_begun_and_a_resume_goes_on(installed):
    env = installed()
    with WORLD.gate("web_2 create"):
        uid = env.life.start("scale", {"scalable_entity_name": "vm"}, deployment="d", options=kit.ONCE)
        WORLD.arrived("web_2 create")
        env.life.engine.cancel(uid)
    assert env.life.wait(uid) == "cancelled"
    assert modifications(env) == ["started"]
    assert env.life.resume(uid) == "terminated"
    assert modifications(env) == ["finished"]
    assert WORLD.counts()["vm_1 create"] == 1
    assert all_started(env)


@pytest.mark.parametrize(
    ("delta", "broken", "state", "there"),
    [(1, None, "terminated", 4), (-1, None, "terminated", 0), (1, "web_2 start", "failed", 2)],
)
def test_L5_wherever_a_process_dies_a_resume_comes_to_the_same(tmp_path, delta, broken, state, there):
    """The one modification is found again: nothing is done for another one; so is the way back of a failure."""
    numbers = itertools.count()

    def script(play):
        WORLD.broken |= {broken}
        play.run("installs_and_scales", {"delta": delta}, deployment="d", options=kit.ONCE)

    story = replay.at_every_commit(script, lambda: kit.deploy(tmp_path / str(next(numbers)), PAIR, MemoryStore()))
    assert story.state == state
    assert [json.loads(each[2]) != {} for each in story.storage] == [True] * there


def test_18_a_resume_of_what_was_taken_back_is_asked_about_and_begins_anew(installed):
    env = installed()
    WORLD.broken.add("web_2 start")
    assert scale(env, "vm", 1) == "failed"
    WORLD.broken.clear()
    with pytest.raises(AskError, match="rolled back since"):
        env.life.engine.resume(env.uid)
    assert env.life.resume(env.uid, accept_changes=True) == "terminated"
    assert modifications(env) == ["rolledback", "finished"]
    assert not {"vm_1", "web_2"} & set(env.states())
    assert len(env.states()) == 7
    assert all_started(env)


# ------------------------------------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("given", "kind", "text"),
    [
        ({"delta": -3}, "ValueError", "Provided delta: -3 is illegal"),
        ({"delta": 1, "include_instances": ["vm_2"]}, "ValueError", "when scaling out"),
        ({"delta": 1, "exclude_instances": "vm_2"}, "ValueError", "when scaling out"),
        ({"scalable_entity_name": "x"}, "ValueError", "No scalable entity named x was found"),
        ({"delta": -1, "include_instances": ["db_1", "y"]}, "RuntimeError", "included .* 'vm': db_1, y"),
        ({"delta": -1, "exclude_instances": ["y"]}, "RuntimeError", "excluded instances do not exist in 'vm': y"),
        ({"delta": -1, "exclude_instances": ["vm_2", "vm_3"]}, "RuntimeError", "Too many .*: 2 would stay where 1"),
        (
            {"delta": -2, "scale_compute": True, "include_instances": ["vm_2", "y"], "exclude_instances": ["vm_2"]},
            "RuntimeError",
            "scale_compute is true. .*exist in 'vm': y. .*both included and excluded: vm_2. Too many",
        ),
    ],
)
def test_what_cannot_be_asked_for_is_refused_before_anything_is_begun(installed, given, kind, text):
    env = installed()
    assert env.run("scale", **({"scalable_entity_name": "vm"} | given)) == "failed"
    raised, message = said(env)
    assert raised == kind
    assert re.search(text, message)
    assert (modifications(env), WORLD.names()) == ([], [])


@pytest.mark.parametrize("delta", ["x", None, 1.5, float("inf"), [1]])
def test_a_delta_is_a_number(delta):
    with pytest.raises(ValueError, match="The delta parameter must be a number"):
        scaling.scale(None, "vm", delta, None)


@pytest.mark.parametrize(("excluded", "state"), [(["web_4", "web_5"], "failed"), (["web_4"], "failed")])
def test_too_many_are_excluded_where_that_is_so_in_one_place(installed, excluded, state):
    """A number of instances is one in each place: here in each of two machines."""
    env = installed()
    assert scale(env, "web", -1, exclude_instances=excluded) == state


@pytest.mark.parametrize(("excluded", "state"), [("ab", "terminated"), ("aa", "failed"), ("abb", "failed")])
def test_what_is_in_one_group_instance_counts_once(installed, excluded, state):
    env = installed(RING)
    left = sorted(env.states())
    named = [left.pop(next(at for at, one in enumerate(left) if one[0] == node)) for node in excluded]
    assert scale(env, "ring", -1, exclude_instances=named) == state


def test_a_delta_of_nothing_does_nothing(installed):
    env = installed()
    assert scale(env, "vm", 0) == "terminated"
    assert (modifications(env), WORLD.names(), env.subgraphs()) == ([], [], [])
