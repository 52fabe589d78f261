"""Graph mode: building, order, errors, what a failure says (workflow-api §4)."""

from __future__ import annotations

import pytest

from durable_wf import RunOptions, WorkflowFailed, workflow
from durable_wf.workflows import forkjoin
from tests.replay import kit
from tests.replay.work import WORLD, once, op

BUILDERS = {}


def builds(function):
    """A function that builds a graph and may return what to tell; run by `built`."""
    BUILDERS[function.__name__] = function
    return function


@workflow
def built(ctx, how, execute=True):
    """Build a graph, execute it, and tell what the builder or an error said."""
    graph = ctx.graph_mode()
    try:
        told = BUILDERS[how](ctx, graph)
        if execute:
            graph.execute()
    except WorkflowFailed:
        raise
    except Exception as error:  # noqa: BLE001 - whatever building raises is what the tests want to know
        return [type(error).__name__, str(error)]
    return told


def tell(lives, how, **more):
    """What `built` returned."""
    life = lives()
    uid, state = life.run(built, {"how": how, **more}, options=kit.NO_RETRIES)
    assert state == "terminated", life.engine.result(uid)
    return life.engine.result(uid)


@builds
def ten_in_a_row(ctx, graph):
    """A sequence, added to in several calls."""
    sequence = graph.sequence()
    for n in range(10):
        sequence.add(op(ctx, str(n)))


def test_a_sequence_runs_in_order(lives):
    """Ten of them, each after the one before."""
    tell(lives, "ten_in_a_row")
    assert WORLD.names() == [str(n) for n in range(10)]


@builds
def forks(ctx, graph):
    """A forkjoin between two tasks, an empty one, and one after one."""
    sequence = graph.sequence()
    sequence.add(op(ctx, "first"), forkjoin(*(op(ctx, f"a{n}") for n in range(3))), forkjoin())
    sequence.add(forkjoin(*(op(ctx, f"b{n}") for n in range(3))), op(ctx, "last"))


def test_forkjoins_wait_for_all_of_the_one_before(lives):
    """An empty one is skipped: what follows it waits for what was before it."""
    tell(lives, "forks")
    names = WORLD.names()
    assert [names[0], sorted(names[1:4]), sorted(names[4:7]), names[7]] == [
        "first", ["a0", "a1", "a2"], ["b0", "b1", "b2"], "last",
    ]  # fmt: skip


@builds
def nothing(ctx, graph):
    """An empty graph."""


@builds
def empty_subgraph(ctx, graph):
    """A subgraph without content, between two tasks."""
    graph.sequence().add(op(ctx, "a"), graph.subgraph("empty"), op(ctx, "b"))


def test_empty_graphs_and_subgraphs_succeed_at_once(lives):
    """There is nothing to wait for."""
    tell(lives, "nothing")
    tell(lives, "empty_subgraph")
    assert WORLD.names() == ["a", "b"]


@builds
def unknown_source(ctx, graph):
    """A dependency of a task that was not added."""
    graph.add_task(known := op(ctx, "known"))
    graph.add_dependency(op(ctx, "unknown"), known)


@builds
def unknown_destination(ctx, graph):
    """The other way round."""
    graph.add_task(known := op(ctx, "known"))
    graph.add_dependency(known, op(ctx, "unknown"))


@pytest.mark.parametrize(("how", "text"), [("unknown_source", "src not in"), ("unknown_destination", "dst not in")])
def test_a_dependency_on_what_is_not_in_the_graph_is_refused(lives, how, text):
    """RuntimeError, with the reference's words."""
    kind, said = tell(lives, how)
    assert kind == "RuntimeError"
    assert said.startswith(f"{text} graph: ")


@builds
def on_itself(ctx, graph):
    """A dependency of a task on itself, and the same task added twice."""
    task = op(ctx, "a")
    graph.add_task(task)
    graph.add_task(task)
    graph.add_dependency(task, task)


def test_a_dependency_on_itself_is_ignored(lives):
    """As in the reference; and adding twice is harmless."""
    tell(lives, "on_itself")
    assert WORLD.names() == ["a"]


@builds
def circle(ctx, graph):
    """Three tasks that wait for each other."""
    tasks = [once(ctx, name) for name in "abc"]
    for task in tasks:
        graph.add_task(task)
    for task, after in zip(tasks, (*tasks[1:], tasks[0]), strict=True):
        graph.add_dependency(task, after)


@builds
def circle_through_a_subgraph(ctx, graph):
    """A member that waits for what comes after its subgraph."""
    inner = op(ctx, "inner")
    subgraph = graph.subgraph("sub")
    subgraph.add_task(inner)
    after = op(ctx, "after")
    graph.sequence().add(subgraph, after)
    graph.add_dependency(inner, after)


