"""Scenarios 1, 2 and 9 of replay: handlers, and subgraphs that they replace, with a death at every commit."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from durable_wf import RunOptions, workflow
from durable_wf.model.states import ATTEMPT, A
from durable_wf.workflows import HandlerResult
from tests.replay import kit
from tests.replay.work import WORLD, op

ASKED = "the handler was asked"


@workflow
def adds(ctx):
    """`a.on_success` adds task `c` after `b`, and lets go on."""

    def on_success(_task):
        WORLD.seen.append(ASKED)
        c = op(ctx, "c")
        graph.add_task(c)
        graph.add_dependency(c, b)
        return HandlerResult.cont()

    graph = ctx.graph_mode()
    a, b = op(ctx, "a"), op(ctx, "b")
    a.on_success = on_success
    graph.sequence().add(a, b)
    graph.execute()


@dataclass(frozen=True)
class Left:
    """What a process left that has died.

    ended    whether the outcome of `a` is in the journal
    decided  the decision's transition, and the tasks and dependencies that there are then; None before
    """

    ended: bool
    decided: tuple | None


def left(life, uid):
    """What is in the journal."""
    row = life.engine.find(uid)
    history = life.journal.history(row.id)
    [a] = [task.no for task in history.tasks if names(life, row.id).get(task.no) == "a"] or [0]
    attempts = life.journal.stored("attempt", row.id)
    ended = any(one.task == a and ATTEMPT.states[one.state] is A.SUCCEEDED for one in attempts)
    made = (tuple(history.decisions), frozenset(names(life, row.id).items()), frozenset(history.dependencies))
    return Left(ended, made if history.decisions else None)


def names(life, execution):
    """Names of its operations by their numbers."""
    history = life.journal.history(execution)
    bodies = {payload.no: kit.decode(payload.body_json) for payload in history.payloads}
    named = {task.no: bodies[task.request]["kwargs"].get("name") for task in history.tasks}
    return {number: name for number, name in named.items() if name}


def die_and_resume(store, at, *, after):
    """Die at a commit and resume: what was left, and how often `a` ran and the handler was asked, before and after."""
    WORLD.clear()
    first, second = kit.Life(store, at=at, after=after), None
    try:
        try:
            uid = first.start(adds, options=kit.NO_RETRIES)
            first.wait(uid)
        except kit.Crash:
            return None, None
        if not first.died:
            return "alive", None
        first.settle_death()
        before = (WORLD.counts()["a"], WORLD.seen.count(ASKED))
        second = kit.Life(store)
        found = left(second, uid)
        if second.engine.info(uid).state == "interrupted":
            assert second.resume(uid) == "terminated"
        assert left(second, uid).decided is not None
        if found.decided is not None:
            assert left(second, uid).decided == found.decided
        assert sorted(names(second, second.engine.find(uid).id).values()) == ["a", "b", "c"]
        return found, (before, (WORLD.counts()["a"], WORLD.seen.count(ASKED)))
    finally:
        first.bury()
        if second is not None:
            second.bury()


def deaths(new_store):
    """What each death has left that left anything."""
    at, found = 1, []
    while True:
        for after in (False, True):
            how, counted = die_and_resume(new_store(), at, after=after)
            if how == "alive":
                return found
            if how is not None:
                found.append((how, counted))
        at += 1
        assert at < kit.MOST_COMMITS


def test_scenarios_1_and_2_a_handler_is_asked_again_and_never_the_operation(new_store):
    """1: between outcome and decision, both are as if new but for the operation. 2: after it, nothing new is stored."""
    found = deaths(new_store)
    between = [counted for how, counted in found if how.ended and how.decided is None]
    behind = [counted for how, counted in found if how.decided is not None]
    assert between
    assert behind
    for (ran, asked), (ran_at_last, asked_at_last) in between:
        assert (ran, ran_at_last) == (1, 1)
        assert asked_at_last == asked + 1
    for (ran, asked), (ran_at_last, asked_at_last) in behind:
        assert (ran, ran_at_last) == (1, 1)
        assert asked_at_last in (asked, asked + 1)  # the former where it had ended by then
    assert max(asked_at_last for _, (_, asked_at_last) in behind) == 2


@workflow
def installs(ctx):
    """Subgraphs of two instances, one after the other, and one beside; a failed one is replaced by a new one."""

    def instance(number, attempt=0):
        made = graph.subgraph(f"install {number}" if not attempt else f"reinstall {number}")
        made.sequence().add(*(op(ctx, f"{number} {step} {attempt}") for step in ("create", "start")))
        made.on_failure = replace(number)
        made.current_retries = attempt
        return made

    def replace(number):
        def on_failure(subgraph):
            WORLD.seen.append((number, subgraph.failed_task.kwargs["name"]))
            result = HandlerResult.retry()
            result.retried_task = instance(number, subgraph.current_retries + 1)
            return result

        return on_failure

    graph = ctx.graph_mode()
    graph.sequence().add(instance(7), instance(3), op(ctx, "behind"))
    graph.add_task(op(ctx, "beside"))
    graph.execute()
    return "installed"


@pytest.mark.parametrize("deaths", [1, 2])
def test_scenario_9_a_replacement_stays_answered_when_a_later_failure_is_mended(new_store, deaths):
    """Instance 7 was replaced once; then 3 fails, and its replacement too: only that runs again, and what waits."""

    def script(play):
        WORLD.broken |= {"7 create 0", "3 create 0", "3 start 1"}
        options = RunOptions(task_retries=0, subgraph_retries=1)
        assert play.run(installs, options=options) == "failed"
        WORLD.broken = {"7 create 0", "3 create 0"}
        before = WORLD.counts()
        assert play.resume() == "terminated"
        again = {name for name, times in WORLD.counts().items() if times > before[name]}
        assert {"3 start 1", "behind"} <= again
        if not play.kills:
            assert again == {"3 start 1", "behind"}

    story = kit.at_every_commit(script, new_store, deaths=deaths)
    assert story.result == "installed"
    assert story.ran == {
        **dict.fromkeys(("7 create 0", "7 create 1", "7 start 1"), 1),
        **dict.fromkeys(("3 create 0", "3 create 1", "behind", "beside"), 1),
        "3 start 1": 2,
    }
