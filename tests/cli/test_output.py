"""Streams that are closed, full or a terminal; colours; and the live display."""

import json
import os
import pty
import re
import select
import subprocess
import sys

import pytest

from durable_wf.cli.output import Out, clean, columns, short, took
from durable_wf.model.states import X
from tests.cli.kit import COMMAND, FLOWS, TIMEOUT_S


def shell(program, line, code=0):
    """Run a line of bash with `durable-wf` in it."""
    done = subprocess.run(
        ["bash", "-c", line], cwd=program.folder, capture_output=True, text=True, check=False, timeout=TIMEOUT_S,
        env={**program.environ, "PATH": f"{COMMAND.parent}:{os.environ['PATH']}"},
    )  # fmt: skip
    assert done.returncode == code, f"{done.returncode}: {done.stderr}"
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    return done


@pytest.fixture
def long(program):
    """An execution whose journal is longer than a pipe holds."""
    program("run", f"{FLOWS}:total", "-p", f"numbers={json.dumps(list(range(500)))}", "-q")
    return program.uid()


def test_a_reader_that_goes_away_is_no_error(program, long):
    done = shell(program, f"durable-wf journal {long} | head -n 1; exit ${{PIPESTATUS[0]}}", code=141)
    assert done.stderr == ""
    assert len(done.stdout.splitlines()) == 1


@pytest.mark.parametrize("command", ["list", "run tests.cli.flows:total", "config show"])
def test_a_full_disk_behind_stdout_is_said_with_10(program, command):
    program("run", f"{FLOWS}:nothing")
    done = shell(program, f"durable-wf {command} > /dev/full", code=10)
    assert "No space left on device" in done.stderr
    assert "[storage]" in done.stderr


def test_a_closed_stdout_is_said_and_the_journal_is_not_written_to_by_prints(program):
    program("run", f"{FLOWS}:nothing")
    assert "standard output is closed" in shell(program, "durable-wf list >&-", code=10).stderr
    shell(program, f"durable-wf run {FLOWS}:loud >&- 2>&- <&-", code=10)
    assert program.json("list", "--state", "terminated")["items"][0]["workflow_id"] == f"{FLOWS}:loud"
    assert program.json("verify")["items"] == []


def test_a_closed_stderr_is_no_error(program):
    assert shell(program, f"durable-wf run {FLOWS}:total 2>&-").stdout == "5\n"


def test_a_stdout_that_cannot_hold_our_characters_gets_others(program):
    program.environ["PYTHONIOENCODING"] = "ascii"
    program("run", f"{FLOWS}:total")
    assert "\\u2192" in program("journal", program.uid()).stdout


def test_a_reader_of_stderr_that_goes_away_does_not_stop_the_run(program, gate):
    process = program.begin("run", f"{FLOWS}:held", "-p", f"address={gate.address}")
    waiting = gate.next()
    process.stderr.close()
    waiting.go()
    assert json.loads(process.stdout.read()) == ["wait0"]
    assert process.wait() == 0


class Terminal:
    """A call on a terminal, and what is seen there."""

    def __init__(self, program, *arguments, **environ):
        kept = {key: value for key, value in program.environ.items() if key != "NO_COLOR"}
        self._ours, theirs = pty.openpty()
        self.process = subprocess.Popen(
            [COMMAND, *arguments], stdin=theirs, stdout=theirs, stderr=theirs, cwd=program.folder,
            env={**kept, "COLUMNS": "120", "LINES": "40", **environ},
        )  # fmt: skip
        os.close(theirs)
        self.seen = ""

    def until(self, pattern):
        """Read until it is seen."""
        while not re.search(pattern, self.seen, re.DOTALL):
            ready, _, _ = select.select([self._ours], [], [], TIMEOUT_S)
            assert ready, self.seen
            self.seen += os.read(self._ours, 65536).decode()

    def end(self):
        try:
            while part := os.read(self._ours, 65536):
                self.seen += part.decode()
        except OSError:  # the other side is closed
            pass
        os.close(self._ours)
        return self.process.wait(timeout=TIMEOUT_S)


