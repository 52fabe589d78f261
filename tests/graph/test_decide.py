"""The core's decisions in small: what it is told, and the commands it gives."""

import pytest

from durable_wf.codec import decode
from durable_wf.errors import EngineBug, IllegalTransition
from durable_wf.graph.build import GraphBuild
from durable_wf.model.commands import Answer, Arm, Cause, HandOut, Over
from durable_wf.model.events import Asked, Begins, Begun, Due, Gets, Raised, Returned, Said, Stops
from durable_wf.model.protocol import Logged, PropertyChange
from durable_wf.model.rows import Kind, Request
from durable_wf.model.states import GE, TE, XE, X
from tests.graph.kit import NOW, SECOND, Bench, ended, graph, spec, sub

ERROR = {"type": "tests:Own", "message": "own", "arguments": [], "traceback": "", "causes": []}


def answers(commands):
    """Only the answers."""
    return [command for command in commands if isinstance(command, Answer)]


def out(commands):
    """Numbers of the tasks that are handed out."""
    return [command.no for command in commands if isinstance(command, HandOut)]


# ------------------------------------------------------------------------------------------------------------- graphs


def test_a_chain_is_handed_out_one_by_one():
    """A task starts in the turn in which what it waits for has succeeded (L3)."""
    bench, (a, b) = Bench(), (spec("a"), spec("b"))
    assert bench.turn(graph(a, b, edges=[(b, a)])) == (HandOut(1, 1),)
    assert bench.turn(ended(1)) == (HandOut(2, 1),)
    (answer,) = bench.turn(ended(2))
    assert answer == Answer(0, None, (), bench.seq - 1)
    assert bench.graph_states() == {1: "succeeded"}


def test_effects_and_subgraphs_need_no_worker():
    """They end in the commit of the turn that frees them; a hub and a no-op too."""
    bench, outer = Bench("web"), sub("outer")
    inside = spec("event", outer, kind=Kind.EVENT, event="hello", event_type="workflow_stage")
    state = spec("state", outer, kind=Kind.SET_STATE, target="web", state="started")
    commands = bench.turn(graph(outer, sub("empty"), inside, state, spec("nop", kind=Kind.NOP)))
    assert answers(commands) == list(commands)
    assert set(bench.states().values()) == {"succeeded"}
    assert bench.storage.rows["web"].state == "started"
    assert [event.message for event in bench.pen.changes.events] == ["hello"]


def test_an_effect_that_cannot_be_had_fails():
    """The instance is gone: a failure like any other."""
    bench = Bench()
    (answer,) = bench.turn(graph(spec("", kind=Kind.SET_STATE, target="gone", state="x")))
    assert answer.failed == (1,)
    assert "gone" in answer.causes[0].detail_json


def test_a_failure_lets_other_branches_go_on_and_holds_back_what_waits_for_it():
    """Independent branches end; dependents never start; execute() shows the failure with its cause (§4.4)."""
    bench, (a, b, c, d) = Bench(), (spec(name) for name in "abcd")
    bench.turn(graph(a, b, c, d, edges=[(c, a), (d, b)]))
    assert bench.turn(ended(1, error="boom")) == (Arm(("graph", 1), 600 * SECOND),)
    assert bench.turn(ended(2)) == (HandOut(4, 1),)
    (answer,) = bench.turn(ended(4))
    detail = bench.core.run.tasks[1].detail
    assert answer == Answer(0, None, (1,), bench.seq - 1, (Cause(1, "a", "", a.request, detail),))
    assert bench.states() == {"a": "failed", "b": "succeeded", "c": "pending", "d": "succeeded"}
    assert bench.core.run.notes == {1: bench.core.run.tasks[1].ended_seq}


def test_the_members_of_a_failed_subgraph_that_run_are_waited_for_and_no_other_starts():
    """Unlike the reference, nothing runs unwatched."""
    bench, box = Bench(), sub("box")
    a, b, c, after = spec("a", box), spec("b", box), spec("c", box), spec("after")
    bench.turn(graph(box, a, b, c, after, edges=[(after, box)]))
    assert bench.turn(ended(a.no, error="boom")) == ()
    assert bench.states() == {"box": "started", "a": "failed", "b": "sent", "c": "pending", "after": "pending"}
    (*_, answer) = bench.turn(ended(b.no))
    assert answer.failed == (a.no,)
    assert bench.states()["box"] == "failed"


