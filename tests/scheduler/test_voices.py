"""How what operations say comes into the journal: in batches, within a second, and never more than memory holds."""

from __future__ import annotations

import threading

import pytest

from durable_wf.model.protocol import Logged
from durable_wf.scheduler import voices
from durable_wf.scheduler.voices import FLUSH_US, Batch, Voice
from tests.authoring import talking
from tests.replay import kit
from tests.replay.clock import ManualClock
from tests.replay.work import TIMEOUT, WORLD

SECOND = FLUSH_US / 1_000_000


class Commits:
    """Counts the commits of a life."""

    def __init__(self, life):
        self.count = 0
        self._turn = life.journal.inner.turn
        life.journal.inner.turn = self.turn

    def turn(self):
        self.count += 1
        return self._turn()


def texts(life):
    return [one.message for one in life.journal.events(1)]


@pytest.mark.parametrize("lines", [1, 10_000])
def test_a_burst_costs_a_few_transactions(lives, lines):
    """Those of a run whose operation says nothing, and one for each full batch."""
    life = lives()
    commits = Commits(life)
    life.run(talking.one, {"name": "says_much", "kwargs": {"lines": 0}})
    silent, commits.count = commits.count, 0
    uid, _ = life.run(talking.one, {"name": "says_much", "kwargs": {"lines": lines}})
    assert commits.count <= silent + 2 + lines // voices.MOST_LINES
    found = [one.message for one in life.journal.events(life.engine.find(uid).id)]
    assert found == [f"line {number}" for number in range(lines)]


def test_lines_of_an_operation_that_goes_on_are_there_after_a_second(lives):
    """And not before: until then no transaction is made for them."""
    life = lives(clock=ManualClock())
    with WORLD.gate("a"):
        uid = life.start(talking.one, {"name": "says_and_waits", "kwargs": {"name": "a"}})
        WORLD.arrived("a")
        life.engine.host.ask(lambda: None)  # it has taken the line, and armed the timer, before the clock moves
        life.advance(SECOND * 0.9)
        assert texts(life) == []
        life.advance(SECOND * 0.2)
        life.engine.host.ask(lambda: None)
        assert texts(life) == ["before"]
        assert kit.states(life, uid)["a"] == "started"
    assert life.wait(uid) == "terminated"
    assert texts(life) == ["before", "after"]


def test_one_timer_serves_all_lines_of_an_execution(lives):
    """A second later nothing is left to do, and no turn is made."""
    life = lives(clock=ManualClock())
    with WORLD.gate("a"):
        uid = life.start(talking.one, {"name": "says_and_waits", "kwargs": {"name": "a"}})
        WORLD.arrived("a")
        life.engine.host.ask(lambda: None)  # it has taken the line, and armed the timer, before the clock moves
        life.advance(SECOND)
        life.engine.host.ask(lambda: None)
        turns = life.engine.host.turns
        life.advance(SECOND)
        life.advance(SECOND)
        life.engine.host.ask(lambda: None)
        assert life.engine.host.turns == turns
    life.wait(uid)


def test_what_is_said_goes_with_the_commit_of_the_outcome(lives):
    """Each line once, before it, in its order."""
    life = lives()
    commits = Commits(life)
    life.run(talking.one, {"name": "says_much", "kwargs": {"lines": 50}})
    assert texts(life) == [f"line {number}" for number in range(50)]
    links = [one for one in life.journal.links((1, 0)) if one.last_event]
    assert {one.last_event for one in links} == {50}
    assert commits.count


def test_a_flood_waits_until_it_is_written(lives, monkeypatch):
    """At most one batch is in memory: who says more is held back, and nothing is lost."""
    monkeypatch.setattr(voices, "MOST_LINES", 10)
    held = []
    take = Batch.take

    def counting(batch):
        held.append(len(batch.lines))
        return take(batch)

    monkeypatch.setattr(Batch, "take", counting)
    life = lives()
    life.run(talking.one, {"name": "says_much", "kwargs": {"lines": 1000}})
    assert texts(life) == [f"line {number}" for number in range(1000)]
    assert max(held) == 10


def test_a_batch_is_full_by_its_characters_too(lives, monkeypatch):
    monkeypatch.setattr(voices, "MOST_CHARACTERS", 100)
    life = lives()
    commits = Commits(life)
    life.run(talking.one, {"name": "says_much", "kwargs": {"lines": 20, "text": "x" * 50}})
    assert commits.count >= 10
    assert len(texts(life)) == 20


def test_a_workflow_function_that_floods_is_held_back_as_well(lives, monkeypatch):
    monkeypatch.setattr(voices, "MOST_LINES", 10)
    life = lives()
    life.run(talking.says, {"lines": [str(number) for number in range(95)]})
    assert texts(life) == [str(number) for number in range(95)]


def test_who_is_held_back_goes_on_when_the_runner_dies(lives, monkeypatch):
    """Nobody will ever write it; the operation's thread must not hang."""
    monkeypatch.setattr(voices, "MOST_LINES", 10)
    life = lives(at=4)
    uid = life.start(talking.one, {"name": "says_much", "kwargs": {"lines": 1000}})
    assert life.wait(uid) is None
    life.settle_death()
    life.engine.host.pool.close()
    for thread in life.engine.host.pool._threads:
        thread.join(TIMEOUT)
        assert not thread.is_alive()


def test_a_voice_that_nobody_hears_any_more_says_nothing():
    """Of an execution that has ended."""
    heard = []

    class Silent:
        hear = heard.append

    voice = Voice(Silent, 1, 1)
    voice.say(Logged(1, "info", "heard", "plugin_log"))
    (batch,) = heard
    voice.mute()
    voice.say(Logged(1, "info", "unheard", "plugin_log"))
    assert [one.text for one in batch.take().lines] == ["heard"]
    assert len(heard) == 1


def test_many_threads_on_one_full_batch_all_go_on(monkeypatch):
    """Each line once, whoever takes."""
    monkeypatch.setattr(voices, "MOST_LINES", 5)
    taken, full = [], threading.Semaphore(0)

    class Host:
        @staticmethod
        def hear(batch):
            if batch.full:
                queue.append(batch)
                full.release()

    queue = []
    voice = Voice(Host, 1, 1)

    def speak(who):
        for number in range(25):
            voice.say(Logged(1, "info", f"{who} {number}", "plugin_log"))

    threads = [threading.Thread(target=speak, args=(who,)) for who in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(20):
        assert full.acquire(timeout=TIMEOUT)
        taken += queue.pop().take().lines
    for thread in threads:
        thread.join(TIMEOUT)
    assert sorted(one.text for one in taken) == sorted(f"{who} {n}" for who in range(4) for n in range(25))
