"""What nobody knows the end of (design, "Unknown outcomes"), and what a second resume may change: nothing."""

from __future__ import annotations

from collections import Counter

import pytest

from durable_wf import RunOptions, WorkflowFailed, operation, workflow
from durable_wf.workflows import forkjoin
from tests.replay import kit
from tests.replay.work import WORLD, once, op, risky


@workflow
def one_in_the_middle(ctx):
    """A task that must not be repeated in one branch, others beside and behind it."""
    graph = ctx.graph_mode()
    graph.sequence().add(op(ctx, "a"), once(ctx, "danger"), op(ctx, "behind"))
    graph.sequence().add(op(ctx, "b1"), op(ctx, "b2"), op(ctx, "b3"))
    graph.execute()
    return "done"


def killed_in(lives, name, workflow=one_in_the_middle, **more):
    """A process that was killed while `name` ran; the id of its execution."""
    life = lives()
    with WORLD.gate(name):
        uid = life.start(workflow, options=RunOptions(task_retries=0, **more))
        WORLD.arrived(name)
        life.die()
    return uid


def test_ask_runs_what_is_independent_then_lies_down(lives):
    """The other branch ends, what depends on the unknown does not start, and the task is named."""
    uid = killed_in(lives, "danger")
    life = lives()
    assert life.resume(uid) == "interrupted"
    found = kit.states(life, uid)
    assert [found[name] for name in ("danger", "behind", "b3")] == ["unknown", "pending", "succeeded"]
    assert life.engine.asks(uid) == (kit.number(life, uid, "danger"),)
    assert life.engine.info(uid).state == "interrupted"


def test_a_second_resume_changes_nothing(lives):
    """All tables are as before but for fence and owner; no operation ran; a third one neither."""
    uid = killed_in(lives, "danger")
    life = lives()
    assert life.resume(uid) == "interrupted"
    before, ran = kit.dump(life.journal, 1), list(WORLD.ran)
    life.engine.close()
    for _ in range(2):
        life = lives()
        assert life.resume(uid) == "interrupted"
        assert life.engine.asks(uid) == (kit.number(life, uid, "danger"),)
        assert kit.dump(life.journal, 1) == before
        assert ran == WORLD.ran
    assert list(life.journal.verify()) == []


def test_reset_operations_lets_it_run_again_with_another_key(lives):
    """A person's word: it runs again, and whom it calls can tell the two apart by the idempotency key."""
    uid = killed_in(lives, "danger")
    life = lives()
    assert life.resume(uid) == "interrupted"
    assert life.resume(uid, reset_operations=True) == "terminated"
    keys = [key for name, key in WORLD.ran if name == "danger"]
    assert len(keys) == 2
    assert len(set(keys)) == 2
    assert WORLD.counts()["behind"] == 1
    kit.judge_attempts(life, uid)


def test_reset_operations_at_once(lives):
    """It need not lie down first."""
    uid = killed_in(lives, "danger")
    assert lives().resume(uid, reset_operations=True) == "terminated"


@workflow
def chain(ctx):
    """Three in a row that may be repeated."""
    return [op(ctx, name).get() for name in ("a", "b", "c")]


def test_rerun_keeps_the_key(lives):
    """An operation declared resumable is repeated without asking, under the same idempotency key."""
    uid = killed_in(lives, "b", chain)
    assert lives().resume(uid) == "terminated"
    keys = Counter(key for name, key in WORLD.ran if name == "b")
    assert list(keys.values()) == [2]


def test_on_unknown_of_the_run_says_rerun(lives):
    """`RunOptions(on_unknown="rerun")` covers operations that say nothing themselves."""
    uid = killed_in(lives, "danger", on_unknown="rerun")
    assert lives().resume(uid) == "terminated"
    assert WORLD.counts()["danger"] == 2


def test_on_unknown_of_the_run_says_fail(lives):
    """`fail` makes a failure that is not retried; the error says why."""
    uid = killed_in(lives, "danger", on_unknown="fail")
    life = lives()
    assert life.resume(uid) == "failed"
    with pytest.raises(WorkflowFailed, match="UnknownOutcome `its runner died while it ran"):
        life.engine.result(uid)
    assert WORLD.counts()["danger"] == 1
    assert kit.states(life, uid)["b3"] == "succeeded"
    assert life.resume(uid) == "terminated"
    assert WORLD.counts()["danger"] == 2


@workflow
def local_in_the_middle(ctx):
    """A local task that notes that it ran."""
    return ctx.local_task(local, name="local").get()


