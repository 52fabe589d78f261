"""The checklist of compatibility (workflow-api §14), points 1 to 22: one test a point, in its order.

What needs a subject that is not built yet is written out and fails as expected; it fails the day it passes.
"""

from __future__ import annotations

import pytest
from cloudify.decorators import operation, task, workflow
from cloudify.exceptions import NonRecoverableError, WorkflowFailed
from cloudify.workflows.tasks import HandlerResult
from cloudify.workflows.tasks_graph import forkjoin

from durable_wf import RunOptions
from tests.checklist import kit
from tests.checklist.kit import app, says
from tests.checklist.plugin import OwnError
from tests.replay.kit import states
from tests.replay.work import WORLD


def test_14_01_decorators_return_the_same_function_and_set_their_attributes():
    """1. `workflow` and `operation`, bare or called, give the function itself back, marked; it is called as before."""

    def function(value):
        return value + 1

    for decorator in (workflow, operation, task):
        assert decorator(function) is function
        assert decorator()(function) is function
        assert not function.resumable
        assert decorator(resumable=True, unknown_to_us=1)(function) is function
        assert function.resumable is True
    assert workflow(function) is function
    assert function.workflow_system_wide is False
    assert workflow(system_wide=True, resumable=True)(function) is function
    assert (function.workflow_system_wide, function.resumable) == (True, True)
    assert function(1) == 2
    assert task is operation


def test_14_02_nodes_instances_and_relationships_are_iterators(plain):
    """2. `next()` takes one of `ctx.nodes`, `node.instances`, `instance.relationships`; each access begins anew."""

    def flow(ctx):
        node = next(ctx.nodes)
        instance = next(ctx.get_node("app").instances)
        links = instance.relationships
        return {
            "first": [node.id, next(ctx.nodes).id, instance.node_id, next(instance.relationships).target_id],
            "all": [[one.id for one in ctx.nodes], [one.node_id for one in ctx.node_instances]],
            "used up": [next(links).type, next(links).type, next(links, None)],
            "more": [next(ctx.node_instances).node_id, next(ctx.get_node("app").relationships).target_id],
        }

    assert plain.execute(flow) == {
        "first": ["app", "app", "app", plain.instances()["host"].id],
        "all": [["app", "host", "other"], ["app", "host", "other"]],
        "used up": ["cloudify.relationships.contained_in", "linked", None],
        "more": ["app", "host"],
    }


def test_14_03_an_unknown_node_is_none(plain):
    """3. `ctx.get_node('x')` raises nothing; neither do instances and relationships that are not there."""

    def flow(ctx):
        found = [ctx.get_node("x"), ctx.get_node_instance("x"), ctx.get_node("app").get_relationship("x")]
        return [*found, ctx.get_node("app").id]

    assert plain.execute(flow) == [None, None, None, "app"]


def test_14_04_a_task_of_graph_mode_has_writable_attributes(plain):
    """4. Handlers, info, retries, interval, events, name and id of an operation's task may be set, and count."""

    def flow(ctx):
        asked = []

        def on_failure(task):
            asked.append(["failed", task.id, task.info])
            return HandlerResult.retry()

        def on_success(task):
            asked.append(["succeeded", task.id, task.current_retries])
            return HandlerResult.cont()

        graph = ctx.graph_mode()
        made = app(ctx).execute_operation("ops.fails", {"times": 2})
        asked.append([made.on_success, made.on_failure, made.send_task_events, isinstance(made.id, str)])
        made.on_success, made.on_failure, made.info = on_success, on_failure, {"any": "thing"}
        made.total_retries, made.retry_interval, made.send_task_events = 2, 0, False
        made.name, made.id = "another name", "another id"
        graph.add_task(made)
        asked.append([made.total_retries, made.retry_interval, made.send_task_events, made.name])
        asked.append(graph.get_task("another id") is made)
        graph.execute()
        return asked

    with kit.Heard() as heard:
        found = plain.execute(flow, options=RunOptions(task_retries=0, task_retry_interval=1000))
    assert found == [
        [None, None, True, True],
        [2, 0, False, "another name"],
        True,
        ["failed", "another id", {"any": "thing"}],
        ["failed", "another id", {"any": "thing"}],
        ["succeeded", "another id", 2],
    ]
    assert heard.types("another name") == ["task_failed", "task_failed"]  # the rest is not wanted


