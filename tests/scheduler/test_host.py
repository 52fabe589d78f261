"""The scheduler under bad luck: stale runners, failing disks, closing, other threads, exceptions that are none."""

from __future__ import annotations

import threading

import pytest

from durable_wf import RunOptions
from durable_wf.authoring.exceptions import RecordedError
from durable_wf.errors import HeldError, NotFoundError, StorageError, UsageError
from durable_wf.model import rows
from durable_wf.model.states import EXECUTION, X
from durable_wf.scheduler.claim import claim
from durable_wf.scheduler.pool import LONG_US
from durable_wf.testing.clock import ManualClock
from durable_wf.testing.crash import Point
from tests.replay import kit
from tests.replay.work import TIMEOUT, WORLD
from tests.scheduler import flows


class Looks:
    """Counts how often the host asks whether somebody else has committed."""

    def __init__(self, life):
        self._changed = life.journal.inner.changed
        self._seen = threading.Semaphore(0)
        life.journal.changed = self.changed

    def changed(self):
        self._seen.release()
        return self._changed()

    def wait(self, times):
        for _ in range(times):
            assert self._seen.acquire(timeout=TIMEOUT)


def raise_fence(store, execution):
    """What another runner's claim does."""
    other = store.open()
    with other.turn() as turn:
        row = turn.execution(execution)
        moved = rows.ExecutionMove(
            row.state, row.fence + 1, row.owner_json, row.started_us, row.ended_us, row.ended_seq, row.report, row.id
        )
        turn.apply(rows.Changes(execution_moves=[moved]))
    other.close()


def ask(store, execution, kind):
    """A request from another process."""
    other = store.open()
    with other.turn() as turn:
        turn.apply(rows.Changes(requests=[rows.Request(0, execution, kind, None, None, "a test", 1, None)]))
    other.close()


def started(life, uid, name):
    """Until the journal says that it has begun."""
    looks = Looks(life)
    WORLD.arrived(name)
    while kit.states(life, uid)[name] != "started":
        looks.wait(1)
    return looks


def test_an_idle_host_makes_no_turns(lives):
    """While an operation takes long: it looks a few times a second, and writes nothing."""
    life = lives()
    with WORLD.gate("a"):
        uid = life.start(flows.line, {"names": ["a"]})
        looks = started(life, uid, "a")
        turns = life.engine.host.turns
        looks.wait(3)
        assert life.engine.host.turns == turns
    assert life.wait(uid) == "terminated"


def test_that_an_operation_runs_is_written_once_it_runs_for_long(lives):
    """Most end before, and their outcome says when they began: a row that nobody would have read is spared."""
    life = lives(clock=ManualClock())
    with WORLD.gate("a"):
        uid = life.start(flows.line, {"names": ["a"]})
        WORLD.arrived("a")
        looks = Looks(life)
        life.advance((LONG_US - 1) / 1e6)
        looks.wait(2)
        assert kit.states(life, uid)["a"] == "sent"
        life.advance(1e-6)
        looks.wait(2)
        assert kit.states(life, uid)["a"] == "started"
    assert life.wait(uid) == "terminated"


def test_a_host_without_executions_does_not_even_look(lives):
    """It sleeps until somebody starts something."""
    life = lives()
    uid, _ = life.run(flows.line, {"names": ["a"]})
    assert life.engine.host._patience() is None
    assert life.engine.info(uid).state == "terminated"


def test_a_request_from_outside_is_read_when_idle(lives, store):
    """A row in the inbox is taken within a look or two, though nothing else happens."""
    life = lives()
    with WORLD.gate("a"):
        uid = life.start(flows.line, {"names": ["a"]})
        looks = started(life, uid, "a")
        ask(store, 1, "dance")
        looks.wait(2)
        life.engine.host.ask(lambda: None)
        assert [event.message for event in life.journal.events(1)] == [
            "a request of a kind that this version does not know was left aside: 'dance'"
        ]
    assert life.wait(uid) == "terminated"
    assert life.journal.stored("inbox", 1)[0].taken_seq is not None


def test_L4_a_stale_runner_writes_nothing_more_while_others_of_its_host_go_on(lives, store):
    """The fence of one of two executions is raised under the host."""
    life = lives()
    with WORLD.gate("a", "b"):
        stale = life.start(flows.line, {"names": ["a", "never"]})
        other = life.start(flows.line, {"names": ["b", "c"]})
        hosted = life.engine._hosted[stale]
        started(life, stale, "a")
        WORLD.arrived("b")
        raise_fence(store, 1)
        before = kit.dump(life.journal, 1)
    with pytest.raises(HeldError, match="was taken over by another runner"):
        life.engine.wait(stale, TIMEOUT)
    assert life.wait(other) == "terminated"
    assert kit.dump(life.journal, 1) == before
    assert "never" not in WORLD.counts()
    assert hosted.released.wait(TIMEOUT), "a has ended, so that nothing of it runs any more"
    assert life.engine.info(stale).state == "interrupted"
    assert life.resume(stale) == "terminated"


