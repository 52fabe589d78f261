"""Scenarios of graph mode (replay-scenarios.md), with a death at every commit, on both stores."""

from __future__ import annotations

import pytest

from durable_wf import WorkflowFailed, ctx, operation, workflow
from durable_wf.errors import CodeDiffersError
from durable_wf.workflows import forkjoin
from tests.replay import kit
from tests.replay.work import WORLD, once, op


@workflow
def two_branches(ctx):
    """Scenario 8: x → after_x, and y1 → y2 → y3 beside it."""
    graph = ctx.graph_mode()
    graph.sequence().add(op(ctx, "x"), op(ctx, "after_x"))
    graph.sequence().add(op(ctx, "y1"), op(ctx, "y2"), op(ctx, "y3"))
    graph.execute()
    return "both"


def test_08_an_independent_branch_ends_and_stays_answered(new_store):
    """x fails, y's branch ends; resumed, x and what waited for it run, y's branch is answered."""

    def script(play):
        WORLD.broken.add("x")
        assert play.run(two_branches) == "failed"
        assert kit.states(play.life, play.uid) == {
            "x": "failed", "after_x": "pending", "y1": "succeeded", "y2": "succeeded", "y3": "succeeded",
        }  # fmt: skip
        WORLD.broken.clear()
        assert play.resume() == "terminated"

    story = kit.at_every_commit(script, new_store)
    assert story.ran == {"x": 2, "after_x": 1, "y1": 1, "y2": 1, "y3": 1}


def test_08_execute_raises_only_after_the_other_branch_has_ended(lives):
    """While y's branch is in flight the failure of x is not shown."""
    WORLD.broken.add("x")
    life = lives()
    with WORLD.gate("y3"):
        uid = life.start(two_branches, options=kit.NO_RETRIES)
        WORLD.arrived("y3")
        while kit.states(life, uid)["x"] != "failed":
            life.engine.host.ask(lambda: None)
        assert not life.engine._hosted[uid].done.is_set()
    assert life.wait(uid) == "failed"
    with pytest.raises(WorkflowFailed, match=r"^Task failed: tests.replay.work:work: Broken `\('x', 3\)`"):
        life.engine.result(uid)


@workflow
def executes_twice(ctx):
    """Scenario 10."""
    graph = ctx.graph_mode()
    sequence = graph.sequence()
    sequence.add(op(ctx, "a1"), forkjoin(op(ctx, "a2"), op(ctx, "a3")))
    graph.execute()
    sequence.add(forkjoin(op(ctx, "b1"), op(ctx, "b2")), op(ctx, "b3"))
    graph.execute()
    return "twice"


def test_10_the_same_graph_executed_twice(new_store):
    """The first execute is answered whole, the second is matched by what was added since."""
    story = kit.at_every_commit(lambda play: play.run(executes_twice), new_store)
    assert {graph for graph, *_ in story.tasks} == {"graph1.1", "graph1.2"}


def test_10_survives_many_deaths_in_a_row(new_store):
    """Up to four processes die, each at its n-th commit."""
    kit.at_every_commit(lambda play: play.run(executes_twice), new_store, deaths=4)


@workflow
def goes_on_after_a_failure(ctx):
    """Scenario 11, of what add and execute allow: the failure is caught, other tasks are added."""
    graph = ctx.graph_mode()
    before = graph.sequence()
    before.add(op(ctx, "a"), op(ctx, "behind_a"))
    try:
        graph.execute()
    except WorkflowFailed as error:
        graph.sequence().add(op(ctx, "b"), op(ctx, "c"))
        graph.execute()
        return str(error).partition("\n")[0]
    return "no failure"


def test_11_a_graph_goes_on_after_a_failure(new_store):
    """The second execute runs what was added; what stands behind the old failure never starts."""

    def script(play):
        WORLD.broken.add("a")
        assert play.run(goes_on_after_a_failure) == "terminated"

    story = kit.at_every_commit(script, new_store)
    assert story.result == "Task failed: tests.replay.work:work: Broken `('a', 3)`"
    assert story.ran == {"a": 1, "b": 1, "c": 1}


