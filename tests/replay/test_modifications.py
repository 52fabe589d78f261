"""Modifications of a deployment: L8, and the same story wherever a process dies (design.md, "Modifications")."""

from __future__ import annotations

import itertools
import json
import sys
from contextlib import contextmanager

import pytest

from durable_wf import RunOptions
from durable_wf.codec import decode
from durable_wf.errors import AskError, HeldError, UsageError
from durable_wf.model.rows import Kind
from durable_wf.model.states import MODIFICATION, MODIFICATION_STEP
from tests.replay import kit, modifying
from tests.replay.work import WORLD

DB = "db_1"
AFTER = ["app", "app", "cell", "cell", "db", "vm", "vm"]
VM = {"vm": {"instances": 2}}


@pytest.fixture(autouse=True)
def path_as_before(monkeypatch):
    """Engines put blueprints' folders on the path."""
    monkeypatch.setattr(sys, "path", list(sys.path))


@pytest.fixture
def deployed(new_store):
    """Makes stores that have the deployment."""
    return lambda: modifying.deploy(new_store())


@pytest.fixture
def life(deployed):
    """A process on one of them."""
    made = kit.Life(deployed())
    yield made
    made.bury()


def result(life, workflow, **parameters):
    uid, state = life.run(workflow, parameters, deployment="d", options=kit.NO_RETRIES)
    assert state == "terminated", kit.outcome(life, uid)
    assert list(life.journal.verify()) == []
    return life.engine.result(uid)


def only(life):
    """The one modification, its state, and its steps with theirs."""
    (row,) = life.journal.modifications()
    steps = life.journal.steps(row.deployment, row.id)
    return row, MODIFICATION.states[row.state], [(one.kind, MODIFICATION_STEP.states[one.state]) for one in steps]


# ------------------------------------------------------------------------------------------------ what a workflow sees


def test_scaling_out_adds_instances_and_shows_what_is_related(life):
    found = result(life, "scales", wanted=VM, end="finish")
    assert found["added"] == {
        DB: [None, []],
        "vm_1": ["added", []],
        "app_2": ["added", ["vm_1", DB]],
    }
    assert found["removed"] == {}
    assert found["during"][0]["vm"] == [1, 2]
    assert found["after"][0]["vm"] == [2, 2]
    assert found["during"][1] == found["after"][1]
    assert {"vm_1", "app_2"} < set(found["after"][1])


def test_scaling_in_removes_instances_at_its_end(life):
    found = result(life, "scales", wanted={"vm": {"instances": 0}}, end="finish")
    vm, app = (next(one for one in found["during"][1] if one.startswith(name)) for name in ("vm", "app"))
    assert found["removed"] == {
        DB: [None, []],
        vm: ["removed", []],
        app: ["removed", [vm, DB]],
    }
    assert found["during"][0]["vm"] == [1, 0]
    assert [one for one in found["after"][1] if one in (vm, app)] == []


def test_scaling_groups_have_current_and_planned_numbers(life):
    found = result(life, "scales", wanted={"ring": {"instances": 3}}, end="finish")
    assert found["during"][0]["ring"] == [2, 3]
    assert found["after"][0]["ring"] == [3, 3]
    assert result(life, "scales", wanted={"ring": {"instances": 1}}, end="rollback")["after"][0]["ring"] == [3, 3]


def test_a_second_scaling_begins_with_what_the_first_has_left(life):
    assert result(life, "in_two") == [
        ["app"] * 3 + ["cell"] * 3 + ["db"] + ["vm"] * 3,
        ["app", "cell", "db", "vm"],
    ]


def test_a_second_modification_and_a_second_end_are_refused_by_name(life):
    """An empty one is legal."""
    existing, *ended = result(life, "twice")
    (row,) = life.journal.modifications()
    assert existing.endswith(f"started ones of the same deployment: {row.uid}")
    assert ended == [
        f"deployment modification '{row.uid}' cannot be {verb}: it is finished already"
        for verb in ("finished", "rolled back")
    ]


def test_limits_are_held_where_that_is_asked_for(life):
    assert len(result(life, "looks", enforce=False, wanted={"vm": {"instances": 4}})) == 7
    uid, state = life.run("looks", {"enforce": True, "wanted": {"vm": {"instances": 4}}}, deployment="d")
    assert state == "failed"
    kind, text = kit.outcome(life, uid)
    assert kind == "ModificationError"
    assert "4 is more than max_instances, 3" in text
    assert len(life.journal.modifications()) == 1


def test_versions_of_who_is_related_rise_at_the_start(life):
    """Only who gains relationships: the database is a target, and stays as it was (workflow-api §2.8, start 5)."""
    before = {row.name: row.version for row in life.journal.instances(1)}
    result(life, "looks", enforce=False, wanted={"db": {"instances": 2}})
    (row,) = life.journal.modifications()
    during = {each.name: each.version for each in life.journal.instances(1, at=row.ended_seq - 2)}
    risen = {name for name, version in before.items() if during[name] == version + 1}
    assert {name.partition("_")[0] for name in risen} == {"app"}
    assert {row.name: row.version for row in life.journal.instances(1)} == before


