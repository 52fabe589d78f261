"""`run`: what it prints and how it ends."""

import json

import pytest

from durable_wf.engine import Engine
from durable_wf.errors import EngineBug, InputError, NotFoundError, StorageError, UsageError
from durable_wf.model.states import X
from tests.cli.kit import FLOWS


def test_the_result_goes_to_stdout_and_all_else_to_stderr(program):
    done = program("run", f"{FLOWS}:loud")
    assert json.loads(done.stdout) == {"quiet": True}
    for text in ("printed by an operation", "printed by a child", "printed by the workflow", "terminated"):
        assert text in done.stderr


def test_no_result_prints_nothing(inside):
    assert inside("run", f"{FLOWS}:nothing").stdout == ""


def test_json_has_all_that_is_known(inside):
    found = inside.json("run", f"{FLOWS}:total", "-p", "numbers=[1, 2, 3]")
    assert found["state"] == "terminated"
    assert found["result"] == 9
    assert found["parameters"] == {"numbers": [1, 2, 3]}
    assert found["tasks"] == {"succeeded": 3}
    assert (found["error"], found["failed"], found["unknown"], found["resume"]) == (None, [], [], None)


def test_a_line_for_each_finished_task_and_each_log(inside):
    said = inside("run", f"{FLOWS}:total").stderr.splitlines()
    assert sum("succeeded" in line and "operation tests.cli.flows:add" in line for line in said) == 2
    assert any("info" in line and "adding" in line for line in said)


def test_quiet_says_nothing_but_data(inside):
    done = inside("-q", "run", f"{FLOWS}:total")
    assert (done.stdout, done.stderr) == ("5\n", "")


def test_a_failed_run_ends_with_1_and_says_what_failed_and_why(inside):
    done = inside("run", f"{FLOWS}:fails", code=1)
    assert done.stdout == ""
    assert "NonRecoverableError: no" in done.stderr
    assert "caused by" in done.stderr
    assert "KeyError: 'cause'" in done.stderr
    assert "task 1: operation tests.cli.flows:boom, 1 attempt" in done.stderr
    assert f"durable-wf resume {inside.uid()}" in done.stderr
    assert "Traceback" not in done.stderr


def test_verbose_shows_the_recorded_traceback(inside):
    said = inside("run", f"{FLOWS}:fails", "-v", code=1).stderr
    assert "Traceback" in said
    assert "in boom" in said


def test_a_failed_run_ends_with_1_in_json_too(inside):
    found = inside.json("run", f"{FLOWS}:fails", code=1)
    assert found["state"] == "failed"
    assert found["error"]["type"].endswith(":WorkflowFailed")
    assert found["ended_by"] == [1]
    (task,) = found["failed"]
    assert (task["number"], task["name"], task["attempts"]) == (1, "tests.cli.flows:boom", 1)
    assert task["error"]["causes"][0]["type"] == "KeyError"
    assert found["resume"]["reset"] == ["1: operation tests.cli.flows:boom"]


def test_what_a_failure_says_cannot_command_a_terminal(inside):
    said = inside("run", f"{FLOWS}:fails", "-p", 'text="\\u001b[2Jgone"', code=1).stderr
    assert "\x1b" not in said
    assert "\\x1b[2Jgone" in said


def test_a_retry_says_when(inside, tmp_path):
    said = inside("run", f"{FLOWS}:patient", "-p", f"flag={tmp_path / 'flag'}").stderr
    assert "rescheduled" in said
    assert "RecoverableError: not yet; again in 10 ms" in said


@pytest.mark.parametrize(
    ("arguments", "error", "texts"),
    [
        (["nowhere_at_all:main"], InputError, ["No module named nowhere_at_all", "[bad-function]"]),
        ([f"{FLOWS}:mian"], InputError, ["no function named 'mian'"]),
        ([f"{FLOWS}:not_a_function"], InputError, ["is not callable"]),
        ([f"{FLOWS}:modern"], InputError, ["is `async def`", "hint:"]),
        (["broken:main"], InputError, ["broken", "SyntaxError"]),
        (["start_all"], UsageError, ["no deployment to look it up in", "MODULE:FUNCTION"]),
        (["start_all", "-d", "shop"], NotFoundError, ["there is no journal", "[not-found]"]),
        ([f"{FLOWS}:total", "-p", "numbers"], UsageError, ["-p numbers", "neither name=value nor a file"]),
        ([f"{FLOWS}:total", "-p", "numbers=[1"], InputError, ["-p numbers:", "not YAML", "[bad-values]"]),
        ([f"{FLOWS}:total", "--timeout", "soon"], UsageError, ["'soon' is not a duration"]),
        ([f"{FLOWS}:total", "--on-unknown", "guess"], UsageError, ["--on-unknown"]),
    ],
)
def test_bad_input_is_refused_before_a_journal_is_made(inside, tmp_path, arguments, error, texts):
    (tmp_path / "broken.py").write_text("def main(:\n")
    done = inside("run", *arguments, code=error.exit_code)
    for text in texts:
        assert text in done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert not inside.journal.exists()