def test_14_05_a_key_in_inputs_and_kwargs_is_refused(plain):
    """5. RuntimeError in the words of §2.5, unless `allow_kwargs_override`; new keys are always allowed."""

    def flow(ctx):
        try:
            app(ctx).execute_operation("ops.takes", {"a": "of the call"})
        except RuntimeError as error:
            refused = str(error)
        allowed = app(ctx).execute_operation("ops.takes", kwargs={"a": "of the call"}, allow_kwargs_override=True)
        return [refused, allowed.get(), app(ctx).execute_operation("ops.takes", {"b": 1}).get()]

    refused, *given = plain.execute(flow)
    assert refused.startswith("Duplicate definition of a in operation properties and in kwargs")
    assert "allow_kwargs_override" in refused
    assert given == [{"a": "of the call"}, {"a": "of the blueprint", "b": 1}]


def test_14_06_arguments_are_copied_deeply_for_each_attempt(plain):
    """6. What an attempt does to a mutable argument is not seen by the next one, nor by the workflow."""

    def flow(ctx):
        box = {"list": [1]}
        result = app(ctx).execute_operation("ops.spoils", {"box": box})
        box["list"].append("too late")
        return [result.get(), box]

    assert plain.execute(flow, options=kit.OFTEN) == [
        {"list": [1, "spoilt"], "new": True},
        {"list": [1, "too late"]},
    ]
    assert WORLD.seen == [{"list": [1], "keys": ["list"]}] * 2


def test_14_07_retry_number_counts_up_to_the_effective_total(plain):
    """7. 0 … N; `max_retries` is the task's own, else the operation's in the blueprint, else the execution's."""

    def flow(ctx):
        graph = ctx.graph_mode()
        own = app(ctx).execute_operation("ops.counts", {"name": "own"})
        own.total_retries = 1
        declared = app(ctx).execute_operation("ops.twice", {"name": "declared"})
        usual = app(ctx).execute_operation("ops.counts", {"name": "usual"})
        graph.sequence().add(own, declared, usual)
        graph.execute()

    plain.execute(flow, options=RunOptions(task_retries=3, task_retry_interval=0))
    assert WORLD.names() == ["own"] * 2 + ["declared"] * 3 + ["usual"] * 4
    assert WORLD.seen == [*((n, 1) for n in range(2)), *((n, 2) for n in range(3)), *((n, 3) for n in range(4))]


def test_14_08_three_retries_are_four_attempts(plain):
    """8. `task_retries=3`, and an operation that asks to be run again until the last: it runs 4 times and succeeds."""

    def flow(ctx):
        return app(ctx).execute_operation("ops.counts").get()

    assert plain.execute(flow, options=RunOptions(task_retries=3, task_retry_interval=0)) == 3
    assert WORLD.seen == [(0, 3), (1, 3), (2, 3), (3, 3)]


def test_14_09_a_handler_that_ignores_has_no_say_about_asked_retries(plain):
    """9. `ctx.operation.retry` is not asked about: it goes on to success, or to a failure that nobody ignores."""
    asked = []

    def flow(ctx, at):
        def ignores(task):
            asked.append(task.name)
            return HandlerResult.ignore()

        graph = ctx.graph_mode()
        made = app(ctx).execute_operation("ops.counts", {"at": at})
        made.on_failure = ignores
        graph.sequence().add(made, says(ctx, "behind"))
        graph.execute()

    two = RunOptions(task_retries=2, task_retry_interval=0)
    plain.execute(flow, {"at": 2}, options=two)
    assert WORLD.counts() == {"counts": 3, "behind": 1}
    with pytest.raises(WorkflowFailed):
        plain.execute(flow, {"at": 9}, options=two)
    assert WORLD.counts() == {"counts": 6, "behind": 1}
    assert asked == []

    def others(ctx):
        graph = ctx.graph_mode()
        made = app(ctx).execute_operation("ops.fails")
        made.on_failure = lambda task: (asked.append(task.name), HandlerResult.ignore())[1]
        graph.add_task(made)
        graph.execute()

    plain.execute(others, options=two)
    assert len(asked) == 1