def test_a_dry_run_shows_what_would_be_and_writes_nothing(life):
    before = modifying.shown(life.journal)
    options = RunOptions(dry_run=True)
    uid, state = life.run("looks", {"enforce": False, "wanted": VM}, deployment="d", options=options)
    assert state == "terminated"
    assert [how for how, _ in life.engine.result(uid).values()].count("added") == 2
    assert modifying.shown(life.journal) == before
    assert life.journal.modifications() == []


# ---------------------------------------------------------------------------------------------------------------- L8


@pytest.mark.parametrize("wanted", [VM, {"vm": {"instances": 0}}, {"ring": {"instances": 4}, "db": {"instances": 3}}])
def test_L8_a_rollback_gives_all_that_was_shown_at_the_start(life, wanted):
    """Also where operations have changed runtime properties and states since; revisions go on."""
    result(life, "touches")
    before, revisions = modifying.shown(life.journal), {row.id: row.revision for row in life.journal.instances(1)}
    result(life, "scales", wanted=wanted, end="rollback")
    row, state, steps = only(life)
    assert (state, steps) == ("rolledback", [("apply", "done"), ("finish", "pending"), ("rollback", "done")])
    after = modifying.shown(life.journal)
    assert after["instances"] == before["instances"] == modifying.shown(life.journal, at=row.seq - 1)["instances"]
    assert after["nodes"] == before["nodes"]
    assert all(each.current == each.planned for each in after["scaling"])
    assert all(each.revision >= revisions[each.id] for each in life.journal.instances(1))


def test_what_a_rollback_discarded_stays_readable_in_the_versions(life):
    result(life, "scales", wanted=VM, end="rollback")
    row, _, _ = only(life)
    before_its_end = {each.name: each for each in life.journal.instances(1, at=row.ended_seq - 2)}
    assert json.loads(before_its_end["app_2"].runtime_properties_json)["again"]["by"] == row.uid
    assert "app_2" not in {each.name for each in life.journal.instances(1)}


@pytest.mark.parametrize("end", ["finish", "rollback"])
@pytest.mark.parametrize("wanted", [VM, {"app": {"instances": 0}, "ring": {"instances": 3}}], ids=["out", "both"])
def test_L8_it_ends_the_same_wherever_a_process_dies(deployed, wanted, end):
    """The modification, the ids of what it adds, and its step are found again; the storage is as without a death."""
    ended = []

    def script(play):
        assert play.run("scales", {"wanted": wanted, "end": end}, deployment="d") == "terminated"
        ended.append(only(play.life)[1:])

    story = kit.at_every_commit(script, deployed)
    assert len(story.result["added"]) == (3 if wanted == VM else 1)
    assert ended.count(ended[0]) == len(ended)


@pytest.mark.parametrize("deaths", [1, 2])
def test_18_a_rollback_that_is_resumed_begins_the_modification_anew(deployed, deaths):
    """The cut moves before its start; refused without `accept_changes`; then a new modification is started."""

    def script(play):
        WORLD.broken = {"touch app_2"}
        assert play.run("fails_and_rolls_back", deployment="d") == "failed"
        WORLD.broken = set()
        with pytest.raises(AskError, match="rolled back since"):
            play.life.engine.resume(play.uid)
        assert play.resume(accept_changes=True) == "terminated"
        first, second = play.life.journal.modifications()
        assert [MODIFICATION.states[one.state] for one in (first, second)] == ["rolledback", "finished"]

    for after in (False, True):
        for at in itertools.count(1):  # stories are not compared: the second one's ids are others each time
            story, kills = kit.perform(script, deployed(), at=at, after=after, deaths=deaths)
            assert story.state == "terminated"
            assert sorted(name.partition("_")[0] for name, *_ in story.storage) == AFTER
            assert 1 <= story.ran["touch app_2"] <= 1 + kills  # an id is never given again
            if kills == 0:
                break


def test_19_a_modification_that_is_left_started_is_used_again(deployed):
    def script(play):
        WORLD.broken = {"touch app_2"}
        assert play.run("leaves_it", deployment="d") == "failed"
        WORLD.broken = set()
        assert play.resume() == "terminated"
        assert only(play.life)[1] == "finished"

    story = kit.at_every_commit(script, deployed)
    assert story.result[1] == "app_2"
    assert len(set(story.result[2:])) == len(story.result[2:])


def test_another_execution_finds_it_and_finishes_it(life):
    WORLD.broken = {"touch app_2"}
    uid, state = life.run("leaves_it", {}, deployment="d", options=kit.NO_RETRIES)
    assert state == "failed"
    WORLD.broken = set()
    assert result(life, "leaves_it")[1] == "app_2"
    row, state, _ = only(life)
    assert (state, row.execution) == ("finished", life.engine.find(uid).id)
    assert row.ended_by != row.execution


