"""Real processes for the crash tests: commands, a socket on which their operations wait, and dumps."""

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

from durable_wf.journal.reader import open_reader

SEED = os.environ.get("DURABLE_WF_SEED", "0")  # tools/test sets and prints one; `all` chooses everything
ROOT = Path(__file__).parent.parent.parent
TIMEOUT_S = 60


class Held:
    """An operation that waits for the test.

    label, pid  as it says itself
    """

    def __init__(self, connection):
        self._connection = connection
        text = b""
        while not text.endswith(b"\n"):
            part = connection.recv(200)
            assert part, "the operation ended without a word"
            text += part
        self.label, pid = text.decode().split()
        self.pid = int(pid)

    def go(self):
        """Let it go on."""
        self._connection.sendall(b"go")
        self._connection.close()

    def gone(self):
        """Wait until its process is dead, or has let go."""
        assert self._connection.recv(1) == b""
        self._connection.close()


class Gate:
    """Where operations wait."""

    def __init__(self, folder):
        self.address = str(folder / "gate")
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(self.address)
        self._socket.listen(100)
        self._socket.settimeout(TIMEOUT_S)
        self._accepted = []

    def next(self):
        """The next operation that has begun."""
        connection, _ = self._socket.accept()
        connection.settimeout(TIMEOUT_S)
        self._accepted.append(connection)
        return Held(connection)

    def close(self):
        for connection in self._accepted:
            connection.close()
        self._socket.close()


class Command:
    """A process of ours."""

    def __init__(self, process):
        self.process = process
        self.pid = process.pid

    def ended(self, code):
        """Wait for its end; it must end with this code. Gives what it said."""
        said, _ = self.process.communicate(timeout=TIMEOUT_S)
        assert self.process.returncode == code, f"ended with {self.process.returncode}, not {code}:\n{said}"
        return said

    def says(self, text):
        """Wait until it has said this, in one line."""
        said = []
        for line in self.process.stdout:
            said.append(line)
            if text in line:
                return "".join(said)
        raise AssertionError(f"it ended without '{text}': {''.join(said)}")

    def kill(self):
        """SIGKILL, and wait until it is dead."""
        self.process.kill()
        self.ended(-signal.SIGKILL)


class Commands:
    """Starts commands on one journal, and ends what is left of them."""

    def __init__(self, folder):
        self.journal = folder / "journal.db"
        self._folder = folder
        self._started = []

    def python(self, *arguments, inside=()):
        """A Python process that sees the test's folder and ours.

        inside  a command that starts it
        """
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join((str(self._folder), str(ROOT))),
            "PYTHONDONTWRITEBYTECODE": "1",
            "HOME": str(self._folder),
            "NO_COLOR": "1",
        }
        process = subprocess.Popen(
            [*inside, sys.executable, *map(str, arguments)],
            cwd=self._folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        self._started.append(process)
        return Command(process)

    def run(self, workflow, *, inside=(), **parameters):
        """`durable-wf run`."""
        given = [item for key, value in parameters.items() for item in ("-p", f"{key}={json.dumps(value)}")]
        return self._durable("run", workflow, *given, inside=inside)

    def resume(self, *arguments):
        """`durable-wf resume` of the only execution."""
        return self._durable("resume", self.uid(), *arguments)

    def _durable(self, *arguments, inside=()):
        return self.python("-m", "durable_wf", "--journal", self.journal, *arguments, inside=inside)

    def uid(self):
        with self.reading() as reader:
            (row,) = reader.executions()
        return row.uid

    @contextmanager
    def reading(self):
        """A reader of the journal."""
        reader = open_reader(self.journal)
        try:
            yield reader
        finally:
            reader.close()

    def transitions(self):
        """Those of the only execution."""
        with self.reading() as reader:
            return reader.transitions(1)

    def end_all(self):
        for process in self._started:
            if process.poll() is None:
                process.kill()
            process.communicate()


def alive(pid):
    """Whether the process lives: not one that is dead and waited for by nobody yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def until(condition):
    """Wait for something that gives no sign of itself."""
    for _ in range(TIMEOUT_S * 100):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError("waited in vain")


def catches(pid, number):
    """Whether the process has a handler for the signal."""
    status = Path(f"/proc/{pid}/status").read_text()
    (mask,) = [line.split()[1] for line in status.splitlines() if line.startswith("SigCgt")]
    return bool(int(mask, 16) >> (number - 1) & 1)


def chosen(names, count):
    """So many of them, by the run's seed: the same in every process that shares the tests."""
    names = sorted(names)
    return names if SEED == "all" else sorted(random.Random(SEED).sample(names, count))
