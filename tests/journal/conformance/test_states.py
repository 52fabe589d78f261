"""Both stores allow exactly the transitions of the tables, for every pair of states of every guarded machine."""

import pytest

from durable_wf.errors import JournalError
from durable_wf.journal.rules import ATTEMPT, EXECUTION, GRAPH, MODIFICATION, MODIFICATION_STEP, TASK
from durable_wf.model.deployed import ModificationMove, ModificationStep, ModificationStepMove
from durable_wf.model.rows import Attempt, AttemptMove, Changes, ExecutionMove, Graph, TaskMove
from tests.journal import kit

GUARDS = (EXECUTION, GRAPH, TASK, ATTEMPT, MODIFICATION, MODIFICATION_STEP)


def bring_to(journal, guard, state):
    with journal.turn() as turn:
        number = kit.new_row(guard, turn)
    for step in kit.path_to(guard, state):
        with journal.turn() as turn:
            turn.apply(kit.move(guard, number, step))
    return number


def is_accepted(journal, changes):
    try:
        with journal.turn() as turn:
            turn.apply(changes)
    except JournalError:
        return False
    return True


@pytest.mark.parametrize(
    ("guard", "old"),
    [
        pytest.param(guard, old, id=f"{guard.table}-{guard.machine.states[old]}")
        for guard in GUARDS
        for old in guard.codes
    ],
)
def test_a_store_allows_exactly_the_table(journal, guard, old):
    """A write that leaves the state as it is moves nothing, and is allowed."""
    kit.start(journal, tasks=1)
    accepted = {new for new in guard.codes if is_accepted(journal, kit.move(guard, bring_to(journal, guard, old), new))}
    assert accepted == {new for new in guard.codes if (old, new) in guard.edges or new == old}


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.table)
def test_a_state_that_no_table_has_is_refused(journal, guard):
    kit.start(journal, tasks=1)
    number = bring_to(journal, guard, guard.initial)
    for code in (-1, len(guard.codes), 64):
        assert not is_accepted(journal, kit.move(guard, number, code))


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.table)
def test_a_new_row_is_in_the_initial_state(journal, guard):
    kit.start(journal, tasks=1)
    with journal.turn() as turn:
        seq, number = turn.seq, turn.next_id("execution")
        turn.apply(Changes(transitions=[kit.transition(1, seq)]))
    for state in set(guard.codes) - {guard.initial}:
        began, ended = kit.times_of(guard, state)
        changes = {
            EXECUTION: Changes(
                executions=[
                    kit.execution(number, seq + 1, state=state, started_us=began, ended_us=ended, ended_seq=seq + 1)
                ]
            ),
            GRAPH: Changes(graphs=[Graph(1, 9, "/9", seq + 1, state)]),
            TASK: Changes(tasks=[kit.task(9, seq + 1, state=state, ended_seq=seq + 1)]),
            ATTEMPT: Changes(attempts=[Attempt(1, 1, 1, seq + 1, 0, state, began, ended)]),
            MODIFICATION: Changes(
                modifications=[kit.modification(9, seq + 1, state=state, ended_us=ended, ended_seq=seq + 1)]
            ),
            MODIFICATION_STEP: Changes(
                modification_steps=[ModificationStep(9, 1, 1, "apply", seq + 1, state, kit.AT, seq + 1)]
            ),
        }[guard]
        assert not is_accepted(journal, changes)


@pytest.mark.parametrize("state", EXECUTION.codes, ids=EXECUTION.machine.states)
def test_an_executions_state_agrees_with_its_times(journal, state):
    kit.start(journal)
    number = bring_to(journal, EXECUTION, state)
    began, ended = kit.times_of(EXECUTION, state)
    wrong_end = None if ended else kit.AT
    assert not is_accepted(
        journal, Changes(execution_moves=[ExecutionMove(state, 0, None, began, wrong_end, 1, None, number)])
    )
    needs_begin = EXECUTION.machine.states[state] in ("started", "paused", "terminated")
    unbegun = Changes(execution_moves=[ExecutionMove(state, 0, None, None, ended, 1, None, number)])
    assert is_accepted(journal, unbegun) is not needs_begin


@pytest.mark.parametrize("state", ATTEMPT.codes, ids=ATTEMPT.machine.states)
def test_an_attempts_state_agrees_with_its_times(journal, state):
    kit.start(journal)
    number = bring_to(journal, ATTEMPT, state)
    began, ended = kit.times_of(ATTEMPT, state)
    wrong_end = None if ended else kit.AT
    assert not is_accepted(journal, Changes(attempt_moves=[AttemptMove(state, began, wrong_end, 1, number, 1)]))
    name = ATTEMPT.machine.states[state]
    begun = Changes(attempt_moves=[AttemptMove(state, kit.AT, ended, 1, number, 1)])
    unbegun = Changes(attempt_moves=[AttemptMove(state, None, ended, 1, number, 1)])
    assert is_accepted(journal, begun) is (name != "sent")
    assert is_accepted(journal, unbegun) is (name != "started")


@pytest.mark.parametrize("state", ["succeeded", "failed"])
def test_an_ended_task_says_where_its_outcome_is(journal, state):
    kit.start(journal)
    number = bring_to(journal, TASK, TASK.machine.states.index(state))
    changes = Changes(task_moves=[TaskMove(TASK.machine.states.index(state), 1, 0, 0, None, None, 1, number)])
    assert not is_accepted(journal, changes)


def test_several_moves_of_a_new_row_in_one_turn_are_each_looked_at(journal):
    kit.start(journal)
    with journal.turn() as turn:
        changes = kit.hand_out(turn, 1)
        changes.tasks.append(kit.task(1, turn.seq))
        changes.task_moves.append(TaskMove(5, 1, 0, 0, None, turn.seq, 1, 1))
        turn.apply(changes)
    assert journal.history(1).tasks[0].state == 5
    skipping = Changes(task_moves=[TaskMove(0, 1, 0, 0, None, 1, 1, 1), TaskMove(5, 1, 0, 0, None, 1, 1, 1)])
    assert not is_accepted(journal, skipping)


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.table)
def test_a_row_that_is_not_there_cannot_move(journal, guard):
    kit.start(journal)
    assert not is_accepted(journal, kit.move(guard, 77, guard.initial))


@pytest.mark.parametrize("state", MODIFICATION.codes, ids=MODIFICATION.machine.states)
def test_a_modifications_state_agrees_with_its_end(journal, state):
    kit.start(journal)
    number = bring_to(journal, MODIFICATION, state)
    wrong_end = None if state in MODIFICATION.ended else kit.AT
    wrong = Changes(modification_moves=[ModificationMove(state, wrong_end, wrong_end and 1, 0, number)])
    assert not is_accepted(journal, wrong)


@pytest.mark.parametrize("state", MODIFICATION_STEP.codes, ids=MODIFICATION_STEP.machine.states)
def test_a_step_of_a_modification_says_where_it_was_done(journal, state):
    kit.start(journal)
    number = bring_to(journal, MODIFICATION_STEP, state)
    wrong = (None, None) if state in MODIFICATION_STEP.ended else (kit.AT, 1)
    assert not is_accepted(journal, Changes(modification_step_moves=[ModificationStepMove(state, *wrong, number)]))
