"""The harness leaves nothing: no folder in memory, no mount and no process, however it ends."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.crash.kit import ROOT, alive, until

MEMORY = Path("/dev/shm")
pytestmark = pytest.mark.crash


class Harness:
    """One that runs with a fault that leaves things behind."""

    def __init__(self, folder, how, *options):
        self.told, self.tmp = folder / "told", folder / "tmp"
        self.told.mkdir()
        self.tmp.mkdir()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.untidy", how, self.told, *options],
            cwd=ROOT,
            env={**os.environ, "TMPDIR": str(self.tmp)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def steps(self, count):
        """What so many steps have said of themselves."""
        until(lambda: len(list(self.told.glob("*.json"))) == count)
        return [json.loads(path.read_text()) for path in self.told.glob("*.json")]

    def ended(self):
        """Exit code and output."""
        output, _ = self.process.communicate(timeout=60)
        return self.process.returncode, output


@pytest.fixture
def harness(tmp_path):
    made = []

    def begin(how, *options):
        made.append(Harness(tmp_path, how, *options))
        return made[-1]

    yield begin
    for one in made:
        if one.process.poll() is None:
            os.killpg(one.process.pid, signal.SIGKILL)
            one.process.communicate()


def nothing_is_left(harness, steps):
    assert [one["pid"] for one in steps if alive(one["pid"])] == []
    assert [one["memory"] for one in steps if Path(one["memory"]).exists()] == []
    assert all(Path(one["memory"]).match(f"durable-wf-crash-{harness.process.pid}-*") for one in steps)
    assert list(MEMORY.glob(f"durable-wf-crash-{harness.process.pid}-*")) == []
    assert [one.mountpoint for one in psutil.disk_partitions(all=True) if str(harness.tmp) in one.mountpoint] == []


@pytest.mark.parametrize(
    ("number", "send"), [(signal.SIGINT, os.killpg), (signal.SIGTERM, os.kill)], ids=["Ctrl-C", "SIGTERM"]
)
def test_a_signal_leaves_nothing(harness, number, send):
    """Ctrl-C comes to every process of the terminal's group, SIGTERM to the harness alone."""
    running = harness("hangs")
    steps = running.steps(2)
    send(running.process.pid, number)
    code, output = running.ended()
    assert (code, "Traceback" in output) == (128 + number, False)
    nothing_is_left(running, steps)
    assert list(running.tmp.iterdir()) == []


def test_an_error_of_the_harness_leaves_nothing(harness):
    running = harness("fails")
    steps = running.steps(1)
    code, output = running.ended()
    assert (code, "AttributeError" in output) == (1, True)
    nothing_is_left(running, steps)
    assert list(running.tmp.iterdir()) == []


def test_its_end_leaves_nothing_that_a_step_has_left(harness):
    running = harness("ends")
    code, output = running.ended()
    assert (code, "2 points (100.0% of 2)" in output) == (0, True)
    nothing_is_left(running, running.steps(2))
    assert list(running.tmp.iterdir()) == []


def test_the_end_of_the_budget_leaves_nothing(harness):
    running = harness("ends", "--budget", "0.0001")
    code, output = running.ended()
    assert (code, "0 points (0.0% of 2)" in output) == (2, True)
    nothing_is_left(running, running.steps(0))
    assert list(running.tmp.iterdir()) == []


def test_only_the_folder_of_what_is_wrong_is_kept(harness):
    running = harness("wrong")
    code, output = running.ended()
    steps = running.steps(2)
    assert (code, "WRONG" in output) == (1, True)
    nothing_is_left(running, steps)
    assert all(Path(one["folder"]).is_dir() for one in steps)
