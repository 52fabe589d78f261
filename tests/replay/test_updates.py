"""`ctx.instance.update()`: a commit of its own while the operation runs (replay-scenarios.md, 31)."""

from __future__ import annotations

import itertools
import json
import sys
import threading
from pathlib import Path

import pytest

from durable_wf import ctx, operation, workflow
from durable_wf.authoring.manager import get_node_instance, update_node_instance
from durable_wf.errors import AskError, HeldError, RunnerStopping, StorageError
from durable_wf.model.rows import Changes, ExecutionMove, Subject
from durable_wf.model.states import NE, T
from tests.replay import kit
from tests.replay.work import TIMEOUT, WORLD

BLUEPRINT = Path(__file__).parent / "deployment" / "blueprint.yaml"
INSTANCE = "host_1"


def deploy(store):
    """The deployment `d`."""
    numbers = itertools.count(1)
    life = kit.Life(store)
    life.engine.deployments.create(BLUEPRINT, "d", new_suffix=lambda: str(next(numbers)))
    life.bury()
    return store


@pytest.fixture(autouse=True)
def path_as_before(monkeypatch):
    """Engines put blueprints' folders on the path."""
    monkeypatch.setattr(sys, "path", list(sys.path))


def twice(name):
    """Update twice, and stop there; what was there before each."""
    instance = ctx.instance
    seen = [dict(instance.runtime_properties)]
    instance.runtime_properties["first"] = [1]
    instance.update()
    seen.append(dict(instance.runtime_properties))
    instance.runtime_properties["second"] = {"deep": [2]}
    instance.update()
    WORLD.seen.append(seen)
    WORLD.note(name, ctx.operation.idempotency_key)
    instance.runtime_properties["third"] = 3


@operation(resumable=True)
def again(name):
    """May be repeated."""
    twice(name)


@operation
def once(name):
    """Must not be repeated without asking."""
    twice(name)


@operation(resumable=True)
def late(name):
    """An update after the gate."""
    WORLD.note(name, ctx.operation.idempotency_key)
    ctx.instance.runtime_properties["late"] = True
    try:
        ctx.instance.update()
    except BaseException as error:
        WORLD.seen.append(error)
        raise
    finally:
        ENDED.set()


@operation(resumable=True)
def handled(name):
    """Count on from 10, which somebody else sets meanwhile: at the end, a handler says what to write."""
    WORLD.note(name, ctx.operation.idempotency_key)
    instance = ctx.instance
    instance.on_conflict = lambda _, newest: {**newest, "count": newest["count"] + 1}
    before = instance.runtime_properties.get("count", 0)
    other = get_node_instance(instance.id)
    if "by others" not in other.runtime_properties:
        other.runtime_properties.update({"count": 10, "by others": True})
        update_node_instance(other)
    instance.runtime_properties["count"] = before + 1


ENDED = threading.Event()


@workflow
def updates(ctx, function):
    """One operation of an instance."""
    ctx.execute_task(
        f"tests.replay.test_updates.{function}", kwargs={"name": "it"}, node_context={"node_id": INSTANCE}
    ).get()
    ctx.refresh_node_instances()
    return ctx.get_node_instance(INSTANCE).runtime_properties


def stored(life):
    """The instance's runtime properties and version in the storage."""
    (row,) = [one for one in life.journal.instances(1) if one.name == INSTANCE]
    return json.loads(row.runtime_properties_json), row.version


def start(life, function):
    """Start it, and wait until the operation is at the gate."""
    uid = life.start("updates", {"function": function}, deployment="d", options=kit.NO_RETRIES,
                     allow_custom_parameters=True)  # fmt: skip
    WORLD.arrived("it")
    return uid


@pytest.mark.parametrize("function", ["again", "once"])
def test_two_updates_are_there_after_a_death_and_a_rerun_sees_them(store, lives, function):
    """The outcome is unknown; what may be repeated is, the other one is asked about."""
    deploy(store)
    dead = lives()
    with WORLD.gate("it"):
        uid = start(dead, function)
        dead.die()
    life = lives()
    assert stored(life) == ({"first": [1], "second": {"deep": [2]}}, 2)
    if function == "once":
        assert life.resume(uid) == "interrupted"
        assert life.engine.asks(uid) == (1,)
        assert kit.all_states(life, uid)[0][1] == T.UNKNOWN
        assert WORLD.counts() == {"it": 1}
    assert life.resume(uid, reset_operations=function == "once") == "terminated"
    both = {"first": [1], "second": {"deep": [2]}}
    assert WORLD.seen == [[{}, {"first": [1]}], [both, both]]
    assert life.engine.result(uid) == {**both, "third": 3}
    assert list(life.journal.verify()) == []


