"""`ctx.instance`, its relationships, and what plugins read and write of others (workflow-api §7.4, §7.5)."""

from __future__ import annotations

import itertools
import json
import sys
import threading
from pathlib import Path

import pytest
from cloudify import ctx as old_ctx
from cloudify import manager
from cloudify.conflict_handlers import simple_merge_handler
from cloudify.exceptions import NonRecoverableError
from cloudify.state import NotInContext, ctx_parameters, current_ctx
from cloudify_rest_client.exceptions import CloudifyClientError

from durable_wf import RunOptions
from durable_wf.authoring.exceptions import StorageConflict, StorageConflictError
from durable_wf.authoring.properties import DirtyTrackingDict
from durable_wf.codec import NotSerializable
from durable_wf.scheduler.instances import to_data
from tests.authoring import sharing
from tests.replay.work import TIMEOUT

BLUEPRINT = Path(__file__).parent / "shared" / "blueprint.yaml"


@pytest.fixture
def life(lives, monkeypatch):
    """A process with the deployment `d`. Ids: host_1, target_2, source_3 to source_66."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    numbers = itertools.count(1)
    life = lives()
    life.engine.deployments.create(BLUEPRINT, "d", {}, new_suffix=lambda: str(next(numbers)))
    return life


def act(life, *doing, instance="target_2", operation="ops.runs", retries=0):
    """What an operation that does this returned; one callable an attempt."""
    sharing.TODO[:] = doing
    uid, _ = life.run(
        "act",
        {"instance": instance, "operation": operation},
        deployment="d",
        options=RunOptions(task_retries=retries, task_retry_interval=0),
        allow_custom_parameters=True,
    )
    return life.engine.result(uid)


def stored(life, instance="target_2"):
    """Its runtime properties and version in the storage."""
    (row,) = [one for one in life.journal.instances(1) if one.name == instance]
    return json.loads(row.runtime_properties_json), row.version


def change(**properties):
    """Change the target in a commit of its own, past the ctx of the operation that runs here."""
    one = manager.get_node_instance("target_2")
    one.runtime_properties.update(properties)
    manager.update_node_instance(one)


def test_what_an_instance_says_of_itself(life):
    """Place, host, groups, drift, and its node."""

    def doing(ctx):
        one = ctx.instance
        return [one.id, one.index, one.state, one.host_ip, one.scaling_groups, one.drift, one.node.id, one.node.name,
                one.node.type, one.node.type_hierarchy, one.node.number_of_instances]  # fmt: skip

    hierarchy = ["cloudify.nodes.Root", "tests.Part"]
    assert act(life, doing) == [
        "target_2", 1, "uninitialized", "10.0.0.7", {}, None, "target", "target", "tests.Part", hierarchy, 1,
    ]  # fmt: skip


def test_scaling_groups_and_drift_come_from_the_row(life):
    """Groups by id; the drift as `check_drift` has left it."""
    (row,) = [one for one in life.journal.instances(1) if one.name == "target_2"]
    groups = [{"id": "g_1", "name": "g"}, {"id": "h_1", "name": "h"}]
    row = row._replace(
        scaling_groups_json=json.dumps(groups), system_properties_json='{"configuration_drift":{"ok":false}}'
    )
    topology = life.engine.deployments.find("d")
    from durable_wf.authoring.subjects import NodeInstanceContext

    one = NodeInstanceContext(to_data(row), topology, None)
    assert one.scaling_groups == {"g_1": "g", "h_1": "h"}
    assert one.drift == {"ok": False}


@pytest.mark.parametrize(
    "change",
    [
        lambda properties: properties.__setitem__("a", 2),
        lambda properties: properties.__delitem__("a"),
        lambda properties: properties.pop("a"),
        lambda properties: properties.popitem(),
        lambda properties: properties.clear(),
        lambda properties: properties.update(b=1),
        lambda properties: properties.setdefault("b", []),
        lambda properties: properties.__ior__({"b": 1}),
        lambda properties: properties["deep"]["list"].append(2),
    ],
    ids=["set", "del", "pop", "popitem", "clear", "update", "setdefault", "ior", "nested"],
)
def test_every_kind_of_change_counts(life, change):
    """In the mapping itself and deep inside; it says that it is dirty, and the storage has it."""
    act(life, lambda ctx: ctx.instance.runtime_properties.update(a=1, deep={"list": [1]}))

    def doing(ctx):
        properties = ctx.instance.runtime_properties
        assert isinstance(properties, manager.DirtyTrackingDict)
        assert not properties.dirty
        change(properties)
        assert properties.dirty
        return properties

    expected = act(life, doing)
    assert stored(life) == (expected, 2)


def test_a_mapping_that_says_it_is_not_modifiable_refuses_everything():
    """Plugins set it; the text is the reference's."""
    properties = DirtyTrackingDict(a=1)
    properties.modifiable = False
    for do in (lambda: properties.update(b=1), properties.clear, lambda: properties.setdefault("a", 1)):
        with pytest.raises(NonRecoverableError, match=r"^Cannot modify runtime properties of relationship node"):
            do()
    assert properties == {"a": 1}
    assert not properties.dirty
    properties.dirty = True
    assert properties.dirty
    properties.dirty = False
    assert not properties.dirty
    properties.modifiable = True
    properties["set"] = {1}  # not JSON; it was changed all the same
    assert properties.dirty


