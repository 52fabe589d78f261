"""Rows against transitions: each rule is broken once, in a journal whose hash chains are whole.

The damage is written through turns, so that the chain covers it and only the rule itself can notice.
"""

import shutil

import pytest

from durable_wf.journal import consistency
from durable_wf.journal.rules import GUARD_OF
from durable_wf.journal.sqlite import open_journal
from durable_wf.model.rows import AttemptMove, Changes, Subject, TaskMove
from durable_wf.model.states import TE, XE
from tests.journal import kit
from tests.journal.kit import AT, transition
from tests.journal.test_verify import problems_of, tamper

SUPERSEDED, HANDED_OUT = list(TE).index(TE.SUPERSEDED), list(TE).index(TE.HANDED_OUT)
STARTED, RETURNED, TOLD = (list(XE).index(event) for event in (XE.STARTED, XE.RETURNED, XE.TOLD))


@pytest.fixture
def running(store):
    """An execution with one task that has ended."""
    journal = store.open()
    kit.start(journal, tasks=1)
    kit.run_task(journal, 1)
    assert list(journal.verify()) == []
    return journal


def write(journal, **changes):
    with journal.turn() as turn:
        turn.apply(Changes(**changes))


def found(journal):
    return [(one.check, one.text, one.seq) for one in journal.audit()]


def test_L1_an_ended_attempt_that_changes_is_noticed(running):
    """Its task may be superseded; the attempt may not become another."""
    write(
        running,
        task_moves=[TaskMove(7, 1, 0, 0, None, 3, 1, 1)],
        transitions=[
            transition(1, 4, Subject.TASK, 1, source=5, target=7, event=SUPERSEDED, attempt=1, attempt_target=4)
        ],
    )
    assert found(running) == [("L1", "seq 4: attempt 1 of task 1 had ended as 'succeeded' (L1)", 4)]


def test_L1_an_ended_task_that_changes_by_another_event_than_a_resumes_is_noticed(running):
    write(
        running,
        task_moves=[TaskMove(7, 1, 0, 0, None, 3, 1, 1)],
        transitions=[transition(1, 4, Subject.TASK, 1, source=5, target=7, event=HANDED_OUT)],
    )
    assert found(running) == [("L1", "seq 4: task 1 had ended as 'succeeded' (L1)", 4)]


def test_L1_a_resumes_own_event_is_allowed(running):
    write(
        running,
        task_moves=[TaskMove(7, 1, 0, 0, None, 3, 1, 1)],
        transitions=[transition(1, 4, Subject.TASK, 1, source=5, target=7, event=SUPERSEDED)],
    )
    assert found(running) == []


def test_L1_no_machine_leaves_an_ended_state_by_another_event():
    for guard in GUARD_OF.values():
        machine = guard.machine
        leaving = {row.event for row in machine.rows if row.source in machine.ended}
        assert leaving <= consistency.OF_A_RESUME, guard.table


def test_L4_a_transition_of_a_stale_runner_is_noticed(running):
    row = running.executions()[0]
    write(running, execution_moves=[kit.execution_move(row, fence=2)], transitions=[transition(1, 4, fence=2)])
    assert found(running) == []
    write(running, transitions=[transition(1, 5, fence=1, target=2, event=TOLD), transition(1, 6, fence=2)])
    assert found(running) == [("L4", "seq 5: written with fence 1, after one with fence 2 (L4)", 5)]


def test_L4_a_fence_that_the_execution_never_had_is_noticed(running):
    write(running, transitions=[transition(1, 4, fence=3), transition(1, 5, fence=3)])
    assert found(running) == [("L4", "seq 4: written with fence 3, but its row has fence 0 (L4)", 4)]


def test_L4_an_attempt_of_another_fence_than_its_transition_is_noticed(store):
    journal = store.open()
    row = kit.start(journal, tasks=1)
    with journal.turn() as turn:
        changes = kit.hand_out(turn, 1)
        changes.execution_moves = [kit.execution_move(row, fence=1)]
        changes.attempts = [changes.attempts[0]._replace(fence=1)]
        turn.apply(changes)
    assert found(journal) == [("L4", "attempt 1 of task 1 has fence 1, and was handed out with fence 0 (L4)", 2)]


def test_L2_an_attempt_that_no_transition_made_is_noticed(store):
    journal = store.open()
    kit.start(journal, tasks=1)
    with journal.turn() as turn:
        changes = kit.hand_out(turn, 1)
        changes.transitions.insert(0, transition(1, turn.seq))
        changes.transitions[1] = changes.transitions[1]._replace(seq=turn.seq + 1)
        turn.apply(changes)
    assert found(journal) == [("L2", "attempt 1 of task 1 was made at seq 2, where no transition is (L2)", 2)]


