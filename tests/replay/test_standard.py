"""Scenarios of standard mode (replay-scenarios.md), with a death at every commit, on both stores."""

from __future__ import annotations

import contextlib

import pytest

from durable_wf import workflow
from durable_wf.errors import AskError
from tests.replay import kit
from tests.replay.work import WORLD, Broken, once, op, work


@workflow
def out_of_order(ctx):
    """Scenario 3."""
    r1, r2, r3 = op(ctx, "one"), op(ctx, "two"), op(ctx, "three")
    return [r3.get(), r1.get(), r2.get()]


def test_03_results_fetched_out_of_order_are_seen_so_again(new_store):
    """The function sees 3, 1, 2, in replay as live, and nothing that ended runs again."""
    story = kit.at_every_commit(lambda play: play.run(out_of_order), new_store)
    assert story.result == ["three done", "one done", "two done"]


def test_03_survives_many_deaths_in_a_row(new_store):
    """Each of up to four processes dies at its n-th commit; what they all did is what one would have done."""
    kit.at_every_commit(lambda play: play.run(out_of_order), new_store, deaths=4)


@workflow
def one_of_three_fails(ctx):
    """Three parallel results fetched out of order, one failing."""
    r1, r2, r3 = op(ctx, "one"), op(ctx, "two"), op(ctx, "three")
    seen = [r3.get()]
    try:
        r1.get()
    except Broken as error:
        seen.append(list(error.args))
    return [*seen, r2.get()]


def test_03_with_one_failing_the_failure_is_seen_where_it_is_fetched(new_store):
    """A failure of the second fetched is raised there, by its class and arguments, in replay as live."""

    def script(play):
        WORLD.broken.add("one")
        play.run(one_of_three_fails)

    story = kit.at_every_commit(script, new_store)
    assert story.result == ["three done", ["one", 3], "two done"]


@workflow
def fails_late(ctx):
    """Scenario 4."""
    ra, rb = op(ctx, "a"), op(ctx, "b")
    rb.get()
    op(ctx, "d").get()
    return ra.get()


def test_04_what_was_asked_before_a_failure_was_shown_stays_answered(new_store):
    """Only a runs again: d was asked for before a's failure was shown."""

    def script(play):
        WORLD.broken.add("a")
        assert play.run(fails_late) == "failed"
        WORLD.broken.clear()
        assert play.resume() == "terminated"

    story = kit.at_every_commit(script, new_store)
    assert story.result == "a done"
    assert story.ran == {"a": 2, "b": 1, "d": 1}
    assert all(state == "succeeded" for *_, state, _ in story.tasks)


@workflow
def cleans_up(ctx):
    """Scenario 5."""
    try:
        result = op(ctx, "a").get()
    except Broken:
        op(ctx, "cleanup1").get()
        op(ctx, "cleanup2").get()
        raise
    op(ctx, "after").get()
    return result


def resume_after_clean_up(play):
    """Fail with clean-up; the plain resume is refused, the agreed one completes."""
    WORLD.broken.add("a")
    assert play.run(cleans_up) == "failed"
    WORLD.broken.clear()
    before = kit.dump(play.life.journal, 1)
    with pytest.raises(AskError) as refused:
        play.resume()
    assert "rolled back since: 2 operations" in str(refused.value)
    assert kit.dump(play.life.journal, 1) == before
    assert play.resume(accept_changes=True) == "terminated"


def test_05_a_resume_after_clean_up_is_refused_and_then_supersedes_it(new_store):
    """Refused with the list, nothing written; agreed to, a runs again and the clean-ups are not asked for."""
    story = kit.at_every_commit(resume_after_clean_up, new_store)
    assert story.result == "a done"
    assert story.ran == {"a": 2, "cleanup1": 1, "cleanup2": 1, "after": 1}
    assert sorted(state for *_, state, _ in story.tasks) == ["succeeded", "succeeded", "superseded", "superseded"]