def test_an_update_is_seen_by_others_while_the_operation_runs(life):
    """A commit of its own; the operation goes on with what is there, in the mapping that it has."""
    saved, looked = threading.Event(), threading.Event()

    def doing(ctx):
        properties = ctx.instance.runtime_properties
        properties["a"] = 1
        ctx.instance.update()
        saved.set()
        assert looked.wait(TIMEOUT)
        properties["b"] = 2
        assert ctx.instance.runtime_properties is properties

    sharing.TODO[:] = [doing]
    uid = life.start("act", {"instance": "target_2"}, deployment="d", allow_custom_parameters=True)
    assert saved.wait(TIMEOUT)
    assert stored(life) == ({"a": 1}, 1)
    looked.set()
    assert life.wait(uid) == "terminated"
    assert stored(life) == ({"a": 1, "b": 2}, 2)


def test_an_update_merges_by_key_and_gives_what_is_there(life):
    """Another key that somebody else has set is there afterwards; without a change it only reads again."""

    def doing(ctx):
        instance = ctx.instance
        instance.runtime_properties["mine"] = 1
        change(theirs=1)
        instance.update()
        found = [dict(instance.runtime_properties)]
        change(theirs=2)
        found.append(dict(instance.runtime_properties))
        instance.update()
        return [*found, dict(instance.runtime_properties)]

    assert act(life, doing) == [{"mine": 1, "theirs": 1}] * 2 + [{"mine": 1, "theirs": 2}]
    assert stored(life) == ({"mine": 1, "theirs": 2}, 3)


def test_14_24_a_conflict_is_what_both_kinds_of_storage_raised(life):
    """Recoverable, with the status of a client's error; what was changed is still there, and can be taken back."""

    def doing(ctx):
        instance = ctx.instance
        instance.runtime_properties["key"] = "mine"
        change(key="theirs")
        with pytest.raises(StorageConflictError, match="does not match current") as raised:
            instance.update()
        assert isinstance(raised.value, CloudifyClientError)
        assert raised.value.status_code == 409
        assert str(raised.value).endswith('it is now "theirs", this operation wants "mine"')
        assert instance.runtime_properties == {"key": "mine"}
        with pytest.raises(NonRecoverableError, match="were changed and not saved"):
            instance.refresh()
        instance.refresh(force=True)
        return dict(instance.runtime_properties)

    assert act(life, doing) == {"key": "theirs"}
    assert stored(life) == ({"key": "theirs"}, 1)


def test_a_conflict_that_is_not_caught_fails_the_attempt_and_the_next_one_reads_again(life):
    """As at the operation's end."""

    def loses(ctx):
        ctx.instance.runtime_properties["key"] = "mine"
        change(key="theirs")
        ctx.instance.update()

    assert act(life, loses, lambda ctx: dict(ctx.instance.runtime_properties), retries=1) == {"key": "theirs"}
    with pytest.raises(StorageConflict, match="of 'target_2' does not match current") as raised:
        act(life, lambda ctx: [ctx.instance.runtime_properties.pop("key"), change(key=3), ctx.instance.update()])
    assert "it is now 3, this operation wants absent" in str(raised.value)
    assert raised.value.status_code == 409


