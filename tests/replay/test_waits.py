"""Waits: a retry keeps its instant over a death, a reboot and a wrong clock (L9)."""

from __future__ import annotations

import pytest

from durable_wf import RunOptions, workflow
from tests.replay import kit
from tests.replay.clock import ManualClock
from tests.replay.work import WORLD, Broken, op, work

HOUR = 3600.0
HOURLY = RunOptions(task_retries=1, task_retry_interval=HOUR)


@workflow
def retried(ctx, names):
    """Each of them, in a graph of its own branch."""
    graph = ctx.graph_mode()
    for name in names:
        graph.sequence().add(op(ctx, name), op(ctx, f"after {name}"))
    graph.execute()
    return "done"


@workflow
def retried_standard(ctx, names):
    """Each of them, fetched in order."""
    results = [op(ctx, name) for name in names]
    return [result.get() for result in results]


@pytest.fixture
def clock():
    """One clock for all processes of a test."""
    return ManualClock()


def waits(life, uid, name):
    """Until the failure of `name` is decided: it waits for its next try."""
    while kit.states(life, uid).get(name) != "rescheduled":
        life.engine.host.ask(lambda: None)


def test_L9_a_wait_that_a_death_interrupts_goes_on(lives, clock):
    """Ten minutes are left after fifty, in the process after."""
    WORLD.broken.add("a")
    life = lives(clock=clock)
    uid = life.start(retried, {"names": ["a"]}, options=HOURLY)
    waits(life, uid, "a")
    WORLD.broken.clear()
    life.advance(50 * 60)
    life.die()
    second = lives(clock=clock)
    second.go_on(uid)
    second.advance(10 * 60 - 1)
    assert WORLD.counts() == {"a": 1}
    assert kit.states(second, uid)["a"] == "rescheduled"
    second.advance(1)
    assert second.wait(uid) == "terminated"
    assert WORLD.counts() == {"a": 2, "after a": 1}


def test_L9_a_wait_that_is_over_when_the_process_comes_back_ends_at_once(lives, clock):
    """Nobody was there at the instant."""
    WORLD.broken.add("a")
    life = lives(clock=clock)
    uid = life.start(retried, {"names": ["a"]}, options=HOURLY)
    waits(life, uid, "a")
    WORLD.broken.clear()
    life.die()
    clock.advance(5 * HOUR)
    assert lives(clock=clock).resume(uid) == "terminated"


def test_L9_a_wrong_wall_clock_neither_shortens_nor_prolongs(lives, clock):
    """Within one boot only the time since boot counts."""
    WORLD.broken.add("a")
    life = lives(clock=clock)
    uid = life.start(retried, {"names": ["a"]}, options=HOURLY)
    waits(life, uid, "a")
    WORLD.broken.clear()
    life.die()
    clock.jump(10 * HOUR)
    second = lives(clock=clock)
    second.go_on(uid)
    second.advance(HOUR - 1)
    assert kit.states(second, uid)["a"] == "rescheduled"
    clock.jump(-20 * HOUR)
    second.advance(1)
    assert second.wait(uid) == "terminated"


@pytest.mark.parametrize(("passed", "left"), [(0.5 * HOUR, 0.5 * HOUR), (-3 * HOUR, HOUR)])
def test_L9_after_a_reboot_the_wall_clock_counts_within_the_drawn_delay(lives, clock, passed, left):
    """The time since boot began anew; a wall clock that was set back leaves the whole delay, never more."""
    WORLD.broken.add("a")
    life = lives(clock=clock)
    uid = life.start(retried, {"names": ["a"]}, options=HOURLY)
    waits(life, uid, "a")
    WORLD.broken.clear()
    life.die()
    clock.jump(passed)
    clock.reboot()
    second = lives(clock=clock)
    second.go_on(uid)
    second.advance(left - 1)
    assert kit.states(second, uid)["a"] == "rescheduled"
    second.advance(1)
    assert second.wait(uid) == "terminated"


def test_a_failure_handled_hours_before_another(lives, clock):
    """a fails, b is retried for hours and fails too: the resume runs both again, with their retries anew."""
    WORLD.broken |= {"a", "b"}
    life = lives(clock=clock)
    uid = life.start(handles, options=HOURLY)
    waits(life, uid, "a")
    life.advance(HOUR)
    waits(life, uid, "b")
    life.advance(HOUR)
    assert life.wait(uid) == "failed"
    assert WORLD.counts() == {"a": 2, "between": 1, "b": 2}
    WORLD.broken.clear()
    clock.advance(24 * HOUR)
    assert life.resume(uid) == "terminated"
    assert WORLD.counts() == {"a": 2, "between": 1, "b": 3}


