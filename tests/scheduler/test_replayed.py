"""Cancel requests that come while an execution replays: a plain one waits behind the history, a forced one does not."""

from __future__ import annotations

import threading

import pytest

from durable_wf.clock import SystemClock
from durable_wf.errors import UsageError
from durable_wf.model.events import Level
from durable_wf.scheduler.hosted import Hosted
from durable_wf.scheduler.requests import Asking, ask, is_resumed
from durable_wf.testing.crash import Point
from tests.replay import kit
from tests.replay.cancelled import BY, request
from tests.replay.test_cancel import story, told
from tests.replay.work import TIMEOUT, WORLD
from tests.scheduler import flows


class Stop:
    """Where the function stands still in its replay, until the test lets it go on."""

    def __init__(self):
        self.there, self.go_on, self.ended = threading.Event(), threading.Event(), threading.Event()

    def __call__(self):
        self.there.set()
        assert self.go_on.wait(TIMEOUT)


@pytest.fixture
def stop():
    """The next replay of `flows.between` stands still after its first task."""
    stop = Stop()
    yield stop
    stop.go_on.set()


def in_replay(life, uid, stop):
    """Have it resumed, up to that place."""
    WORLD.hooks["between"] = stop
    life.engine.resume(uid)
    assert stop.there.wait(TIMEOUT)


def interrupted(lives):
    """One whose runner died while its second task ran."""
    life = lives()
    with WORLD.gate("b"):
        uid = life.start(flows.between)
        WORLD.arrived("b")
        life.die()
    return uid


def failed(lives):
    """One that its second task ended."""
    life = lives()
    WORLD.broken.add("b")
    uid, state = life.run(flows.between)
    assert state == "failed"
    WORLD.broken.clear()
    life.bury()
    return uid


def events(life, uid):
    return [event for event, _ in story(life, uid)]


def look(life, uid):
    """Have the runner look into its inbox now."""
    life.engine.host.post(("look", life.engine._hosted[uid]))


@pytest.mark.parametrize("asks", ["its own process", "another process"])
def test_a_cancel_of_one_that_is_resumed_after_its_end_queues_behind_the_history(lives, store, stop, asks):
    """What ended it is reset and runs to its outcome, as what is in flight; it ends cancelled, and a resume goes on."""
    uid = failed(lives)
    life = lives()
    in_replay(life, uid, stop)
    if asks == "its own process":
        assert life.engine.cancel(uid, by=BY) is False
    else:
        other = store.open()
        assert ask(other, SystemClock(), 1, Asking(Level.CANCEL, BY, None, "key")) is False
        other.close()
    assert kit.outcome(life, uid) is not None, "it is still as it had ended"
    stop.go_on.set()
    assert life.wait(uid) == "cancelled"
    assert events(life, uid)[-4:] == ["reopened", "cancel", "told", "unwound"]
    assert told(life, uid) == [{"get": 2}]
    WORLD.hooks.clear()
    assert life.resume(uid) == "terminated"
    assert WORLD.counts() == {"a": 1, "b": 2}
    assert list(life.journal.verify()) == []


def test_a_request_from_before_the_resume_is_withdrawn_and_a_later_one_is_not(lives, store, stop):
    uid = failed(lives)
    request(store, key="stale")
    life = lives()
    in_replay(life, uid, stop)
    request(store, key="new", reason="the second")
    stop.go_on.set()
    assert life.wait(uid) == "cancelled"
    (asked,) = [detail for event, detail in story(life, uid) if event == "cancel"]
    assert asked["reason"] == "the second"


def test_one_whose_runner_has_just_ended_it_is_not_resumed(lives, stop):
    """The claim is what tells them apart: the fence has risen since the end."""
    uid = failed(lives)
    life = lives()
    row = life.engine.find(uid)
    assert not is_resumed(life.journal, row)
    assert life.journal.own(1)
    with pytest.raises(UsageError, match="is failed: there is nothing to cancel"):
        life.engine.cancel(uid)
    life.journal.disown(1)
    in_replay(life, uid, stop)
    assert is_resumed(life.journal, life.engine.find(uid))
    assert not is_resumed(life.journal, row._replace(ended_seq=None))


@pytest.mark.parametrize("level", ["force", "kill"])
@pytest.mark.parametrize("asks", ["its own process", "another process"])
def test_a_forced_cancel_does_not_wait_for_the_replay(lives, store, stop, level, asks):
    """The function may hang: it is not waited for, and what it asks for later comes to nothing."""
    uid = interrupted(lives)
    life = lives()
    in_replay(life, uid, stop)
    if asks == "its own process":
        assert life.engine.cancel(uid, level, reason="it hangs", by=BY) is False
    else:
        request(store, level, reason="it hangs")
        look(life, uid)
    assert life.wait(uid) == "cancelled"
    assert life.engine.drain(uid, TIMEOUT)
    assert not life.journal.owned(1)
    assert life.engine.is_killed(uid) == (level == "kill")
    event, detail = story(life, uid)[-1]
    assert (event, detail) == ("called_off", {"by": BY, "reason": "it hangs", "level": level})
    before = kit.dump(life.journal, 1)
    hosted = life.engine._hosted[uid]
    stop.go_on.set()
    assert hosted.join(TIMEOUT), "its next call has ended it"
    life.engine.host.ask(lambda: None)
    assert kit.dump(life.journal, 1) == before
    WORLD.hooks.clear()
    assert life.resume(uid) == "terminated"
    assert WORLD.counts() == {"a": 1, "b": 2}
    assert list(life.journal.verify()) == []