def test_14_10_a_non_recoverable_error_fails_the_graph_at_once(plain):
    """10. No retry; `WorkflowFailed`, which is a RuntimeError, and whose text has the dotted name of the task."""

    def flow(ctx):
        graph = ctx.graph_mode()
        graph.add_task(app(ctx).execute_operation("ops.fails", {"how": "never", "times": 9}))
        graph.execute()

    with pytest.raises(RuntimeError, match=r"tests\.checklist\.plugin\.fails") as raised:
        plain.execute(flow, options=kit.OFTEN)
    assert type(raised.value) is WorkflowFailed
    assert WORLD.counts() == {"fails": 1}


def test_14_11_standard_mode_raises_the_original_class(plain):
    """11. Also one that only the plugin has; to the workflow, and out of it."""

    def flow(ctx, how):
        try:
            app(ctx).execute_operation("ops.fails", {"how": how, "times": 9}).get()
        except Exception as error:
            WORLD.seen.append((type(error), str(error)))
            raise

    kinds = {"own": OwnError, "error": ValueError, "never": NonRecoverableError}
    for how, kind in kinds.items():
        with pytest.raises(kind, match="fails failed") as raised:
            plain.execute(flow, {"how": how})
        assert type(raised.value) is kind
    assert WORLD.seen == [(kind, "fails failed") for kind in kinds.values()]


def test_14_12_an_independent_branch_goes_on_after_a_failure(plain, deploy):
    """12. What depends on the failed task stays pending, however far behind; all else runs, and then it is raised."""

    def flow(ctx):
        graph = ctx.graph_mode()
        bad = app(ctx).execute_operation("ops.fails", {"times": 9})
        behind, far_behind = says(ctx, "behind"), says(ctx, "far behind")
        graph.sequence().add(bad, behind, far_behind)
        branch = [says(ctx, f"branch {n}") for n in range(3)]
        graph.sequence().add(*branch)
        try:
            graph.execute()
        finally:
            WORLD.seen.append([one.get_state() for one in (bad, behind, far_behind, *branch)])

    with pytest.raises(WorkflowFailed):
        plain.execute(flow)
    assert WORLD.counts() == {"fails": 1, "branch 0": 1, "branch 1": 1, "branch 2": 1}
    assert WORLD.seen == [["failed", "pending", "pending", "succeeded", "succeeded", "succeeded"]]
    left = states(plain.life, plain.uid)
    assert (left["behind"], left["far behind"]) == ("pending", "pending")

    text = """\
node_templates:
  alone: {type: Step}
  bad: {type: Step, properties: {broken: {create: [never, 9]}}}
  dependent: {type: Step, relationships: [{type: follows, target: bad}]}
"""
    env = deploy(kit.LIFE + text)
    before = env.instances()["dependent"].state
    with pytest.raises(WorkflowFailed):
        env.execute("install")
    assert {name: one.state for name, one in env.instances().items()} == {
        "alone": "started",
        "bad": "creating",
        "dependent": before,
    }


