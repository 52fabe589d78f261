"""Questions to both stores."""

import pytest

from durable_wf.journal.rules import EXECUTION
from durable_wf.model.rows import Changes, Dependency, ExecutionMove, Node, Outcome, Subject, TaskMove
from tests.journal import kit


def test_executions_come_newest_first(journal):
    for _ in range(3):
        kit.start(journal)
    assert [row.id for row in journal.executions()] == [3, 2, 1]


def test_executions_are_chosen_by_state_and_deployment(journal):
    deployment = kit.deploy(journal)
    kit.start(journal)
    kit.start(journal, deployment=deployment.id)
    kit.start(journal, deployment=deployment.id)
    with journal.turn() as turn:
        turn.apply(Changes(execution_moves=[ExecutionMove(3, 1, None, kit.AT, None, None, None, 3)]))
    assert [row.id for row in journal.executions(states=[EXECUTION.initial])] == [2, 1]
    assert [row.id for row in journal.executions(deployment=deployment.id)] == [3, 2]
    assert [row.id for row in journal.executions(states={3, 8}, deployment=deployment.id)] == [3]
    assert journal.executions(states=[]) == []


@pytest.mark.parametrize(
    ("typed", "expected"),
    [("ab", ["ab", "abc", "abd"]), ("abc", ["abc"]), ("abcd", []), ("", ["%_", "ab", "abc", "abd"]), ("%", ["%_"])],
)
def test_a_shortened_uid_finds_what_begins_with_it(journal, typed, expected):
    for uid in ("abd", "abc", "%_", "abx"):
        kit.start(journal, uid=uid)
    if typed == "ab":
        expected = ["abc", "abd", "abx"]
    if not typed:
        expected = ["%_", "abc", "abd", "abx"]
    assert [row.uid for row in journal.find_execution(typed)] == expected


def test_an_exact_uid_comes_alone(journal):
    kit.start(journal, uid="abc")
    kit.start(journal, uid="ab")
    assert [row.uid for row in journal.find_execution("ab")] == ["ab"]


def test_a_shortened_uid_that_fits_many_shows_a_few(journal):
    for number in range(30):
        kit.start(journal, uid=f"x{number:02}")
    assert 1 < len(journal.find_execution("x")) < 30


def test_the_history_has_what_a_replay_needs(journal):
    kit.start(journal, tasks=4)
    kit.start(journal, tasks=2)
    kit.run_task(journal, 2)
    with journal.turn() as turn:
        turn.apply(kit.hand_out(turn, 3))
        turn.apply(
            Changes(
                dependencies=[Dependency(1, 4, 3, turn.seq), Dependency(1, 4, 2, turn.seq)],
                transitions=[kit.transition(1, turn.seq, Subject.GRAPH)],
            )
        )
    kit.run_task(journal, 1, execution=2)
    history = journal.history(1)
    assert [(task.no, task.state) for task in history.tasks] == [(1, 0), (2, 5), (3, 1), (4, 0)]
    assert [(row.task, row.number) for row in history.attempts] == [(3, 1)], "only of tasks in doubt"
    assert history.outcomes == [Outcome(2, 4, int(Subject.TASK), 3, '{"result":1}')]
    assert [(row.seq, row.subject) for row in history.transitions] == [(1, 0), (6, 1)]
    assert [(row.task, row.on) for row in history.dependencies] == [(4, 2), (4, 3)]
    assert history.last_seq == 8
    assert [row.seq for row in journal.transitions(1)] == [1, 3, 4, 5, 6]
    assert [row.seq for row in journal.transitions(1, since=4)] == [5, 6]


def test_an_outcome_without_a_detail_is_left_out(journal):
    kit.start(journal, tasks=1)
    with journal.turn() as turn:
        seq = turn.seq
        turn.apply(
            Changes(
                task_moves=[TaskMove(5, 0, 0, 0, None, seq, 1, 1)],
                transitions=[kit.transition(1, seq, Subject.TASK, 1, source=0, target=5, event=3)],
            )
        )
    assert journal.history(1).outcomes == []