def test_L5_updates_leave_the_same_wherever_the_process_dies(new_store):
    """Between two updates, too; what was updated already is no change when it is set again."""
    story = kit.at_every_commit(
        lambda play: play.run("updates", {"function": "again"}, deployment="d", allow_custom_parameters=True,
                              options=kit.NO_RETRIES),
        lambda: deploy(new_store()),
    )  # fmt: skip
    assert story.result == {"first": [1], "second": {"deep": [2]}, "third": 3}


def test_L7_what_a_handler_says_at_the_end_is_one_commit_with_the_outcome(new_store):
    """A death in between would count twice."""
    story = kit.at_every_commit(
        lambda play: play.run("updates", {"function": "handled"}, deployment="d", allow_custom_parameters=True,
                              options=kit.NO_RETRIES),
        lambda: deploy(new_store()),
    )  # fmt: skip
    assert story.result == {"count": 11, "by others": True}


def test_an_update_names_its_task_and_its_keys_in_the_journal(store, lives):
    """Each is a transition of the instance, written by the execution under its fence."""
    deploy(store)
    life = lives()
    uid, _ = life.run("updates", {"function": "again"}, deployment="d", allow_custom_parameters=True)
    changed = [
        (json.loads(row.detail_json), row.fence)
        for row in life.journal.transitions(1)
        if row.subject == Subject.NODE_INSTANCE and row.event == tuple(NE).index(NE.PROPERTIES_CHANGED)
    ]
    fence = life.engine.find(uid).fence
    assert changed == [
        ({"attempt": 1, "keys": ["first"], "task": 1}, fence),
        ({"attempt": 1, "keys": ["second"], "task": 1}, fence),
        ({"keys": ["third"]}, fence),
    ]


def raise_fence(store):
    """Another runner claims the execution."""
    other = store.open()
    with other.turn() as turn:
        row = turn.execution(1)
        move = ExecutionMove(
            row.state, row.fence + 1, row.owner_json, row.started_us, row.ended_us, row.ended_seq, row.report, row.id
        )
        turn.apply(Changes(execution_moves=[move]))
    other.close()


@pytest.mark.parametrize("how", ["fenced", "dead"])
def test_L4_an_update_under_a_runner_that_may_not_write_ends_the_operation(store, lives, how):
    """Nothing is written; it raises a signal that an `except Exception` does not swallow."""
    deploy(store)
    life = lives()
    ENDED.clear()
    with WORLD.gate("it"):
        start(life, "late")
        if how == "fenced":
            raise_fence(store)
        else:
            life.die()
    assert ENDED.wait(TIMEOUT)
    assert [type(error) for error in WORLD.seen] == [RunnerStopping]
    assert stored(lives()) == ({}, 0)


@pytest.mark.parametrize("error", [StorageError("no space left"), HeldError("the lock is held")])
def test_L12_an_update_that_cannot_be_written_stops_the_runner_and_fails_no_attempt(store, lives, error):
    """The operation is ended; its outcome is unknown, and a resume reads the truth."""
    deploy(store)
    life = lives()
    ENDED.clear()

    def broken():
        raise error

    with WORLD.gate("it"):
        uid = start(life, "late")
        life.journal.turn = broken
    assert ENDED.wait(TIMEOUT)
    assert [type(error) for error in WORLD.seen] == [RunnerStopping]
    with pytest.raises(type(error)):
        life.engine.wait(uid, TIMEOUT)
    del life.journal.turn
    hosted = life.engine._hosted[uid]
    assert hosted.released.wait(TIMEOUT)
    other = lives()
    assert other.resume(uid) == "terminated"
    assert stored(other) == ({"late": True}, 1)
    assert len(other.journal.stored("attempt", 1)) == 2


def test_an_update_while_the_runner_lies_down_goes_through(store, lives):
    """What runs is waited for, and may save what it has done."""
    deploy(store)
    life = lives()
    ENDED.clear()
    with WORLD.gate("it"):
        uid = start(life, "late")
        life.engine.stop(uid)
        life.engine.host.ask(lambda: None)
    assert life.wait(uid) == "interrupted"
    assert WORLD.seen == []
    assert stored(life) == ({"late": True}, 1)


def test_what_another_execution_changed_after_an_update_is_still_told(store, lives):
    """The update was this execution's own; what came after it was not."""
    deploy(store)
    dead = lives()
    with WORLD.gate("it"):
        uid = start(dead, "again")
        dead.die()
    life = lives()
    life.run("updates", {"function": "again"}, deployment="d", allow_custom_parameters=True)
    with pytest.raises(AskError, match=r"somebody else has changed 1 node instance\(s\) since: host_1"):
        life.engine.resume(uid)
    assert life.resume(uid, accept_changes=True) == "terminated"