def test_a_failure_beside_a_running_subgraph_stops_it_too():
    """What is not yet begun of an inner subgraph does not begin once its outer one has failed."""
    bench, outer = Bench(), sub("outer")
    inner = sub("inner", outer)
    first, second, beside = spec("first", inner), spec("second", inner), spec("beside", outer)
    bench.turn(graph(outer, inner, first, second, beside, edges=[(second, first)]))
    bench.turn(ended(beside.no, error="boom"))
    (*_, answer) = bench.turn(ended(first.no))
    assert answer.failed == (beside.no,)
    assert bench.states() == {
        "outer": "failed", "inner": "failed", "first": "succeeded", "second": "pending", "beside": "failed"
    }  # fmt: skip


def test_an_inner_subgraph_whose_members_all_ended_well_has_ended_well():
    """Its outer one failed, it did not."""
    bench, outer = Bench(), sub("outer")
    inner = sub("inner", outer)
    only, beside = spec("only", inner), spec("beside", outer)
    bench.turn(graph(outer, inner, only, beside))
    bench.turn(ended(beside.no, error="boom"))
    bench.turn(ended(only.no))
    assert bench.states() == {"outer": "failed", "inner": "succeeded", "only": "succeeded", "beside": "failed"}


def test_what_waits_for_a_task_that_a_failed_subgraph_never_starts_never_starts():
    """An edge out of the subgraph must not make execute() wait for ever."""
    bench, box = Bench(), sub("box")
    a, b, outside = spec("a", box), spec("b", box), spec("outside")
    bench.turn(graph(box, a, b, outside, edges=[(b, a), (outside, b)]))
    (answer,) = bench.turn(ended(a.no, error="boom"))
    assert answer.failed == (a.no,)
    assert bench.states() == {"box": "failed", "a": "failed", "b": "pending", "outside": "pending"}


def test_a_subgraph_with_a_member_behind_a_failure_outside_of_it_fails():
    """Its other members run; it cannot end well any more, and says whose failure it is."""
    bench, box = Bench(), sub("box")
    outside, behind, other = spec("outside"), spec("behind", box), spec("other", box)
    bench.turn(graph(box, behind, other, outside, edges=[(behind, outside)]))
    bench.turn(ended(outside.no, error="boom"))
    assert bench.states()["box"] == "started"
    (answer,) = bench.turn(ended(other.no))
    assert answer.failed == (outside.no,)
    assert bench.states() == {"box": "failed", "behind": "pending", "other": "succeeded", "outside": "failed"}


def test_wait_after_fail_ends_the_graph_while_tasks_run():
    """execute() returns; what runs is let run, nothing else starts, and its late failure changes nothing of the end."""
    bench, (a, b, c) = Bench(), (spec("a"), spec("b", retries=5), spec("c"))
    bench.turn(graph(a, b, c, edges=[(c, b)], wait_after_fail_s=5.0))
    assert bench.turn(ended(1, error="boom")) == (Arm(("graph", 1), 5 * SECOND),)
    bench.later(4)
    assert bench.turn(Due(("graph", 1))) == (), "a timer that comes too early is not believed"
    bench.later(1)
    (answer,) = bench.turn(Due(("graph", 1)))
    assert answer.failed == (1,)
    assert bench.turn(ended(2, error="late")) == ()
    assert bench.states() == {"a": "failed", "b": "rescheduled", "c": "pending"}
    assert bench.core.run.graphs["g.1"].failed == (1,)


def test_an_endless_wait_after_fail_is_no_failure_of_ours():
    """It is brought into bounds, as a retry's wait is."""
    bench = Bench()
    bench.turn(graph(spec("a"), spec("b"), wait_after_fail_s=float("inf")))
    (arm,) = bench.turn(ended(1, error="boom"))
    assert 0 < arm.delay_us < 2**63


def test_the_function_does_not_end_before_what_a_graph_left_running():
    """TERMINATED says that everything it asked for has ended."""
    bench = Bench()
    bench.turn(graph(spec("a"), spec("b"), wait_after_fail_s=0.0))
    bench.turn(ended(1, error="boom"))
    bench.turn(Due(("graph", 1)))
    assert bench.turn(Returned(None)) == ()
    assert bench.turn(ended(2, error="late")) == (Over(X.TERMINATED),)


