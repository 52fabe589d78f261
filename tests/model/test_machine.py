"""State machines as tables: what is refused when they are made, and that an illegal event changes nothing."""

from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durable_wf.errors import IllegalTransition
from durable_wf.model.machine import Machine, Row
from durable_wf.model.states import ATTEMPT, EXECUTION, GRAPH, MACHINES, TASK, A, T, X


class S(StrEnum):
    NEW = "new"
    BUSY = "busy"
    DONE = "done"


class E(StrEnum):
    TAKEN = "taken"
    ENDED = "ended"


TAKEN, ENDED = Row(S.NEW, E.TAKEN, S.BUSY, "why"), Row(S.BUSY, E.ENDED, S.DONE, "why")


def machine(*rows, initial=S.NEW, ended=frozenset({S.DONE})):
    return Machine("toy", initial, ended, rows)


def test_a_table_that_holds_together_is_taken():
    """States, events, edges and codes are read off it."""
    toy = machine(TAKEN, ENDED)
    assert toy.next(S.NEW, E.TAKEN) is S.BUSY
    assert toy.states == tuple(S)
    assert toy.events == tuple(E)
    assert toy.edges == ((S.NEW, S.BUSY), (S.BUSY, S.DONE))
    assert [toy.code(state) for state in S] == [0, 1, 2]


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        ((TAKEN, ENDED, Row(S.NEW, E.TAKEN, S.DONE, "")), "toy: two rows for one (source, event): new/taken"),
        ((Row(S.NEW, E.ENDED, S.DONE, ""), ENDED), "toy: unreachable states: busy"),
        ((Row(S.NEW, E.ENDED, S.DONE, ""),), "toy: unreachable states: busy"),
        (
            (Row(S.NEW, E.TAKEN, S.BUSY, ""), Row(S.NEW, E.ENDED, S.DONE, "")),
            "toy: states without a way to an end: busy",
        ),
    ],
    ids=["duplicate", "unreachable", "in no row", "no end"],
)
def test_a_table_that_does_not_is_refused_when_it_is_made(rows, text):
    """So a bad table cannot be imported, and cannot ship."""
    with pytest.raises(ValueError, match="toy") as caught:
        machine(*rows)
    assert str(caught.value) == text


def test_deleting_a_row_that_leads_on_is_refused():
    """Each machine of the engine that has one way into a state breaks without it."""
    for one in MACHINES:
        ways = [row.target for row in one.rows]
        only = [row for row in one.rows if ways.count(row.target) == 1 and row.target is not one.initial]
        for row in only:
            rest = tuple(other for other in one.rows if other is not row)
            with pytest.raises(ValueError, match=r"unreachable|without a way"):
                Machine(one.name, one.initial, one.ended, rest or (Row(row.target, row.event, row.target, ""),))


@pytest.mark.parametrize("one", MACHINES, ids=lambda one: one.name)
def test_every_pair_is_either_in_the_table_or_refused(one):
    """`next` and `allows` agree; the error names machine, state and event."""
    rows = {(row.source, row.event): row.target for row in one.rows}
    for state in one.states:
        for event in one.events:
            assert one.allows(state, event) is ((state, event) in rows)
            if one.allows(state, event):
                assert one.next(state, event) is rows[state, event]
                continue
            with pytest.raises(IllegalTransition) as caught:
                one.next(state, event)
            assert (caught.value.machine, caught.value.state, caught.value.event) == (one.name, state, event)


@pytest.mark.parametrize(
    ("one", "by_a_person"), [(EXECUTION, {"reopened"}), (TASK, {"reset", "superseded"}), (ATTEMPT, set())]
)
@given(data=st.data())
def test_L1_no_event_but_a_persons_leaves_an_ended_state(one, by_a_person, data):
    """An ended attempt never changes; a task or execution only by a person's resume."""
    state = one.initial
    for event in data.draw(st.lists(st.sampled_from(one.events), max_size=30)):
        if not one.allows(state, event):
            continue
        ended = state in one.ended
        state = one.next(state, event)
        assert not ended or event in by_a_person


def test_codes_are_the_order_of_the_members():
    """They stand in journals: members may be appended, never moved."""
    assert [(EXECUTION.code(state), str(state)) for state in (X.SCHEDULED, X.STARTED, X.CANCELLED)] == [
        (0, "scheduled"), (3, "started"), (11, "cancelled"),
    ]  # fmt: skip
    assert [TASK.code(state) for state in T] == list(range(8))
    assert [str(state) for state in A] == [
        "sent", "started", "unknown", "succeeded", "failed", "rescheduled", "timed_out", "cancelled"
    ]  # fmt: skip


def test_every_row_says_why():
    """It becomes the documentation."""
    assert [row for one in MACHINES for row in one.rows if len(row.why.split()) < 3] == []


def test_a_graph_that_succeeded_is_not_resumed():
    """Only what failed or was cancelled goes on."""
    sources = {row.source for row in GRAPH.rows if row.source in GRAPH.ended}
    assert sources == {state for state in GRAPH.ended if str(state) != "succeeded"}