def test_L4_every_claim_raises_the_fence_also_of_what_has_ended_or_lies_down(lives):
    """Whoever was its runner before must not pass for the new one."""
    life, fences = lives(), []
    WORLD.broken = {"a"}
    uid, state = life.run(flows.line, {"names": ["a", "b"]}, options=RunOptions(task_retries=0))
    WORLD.broken.clear()
    assert state == "failed"
    with WORLD.gate("a"):
        life.engine.resume(uid)
        WORLD.arrived("a")
        fences.append(life.engine.find(uid).fence)
        life.engine.host.stop(life.engine._hosted[uid])
    assert life.wait(uid) == "interrupted"
    assert life.resume(uid) == "terminated"
    fences.append(life.engine.find(uid).fence)
    assert fences == [2, 3]


def test_L6_nothing_begins_where_the_commit_that_hands_it_out_has_failed(lives):
    """The process dies before that commit: the operation has not run, and a resume runs it once."""
    life = lives()
    life.journal.arm(Point.parse("before:attempt.sent"))
    uid, state = life.run(flows.line, {"names": ["a"]})
    assert state is None
    life.bury()
    assert WORLD.counts() == {}
    assert lives().resume(uid) == "terminated"
    assert WORLD.counts() == {"a": 1}


def test_32_a_late_outcome_of_a_runner_before_changes_nothing(lives):
    """The operation of a dead runner ends after the next one has finished the execution."""
    life = lives()
    with WORLD.gate("a"):
        uid = life.start(flows.line, {"names": ["a", "b"]})
        WORLD.arrived("a")
        life.die()
        WORLD.open("a")
        with WORLD.gate("a"):
            second = lives()
            second.engine.resume(uid)
            WORLD.arrived("a")
            WORLD.open("a")
        assert second.wait(uid) == "terminated"
    before = kit.dump(second.journal, 1)
    life.bury()
    assert kit.dump(second.journal, 1) == before


def test_32_nothing_is_repeated_while_it_is_still_under_way(lives):
    """The engine lost its runner to a disk error: nobody may claim before the operation has ended."""
    life = lives()
    with WORLD.gate("a"):
        uid = life.start(flows.line, {"names": ["a"]})
        WORLD.arrived("a")
        break_next_turn(life)
        with pytest.raises(StorageError):
            life.engine.wait(uid, TIMEOUT)
        hosted = life.engine._hosted[uid]
        with pytest.raises(HeldError):
            life.engine.resume(uid)
    assert hosted.released.wait(TIMEOUT)
    assert life.resume(uid) == "terminated"
    assert WORLD.counts() == {"a": 2}


def break_next_turn(life):
    """The next commit that has something to write meets a full disk."""
    usual = life.journal.turn

    def turn():
        life.journal.turn = usual
        text = "the fate of a commit is unknown: database or disk is full"
        raise StorageError(text)

    life.journal.turn = turn
    life.engine.host.post((life.engine.host._hosted[1], rows.Request(0, 1, "x", None, None, "", 1, None)))


def test_a_disk_error_stops_every_runner_and_the_engine_lives(lives):
    """Whoever waits is told the error; what the journal says stands, and a resume goes on from it."""
    life = lives()
    with WORLD.gate("a", "b"):
        first = life.start(flows.line, {"names": ["a", "c"]})
        second = life.start(flows.line, {"names": ["b", "d"]})
        WORLD.arrived("a")
        WORLD.arrived("b")
        break_next_turn(life)
        for uid in (first, second):
            with pytest.raises(StorageError, match="disk is full"):
                life.engine.wait(uid, TIMEOUT)
    for uid in (first, second):
        assert life.engine._hosted[uid].released.wait(TIMEOUT)
        assert life.engine.info(uid).state == "interrupted"
        assert life.resume(uid) == "terminated"
    assert life.run(flows.line, {"names": ["e"]})[1] == "terminated"
    assert list(life.journal.verify()) == []


def test_closing_waits_for_what_runs_and_leaves_the_rest(lives):
    """The operation's outcome is recorded, what follows is not begun, and a new engine goes on."""
    life = lives()
    with WORLD.gate("a"):
        uid = life.start(flows.line, {"names": ["a", "b"]})
        WORLD.arrived("a")
        closing = threading.Thread(target=life.engine.close)
        closing.start()
        while not life.engine.host._hosted[1].core.run.stopping:
            pass
    closing.join(TIMEOUT)
    assert not closing.is_alive()
    second = lives()
    assert second.engine.info(uid).state == "interrupted"
    assert kit.states(second, uid) == {"a": "succeeded"}
    assert second.resume(uid) == "terminated"
    assert WORLD.counts() == {"a": 1, "b": 1}