def test_the_topology_is_read_as_it_was_at_any_seq(journal):
    deployment = kit.deploy(journal, instances=3)
    born = journal.last_seq()
    before = journal.instances(deployment.id)
    with journal.turn() as turn:
        changed = before[0]._replace(state="started", revision=2, version=2, seq=turn.seq)
        gone = before[1]._replace(gone=1, revision=2, seq=turn.seq)
        node = Node(deployment.id, "node", '{"new":1}', turn.seq, 0)
        added = Node(deployment.id, "also", "{}", turn.seq, 0)
        turn.apply(Changes(instances=[changed, gone], nodes=[node, added], transitions=[kit.transition(0, turn.seq)]))
    moved = journal.last_seq()
    with journal.turn() as turn:
        again = changed._replace(state="stopped", revision=3, version=3, seq=turn.seq)
        turn.apply(
            Changes(instances=[again], nodes=[added._replace(gone=1, seq=turn.seq)],
                    transitions=[kit.transition(0, turn.seq)])
        )  # fmt: skip
    assert journal.instances(deployment.id) == [again, before[2]]
    assert journal.instance(deployment.id, again.name) == again
    assert journal.instance(deployment.id, gone.name) is None
    assert journal.instances(deployment.id, at=moved) == [changed, before[2]]
    assert journal.instances(deployment.id, at=born) == before
    assert journal.instances(deployment.id, at=0) == []
    assert [row.name for row in journal.nodes(deployment.id)] == ["node"]
    assert [row.name for row in journal.nodes(deployment.id, at=moved)] == ["also", "node"]
    assert [row.body_json for row in journal.nodes(deployment.id, at=born)] == ["{}"]
    assert list(journal.verify()) == []


def test_two_versions_of_one_instance_may_come_from_one_turn(journal):
    deployment = kit.deploy(journal)
    with journal.turn() as turn:
        first = turn.instance(deployment.id, "node_1")._replace(state="a", host="h", revision=2, seq=turn.seq)
        second = first._replace(state="b", host=None, revision=3, seq=turn.seq + 1)
        turn.apply(
            Changes(
                instances=[first, second],
                transitions=[kit.transition(0, turn.seq), kit.transition(0, turn.seq + 1)],
            )
        )
    assert journal.instances(deployment.id)[0] == second
    assert journal.instances(deployment.id, at=first.seq)[0] == first
    assert list(journal.verify()) == []


def test_deployments_come_by_name_and_blueprints_by_id(journal):
    kit.deploy(journal, "b", instances=1)
    gone = kit.deploy(journal, "c")
    kit.deploy(journal, "a")
    with journal.turn() as turn:
        turn.apply(
            Changes(deployments=[gone._replace(gone=1, seq=turn.seq)], transitions=[kit.transition(0, turn.seq)])
        )
    assert [row.name for row in journal.deployments()] == ["a", "b"]
    assert [row.id for row in journal.blueprints()] == [1, 2, 3]


def test_an_empty_journal_has_no_answers(journal):
    assert journal.executions() == []
    assert journal.deployments() == []
    assert journal.blueprints() == []
    assert journal.instances(1) == journal.instances(1, at=5) == []
    assert journal.transitions(1) == journal.events(1) == []
    assert journal.last_seq() == 0
    assert list(journal.verify()) == []


def test_the_newest_transition_up_to_a_seq_or_a_time_is_found(journal):
    kit.fill(journal)
    transitions = journal.transitions(1)
    assert len(transitions) > 2
    middle = transitions[1]
    assert journal.latest(1, seq=middle.seq) == journal.latest(1, at_us=middle.at_us) == middle
    assert journal.latest(1, seq=transitions[0].seq - 1) is None
    assert journal.latest(1, at_us=transitions[0].at_us - 1) is None
    of_it = [row for row in transitions if row.subject == Subject.EXECUTION]
    assert journal.latest(1, seq=journal.last_seq(), subject=int(Subject.EXECUTION)) == of_it[-1]
    assert journal.latest(99, seq=journal.last_seq()) is None


def test_instances_are_counted_by_deployment_node_and_state(journal):
    first, second = kit.deploy(journal, "a", instances=3), kit.deploy(journal, "b", instances=1)
    with journal.turn() as turn:
        one, other, _ = journal.instances(first.id)
        changed = [
            one._replace(state="started", revision=2, seq=turn.seq),
            other._replace(gone=1, revision=2, seq=turn.seq),
        ]
        turn.apply(Changes(instances=changed, transitions=[kit.transition(0, turn.seq)]))
    assert journal.node_counts() == {one.id: len(journal.nodes(one.id)) for one in (first, second)}
    left = journal.instances(first.id)[1]
    (only,) = journal.instances(second.id)
    assert journal.counts() == sorted(
        [
            (first.id, one.node, "started", 1),
            (first.id, left.node, left.state, 1),
            (second.id, only.node, only.state, 1),
        ]
    )


def test_the_last_execution_of_each_deployment_is_found(journal):
    deployment = kit.deploy(journal)
    with journal.turn() as turn:
        made = [
            kit.execution(number, turn.seq + index, deployment=of)
            for index, (number, of) in enumerate([(1, None), (2, deployment.id), (3, deployment.id), (4, None)])
        ]
        turn.apply(Changes(executions=made, transitions=[kit.transition(row.id, row.seq, no=row.id) for row in made]))
    assert journal.last_executions() == [made[2]]