def test_a_terminal_shows_counts_and_running_operations_live(program, gate):
    terminal = Terminal(program, "run", f"{FLOWS}:held", "-p", f"address={gate.address}", "-p", "count=2")
    first, second = gate.next(), gate.next()
    terminal.until(r"2 started|2 sent")
    terminal.until(r"\x1b\[36m +operation tests\.cli\.flows:wait +")
    first.go()
    second.go()
    assert terminal.end() == 0
    assert "\x1b[?25h" in terminal.seen, "the cursor is there again"
    assert "terminated" in terminal.seen


def test_a_terminal_shows_steps_that_did_not_succeed_above(program, tmp_path):
    terminal = Terminal(program, "run", f"{FLOWS}:patient", "-p", f"flag={tmp_path / 'flag'}")
    assert terminal.end() == 0
    assert "RecoverableError: not yet; again in 10 ms" in terminal.seen
    assert "succeeded\x1b[0m    operation" not in terminal.seen
    terminal = Terminal(program, "run", f"{FLOWS}:total", "-v")
    assert terminal.end() == 0
    assert "operation tests.cli.flows:add #2" in terminal.seen


@pytest.mark.parametrize(
    ("options", "environ"),
    [(["--no-progress"], {}), ([], {"CI": "true"}), ([], {"TERM": "dumb"}), ([], {"DURABLE_WF_PROGRESS": "no"})],
)
def test_plain_lines_where_a_terminal_is_not_wanted(program, options, environ):
    terminal = Terminal(program, "run", f"{FLOWS}:total", *options, **environ)
    assert terminal.end() == 0
    assert "\x1b[?25l" not in terminal.seen
    assert "operation tests.cli.flows:add" in terminal.seen


def test_colours_are_for_terminals_and_can_be_chosen(program):
    program("run", f"{FLOWS}:nothing")
    terminal = Terminal(program, "list")
    assert terminal.end() == 0
    assert "\x1b[32mterminated\x1b[0m" in terminal.seen
    for arguments, environ in ((["--color", "never"], {}), ([], {"NO_COLOR": "1"}), ([], {"TERM": "dumb"})):
        terminal = Terminal(program, "list", *arguments, **environ)
        assert terminal.end() == 0
        assert "\x1b[" not in terminal.seen
    assert "\x1b[32mterminated" in program("list", "--color", "always").stdout
    assert "\x1b[" not in program("list").stdout


def test_every_state_has_a_colour(capsys):
    out = Out(color="always")
    for state in X:
        assert out.state(str(state)) != str(state)


@pytest.mark.parametrize(
    ("microseconds", "text"),
    [(0, "0 ms"), (1_400, "1 ms"), (999_000, "999 ms"), (1_250_000, "1.2 s"), (59_400_000, "59 s"),
     (61_000_000, "1 min 1 s"), (3_720_000_000, "1 h 2 min"), (-5, "0 ms")],
)  # fmt: skip
def test_durations_are_short(microseconds, text):
    assert took(0, microseconds) == text


def test_text_of_others_is_made_harmless():
    assert clean("a\x1b[31mb\x00\n\tc") == "a\\x1b[31mb\\x00\n\tc"
    assert short("a\n  b\x07") == "a b\\x07"
    assert short("x" * 100, 10) == "x" * 9 + "…"
    assert short({"a": [1]}) == '{"a": [1]}'


def test_columns_ignore_the_width_of_colours():
    assert columns([("a", "b"), ("\x1b[32mlong\x1b[0m", "c")]) == ["a     b", "\x1b[32mlong\x1b[0m  c"]
    assert columns([]) == []


def test_the_module_runs_as_the_command_does(program):
    done = subprocess.run(
        [sys.executable, "-m", "durable_wf", "--version"],
        env=program.environ,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "durable-wf 0.1.0\n"