def test_14_13_sequences_run_in_order_and_forkjoins_together(plain):
    """13. Ten tasks one after the other; what follows a forkjoin waits for all of it; an empty one is skipped."""

    def ten(ctx):
        graph = ctx.graph_mode()
        sequence = graph.sequence()
        found = [sequence.add(*(says(ctx, str(n)) for n in range(7)))]
        found += [sequence.add(says(ctx, str(n))) for n in range(7, 10)]
        graph.execute()
        return found

    assert plain.execute(ten) == [None] * 4
    assert WORLD.names() == [str(n) for n in range(10)]

    def forks(ctx):
        graph = ctx.graph_mode()
        tasks = [says(ctx, name) for name in ("first", "m0", "m1", "n0", "last")]
        first, m0, m1, n0, last = tasks
        graph.sequence().add(first, forkjoin(m0, m1), forkjoin(), forkjoin(n0), last)
        waits = {one.kwargs["name"]: sorted(on.kwargs["name"] for on in graph._dependencies[one]) for one in tasks}
        graph.execute()
        return [waits, list(forkjoin(m0, m1).tasks) == [m0, m1]]

    WORLD.clear()
    waits, holds = plain.execute(forks)
    assert waits == {"first": [], "m0": ["first"], "m1": ["first"], "n0": ["m0", "m1"], "last": ["n0"]}
    assert holds
    names = WORLD.names()
    assert (names[0], sorted(names[1:3]), names[3:]) == ("first", ["m0", "m1"], ["n0", "last"])


def replaced(ctx):
    """A subgraph whose handler builds another in its place."""

    def build(graph, number):
        made = graph.subgraph(f"try {number}")
        names = (f"s{number}", f"t{number}", "last of it")
        made.sequence().add(*(says(ctx, name) for name in names))
        made.on_failure = on_failure
        made.current_retries = number
        return made

    def on_failure(subgraph):
        WORLD.seen.append((subgraph.name, subgraph.failed_task.kwargs["name"]))
        result = HandlerResult.retry()
        result.retried_task = build(subgraph.graph, subgraph.current_retries + 1)
        return result

    graph = ctx.graph_mode()
    graph.sequence().add(build(graph, 0), says(ctx, "after"))
    graph.execute()


def test_14_14_subgraphs_nest_keep_their_order_and_are_replaced_once(plain):
    """14. Nested in order, also with retries inside; `subgraph_retries=1` replaces once, 0 fails; never in two."""

    def nested(ctx):
        graph = ctx.graph_mode()
        outer = graph.subgraph("outer")
        inner = outer.subgraph("inner")
        inner.sequence().add(app(ctx).execute_operation("ops.fails", {"name": "i0", "times": 2}), says(ctx, "i1"))
        outer.sequence().add(says(ctx, "o0"), inner, says(ctx, "o1"))
        graph.sequence().add(says(ctx, "before"), outer, says(ctx, "after"))
        graph.execute()

    plain.execute(nested, options=kit.OFTEN)
    assert WORLD.names() == ["before", "o0", "i0", "i0", "i0", "i1", "o1", "after"]

    for retries, broken, ran in (
        (1, {"t0"}, ["s0", "t0", "s1", "t1", "last of it", "after"]),
        (1, {"t0", "t1"}, ["s0", "t0", "s1", "t1"]),
        (0, {"t0"}, ["s0", "t0"]),
    ):
        WORLD.clear()
        WORLD.broken |= broken
        options = RunOptions(task_retries=0, subgraph_retries=retries)
        plain.start(replaced, options=options)
        assert plain.wait() == ("terminated" if "after" in ran else "failed")
        assert WORLD.names() == ran
        assert WORLD.seen[0] == ("try 0", "t0")

    def twice(ctx):
        graph = ctx.graph_mode()
        made = says(ctx, "a")
        graph.subgraph("one").add_task(made)
        graph.subgraph("two").add_task(made)

    with pytest.raises(RuntimeError, match="cannot be contained in more than one subgraph"):
        plain.execute(twice)


def test_14_15_a_lifecycle_is_tried_again_from_its_beginning(deploy):
    """15. With one retry of each kind: what fails twice is undone and begun anew, and then come its dependents."""
    kit.needs("cloudify.plugins.workflows")
    nodes = """\
node_templates:
  a: {{type: Step{a}}}
  b: {{type: Step{b}, relationships: [{{type: follows, target: a}}]}}
"""
    both = RunOptions(task_retries=1, task_retry_interval=0, subgraph_retries=1)
    env = deploy(kit.LIFE + nodes.format(a=", properties: {broken: {configure: [error, 2]}}", b=""))
    env.execute("install", options=both)
    steps = ["create", "configure", "configure", "stop", "delete", "create", "configure", "start"]
    assert WORLD.seen[:8] == [("a", step) for step in steps]
    assert WORLD.seen[8:] == [*(("b", step) for step in ("create", "configure", "start")), ("b->a", "establish")]

    WORLD.clear()
    env = deploy(kit.LIFE + nodes.format(a="", b=", properties: {broken: {establish: [error, 2]}}"))
    env.execute("install", options=both)
    assert WORLD.seen[:3] == [("a", step) for step in ("create", "configure", "start")]
    assert [step for _, step in WORLD.seen[3:]] == [
        *("create", "configure", "start", "establish", "establish"),
        *("stop", "unlink", "delete"),
        *("create", "configure", "start", "establish"),
    ]


