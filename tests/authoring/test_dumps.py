"""Tasks, handlers and graphs as plain data, and back (workflow-api §3.7, §3.9, §6.4; checklist 40)."""

from __future__ import annotations

import json

import pytest
from cloudify.exceptions import NonRecoverableError
from cloudify.workflows import tasks
from cloudify.workflows.tasks_graph import TaskDependencyGraph, forkjoin

from durable_wf import workflow
from durable_wf.authoring import dumps
from tests.authoring import tasks_plugin
from tests.authoring.handled import acts, stumble, tell
from tests.replay import kit
from tests.replay.work import WORLD, op


@pytest.mark.parametrize(
    ("handler", "record"),
    [
        (tasks_plugin.cont, {"path": "tests.authoring.tasks_plugin.cont"}),
        (tasks_plugin.Ignoring("why"), {"path": "tests.authoring.tasks_plugin.Ignoring", "reason": "why"}),
        (tasks_plugin.Ignoring, {"path": "tests.authoring.tasks_plugin.Ignoring"}),
        (tasks_plugin.Ignoring.always, {"path": "tests.authoring.tasks_plugin:Ignoring.always"}),
        (None, None),
    ],
)
def test_handlers_are_written_down_by_their_path(handler, record):
    """An object by its class and what its dump() gives; it is made again with that."""
    assert dumps.dump_handler(handler) == record
    found = dumps.load_handler(record)
    if isinstance(handler, tasks_plugin.Ignoring):
        assert found.reason == "why"
    elif isinstance(handler, type):
        assert type(found) is handler
    else:
        assert found is handler


def test_handlers_without_a_path_cannot_be_written_down():
    """A lambda, a nested function (whose own name does not tell), a method."""

    def nested(_task):
        return None

    for handler in (lambda _task: None, nested, tasks_plugin.Ignoring().bound):
        with pytest.raises(NonRecoverableError, match="Cannot serialize handler"):
            dumps.dump_handler(handler)


@acts
def copies(ctx):
    """Tasks of each class, written down and made again."""
    graph = ctx.graph_mode()
    box = graph.subgraph("box")
    made = [
        box,
        op(ctx, "a"),
        ctx.local_task(len, kwargs={"obj": [1]}, name="count", info=5, total_retries=2, retry_interval=3),
        ctx.send_event("hello", args=[1], additional_context={"b": 2}),
        tasks.SetNodeInstanceStateTask("node_1", "creating", workflow_context=ctx),
        tasks.SendNodeEventTask("node_1", "hello", {"c": 3}, workflow_context=ctx),
        tasks.GetNodeInstanceStateTask("node_1", workflow_context=ctx),
        tasks.UpdateExecutionStatusTask("started", workflow_context=ctx),
        tasks.NOPLocalWorkflowTask(ctx),
        tasks_plugin.Custom("state", workflow_context=ctx, on_success=tasks_plugin.cont),
        tasks.RemoteWorkflowTask(
            {"x": 1},
            {
                "task_name": "tests.replay.work.work", "node_id": "host_1", "node_name": "host", "timeout": 9,
                "plugin": {"name": "p"}, "operation": {"name": "ops.go", "relationship": "target"},
                "related": {"node_id": "client_2"},
            },
            ctx,
        ),
    ]  # fmt: skip
    box.add_task(made[1])
    for task in made:
        graph.add_task(task)
    made[1].on_failure = tasks_plugin.Ignoring("why")
    made[1].send_task_events = False
    records = [json.loads(json.dumps(task.dump())) for task in made]
    other = TaskDependencyGraph(ctx)
    again = [_again(ctx, other, task, record) for task, record in zip(made, records, strict=True)]
    same = [json.loads(json.dumps(task.dump())) == record for task, record in zip(again, records, strict=True)]
    return [same, [one == task for one, task in zip(again, made, strict=True)], records, made[-1].cloudify_context]


def _again(ctx, graph, task, record):
    made = type(task).restore(ctx, graph, record)
    graph.add_task(made)
    return made


def test_a_task_is_made_again_from_its_record(life):
    """With its id, settings, handlers and subgraph: the same record again."""
    same, equal, records, context = tell(life, "copies")
    assert same == [True] * 11
    assert equal == [True] * 11
    operation = records[1]
    assert operation["type"] == "RemoteWorkflowTask"
    assert operation["parameters"]["containing_subgraph"] == records[0]["id"]
    assert operation["parameters"]["on_failure"]["reason"] == "why"
    assert operation["parameters"]["send_task_events"] is False
    assert records[2]["parameters"]["task_kwargs"] == {"kwargs": {"obj": [1]}, "name": "count"}
    assert records[9]["type"] == "tests.authoring.tasks_plugin.Custom"
    assert records[9]["parameters"]["task_kwargs"] == {"how": "state"}
    assert (context["node_id"], context["related"]["node_id"]) == ("host_1", "client_2")
    assert (context["operation"]["name"], context["operation"]["relationship"]) == ("ops.go", "target")
    assert (context["plugin"], context["timeout"], context["task_name"]) == ({"name": "p"}, 9, "tests.replay.work.work")