@builds
def subgraph_in_itself(ctx, graph):
    """A subgraph that contains the one that contains it."""
    outer, inner = graph.subgraph("outer"), graph.subgraph("inner")
    outer.add_task(inner)
    inner.add_task(outer)


@pytest.mark.parametrize("how", ["circle", "circle_through_a_subgraph", "subgraph_in_itself"])
def test_a_circle_is_named_and_nothing_runs(lives, how):
    """Each task waiting for the next; before anything is stored."""
    kind, said = tell(lives, how)
    assert kind == "CycleError"
    assert said.startswith("tasks wait for each other in a circle: ")
    steps = said.partition(": ")[2].split(" → ")
    assert steps[0] == steps[-1]
    assert WORLD.ran == []


@builds
def two_subgraphs(ctx, graph):
    """A task in two of them."""
    task = op(ctx, "a")
    graph.subgraph("one").add_task(task)
    graph.subgraph("two").add_task(task)


def test_a_task_in_two_subgraphs_is_refused(lives):
    """RuntimeError, with the reference's words."""
    kind, said = tell(lives, "two_subgraphs")
    assert kind == "RuntimeError"
    assert "cannot be contained in more than one subgraph" in said


@builds
def moved_into_a_subgraph(ctx, graph):
    """Added to the graph before the subgraph was there, and nested the wrong way round."""
    task = op(ctx, "task")
    graph.add_task(task)
    inner = graph.subgraph("inner")
    inner.add_task(task)
    outer = graph.subgraph("outer")
    outer.sequence().add(op(ctx, "before"), inner)
    graph.sequence().add(op(ctx, "first"), outer, op(ctx, "last"))


def test_a_subgraph_may_be_filled_in_any_order(lives):
    """Content that was added before its container still waits for it."""
    tell(lives, "moved_into_a_subgraph")
    assert WORLD.names() == ["first", "before", "task", "last"]


@builds
def list_in_a_sequence(ctx, graph):
    """A list is taken as so many arguments, and so is a tuple in it."""
    graph.sequence().add([op(ctx, "a"), (op(ctx, "b"), forkjoin(op(ctx, "c")))], op(ctx, "d"))


def test_a_list_in_a_sequence_is_so_many_arguments(lives):
    """The reference fails on it with an AttributeError that names neither."""
    tell(lives, "list_in_a_sequence")
    assert WORLD.names() == ["a", "b", "c", "d"]


@builds
def text_in_a_sequence(ctx, graph):
    """A text is not a task; nothing of the call is added."""
    try:
        graph.sequence().add(op(ctx, "a"), "b")
    finally:
        assert graph.tasks == []


@builds
def nested_forkjoin(ctx, graph):
    """Neither is a forkjoin in a forkjoin."""
    graph.sequence().add(forkjoin(forkjoin(op(ctx, "a"))))


@builds
def late_member(ctx, graph):
    """A subgraph that was executed takes no more."""
    subgraph = graph.subgraph("sub")
    subgraph.add_task(op(ctx, "a"))
    graph.execute()
    subgraph.add_task(op(ctx, "late"))


@builds
def late_dependency(ctx, graph):
    """A task that was executed waits for nothing more."""
    graph.add_task(done := op(ctx, "a"))
    graph.execute()
    graph.add_task(late := op(ctx, "late"))
    graph.add_dependency(done, late)


@pytest.mark.parametrize(
    ("how", "kind", "text"),
    [
        ("text_in_a_sequence", "TypeError", "a sequence takes tasks, not str ('b')"),
        ("nested_forkjoin", "TypeError", "a forkjoin takes tasks, not forkjoin"),
        ("late_member", "UsageError", "was executed already; nothing can be added to it"),
        ("late_dependency", "UsageError", "was executed already; it cannot wait for anything more"),
    ],
)
def test_what_cannot_be_added_says_so(lives, how, kind, text):
    """At the call, before anything is stored of it."""
    found, said = tell(lives, how)
    assert found == kind
    assert text in said
    assert "late" not in WORLD.counts()


@builds
def attributes(ctx, graph):
    """What a task shows before it runs."""
    task = op(ctx, "a", more=1)
    graph.add_task(task)
    subgraph = graph.subgraph("sub")
    event = ctx.send_event("said")
    subgraph.add_task(event)
    inside = list(subgraph.tasks.values()) == [event]
    task.info = "mine"
    return [
        [one.name for one in graph.tasks], inside, task.kwargs, task.info, task.is_subgraph, subgraph.is_subgraph,
        task.is_nop(), len({task.id, subgraph.id, event.id}),
    ]  # fmt: skip


def test_what_a_task_shows_before_it_runs(lives):
    """Name, arguments, info; `graph.tasks` are those that wait for the next execute."""
    names, *found = tell(lives, "attributes")
    assert names == ["tests.replay.work:work", "sub", "SendWorkflowEventTask"]
    assert found == [True, {"name": "a", "more": 1}, "mine", False, True, False, 3]


