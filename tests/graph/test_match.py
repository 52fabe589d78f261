"""Replay: what the function asks for is found in the journal, or shown in two columns."""

import random

import pytest

from durable_wf.codec import decode
from durable_wf.errors import NonDeterministicWorkflow
from durable_wf.graph.match import argument_differences, describe
from durable_wf.model.rows import Kind
from tests.graph.kit import spec
from tests.laws.programs import Ask, Execute, Get, Op, Program, Sub
from tests.laws.simulator import World, run_on, run_to_end


def interrupted(program, *, turns=2):
    """A world whose runner died after some turns; its operations were handed out and have not ended."""
    world = World(program)
    runner = world.start(workers=9, window=9)
    for _ in range(turns):
        runner.turn()
    runner.die()
    return world


def resumed(world, program, **options):
    """A resume with another program."""
    world.program = program
    return run_on(world.resume(**options))


def report(world):
    """The two columns that a refusal left in the journal."""
    lines = [[part.strip() for part in f"{line}|".split("|")[:2]] for line in (world.row.report or "").splitlines()]
    assert lines[0] == ["journal says", "code does"]
    return tuple([line[column] for line in lines[1:] if line[column]] for column in (0, 1))


A, B, C = Op(1, "a"), Op(2, "b"), Op(3, "c")
PLAIN = Program((Ask(A), Ask(B), Get(1), Get(2)))


@pytest.mark.parametrize(
    ("code", "columns"),
    [
        ((Ask(A), Ask(C), Get(1), Get(3)), (["operation b"], ["operation c"])),
        ((Ask(A), Get(1)), (["operation b"], [])),
        ((), (["operation a", "operation b"], ["(the function ends)"])),
    ],
    ids=["another task", "a task less", "nothing"],
)
def test_code_that_asks_for_something_else_is_refused_with_two_columns(code, columns):
    """And nothing changes but what the claim wrote and the report; put back, it completes."""
    world = interrupted(PLAIN)
    before = world.journal.stored("transition", 1), world.journal.stored("task", 1)
    runner = resumed(world, Program(tuple(code)))
    assert isinstance(runner.gone, NonDeterministicWorkflow)
    assert report(world) == columns
    (interruption,) = world.journal.stored("transition", 1)[len(before[0]) :]
    assert interruption.fence == 2
    assert world.journal.stored("task", 1) == before[1]
    assert str(world.state) == "interrupted"
    run_to_end(world, _put_back(world))
    assert str(world.state) == "terminated"
    assert world.row.report is None
    assert not list(world.journal.verify())


def _put_back(world):
    world.program = PLAIN
    return world.resume()


def test_a_task_more_beyond_the_history_is_no_difference():
    """What it asks for after everything that the journal remembers is new."""
    world = interrupted(PLAIN)
    runner = resumed(world, Program((Ask(A), Ask(B), Ask(C), Get(1), Get(2), Get(3))))
    assert str(world.state) == "terminated"
    assert decode(runner.world.journal.stored("transition", 1)[-1].detail_json)["result"][-1] == ["c", 3]


GRAPH = Program((Execute("g", 0, (A, Sub("box", (B,)), C), ((3, 0),)),))


@pytest.mark.parametrize(
    ("code", "columns"),
    [
        (Execute("g", 0, (A, Sub("box", (B,)), C), ()), (["operation c after operation a"], [])),
        (Execute("g", 0, (A, Sub("box", (B,)), C), ((3, 0), (3, 1))), ([], ["operation c after subgraph box"])),
        (Execute("g", 0, (A, B, Sub("box", ()), C), ((3, 0),)), (["operation b in box"], ["operation b"])),
        (
            Execute("g", 0, (A, Sub("crate", (B,)), C), ((3, 0),)),
            (["subgraph box", "operation b in box"], ["subgraph crate", "operation b in crate"]),
        ),
        (
            Execute("h", 0, (A, Sub("box", (B,)), C), ((3, 0),)),
            (
                ["operation a", "subgraph box", "operation c", "operation b in box", "execute g.1"],
                ["operation a", "subgraph box", "operation c", "operation b in box"],
            ),
        ),
    ],
    ids=["an edge less", "an edge more", "out of the subgraph", "another subgraph", "another graph"],
)
def test_graphs_are_compared_as_sets_of_keys_and_edges(code, columns):
    """The same tasks with other edges, or in another place, are another graph."""
    world = interrupted(GRAPH)
    resumed(world, Program((code,)))
    assert tuple(map(sorted, report(world))) == tuple(map(sorted, columns))


def test_an_empty_execute_is_remembered_too():
    """A graph without tasks counts in the order of executes."""
    world = interrupted(Program((Execute("g", 0, ()), Ask(A), Get(1))))
    resumed(world, Program((Ask(A), Get(1))))
    assert report(world) == (["execute g.1"], ["operation a"])


