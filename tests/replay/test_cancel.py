"""Cancellation as the function sees it, scenarios 13 to 16, with a death at every commit."""

from __future__ import annotations

import itertools

import pytest

from durable_wf.codec import decode
from durable_wf.errors import AskError
from durable_wf.model.rows import Subject
from durable_wf.model.states import XE
from durable_wf.testing.crash import CrashingJournal
from durable_wf.workflows import api
from tests.replay import cancelled, kit
from tests.replay.cancelled import BY, request, request_in, wait_until_taken
from tests.replay.work import TIMEOUT, WORLD

EVENTS = tuple(XE)


def story(life, uid):
    """What happened to the execution itself, with what it says."""
    rows = life.journal.history(life.engine.find(uid).id).transitions
    return [(str(EVENTS[row.event]), decode(row.detail_json) or {}) for row in rows if row.subject == Subject.EXECUTION]


def told(life, uid):
    """Which calls were told."""
    return [detail for event, detail in story(life, uid) if event == "told"]


# ---------------------------------------------------------------------------------------------------------- scenarios


def test_scenario_13_a_poll_takes_the_request_and_in_replay_the_same_one(new_store):
    """A death at every commit: the clean-up says after how many polls, and every life agrees with the first."""

    def script(stage):
        def asks():
            if not stage.life.journal.stored("inbox", 1):
                request(stage.store)
                wait_until_taken(stage.life)

        WORLD.hooks["work"] = asks
        assert stage.run(cancelled.polling, {"most": 50}) == "cancelled"
        (where,) = told(stage.life, stage.uid)
        undo = f"undo after {where['poll'] - 1}"
        assert [name for name in WORLD.counts() if name.startswith("undo")] == [undo]

    for at, after in itertools.product(range(1, kit.MOST_COMMITS), (False, True)):
        told_story, kills = kit.perform(script, new_store(), at=at, after=after)
        assert all(times <= 1 + kills for times in told_story.ran.values())
        if not kills:
            break
    assert at > 8


def test_scenario_13_a_poll_does_not_spin_in_a_replay(lives, store):
    """All that the journal remembers has been asked for: the next poll is live, and sees the request."""
    life = lives()
    cancelled.POLLED.clear()
    uid = life.start(cancelled.spins)
    assert cancelled.POLLED.wait(TIMEOUT)
    life.die()
    second = lives()
    second.go_on(uid)
    request(store)
    assert second.wait(uid) == "cancelled"
    third = lives()
    assert [one["poll"] for one in told(third, uid)] > [0]


def test_scenario_14_a_cancel_that_comes_during_a_replay_queues_behind_the_history(lives, store):
    """It is told at the first call that the journal cannot answer, and what was answered before stays."""
    life = lives()
    with WORLD.gate("c"):
        uid = life.start(cancelled.standard, {"names": ["a", "b", "c", "d"]})
        WORLD.arrived("c")
        life.die()
    request(store)
    second = lives()
    assert second.resume(uid) == "cancelled"
    assert told(second, uid) == [{"get": 3}]
    assert WORLD.counts() == {"a": 1, "b": 1, "c": 2, "undo a": 1, "undo b": 1}
    assert kit.states(second, uid)["c"] == "succeeded"


@pytest.mark.parametrize("deaths", [1, 2])
def test_scenario_15_killed_while_cancelling_it_goes_on_as_cancelling(new_store, deaths):
    """A graph, its clean-up, and a death at every commit: it ends cancelled, with the same done."""

    def script(stage):
        with request_in(stage, "b"):
            stage.run(cancelled.graph, {"names": ["a", "b", "c", "d"]})
        events = [event for event, _ in story(stage.life, stage.uid)]
        assert events.count("cancel") == 1
        assert "resumed" not in events[events.index("cancel") :]
        assert told(stage.life, stage.uid) == [{"execute": "graph1.1"}]

    calm = kit.at_every_commit(script, new_store, deaths=deaths)
    assert calm.state == "cancelled"
    assert calm.result[0] == "ExecutionCancelled"
    assert sum(task[3] == "pending" for task in calm.tasks) == 2, "c and d were held"
    assert calm.ran == {"a": 1, "b": 1, "beside": 1, "undo one": 1, "undo two": 1}


@pytest.mark.parametrize("flow", ["standard", "graph"])
def test_scenario_16_a_persons_resume_withdraws_the_request(new_store, flow):
    """What was held starts; the clean-up is superseded; nothing that ended runs again."""

    def script(stage):
        with request_in(stage, "b"):
            assert stage.run(getattr(cancelled, flow), {"names": ["a", "b", "c"]}) == "cancelled"
        assert stage.resume(accept_changes=True) == "terminated"

    calm = kit.at_every_commit(script, new_store)
    assert calm.state == "terminated"
    assert {name: calm.ran[name] for name in "abc"} == {"a": 1, "b": 1, "c": 1}
    assert sum(task[3] == "superseded" for task in calm.tasks) == (1 if flow == "standard" else 2)
    assert calm.result == (["a done", "b done", "c done"] if flow == "standard" else "done")