def test_the_strongest_of_several_requests_is_followed_and_all_are_taken(lives, store, stop):
    uid = interrupted(lives)
    life = lives()
    in_replay(life, uid, stop)
    for key, level in (("1", "cancel"), ("2", "force"), ("3", "kill"), ("4", "force")):
        request(store, level, reason=key, key=key)
    look(life, uid)
    assert life.wait(uid) == "cancelled"
    assert story(life, uid)[-1][1]["reason"] == "3"
    assert all(row.taken_seq for row in life.journal.stored("inbox", 1))


def test_one_that_had_ended_stays_as_it_had_ended(lives, stop):
    """Its resume is over; nothing was begun again, and the journal says who asked, and why."""
    uid = failed(lives)
    life = lives()
    before = events(life, uid)
    in_replay(life, uid, stop)
    assert life.engine.cancel(uid, "force", reason="not now", by=BY) is False
    assert life.wait(uid) == "failed"
    assert life.engine.stays(uid)
    assert events(life, uid) == before
    assert [one.message for one in life.journal.events(1)][-1:] == [
        f"the resume was cancelled (force) by {BY}: not now; nothing was begun, the execution is failed as before"
    ]
    assert list(life.journal.verify()) == []
    assert all(row.taken_seq for row in life.journal.stored("inbox", 1))
    stop.go_on.set()
    WORLD.hooks.clear()
    assert life.engine.drain(uid, TIMEOUT)
    assert life.resume(uid) == "terminated"
    assert not life.engine.stays(uid)


def test_what_must_not_be_repeated_is_asked_about_after_a_forced_one(lives, stop):
    """What was in flight when the first runner died stays as it is until a resume finds it unknown."""
    life = lives()
    with WORLD.gate("b"):
        uid = life.start(flows.between, {"safe": False})
        WORLD.arrived("b")
        life.die()
    second = lives()
    left = kit.all_states(second, uid)
    in_replay(second, uid, stop)
    second.engine.cancel(uid, "force")
    assert second.wait(uid) == "cancelled"
    assert kit.all_states(second, uid) == left
    stop.go_on.set()
    WORLD.hooks.clear()
    assert second.engine.drain(uid, TIMEOUT)
    assert second.resume(uid) == "interrupted"
    assert second.engine.asks(uid) == (2,)
    assert second.resume(uid, reset_operations=True) == "terminated"


def test_one_that_comes_before_the_function_has_begun(lives, monkeypatch):
    """The workflow's thread does not wait for an answer that nobody gives."""
    uid = interrupted(lives)
    life = lives()
    begin = Hosted.run

    def late(hosted, *of):
        life.engine.cancel(uid, "force")
        life.engine.host.post(("look", hosted))
        assert hosted.done.wait(TIMEOUT)
        begin(hosted, *of)

    monkeypatch.setattr(Hosted, "run", late)
    assert life.resume(uid) == "cancelled"
    assert life.engine._hosted[uid].join(TIMEOUT), "its first call has ended it"


def test_one_that_comes_between_claim_and_replay_is_seen_although_others_were_looked_after(lives, store, stop):
    """The host that looks when it is idle does not know the claimed one yet, and finds no other commit later."""
    uid = interrupted(lives)
    life = lives()
    add = life.engine.host.add

    def late(hosted):
        request(store, "kill")
        life.engine.host.ask(life.journal.changed)  # an idle host's look
        add(hosted)

    with WORLD.gate("other"):
        other = life.start(flows.line, {"names": ["other"]})
        WORLD.arrived("other")
        look(life, other)
        life.engine.host.ask(lambda: None)
        life.engine.host.ask(lambda: None)  # after that turn, which says that it began: now the host is idle
        life.engine.host.add = late
        WORLD.hooks["between"] = stop
        assert life.resume(uid) == "cancelled"
        stop.go_on.set()
    assert life.wait(other) == "terminated"


@pytest.mark.parametrize("point", ["before:commit", "after:commit"])
def test_a_death_at_the_commit_of_that_end(lives, store, stop, point):
    """Either it was not taken, and the next runner finds it behind the history, or it is cancelled."""
    uid = interrupted(lives)
    life = lives()
    in_replay(life, uid, stop)
    request(store, "force")
    life.journal.arm(Point.parse(point))
    look(life, uid)
    assert life.wait(uid) is None
    stop.go_on.set()
    life.settle_death()
    WORLD.hooks.clear()
    last = lives()
    assert list(last.journal.verify()) == []
    if point == "before:commit":
        assert last.resume(uid) == "cancelled"
    assert last.engine.info(uid).state == "cancelled"
    assert last.resume(uid) == "terminated"
    assert WORLD.counts()["a"] == 1