@workflow
def modes(ctx):
    """When one may switch to graph mode."""
    found = []
    running = op(ctx, "a")
    for _ in range(2):
        try:
            graph = ctx.graph_mode()
        except RuntimeError as error:
            found.append(str(error))
            running.get()
    found.append(ctx.graph_mode() is graph)
    graph.add_task(op(ctx, "b"))
    try:
        ctx.graph_mode()
    except RuntimeError as error:
        found.append(str(error))
    graph.execute()
    found.append(ctx.graph_mode() is graph)
    return found


def test_graph_mode_rules(lives):
    """Not while a result is not fetched, not while the graph holds tasks; else the same graph again."""
    text = "Cannot switch to graph mode when tasks have already been executed"
    life = lives()
    uid, _ = life.run(modes)
    assert life.engine.result(uid) == [text, True, text, True]


@workflow
def fails(ctx, names, nested):
    """Parallel branches, each with something behind it; in subgraphs where a test wants."""
    graph = ctx.graph_mode()
    for name in names:
        owner = graph.subgraph(f"sub {name}") if nested else graph
        owner.sequence().add(op(ctx, name), op(ctx, f"behind {name}"))
    graph.execute()


@pytest.mark.parametrize("nested", [False, True])
def test_one_failure_is_told_with_its_cause_and_traceback(lives, nested):
    """`Task failed: <function>: <type> <message>`, whatever subgraph it is in; dependents stay pending."""
    WORLD.broken.add("b")
    life = lives()
    uid, state = life.run(fails, {"names": ["a", "b", "c"], "nested": nested}, options=kit.NO_RETRIES)
    assert state == "failed"
    with pytest.raises(WorkflowFailed) as raised:
        life.engine.result(uid)
    lines = str(raised.value).splitlines()
    assert lines[0] == "Task failed: tests.replay.work:work: Broken `('b', 3)`"
    assert lines[1] == "Traceback of tests.replay.work:work (most recent call last):"
    assert lines[-1] == "tests.replay.work.Broken: ('b', 3)"
    assert isinstance(raised.value, RuntimeError)
    assert raised.value.hide_traceback is True
    assert [(cause["type"], cause["message"]) for cause in raised.value.causes] == [("Broken", "('b', 3)")]
    assert WORLD.counts() == {"a": 1, "behind a": 1, "b": 1, "c": 1, "behind c": 1}
    assert kit.states(life, uid)["behind b"] == "pending"


def test_several_failures_are_told_each(lives):
    """A line for each, in the order of the tasks."""
    WORLD.broken |= {"a", "c"}
    life = lives()
    uid, _ = life.run(fails, {"names": ["a", "b", "c"], "nested": False}, options=kit.NO_RETRIES)
    with pytest.raises(WorkflowFailed) as raised:
        life.engine.result(uid)
    lines = str(raised.value).splitlines()
    assert lines[0] == "2 operation errors:"
    assert sorted(lines[1:3]) == [f"tests.replay.work:work: Broken `('{name}', 3)`" for name in "ac"]
    assert len(raised.value.causes) == 2


def test_retries_inside_a_graph(lives):
    """The branch waits for its retries, the others go on."""
    WORLD.broken.add("b")
    life = lives()
    options = RunOptions(task_retries=2, task_retry_interval=0)
    _, state = life.run(fails, {"names": ["a", "b"], "nested": True}, options=options)
    assert state == "failed"
    assert WORLD.counts() == {"a": 1, "behind a": 1, "b": 3}


@workflow
def failed_subgraph(ctx):
    """One member fails while another runs; a third waits for the second; something else goes on."""
    graph = ctx.graph_mode()
    sub = graph.subgraph("sub")
    sub.add_task(op(ctx, "fails"))
    sub.sequence().add(op(ctx, "runs"), op(ctx, "waits"))
    graph.sequence().add(sub, op(ctx, "behind"))
    graph.sequence().add(op(ctx, "beside"), op(ctx, "beside more"))
    graph.execute()


def test_running_members_of_a_failed_subgraph_are_waited_for(lives):
    """What runs ends, what has not begun in it does not begin, what is beside it goes on."""
    WORLD.broken.add("fails")
    life = lives()
    with WORLD.gate("runs"):
        uid = life.start(failed_subgraph, options=kit.NO_RETRIES)
        WORLD.arrived("runs")
        while kit.states(life, uid)["fails"] != "failed" or kit.states(life, uid)["beside more"] != "succeeded":
            life.engine.host.ask(lambda: None)
        assert kit.states(life, uid)["sub"] == "started"
    assert life.wait(uid) == "failed"
    found = kit.states(life, uid)
    assert [found[name] for name in ("runs", "waits", "behind", "sub")] == ["succeeded", "pending", "pending", "failed"]
