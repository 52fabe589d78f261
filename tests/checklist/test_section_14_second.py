"""The checklist of compatibility (workflow-api §14), points 23 to 40: one test a point, in its order.

What needs a subject that is not built yet is written out and fails as expected; it fails the day it passes.
"""

from __future__ import annotations

import threading
from pathlib import Path

import cloudify
import pytest
from cloudify.exceptions import (
    NonRecoverableError,
    OperationRetry,
    RecoverableError,
    WorkflowFailed,
)
from cloudify.mocks import MockCloudifyContext
from cloudify.state import NotInContext, current_ctx
from cloudify.workflows.local import StorageConflictError
from cloudify.workflows.tasks import HandlerResult, WorkflowTaskResult
from cloudify.workflows.tasks_graph import TaskDependencyGraph, forkjoin, make_or_get_graph

from durable_wf import ResumeOptions, RunOptions
from durable_wf.dsl.parameters import ParametersError
from tests.checklist import kit
from tests.checklist.kit import app, says
from tests.replay.kit import states
from tests.replay.work import TIMEOUT, WORLD


@pytest.mark.xfail(strict=True, reason="the local environment", raises=ImportError)
def test_14_23_the_outputs_of_an_environment(tmp_path):
    """23. `env.outputs()` are evaluated when they are asked for; an attribute that is not there is None."""
    from cloudify.workflows.local import init_env

    text = """\
outputs:
  there: {value: {get_attribute: [app, there]}}
  missing: {value: {get_attribute: [app, missing]}}
  port: {value: {get_property: [app, port]}}
"""
    env = init_env(str(kit.write_blueprint(tmp_path, kit.APP + text)))
    assert env.outputs() == {"there": None, "missing": None, "port": 80}
    kit.PARTS["sets"] = lambda ctx: app(ctx).execute_operation("ops.sets", {"properties": {"there": [1]}}).get()
    env.execute("plays", {"part": "sets"})
    assert env.outputs() == {"there": [1], "missing": None, "port": 80}


def test_14_24_a_storage_conflict_says_what_does_not_match(plain):
    """24. "version A does not match current version of … which is B"; not with `force`, nor with a state."""

    def flow(ctx):
        name = app(ctx).id
        app(ctx).execute_operation("ops.sets", {"properties": {"a": 1}}).get()
        try:
            ctx.update_node_instance(name, version=0, runtime_properties={"lost": True})
        except StorageConflictError as error:
            told = str(error)
        ctx.refresh_node_instances()
        seen = [dict(app(ctx).runtime_properties), app(ctx).version]
        ctx.update_node_instance(name, version=0, runtime_properties={"forced": True}, force=True)
        ctx.update_node_instance(name, version=0, state="any")
        return [told, seen, dict(app(ctx).runtime_properties), app(ctx).state]

    told, *seen = plain.execute(flow)
    assert told.startswith("version 0 does not match current version of ")
    assert told.endswith(" which is 1")
    assert seen == [[{"a": 1}, 1], {"forced": True}, "any"]


def test_14_25_nine_events_and_three_logs_are_captured_by_a_patch(deploy):
    """25. `cloudify.logs.stdout_event_out` and `stdout_log_out`, replaced: the mixed example, in its order."""
    env = deploy(kit.APP.replace("ops:\n", "ops:\n        speaks: checklist.tests.checklist.plugin.speaks\n"))

    def flow(ctx):
        ctx.logger.info("of the workflow")
        ctx.send_event("a workflow event").get()
        app(ctx).logger.info("of the instance")
        app(ctx).send_event("a node event").get()
        app(ctx).execute_operation("ops.speaks").get()
        ctx.local_task(lambda: "local", name="local one").get()

    with kit.Heard() as heard:
        env.execute(flow)
    task = "tests.checklist.plugin.speaks"
    assert [(one["event_type"], one["message"]["text"]) for one in heard.events] == [
        ("workflow_started", "Starting 'plays' workflow execution"),
        ("workflow_stage", "a workflow event"),
        ("workflow_node_event", "a node event"),
        ("task_started", f"Task started '{task}'"),
        ("plugin_event", "of the plugin"),
        ("task_succeeded", f"Task succeeded '{task}' - spoken"),
        ("task_started", "Task started 'local one'"),
        ("task_succeeded", "Task succeeded 'local one' - local"),
        ("workflow_succeeded", "'plays' workflow execution succeeded"),
    ]
    texts = [(one["level"], one["message"]["text"]) for one in heard.logs]
    assert texts == [("info", f"of the {who}") for who in ("workflow", "instance", "operation")]


