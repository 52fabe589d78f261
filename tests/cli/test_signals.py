"""Ctrl-C, SIGTERM, --timeout, and runners that hang: what is said, how it ends, and that a resume goes on."""

import fcntl
import json
import os
import signal
import subprocess
import threading
from pathlib import Path

import psutil
import pytest

from durable_wf.journal.sqlite import open_journal
from tests.cli.kit import FLOWS, rewrite_owner

pytestmark = pytest.mark.crash


def run_held(program, gate, *options, count=1):
    """A run whose operations wait, and they."""
    process = program.begin("run", f"{FLOWS}:held", "-p", f"address={gate.address}", "-p", f"count={count}", *options)
    return process, sorted((gate.next() for _ in range(count)), key=lambda one: one.label)


def goes_on(program, uid):
    done = program("resume", uid, "-q")
    assert json.loads(done.stdout) == ["wait0"]
    assert program.json("show", uid)["state"] == "terminated"


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_first_signal_waits_for_what_runs_and_lies_down(program, gate, number, code):
    process, (waiting,) = run_held(program, gate)
    process.send_signal(number)
    said = [process.stderr.readline() for _ in range(4)]
    assert f"{number.name}: starting nothing new" in said[1]
    assert "waiting for 1 running operation" in said[3]
    waiting.go()
    done = program.end(process, code)
    uid = program.uid()
    assert f"durable-wf resume {uid}" in done.stderr
    found = program.json("show", uid)
    assert found["state"] == "interrupted"
    assert found["tasks"] == {"succeeded": 1}, "the second task was not begun"
    assert found["unknown"] == []
    goes_on(program, uid)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_second_signal_stops_now_and_what_ran_is_unknown(program, gate, number, code):
    process, (waiting,) = run_held(program, gate)
    process.send_signal(number)
    for _ in range(4):
        process.stderr.readline()
    process.send_signal(number)
    done = program.end(process, code)
    assert "stopped now; 1 operation ran" in done.stderr
    waiting.gone()
    uid = program.uid()
    assert f"durable-wf resume {uid}" in done.stderr
    found = program.json("show", uid)
    assert found["state"] == "interrupted"
    assert [task["name"] for task in found["unknown"]] == ["tests.cli.flows:wait"]
    assert found["resume"]["again"] == ["1: operation tests.cli.flows:wait"]
    resumed = program.begin("resume", uid)
    gate.next().go()
    program.end(resumed, 0)


def test_a_second_signal_ends_a_run_that_still_waits_for_the_write_lock(program):
    journal = open_journal(program.journal)
    with journal.turn():
        process = program.begin("run", f"{FLOWS}:nothing")
        with Path(f"{program.journal}-turn").open() as queue:
            while is_free(queue):  # until the run stands in the queue for the lock
                threading.Event().wait(0.01)
        process.send_signal(signal.SIGINT)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=0.2)
        process.send_signal(signal.SIGINT)
        program.end(process, 130)
    journal.close()
    assert program.json("list")["items"] == []


def is_free(file):
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    fcntl.flock(file, fcntl.LOCK_UN)
    return True


def test_a_timeout_lies_down_and_ends_with_124(program, gate):
    process, (waiting,) = run_held(program, gate, "--timeout", "100ms")
    assert "execution" in process.stderr.readline()
    assert "--timeout: starting nothing new" in process.stderr.readline()
    waiting.go()
    done = program.end(process, 124)
    assert f"durable-wf resume {program.uid()}" in done.stderr
    goes_on(program, program.uid())


def test_a_run_that_ends_before_its_timeout_is_done(program):
    done = program("run", f"{FLOWS}:total", "--timeout", "1m")
    assert done.stdout == "5\n"
    assert "--timeout" not in done.stderr
    assert program.json("list")["items"][0]["state"] == "terminated"


