"""Subgraphs: order, handlers, replacement, what a failure says (workflow-api §4.5; checklist 14)."""

from __future__ import annotations

import pytest
from cloudify.workflows.tasks import HandlerResult

from durable_wf import RunOptions
from durable_wf.errors import UsageError
from durable_wf.model.states import T
from durable_wf.testing.stores import MemoryStore
from tests.authoring.handled import acted, acts, failure, stumble, tell
from tests.replay import kit
from tests.replay.clock import ManualClock
from tests.replay.work import WORLD, op


def every_death(part, options=kit.NO_RETRIES, **more):
    """Play it with a death at every commit; the story."""

    def script(play):
        play.run(acted, {"part": part, **more}, options=options)

    return kit.at_every_commit(script, MemoryStore)


@acts
def nested(ctx):
    """Subgraphs in subgraphs, in sequences and dependencies."""
    graph = ctx.graph_mode()
    outer = graph.subgraph("outer")
    inner = outer.subgraph("inner")
    inner.sequence().add(op(ctx, "2"), op(ctx, "3"))
    outer.sequence().add(op(ctx, "1"), inner, outer.subgraph("empty"), op(ctx, "4"))
    graph.sequence().add(op(ctx, "0"), outer, op(ctx, "5"))
    shown = [sorted(outer.tasks) == sorted(t.id for t in graph.tasks if t.containing_subgraph is outer), inner.name]
    shown += [outer.get_state(), outer.failed_task, graph.get_task(inner.id) is inner, inner.info]
    graph.execute()
    return [shown, outer.get_state(), outer.tasks, graph.tasks]


def test_checklist_14_nested_subgraphs_run_in_order():
    """As if they were tasks."""
    story = every_death("nested")
    assert story.result == [[True, "inner", "pending", None, True, {"name": "inner"}], "succeeded", {}, []]
    assert story.ran == {str(n): 1 for n in range(6)}


def test_the_order_of_nested_subgraphs(life):
    """Of one undisturbed run."""
    tell(life, "nested")
    assert WORLD.names() == [str(n) for n in range(6)]


@acts
def reinstalls(ctx, failures, deep=False, retry_after=None, build=True):
    """A subgraph whose handler builds it again; a task of it fails so many times in all."""
    told = []

    def again(subgraph):
        told.append([subgraph.failed_task.name, subgraph.failed_task.error["message"], subgraph.current_retries])
        result = HandlerResult.retry(retry_after=retry_after)
        if build:
            result.retried_task = install(graph, subgraph.current_retries + 1)
        return result

    def install(owner, number):
        made = owner.subgraph(f"install {number}")
        made.on_failure = again
        made.current_retries = number
        task = stumble(ctx, f"configure {number}", 9 if number < failures else 0)
        made.sequence().add(op(ctx, f"create {number}"), task, op(ctx, f"start {number}"))
        return made

    graph = ctx.graph_mode()
    owner = graph.subgraph("outer") if deep else graph
    first = install(owner, 0)
    owner.sequence().add(first, op(ctx, "behind"))
    if deep:
        graph.sequence().add(owner, op(ctx, "behind outer"))
    graph.execute()
    return [told, first.get_state(), first.failed_task.name, graph.tasks]


@pytest.mark.parametrize("deep", [False, True])
def test_checklist_14_a_handler_replaces_a_subgraph(deep):
    """What waited for the one waits for the other, also inside another subgraph; the function sees the end."""
    story = every_death("reinstalls", RunOptions(task_retries=0, subgraph_retries=1), failures=1, deep=deep)
    assert story.state == "terminated"
    name = "tests.authoring.handled:stumbles"
    assert story.result == [[[name, "configure 0 stumbles", 0]], "failed", name, []]
    wanted = {"create 0": 1, "configure 0": 1, "create 1": 1, "configure 1": 1, "start 1": 1, "behind": 1}
    assert story.ran == wanted | ({"behind outer": 1} if deep else {})