def test_05_the_preview_says_the_same_before(lives):
    """What is reset, superseded and rolled back, without a change."""
    WORLD.broken.add("a")
    life = lives()
    uid, state = life.run(cleans_up, options=kit.NO_RETRIES)
    assert state == "failed"
    before = kit.dump(life.journal, 1)
    found = life.engine.preview(uid)
    assert [len(found.reset), len(found.superseded), len(found.rolled_back), len(found.kept)] == [1, 2, 2, 0]
    assert kit.dump(life.journal, 1) == before


def test_05_clean_up_that_fails_again_is_asked_for_anew(lives):
    """The cause is not mended: a fails again, and the clean-up of that failure is new work of the same key."""
    WORLD.broken.add("a")
    life = lives()
    uid, _ = life.run(cleans_up, options=kit.NO_RETRIES)
    assert life.resume(uid, accept_changes=True) == "failed"
    assert WORLD.counts() == {"a": 2, "cleanup1": 2, "cleanup2": 2}
    assert sorted(state for _, state in kit.all_states(life, uid)) == [
        "failed", "succeeded", "succeeded", "superseded", "superseded",
    ]  # fmt: skip
    assert list(life.journal.verify()) == []


@workflow
def handled_then_fails(ctx):
    """Scenario 6."""
    with contextlib.suppress(Broken):
        op(ctx, "a").get()
    op(ctx, "between").get()
    return op(ctx, "b").get()


def test_06_a_failure_that_was_handled_is_not_reset(new_store):
    """b runs again; a's failure was handled and stays as it is, mended or not."""

    def script(play):
        WORLD.broken |= {"a", "b"}
        assert play.run(handled_then_fails) == "failed"
        WORLD.broken.clear()
        assert play.resume() == "terminated"

    story = kit.at_every_commit(script, new_store)
    assert story.ran == {"a": 1, "between": 1, "b": 2}
    assert sorted(state for *_, state, _ in story.tasks) == ["failed", "succeeded", "succeeded"]


@workflow
def tries_by_itself(ctx):
    """Scenario 7: a function that catches and tries again."""
    for n in range(3):
        try:
            return once(ctx, f"try{n}").get()
        except Broken:
            continue
    return None


def test_07_tries_of_the_function_itself_are_answered_as_failed(lives):
    """Killed during the third: the first two are answered, the third is unknown and asked about, nothing else runs."""
    WORLD.broken |= {"try0", "try1"}
    life = lives()
    with WORLD.gate("try2"):
        uid = life.start(tries_by_itself, options=kit.NO_RETRIES)
        WORLD.arrived("try2")
        life.die()
        second = lives()
        assert second.resume(uid) == "interrupted"
        assert second.engine.asks(uid) == (3,)
        assert WORLD.counts() == {"try0": 1, "try1": 1, "try2": 1}
    assert second.resume(uid, reset_operations=True) == "terminated"
    assert WORLD.counts() == {"try0": 1, "try1": 1, "try2": 2}
    assert second.engine.result(uid) == "try2 done"


@workflow
def tries_safely(ctx):
    """As `tries_by_itself`, of operations that may be repeated."""
    for n in range(3):
        try:
            return op(ctx, f"try{n}").get()
        except Broken:
            continue
    return None


def test_07_at_every_commit(new_store):
    """With operations that may be repeated it ends by itself, wherever the process dies."""

    def script(play):
        WORLD.broken.update({"try0", "try1"})
        play.run(tries_safely)

    story = kit.at_every_commit(script, new_store, deaths=2)
    assert story.result == "try2 done"


@workflow
def fails_by_itself(ctx):
    """Scenario 12."""
    value = op(ctx, "a").get()
    if not WORLD.ran or "mended" not in WORLD.broken:
        text = f"no good: {value}"
        raise ValueError(text)
    return op(ctx, "b").get()


def test_12_nothing_to_reset_is_said_and_from_is_offered(lives):
    """No task failed: the resume is refused and nothing changes; with the task named it begins again there."""
    life = lives()
    uid, state = life.run(fails_by_itself, options=kit.NO_RETRIES)
    assert state == "failed"
    with pytest.raises(ValueError, match="no good: a done"):
        life.engine.result(uid)
    before = kit.dump(life.journal, 1)
    with pytest.raises(AskError) as refused:
        life.engine.resume(uid)
    assert "--from TASK" in str(refused.value.hint)
    assert kit.dump(life.journal, 1) == before
    WORLD.broken.add("mended")
    assert life.resume(uid, from_task=kit.number(life, uid, "a"), accept_changes=True) == "terminated"
    assert WORLD.counts() == {"a": 2, "b": 1}


