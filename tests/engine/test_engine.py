"""`Engine` as an embedding program uses it: start, wait, result, resume, executions, and what each refuses."""

from __future__ import annotations

import itertools
import sys
import threading
from pathlib import Path

import pytest

from durable_wf import Engine, ResumeOptions, RunOptions, workflow
from durable_wf.errors import HeldError, InputError, NotFoundError, UsageError
from tests.replay import kit
from tests.replay.clock import START_US, ManualClock
from tests.replay.work import TIMEOUT, WORLD, op

BLUEPRINT = Path(__file__).parents[1] / "authoring" / "deployment" / "blueprint.yaml"


@workflow
def adds(ctx, one, two=2):
    """A sum, and a task."""
    op(ctx, "a").get()
    return one + two


@workflow
def breaks(ctx):
    """Fails by itself."""
    text = "broken"
    raise ValueError(text)


def test_an_engine_makes_its_journal(tmp_path):
    """A path is enough; what it wrote is there for the next one."""
    tmp_path.chmod(0o700)
    with Engine(tmp_path / "a.db", durability="process") as engine:
        uid = engine.start(adds, {"one": 1})
        assert engine.wait(uid, TIMEOUT) == "terminated"
        assert engine.result(uid) == 3
    with Engine(str(tmp_path / "a.db")) as engine:
        assert engine.result(uid) == 3
        assert engine.wait(uid) == "terminated"
        assert [one.id for one in engine.executions()] == [uid]


def test_what_is_known_of_an_execution(lives):
    """Its workflow, parameters, state and times; found by the beginning of its id."""
    clock = ManualClock()
    life = lives(clock=clock)
    uid, _ = life.run("tests.engine.test_engine:adds", {"one": 5})
    info = life.engine.info(uid[:6])
    assert (info.id, info.deployment, info.state) == (uid, None, "terminated")
    assert info.workflow == "tests.engine.test_engine:adds"
    assert info.parameters == {"one": 5}
    assert info.created_us == info.started_us == info.ended_us == START_US


def test_executions_are_listed_newest_first(lives):
    """Of all states."""
    life = lives()
    first, _ = life.run(adds, {"one": 1})
    second, state = life.run(breaks)
    assert state == "failed"
    assert [(one.id, one.state) for one in life.engine.executions()] == [(second, "failed"), (first, "terminated")]


@pytest.mark.parametrize(
    ("workflow_", "more", "kind", "text"),
    [
        ("adds", {}, UsageError, "is a workflow's name, and there is no deployment"),
        ("no_module:f", {}, InputError, "No module named no_module"),
        ("tests.engine.test_engine:nothing", {}, InputError, "has no function named 'nothing'"),
        (lambda: None, {}, InputError, "cannot be found again by its name"),
        ("adds", {"deployment": "x"}, NotFoundError, "there is no deployment 'x'"),
        (adds, {"parameters": {"one": {1}}}, Exception, r"parameters\.one is of type set"),
    ],
)
def test_L11_what_cannot_be_started_changes_nothing(lives, workflow_, more, kind, text):
    """Refused before anything is written."""
    life = lives()
    before = life.journal.last_seq()
    with pytest.raises(kind, match=text):
        life.engine.start(workflow_, **more)
    assert life.journal.last_seq() == before
    assert life.engine.executions() == []


def test_arguments_that_the_function_does_not_take_fail_it(lives):
    """As Python says it."""
    life = lives()
    uid, state = life.run(adds, {"three": 3})
    assert state == "failed"
    with pytest.raises(TypeError, match=r"three|missing"):
        life.engine.result(uid)


def test_what_is_not_there_is_said_with_near_matches(lives):
    """And an ambiguous beginning names both."""
    ids = iter(["abcd1", "abcd2", "zz"])
    life = lives()
    life.engine._new_id = lambda: next(ids)
    for _ in range(2):
        life.run(adds, {"one": 1})
    with pytest.raises(NotFoundError) as missing:
        life.engine.info("abcd3")
    assert "did you mean" in missing.value.hint
    with pytest.raises(UsageError, match="abcd1, abcd2"):
        life.engine.info("abcd")
    assert life.engine.info("abcd1").id == "abcd1"


def test_waiting_has_a_timeout_and_a_running_execution_no_result(lives):
    """TimeoutError; UsageError; afterwards both work."""
    life = lives()
    with WORLD.gate("a"):
        uid = life.start(adds, {"one": 1})
        WORLD.arrived("a")
        with pytest.raises(TimeoutError):
            life.engine.wait(uid, 0.01)
        with pytest.raises(UsageError, match="is started; it has no result"):
            life.engine.result(uid)
        assert life.engine.info(uid).state == "started"
        assert life.engine.running(uid) == 1
    assert life.wait(uid) == "terminated"
    assert life.engine.running(uid) == 0


def test_an_execution_whose_runner_is_gone_is_interrupted_at_once(lives):
    """Before anybody has claimed it; to wait for it here says so, too."""
    life = lives()
    with WORLD.gate("a"):
        uid = life.start(adds, {"one": 1})
        WORLD.arrived("a")
        life.die()
    other = lives()
    assert other.engine.info(uid).state == "interrupted"
    assert other.wait(uid) == "interrupted"
    with pytest.raises(UsageError, match="is interrupted; it has no result"):
        other.engine.result(uid)