def test_14_16_uninstall_ignores_failures_where_it_is_told_to(deploy):
    """16. After a final error of stop, ignored, comes delete; else it is the end, as are asked retries that ran out."""
    kit.needs("cloudify.plugins.workflows")
    text = "node_templates: {{a: {{type: Step, properties: {{broken: {{stop: [{how}, 9]}}}}}}}}\n"
    for how, ignore, steps in (
        ("never", True, ["stop", "delete"]),
        ("never", False, ["stop"]),
        ("again", True, ["stop", "stop"]),
    ):
        env = deploy(kit.LIFE + text.format(how=how))
        env.execute("install")
        WORLD.seen.clear()
        once_more = RunOptions(task_retries=1, task_retry_interval=0)
        if "delete" in steps:
            env.execute("uninstall", {"ignore_failure": ignore}, options=once_more)
        else:
            with pytest.raises(RuntimeError):
                env.execute("uninstall", {"ignore_failure": ignore}, options=once_more)
        assert [step for _, step in WORLD.seen] == steps


@pytest.mark.xfail(strict=True, reason="the local environment", raises=ImportError)
def test_14_17_the_steps_of_install_and_uninstall_are_in_order(tmp_path):
    """17. All six of each; uninstall calls its own also of what was never installed, whose state is None."""
    from cloudify.workflows.local import init_env

    installs = ["precreate", "create", "configure", "start", "poststart"]
    uninstalls = ["prestop", "stop", "delete", "postdelete"]
    lines = [f"        {step}: checklist.tests.checklist.plugin.notes" for step in (*installs, *uninstalls)]
    text = f"""\
node_types:
  All:
    derived_from: cloudify.nodes.Root
    properties: {{broken: {{default: {{}}}}}}
    interfaces:
      cloudify.interfaces.validation:
        create: checklist.tests.checklist.plugin.notes
        delete: checklist.tests.checklist.plugin.notes
      cloudify.interfaces.lifecycle:
{chr(10).join(lines)}
node_templates: {{a: {{type: All}}}}
"""
    env = init_env(str(kit.write_blueprint(tmp_path, text)))
    assert [one.state for one in env.storage.get_node_instances()] == [None]
    env.execute("uninstall", task_retries=0)
    assert [step for _, step in WORLD.seen] == ["delete", *uninstalls]
    WORLD.seen.clear()
    env.execute("install", task_retries=0)
    assert [step for _, step in WORLD.seen] == ["create", *installs]


def test_14_18_reinstall_after_install(deploy):
    """18. create, delete, create."""
    kit.needs("cloudify.plugins.workflows")
    env = deploy(kit.LIFE + "node_templates: {a: {type: Step}}\n")
    env.execute("install")
    env.execute("reinstall")
    steps = [step for _, step in WORLD.seen]
    assert [step for step in steps if step in ("create", "delete")] == ["create", "delete", "create"]
    assert env.instances()["a"].state == "started"


def test_14_19_restart_is_stop_and_start_by_execute_operation(deploy):
    """19. The whole stop, then the whole start; both say what execute_operation says."""
    kit.needs("cloudify.plugins.workflows")
    env = deploy(kit.LIFE + "node_templates: {a: {type: Step}, b: {type: Step}}\n")
    env.execute("install")
    WORLD.seen.clear()
    with kit.Heard() as heard:
        env.execute("restart")
    assert [step for _, step in WORLD.seen] == ["stop", "stop", "start", "start"]
    for step in ("stop", "start"):
        name = f"cloudify.interfaces.lifecycle.{step}"
        assert len(heard.types(f"Starting operation {name}")) == 2
        assert len(heard.types(f"Finished operation {name}")) == 2