def test_12_from_a_task_that_ran_asks_first(lives):
    """Beginning again from a task that succeeded repeats its effect: a person must agree."""
    life = lives()
    uid, _ = life.run(fails_by_itself, options=kit.NO_RETRIES)
    with pytest.raises(AskError, match="rolled back since: 1 operation"):
        life.engine.resume(uid, kit.ResumeOptions(from_task=1))


def test_12_a_terminated_execution_has_nothing_to_resume(lives):
    """Refused, and nothing changes."""
    life = lives()
    uid, _ = life.run(out_of_order)
    before = kit.dump(life.journal, 1)
    with pytest.raises(AskError, match="has terminated"):
        life.engine.resume(uid)
    assert kit.dump(life.journal, 1) == before


@workflow
def two_failures(ctx):
    """Scenario 17."""
    for name in ("a", "b"):
        try:
            op(ctx, name).get()
        except Broken:
            op(ctx, "cleanup").get()
            raise
    return "both"


def test_17_a_second_resume_does_not_bring_back_what_the_first_superseded(new_store):
    """Two resumes in turn, for a and for b; the n-th of a key counts only what is not superseded."""

    def script(play):
        WORLD.broken.update({"a", "b"})
        assert play.run(two_failures) == "failed"
        WORLD.broken.discard("a")
        assert play.resume(accept_changes=True) == "failed"
        WORLD.broken.discard("b")
        assert play.resume(accept_changes=True) == "terminated"

    story = kit.at_every_commit(script, new_store)
    assert story.result == "both"
    assert story.ran == {"a": 2, "b": 2, "cleanup": 2}
    assert sorted(state for *_, state, _ in story.tasks) == ["succeeded", "succeeded", "superseded", "superseded"]


@workflow
def leaves_unfetched(ctx):
    """Results that nobody fetches are waited for at the end."""
    for name in ("a", "b", "c"):
        op(ctx, name)
    return op(ctx, "d").get()


def test_what_nobody_fetched_fails_the_workflow_and_is_reset(new_store):
    """An un-fetched failure fails the execution; a resume runs it again, and nothing else."""

    def script(play):
        WORLD.broken.add("b")
        assert play.run(leaves_unfetched) == "failed"
        WORLD.broken.clear()
        assert play.resume() == "terminated"

    story = kit.at_every_commit(script, new_store)
    assert story.ran == {"a": 1, "b": 2, "c": 1, "d": 1}


@workflow
def wraps_the_failure(ctx):
    """Raises an error of its own because of a task's."""
    try:
        op(ctx, "a").get()
    except Broken as error:
        text = "could not"
        raise RuntimeError(text) from error
    return "well"


def test_an_error_caused_by_a_task_is_resumed_from_that_task(new_store):
    """The nearest failure in the chain of causes is what ended the execution."""

    def script(play):
        WORLD.broken.add("a")
        assert play.run(wraps_the_failure) == "failed"
        WORLD.broken.clear()
        assert play.resume() == "terminated"

    assert kit.at_every_commit(script, new_store).ran == {"a": 2}


@workflow
def takes_no_second_try(ctx):
    """The first failure is final, though the policy would allow more tries."""
    result = ctx.execute_task(work, kwargs={"name": "a"}, total_retries=5, retry_interval=0)
    try:
        result.get(retry_on_failure=False)
    except Broken:
        return op(ctx, "b").get()
    return "well"


def test_get_without_retry_raises_on_the_first_failure(new_store):
    """workflow-api §14, 39; also where the process dies between the failure and its decision."""

    def script(play):
        WORLD.broken.add("a")
        assert play.run(takes_no_second_try) == "terminated"

    story = kit.at_every_commit(script, new_store)
    assert story.ran == {"a": 1, "b": 1}