@pytest.mark.parametrize("retries", [0, 1, 2])
def test_checklist_14_subgraph_retries_bound_the_replacements(life, retries):
    """A replacement counts on from what it replaced. The failure names the task, not the subgraph."""
    options = RunOptions(task_retries=0, subgraph_retries=retries)
    uid, state = life.run(acted, {"part": "reinstalls", "failures": 9}, options=options)
    assert state == "failed"
    kind, text = kit.outcome(life, uid)
    assert (kind, text) == (
        "WorkflowFailed",
        f"Task failed: tests.authoring.handled:stumbles: ValueError `configure {retries} stumbles`",
    )
    assert WORLD.counts() == {f"{what} {n}": 1 for what in ("create", "configure") for n in range(retries + 1)}


def test_a_subgraph_is_not_retried_without_a_replacement(life):
    """The reference's NotImplementedError, as the cause of the failure."""
    uid, state = life.run(
        acted, {"part": "reinstalls", "failures": 1, "build": False}, options=RunOptions(0, subgraph_retries=1)
    )
    assert state == "failed"
    assert "NotImplementedError `<SubgraphTask subgraph install 0 > cannot be tried again" in kit.outcome(life, uid)[1]


def test_retry_after_delays_a_replacement():
    """Unlike in the reference."""
    clock = ManualClock()
    life = kit.Life(MemoryStore(), clock=clock)
    try:
        options = RunOptions(task_retries=0, subgraph_retries=1)
        part = {"part": "reinstalls", "failures": 1, "retry_after": 100}
        uid = life.start(acted, part, options=options)
        while kit.states(life, uid).get("install 1") != T.PENDING:
            life.engine.host.ask(lambda: None)
        life.advance(99)
        assert kit.states(life, uid)["install 1"] == T.PENDING
        life.advance(2)
        assert life.wait(uid) == "terminated"
        assert WORLD.counts()["create 1"] == 1
    finally:
        life.bury()


@acts
def ignores(ctx):
    """A failed subgraph that is ignored, in one that succeeds."""
    graph = ctx.graph_mode()
    outer = graph.subgraph("outer")
    inner = outer.subgraph("inner")
    inner.on_failure = lambda subgraph: HandlerResult.ignore()
    inner.sequence().add(stumble(ctx, "a", 9), op(ctx, "never"))
    told = []
    outer.on_success = lambda subgraph: told.append(subgraph.get_state()) or HandlerResult.cont()
    outer.sequence().add(inner, op(ctx, "behind"))
    graph.execute()
    return [told, inner.get_state(), outer.get_state(), inner.failed_task.error["message"]]


def test_an_ignored_subgraph_lets_go_on():
    """What is behind it runs, what is in it and had not begun does not."""
    story = every_death("ignores")
    assert story.result == [["succeeded"], "failed", "succeeded", "a stumbles"]
    assert story.ran == {"a": 1, "behind": 1}


@acts
def fails_deep(ctx, ignored):
    """A failure three subgraphs down, beside one that is ignored and one at the top."""
    graph = ctx.graph_mode()
    one = graph.subgraph("one").subgraph("two").subgraph("three")
    one.add_task(stumble(ctx, "deep", 9))
    other = graph.subgraph("other")
    other.add_task(task := stumble(ctx, "ignored", 9))
    if ignored == "task":
        task.on_failure = lambda _task: HandlerResult.ignore()
    elif ignored == "subgraph":
        other.on_failure = lambda _subgraph: HandlerResult.ignore()
    graph.execute()


@pytest.mark.parametrize("ignored", ["task", "subgraph"])
def test_a_failure_three_subgraphs_down_is_named_and_an_ignored_one_is_not(life, ignored):
    """The reference names the subgraph in between."""
    _, text = failure(life, "fails_deep", ignored=ignored)
    assert text == "Task failed: tests.authoring.handled:stumbles: ValueError `deep stumbles`"


def test_two_failures_are_both_named(life):
    """A line each."""
    _, text = failure(life, "fails_deep", ignored="")
    assert text.splitlines()[0] == "2 operation errors:"
    assert len(text.splitlines()) == 3


