"""Who runs an execution: two at once, a stopped one, a fenced one, a dead one whose child lives (L4)."""

import os
import signal

import pytest

from durable_wf.journal.sqlite import open_journal
from durable_wf.model.rows import Changes, ExecutionMove
from durable_wf.model.states import EXECUTION, X
from tests.crash import held
from tests.crash.kit import alive, catches, until
from tests.means import in_a_pid_namespace
from tools.crash.judge import dump

pytestmark = pytest.mark.crash

LINE = f"{held.__name__}:line"
TERMINATED = EXECUTION.code(X.TERMINATED)


def run_and_kill(commands, gate, workflow=LINE, **parameters):
    """An execution whose runner was killed while it was inside its first operation that waits."""
    runner = commands.run(workflow, address=gate.address, **parameters)
    waiting = gate.next()
    assert waiting.pid == runner.pid
    runner.kill()
    waiting.gone()


def state(commands):
    with commands.reading() as reader:
        return reader.executions()[0].state


def finish(gate, *labels):
    for label in labels:
        waiting = gate.next()
        assert waiting.label == label
        waiting.go()


def test_L4_of_two_resumes_at_once_one_runs_and_the_other_says_who(commands, gate):
    run_and_kill(commands, gate)
    both = {one.pid: one for one in (commands.resume(), commands.resume())}
    waiting = gate.next()
    winner = both.pop(waiting.pid)
    (loser,) = both.values()
    said = loser.ended(8)
    assert str(winner.pid) in said, said
    waiting.go()
    finish(gate, "two")
    winner.ended(0)
    assert state(commands) == TERMINATED


def test_L4_a_stopped_runner_is_killed_by_a_take_over_and_writes_nothing_afterwards(commands, gate):
    runner = commands.run(LINE, address=gate.address)
    first = gate.next()
    os.kill(runner.pid, signal.SIGSTOP)
    commands.resume().ended(8)
    other = commands.resume("--take-over")
    waiting = gate.next()
    assert waiting.pid == other.pid
    runner.ended(-signal.SIGKILL)
    first.gone()
    waiting.go()
    finish(gate, "two")
    other.ended(0)
    fences = [row.fence for row in commands.transitions()]
    assert fences == sorted(fences)
    assert set(fences) == {1, 2}


def test_L4_a_live_runner_whose_fence_was_raised_under_it_writes_nothing_more_and_stops(commands, gate):
    runner = commands.run(LINE, address=gate.address)
    waiting = gate.next()
    other = open_journal(commands.journal)
    with other.turn() as turn:
        row = turn.execution(1)
        moved = ExecutionMove(
            row.state, row.fence + 1, row.owner_json, row.started_us, row.ended_us, row.ended_seq, row.report, row.id
        )
        turn.apply(Changes(execution_moves=[moved]))
    other.close()
    before = dump(commands.journal)
    waiting.go()
    said = runner.ended(8)
    assert "taken over" in said, said
    assert dump(commands.journal) == before


def test_L4_a_live_runner_whose_byte_a_plugin_has_closed_is_shut_out_by_the_fence(commands, gate, tmp_path):
    marker = str(tmp_path / "closed")
    runner = commands.run(f"{held.__name__}:loses_its_byte", address=gate.address, marker=marker)
    first = gate.next()
    other = commands.resume()
    waiting = gate.next()
    assert waiting.pid == other.pid
    assert alive(runner.pid)
    first.go()
    runner.ended(8)
    waiting.go()
    other.ended(0)
    fences = [row.fence for row in commands.transitions()]
    assert fences == sorted(fences)


def test_an_owner_that_was_killed_while_its_forked_child_lives_is_taken_for_dead(commands, gate, tmp_path):
    marker = str(tmp_path / "forked")
    runner = commands.run(f"{held.__name__}:forking", address=gate.address, marker=marker)
    both = {one.label: one for one in (gate.next(), gate.next())}
    runner.process.kill()
    both["parent"].gone()
    assert alive(both["child"].pid)
    other = commands.resume()
    finish(gate, "parent")
    other.ended(0)
    assert alive(both["child"].pid)
    assert state(commands) == TERMINATED
    both["child"].go()


def test_an_owner_in_another_pid_namespace_is_not_taken_for_dead(commands, gate):
    runner = commands.run(LINE, inside=in_a_pid_namespace(), address=gate.address)
    waiting = gate.next()
    assert waiting.pid != runner.pid, "it does not know its pid out here"
    commands.resume().ended(8)
    waiting.go()
    finish(gate, "two")
    runner.ended(0)
    assert state(commands) == TERMINATED


def test_sigterm_lets_it_lie_down_and_a_resume_goes_on(commands, gate):
    runner = commands.run(LINE, address=gate.address)
    waiting = gate.next()
    until(lambda: catches(runner.pid, signal.SIGTERM))
    runner.process.terminate()
    runner.says(f"durable-wf resume {commands.uid()}")
    waiting.go()  # what runs is waited for
    runner.ended(143)
    assert state(commands) == EXECUTION.code(X.INTERRUPTED)
    other = commands.resume()
    finish(gate, "two")
    other.ended(0)
    assert state(commands) == TERMINATED
