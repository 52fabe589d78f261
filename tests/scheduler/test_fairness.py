"""Who runs next: executions in turn, no more than may, and what must not be repeated never waits in a queue."""

from __future__ import annotations

import threading

from durable_wf import RunOptions
from tests.replay import kit
from tests.replay.work import TIMEOUT, WORLD
from tests.scheduler import flows


def handed_out(life, uid, count):
    """Until so many attempts are in the journal, and with the workers."""
    while len(life.journal.stored("attempt", life.engine.find(uid).id)) < count:
        life.engine.host.ask(lambda: None)
    life.engine.host.ask(lambda: None)  # after that turn: they are with the workers


def differences(names, one, other):
    """How far one is ahead of the other after each call."""
    ahead = 0
    for name in names:
        ahead += (name == one) - (name == other)
        yield ahead


def test_two_executions_are_served_in_turn(lives):
    """One worker, two executions with more than it can do: neither is ever ahead by more than a few."""
    life = lives(max_operations=1)
    with WORLD.gate("a", "b"):
        first = life.start(flows.wide, {"name": "a", "width": 200})
        second = life.start(flows.wide, {"name": "b", "width": 200})
        handed_out(life, first, 64)
        handed_out(life, second, 64)
    assert life.wait(first) == life.wait(second) == "terminated"
    assert max(abs(ahead) for ahead in list(differences(WORLD.names(), "a", "b"))[:300]) <= 3


def test_what_must_not_be_repeated_is_shared_too(lives):
    """Two workers: both executions have tasks that are handed out only when one is free."""
    life = lives(max_operations=2)
    with WORLD.gate("a", "b"):
        first = life.start(flows.wide, {"name": "a", "width": 60, "safe": False})
        second = life.start(flows.wide, {"name": "b", "width": 60, "safe": False})
        for uid in (first, second):
            while not life.journal.stored("task", life.engine.find(uid).id):
                life.engine.host.ask(lambda: None)
        assert len(life.journal.stored("attempt", 1)) + len(life.journal.stored("attempt", 2)) == 2
    assert life.wait(first) == life.wait(second) == "terminated"
    assert max(abs(ahead) for ahead in list(differences(WORLD.names(), "a", "b"))[:100]) <= 40


def test_a_wide_execution_does_not_starve_one_that_must_not_be_repeated(lives):
    """64 no-ops of another are queued: the one task runs as soon as a worker is free."""
    life = lives(max_operations=1)
    with WORLD.gate("a"):
        first = life.start(flows.wide, {"name": "a", "width": 300})
        handed_out(life, first, 64)
        second = life.start(flows.wide, {"name": "b", "width": 1, "safe": False})
        handed_out(life, second, 1)
    assert life.wait(second) == "terminated"
    assert WORLD.names().index("b") <= 2
    assert life.wait(first) == "terminated"


def test_within_an_execution_it_goes_first(lives):
    """Asked for last, with a window full of others: the one worker takes it before them."""
    life = lives(max_operations=1)
    with WORLD.gate("a"):
        uid = life.start(flows.mixed, {"name": "a", "width": 60})
        handed_out(life, uid, 61)
        WORLD.arrived("a")
    assert life.wait(uid) == "terminated"
    assert WORLD.names()[0] == "single"


def test_never_more_of_them_than_workers_whatever_else_is_ready(lives):
    """Three workers, twenty tasks that must not be repeated: three attempts in the journal while they run."""
    life = lives(max_operations=3)
    with WORLD.gate("a"):
        uid = life.start(flows.wide, {"name": "a", "width": 20, "safe": False})
        WORLD.arrived("a")
        for _ in range(5):
            life.engine.host.ask(lambda: None)
        assert len(life.journal.stored("attempt", 1)) == 3
    assert life.wait(uid) == "terminated"
    assert WORLD.counts() == {"a": 20}


def test_max_parallel_is_kept(lives):
    """Two of four workers: not more than two are ever handed out, repeatable or not."""
    for safe in (True, False):
        life = lives(max_operations=4)
        with WORLD.gate("a"):
            options = RunOptions(max_parallel=2)
            uid = life.start(flows.wide, {"name": "a", "width": 10, "safe": safe}, options=options)
            WORLD.arrived("a")
            for _ in range(5):
                life.engine.host.ask(lambda: None)
            assert life.engine.running(uid) == 2
        assert life.wait(uid) == "terminated"


def test_max_parallel_is_kept_by_a_resume_and_can_be_changed_there(lives):
    """The run's limit is stored with it; the resume's own wins."""
    life = lives(max_operations=4)
    with WORLD.gate("a"):
        uid = life.start(flows.wide, {"name": "a", "width": 10}, options=RunOptions(max_parallel=2))
        WORLD.arrived("a")
        life.die()
        second = lives(max_operations=4)
        second.go_on(uid)
        assert second.engine.running(uid) == 2
        second.die()
        third = lives(max_operations=4)
        third.go_on(uid, max_parallel=3)
        assert third.engine.running(uid) == 3
    assert third.wait(uid) == "terminated"


def test_a_stop_hands_back_what_has_not_begun(lives):
    """What runs is waited for, what waits in the queue goes back; the resume runs the rest, nothing twice."""
    life = lives(max_operations=2)
    with WORLD.gate("a"):
        uid = life.start(flows.wide, {"name": "a", "width": 10})
        handed_out(life, uid, 10)
        WORLD.arrived("a")
        while WORLD.counts()["a"] < 2:
            life.engine.host.ask(lambda: None)
        life.engine.stop(uid)
        life.engine.host.ask(lambda: None)
    assert life.wait(uid) == "interrupted"
    assert WORLD.counts() == {"a": 2}
    found = [state for name, state in kit.all_states(life, uid) if name == "a"]
    assert [found.count("succeeded"), found.count("pending")] == [2, 8]
    assert life.engine.asks(uid) == ()
    assert life.resume(uid) == "terminated"
    assert WORLD.counts() == {"a": 10}
    kit.judge_attempts(life, uid)
    assert list(life.journal.verify()) == []


def test_workers_are_threads_that_live_as_long_as_the_engine(lives):
    """A thousand tasks take no more threads than there are workers."""
    life = lives(max_operations=3)
    uid = life.start(flows.wide, {"name": "a", "width": 1000})
    assert life.engine.wait(uid, 3 * TIMEOUT) == "terminated"
    workers = [one for one in threading.enumerate() if one.name.startswith("durable-wf-worker")]
    assert 1 <= len(workers) <= 3