def test_a_handler_is_asked_with_the_own_and_the_newest_until_it_goes_through(life):
    """First with the same twice, without a look; then the original own ones with the fresh ones (workflow-api §7.4)."""
    asked = []

    def handler(own, newest):
        asked.append((dict(own), dict(newest)))
        if len(asked) < 3:
            change(theirs=len(asked))
        own["spoiled"] = True
        return {**newest, "mine": 1, "rounds": len(asked)}

    def doing(ctx):
        ctx.instance.runtime_properties["mine"] = 1
        ctx.instance.update(handler)
        return dict(ctx.instance.runtime_properties)

    assert act(life, doing) == {"mine": 1, "theirs": 2, "rounds": 3}
    own = {"mine": 1}
    assert asked == [(own, own), (own, {"theirs": 1}), (own, {"theirs": 2})]


def test_a_handler_is_asked_where_nothing_was_changed(life):
    """It may be the one who changes."""

    def doing(ctx):
        ctx.instance.update(lambda _, newest: {**newest, "set": True})
        return list(ctx.instance.runtime_properties)

    assert act(life, doing) == ["set"]
    assert stored(life) == ({"set": True}, 1)


def test_a_handler_of_the_instance_is_asked_only_for_a_conflict(life):
    """At the operation's end, too; what it raises fails the attempt."""
    asked = []

    def handler(own, newest):
        asked.append((own["key"], newest["key"]))
        return {**newest, "key": own["key"] + newest["key"]}

    def doing(ctx, theirs):
        ctx.instance.on_conflict = handler
        ctx.instance.runtime_properties["key"] = "m"
        if theirs:
            change(key="t")

    act(life, lambda ctx: doing(ctx, theirs=False))
    assert (asked, stored(life)[0]) == ([], {"key": "m"})
    act(life, lambda ctx: ctx.instance.runtime_properties.update(key="x"))
    act(life, lambda ctx: doing(ctx, theirs=True))
    assert (asked, stored(life)[0]) == ([("m", "t")], {"key": "mt"})

    def refuses(ctx):
        ctx.instance.on_conflict = simple_merge_handler
        ctx.instance.runtime_properties["key"] = "m"
        change(key="t")

    with pytest.raises(ValueError, match="runtime property 'key' is 'm' here and 't' in the storage"):
        act(life, refuses)


@pytest.mark.parametrize(
    ("returned", "error", "text"),
    [
        (
            None,
            NonRecoverableError,
            "handler returned NoneType; a handler of conflicts returns the properties to write",
        ),
        ({"a": {1}}, NotSerializable, "runtime_properties of target_2.a is of type set"),
    ],
)
def test_a_handler_that_returns_nothing_to_write_is_told(life, returned, error, text):
    """Nothing is written."""

    def handler(own, newest):
        return returned

    with pytest.raises(error, match=text):
        act(life, lambda ctx: ctx.instance.update(handler))
    assert stored(life) == ({}, 0)


@pytest.mark.parametrize(
    ("own", "newest", "merged"),
    [
        ({"a": 1}, {"b": 2}, {"a": 1, "b": 2}),
        ({"a": 1}, {"a": 1, "b": 2}, {"a": 1, "b": 2}),
        ({"a": 1, "b": 0}, {"a": 1, "b": 2}, None),
        ({}, {}, {}),
    ],
)
def test_the_simple_handler_keeps_what_both_have(own, newest, merged):
    """A key with two values is an error."""
    if merged is None:
        with pytest.raises(ValueError, match="runtime property 'b' is 0 here and 2 in the storage"):
            simple_merge_handler(own, newest)
    else:
        assert simple_merge_handler(own, newest) == merged


def test_relationships_lead_to_read_only_targets_as_they_are_now(life):
    """Also a target's own; an update of one is refused."""
    act(life, lambda ctx: ctx.instance.runtime_properties.update(known=1))

    def doing(ctx):
        (link,) = ctx.instance.relationships
        target = link.target.instance
        far = "Cannot modify runtime properties of relationship node instances"
        for do in (
            lambda: target.runtime_properties.update(a=1),
            lambda: setattr(target, "runtime_properties", {}),
            target.update,
        ):
            with pytest.raises(NonRecoverableError) as raised:
                do()
            assert str(raised.value) == far
        (next_link,) = target.relationships
        change(known=2)
        before = dict(target.runtime_properties)
        target.refresh()
        return [link.type, link.type_hierarchy[-1], link.target.node.id, before, dict(target.runtime_properties),
                next_link.target.instance.id, next_link.target.node.properties["ip"],
                dict(ctx.instance.relationships[0].target.instance.runtime_properties)]  # fmt: skip

    assert act(life, doing, instance="source_3") == [
        "tests.shares", "tests.shares", "target", {"known": 1}, {"known": 2}, "host_1", "10.0.0.7", {"known": 2},
    ]  # fmt: skip


