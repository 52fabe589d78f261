"""Turns of both stores: all or nothing, numbers that are given once, fences, inbox, ownership, news."""

import pytest

from durable_wf.errors import EngineBug, JournalError, NotFoundError
from durable_wf.model.rows import Changes, Payload, Subject, TaskMove
from tests.journal import kit


class Stop(Exception):
    pass


def test_what_a_turn_wrote_is_there_after_it(journal):
    row = kit.start(journal, tasks=2)
    history = journal.history(row.id)
    assert history.execution == row
    assert [task.no for task in history.tasks] == [1, 2]
    assert history.payloads == [Payload(1, 1, 1, '{"kwargs":{}}')]
    assert (history.last_seq, journal.last_seq()) == (1, 1)


def test_nothing_of_a_turn_that_raised_is_there(journal):
    def raise_late():
        with journal.turn() as turn:
            turn.apply(kit.hand_out(turn, 1))
            turn.apply(Changes(events=[kit.event()], requests=[kit.request()]))
            turn.next_id("execution")
            raise Stop

    kit.start(journal, tasks=1)
    with pytest.raises(Stop):
        raise_late()
    assert journal.history(1).tasks[0].state == 0
    assert (journal.last_seq(), journal.events(1)) == (1, [])
    with journal.turn() as turn:
        assert (turn.seq, turn.next_id("execution"), turn.inbox([1])) == (2, 2, [])
    assert list(journal.verify()) == []


def test_nothing_of_an_open_turn_is_seen_by_a_reader(store):
    journal, other = store.open(), store.open()
    kit.start(journal)
    with journal.turn() as turn:
        turn.apply(Changes(events=[kit.event()]))
        assert other.events(1) == []
    assert len(other.events(1)) == 1


def test_a_turn_that_was_refused_a_row_cannot_commit(journal):
    def go_on_all_the_same():
        with journal.turn() as turn:
            good = kit.hand_out(turn, 1)
            good.task_moves.append(TaskMove(3, 1, 0, 0, None, None, 1, 2))
            with pytest.raises(JournalError):
                turn.apply(good)

    kit.start(journal, tasks=2)
    with pytest.raises(EngineBug):
        go_on_all_the_same()
    assert [task.state for task in journal.history(1).tasks] == [0, 0]


def test_turns_do_not_nest(journal):
    with journal.turn(), pytest.raises(EngineBug, match="inside a turn"), journal.turn():
        pass
    kit.start(journal)


def test_seq_counts_what_was_applied_in_the_turn(journal):
    kit.start(journal, tasks=3)
    with journal.turn() as turn:
        assert turn.seq == 2
        turn.apply(kit.hand_out(turn, 1))
        assert turn.seq == 3
        turn.apply(kit.hand_out(turn, 2))
        assert turn.seq == 4
    assert [row.seq for row in journal.transitions(1)] == [1, 2, 3]
    assert list(journal.verify()) == []


@pytest.mark.parametrize("table", ["blueprint", "deployment", "node_instance", "execution"])
def test_L1_an_id_is_given_once(store, table):
    journal, other = store.open(), store.open()
    given = []
    for handle in (journal, other, other, journal):
        with handle.turn() as turn:
            given += [turn.next_id(table), turn.next_id(table)]
    assert given == list(range(1, 9))


def test_two_handles_go_on_from_each_others_numbers(store):
    journal, other = store.open(), store.open()
    kit.start(journal, tasks=4)
    for number, handle in enumerate((other, journal, journal, other), 1):
        with handle.turn() as turn:
            turn.apply(kit.hand_out(turn, number))
            turn.apply(Changes(events=[kit.event(message=str(number))]))
    assert [row.seq for row in journal.transitions(1)] == [1, 2, 3, 4, 5]
    assert [(row.id, row.message) for row in other.events(1)] == [(1, "1"), (2, "2"), (3, "3"), (4, "4")]
    assert list(journal.verify()) == []


def test_a_row_is_inserted_once(journal):
    kit.start(journal, tasks=1)
    for changes in (
        Changes(tasks=[kit.task(1, 2)]),
        Changes(payloads=[Payload(1, 1, 2, "{}")]),
        Changes(transitions=[kit.transition(1, 1)]),
        Changes(executions=[kit.execution(1, 2)]),
    ):
        with pytest.raises(JournalError), journal.turn() as turn:
            turn.apply(changes)