def test_a_second_execute_behind_an_earlier_failure_is_told_its_cause():
    """Tasks behind a failure of an earlier execute never start and are reported with it; others run."""
    bench = Bench()
    a, b = spec("a"), spec("b")
    build = GraphBuild("g")
    bench.turn(graph(a, b, edges=[(b, a)], build=build))
    bench.turn(ended(1, error="boom"))
    behind, free = spec("behind"), spec("free")
    again = graph(behind, free, edges=[(behind, b)], build=build)
    assert bench.turn(again) == (Arm(("graph", 2), 600 * SECOND), HandOut(free.no, 1))
    (answer,) = bench.turn(ended(free.no))
    assert answer.failed == (1,)
    assert answer.causes[0].name == "a"


def test_a_second_execute_may_wait_for_what_the_first_left_running():
    """Edges reach into earlier executes: what still runs is waited for, what will never start is a failure."""
    bench = Bench()
    a, b, left = spec("a"), spec("b"), spec("left")
    build = GraphBuild("g")
    bench.turn(graph(a, b, left, edges=[(left, b)], build=build, wait_after_fail_s=0.0))
    bench.turn(ended(1, error="boom"))
    bench.turn(Due(("graph", 1)))
    after_b, after_left = spec("after b"), spec("after left")
    bench.turn(graph(after_b, after_left, edges=[(after_b, b), (after_left, left)], build=build))
    assert bench.states()["after b"] == "pending"
    assert bench.turn(ended(2)) == (HandOut(after_b.no, 1),)
    (answer,) = bench.turn(ended(after_b.no))
    assert answer.failed == (1,)


# ------------------------------------------------------------------------------------------------------ standard mode


def test_standard_mode_answers_the_get_that_waits():
    """A get of what has ended is answered in the same turn."""
    bench, (a, b) = Bench(), (spec("a"), spec("b"))
    assert bench.turn(Asked(a), Asked(b)) == (HandOut(1, 1), HandOut(2, 1))
    assert bench.turn(Gets(b), ended(1, result_json="7")) == ()
    assert answers(bench.turn(ended(2)))[0].no == 2
    assert answers(bench.turn(Gets(a)))[0].detail_json == '{"result":7}'


def test_a_failed_attempt_is_decided_by_the_get_that_fetches_it():
    """Until then its outcome stands with the attempt alone; the wait before the retry runs from the decision."""
    bench, (a, b) = Bench(), (spec("a", retries=1), spec("b"))
    bench.turn(Asked(a), Asked(b), Gets(b))
    assert bench.turn(ended(1, error="boom")) == ()
    assert bench.states()["a"] == "started"
    bench.later(100)
    assert bench.turn(Gets(a)) == (Arm(("task", 1), 10 * SECOND),)
    assert decode(bench.core.run.tasks[1].detail)["due"][1] == bench.now.boot_us + 10 * SECOND


def test_a_get_that_waits_decides_at_once():
    """The failure for good is shown, and where the function was is noted."""
    bench, a = Bench(), spec("a")
    bench.turn(Asked(a), Gets(a))
    (answer,) = bench.turn(ended(1, error="boom"))
    assert answer.failed == (1,)
    assert bench.core.run.notes == {1: answer.seq}


def test_the_functions_return_decides_what_nobody_fetched():
    """Retries are waited for; a failure that nobody fetched is the execution's (§1.6)."""
    bench, (a, b) = Bench(), (spec("a", retries=1), spec("b"))
    bench.turn(Asked(a), Asked(b))
    bench.turn(ended(1, error="boom"))
    assert bench.turn(Returned(None)) == (Arm(("task", 1), 10 * SECOND),)
    assert bench.turn(ended(2, error="bang")) == ()
    bench.later(10)
    assert bench.turn(Due(("task", 1))) == (HandOut(1, 2),)
    assert bench.turn(ended(1, 2, error="boom")) == (Over(X.FAILED),)
    detail = decode(bench.pen.changes.transitions[-1].detail_json)
    assert detail["ended_by"] == [1, 2], "all of them ended it, and a resume resets them all"
    assert detail["error"]["message"] == "boom"