def test_14_26_a_local_task_that_is_not_fetched_is_awaited(plain):
    """26. Run and awaited before the workflow ends; events unless they are not wanted; a failure is always told."""

    def loud():
        WORLD.seen.append("loud")

    def silent():
        WORLD.seen.append("silent")

    def failing():
        raise LookupError("of the local task")

    def flow(ctx):
        with WORLD.gate("first"):
            says(ctx, "first")
            ctx.local_task(loud)
            ctx.local_task(silent, send_task_events=False)
            WORLD.arrived("first")
            WORLD.seen.append("the function has returned")
        return "ended"

    with kit.Heard() as heard:
        assert plain.execute(flow) == "ended"
    assert sorted(WORLD.seen) == ["loud", "silent", "the function has returned"]
    assert heard.types("'loud'") == ["task_started", "task_succeeded"]
    assert heard.types("'silent'") == []
    assert heard.events[-1]["event_type"] == "workflow_succeeded"

    def fails_at_its_end(ctx, events):
        ctx.local_task(failing, send_task_events=events)
        return "ended"

    for events, kinds in ((True, ["task_started", "task_failed"]), (False, ["task_failed"])):
        with kit.Heard() as heard, pytest.raises(LookupError, match="of the local task") as raised:
            plain.execute(fails_at_its_end, {"events": events})
        assert type(raised.value) is LookupError
        assert heard.types("'failing'") == kinds
        assert heard.events[-1]["event_type"] == "workflow_failed"


def test_14_27_the_settings_of_a_local_task_have_their_precedence(plain):
    """27. The execution's, then the invocation's, then the callable's own; the invocation's, where it overrides."""
    from cloudify.workflows.workflow_context import task_config

    def bare(value="none"):
        return value

    own = {"total_retries": 1, "retry_interval": 11, "name": "own", "info": "own info", "kwargs": {"value": "own"}}
    decorated = task_config(send_task_events=False, **own)(bare)
    given = {"total_retries": 2, "retry_interval": 22, "name": "given", "kwargs": {"value": "given"}}

    def shown(task):
        events = task.send_task_events
        return [task.total_retries, task.retry_interval, task.name, task.info, task.kwargs.get("value"), events]

    def flow(ctx):
        graph = ctx.graph_mode()
        tasks = [
            ctx.local_task(task_config(bare)),
            ctx.local_task(bare, info="given info", send_task_events=False, **given),
            ctx.local_task(decorated, info="given info", **given),
            ctx.local_task(decorated, override_task_config=True, **given),
        ]
        graph.sequence().add(*tasks)
        graph.execute()
        return [[shown(task) for task in tasks], [task.async_result.result for task in tasks]]

    found, results = plain.execute(flow, options=RunOptions(task_retries=5, task_retry_interval=55))
    assert found == [
        [5, 55, "bare", None, None, True],
        [2, 22, "given", "given info", "given", False],
        [1, 11, "own", "own info", "own", False],
        [2, 22, "given", "own info", "given", True],
    ]
    assert results == ["none", "given", "own", "given"]