def test_scenario_16_clean_up_that_ran_is_listed_and_refused(lives, store):
    """As a failure's clean-up: the person has to accept it."""
    life = lives()
    with request_in(life, "b"):
        uid, state = life.run(cancelled.graph, {"names": ["a", "b", "c"]})
    assert state == "cancelled"
    with pytest.raises(AskError, match="rolled back since: 2 operations"):
        life.engine.resume(uid)
    assert life.resume(uid, accept_changes=True) == "terminated"
    assert kit.states(life, uid) == {"a": "succeeded", "b": "succeeded", "c": "succeeded", "beside": "succeeded"}


def test_from_a_task_of_the_clean_up_the_cut_lies_where_the_request_was_told(lives):
    """The request is withdrawn, so nothing stays that was asked for because of it."""
    life = lives()
    with request_in(life, "c"):
        uid, state = life.run(cancelled.standard, {"names": ["a", "b", "c", "d"]})
    assert state == "cancelled"
    last = kit.number(life, uid, "undo b")
    assert life.resume(uid, from_task=last, accept_changes=True) == "terminated"
    assert life.engine.result(uid) == ["a done", "b done", "c done", "d done"]
    assert [state for name, state in kit.all_states(life, uid) if name.startswith("undo")] == ["superseded"] * 2


def test_a_resumed_execution_can_be_cancelled_and_resumed_again(lives, store):
    """The second telling is another one; the first counts no more."""
    life = lives()
    with request_in(life, "b"):
        uid, state = life.run(cancelled.standard, {"names": ["a", "b", "c", "d"]})
    assert state == "cancelled"
    with request_in(life, "c", key="second"):
        assert life.resume(uid, accept_changes=True) == "cancelled"
    first, second = told(life, uid)
    assert first != second
    assert life.resume(uid, accept_changes=True) == "terminated"
    assert life.engine.result(uid) == ["a done", "b done", "c done", "d done"]
    assert {name: WORLD.counts()[name] for name in "abcd"} == dict.fromkeys("abcd", 1)


def test_the_handler_of_what_ended_after_the_cancel_is_asked_by_the_resume(new_store):
    """Its outcome is in the journal; the operation does not run again, and what the handler adds runs then."""

    def script(stage):
        with request_in(stage, "a"):
            assert stage.run(cancelled.handled) == "cancelled"
        assert WORLD.seen == []
        assert stage.resume() == "terminated"
        assert WORLD.seen

    calm = kit.at_every_commit(script, new_store)
    assert calm.ran == {"a": 1, "added": 1, "b": 1}


def test_a_clean_up_graph_that_waits_for_what_is_held_is_cancelled_too(new_store):
    """No hang; a second cancel and resume do not touch what the first one superseded."""

    def script(stage):
        with request_in(stage, "a"):
            assert stage.run(cancelled.stuck_clean_up, {"names": ["a", "b", "c"]}) == "cancelled"
        with request_in(stage, "b", key="second"):
            assert stage.resume(accept_changes=True) == "cancelled"
        assert stage.resume(accept_changes=True) == "terminated"

    calm = kit.at_every_commit(script, new_store)
    assert calm.ran == {"a": 1, "b": 1, "c": 1, "late": 2}


# --------------------------------------------------------------------------------------------- at every commit, for all


class Cancelling(CrashingJournal):
    """A journal in which a request comes before the n-th commit."""

    def __init__(self, inner, store, at):
        super().__init__(inner)
        self._ask = lambda: request(store)
        self._until = at

    def turn(self):
        self._until -= 1
        if self._until == 0:
            self._ask()
        return super().turn()


@pytest.mark.parametrize("flow", ["standard", "graph", "line_without_handler", "swallows"])
def test_cancelled_at_every_commit_and_resumed_it_comes_to_the_same(new_store, flow):
    """Put in at the n-th commit, for every n; then a person resumes until it terminates."""
    names = ["a", "b", "c"]
    n, seen = 2, set()
    while True:
        WORLD.clear()
        store = new_store()
        life = kit.Life(store)
        life.journal = life.engine.journal = life.engine.host.journal = Cancelling(life.journal.inner, store, n)
        try:
            uid, state = life.run(getattr(cancelled, flow), {"names": names})
            seen.add(state)
            taken = [row.taken_seq for row in life.journal.stored("inbox", 1)]
            if state == "cancelled":
                assert life.resume(uid, accept_changes=True) == "terminated", f"commit {n}"
            assert life.engine.result(uid) == ("done" if flow == "graph" else ["a done", "b done", "c done"])
            assert {name: WORLD.counts()[name] for name in names} == dict.fromkeys(names, 1), f"commit {n}"
            kit.judge_attempts(life, uid)
            assert list(life.journal.verify()) == []
        finally:
            life.bury()
        if not taken or taken == [None]:
            break
        n += 1
    assert seen == {"cancelled", "terminated"}
    assert n > 4