@acts
def retried(ctx):
    """A task duplicated as the reference does for each retry."""
    graph = ctx.graph_mode()
    task = stumble(ctx, "a", 0)
    task.info, task.on_success = "mine", tasks_plugin.cont
    copy = task.duplicate_for_retry(0)
    again = copy.duplicate_for_retry(None)
    for one in (task, copy, again):
        graph.add_task(one)
    custom = tasks_plugin.Custom("state", workflow_context=ctx).duplicate_for_retry(None)
    graph.add_task(custom)
    graph.execute()
    told = [copy.info, copy.on_success is task.on_success, copy.id != task.id, copy.retried_task == task.id]
    told += [again.retried_task == copy.id, copy.execute_after, again.execute_after, custom.get_state()]
    try:
        graph.subgraph("box").duplicate_for_retry(None)
    except NotImplementedError:
        return told


def test_a_task_is_duplicated_for_a_retry(life):
    """Another id, all else the same; a subgraph must be built anew."""
    assert tell(life, "retried") == ["mine", True, True, True, True, 0.0, None, "succeeded"]
    assert WORLD.counts() == {"a": 3, "custom state": 1}


@acts
def stored(ctx):
    """A graph stored under a name, and made again from what is stored."""
    graph = ctx.graph_mode()
    a, b, c = (op(ctx, name) for name in "abc")
    box = graph.subgraph("box")
    box.sequence().add(b, tasks.NOPLocalWorkflowTask(ctx), c)
    graph.sequence().add(a, tasks.NOPLocalWorkflowTask(ctx), forkjoin(box, ctx.send_event("beside")))
    graph.store(name="mine")
    record = ctx.get_tasks_graph("mine")
    operations = ctx.get_operations(record.id)
    again = TaskDependencyGraph.restore(ctx, record)
    told = [len(graph.tasks), len(operations), record.id == graph.id == again.id, sorted(operations[0])]
    told.append([again.has_dependency(box.id, a.id), again.has_dependency(c, b), len(again.get_task(box.id).tasks)])
    again.execute()
    told.append([WORLD.names(), ctx.get_operations("unknown")])
    a.set_state("succeeded")  # as it would be in a record of something that has ended
    told.append(len(TaskDependencyGraph.restore(ctx, record).tasks))
    return told


def test_checklist_40_a_graph_is_stored_and_restored(life):
    """Optimised, with its edges and subgraphs; what has ended is left out."""
    kept, operations, same, keys, edges, ran, left = tell(life, "stored")
    assert (kept, operations, same) == (5, 5, True)
    assert keys == ["dependencies", "id", "name", "parameters", "state", "tasks_graph_id", "type"]
    assert edges == [True, True, 2]
    assert ran == [["a", "b", "c"], []]
    assert left == 4


@acts
def restores(ctx, name):
    """A record of a class that is no task's."""
    graph = ctx.graph_mode()
    graph.store(name="mine")
    records = [{"id": "1", "type": name, "state": "pending", "parameters": {}, "dependencies": []}]
    ctx.get_operations = lambda _graph_id: records
    TaskDependencyGraph.restore(ctx, graph)


@pytest.mark.parametrize(
    "name", ["tests.authoring.tasks_plugin.NoTask", "Unknown", "tests.authoring.tasks_plugin.cont"]
)
def test_a_class_that_is_no_tasks_is_refused(life, name):
    """RuntimeError, as the reference says."""
    assert tell(life, "restores", name=name) == [
        "RuntimeError", f"{name} is no class of tasks: it must be derived from WorkflowTask",
    ]  # fmt: skip


@workflow
def writes_down(ctx):
    """A failed task as data."""
    graph = ctx.graph_mode()
    task = stumble(ctx, "a", 9, "never")
    graph.add_task(task)
    try:
        graph.execute()
    except RuntimeError:
        return task.dump()


def test_a_failed_task_is_written_down_with_its_error(life):
    """In the reference's wire form."""
    uid, _ = life.run(writes_down, options=kit.NO_RETRIES)
    record = life.engine.result(uid)
    error = record["parameters"]["error"]
    assert (record["state"], error["exception_type"], error["message"]) == (
        "failed", "NonRecoverableError", "a stumbles",
    )  # fmt: skip
    assert error["known_exception_type_args"] == ["a stumbles"]
    assert "a stumbles" in error["traceback"]