def test_a_module_of_the_working_directory_is_found(program, tmp_path):
    (tmp_path / "here.py").write_text("def main(ctx, x):\n    return x + 1\n")
    assert program("run", "here:main", "-p", "x=1").stdout == "2\n"


def test_debug_shows_the_traceback(inside):
    said = inside("run", "nowhere_at_all:main", "--debug", code=3).stderr
    assert "Traceback" in said
    assert "[bad-function]" in said


def test_options_of_the_run_are_kept_with_it(inside):
    found = inside.json(
        "run", f"{FLOWS}:nothing", "--on-unknown", "rerun", "--max-parallel", "2", "--task-retries", "4",
        "--task-retry-interval", "0.5",
    )  # fmt: skip
    assert found["options"] == {
        "on_unknown": "rerun", "max_parallel": 2, "task_retries": 4, "task_retry_interval": 0.5,
    }  # fmt: skip


def test_a_run_of_an_unknown_workflow_or_deployment_shows_near_ones(inside, blueprint):
    inside("deployments", "create", blueprint, "-d", "small")
    assert "did you mean 'start_all'" in inside("run", "start_al", "-d", "small", code=7).stderr
    assert "did you mean 'small'?" in inside("run", "start_all", "-d", "smal", code=7).stderr


def test_parameters_of_a_workflow_are_checked(inside, blueprint):
    inside("deployments", "create", blueprint, "-d", "small")
    said = inside("run", "count", "-d", "small", "-p", "tiems=1", "-p", "label=3", code=3).stderr
    assert "there is no parameter 'tiems', did you mean 'times'?" in said
    assert "the parameter 'times' is missing" in said
    assert inside.json("list")["items"] == []
    done = inside("run", "count", "-d", "small", "-p", "times=2", "-p", "more=1", "--allow-custom-parameters")
    assert json.loads(done.stdout) == ["a", "a", "more"]


def test_a_workflow_of_a_deployment_runs_on_its_instances(inside, blueprint):
    inside("deployments", "create", blueprint, "-d", "small")
    assert inside("run", "start_all", "-d", "small").stdout == '"open"\n'
    found = inside.json("deployments", "instances", "small")["items"]
    assert [one["runtime_properties"] for one in found if one["node_id"] == "page"] == [{"made": True}] * 2
    assert {one["state"] for one in found} == {"started"}


@pytest.mark.parametrize(
    ("state", "code"),
    [(X.TERMINATED, 0), (X.FAILED, 1), (X.INTERRUPTED, 4), (X.CANCELLED, 5), (X.PAUSED, 6), (X.SCHEDULED, 6)],
)
def test_every_way_to_end_or_lie_down_has_its_exit_code(inside, monkeypatch, state, code):
    real = Engine.wait
    monkeypatch.setattr(Engine, "wait", lambda engine, uid, timeout=None: real(engine, uid) and str(state))
    done = inside("run", f"{FLOWS}:nothing", code=code)
    assert state in done.stderr
    assert inside.json("run", f"{FLOWS}:nothing", code=code)["state"] == state


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (StorageError("the disk is full", hint="free some"), 10, "the disk is full [storage]"),
        (EngineBug("a rule was broken"), 70, "a rule was broken [engine-bug]"),
        (ZeroDivisionError("oh"), 70, "ZeroDivisionError: oh [unexpected]"),
    ],
)
def test_what_stops_a_runner_is_said_without_a_traceback(inside, monkeypatch, error, code, text):
    def wait(engine, uid, timeout=None):
        raise error

    monkeypatch.setattr(Engine, "wait", wait)
    said = inside("run", f"{FLOWS}:nothing", code=code).stderr
    assert text in said
    assert "Traceback" not in said
    assert "Traceback" in inside("run", f"{FLOWS}:nothing", "--debug", code=code).stderr