def test_14_28_as_many_local_tasks_run_at_once_as_the_pool_has_threads(deploy):
    """28. `LocalTasksProcessing` has the size it is given; as many run at once as the engine has workers, no more."""
    from cloudify.workflows.workflow_context import LocalTasksProcessing

    env = deploy(kit.APP, max_operations=3)
    together, lock, running, most = threading.Barrier(3), threading.Lock(), [], []

    def one():
        with lock:
            running.append(1)
            most.append(len(running))
        together.wait(TIMEOUT)
        with lock:
            running.pop()

    def flow(ctx):
        for _ in range(9):
            ctx.local_task(one)
        return [
            LocalTasksProcessing(ctx, thread_pool_size=3).thread_pool_size,
            LocalTasksProcessing(ctx).thread_pool_size,
        ]

    assert env.execute(flow) == [3, 8]
    assert max(most) == 3


@pytest.mark.xfail(strict=True, reason="the local environment", raises=ImportError)
def test_14_28_task_thread_pool_size_is_an_argument_of_the_environment(tmp_path):
    """28. `env.execute(..., task_thread_pool_size=3)` is what the pool of that workflow has."""
    from cloudify.workflows.local import init_env

    env = init_env(str(kit.write_blueprint(tmp_path, kit.APP)))
    kit.PARTS["size"] = lambda ctx: ctx.internal.local_tasks_processor.thread_pool_size
    assert env.execute("plays", {"part": "size"}, task_thread_pool_size=3) == 3
    assert env.execute("plays", {"part": "size"}) == 8


def test_14_29_a_test_sets_the_current_context(plain):
    """29. `current_ctx.set(MockCloudifyContext(...))` is for its own thread, until `clear()`."""
    from tests.checklist.plugin import sets

    found = []

    def in_another_thread():
        try:
            cloudify.ctx.instance  # noqa: B018 - the access is what raises
        except NotInContext as error:
            found.append(str(error))
        current_ctx.set(MockCloudifyContext(node_id="theirs"))
        found.append(cloudify.ctx.instance.id)

    current_ctx.set(MockCloudifyContext(node_id="ours", properties={"port": 80}), {"given": 1})
    try:
        sets(properties={"a": 1})
        thread = threading.Thread(target=in_another_thread)
        thread.start()
        thread.join(TIMEOUT)
        assert found == ["No context set in current execution thread", "theirs"]
        assert cloudify.ctx.instance.id == "ours"
        assert cloudify.ctx.instance.runtime_properties == {"a": 1}
        assert cloudify.ctx.node.properties["port"] == 80
        assert current_ctx.get_parameters()["given"] == 1
    finally:
        current_ctx.clear()
    with pytest.raises(NotInContext):
        cloudify.ctx.instance  # noqa: B018 - as above


def test_14_30_the_context_and_its_proxy_are_equal(plain):
    """30. The `ctx` that an operation is given, and `from cloudify import ctx`."""

    def flow(ctx):
        return app(ctx).execute_operation("ops.looks").get()

    found = plain.execute(flow)
    assert found["equal"] == [True] * 4
    assert found["ids"] == [True, "app"]


def test_14_31_what_may_only_be_read_refuses_to_be_written(plain):
    """31. Properties, and a relationship target's runtime properties; an operation of the link may write both ends."""

    def flow(ctx):
        told = app(ctx).execute_operation("ops.overrides").get()
        link = next(one for one in app(ctx).relationships if one.type == "linked")
        link.execute_source_operation("links.touches").get()
        return told

    told = plain.execute(flow)
    assert told[:6] == ["Cannot override read only properties"] * 6
    assert told[6:] == ["Cannot modify runtime properties of relationship node instances"] * 3
    assert "read only properties" in told[0]
    found = plain.instances()
    assert found["app"].runtime_properties == {"touched": "source"}
    assert found["other"].runtime_properties == {"touched": "target"}


def test_14_32_the_plugin_is_its_name_with_attributes(plain):
    """32. `ctx.plugin == 'name'`; name, package, version, source, properties, prefix, and a folder of its own."""

    def flow(ctx):
        return app(ctx).execute_operation("ops.looks").get()

    found = plain.execute(flow)
    assert found["plugin"] == [True, True, "checklist", "checklist-plugin"]
    assert found["more"] == ["1.2", None, {}, True]
    assert Path(found["workdir"]).parts[-2:] == ("plugins", "checklist")