def test_L2_a_task_that_counts_too_many_attempts_is_noticed(running):
    write(running, task_moves=[TaskMove(5, 2, 0, 0, None, 3, 1, 1)])
    assert found(running) == [("L2", "task 1 has 1 attempts and counts 2 (L2)", 3)]


def test_L2_a_task_that_points_to_anothers_outcome_is_noticed(running):
    write(running, task_moves=[TaskMove(5, 1, 0, 0, None, 1, 1, 1)])
    assert found(running) == [("L2", "task 1 has no transition at seq 1 (L2)", 1)]


def test_L2_transitions_of_what_is_not_there_are_noticed(running):
    write(running, transitions=[transition(1, 4, Subject.TASK, 9, target=0, event=HANDED_OUT)])
    assert found(running) == [("L2", "task 9 has transitions and no row (L2)", 4)]


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"started_us": AT}, f"its row says that it began at {AT} µs, its transitions say {AT + 4} µs"),
        ({"ended_us": AT}, f"its row says that it ended at {AT} µs, its transitions say {AT + 5} µs"),
    ],
)
def test_an_execution_whose_times_are_not_its_transitions_is_noticed(running, values, text):
    moved = {"state": 9, "started_us": AT + 4, "ended_us": AT + 5, "ended_seq": 5, **values}
    row = running.executions()[0]
    write(
        running,
        execution_moves=[kit.execution_move(row, state=3, started_us=AT), kit.execution_move(row, **moved)],
        transitions=[
            transition(1, 4, source=2, target=3, event=STARTED),
            transition(1, 5, source=3, target=9, event=RETURNED),
        ],
    )
    assert found(running) == [("times", text, 5)]


def test_a_clock_that_was_set_back_is_no_damage(running):
    """seq orders; times are for people (L9 waits by boot time)."""
    moved = {"state": 9, "started_us": AT, "ended_us": AT - 10**9, "ended_seq": 5}
    row = running.executions()[0]
    write(
        running,
        execution_moves=[kit.execution_move(row, state=3, started_us=AT), kit.execution_move(row, **moved)],
        transitions=[
            transition(1, 4, source=2, target=3, event=STARTED, at_us=AT),
            transition(1, 5, source=3, target=9, event=RETURNED, at_us=AT - 10**9),
        ],
    )
    assert found(running) == []


@pytest.fixture
def damaged(tmp_path):
    """A file to be damaged past every guard."""
    with_rows = tmp_path / "original.db"
    journal = open_journal(with_rows, durability="process")
    kit.fill(journal)
    journal.close()
    return shutil.copy(with_rows, tmp_path / "journal.db")


@pytest.mark.parametrize(
    ("table", "values", "text"),
    [
        ("attempt", "ended_us = NULL", "disagrees with began_us"),
        ("attempt", "state = 1, began_us = NULL, ended_us = NULL", "disagrees with began_us"),
        ("execution", "started_us = NULL", "disagrees with started_us"),
        ("task", "ended_seq = NULL", "without ended_seq"),
    ],
)
def test_a_row_whose_times_disagree_with_its_state_is_noticed(damaged, table, values, text):
    """SQLite's own check does not look at the CHECKs of every table."""
    row = "id = 1" if table == "execution" else f"execution = 1 AND {'task' if table == 'attempt' else 'no'} = 1"
    assert tamper(damaged, f"UPDATE {table} SET {values} WHERE {row}") == 1
    assert any(text in problem for problem in problems_of(damaged, [1]))
    assert problems_of(damaged, [2]) == []


def test_the_first_of_many_problems_is_always_among_those_that_are_told(store):
    """Tasks are looked at by number; the first bad seq is that of the last task."""
    journal = store.open()
    kit.start(journal, tasks=40)
    for number in range(40, 0, -1):
        with journal.turn() as turn:
            changes = kit.hand_out(turn, number)
            changes.transitions = [changes.transitions[0]._replace(event=2)]
            turn.apply(changes)
    told = list(journal.audit())
    assert len(told) == 21
    assert told[-1].text == "and 20 more"
    assert min(one.seq for one in told) == 2


def test_an_attempt_that_moves_alone_is_followed(running):
    with running.turn() as turn:
        task = kit.task(2, turn.seq)
        turn.apply(Changes(tasks=[task], transitions=[transition(1, turn.seq)]))
    with running.turn() as turn:
        turn.apply(kit.hand_out(turn, 2))
    write(
        running,
        attempt_moves=[AttemptMove(3, AT, AT, 1, 2, 1)],
        transitions=[
            transition(1, 6, Subject.ATTEMPT, 2, source=0, target=3, event=1, attempt=1, attempt_target=3),
        ],
    )
    assert found(running) == []