def test_an_operation_that_may_not_be_repeated_is_asked_about_with_exit_6(program, gate):
    process = program.begin("run", f"{FLOWS}:careful", "-p", f"address={gate.address}")
    waiting = gate.next()
    process.kill()
    program.end(process, -signal.SIGKILL)
    waiting.gone()
    uid = program.uid()
    done = program("resume", uid[:4], code=6)
    assert "asks 1" in done.stderr
    assert "task 2: operation tests.cli.flows:wait_once" in done.stderr
    assert f"durable-wf resume {uid} --reset-operations" in done.stderr
    found = program.json("resume", uid, code=6)
    assert found["state"] == "interrupted"
    assert [task["number"] for task in found["unknown"]] == [2]
    assert found["resume"]["asked"] == ["2: operation tests.cli.flows:wait_once"]
    resumed = program.begin("resume", uid, "--reset-operations")
    gate.next().go()
    assert program.end(resumed, 0).stdout == '"once"\n'


def test_L4_a_held_execution_says_who_has_it_since_when(program, gate):
    process, (waiting,) = run_held(program, gate)
    said = program("resume", program.uid(), code=8).stderr
    assert f"has a live runner: process {process.pid}, running since 20" in said
    assert "--take-over" in said
    assert "[held]" in said
    waiting.go()
    program.end(process, 0)


def test_L4_one_execution_of_a_deployment_runs_at_a_time(program, gate, blueprint):
    plugin = program.folder / "small_plugin.py"
    plugin.write_text(
        plugin.read_text()
        + "\n@workflow\ndef hold(ctx, address, **_):\n    from tests.crash.held import wait_for_the_test\n"
        "    ctx.local_task(wait_for_the_test, kwargs={'address': address, 'label': 'hold'}).get()\n"
    )
    text = blueprint.read_text()
    blueprint.write_text(text.replace("workflows:\n", "workflows:\n  hold: small.small_plugin.hold\n"))
    program("deployments", "create", blueprint, "-d", "small")
    process = program.begin("run", "hold", "-d", "small", "-p", f"address={gate.address}", "--allow-custom-parameters")
    waiting = gate.next()
    said = program("run", "start_all", "-d", "small", code=8).stderr
    assert f"of deployment 'small' has a live runner: process {process.pid}" in said
    assert "[held]" in program("deployments", "delete", "small", code=8).stderr
    waiting.go()
    program.end(process, 0)


def test_a_stopped_runner_is_taken_over_and_ended(program, gate):
    process, (waiting,) = run_held(program, gate)
    process.send_signal(signal.SIGSTOP)
    resumed = program.begin("resume", program.uid(), "--take-over")
    gate.next().go()
    done = program.end(resumed, 0)
    assert f"ended process {process.pid}" in done.stderr
    program.end(process, -signal.SIGKILL)
    waiting.gone()


def test_take_over_of_an_execution_that_nobody_runs_just_resumes(program):
    program("run", f"{FLOWS}:raises", code=1)
    assert "--from" in program("resume", program.uid(), "--take-over", code=6).stderr


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"pid_ns": 1}, "another pid namespace"),
        ({"start": 1.0}, "started at another time"),
        ({"pid": None}, "does not say which process"),
    ],
)
def test_a_runner_that_cannot_be_told_from_others_is_not_killed(program, gate, changes, text):
    process, (waiting,) = run_held(program, gate)
    rewrite_owner(program, **changes)
    said = program("resume", program.uid(), "--take-over", code=8).stderr
    assert "cannot be taken over" in said
    assert text in said
    assert psutil.pid_exists(process.pid)
    assert process.poll() is None
    waiting.go()
    program.end(process, 0)


def test_a_bystander_with_the_recorded_pid_is_not_killed(program, gate):
    process, (waiting,) = run_held(program, gate)
    rewrite_owner(program, pid=os.getpid())
    said = program("resume", program.uid(), "--take-over", code=8).stderr
    assert "cannot be taken over" in said
    assert f"process {os.getpid()}" in said
    assert process.poll() is None, "nor is the runner"
    waiting.go()
    program.end(process, 0)
    assert program.json("show", program.uid())["state"] == "terminated"


def test_ctrl_c_while_following_ends_with_130(program, gate):
    process, (waiting,) = run_held(program, gate)
    follower = program.begin("journal", program.uid(), "-f")
    assert "UTC" in follower.stdout.readline()
    follower.send_signal(signal.SIGINT)
    assert "Traceback" not in program.end(follower, 130).stderr
    waiting.go()
    program.end(process, 0)