def local():
    """Runs in a worker thread, without an operation's context."""
    WORLD.note("local", "")
    return "local done"


def test_a_local_task_is_asked_about_and_its_callable_comes_back(lives):
    """The journal does not know the callable; the replay gives it again."""
    uid = killed_in(lives, "local", local_in_the_middle)
    life = lives()
    assert life.resume(uid) == "interrupted"
    assert life.resume(uid, reset_operations=True) == "terminated"
    assert life.engine.result(uid) == "local done"
    assert WORLD.counts() == {"local": 2}


def test_at_every_commit_the_answer_to_the_question_completes_it(new_store):
    """Wherever the process dies: asked at most once, and after a person's word the story is the undisturbed one."""

    def script(play):
        state = play.run(one_in_the_middle)
        if state == "interrupted":
            assert play.life.engine.asks(play.uid)
            state = play.resume(reset_operations=True)
        assert state == "terminated"

    kit.at_every_commit(script, new_store)


@workflow
def shows_a_failure_beside_an_unknown(ctx):
    """Fails by a task while another is unknown."""
    danger = once(ctx, "danger")
    op(ctx, "a").get()
    return danger.get()


def test_a_failure_does_not_end_an_execution_that_has_to_ask(lives):
    """The function has raised, but another task is unknown: first the question, then the failure, then the repair."""
    WORLD.broken.add("a")
    life = lives()
    with WORLD.gate("danger", "a"):
        uid = life.start(shows_a_failure_beside_an_unknown, options=kit.NO_RETRIES)
        WORLD.arrived("danger")
        WORLD.arrived("a")
        life.die()
    life = lives()
    assert life.resume(uid) == "interrupted"
    assert kit.states(life, uid) == {"danger": "unknown", "a": "failed"}
    assert life.resume(uid, reset_operations=True) == "failed"
    assert kit.states(life, uid) == {"danger": "succeeded", "a": "failed"}
    WORLD.broken.clear()
    assert life.resume(uid) == "terminated"
    assert WORLD.counts() == {"danger": 2, "a": 3}


@operation(resumable=True)
def quick(name, n):
    """A no-op that may be repeated."""
    WORLD.note(name, str(n))


@workflow
def wide(ctx, safe):
    """Two hundred tasks of one kind, side by side."""
    graph = ctx.graph_mode()
    function = quick if safe else risky
    graph.sequence().add(forkjoin(*(ctx.execute_task(function, kwargs={"name": "w", "n": n}) for n in range(200))))
    graph.execute()


def in_doubt(life, uid):
    """How many attempts nobody knows the outcome of, and how many the newest runner handed out."""
    row = life.engine.find(uid)
    found = life.journal.stored("attempt", row.id)
    open_ = [one for one in found if one.ended_us is None]
    return len(open_), sum(one.fence == row.fence for one in found)


def test_28_a_window_of_repeatables_is_rerun_and_the_next_window_is_narrow(lives):
    """16 workers, window 64: at most 64 unknown, all run again without asking; the first window after it is 16."""
    life = lives(max_operations=16)
    with WORLD.gate("w"):
        uid = life.start(wide, {"safe": True})
        WORLD.arrived("w")
        life.die()
        assert in_doubt(life, uid) == (64, 64)
        second = lives(max_operations=16)
        second.engine.resume(uid)
        second.engine.host.ask(lambda: None)
        wait_for_hand_out(second, uid)
        assert in_doubt(second, uid) == (64 + 16, 16)
    assert second.wait(uid) == "terminated"
    assert len({key for _, key in WORLD.ran}) == 200


def test_29_never_more_of_the_others_than_workers(lives):
    """At most 16 unknown, each asked about; the rest never were handed out."""
    life = lives(max_operations=16)
    with WORLD.gate("w"):
        uid = life.start(wide, {"safe": False})
        WORLD.arrived("w")
        life.die()
        assert in_doubt(life, uid) == (16, 16)
    second = lives(max_operations=16)
    assert second.resume(uid) == "interrupted"
    assert len(second.engine.asks(uid)) == 16
    states = Counter(state for _, state in kit.all_states(second, uid))
    assert states["unknown"] == 16
    assert states["succeeded"] == 184
    assert second.resume(uid, reset_operations=True) == "terminated"


def wait_for_hand_out(life, uid):
    """Until the resumed runner has made its first turn."""
    while in_doubt(life, uid)[1] == 0:
        life.engine.host.ask(lambda: None)
