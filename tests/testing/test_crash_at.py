"""`crash_at`: run, crash, resume, assert, as authors write it; and what it says where that cannot be."""

import pytest

from durable_wf.errors import UsageError
from durable_wf.model.states import MACHINES
from durable_wf.testing.crash import POINTS, Point

PLACES = ["memory", "file"]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    ("point", "n", "ran"),
    [
        ("after:task.sent", 2, "abc"),
        ("before:task.sent", 2, "abc"),
        ("before:task.succeeded", 2, "abbc"),
        ("after:task.succeeded", 2, "abc"),
        ("after:attempt.succeeded", 1, "abc"),
        ("after:execution.started", 1, "abc"),
        ("before:execution.terminated", 1, "abc"),
        ("after:execution.terminated", 1, "abc"),
    ],
)
def test_run_crash_resume_assert(inner, place, point, n, ran):
    ended = point == "after:execution.terminated"
    inner(f"""
@pytest.mark.wf_engine(journal="{place}")
def test_it(wf_engine, crash_at, assert_no_double_run):
    flows.RAN.clear()
    with crash_at("{point}", {n}) as crash:
        uid = wf_engine.start(flows.three)
        wf_engine.finish(uid)
    assert crash.died
    if {ended}:
        assert crash.restart().info(uid).state == "terminated"
    else:
        assert crash.restart().info(uid).state == "interrupted"
        assert crash.resume(uid) == "terminated"
    assert crash.restart().result(uid) == ["a", "b", "c"]
    assert "".join(flows.RAN) == "{ran}"
    assert_no_double_run(crash.restart(), uid)
""").assert_outcomes(passed=1)


def test_a_crash_before_the_execution_is_there_leaves_nothing(inner):
    inner("""
def test_it(wf_engine, crash_at):
    with crash_at("before:commit") as crash:
        wf_engine.start(flows.three)
    assert crash.restart().executions() == []
    with pytest.raises(Exception, match="0 executions"):
        crash.resume()
""").assert_outcomes(passed=1)


def test_the_engine_after_a_death_can_die_too(inner):
    inner("""
def test_it(wf_engine, crash_at):
    with crash_at("after:task.succeeded"):
        wf_engine.finish(wf_engine.start(flows.three))
    second = wf_engine.lab.new()
    (one,) = second.executions()
    with crash_at("after:task.succeeded") as crash:
        second.resume(one.id)
        second.finish(one.id)
    assert crash.resume() == "terminated"
""").assert_outcomes(passed=1)


def test_an_outcome_that_the_death_took_is_asked_about_where_the_operation_is_not_resumable(inner):
    inner("""
def test_it(wf_engine, crash_at, assert_no_double_run):
    flows.RAN.clear()
    with crash_at("before:task.succeeded") as crash:
        wf_engine.finish(wf_engine.start(flows.careful))
    assert crash.resume() == "interrupted"
    assert flows.RAN == ["a"]
    assert crash.resume(reset_operations=True) == "terminated"
    assert flows.RAN == ["a", "a", "b"]
    assert_no_double_run(crash.restart())
""").assert_outcomes(passed=1)


def test_a_point_that_is_not_passed_fails_the_test_and_says_what_was(inner):
    result = inner("""
def test_it(wf_engine, crash_at):
    with crash_at("after:task.rescheduled") as crash:
        wf_engine.finish(wf_engine.start(flows.three))
""")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*after:task.rescheduled was not passed 1 time(s)*task.succeeded ×3*"])


def test_what_a_test_asserts_before_the_death_is_not_swallowed(inner):
    result = inner("""
def test_it(wf_engine, crash_at):
    with crash_at("after:task.rescheduled") as crash:
        assert 1 == 2
""")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*assert 1 == 2*"])


def test_there_is_a_point_for_every_state_of_every_machine_and_for_the_commit():
    assert len(POINTS) == 1 + sum(len(machine.states) for machine in MACHINES)
    assert Point.parse("after:task.sent") == Point("task.sent", after=True)
    assert str(Point.parse("before:commit")) == "before:commit"


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("task.sent", "does not say when", "before:task.sent or after:task.sent"),
        ("at:task.sent", "no time to die", "before: or after:"),
        ("after:task.send", "no point 'task.send'", "task.sent"),
        ("after:exection.startd", "no point", "execution.started"),
        ("after:xyz", "no point", "a state of: execution"),
    ],
)
def test_a_point_that_there_is_not_is_refused_with_near_ones(text, message, hint):
    with pytest.raises(UsageError, match=message) as caught:
        Point.parse(text)
    assert hint in caught.value.hint


@pytest.mark.parametrize("n", [0, -1, "2"])
def test_the_count_of_a_point_begins_at_one(wf_engine, crash_at, n):
    with pytest.raises(UsageError, match="cannot be passed"):
        crash_at("after:commit", n)
