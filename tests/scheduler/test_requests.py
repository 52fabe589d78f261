"""Cancel requests and the shell: forced ones, executions that nobody runs, and requests that come too late."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from durable_wf.errors import AskError, NotFoundError, UsageError
from durable_wf.model.events import Level
from durable_wf.model.rows import Changes, ExecutionMove
from durable_wf.model.states import EXECUTION, X
from durable_wf.scheduler.groups import ProcessGroups
from durable_wf.scheduler.requests import Asking, ask
from durable_wf.testing.crash import Point
from durable_wf.workflows import api
from tests.replay import cancelled, kit
from tests.replay.cancelled import BY, request, wait_until_taken
from tests.replay.test_cancel import story
from tests.replay.work import TIMEOUT, WORLD
from tests.scheduler import flows

WISH = Asking(Level.CANCEL, BY, "a test", "key")


def events(life, uid):
    return [event for event, _ in story(life, uid)]


def messages(life):
    return [event.message for event in life.journal.events(1)]


# -------------------------------------------------------------------------------------------------------------- forced


@pytest.mark.parametrize("level", ["force", "kill"])
def test_a_forced_cancel_does_not_wait_and_leaves_what_ran_unknown(lives, level):
    """The execution ends while its operation goes on; until that has ended too, nobody else may have it."""
    life = lives(max_operations=1)
    with WORLD.gate("a"):
        uid = life.start(flows.wide, {"name": "a", "width": 3})
        WORLD.arrived("a")
        assert not life.engine.cancel(uid, level, reason="now", by=BY)
        assert life.wait(uid) == "cancelled"
        assert life.engine.is_killed(uid) == (level == "kill")
        assert events(life, uid)[-2:] == [level, "unwound"]
        assert sorted(state for _, state in kit.all_states(life, uid)) == ["pending", "pending", "unknown"]
        assert life.journal.owned(1)
        assert not life.engine.drain(uid, 0)
    assert life.engine.drain(uid, TIMEOUT)
    assert not life.journal.owned(1)
    assert life.resume(uid) == "terminated"
    assert WORLD.counts() == {"a": 4}, "the unknown one may be repeated"
    assert list(life.journal.verify()) == []


def test_the_unknown_ones_of_a_forced_cancel_are_asked_about(lives):
    """As after a crash: one that must not be repeated waits for a person."""
    life = lives()
    with WORLD.gate("a"):
        uid = life.start(flows.wide, {"name": "a", "width": 1, "safe": False})
        WORLD.arrived("a")
        life.engine.cancel(uid, "force")
        assert life.wait(uid) == "cancelled"
    assert life.engine.drain(uid, TIMEOUT)
    assert life.resume(uid) == "interrupted"
    assert life.engine.asks(uid) == (1,)
    assert life.resume(uid, reset_operations=True) == "terminated"


def test_clean_up_in_flight_at_a_forced_cancel_is_superseded(lives):
    """Told, and then forced while its clean-up runs: the resume lists that as well."""
    life = lives()
    with WORLD.gate("inside"):
        WORLD.hooks["undo a"] = lambda: WORLD.note("inside", "")
        with cancelled.request_in(life, "b"):
            uid = life.start(cancelled.standard, {"names": ["a", "b"]})
            WORLD.arrived("inside")
        life.engine.cancel(uid, "force")
        assert life.wait(uid) == "cancelled"
    assert life.engine.drain(uid, TIMEOUT)
    with pytest.raises(AskError, match="rolled back since: 1 operation"):
        life.engine.resume(uid)
    assert life.resume(uid, accept_changes=True) == "terminated"
    assert kit.all_states(life, uid)[-1] == ("undo a", "superseded")


def test_a_function_that_computes_is_not_waited_for_and_stops_at_its_next_call(lives):
    """Its thread is unwound by a signal that no `except Exception` catches."""
    flows.COMPUTING.clear()
    flows.MAY_GO_ON.clear()
    life = lives()
    uid = life.start(flows.works_between)
    assert flows.COMPUTING.wait(TIMEOUT)
    life.engine.cancel(uid, "force")
    assert life.wait(uid) == "cancelled"
    thread = life.engine._hosted[uid]._thread
    flows.MAY_GO_ON.set()
    thread.join(TIMEOUT)
    assert not thread.is_alive()
    assert WORLD.counts() == {"a": 1}


@pytest.mark.parametrize("level", ["force", "kill"])
@pytest.mark.parametrize("point", ["after:execution.{}_cancelling", "before:execution.cancelled"])
def test_killed_in_the_middle_of_a_forced_cancel_it_goes_on_as_cancelling(lives, level, point):
    """Between the request's commit and the end's: the resume tells the function."""
    life = lives()
    with WORLD.gate("a"):
        uid = life.start(cancelled.standard, {"names": ["a", "b"]})
        WORLD.arrived("a")
        life.journal.arm(Point.parse(point.format(level)))
        request(life.store, level)
        for hosted in list(life.engine._hosted.values()):
            life.engine.host.post(("look", hosted))
        life.engine.host._thread.join(TIMEOUT)
        assert life.died
        life.settle_death()
    second = lives()
    assert second.engine.info(uid).state == "interrupted"
    assert second.resume(uid) == "cancelled"
    assert events(second, uid)[-5:] == [level, "owner_gone", "resumed_cancelling", "told", "unwound"]
    assert kit.states(second, uid)["a"] == "succeeded"


def test_a_kill_after_a_force_is_taken_in_the_same_breath(lives):
    """Two requests of one turn, the stronger last."""
    life = lives()
    with WORLD.gate("a"):
        uid = life.start(cancelled.standard, {"names": ["a"]})
        WORLD.arrived("a")
        request(life.store, "force", key="one")
        request(life.store, "kill", key="two")
        assert life.wait(uid) == "cancelled"
    assert [event for event in events(life, uid) if event in ("force", "kill")] == ["force", "kill"]


def test_the_process_groups_of_a_killed_execution_are_killed(lives):
    """Whoever starts a process for it says so; this one would go on for ever."""
    life = lives()
    child = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"], start_new_session=True)
    with WORLD.gate("a"):
        uid = life.start(cancelled.standard, {"names": ["a"]})
        WORLD.arrived("a")
        life.engine._hosted[uid].groups.add(child.pid)
        life.engine.cancel(uid, "kill")
        assert child.wait(TIMEOUT) == -signal.SIGKILL
        assert life.wait(uid) == "cancelled"


def test_groups_that_have_gone_are_no_matter():
    groups = ProcessGroups()
    child = subprocess.Popen([sys.executable, "-c", ""], start_new_session=True)
    groups.add(child.pid)
    child.wait(TIMEOUT)
    assert groups.kill() == 0
    groups.add(1)
    groups.discard(1)
    assert groups.kill() == 0


# ------------------------------------------------------------------------------------------------------- nobody runs it


def interrupted(lives, names=("a", "b")):
    """An execution whose runner has died in its first task."""
    life = lives()
    with WORLD.gate(names[0]):
        uid = life.start(cancelled.standard, {"names": list(names)})
        WORLD.arrived(names[0])
        life.die()
    return uid


def test_where_nobody_runs_it_whoever_asks_ends_it(lives):
    """The function is not called; a resume begins where it was."""
    uid = interrupted(lives)
    life = lives()
    assert life.engine.cancel(uid, reason="enough", by=BY)
    assert life.engine.info(uid).state == "cancelled"
    assert story(life, uid)[-2:] == [
        ("owner_gone", {}), ("called_off", {"by": BY, "reason": "enough", "level": "cancel"}),
    ]  # fmt: skip
    assert WORLD.counts() == {"a": 1}
    with pytest.raises(api.ExecutionCancelled, match=r"cancelled \(cancel\) by anna@elsewhere: enough"):
        life.engine.result(uid)
    assert life.resume(uid) == "terminated"
    assert WORLD.counts() == {"a": 2, "b": 1}
    assert list(life.journal.verify()) == []


def test_one_that_lay_down_is_ended_too(lives):
    """Its row says interrupted already."""
    life = lives()
    with WORLD.gate("a"):
        uid = life.start(cancelled.standard, {"names": ["a", "b"]})
        WORLD.arrived("a")
        life.engine.stop(uid)
        life.engine.host.ask(lambda: None)
    assert life.wait(uid) == "interrupted"
    assert life.engine.cancel(uid)
    assert events(life, uid)[-2:] == ["laid_down", "called_off"]
    assert life.resume(uid) == "terminated"


def test_one_that_had_been_told_is_cut_there_by_its_resume(lives):
    """Killed in its clean-up and then called off: what it asked for as clean-up is superseded."""
    life = lives()
    with WORLD.gate("undo"):
        with cancelled.request_in(life, "b"):
            uid = life.start(cancelled.standard, {"names": ["a", "b", "c"]})
            WORLD.hooks["undo a"] = lambda: WORLD.note("undo", "")
            WORLD.arrived("undo")
        life.die()
    WORLD.hooks.clear()
    second = lives()
    assert second.engine.cancel(uid)
    with pytest.raises(AskError, match="rolled back since: 1 operation"):
        second.engine.resume(uid)
    assert second.resume(uid, accept_changes=True) == "terminated"
    assert dict(kit.all_states(second, uid)) == {
        "a": "succeeded", "b": "succeeded", "c": "succeeded", "undo a": "superseded",
    }  # fmt: skip


def test_one_that_never_began_is_ended_and_can_be_run_from_the_top(lives, store):
    """Its runner died before it called the function: the row says pending."""
    life = lives(at=2)
    uid = life.start(cancelled.standard, {"names": ["a"]})
    assert life.wait(uid) is None
    life.settle_death()
    second = lives()
    assert EXECUTION.states[second.engine.find(uid).state] is X.PENDING
    assert second.engine.cancel(uid)
    assert events(second, uid) == ["created", "called_off"]
    assert second.resume(uid) == "terminated"
    assert WORLD.counts() == {"a": 1}


@pytest.mark.parametrize("waiting", [X.PAUSED, X.SCHEDULED, X.QUEUED])
def test_one_that_waits_without_a_runner_is_ended(lives, waiting):
    """These states come with a later issue; the row is put there by hand."""
    life = lives()
    uid = interrupted(lives)
    row = life.engine.find(uid)
    moved = ExecutionMove(
        EXECUTION.code(waiting), row.fence, row.owner_json, row.started_us, None, None, None, row.id
    )  # fmt: skip
    life.engine.host.ask(lambda: _apply(life, waiting, moved))
    assert life.engine.cancel(uid)
    assert life.engine.info(uid).state == "cancelled"


def _apply(life, waiting, moved):
    steps = {X.PAUSED: (X.PAUSED,), X.SCHEDULED: (X.SCHEDULED,), X.QUEUED: (X.SCHEDULED, X.QUEUED)}[waiting]
    for step in steps:
        with life.journal.turn() as turn:
            turn.apply(Changes(execution_moves=[moved._replace(state=EXECUTION.code(step))]))


# ------------------------------------------------------------------------------------------------------------- too late


def test_what_has_ended_cannot_be_cancelled(lives):
    life = lives()
    uid, _ = life.run(flows.line, {"names": ["a"]})
    before = kit.dump(life.journal, 1)
    with pytest.raises(UsageError, match=f"execution '{uid}' is terminated: there is nothing to cancel"):
        life.engine.cancel(uid)
    assert kit.dump(life.journal, 1) == before
    with pytest.raises(UsageError, match="level is 'nuke'; it is cancel, force, kill"):
        life.engine.cancel(uid, "nuke")
    with pytest.raises(NotFoundError, match="execution 9 is not there any more"):
        life.engine.host.ask(lambda: ask(life.journal, life.engine.clock, 9, WISH))
    assert not life.journal.owned(1)


def test_a_request_that_nobody_took_is_withdrawn_by_a_persons_resume(lives):
    """It lay in the inbox when the execution ended; the resumed one is not cancelled by it."""
    life = lives()
    WORLD.broken.add("a")
    uid, state = life.run(flows.line, {"names": ["a"]}, options=kit.NO_RETRIES)
    assert state == "failed"
    request(life.store)
    WORLD.broken.clear()
    assert life.resume(uid) == "terminated"
    assert [row.taken_seq is not None for row in life.journal.stored("inbox", 1)] == [True]


def test_a_request_that_its_runner_left_is_taken_by_who_ends_it(lives):
    """The runner died with it in the inbox; the one who asked asks again, and nothing is left there."""
    uid = interrupted(lives)
    life = lives()
    request(life.store)
    assert life.engine.cancel(uid, key="key")
    assert [row.taken_seq is not None for row in life.journal.stored("inbox", 1)] == [True]
    assert life.resume(uid) == "terminated"


def test_a_stop_never_cancels_and_a_cancel_of_what_stops_stands(lives):
    """Lying down while cancelling; the resume goes on as cancelling."""
    life = lives()
    with WORLD.gate("a"):
        uid = life.start(cancelled.standard, {"names": ["a", "b"]})
        WORLD.arrived("a")
        life.engine.stop(uid)
        life.engine.cancel(uid)
        wait_until_taken_any(life)
    assert life.wait(uid) == "interrupted"
    assert "told" in events(life, uid)
    assert life.resume(uid) == "cancelled"
    assert events(life, uid)[-2:] == ["resumed_cancelling", "unwound"]


def wait_until_taken_any(life):
    wait_until_taken(life, life.journal.stored("inbox", 1)[0].key)


def test_two_executions_of_a_host_are_cancelled_apart(lives):
    """The other one goes on."""
    life = lives()
    with WORLD.gate("a"):
        first = life.start(cancelled.standard, {"names": ["a", "b"]})
        second = life.start(cancelled.standard, {"names": ["a", "c"]})
        WORLD.arrived("a")
        life.engine.cancel(first)
        wait_until_taken_any(life)
    assert life.wait(first) == "cancelled"
    assert life.wait(second) == "terminated"
