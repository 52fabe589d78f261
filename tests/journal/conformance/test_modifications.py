"""Modifications in both stores: one at a time, read in order, and numbers of instances by version."""

import pytest

from durable_wf.errors import JournalError
from durable_wf.model.deployed import Scaling
from durable_wf.model.rows import Changes
from tests.journal import kit


@pytest.fixture
def deployed(journal):
    """A journal with a deployment and an execution."""
    deployment = kit.deploy(journal)
    kit.start(journal, deployment=deployment.id)
    return journal


def test_a_modification_and_its_steps_are_read_in_order(deployed):
    first = kit.start_modification(deployed)
    with deployed.turn() as turn:
        turn.apply(kit.finish_modification(turn, first))
    second = kit.start_modification(deployed)
    kit.deploy(deployed, "other")
    assert [row.uid for row in deployed.modifications()] == [first.uid, second.uid]
    assert [row.uid for row in deployed.modifications(1)] == [first.uid, second.uid]
    assert deployed.modifications(2) == []
    assert [(step.kind, step.state) for step in deployed.steps(1, first.id)] == [("apply", 1), ("finish", 1)]
    assert [(step.kind, step.state) for step in deployed.steps(1, second.id)] == [("apply", 1), ("finish", 0)]
    with deployed.turn() as turn:
        assert turn.modifications(1) == deployed.modifications(1)
        assert turn.steps(1, second.id) == deployed.steps(1, second.id)
    assert list(deployed.verify()) == []


def test_one_modification_of_a_deployment_is_started_at_a_time(deployed):
    kit.start_modification(deployed)
    with pytest.raises(JournalError):
        kit.start_modification(deployed)
    with deployed.turn() as turn:
        turn.apply(kit.finish_modification(turn, deployed.modifications()[0]))
    kit.start_modification(deployed)


def test_a_name_is_given_once(deployed):
    kit.start_modification(deployed)
    other = kit.deploy(deployed, "other")

    def again():
        with deployed.turn() as turn:
            row = kit.modification(9, turn.seq, deployment=other.id, uid="d_1")
            turn.apply(Changes(modifications=[row], transitions=[kit.transition(1, turn.seq)]))

    with pytest.raises(JournalError):
        again()


def test_numbers_of_instances_are_read_as_they_were(deployed):
    row = kit.start_modification(deployed)
    with deployed.turn() as turn:
        turn.apply(kit.finish_modification(turn, row))
    applied, finished = (step.done_seq for step in deployed.steps(1, row.id))
    assert deployed.scaling(1) == [Scaling(1, "node", 3, 3, finished, 0)]
    assert deployed.scaling(1, at=finished - 1) == [Scaling(1, "node", 2, 3, applied, 0)]
    assert deployed.scaling(1, at=row.seq - 1) == []


def test_a_turn_sees_all_that_is_shown_now_and_then(deployed):
    """What is gone is shown by its rows, now; and not at a seq. What the turn itself has applied counts."""
    before = deployed.last_seq()
    with deployed.turn() as turn:
        seq = turn.seq
        first, second = turn.shown(1).instances
        gone = first._replace(gone=1, revision=first.revision + 1, seq=seq)
        added = kit.instance(turn.next_id("node_instance"), seq)
        turn.apply(Changes(instances=[gone, added], transitions=[kit.transition(1, seq)]))
        now, then = turn.shown(1), turn.shown(1, at=before)
    assert now.instances == [gone, second, added]
    assert then.instances == [first, second]
    assert (now.nodes, now.deployment, now.scaling) == (then.nodes, then.deployment, [])


def test_L2_a_modification_that_its_transitions_do_not_give_is_noticed(deployed):
    row = kit.start_modification(deployed)
    with deployed.turn() as turn:
        changes = kit.finish_modification(turn, row)
        changes.transitions[1] = kit.transition(1, turn.seq + 1)
        turn.apply(changes)
    assert list(deployed.verify()) == ["deployment 1: modification d_1 is not what its transitions say (L2)"]


def test_L2_an_end_without_its_step_is_noticed(deployed):
    row = kit.start_modification(deployed)
    with deployed.turn() as turn:
        changes = kit.finish_modification(turn, row)
        changes.modification_step_moves.clear()
        changes.transitions[0] = kit.transition(1, turn.seq)
        turn.apply(changes)
    (problem,) = deployed.verify()
    assert problem == "deployment 1: modification d_1 is 'finished', and its steps that are done are: apply (L2)"


def test_L1_a_modification_that_had_ended_and_moves_is_noticed(deployed):
    row = kit.start_modification(deployed)
    with deployed.turn() as turn:
        turn.apply(kit.finish_modification(turn, row))
    with deployed.turn() as turn:
        said = kit.transition(1, turn.seq, kit.Subject.MODIFICATION, row.id, source=0, target=2, event=1)
        turn.apply(Changes(transitions=[said]))
    (problem,) = deployed.verify()
    assert problem.endswith("modification d_1 had ended already (L1)")