# ------------------------------------------------------------------------------------------------- who waits for whom


def test_a_rollback_waits_for_the_operations_that_run(deployed):
    with modifying_life(deployed()) as life:
        with WORLD.gate(f"touch {DB}"):
            uid = life.start("rolls_back_beside", {}, deployment="d")
            WORLD.arrived(f"touch {DB}")
            life.engine.host.ask(lambda: None)
            assert only(life)[1] == "started"
        assert life.wait(uid) == "terminated"
        assert only(life)[1] == "rolledback"
        assert "touch" not in properties(life, DB)


def test_a_cancel_ends_the_wait_and_a_late_outcome_changes_nothing(deployed):
    """Its result counts, its properties are only told; the rollback that was asked for after the cancel is there."""
    with modifying_life(deployed()) as life:
        with WORLD.gate(f"touch {DB}"):
            uid = life.start("rolls_back_beside", {}, deployment="d")
            WORLD.arrived(f"touch {DB}")
            life.engine.cancel(uid)
            while only(life)[1] == "started":
                life.engine.host.ask(lambda: None)
        assert life.wait(uid) == "cancelled"
        assert list(life.journal.verify()) == []
        assert "touch" not in properties(life, DB)
        execution = life.engine.find(uid).id
        late = [one for one in life.journal.events(execution) if one.type == "task_late"]
        assert list(decode(late[0].context_json)["left_out"][DB]) == ["touch"]
        tasks = [task for task in life.journal.history(execution).tasks if task.kind == Kind.OPERATION]
        assert [kit.TASK.states[task.state] for task in tasks] == ["succeeded"]


def test_L5_a_rollback_beside_an_operation_comes_to_the_same_wherever_a_process_dies(deployed):
    """An operation that had begun before it is repeated before it, too."""
    story = kit.at_every_commit(lambda play: play.run("rolls_back_beside", deployment="d"), deployed)
    assert "touch" not in json.loads(next(one for one in story.storage if one[0] == DB)[2])


def test_nobody_else_starts_before_the_one_that_modifies_has_ended(deployed):
    store = deployed()
    life = kit.Life(store)
    with WORLD.gate("touch app_2"):
        uid = life.start("leaves_it", {}, deployment="d")
        WORLD.arrived("touch app_2")
        life.die()
    with modifying_life(store) as other:
        (row,) = other.journal.modifications()
        with pytest.raises(HeldError, match=f"'{uid}' has started the modification '{row.uid}'"):
            other.start("touches", {}, deployment="d")
        assert other.resume(uid) == "terminated"
        assert other.run("touches", {}, deployment="d")[1] == "terminated"
    life.bury()


@contextmanager
def modifying_life(store):
    """A process, ended at the end."""
    life = kit.Life(store)
    try:
        yield life
    finally:
        life.bury()


def properties(life, name):
    return json.loads(life.journal.instance(1, name).runtime_properties_json)


# -------------------------------------------------------------------------------------------------------- by a person


def left(life):
    """A modification whose execution has failed; its id."""
    WORLD.broken = {"touch app_2"}
    life.run("leaves_it", {}, deployment="d", options=kit.NO_RETRIES)
    return life.journal.modifications()[0].uid


@pytest.mark.parametrize(("end", "state"), [("finish", "finished"), ("rollback", "rolledback")])
def test_a_person_ends_one_that_was_given_up(life, end, state):
    before = modifying.shown(life.journal)
    uid = left(life)
    assert getattr(life.engine.modifications, end)(uid[:-1]) == uid
    assert only(life)[1] == state
    assert list(life.journal.verify()) == []
    assert (modifying.shown(life.journal)["instances"] == before["instances"]) == (end == "rollback")
    with pytest.raises(UsageError, match=f"'{uid}' cannot be .*: it is {state} already"):
        life.engine.modifications.rollback(uid)


def test_what_is_started_again_must_be_ended_first(life):
    """A resume from before its start would start a second one."""
    uid = left(life)
    execution = life.engine.executions()[0].id
    WORLD.broken = set()
    with pytest.raises(AskError, match=f"'{uid}', which the workflow would start again, has not ended"):
        life.resume(execution, from_task=1, accept_changes=True)
    life.engine.modifications.rollback(uid)
    assert life.resume(execution, from_task=1, accept_changes=True) == "terminated"
    assert life.engine.result(execution)[0] != uid


def test_a_deployment_is_not_deleted_before_its_modification_has_ended(life):
    uid = left(life)
    with pytest.raises(HeldError, match=f"the modification '{uid}' of the deployment has not ended"):
        life.engine.deployments.delete("d")
    life.engine.modifications.finish(uid)
    life.engine.deployments.delete("d")
    assert list(life.journal.verify()) == []
