"""`run --dry-run`: the whole flow, and nothing changed."""

import hashlib

import pytest

from durable_wf import Engine, RunOptions
from tests.cli.kit import FLOWS


@pytest.fixture
def shop(inside, blueprint):
    """A deployment, some of whose instances an operation has changed."""
    inside("deployments", "create", blueprint, "-d", "shop")
    return inside


def files(folder):
    """Every file below, with what is in it."""
    return {
        path.relative_to(folder): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_the_flow_is_shown_and_no_file_changes(shop, tmp_path):
    """Operations, states and events in their order, then the result; the journal is byte for byte what it was."""
    before = files(tmp_path)
    done = shop("run", "start_all", "-d", "shop", "--dry-run")
    assert files(tmp_path) == before
    lines = done.stdout.splitlines()
    for name in ("page", "site"):
        assert any("«begins»" in line and name in line for line in lines)
    assert sum("life.make page_" in line and line.endswith("(dry run)") for line in lines) == 2
    assert sum("set_state started" in line for line in lines) == 3
    assert lines[-1] == "result  open"
    assert "dry run of start_all: terminated, " in done.stderr
    assert "nothing was run, and nothing changed" in done.stderr
    assert shop.json("list")["items"] == []
    assert {one["state"] for one in shop.json("deployments", "instances", "shop")["items"]} == {"uninitialized"}


def test_it_sees_the_deployment_as_it_is(shop):
    """What operations have changed so far is there."""
    shop("run", "start_all", "-d", "shop")
    found = shop.json("run", "start_all", "-d", "shop", "--dry-run", shape="run --dry-run")
    assert found["state"] == "terminated"
    assert (found["is_dry_run"], found["result"], found["resume"]) == (True, "open", None)
    assert any(entry["what"].startswith("dry_run life.make page_") for entry in found["flow"])
    (execution,) = shop.json("list")["items"]
    assert execution["is_dry_run"] is False


def test_a_function_needs_no_journal(inside, tmp_path):
    """And makes none."""
    done = inside("run", f"{FLOWS}:fails", "--dry-run")
    assert "tests.cli.flows:boom (dry run)" in done.stdout
    assert done.stdout.splitlines()[-1] == "result  mended"
    assert not inside.journal.exists()


def test_what_the_function_itself_raises_is_told(inside):
    """With exit code 1, and no word of a resume: there is nothing to resume."""
    done = inside("run", f"{FLOWS}:raises", "--dry-run", code=1)
    assert "ValueError: the function itself" in done.stderr
    assert "resume" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["start_all", "-d", "shpo"], 7, "shop"),
        (["strat_all", "-d", "shop"], 7, "start_all"),
        (["count", "-d", "shop"], 3, "times"),
        (["start_all"], 2, "no deployment to look it up in"),
        ([f"{FLOWS}:nobody"], 3, "no function named 'nobody'"),
    ],
)
def test_mistakes_are_told_as_for_a_run(shop, arguments, code, text):
    """By the same codes."""
    assert text in shop("run", *arguments, "--dry-run", code=code).stderr


def test_a_running_execution_of_the_deployment_does_not_matter(program, blueprint, gate):
    """A dry run holds nothing and waits for nobody."""
    plugin = blueprint.with_name("small_plugin.py")
    plugin.write_text(plugin.read_text() + HELD.format(address=gate.address))
    program("deployments", "create", blueprint, "-d", "shop")
    running = program.begin("run", "start_all", "-d", "shop")
    held = [gate.next(), gate.next()]
    before = program.journal.read_bytes()
    assert "dry run of start_all: terminated" in program("run", "start_all", "-d", "shop", "--dry-run").stderr
    assert program.journal.read_bytes() == before
    for one in held:
        one.go()
    program.end(running, 0)


HELD = """
from tests.crash.held import wait_for_the_test

@operation(resumable=True)
def make(**_):
    wait_for_the_test("{address}", ctx.instance.id)
"""


def test_a_timeout_ends_what_does_not_end(program, tmp_path):
    """A function that polls for a result that a dry run never has."""
    (tmp_path / "polling.py").write_text(POLLING)
    done = program("run", "polling:polls", "--dry-run", "--timeout", "500ms", code=124)
    assert "--timeout: the workflow had not ended; this is as far as it came" in done.stderr
    assert "add (dry run)" in done.stdout


POLLING = """\
from durable_wf import workflow
from tests.cli.flows import add

@workflow
def polls(ctx):
    while not ctx.execute_task(add, kwargs={"a": 1, "b": 1}).get():
        pass
"""


def test_a_dry_run_in_the_journal_is_told_apart(inside):
    """An engine that embeds us may keep one."""
    with Engine(inside.journal) as engine:
        engine.wait(engine.start(f"{FLOWS}:nested", options=RunOptions(dry_run=True)))
    inside("run", f"{FLOWS}:nothing")
    assert [one["is_dry_run"] for one in inside.json("list")["items"]] == [False, True]
    lines = inside("list").stdout.splitlines()
    assert ["(dry run)" in line for line in lines] == [False, False, True]
    uid = inside.json("list")["items"][1]["id"]
    assert "(dry run)" in inside("show", uid).stdout
    assert "dry_run tests.cli.flows:add" in inside("journal", uid).stdout