@pytest.mark.parametrize("resumed", [False, True])
def test_closing_does_not_wait_for_a_function_that_computes(lives, resumed):
    """Nothing of it is in flight; its thread is told at its next call."""
    flows.COMPUTING.clear()
    flows.MAY_GO_ON.clear()
    life = lives()
    uid = life.start(flows.computes_first)
    assert flows.COMPUTING.wait(TIMEOUT)
    if resumed:
        life.die()
        flows.COMPUTING.clear()
        life = lives()
        life.engine.resume(uid)
        assert flows.COMPUTING.wait(TIMEOUT)
    life.engine.close()
    flows.MAY_GO_ON.set()
    second = lives()
    assert second.engine.info(uid).state == "interrupted"
    assert second.resume(uid) == "terminated"
    assert WORLD.counts() == {"a": 1}


def test_a_closed_engine_says_so(lives):
    """Starting and resuming raise; closing again is harmless."""
    life = lives()
    uid, _ = life.run(flows.line, {"names": ["a"]})
    host = life.engine.host
    host.close()
    for call in (lambda: life.start(flows.line, {"names": ["b"]}), lambda: host.ask(lambda: None)):
        with pytest.raises(UsageError, match="the engine is closed"):
            call()
    life.engine.close()
    life.engine.close()
    assert uid


def test_an_engine_is_used_from_several_threads(lives):
    """Each starts, waits and asks; nobody gets another's answer."""
    life = lives()
    found, errors = {}, []

    def use(number):
        try:
            for n in range(5):
                name = f"{number}.{n}"
                uid = life.start(flows.line, {"names": [name]})
                assert life.engine.info(uid).id == uid
                assert life.wait(uid) == "terminated"
                found[name] = life.engine.result(uid)
        except BaseException as error:  # noqa: BLE001 - a thread's failure is the test's
            errors.append(error)

    threads = [threading.Thread(target=use, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(3 * TIMEOUT)
    assert errors == []
    assert found == {f"{number}.{n}": [f"{number}.{n} done"] for number in range(8) for n in range(5)}
    assert len(life.engine.executions()) == 40


@pytest.mark.parametrize(
    ("how", "text"), [("exit", "SystemExit: 3"), ("interrupt", "KeyboardInterrupt: "), ("deadly", "Deadly: deadly")]
)
def test_what_is_no_exception_fails_the_execution(lives, how, text):
    """SystemExit and its like end the function as any error does; nothing hangs."""
    life = lives()
    uid, state = life.run(flows.ends_badly, {"how": how})
    assert state == "failed"
    with pytest.raises(RecordedError) as raised:
        life.engine.result(uid)
    assert str(raised.value) == text
    assert life.run(flows.line, {"names": ["b"]})[1] == "terminated"


def test_an_error_that_cannot_be_recorded_fails_the_execution(lives):
    """It is named, and why it cannot; nothing hangs."""
    life = lives()
    uid, state = life.run(flows.ends_badly, {"how": "unrecordable"})
    assert state == "failed"
    with pytest.raises(RuntimeError, match="Unrecordable, which cannot be recorded: OSError: not to be had"):
        life.engine.result(uid)


def test_an_execution_that_runs_here_cannot_be_resumed_here(lives):
    """The engine's own live runner is a live runner, too; nothing of it is disturbed."""
    life = lives()
    with WORLD.gate("a"):
        uid = life.start(flows.line, {"names": ["a"]})
        WORLD.arrived("a")
        for engine in (life.engine, lives().engine):
            with pytest.raises(HeldError, match="has a live runner"):
                engine.resume(uid)
        assert life.engine.find(uid).fence == 1
    assert life.wait(uid) == "terminated"


def test_two_resumes_at_once_one_runs(lives, store):
    """Ten threads of two engines resume one execution: one claims it, the others are told."""
    dead = lives()
    with WORLD.gate("a"):
        uid = dead.start(flows.line, {"names": ["a"]})
        WORLD.arrived("a")
        dead.die()
    engines = [lives(), lives()]
    with WORLD.gate("a"):
        outcomes = []

        def resume(life):
            try:
                life.engine.resume(uid)
                outcomes.append(life)
            except HeldError:
                outcomes.append(None)

        threads = [threading.Thread(target=resume, args=(engines[n % 2],)) for n in range(10)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(TIMEOUT)
        (winner,) = [one for one in outcomes if one is not None]
        assert len(outcomes) == 10
        WORLD.arrived("a")
    assert winner.wait(uid) == "terminated"
    assert winner.engine.find(uid).fence == 2
    assert WORLD.counts() == {"a": 2}


def test_a_claim_of_what_is_not_there_is_refused(lives):
    """Its row has gone meanwhile; the ownership is given back."""
    life = lives()
    uid, _ = life.run(flows.line, {"names": ["a"]})
    row = life.engine.find(uid)._replace(id=99)
    with pytest.raises(NotFoundError, match="is not there any more"):
        life.engine.host.ask(lambda: claim(life.journal, life.engine.clock, row, {}))
    assert not life.journal.owned(99)
    assert EXECUTION.states[life.engine.find(uid).state] is X.TERMINATED