@acts
def executes_again(ctx):
    """A graph that failed is emptied, and executed again with something else."""
    graph = ctx.graph_mode()
    box = graph.subgraph("box")
    box.sequence().add(stumble(ctx, "fails", 9), op(ctx, "in it"))
    graph.sequence().add(box, op(ctx, "behind"), op(ctx, "more"))
    told = []
    try:
        graph.execute()
    except RuntimeError:
        told.append(sorted(task.kwargs["name"] for task in graph.tasks))
    for task in graph.tasks:
        graph.remove_task(task)
    told.append(graph.tasks)
    graph.add_task(op(ctx, "clean"))
    graph.execute()
    return [*told, graph.tasks]


def test_13_2_4_a_graph_is_executed_again_after_a_failure():
    """The reference hangs where what was behind the failure is left, and needs it removed."""
    story = every_death("executes_again")
    assert story.state == "terminated"
    assert story.result == [["behind", "in it", "more"], [], []]
    assert story.ran == {"fails": 1, "clean": 1}


@acts
def adds_to_one_that_ended(ctx):
    """A subgraph that was executed takes no more."""
    graph = ctx.graph_mode()
    box = graph.subgraph("box")
    box.add_task(op(ctx, "a"))
    graph.execute()
    task = op(ctx, "late")
    try:
        box.add_task(task)
    except UsageError as error:
        graph.add_task(task)  # it is as it was
        graph.execute()
        text = str(error)
    try:
        box.apply_async()
    except NotImplementedError:
        return text


def test_an_ended_subgraph_takes_no_more(life):
    """And the task can go elsewhere."""
    assert "was executed already" in tell(life, "adds_to_one_that_ended")
    assert WORLD.names() == ["a", "late"]


@acts
def reinstalls_as_lifecycle_code(ctx, failures):
    """The handler of the reference's lifecycle code: in a reinstallation it sets the subgraph around it to failed."""
    made = []

    def handler(subgraph):
        for task in list(subgraph.tasks.values()):
            subgraph.remove_task(task)
        outer = subgraph.containing_subgraph
        if outer is None:
            result = HandlerResult.retry()
            result.retried_task = reinstall()
            result.retried_task.current_retries = subgraph.current_retries + 1
        else:
            result = HandlerResult.ignore()
            outer.failed_task = subgraph.failed_task
            outer.set_state("failed")
        return result

    def install(owner):
        sub = owner.subgraph("install")
        sub.on_failure = handler
        number = len(made)
        made.append(sub)
        task = stumble(ctx, f"configure {number}", 9 if number < failures else 0)
        sub.sequence().add(op(ctx, f"create {number}"), task, op(ctx, f"start {number}"))
        return sub

    def reinstall():
        sub = graph.subgraph("reinstall")
        sub.on_failure = handler
        number = len(made)
        sub.sequence().add(op(ctx, f"uninstall {number}"), install(graph), op(ctx, f"end {number}"))
        return sub

    graph = ctx.graph_mode()
    graph.sequence().add(install(graph), op(ctx, "behind"))
    graph.execute()


@pytest.mark.parametrize(("failures", "retries"), [(1, 1), (2, 2), (2, 1)])
def test_checklist_15_a_reinstallation_that_fails_is_tried_again_or_fails(failures, retries):
    """What waits for it never runs on something that is half installed (workflow-api §10.6)."""
    options = RunOptions(task_retries=0, subgraph_retries=retries)
    story = every_death("reinstalls_as_lifecycle_code", options, failures=failures)
    tries = min(failures, retries) + 1
    wanted = {f"{what} {n}": 1 for what in ("create", "configure") for n in range(tries)}
    wanted |= {f"uninstall {n}": 1 for n in range(1, tries)}
    if failures <= retries:
        wanted |= {f"start {failures}": 1, f"end {failures}": 1, "behind": 1}
    assert story.ran == wanted
    assert story.state == ("terminated" if failures <= retries else "failed")
