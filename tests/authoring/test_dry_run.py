"""A dry run on a real journal: the whole flow, and nothing done (workflow-api §6.8)."""

from __future__ import annotations

from durable_wf import RunOptions, workflow
from durable_wf.codec import decode
from durable_wf.inspection.events import EventReader
from durable_wf.model.rows import Kind
from durable_wf.model.states import TASK
from tests.authoring import contexts
from tests.authoring.test_workflow_ctx import does, life
from tests.replay.work import WORLD, op

__all__ = ["life"]

DRY = RunOptions(dry_run=True, task_retries=0)


def shown(life, uid):
    """Kind, name, target and state of each task."""
    history = life.journal.history(life.engine.find(uid).id)
    return [
        (Kind(task.kind).name, task.name, task.target, str(TASK.states[task.state]))
        for task in history.tasks
        if task.kind != Kind.HUB
    ]


def test_nothing_runs_and_nothing_of_the_deployment_changes(life):
    """Operations and local tasks give None, states and writes are not made; the flow is that of a real run."""
    before = life.journal.instances(1)
    uid, state = life.run("does", {"what": "everything"}, deployment="d", options=DRY, allow_custom_parameters=True)
    assert state == "terminated"
    assert life.engine.result(uid) == [
        None, None, None, "theirs", {"c": 1}, "uninitialized", True, "cloudify.relationships.contained_in",
    ]  # fmt: skip
    assert life.journal.instances(1) == before
    assert WORLD.seen == []
    assert shown(life, uid) == [
        ("DRY_RUN", "ops.sets", "alone_6", "succeeded"),
        ("DRY_RUN", "beside", "", "succeeded"),
        ("DRY_RUN", "tests.authoring.plugin:sets", "alone_6", "succeeded"),
        ("NOP", "set_state mine", "alone_6", "succeeded"),
        ("DRY_RUN", "update_node_instance", "alone_6", "succeeded"),
        ("DRY_RUN", "<lambda>", "", "succeeded"),
        ("REFRESH", "", "", "succeeded"),
        ("SUBGRAPH", "inner", "", "succeeded"),
        ("DRY_RUN", "ops.describes", "app_4", "succeeded"),
        ("EVENT", "workflow_node_event", "app_4", "succeeded"),
        ("DRY_RUN", "ops.sets", "app_4", "succeeded"),
        ("NOP", "set_state started", "app_4", "succeeded"),
        ("NOP", "ops.nothing", "app_4", "succeeded"),
    ]
    assert life.journal.stored("attempt", 1) == []
    assert list(life.journal.verify()) == []


def test_messages_say_that_it_is_a_dry_run(life):
    """Of the workflow and of its tasks (workflow-api §6.8)."""
    does(life, contexts.made_directly, DRY)
    row = life.journal.executions()[0]
    messages = EventReader(life.journal, row).more()
    texts = [one["message"]["text"] for one in messages if one["type"] == "cloudify_event"]
    assert [text for text in texts if not text.endswith("(dry run)")] == []
    assert any("Starting 'does' workflow execution" in text for text in texts)
    assert any("local" in text for text in texts)


def test_a_dry_run_is_told_apart(life):
    """By its options, and in what is listed."""
    does(life, contexts.status, DRY)
    does(life, contexts.updates_nothing)
    assert [one.dry_run for one in life.engine.executions()] == [False, True]
    assert [decode(row.options_json).get("dry_run") for row in life.journal.executions()] == [None, True]


def test_tasks_that_a_plugin_makes_are_shown_only(life):
    """Whatever their class; no handler is asked, for one may wait for a result that never comes."""
    assert does(life, contexts.made_directly, DRY) == [
        "LocalWorkflowTask", "RemoteWorkflowTask", "SetNodeInstanceStateTask", "DryRunLocalWorkflowTask", "Own",
    ]  # fmt: skip
    assert WORLD.seen == []
    assert [kind for kind, *_ in shown(life, life.engine.executions()[0].id)] == [
        "DRY_RUN", "DRY_RUN", "NOP", "DRY_RUN", "DRY_RUN",
    ]  # fmt: skip
    assert {one.state for one in life.journal.instances(1)} == {"uninitialized"}


@workflow
def in_two_halves(ctx):
    """One operation before the process dies, one after."""
    return [op(ctx, "a").get(), op(ctx, "b").get(), ctx.dry_run, ctx.get_execution()["is_dry_run"]]


def test_a_dry_run_that_is_interrupted_stays_one(lives):
    """Its options are stored with it."""
    first = lives(at=4)
    uid, _ = first.run(in_two_halves, options=DRY)
    assert first.died
    first.settle_death()
    second = lives()
    if second.engine.info(uid).state == "interrupted":
        assert second.resume(uid) == "terminated"
    assert second.engine.result(uid) == [None, None, True, True]
    assert WORLD.counts() == {}