def test_a_function_that_raises_decides_nothing_and_starts_nothing():
    """What runs is waited for; its failure stays undecided, and what was not handed out stays where it is."""
    bench, (a, b, c) = Bench(), (spec("a"), spec("b"), spec("c"))
    bench.turn(Asked(a), Asked(b), Asked(c))
    assert bench.turn(Raised(ERROR)) == ()
    assert bench.turn(ended(1, error="boom")) == ()
    assert bench.turn(ended(2)) == (Over(X.FAILED),)
    assert bench.states() == {"a": "started", "b": "succeeded", "c": "pending"}
    assert decode(bench.pen.changes.transitions[-1].detail_json) == {"error": ERROR, "ended_by": [], "cut_seq": None}


def test_asking_again_wins_over_the_interval():
    """`ctx.operation.retry(retry_after=…)` ends the attempt as rescheduled."""
    bench, a = Bench(), spec("a", retries=1)
    bench.turn(Asked(a), Gets(a))
    assert bench.turn(ended(1, error="not yet", again=True, retry_after_s=0.5)) == (Arm(("task", 1), SECOND // 2),)
    assert bench.story[-1] == ("task", 1, TE.RETRY)


def test_a_retry_after_that_is_no_number_leaves_the_interval():
    """A plugin's nonsense is not the scheduler's failure."""
    bench, a = Bench(), spec("a", retries=3)
    bench.turn(Asked(a), Gets(a))
    assert bench.turn(ended(1, error="boom", retry_after_s="soon")) == (Arm(("task", 1), 10 * SECOND),)


def test_the_view_begins_at_the_seq_of_the_start():
    """`Begins` is answered with it; a refresh moves it to its own seq."""
    bench, refresh = Bench(), spec("", kind=Kind.REFRESH)
    assert bench.turn(Begins()) == (Answer(0, None, (), 2),)
    (answer,) = bench.turn(Asked(refresh), Gets(refresh))
    assert answer.seq == bench.core.run.tasks[1].ended_seq == bench.seq - 1


# --------------------------------------------------------------------------------------------------- workers, stopping


def test_what_must_not_be_repeated_is_handed_out_to_free_workers_only():
    """A window wider than the workers holds only what may be repeated; nothing is lost from the queue."""
    bench = Bench(workers=2, window=4)
    asks = [spec(name, on_unknown="ask") for name in "abc"]
    assert out(bench.turn(*map(Asked, asks), *(Asked(spec(name)) for name in "xyz"))) == [1, 2, 4, 5]
    assert out(bench.turn(ended(1))) == [3]
    assert out(bench.turn(ended(2), ended(3), ended(4))) == [6]


def test_an_attempt_begins_once():
    """A worker's begin becomes `started`; one that is late or told again changes nothing."""
    bench, a = Bench(), spec("a")
    bench.turn(Asked(a))
    bench.turn(Begun(1, 1, NOW.wall_us), Begun(1, 1, NOW.wall_us), Begun(1, 7, NOW.wall_us), Begun(9, 1, NOW.wall_us))
    assert bench.story.count(("task", 1, TE.BEGAN)) == 1
    bench.turn(ended(1))
    assert bench.turn(Begun(1, 1, NOW.wall_us), ended(1), ended(1, 2)) == ()
    assert bench.story[-1] == ("task", 1, TE.SUCCEEDED)


def test_a_graceful_stop_takes_back_what_has_not_begun_and_lets_the_rest_end():
    """Nothing new is handed out; with the last outcome it lies down."""
    bench, (a, b, c) = Bench(), (spec("a"), spec("b"), spec("c"))
    bench.turn(Asked(a), Asked(b), Asked(c))
    assert bench.turn(Stops([(2, 1)])) == ()
    assert bench.turn(ended(1)) == (Over(X.INTERRUPTED),)
    assert bench.states() == {"a": "succeeded", "b": "pending", "c": "pending"}
    assert bench.story[-1] == ("execution", 1, XE.LAID_DOWN)
    assert bench.turn(ended(2)) == (), "it has a runner no more"


def test_a_stop_takes_back_only_the_attempt_it_names():
    """One that ended in the same turn, or has begun, is no longer to be had."""
    bench, a = Bench(), spec("a")
    bench.turn(Asked(a))
    bench.turn(Begun(1, 1, NOW.wall_us), Stops([(1, 1), (1, 2), (5, 1)]))
    assert bench.states() == {"a": "started"}


# -------------------------------------------------------------------------------------------------------------- others


def test_properties_and_outcome_are_one_turns_changes():
    """L7: and the property comes before the outcome that it belongs to."""
    bench, a = Bench("web"), spec("a", target="web")
    bench.turn(Asked(a))
    bench.turn(ended(1, changes={"web": [PropertyChange("port", ..., 80)]}))
    assert bench.storage.rows["web"].runtime_properties_json == '{"port":80}'
    assert [row.seq for row in bench.pen.changes.instances] == [bench.seq - 2]
    assert bench.states() == {"a": "succeeded"}


@pytest.mark.parametrize("how", [{"error": "no"}, {"error": "not yet", "again": True}], ids=["failed", "again"])
def test_L7_what_an_attempt_that_did_not_succeed_has_changed_is_kept(how):
    """What it had made so far is there; the next attempt reads it."""
    bench, a = Bench("web"), spec("a", retries=1)
    bench.turn(Asked(a), Gets(a))
    bench.turn(ended(1, changes={"web": [PropertyChange("disk", ..., "made")]}, **how))
    assert bench.states() == {"a": "rescheduled"}
    assert [row.runtime_properties_json for row in bench.pen.changes.instances] == ['{"disk":"made"}']


@pytest.mark.parametrize("instance", ["web", "gone"])
def test_a_conflict_of_properties_fails_the_attempt_and_writes_none_of_them(instance):
    """It names key and values, and may be tried again."""
    bench, a = Bench("web", "db"), spec("a", retries=1)
    bench.turn(Asked(a), Gets(a))
    changes = {"db": [PropertyChange("x", ..., 1)], instance: [PropertyChange("port", 1, 2)]}
    assert bench.turn(ended(1, changes=changes)) == (Arm(("task", 1), 10 * SECOND),)
    assert bench.pen.changes.instances == []
    assert instance in decode(bench.core.run.tasks[1].detail)["error"]["message"]


def test_logs_and_unknown_requests_change_no_state():
    """They are events; the request is taken, so that it does not come again."""
    bench = Bench()
    line = Logged(NOW.wall_us, "info", "hello", "workflow_log")
    bench.turn(Said(None, None, [line]), Request(7, 1, "dance", None, None, "me", NOW.wall_us, None))
    assert bench.pen.changes.events[0].message == "hello"
    assert bench.pen.changes.taken == [7]
    assert bench.pen.changes.transitions == []


def test_a_graphs_end_and_its_tasks_are_told_in_order():
    """Each transition has its own seq, without gaps."""
    bench, a = Bench(), spec("a")
    bench.turn(graph(a))
    bench.turn(ended(1))
    assert bench.story == [
        ("execution", 1, XE.STARTED),
        ("graph", 1, GE.STARTED),
        ("task", 1, TE.HANDED_OUT),
        ("task", 1, TE.SUCCEEDED),
        ("graph", 1, GE.SUCCEEDED),
    ]


def test_an_illegal_move_is_refused_and_nothing_has_changed():
    """The table is asked before anything is written."""
    bench, a = Bench(), spec("a")
    bench.turn(Asked(a))
    task, seq = bench.core.run.tasks[1], bench.pen.seq
    before = len(bench.pen.changes.transitions)
    with pytest.raises(IllegalTransition, match="task: no transition from 'sent' on 'came_due'"):
        bench.pen.task(task, TE.CAME_DUE)
    assert (bench.states()["a"], bench.pen.seq, len(bench.pen.changes.transitions)) == ("sent", seq, before)
    bench.turn(graph(spec("b")))
    with pytest.raises(IllegalTransition, match="tasks_graph: no transition from 'started' on 'resumed'"):
        bench.pen.graph(bench.core.run.graphs["g.1"], GE.RESUMED)
    assert bench.graph_states() == {1: "started"}


def test_a_wait_that_nothing_can_end_is_a_bug_of_ours():
    """It is said at once, by name; nobody waits for ever."""
    bench, a = Bench(), spec("a")
    bench.turn(Asked(a))
    bench.core.run.in_flight.clear()
    with pytest.raises(EngineBug, match="waits for task 1"):
        bench.turn(Gets(a))