# ------------------------------------------------------------------------------------------------------------ details


def test_what_was_asked_for_before_it_was_told_is_held_and_told_of_at_each_get(lives, store):
    """None hangs (workflow-api §3.5, the bug named there); what was in flight gives its result."""
    life = lives(max_operations=1)
    WORLD.hooks["in the function"] = lambda: (WORLD.arrived("a"), request(store))
    with WORLD.gate("a"):
        uid = life.start(cancelled.starts_late, {"names": ["a", "b", "c"]})
        wait_until_taken(life)
    assert life.wait(uid) == "cancelled"
    assert WORLD.seen == [2]
    assert WORLD.counts() == {"a": 1}
    assert kit.states(life, uid) == {"a": "succeeded", "b": "pending", "c": "pending"}


@pytest.mark.parametrize(("ends", "state"), [("returns", "cancelled"), ("raises", "failed")])
def test_how_a_function_ends_that_swallows_it(new_store, ends, state):
    """Returned it is cancelled; an error of its own makes it failed. What it asks for after it was told runs."""

    def script(stage):
        with request_in(stage, "a"):
            assert stage.run(cancelled.swallows, {"names": ["a"], "ends": ends}) == state

    calm = kit.at_every_commit(script, new_store)
    assert calm.ran == {"a": 1, "late": 1}


def test_a_returned_function_is_cancelled_although_it_was_never_told(lives, store):
    """What runs is waited for, what does not is held; a resume supersedes nothing."""
    life = lives(max_operations=1)
    with WORLD.gate("a"):
        uid = life.start(cancelled.unfetched, {"names": ["a", "b"]})
        WORLD.arrived("a")
        request(store)
        wait_until_taken(life)
    assert life.wait(uid) == "cancelled"
    assert kit.states(life, uid) == {"a": "succeeded", "b": "pending"}
    assert life.resume(uid) == "terminated"
    assert WORLD.counts() == {"a": 1, "b": 1}
    assert (told(life, uid), life.engine.result(uid)) == ([], "returned")


@pytest.mark.parametrize(("flow", "text"), [(cancelled.deprecated, ""), (cancelled.gives_up, "enough")])
def test_a_function_cancels_itself_by_what_it_returns_or_raises(new_store, flow, text):
    """Without any request; a resume comes to the same again."""

    def script(stage):
        parameters = {} if flow is cancelled.deprecated else {"text": text}
        assert stage.run(flow, parameters) == "cancelled"
        assert stage.resume() == "cancelled"

    calm = kit.at_every_commit(script, new_store)
    assert calm.result == ("ExecutionCancelled", text)
    assert calm.ran == {"a": 1}


def test_a_function_cancels_itself_by_a_request(new_store):
    """`set_cancel_request()`: who asked is itself, its callbacks are called, and a replay asks for nothing more."""

    def script(stage):
        assert stage.run(cancelled.asks_itself) == "cancelled"
        found = [detail["by"] for event, detail in story(stage.life, stage.uid) if event == "cancel"]
        assert found == ["the workflow function itself"]
        assert "called" in WORLD.seen

    calm = kit.at_every_commit(script, new_store)
    assert calm.ran == {"a": 1, "undo": 1}


def test_failures_come_before_the_request(lives, store):
    """A graph with a failure that is told ends failed (workflow-api §4.3), and so does the execution."""
    life = lives()
    WORLD.broken.add("a")
    with WORLD.gate("beside"):
        uid = life.start(cancelled.graph, {"names": ["a", "b"]}, options=kit.NO_RETRIES)
        WORLD.arrived("beside")
        while kit.states(life, uid).get("a") != "failed":
            life.engine.host.ask(lambda: None)
        request(store)
        wait_until_taken(life)
    assert life.wait(uid) == "failed"
    WORLD.broken.clear()
    assert life.resume(uid) == "terminated"
    assert WORLD.counts() == {"a": 2, "b": 1, "beside": 1}


def test_the_journal_says_who_asked_and_why(lives, store):
    """And so does what the result raises, where the function has not said more."""
    life = lives()
    with request_in(life, "a", reason="wrong version"):
        uid, _ = life.run(cancelled.unfetched, {"names": ["a", "b"]})
    assert ("cancel", {"by": BY, "reason": "wrong version"}) in story(life, uid)
    with pytest.raises(api.ExecutionCancelled, match=rf"was cancelled \(cancel\) by {BY}: wrong version"):
        life.engine.result(uid)