@workflow
def adds_behind_a_failure(ctx):
    """What is added behind a failed task never starts, and is reported again with its cause."""
    graph = ctx.graph_mode()
    sequence = graph.sequence()
    sequence.add(op(ctx, "a"))
    try:
        graph.execute()
    except WorkflowFailed:
        sequence.add(op(ctx, "behind_a"))
        graph.add_task(op(ctx, "beside"))
        graph.execute()


def test_11_behind_an_earlier_failure_the_cause_is_told_again(new_store):
    """The second execute fails with the first one's cause, after what is beside it ran."""

    def script(play):
        WORLD.broken.add("a")
        assert play.run(adds_behind_a_failure) == "failed"

    story = kit.at_every_commit(script, new_store)
    assert story.result == ("WorkflowFailed", "Task failed: tests.replay.work:work: Broken `('a', 3)`")
    assert story.ran == {"a": 1, "beside": 1}


def test_11_a_failure_seen_twice_is_reset_where_it_was_first_seen(new_store):
    """A resume runs a again; the second execute was asked for after a's failure was shown, so it is superseded."""

    def script(play):
        WORLD.broken.add("a")
        assert play.run(adds_behind_a_failure) == "failed"
        WORLD.broken.clear()
        assert play.resume(accept_changes=True) == "terminated"

    story = kit.at_every_commit(script, new_store)
    assert story.ran == {"a": 2, "beside": 1}


@workflow
def executes_again_after_failing(ctx):
    """Fails in the second of three executes."""
    graph = ctx.graph_mode()
    for phase in ("one", "two", "three"):
        graph.sequence().add(op(ctx, phase), op(ctx, f"{phase} more"))
        graph.execute()
    return "three"


def test_a_resume_goes_on_in_the_execute_that_failed(new_store):
    """The first execute is answered, the second goes on, the third is new."""

    def script(play):
        WORLD.broken.add("two more")
        assert play.run(executes_again_after_failing) == "failed"
        WORLD.broken.clear()
        assert play.resume() == "terminated"

    story = kit.at_every_commit(script, new_store)
    assert story.ran == {"one": 1, "one more": 1, "two": 1, "two more": 2, "three": 1, "three more": 1}


@workflow
def nested(ctx):
    """Subgraphs in subgraphs, in sequences, beside effects."""
    graph = ctx.graph_mode()
    sequence = graph.sequence()
    for host in ("h1", "h2"):
        outer = graph.subgraph(host)
        inner = outer.subgraph("inner")
        inner.sequence().add(op(ctx, f"{host} a"), ctx.send_event(f"{host} half"), op(ctx, f"{host} b"))
        outer.sequence().add(op(ctx, f"{host} before"), inner, op(ctx, f"{host} after"))
        sequence.add(outer)
    sequence.add(op(ctx, "last"))
    graph.execute()
    return "nested"


def test_subgraphs_at_every_commit(new_store):
    """Order inside and between subgraphs holds, wherever the process dies."""
    story = kit.at_every_commit(lambda play: play.run(nested), new_store)
    order = ["before", "a", "b", "after"]
    assert [name for name, _ in story.notes] == [f"{host} {step}" for host in ("h1", "h2") for step in order] + ["last"]


def test_a_failure_deep_inside_is_reset_with_its_subgraphs(new_store):
    """Both subgraphs failed with it, and go on with it."""

    def script(play):
        WORLD.broken.add("h1 b")
        assert play.run(nested) == "failed"
        found = kit.states(play.life, play.uid)
        assert [found[name] for name in ("h1", "inner", "h2", "last")] == ["failed", "pending", "pending", "pending"]
        WORLD.broken.clear()
        assert play.resume() == "terminated"

    story = kit.at_every_commit(script, new_store)
    assert story.ran["h1 b"] == 2
    assert story.ran["h1 a"] == 1
    assert story.ran["last"] == 1