@pytest.mark.xfail(strict=True, reason="scripts", raises=ModuleNotFoundError)
def test_14_33_a_script_returns_retries_and_aborts(deploy):
    """33. JSON after `@`; both spellings of retry; abort is final; and none of them twice."""
    kit.needs("cloudify.proxy.client")
    env = deploy(kit.SCRIPTS, files=kit.FILES)

    def flow(ctx, operation):
        return app(ctx).execute_operation(f"ops.{operation}").get()

    assert env.execute(flow, {"operation": "gives"}) == ["1", 2, True]
    for operation in ("retries", "retries_too"):
        with pytest.raises(RecoverableError, match="again") as raised:
            env.execute(flow, {"operation": operation})
        assert type(raised.value) is OperationRetry
    with pytest.raises(NonRecoverableError, match="enough"):
        env.execute(flow, {"operation": "aborts"})
    with pytest.raises(NonRecoverableError, match="ctx may only abort or return once"):
        env.execute(flow, {"operation": "twice"})


def test_14_34_scale_refuses_starts_and_finishes(deploy, monkeypatch):
    """34. Errors as in §10.8; `start_modification` is given three keys, `finish` called once, `rollback` never."""
    from cloudify.plugins.workflows import scale_entity
    from cloudify.workflows.workflow_context import Modification, WorkflowDeploymentContext

    calls = []
    for owner, name in (
        (WorkflowDeploymentContext, "start_modification"),
        (Modification, "finish"),
        (Modification, "rollback"),
    ):
        real = getattr(owner, name)

        def spy(self, *given, name=name, real=real):
            calls.append((name, *given))
            return real(self, *given)

        monkeypatch.setattr(owner, name, spy)
    env = deploy(kit.LIFE + "node_templates: {a: {type: Step}}\n")
    env.execute("install")
    a = {"scalable_entity_name": "a"}
    with pytest.raises(ValueError, match="The delta parameter must be a number"):
        env.execute(lambda ctx: scale_entity(ctx, delta="x", **a))
    for parameters, kind, text in (
        (a | {"delta": "x"}, ParametersError, "'delta' is not of type integer"),  # before the workflow is called
        (a | {"delta": -2}, ValueError, "Provided delta: -2 is illegal"),
        (a | {"delta": 1, "include_instances": ["a_1"]}, ValueError, "delta"),
        ({"scalable_entity_name": "x", "delta": 1}, ValueError, "No scalable entity named x was found"),
        (a | {"delta": -1, "include_instances": ["x"]}, RuntimeError, "x"),
    ):
        with pytest.raises(kind, match=text):
            env.execute("scale", parameters)
    env.execute("scale", a | {"delta": 0})
    assert calls == []
    env.execute("scale", a | {"delta": 1})
    (_, entities), *rest = calls
    assert entities == {"a": {"instances": 2, "removed_ids_include_hint": [], "removed_ids_exclude_hint": []}}
    assert rest == [("finish",)]
    assert WORLD.seen == [("a", step) for _ in range(2) for step in ("create", "configure", "start")]


def test_14_35_a_modification_starts_rolls_back_and_finishes(plain):
    """35. Related instances: version + 1 at the start; back as they were, or as they are now; ended once only."""

    def flow(ctx, how):
        def now():
            ctx.refresh_node_instances()
            one = app(ctx)
            return [one.version, one.runtime_properties, len(list(ctx.get_node("other").instances))]

        app(ctx).execute_operation("ops.sets", {"properties": {"of": "before"}}).get()
        found = [now()]
        modification = ctx.deployment.start_modification({"other": {"instances": 2}})
        found.append(now())
        app(ctx).execute_operation("ops.sets", {"properties": {"of": "meanwhile"}}).get()
        getattr(modification, how)()
        found.append(now())
        told = []
        for again in (modification.finish, modification.rollback):
            try:
                again()
            except Exception as error:  # noqa: BLE001 - its class is not of the interface; its text is
                told.append(modification.id in str(error))
        return [*found, told]

    before, started, ended, told = plain.execute(flow, {"how": "rollback"})
    assert started == [before[0] + 1, {"of": "before"}, 2]
    assert ended == before
    assert told == [True, True]
    before, started, ended, told = plain.execute(flow, {"how": "finish"})
    assert started == [before[0] + 1, {"of": "before"}, 2]
    assert ended[1:] == [{"of": "meanwhile"}, 2]
    assert told == [True, True]