def test_arguments_that_differ_are_told_and_the_journals_are_used():
    """A warning names each argument with both values; the stored request stays, and is what runs."""
    world = interrupted(PLAIN)
    stored = world.journal.stored("payload", 1)
    runner = resumed(world, Program((Ask(Op(7, "a", retries=2)), Ask(B), Get(7), Get(2))))
    assert str(world.state) == "terminated"
    assert world.journal.stored("payload", 1) == stored
    (warning,) = world.journal.events(1)
    assert warning.message == (
        "operation a: arguments differ from the journal's, which are used: "
        "kwargs.id: 1 → 7; policy.total_retries: 0 → 2"
    )
    assert runner.function.log == [["a", 1], ["b", 2]]


@pytest.mark.parametrize("seed", range(6))
def test_tasks_of_one_key_built_from_a_set_keep_their_results(seed):
    """Equal arguments are matched first, so that no result changes place with another order of building (row 21)."""
    same = tuple(Op(at, "same") for at in range(1, 7))
    world = World(Program((Execute("g", 0, same),)))
    first = world.start(workers=9, window=9)
    first.turn()
    first.turn()
    for no in (2, 5):
        first.finish(no)
    first.turn()
    first.die()
    begun = {no: world.begins[no] for no in range(1, 7)}
    run_to_end(world, world.resume(shuffle=random.Random(seed)))
    assert str(world.state) == "terminated"
    assert world.journal.events(1) == []
    assert {no: world.begins[no] - begun[no] for no in range(1, 7)} == {1: 1, 2: 0, 3: 1, 4: 1, 5: 0, 6: 1}


def test_one_argument_that_differs_among_many_of_one_key():
    """The equal ones take theirs; what is left takes what is left, in order."""
    same = tuple(Op(at, "same") for at in (1, 2, 3))
    world = interrupted(Program((Execute("g", 0, same),)))
    resumed(world, Program((Execute("g", 0, (Op(3, "same"), Op(9, "same"), Op(1, "same"))),)))
    assert str(world.state) == "terminated"
    assert [event.message.partition(": ")[0] for event in world.journal.events(1)] == ["operation same #2"]


def test_a_task_is_described_by_kind_name_target_and_number():
    """The number only where there are several."""
    world = interrupted(Program((Ask(Op(1, "a", target="i0")), Ask(Op(2, "a", target="i0")), Get(1))))
    runner = world.resume()
    assert [describe(task) for task in runner.core.run.tasks.values()] == ["operation a i0", "operation a i0 #2"]


@pytest.mark.parametrize(
    ("journal", "code", "found"),
    [
        (spec("a", x=1), spec("a", x=2), ["kwargs.x: 1 → 2"]),
        (spec("a", x={"y": [1]}), spec("a", x={"z": [1]}), ["kwargs.x.y: [1] → absent", "kwargs.x.z: absent → [1]"]),
        (spec("a", x=True), spec("a", x=1), ["kwargs.x: true → 1"]),
        (spec("a", x=None), spec("a"), ["kwargs.x: null → absent"]),
    ],
)
def test_differing_arguments_are_named_by_their_path(journal, code, found):
    """Values are compared and shown as JSON."""
    assert argument_differences(journal.request, code.request) == found


def test_only_what_is_left_is_shown_up_to_forty_lines():
    """A thousand differences are not a readable report."""
    many = tuple(Op(at, f"op{at}") for at in range(1, 100))
    world = interrupted(Program((Execute("g", 0, many),)))
    resumed(world, Program((Execute("g", 0, (Op(1, "other", kind=Kind.LOCAL),)),)))
    assert [len(column) for column in report(world)] == [40, 1]


def test_a_persons_resume_with_other_code_changes_nothing_either():
    """The execution stays failed, its cut is not written; with the code put back it completes."""
    failing = Program((Ask(Op(1, "a", script=("final",))), Ask(B), Get(2), Get(1)))
    world = World(failing)
    run_on(world.start())
    before = world.journal.stored("transition", 1), world.journal.stored("task", 1)
    resumed(world, Program((Ask(Op(1, "a", script=("final",))), Ask(C), Get(1))))
    assert report(world) == (["operation b"], ["operation c"])
    assert (world.journal.stored("transition", 1), world.journal.stored("task", 1)) == before
    assert str(world.state) == "failed"
    resumed(world, failing)
    assert str(world.state) == "terminated"


def test_a_report_is_taken_back_by_a_resume_that_matches():
    """Even where it can only ask the same questions as before."""
    asking = Program((Ask(Op(1, "a", on_unknown="ask")), Get(1)))
    world = interrupted(asking)
    resumed(world, Program((Ask(B), Get(2))))
    assert world.row.report
    assert resumed(world, asking).asks == (1,)
    assert world.row.report is None
    last = world.journal.last_seq()
    assert resumed(world, asking).asks == (1,)
    assert world.journal.last_seq() == last
