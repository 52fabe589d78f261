"""`cancel`, from another process than the one that runs: what is said, how both end, and that a resume goes on."""

import json
import signal

import pytest

from tests.cli.kit import FLOWS

pytestmark = pytest.mark.crash


@pytest.fixture
def run(program, gate):
    """A run of a workflow whose operation waits, and that operation."""

    def begin(flow="tidies"):
        process = program.begin("run", f"{FLOWS}:{flow}", "-p", f"address={gate.address}")
        return process, gate.next()

    return begin


def events(program, uid):
    """The events of the execution itself, with their details."""
    found = program.json("journal", uid)["items"]
    return {one["event"]: one["detail"] for one in found if one["subject"] == "execution"}


def until(process, text):
    """Read what it says until it says this."""
    for line in process.stderr:
        if text in line:
            return
    raise AssertionError(f"it never said '{text}'")


def test_a_cancel_is_taken_while_an_operation_runs_and_the_run_ends_with_5(program, run):
    process, waiting = run()
    uid = program.uid()
    found = program.json("cancel", uid[:5], "--reason", "wrong version")
    assert found == {
        "schema_version": 1, "id": uid, "level": "cancel", "reason": "wrong version", "state": "cancelling",
        "asked": True,
    }  # fmt: skip
    assert program.json("list", "--state", "cancelling")["items"][0]["id"] == uid
    waiting.go()
    done = program.end(process, 5)
    assert f"execution {uid} cancelled" in done.stderr
    assert "cancel asked by " in done.stderr
    assert ": wrong version" in done.stderr
    assert f"to go on: durable-wf resume {uid}" in done.stderr
    assert "mended" not in done.stderr
    shown = program.json("show", uid)
    assert (shown["state"], shown["tasks"]) == ("cancelled", {"succeeded": 2})
    assert (shown["cancel"]["level"], shown["cancel"]["reason"]) == ("cancel", "wrong version")
    assert "process" in shown["cancel"]["by"]
    assert "wrong version" in program("show", uid).stdout
    assert "reason: wrong version" in program("journal", uid).stdout
    assert events(program, uid)["told"] == {"get": 1}


def test_a_cancelled_execution_is_resumed(program, run):
    process, waiting = run()
    program("cancel", program.uid())
    waiting.go()
    program.end(process, 5)
    done = program("resume", program.uid())
    assert json.loads(done.stdout) == "done"
    assert program.json("show", program.uid())["cancel"] is None


def test_a_forced_cancel_ends_the_execution_and_waits_for_its_operations(program, run):
    process, waiting = run()
    uid = program.uid()
    assert program.json("cancel", uid, "--force")["state"] in ("force_cancelling", "cancelled")
    until(process, "waiting for 1 running operation")
    assert program.json("show", uid)["state"] == "cancelled"
    assert "has a live runner" in program("resume", uid, code=8).stderr
    waiting.go()
    program.end(process, 5)
    assert program.json("show", uid)["unknown"][0]["name"] == "tests.cli.flows:wait"


def test_a_forced_cancel_can_be_left_by_ctrl_c(program, run):
    process, waiting = run()
    program("cancel", program.uid(), "--force")
    until(process, "waiting for 1 running operation")
    process.send_signal(signal.SIGINT)
    assert "stopped now; 1 operation ran" in program.end(process, 130).stderr
    waiting.gone()


def test_a_kill_ends_the_process_with_all_that_it_runs(program, run):
    process, waiting = run()
    uid = program.uid()
    program("cancel", uid, "--kill", "--reason", "at once")
    done = program.end(process, 5)
    waiting.gone()
    assert "kill asked by" in done.stderr
    assert [event for event in events(program, uid) if "kill" in event] == ["kill"]
    assert program.json("show", uid)["unknown"][0]["state"] == "unknown"


def test_a_kill_does_not_wait_for_a_replay_that_hangs(program, run, gate):
    """The function stands still before it has asked for what the journal does not remember."""
    process, _ = run("stands")
    uid = program.uid()
    process.kill()
    program.end(process, -signal.SIGKILL)
    resumed = program.begin("resume", uid)
    standing = gate.next()
    found = program.json("cancel", uid, "--kill", "--reason", "it hangs")
    assert (found["state"], found["asked"]) == ("cancelled", True)
    done = program.end(resumed, 5)
    standing.gone()
    assert f"execution {uid} cancelled" in done.stderr
    assert events(program, uid)["called_off"]["reason"] == "it hangs"
    assert program.json("show", uid)["tasks"] == {"succeeded": 1}