@workflow
def handles(ctx):
    """Scenario 6 with hours between."""
    try:
        op(ctx, "a").get()
    except Broken:
        op(ctx, "between").get()
    return op(ctx, "b").get()


def test_several_waits_of_one_process_end_each_at_its_instant(lives, clock):
    """Timers are kept by instant, not by the order in which they were made."""
    WORLD.broken |= {"a", "b"}
    life = lives(clock=clock)
    uid = life.start(retried, {"names": ["a"]}, options=HOURLY)
    other = life.start(retried, {"names": ["b"]}, options=RunOptions(task_retries=1, task_retry_interval=60))
    waits(life, uid, "a")
    waits(life, other, "b")
    WORLD.broken.clear()
    life.advance(60)
    assert life.wait(other) == "terminated"
    assert kit.states(life, uid)["a"] == "rescheduled"
    life.advance(HOUR - 60)
    assert life.wait(uid) == "terminated"


def test_a_failure_that_nobody_fetched_yet_waits_for_its_decision(lives, clock):
    """Standard mode: the retry's delay begins when `get()` fetches the failure, also after a death in between."""
    WORLD.broken.add("b")
    life = lives(clock=clock)
    with WORLD.gate("a"):
        uid = life.start(retried_standard, {"names": ["a", "b"]}, options=HOURLY)
        WORLD.arrived("a")
        while kit.states(life, uid)["b"] != "started" or "b" not in WORLD.counts():
            life.engine.host.ask(lambda: None)
        clock.advance(2 * HOUR)
        life.die()
    WORLD.broken.clear()
    second = lives(clock=clock)
    second.go_on(uid)
    waits(second, uid, "b")
    second.advance(HOUR - 1)
    assert kit.states(second, uid)["b"] == "rescheduled"
    second.advance(1)
    assert second.wait(uid) == "terminated"
    assert WORLD.counts()["b"] == 2


def test_retries_at_every_commit(new_store):
    """Without a delay between tries: wherever the process dies, as many tries are decided as without."""

    def script(play):
        WORLD.broken.add("a")
        play.run(retried_standard, {"names": ["a", "b"]}, options=RunOptions(task_retries=2, task_retry_interval=0))

    story = kit.at_every_commit(script, new_store)
    assert story.result == ("Broken", "a")
    assert story.ran == {"a": 3, "b": 1}


@workflow
def asks_for_a_delay(ctx, how, after):
    """An operation that says itself when it wants to be run again."""
    return ctx.execute_task("tests.authoring.plugin:tries", kwargs={"succeed_at": 1, "how": how, "after": after}).get()


@pytest.mark.parametrize(("how", "after", "waits_s"), [
    ("recoverable", 60, 60), ("retry", 60, 60), ("recoverable", None, HOUR), ("retry", None, HOUR), ("retry", 0, 0),
])  # fmt: skip
def test_the_delay_that_a_failure_asks_for_wins_over_the_interval(lives, clock, how, after, waits_s):
    """`RecoverableError(retry_after=...)` and `ctx.operation.retry(retry_after=...)`; else the task's interval."""
    life = lives(clock=clock)
    uid = life.start(asks_for_a_delay, {"how": how, "after": after}, options=HOURLY)
    if waits_s:
        waits(life, uid, "tests.authoring.plugin:tries")
        life.advance(waits_s - 1)
        assert WORLD.seen == [(0, 1)]
        life.advance(1)
    assert life.wait(uid) == "terminated"
    assert WORLD.seen == [(0, 1), (1, 1)]


@workflow
def failing_beside_a_wait(ctx):
    """`x` fails for good, while a branch beside it waits an hour for its next try."""
    graph = ctx.graph_mode()
    graph.add_task(ctx.execute_task(work, kwargs={"name": "x"}, total_retries=0))
    graph.sequence().add(op(ctx, "a"), op(ctx, "after a"))
    graph.execute()


def test_L9_wait_after_fail_goes_on_in_the_process_after(lives, clock):
    """Ten minutes after the first failure the graph ends, however often the process died in between."""
    WORLD.broken.update({"x", "a"})
    life = lives(clock=clock)
    uid = life.start(failing_beside_a_wait, options=HOURLY)
    waits(life, uid, "a")
    while kit.states(life, uid).get("x") != "failed":
        life.engine.host.ask(lambda: None)
    life.advance(9 * 60)
    life.die()
    second = lives(clock=clock)
    second.go_on(uid)
    second.advance(59)
    assert second.engine.info(uid).state == "started"
    second.advance(1)
    assert second.wait(uid) == "failed"
    assert kit.states(second, uid) == {"x": "failed", "a": "rescheduled", "after a": "pending"}