def test_both_ends_of_a_relationship_operation_can_be_updated(life):
    """Each in a commit of its own; the rest with the outcome."""

    def doing(ctx):
        ctx.source.instance.runtime_properties["a"] = 1
        ctx.source.instance.update()
        ctx.target.instance.runtime_properties["b"] = 1
        ctx.target.instance.update()
        ctx.target.instance.runtime_properties["c"] = 1

    act(life, doing, instance="source_3", operation="joins.describes@source")
    assert stored(life, "source_3") == ({"a": 1}, 1)
    assert stored(life) == ({"b": 1, "c": 1}, 2)


def test_what_plugins_ask_the_manager(life):
    """Any instance of the deployment, read and changed by key; the client itself is not there."""

    def doing(ctx):
        one = manager.get_node_instance("source_3")
        assert (one.node_id, one.index, one.dirty, one.drift) == ("source", 1, False, None)
        manager.update_node_instance(one)
        one.runtime_properties["a"] = [1]
        assert one.dirty
        manager.update_node_instance(one)
        assert not one.dirty
        one.runtime_properties = {"b": 1}
        assert one.dirty
        manager.update_node_instance(one)
        assert one.version == 2
        stale = manager.get_node_instance("source_3")
        stale.runtime_properties["b"] = 2
        one.runtime_properties["b"] = 3
        manager.update_node_instance(one)
        with pytest.raises(StorageConflict, match="it is now 3, this operation wants 2"):
            manager.update_node_instance(stale)
        with pytest.raises(NonRecoverableError, match="there is no node instance 'x'"):
            manager.get_node_instance("x")
        with pytest.raises(NonRecoverableError, match="there is no REST service here"):
            manager.get_rest_client()
        manager.update_execution_status("x", "failed")
        assert manager.get_resource("b", "d", "t", "files/plain.txt") == b"plain\n"
        assert Path(manager.download_resource("b", "d", "t", "files/plain.txt")).read_bytes() == b"plain\n"
        return [manager.get_node_instance_ip("target_2"), manager.get_provider_context(),
                manager.get_bootstrap_context()]  # fmt: skip

    assert act(life, doing) == ["10.0.0.7", {}, {}]
    assert stored(life, "source_3") == ({"b": 3}, 3)


def test_14_29_threads_of_a_plugin_have_no_ctx_until_they_push_it(life):
    """With it they may read, change and save as the operation's own thread does."""

    def doing(ctx):
        found = []

        def other():
            try:
                old_ctx.instance.update()
            except NotInContext as error:
                found.append(str(error))
            with current_ctx.push(ctx, {"given": 1}):
                old_ctx.instance.runtime_properties["of thread"] = ctx_parameters.given
                old_ctx.instance.update()
            found.append(repr(old_ctx))

        thread = threading.Thread(target=other)
        thread.start()
        thread.join(TIMEOUT)
        assert stored(life) == ({"of thread": 1}, 1)
        return [*found, old_ctx == ctx, ctx == old_ctx, hash(ctx) == hash(old_ctx)]

    assert act(life, doing) == [
        "No context set in current execution thread", "<no current context>", True, True, True,
    ]  # fmt: skip


def test_a_handler_at_the_end_that_gives_up_its_change_leaves_what_is_there(life):
    """And what the operation returned and logged is told once, though its end was tried twice."""

    def doing(ctx):
        ctx.instance.on_conflict = lambda _, newest: newest
        ctx.instance.runtime_properties["key"] = "mine"
        ctx.logger.info("once")
        change(key="theirs")
        return "result"

    assert act(life, doing) == "result"
    assert stored(life) == ({"key": "theirs"}, 1)
    assert [one.message for one in life.journal.events(1)] == ["once"]


def test_a_handler_at_the_end_is_asked_for_operations_that_ask_again_and_that_fail(life):
    """What they set is saved, too; each attempt counts once."""

    def count(ctx):
        ctx.instance.on_conflict = lambda _, newest: {**newest, "count": newest["count"] + 1}
        before = ctx.instance.runtime_properties.get("count", 0)
        change(count=before + 10)
        ctx.instance.runtime_properties["count"] = before + 1

    def asks(ctx):
        count(ctx)
        ctx.operation.retry("again", retry_after=0)

    def fails(ctx):
        count(ctx)
        raise ValueError

    assert act(life, asks, fails, lambda ctx: dict(ctx.instance.runtime_properties), retries=2) == {"count": 22}
    assert len(life.journal.stored("attempt", 1)) == 3