@pytest.fixture
def resumed(program, gate):
    """An execution that has failed, the process that resumes it, and its function, which stands in the replay."""
    flag = program.folder / "flag"
    arguments = ("-p", f"address={gate.address}", "-p", f"flag={flag}")
    process = program.begin("run", f"{FLOWS}:stands_before_it_fails", *arguments)
    gate.next().go()
    program.end(process, 1)
    flag.touch()
    uid = program.uid()
    return uid, program.begin("resume", uid), gate.next()


def test_a_cancel_of_a_failed_one_that_is_resumed_waits_for_its_replay(program, resumed):
    """The command waits as long as the function stands, and both end as for any other."""
    uid, process, standing = resumed
    command = program.begin("cancel", uid, "-v", "--reason", "after all")
    assert "its runner takes the request" in command.stderr.readline()
    standing.go()
    assert "asked its runner; it is cancel" in program.end(command, 0).stderr
    assert ": after all" in program.end(process, 5).stderr
    shown = program.json("show", uid)
    assert (shown["state"], shown["tasks"]) == ("cancelled", {"succeeded": 1})


def test_a_forced_cancel_of_a_failed_one_that_is_resumed_ends_the_resume(program, gate, resumed):
    """The execution is failed as before; the command that resumed it was cancelled, and says by whom."""
    uid, process, standing = resumed
    assert program.json("cancel", uid, "--force", "--reason", "after all")["state"] == "failed"
    done = program.end(process, 5)
    standing.gone()
    assert "the resume was cancelled (force) by " in done.stderr
    assert ": after all; nothing was begun" in done.stderr
    assert "its resume was cancelled before it had begun anything" in done.stderr
    assert program.json("show", uid)["state"] == "failed"
    again = program.begin("resume", uid)
    gate.next().go()
    assert json.loads(program.end(again, 0).stdout) == "mended"


def test_where_nobody_runs_it_it_is_ended_at_once(program, run):
    process, waiting = run()
    process.kill()
    program.end(process, -signal.SIGKILL)
    waiting.gone()
    uid = program.uid()
    done = program("cancel", uid)
    assert done.stdout == ""
    assert f"cancel (cancel) execution {uid}: nobody ran it; it is cancelled" in done.stderr
    assert program.json("show", uid)["tasks"] in ({"sent": 1}, {"started": 1})


def test_a_runner_that_dies_with_the_request_in_its_inbox(program, run):
    """It hangs, so that it takes nothing; when it is gone, the command ends the execution itself."""
    process, waiting = run()
    process.send_signal(signal.SIGSTOP)
    command = program.begin("cancel", program.uid(), "-v")
    assert "its runner takes the request" in command.stderr.readline()
    process.kill()
    program.end(process, -signal.SIGKILL)
    waiting.gone()
    assert "nobody ran it; it is cancelled" in program.end(command, 0).stderr


def test_sigterm_never_cancels_and_stands_beside_a_cancel(program, run, gate):
    process, waiting = run()
    uid = program.uid()
    process.send_signal(signal.SIGTERM)
    for _ in range(4):
        process.stderr.readline()
    assert program.json("cancel", uid)["state"] == "cancelling"
    waiting.go()
    program.end(process, 143)
    assert program.json("show", uid)["state"] == "interrupted"
    found = events(program, uid)
    assert "laid_down" in found
    assert "unwound" not in found
    program("resume", uid, code=5)
    assert program.json("show", uid)["state"] == "cancelled"


def test_what_has_ended_cannot_be_cancelled(inside):
    inside("run", f"{FLOWS}:nothing")
    done = inside("cancel", inside.uid(), code=2)
    assert "is terminated: there is nothing to cancel" in done.stderr
    assert "durable-wf show" in done.stderr


def test_two_levels_at_once_are_refused(inside):
    inside("run", f"{FLOWS}:nothing")
    assert "--kill is the stronger one" in inside("cancel", inside.uid(), "--force", "--kill", code=2).stderr


def test_an_execution_that_is_not_there(inside):
    inside("run", f"{FLOWS}:nothing")
    assert "there is no execution 'nowhere'" in inside("cancel", "nowhere", code=7).stderr