def test_14_20_execute_operation_filters_and_keeps_the_order(deploy):
    """20. Filters without an instance in common do nothing, with success; order goes through what is not selected."""
    kit.needs("cloudify.plugins.workflows")
    text = """\
node_templates:
  c: {type: Step}
  b: {type: Step, relationships: [{type: follows, target: c}]}
  a: {type: Step, relationships: [{type: follows, target: b}]}
"""
    env = deploy(kit.LIFE + text)
    name = "cloudify.interfaces.lifecycle.start"
    env.start("execute_operation", {"operation": name, "node_ids": ["a"], "type_names": ["cloudify.nodes.Compute"]})
    assert env.wait() == "terminated"
    assert WORLD.seen == []
    env.execute("execute_operation", {"operation": name, "node_ids": ["a", "c"], "run_by_dependency_order": True})
    assert WORLD.seen == [("c", "start"), ("a", "start")]


def test_14_21_graph_mode_may_be_asked_for_again_while_the_graph_is_empty(plain):
    """21. Two phases of one workflow have the same graph, one after the other; a graph that is not empty is refused."""

    def flow(ctx):
        said = []

        def refused():
            try:
                ctx.graph_mode()
            except RuntimeError as error:
                said.append(str(error))

        pending = says(ctx, "standard")
        refused()
        pending.get()
        graph = ctx.graph_mode()
        graph.add_task(says(ctx, "rollback"))
        refused()
        graph.execute()
        again = ctx.graph_mode()
        again.add_task(says(ctx, "uninstall"))
        again.execute()
        return [said, again is graph, ctx.graph_mode() is graph]

    text = "Cannot switch to graph mode when tasks have already been executed"
    assert plain.execute(flow) == [[text] * 2, True, True]
    assert WORLD.names() == ["standard", "rollback", "uninstall"]


@pytest.mark.xfail(strict=True, reason="the local environment", raises=ImportError)
def test_14_22_the_environment_refuses_unknown_workflows_and_wrong_parameters(tmp_path):
    """22. `env.execute`: ValueError with the texts of §9.2, for an unknown workflow and for each kind of parameter."""
    from cloudify.workflows.local import init_env

    text = """\
  typed:
    mapping: checklist.tests.checklist.kit.gives
    parameters:
      needed: {}
      whole: {type: integer, default: 1}
      real: {type: float, default: 1.5}
      text: {type: string, default: t}
      truth: {type: boolean, default: false}
      left: {required: false}
node_templates: {app: {type: cloudify.nodes.Root}}
"""
    env = init_env(str(kit.write_blueprint(tmp_path, text)))
    with pytest.raises(ValueError, match=r"^'x' workflow does not exist\. existing workflows are: \[.*typed.*\]$"):
        env.execute("x")
    with pytest.raises(ValueError, match="needed"):
        env.execute("typed")
    with pytest.raises(ValueError, match="unknown"):
        env.execute("typed", {"needed": 1, "unknown": 1})
    wrong = {"needed": 1, "whole": "x", "real": 1, "truth": "maybe"}
    with pytest.raises(ValueError, match="must be of type") as raised:
        env.execute("typed", wrong)
    for name, kind in (("whole", "integer"), ("real", "float"), ("truth", "boolean")):
        assert f'Parameter "{name}" must be of type {kind}' in str(raised.value).splitlines()
    given = {"needed": 1, "whole": "2", "real": "2.5", "truth": "TRUE", "text": "u"}
    assert env.execute("typed", given) == {"needed": 1, "whole": 2, "real": 2.5, "truth": True, "text": "u"}
    more = env.execute("typed", {"needed": 1, "unknown": 1}, allow_custom_parameters=True)
    assert (more["unknown"], more["whole"]) == (1, 1)