def test_a_row_may_not_claim_an_older_seq_than_its_turn(journal):
    """It would be looked for in a link of the hash chain that is closed."""
    kit.start(journal)
    with pytest.raises(EngineBug, match="seq"), journal.turn() as turn:
        turn.apply(Changes(payloads=[Payload(1, 2, 1, "{}")], transitions=[kit.transition(1, 2)]))


def test_a_row_may_not_claim_a_seq_that_no_transition_of_the_turn_has(journal):
    kit.start(journal)
    with pytest.raises(EngineBug, match="seq"), journal.turn() as turn:
        turn.apply(Changes(payloads=[Payload(1, 2, 3, "{}")], transitions=[kit.transition(1, 2)]))


def test_L4_fences_are_those_of_now(store):
    journal, other = store.open(), store.open()
    rows = [kit.start(journal), kit.start(journal)]
    with other.turn() as turn:
        turn.apply(Changes(execution_moves=[kit.execution_move(rows[1], fence=7)]))
    with journal.turn() as turn:
        assert turn.fences([1, 2]) == {1: 0, 2: 7}
        assert turn.fences([2]) == {2: 7}
        assert turn.fences([9]) == {}
        assert turn.execution(2) == rows[1]._replace(fence=7)
        assert turn.execution(9) is None


def test_the_inbox_gives_what_nobody_has_taken(store):
    journal, other = store.open(), store.open()
    kit.start(journal)
    kit.start(journal)
    with other.turn() as turn:
        turn.apply(Changes(requests=[kit.request(1, kind="a"), kit.request(2, kind="b"), kit.request(1, kind="c")]))
    with journal.turn() as turn:
        found = turn.inbox([1])
        assert [(row.id, row.kind) for row in found] == [(1, "a"), (3, "c")]
        assert [row.kind for row in turn.inbox([2, 1])] == ["a", "b", "c"]
        turn.apply(Changes(taken=[1], transitions=[kit.transition(1, turn.seq)]))
        assert [row.kind for row in turn.inbox([1, 2])] == ["b", "c"]
    with other.turn() as turn:
        assert [row.kind for row in turn.inbox([1])] == ["c"]
    assert list(journal.verify()) == []


@pytest.mark.parametrize("reason", [Stop, KeyboardInterrupt])
def test_what_a_turn_looked_at_before_is_seen_when_it_has_changed(store, reason):
    """A fence that has risen, a request in an inbox that was empty: by this handle, by another, not by what failed."""
    journal, other = store.open(), store.open()
    row = kit.start(journal)

    def look(handle):
        with handle.turn() as turn:
            return turn.fences([1])[1], [request.kind for request in turn.inbox([1])]

    assert look(journal) == look(other) == (0, [])
    for handle, fence, kind in ((journal, 1, "mine"), (other, 2, "theirs"), (journal, 3, "mine again")):
        with handle.turn() as turn:
            moved = Changes(execution_moves=[kit.execution_move(row, fence=fence)], requests=[kit.request(kind=kind)])
            turn.apply(moved)
            assert turn.fences([1]) == {1: fence}
            assert [request.kind for request in turn.inbox([1])][-1] == kind
    assert look(journal) == look(other) == (3, ["mine", "theirs", "mine again"])

    def fail():
        with journal.turn() as turn:
            turn.apply(Changes(execution_moves=[kit.execution_move(row, fence=9)], requests=[kit.request(kind="no")]))
            raise reason

    with pytest.raises(reason):
        fail()
    assert look(journal) == look(other) == (3, ["mine", "theirs", "mine again"])


def test_a_request_is_taken_once(journal):
    kit.start(journal)
    with journal.turn() as turn:
        turn.apply(Changes(requests=[kit.request()]))
    with journal.turn() as turn:
        turn.apply(Changes(taken=[1]))
    for number in (1, 2):
        with pytest.raises(JournalError), journal.turn() as turn:
            turn.apply(Changes(taken=[number]))


