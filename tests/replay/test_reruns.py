"""`on_rerun`: what is done before a task runs again after a resume (design, "Graphs"; workflow-api §6.6)."""

import pytest

from durable_wf import workflow
from durable_wf.testing.stores import MemoryStore
from tests.replay import kit
from tests.replay.work import WORLD, op


@workflow
def cleans(ctx, cleanups=1, where="graph"):
    """a, b, c one after the other; before b runs again, so many other operations do."""
    graph = ctx.graph_mode()
    owner = graph.subgraph("inside") if where == "subgraph" else graph
    a, b, c = (op(ctx, name) for name in "abc")
    owner.sequence().add(a, b, c)

    def first(task):
        assert task is b
        owner.sequence().add(*(op(ctx, f"clean {n}") for n in range(cleanups)))

    b.on_rerun = first
    graph.execute()
    return [b.get_state(), c.get_state()]


def killed_in(lives, name, **parameters):
    """An execution whose process died while this operation ran."""
    life = lives()
    with WORLD.gate(name):
        uid = life.start(cleans, parameters)
        WORLD.arrived(name)
        life.die()
    return uid


@pytest.mark.parametrize("where", ["graph", "subgraph"])
def test_what_was_running_when_its_process_died_is_cleaned_up_before_it_runs_again(lives, where):
    uid = killed_in(lives, "b", cleanups=2, where=where)
    life = lives()
    assert life.resume(uid) == "terminated"
    assert life.engine.result(uid) == ["succeeded", "succeeded"]
    assert WORLD.names() == ["a", "b", "clean 0", "clean 1", "b", "c"]
    assert list(life.journal.verify()) == []


@pytest.mark.parametrize("where", ["graph", "subgraph"])
def test_what_failed_is_cleaned_up_before_a_persons_resume_runs_it_again(lives, where):
    life = lives()
    WORLD.broken.add("b")
    uid, state = life.run(cleans, {"where": where}, options=kit.NO_RETRIES)
    assert state == "failed"
    WORLD.broken.clear()
    assert life.resume(uid) == "terminated"
    assert WORLD.names() == ["a", "b", "clean 0", "b", "c"]
    assert list(life.journal.verify()) == []


def test_an_order_that_was_recorded_holds_through_another_death(lives):
    uid = killed_in(lives, "b")
    life = lives()
    with WORLD.gate("clean 0"):
        life.go_on(uid)
        WORLD.arrived("clean 0")
        life.die()
    life = lives()
    assert life.resume(uid) == "terminated"
    assert WORLD.names() == ["a", "b", "clean 0", "clean 0", "b", "c"]
    assert list(life.journal.verify()) == []


def test_a_second_death_in_the_task_itself_is_cleaned_up_anew(lives):
    uid = killed_in(lives, "b")
    life = lives()
    with WORLD.gate("b"):
        life.go_on(uid)
        WORLD.arrived("b")
        life.die()
    life = lives()
    assert life.resume(uid) == "terminated"
    assert WORLD.names() == ["a", "b", "clean 0", "b", "clean 0", "b", "c"]
    assert list(life.journal.verify()) == []


def test_a_clean_up_that_fails_holds_the_task_back_until_it_is_mended(lives):
    life = lives()
    WORLD.broken |= {"b", "clean 0"}
    uid, _ = life.run(cleans, options=kit.NO_RETRIES)
    WORLD.broken.remove("b")
    assert life.resume(uid) == "failed"
    assert WORLD.names() == ["a", "b", "clean 0"]
    WORLD.broken.clear()
    assert life.resume(uid) == "terminated"
    assert WORLD.names()[3:] == ["clean 0", "b", "c"]


def test_nobody_is_asked_where_nothing_runs_again(lives):
    """Another task of the graph was running."""
    uid = killed_in(lives, "c")
    assert lives().resume(uid) == "terminated"
    assert WORLD.names() == ["a", "b", "c", "c"]


@workflow
def stumbles(ctx):
    """Its handler raises."""
    graph = ctx.graph_mode()
    b = op(ctx, "b")
    b.on_rerun = lambda task: 1 / 0
    graph.add_task(b)
    graph.execute()


def test_a_handler_that_raises_is_told_of_and_the_task_runs(lives):
    life = lives()
    WORLD.broken.add("b")
    uid, _ = life.run(stumbles, options=kit.NO_RETRIES)
    WORLD.broken.clear()
    assert life.resume(uid) == "terminated"
    assert any("on_rerun handler" in one.message for one in life.journal.events(1))


def test_L5_a_handler_that_adds_nothing_changes_nothing(new_store):
    story = kit.at_every_commit(lambda play: play.run(cleans, {"cleanups": 0}), MemoryStore)
    assert story.result == ["succeeded", "succeeded"]
