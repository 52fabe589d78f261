"""Scenarios whose own tests kill at one chosen point, here with a death at every commit, on both stores."""

from __future__ import annotations

import itertools
from collections import Counter

import pytest

from durable_wf import RunOptions, workflow
from durable_wf.errors import AskError, HeldError
from durable_wf.model.rows import Attempt
from durable_wf.model.states import ATTEMPT, A
from durable_wf.workflows import forkjoin
from tests.replay import errors, kit
from tests.replay.test_graphs import of_one_key, of_one_key_standard
from tests.replay.test_identity import catches
from tests.replay.test_standard import fails_by_itself
from tests.replay.work import WORLD, once, op

UNKNOWN = ATTEMPT.code(A.UNKNOWN)


def test_12_its_own_error_is_refused_and_gone_on_from_a_named_task(new_store):
    """Wherever a process dies: the resume is refused before anything is written, and `from_task` begins again."""

    def script(play):
        WORLD.broken.discard("mended")
        assert play.run(fails_by_itself) == "failed"
        with pytest.raises(AskError):
            play.life.engine.resume(play.uid)
        WORLD.broken.add("mended")
        first = kit.all_states(play.life, play.uid).index(("a", "succeeded")) + 1
        assert play.resume(from_task=first, accept_changes=True) == "terminated"

    story = kit.at_every_commit(script, new_store)
    assert story.result == "b done"
    assert story.ran == {"a": 2, "b": 1}


@pytest.mark.parametrize("flow", [of_one_key, of_one_key_standard])
@pytest.mark.parametrize("after", [False, True])
def test_21_tasks_of_one_key_are_found_in_whatever_order_each_replay_asks(new_store, flow, after):
    """Every call of the function has another order; each row finds its own arguments again, and nothing differs."""
    said = []  # stories are not compared: which task is the n-th of its key is as in the call that stored it

    def script(play):
        WORLD.order = Anew(itertools.cycle(itertools.permutations([1, 2, 3])))
        assert play.run(flow, {"numbers": [1, 2, 3]}) == "terminated"
        said.extend(event.message for event in play.life.journal.events(play.life.engine.find(play.uid).id))

    for at in itertools.count(1):
        story, kills = kit.perform(script, new_store(), at=at, after=after, deaths=3)
        assert story.result in ("done", [[1, 1], [2, 2], [3, 3]])
        assert len(story.tasks) == 6
        assert all(3 <= story.ran[name] <= 3 + kills * 3 for name in ("same", "then"))
        if kills == 0:
            break
    assert said == []


class Anew:
    """A list that is another permutation whenever it is gone through."""

    def __init__(self, orders):
        self._orders = orders

    def __iter__(self):
        return iter(next(self._orders))

    def __bool__(self):
        return True


@pytest.mark.parametrize("what", ["mine", "keyed", "os", "unspeakable", "nested", "not json", "exit"])
def test_24_what_was_raised_is_seen_alike_wherever_the_process_dies(new_store, what):
    """The operation is not resumable: where it had begun, a person lets it run again."""

    def script(play):
        if play.run(catches, {"what": what}) == "interrupted":
            play.resume(reset_operations=True)

    story = kit.at_every_commit(script, new_store)
    assert story.state == "terminated"
    assert story.result[0] in (errors.MyError.__name__, "Keyed", "FileNotFoundError", "RecordedError")


@workflow
def side_by_side(ctx, safe, count):
    """Many tasks at once."""
    graph = ctx.graph_mode()
    make = op if safe else once
    graph.sequence().add(forkjoin(*(make(ctx, f"w{n}") for n in range(count))))
    graph.execute()


def most_unknown(play):
    """The most attempts that one death left unknown."""
    row = play.life.engine.find(play.uid)
    attempts = [Attempt(*one) for one in play.life.journal.stored("attempt", row.id)]
    found = Counter(one.fence for one in attempts if one.state == UNKNOWN)
    return max(found.values(), default=0)


@pytest.mark.parametrize(("safe", "count", "window"), [(True, 70, 64), (False, 12, 2)])
def test_28_and_29_no_death_leaves_more_unknown_than_the_window(new_store, safe, count, window):
    """2 workers: a window of 64 for what may be repeated, and of 2 for what may not, each of which is asked about."""
    seen = []

    def script(play):
        if play.run(side_by_side, {"safe": safe, "count": count}) == "interrupted":
            assert not safe
            assert 1 <= len(play.life.engine.asks(play.uid)) <= window
            play.resume(reset_operations=True)
        seen.append(most_unknown(play))

    story = kit.at_every_commit(script, new_store, max_operations=2)
    assert story.state == "terminated"
    assert 1 <= max(seen) <= window


@workflow
def fails_beside_one_in_doubt(ctx):
    """Scenario 30: one branch fails, the other has a task that must not be repeated."""
    ctx.wait_after_fail = 600
    graph = ctx.graph_mode()
    graph.sequence().add(op(ctx, "a"), op(ctx, "never"))
    graph.sequence().add(op(ctx, "b"), once(ctx, "danger"), op(ctx, "behind"))
    graph.execute()


def test_30_execute_does_not_end_before_the_question_is_answered(new_store):
    """As long as `danger` is unknown the execution is interrupted, and not failed."""

    def script(play):
        WORLD.broken = {"a"}
        state = play.run(fails_beside_one_in_doubt, options=RunOptions(task_retries=0))
        if state == "interrupted":
            assert kit.states(play.life, play.uid)["danger"] == "unknown"
            assert len(play.life.engine.asks(play.uid)) == 1
            state = play.resume(reset_operations=True)
        assert state == "failed"
        found = kit.states(play.life, play.uid)
        assert [found[name] for name in ("a", "never", "danger", "behind")] == [
            "failed", "pending", "succeeded", "succeeded",
        ]  # fmt: skip

    story = kit.at_every_commit(script, new_store)
    assert story.result[0] == "WorkflowFailed"


@workflow
def one_that_waits(ctx):
    """Two tasks, the first of which a test holds."""
    return [op(ctx, "held").get(), op(ctx, "after").get()]


def test_32_the_outcome_of_a_runner_that_was_shut_out_changes_nothing(lives):
    """Its ownership is lost while its operation runs; another goes on. Its late outcome is left out, and it stops."""
    stale, second = lives(), lives()
    with WORLD.gate("held"):
        uid = stale.start(one_that_waits)
        WORLD.arrived("held")
        stale.store.kill(stale.journal.inner)
        second.go_on(uid)
    assert second.wait(uid) == "terminated"
    with pytest.raises(HeldError, match="was taken over by another runner"):
        stale.wait(uid)
    assert second.engine.result(uid) == ["held done", "after done"]
    attempts = [Attempt(*one) for one in second.journal.stored("attempt", 1)]
    assert [(one.fence, str(ATTEMPT.states[one.state])) for one in attempts] == [
        (1, "unknown"), (2, "succeeded"), (2, "succeeded"),
    ]  # fmt: skip
    assert WORLD.counts()["after"] == 1
    assert list(second.journal.verify()) == []