def test_a_request_with_a_known_key_is_the_first_one(journal):
    kit.start(journal)
    kit.start(journal)
    for kind in ("first", "second"):
        with journal.turn() as turn:
            requests = [kit.request(1, kind=kind, key="k"), kit.request(2, kind=kind, key="k")]
            turn.apply(Changes(requests=[*requests, kit.request(1, kind=kind)]))
    with journal.turn() as turn:
        assert [row.kind for row in turn.inbox([1])] == ["first", "first", "second"]
        assert [row.kind for row in turn.inbox([2])] == ["first"]


def test_events_are_numbered_by_the_store_in_their_order(journal):
    kit.start(journal)
    kit.start(journal)
    changes = Changes(events=[kit.event(1, "a"), kit.event(2, "b"), kit.event(1, "c")])
    with journal.turn() as turn:
        turn.apply(changes)
    assert [(row.id, row.message) for row in journal.events(1)] == [(1, "a"), (3, "c")]
    assert [(row.id, row.message) for row in journal.events(1, since=1)] == [(3, "c")]
    assert [row.id for row in changes.events] == [0, 0, 0]


def test_an_instance_is_as_the_turn_left_it(journal):
    deployment = kit.deploy(journal)
    with journal.turn() as turn:
        old = turn.instance(deployment.id, "node_1")
        new = old._replace(state="started", revision=2, seq=turn.seq)
        gone = turn.instance(deployment.id, "node_2")._replace(gone=1, revision=2, seq=turn.seq)
        turn.apply(Changes(instances=[new, gone], transitions=[kit.transition(0, turn.seq, Subject.NODE_INSTANCE)]))
        assert turn.instance(deployment.id, "node_1") == new
        assert turn.instance(deployment.id, "node_2") is None
    assert journal.instances(deployment.id) == [new]


def test_a_revision_never_goes_back(journal):
    deployment = kit.deploy(journal)
    stale = journal.instances(deployment.id)[0]._replace(revision=0, seq=2)
    with pytest.raises(JournalError), journal.turn() as turn:
        turn.apply(Changes(instances=[stale], transitions=[kit.transition(0, 2)]))


def test_two_deployments_of_one_name_are_refused_until_one_is_gone(journal):
    first = kit.deploy(journal)
    with pytest.raises(JournalError):
        kit.deploy(journal)
    with journal.turn() as turn:
        turn.apply(
            Changes(deployments=[first._replace(gone=1, seq=turn.seq)], transitions=[kit.transition(0, turn.seq)])
        )
    assert kit.deploy(journal).id == 2  # nothing of the refused turn is left, its numbers neither


def test_one_handle_owns_an_execution(store):
    journal, other = store.open(), store.open()
    assert not journal.owned(3)
    assert journal.own(3)
    assert journal.own(3)
    assert not other.own(3)
    assert other.own(4)
    assert [handle.owned(number) for handle in (journal, other) for number in (3, 4, 5)] == [True, True, False] * 2
    other.disown(3)
    assert other.owned(3), "only the owner gives it back"
    journal.disown(3)
    assert not other.owned(3)
    assert other.own(3)


def test_closing_gives_up_what_was_owned(store):
    journal, other = store.open(), store.open()
    assert journal.own(3)
    journal.close()
    assert not other.owned(3)


def test_changed_tells_of_others_commits_only(store):
    journal, other = store.open(), store.open()
    assert not journal.changed()
    kit.start(journal)
    assert not journal.changed()
    assert other.changed()
    assert not other.changed()
    kit.start(other)
    assert journal.changed()
    assert not journal.changed()


def test_changed_tells_of_a_commit_between_two_of_ours(store):
    journal, other = store.open(), store.open()
    kit.start(journal)
    assert not journal.changed()
    kit.start(other)
    kit.start(journal)
    assert journal.changed()


def test_where_nothing_was_lost_accepting_a_loss_changes_nothing(journal):
    kit.start(journal)
    journal.accept_loss()
    kit.start(journal)
    assert list(journal.verify()) == []


def test_both_handles_are_one_journal(store):
    assert store.open().id == store.open().id


def test_closing_twice_is_harmless(store):
    journal = store.open()
    journal.close()
    journal.close()


def test_an_execution_that_is_not_there_is_not_found(journal):
    with pytest.raises(NotFoundError):
        journal.history(1)