def test_options_are_stored_and_hold_in_a_resume(lives):
    """Retries of the run are those of its tasks after a resume, too."""
    options = RunOptions(task_retries=1, task_retry_interval=0)
    WORLD.broken.add("a")
    life = lives()
    with WORLD.gate("a"):
        uid = life.start(adds, {"one": 1}, options=options)
        WORLD.arrived("a")
        life.die()
    second = lives()
    assert second.resume(uid) == "failed"
    assert WORLD.counts()["a"] == 1 + 2


def test_what_a_workflow_raised_is_raised(lives):
    """By class and arguments."""
    life = lives()
    uid, _ = life.run(breaks)
    with pytest.raises(ValueError, match=r"^broken$"):
        life.engine.result(uid)


def test_code_that_changed_is_named(lives, monkeypatch):
    """The workflow's source file, by its hash."""
    from durable_wf.engine import code

    life = lives()
    uid, _ = life.run(breaks)
    assert life.engine.code_differences(uid) == []
    monkeypatch.setattr(code.Path, "read_bytes", lambda _: b"other")
    assert life.engine.code_differences(uid) == ["workflow tests.engine.test_engine"]


@pytest.fixture
def deployed(lives, monkeypatch):
    """A process with the deployment `d`."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    numbers = itertools.count(1)
    life = lives()
    life.engine.deployments.create(BLUEPRINT, "d", new_suffix=lambda: str(next(numbers)))
    return life


def test_one_execution_of_a_deployment_runs_at_a_time(deployed):
    """Of ten that start at once one does, the others are told which; what is not of a deployment runs beside it."""
    outcomes = []

    def start():
        try:
            outcomes.append(deployed.start("meets", {"values": [1]}, deployment="d", allow_custom_parameters=True))
        except HeldError as error:
            outcomes.append(error)

    with WORLD.gate("meets 1"):
        threads = [threading.Thread(target=start) for _ in range(10)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(TIMEOUT)
        started = [one for one in outcomes if isinstance(one, str)]
        assert len(outcomes) == 10
        assert len(started) == 1
        assert all(f"execution '{started[0]}'" in str(one) for one in outcomes if not isinstance(one, str))
        assert deployed.run(adds, {"one": 1})[1] == "terminated"
        WORLD.arrived("meets 1")
    assert deployed.wait(started[0]) == "terminated"
    uid, state = deployed.run("states", deployment="d")
    assert state == "terminated"
    assert deployed.engine.info(uid).deployment == "d"


def test_none_is_resumed_beside_another_of_its_deployment(deployed, lives):
    """Not by this engine, not by another; afterwards it is."""
    with WORLD.gate("meets 1", "meets 2"):
        left = deployed.start("meets", {"values": [1]}, deployment="d", allow_custom_parameters=True)
        WORLD.arrived("meets 1")
        deployed.die()
        second, third = lives(), lives()
        runs = second.start("meets", {"values": [2]}, deployment="d", allow_custom_parameters=True)
        WORLD.arrived("meets 2")
        for life in (second, third):
            with pytest.raises(HeldError, match=f"execution '{runs}' of the same deployment is running"):
                life.engine.resume(left, ResumeOptions(accept_changes=True))
        assert third.engine.info(left).state == "interrupted"
    assert second.wait(runs) == "terminated"
    assert third.resume(left, accept_changes=True, reset_operations=True) == "terminated"


def test_a_workflow_of_a_deployment_is_looked_up_in_it(deployed):
    """An unknown one names those that are near; parameters are those that are declared."""
    with pytest.raises(NotFoundError) as missing:
        deployed.start("shws", deployment="d")
    assert "did you mean 'shows'" in missing.value.hint
    with pytest.raises(InputError, match="there is no parameter 'x'"):
        deployed.start("shows", {"x": 1}, deployment="d")
    assert deployed.engine.executions() == []


def test_a_resume_that_is_refused_gives_the_execution_back(lives):
    """Whatever refuses it: the next one is not told that somebody holds it."""
    life = lives()
    uid, _ = life.run(breaks)
    for _ in range(2):
        with pytest.raises(Exception, match="nothing to reset"):
            life.engine.resume(uid)
        assert not life.journal.owned(1)
    with pytest.raises(NotFoundError):
        life.engine.resume(uid, ResumeOptions(from_task=7))
    assert not life.journal.owned(1)


def test_L2_every_journal_of_these_tests_verifies(lives):
    """Replaying the transitions through the tables gives the states in the rows."""
    life = lives()
    life.run(adds, {"one": 1})
    life.run(breaks)
    WORLD.broken.add("a")
    life.run(adds, {"one": 1}, options=kit.NO_RETRIES)
    assert list(life.journal.verify()) == []


@pytest.mark.parametrize(
    "options",
    [
        {"task_retries": "three"},
        {"task_retries": -2},
        {"task_retry_interval": float("inf")},
        {"task_retry_interval": -1},
        {"task_retry_interval": "soon"},
        {"on_unknown": "reran"},
        {"max_parallel": 0},
        {"max_parallel": 1.5},
    ],
)
def test_options_that_mean_nothing_are_refused(options):
    """Where they are made, naming the option and what it may be."""
    (name,) = options
    with pytest.raises(UsageError, match=f"^{name} is "):
        RunOptions(**options)


def test_a_resume_cannot_run_nothing_either():
    """With no operation in flight it would wait for ever."""
    with pytest.raises(UsageError, match="at least 1"):
        ResumeOptions(max_parallel=0)