def test_14_36_a_resumed_graph_runs_what_is_pending_only(deploy, plain, tmp_path):
    """36. What has ended is not run again, after a death or a failure; `make_or_get_graph` requires a name."""

    @make_or_get_graph
    def build(ctx):
        graph = ctx.graph_mode()
        graph.sequence().add(*(says(ctx, name) for name in ("a", "b", "c")))
        return graph

    def flow(ctx):
        graph = build(ctx, name="three")
        WORLD.seen.append([ctx.get_tasks_graph("three") is graph, build(ctx, name="three") is graph])
        graph.execute()
        return "ended"

    with WORLD.gate("b"):
        uid = plain.start(flow)
        WORLD.arrived("b")
        plain.life.die()
    second = kit.Env(tmp_path / "second", store=plain.store)
    try:
        WORLD.broken.add("c")
        assert second.life.resume(uid) == "failed"
        assert WORLD.counts() == {"a": 1, "b": 2, "c": 1}
        WORLD.broken.clear()
        assert second.life.resume(uid) == "terminated"
        assert second.engine.result(uid) == "ended"
        assert WORLD.counts() == {"a": 1, "b": 2, "c": 2}
        assert WORLD.seen == [[True, True]] * 3
    finally:
        second.close()

    def nameless(ctx):
        return build(ctx)

    with pytest.raises(KeyError, match="name"):
        deploy(kit.APP).execute(nameless)


def test_14_37_on_success_may_retry_beyond_the_limit(plain):
    """37. With `ignore_total_retries` it loops until the handler is content; without, the budget runs out."""

    def flow(ctx, ignore):
        def until_four(task):
            wanted = task.async_result.result == "polls done" and task.current_retries < 4
            return HandlerResult.retry(ignore_total_retries=ignore, retry_after=0) if wanted else HandlerResult.cont()

        graph = ctx.graph_mode()
        polls = says(ctx, "polls")
        polls.on_success = until_four
        graph.sequence().add(polls, says(ctx, "behind"))
        graph.execute()

    one = RunOptions(task_retries=1, task_retry_interval=0)
    plain.execute(flow, {"ignore": True}, options=one)
    assert WORLD.counts() == {"polls": 5, "behind": 1}
    WORLD.clear()
    with pytest.raises(WorkflowFailed):
        plain.execute(flow, {"ignore": False}, options=one)
    assert WORLD.counts() == {"polls": 2}


def test_14_38_a_cancel_comes_out_of_execute(plain):
    """38. `ExecutionCancelled`, while what runs is not awaited; what has not started stays as it is."""
    from cloudify.workflows import api

    told = threading.Event()

    def flow(ctx):
        graph = ctx.graph_mode()
        tasks = [says(ctx, name) for name in ("runs", "behind", "far behind")]
        graph.sequence().add(*tasks)
        try:
            graph.execute()
        except api.ExecutionCancelled:
            WORLD.seen.append([api.has_cancel_request(), *(one.get_state() for one in tasks[1:])])
            told.set()
            raise

    with WORLD.gate("runs"):
        uid = plain.start(flow)
        WORLD.arrived("runs")
        plain.engine.cancel(uid)
        assert told.wait(TIMEOUT)
    assert plain.wait() == "cancelled"
    with pytest.raises(api.ExecutionCancelled):
        plain.engine.result(uid)
    assert WORLD.seen == [[True, "pending", "pending"]]
    assert WORLD.counts() == {"runs": 1}
    left = states(plain.life, uid)
    assert (left["behind"], left["far behind"]) == ("pending", "pending")
    plain.engine.resume(uid, ResumeOptions())
    assert plain.wait() == "terminated"
    assert WORLD.names() == ["runs", "behind", "far behind"]