@workflow
def of_one_key(ctx, numbers):
    """Tasks of one key, told apart by their arguments only, in the order of `numbers`."""
    graph = ctx.graph_mode()
    for n in WORLD.order or numbers:
        graph.sequence().add(op(ctx, "same", n=n), op(ctx, "then", n=n))
    graph.execute()
    return "done"


@workflow
def of_one_key_standard(ctx, numbers):
    """The same in standard mode; each result with what it was asked for."""
    results = {n: op(ctx, "same", n=n) for n in WORLD.order or numbers}
    for result in results.values():
        result.get()
    more = {n: ctx.execute_task(echo, kwargs={"name": "then", "n": n}) for n in WORLD.order or numbers}
    return sorted([n, result.get()] for n, result in more.items())


@operation(resumable=True)
def echo(name, n):
    """Give an argument back."""
    WORLD.note(name, ctx.operation.idempotency_key)
    return n


@workflow
def asks_slowly(ctx):
    """Asks for tasks of one key; may be killed after the first."""
    results = {}
    for n in WORLD.order:
        results[n] = ctx.execute_task(echo, kwargs={"name": "then", "n": n})
        if "slow" in WORLD.broken:
            WORLD.note("hold", "")
    return sorted([n, result.get()] for n, result in results.items())


def test_21_a_death_between_two_asks_swaps_nothing(lives):
    """The journal has only the first; the replay asks in another order: the rest is new, each with its arguments."""
    WORLD.order = [1, 2, 3]
    WORLD.broken.add("slow")
    life = lives()
    with WORLD.gate("hold", "then"):
        uid = life.start(asks_slowly)
        WORLD.arrived("then")
        life.die()
        WORLD.broken.clear()
    WORLD.order = [3, 2, 1]
    second = lives()
    assert second.resume(uid) == "terminated"
    assert second.engine.result(uid) == [[1, 1], [2, 2], [3, 3]]
    assert second.journal.events(1) == []


@pytest.mark.parametrize("flow", [of_one_key, of_one_key_standard])
@pytest.mark.parametrize("order", [[3, 2, 1], [2, 3, 1], [1, 2, 3]])
def test_21_tasks_of_one_key_are_matched_by_their_arguments(lives, order, flow):
    """Built in another order, every row finds its own again, and its edges: no difference is reported."""
    WORLD.order = []
    life = lives()
    with WORLD.gate("then"):
        uid = life.start(flow, {"numbers": [1, 2, 3]})
        WORLD.arrived("then")
        life.die()
    WORLD.order = order
    second = lives()
    assert second.resume(uid) == "terminated"
    assert [event.message for event in second.journal.events(1)] == []
    assert second.engine.result(uid) in ("done", [[1, 1], [2, 2], [3, 3]])
    assert len({key for name, key in WORLD.ran if name == "same"}) == 3
    kit.judge_attempts(second, uid)


@workflow
def changed(ctx):
    """Asks for other tasks when the world says so."""
    graph = ctx.graph_mode()
    sequence = graph.sequence()
    sequence.add(op(ctx, "a"), op(ctx, "b"))
    if "other" in WORLD.broken:
        sequence.add(op(ctx, "c"))
    graph.execute()
    return once(ctx, "never")


def test_a_changed_graph_is_refused_with_two_columns_and_changes_nothing(lives):
    """The report stays with the execution; with the code put back it completes."""
    life = lives()
    with WORLD.gate("b"):
        uid = life.start(executes_again_after_failing)
        life.engine.wait(uid, 20)
        uid = life.start(changed)
        WORLD.arrived("b")
        life.die()
    number = 2
    WORLD.broken.add("other")
    second = lives()
    with pytest.raises(CodeDiffersError) as refused:
        second.resume(uid)
    assert "journal says" in str(refused.value)
    assert "c" in str(refused.value)
    refused_dump = kit.dump(second.journal, number)
    assert second.engine.find(uid).report is not None
    assert second.engine.info(uid).state == "interrupted"
    with pytest.raises(CodeDiffersError):
        second.resume(uid)
    assert kit.dump(second.journal, number) == refused_dump
