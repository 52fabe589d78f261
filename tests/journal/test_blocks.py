"""Blocks of rows write and move exactly what single statements do."""

from itertools import pairwise

import pytest

from durable_wf.errors import JournalError
from durable_wf.journal.blocks import SIZES, Blocks
from durable_wf.journal.tables import TABLES
from durable_wf.model.rows import Changes, TaskMove
from tests.journal import kit

SENT, PENDING = 1, 0
LARGE, SMALL = SIZES

pytestmark = [kit.BY_EITHER, pytest.mark.usefixtures("driven")]  # each counts changed rows in its own way


def moves(count, **values):
    return [TaskMove(SENT, no, 0, 0, no * 7, None, 1, no)._replace(**values) for no in range(1, count + 1)]


@pytest.mark.parametrize(
    "count", [1, 2, SMALL - 1, SMALL, SMALL + 1, LARGE, LARGE + SMALL + 3, 2 * LARGE + 2 * SMALL + 1]
)
def test_as_many_rows_as_there_are_each_with_its_own_values(sqlite, count):
    """Whatever number of blocks and single rows that takes."""
    journal = sqlite.open()
    row = kit.start(journal, tasks=count)
    assert [task.no for task in journal.history(row.id).tasks] == list(range(1, count + 1))
    with journal.turn() as turn:
        turn.apply(Changes(task_moves=moves(count), transitions=[kit.transition(1, turn.seq)]))
    found = [(task.no, task.state, task.attempts, task.not_before_us) for task in journal.history(row.id).tasks]
    assert found == [(no, SENT, no, no * 7) for no in range(1, count + 1)]


@pytest.mark.parametrize("count", [SMALL - 1, SMALL, LARGE + SMALL + 3])
def test_rows_that_become_the_same_move_together(sqlite, count):
    """With others between them, and one that is there twice."""
    journal = sqlite.open()
    kit.start(journal, tasks=count)
    alike = moves(count, attempts=4, not_before_us=None)
    found = [*alike, *alike[-3:], alike[0]._replace(attempts=5), *alike[1:]]
    with journal.turn() as turn:
        turn.apply(Changes(task_moves=found, transitions=[kit.transition(1, turn.seq)]))
    assert [task.attempts for task in journal.history(1).tasks] == [5, *[4] * (count - 1)]
    assert {(task.state, task.not_before_us) for task in journal.history(1).tasks} == {(SENT, None)}


def test_a_row_that_moves_twice_ends_at_the_later_move(sqlite):
    """A block has no order, so those rows go one by one, and each move is checked."""
    journal = sqlite.open()
    kit.start(journal, tasks=SMALL)
    with journal.turn() as turn:
        turn.apply(
            Changes(
                task_moves=[*moves(SMALL), *moves(SMALL, state=PENDING, attempts=9)],
                transitions=[kit.transition(1, turn.seq)],
            )
        )
    assert {(task.state, task.attempts) for task in journal.history(1).tasks} == {(PENDING, 9)}


def test_a_row_of_a_block_that_is_not_there_is_noticed(sqlite):
    journal = sqlite.open()
    kit.start(journal, tasks=SMALL)

    def move_one_more():
        with journal.turn() as turn:
            turn.apply(Changes(task_moves=moves(SMALL + 1)[1:], transitions=[kit.transition(1, turn.seq)]))

    with pytest.raises(JournalError, match=r"task: 1 row\(s\) to move are not there"):
        move_one_more()
    assert {task.state for task in journal.history(1).tasks} == {PENDING}


def test_a_block_is_one_statement():
    """Fewest statements first: each size is tried while that many rows are left."""

    class Counting:
        rowcount = 1

        def __init__(self):
            self.rows = []

        def execute(self, sql, parameters):
            assert sql.count("?") == len(parameters)
            self.rows.append(len(parameters) // len(TABLES["task_dependency"].columns))
            return self

        def executemany(self, sql, found):
            self.rows += [1 for row in found if sql.count("?") == len(row)]
            return self

    connection = Counting()
    found = [(1, no, no + 1, 1) for no in range(2 * LARGE + SMALL + 2)]
    Blocks(TABLES["task_dependency"]).write(connection, found)
    assert connection.rows == [LARGE, LARGE, SMALL, 1, 1]
    assert all(one >= other for one, other in pairwise(connection.rows))
