"""The coverage of transitions tells what is missing, what is listed for nothing, and what is no row."""

from durable_wf.model.states import MACHINES
from tests.coverage_of_transitions import NOT_TAKEN, compare

ROWS = {(one.name, str(row.source), str(row.event)) for one in MACHINES if one.guarded for row in one.rows}
TAKEN = ROWS - NOT_TAKEN.keys()


def test_exactly_the_rows_that_are_not_listed_must_be_taken():
    """Then nothing is told."""
    assert compare(TAKEN) == []


def test_a_row_that_no_test_takes_is_told():
    """With what to do about it."""
    row = ("task", "pending", "handed_out")
    assert compare(TAKEN - {row}) == [f"no test takes the row {row}; write one, or say why not in NOT_TAKEN"]


def test_a_row_that_is_listed_and_taken_is_told(monkeypatch):
    """A list that may rot is no list."""
    row = ("attempt", "sent", "timed_out")
    assert compare(TAKEN | {row}) == [f"a test takes the row {row}, which NOT_TAKEN lists"]
    monkeypatch.setitem(NOT_TAKEN, ("task", "no", "row"), "because")
    assert compare(TAKEN) == ["NOT_TAKEN lists ('task', 'no', 'row'), which is no row"]


def test_each_exception_has_its_reason():
    """A row without one would be forgotten."""
    assert [row for row, why in NOT_TAKEN.items() if len(why.split()) < 2] == []