def test_14_39_the_result_of_a_task_is_set_once_and_raised_when_wanted(plain):
    """39. The texts of `.result`; of a failure it is the exception; `get(retry_on_failure=False)` raises the first."""

    def flow(ctx):
        told = []

        def refused(way):
            try:
                way()
            except RuntimeError as error:
                told.append(str(error))

        with WORLD.gate("slow"):
            slow = says(ctx, "slow")
            WORLD.arrived("slow")
            refused(lambda: slow.result)
        told.append([slow.get(), slow.result])
        refused(lambda: setattr(slow, "result", 1))
        failed = app(ctx).execute_operation("ops.fails", {"times": 2})
        try:
            failed.get(retry_on_failure=False)
        except ValueError as error:
            told.append([str(error), failed.result is error, type(failed) is WorkflowTaskResult])
        told.append(app(ctx).execute_operation("ops.fails", {"name": "tried", "times": 2}).get())
        return told

    found = plain.execute(flow, options=kit.OFTEN)
    assert found == [
        "Result not set yet",
        ["slow done", "slow done"],
        "Result already set",
        ["fails failed", True, True],
        "tried done",
    ]
    assert WORLD.counts() == {"slow": 1, "fails": 1, "tried": 3}


def test_14_40_tests_may_look_into_a_graph_and_change_it(plain):
    """40. tasks, get_task, remove_task, both maps, linearize, optimize, store and restore; keys are tasks or ids."""

    def flow(ctx):
        graph = ctx.graph_mode()
        a, b, c, d = (says(ctx, name) for name in "abcd")
        nop = app(ctx).execute_operation("ops.unknown")
        sequence = graph.sequence()
        sequence.add(a, nop, forkjoin(b, c))
        sequence.add(d)

        def names(tasks):
            return [one.kwargs.get("name", one.name) for one in tasks]

        found = {
            "tasks": [sorted(names(graph.tasks)), graph.tasks is graph.tasks],
            "get_task": [graph.get_task(a.id) is a, graph.get_task("x")],
            "keys": [a == a.id, a.id in graph._dependencies[nop], {a.id: 1}[a], {a: 1}[a.id]],
            "maps": [
                sorted(names(graph._dependencies[d])), sorted(names(graph._dependencies[d.id])),
                sorted(names(graph._dependents[nop.id])), graph._dependents[d] == set(), a in graph._dependents,
            ],
            "linearize": [names(graph.linearize())[:2], sorted(names(graph.linearize())[2:4]), len(graph.linearize())],
        }  # fmt: skip
        graph.optimize()
        found["optimize"] = [graph.get_task(nop.id), sorted(names(graph._dependents[a])), len(graph.tasks)]
        graph.remove_task(c)
        graph.remove_task(c)
        found["remove_task"] = [c in graph.tasks, names(graph._dependencies[d])]
        graph.store(name="kept")
        kept = ctx.get_tasks_graph("kept")
        restored = TaskDependencyGraph.restore(ctx, kept)
        found["store"] = [kept is graph, isinstance(graph.id, str), restored is graph, names(restored.linearize())]
        found["restore"] = [restored.id == graph.id, names(restored._dependencies[d.id]), restored.get_task(b.id) == b]
        restored.execute()
        return found

    found = plain.execute(flow)
    assert found == {
        "tasks": [["NOP", "a", "b", "c", "d"], False],
        "get_task": [True, None],
        "keys": [True, True, 1, 1],
        "maps": [["b", "c"], ["b", "c"], ["b", "c"], True, True],
        "linearize": [["a", "NOP"], ["b", "c"], 5],
        "optimize": [None, ["b", "c"], 4],
        "remove_task": [False, ["b"]],
        "store": [True, True, False, ["a", "b", "d"]],
        "restore": [True, ["b"], True],
    }
    assert WORLD.names() == ["a", "b", "d"]
