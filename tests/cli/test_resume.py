"""`resume`: what it says before, what it refuses, and that a dry run changes nothing."""

import signal
import sqlite3

import pytest

from tests.cli.kit import FLOWS


def rows(journal):
    """Everything in the journal."""
    connection = sqlite3.connect(journal)
    try:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        return {name: connection.execute(f"SELECT * FROM {name}").fetchall() for name in names}
    finally:
        connection.close()


@pytest.fixture
def failed(inside, tmp_path):
    """An execution that failed, and the file that mends its cause."""
    flag = tmp_path / "mended"
    inside("run", f"{FLOWS}:fails", "-p", f"flag={flag}", code=1)
    return inside.uid(), flag


def test_a_failed_execution_completes_once_its_cause_is_mended(inside, failed):
    uid, flag = failed
    assert "runs again 1" in inside("resume", uid, code=1).stderr
    flag.touch()
    done = inside("resume", uid)
    assert "kept 0, runs again 1, not begun 0, asks 0, superseded 0" in done.stderr
    assert done.stdout == '"mended"\n'


def test_a_dry_run_shows_all_and_changes_nothing(inside, failed):
    uid, _ = failed
    before = rows(inside.journal)
    done = inside("resume", uid, "--dry-run")
    assert "failed; run again:" in done.stdout
    assert "1: operation tests.cli.flows:boom" in done.stdout
    assert inside.json("resume", uid, "--dry-run", shape="resume --dry-run")["reset"] == [
        "1: operation tests.cli.flows:boom"
    ]
    assert rows(inside.journal) == before


def test_clean_up_after_the_failure_is_listed_and_refused_without_accept_changes(inside, tmp_path):
    flag = tmp_path / "mended"
    inside("run", f"{FLOWS}:cleans_up", "-p", f"flag={flag}", code=1)
    uid = inside.uid()
    flag.touch()
    before = rows(inside.journal)
    done = inside("resume", uid, code=6)
    assert "rolled back since: 1 operation" in done.stderr
    assert "--accept-changes" in done.stderr
    assert "rolled back since" in inside("resume", uid, "--dry-run", code=6).stderr
    assert rows(inside.journal) == before
    inside("resume", uid, "--accept-changes")
    assert inside.json("show", uid)["tasks"] == {"succeeded": 1, "superseded": 1}


def test_a_function_that_failed_by_itself_needs_a_task_to_begin_from(inside):
    inside("run", f"{FLOWS}:raises", code=1)
    uid = inside.uid()
    said = inside("resume", uid, code=6).stderr
    assert "failed by itself" in said
    assert "--from TASK" in said
    assert inside.json("show", uid)["resume"]["refused"].startswith("no failed task ended")


@pytest.mark.parametrize("task", ["2", "{uid}/2", "{uid}/tests.cli.flows:add#2", "tests.cli.flows:add#2"])
def test_from_takes_a_task_by_number_and_by_path(inside, task):
    inside("run", f"{FLOWS}:stumbles", code=1)
    uid = inside.uid()
    options = ["--dry-run", "--accept-changes", "--from", task.format(uid=uid)]
    found = inside.json("resume", uid, *options, shape="resume --dry-run")
    assert found["superseded"] == ["2: operation tests.cli.flows:add #2"]
    assert found["kept"] == 1


def test_from_an_unknown_task_shows_near_ones(inside):
    inside("run", f"{FLOWS}:total")
    uid = inside.uid()
    said = inside("resume", uid, "--from", "tests.cli.flows:ad", code=7).stderr
    assert f"there is no task 'tests.cli.flows:ad' in execution '{uid}'" in said
    assert "did you mean 'tests.cli.flows:add'" in said


def test_one_that_has_terminated_has_nothing_to_resume(inside):
    inside("run", f"{FLOWS}:total")
    assert "there is nothing to resume" in inside("resume", inside.uid(), code=6).stderr


def test_an_unknown_id_shows_near_ones(inside):
    inside("run", f"{FLOWS}:nothing")
    uid = inside.uid()
    said = inside("resume", f"{uid[:-1]}x", code=7).stderr
    assert f"did you mean '{uid}'?" in said
    assert "[not-found]" in said


def test_code_that_differs_from_the_journal_ends_with_11_and_two_columns(program, tmp_path):
    module = tmp_path / "changing.py"
    text = (
        "from durable_wf import operation, workflow\n"
        "@operation(resumable=True)\ndef note(): pass\n"
        "@operation(resumable=True)\ndef other(): pass\n"
        "@operation(resumable=True)\ndef die(marker):\n"
        "    import os, signal\n"
        "    if not os.path.exists(marker):\n"
        "        open(marker, 'w').close()\n        os.kill(os.getpid(), signal.SIGKILL)\n"
        "@workflow\ndef main(ctx, marker):\n"
        "    ctx.execute_task(note).get()\n    ctx.execute_task(die, kwargs={'marker': marker}).get()\n"
    )
    module.write_text(text)
    program("run", "changing:main", "-p", f"marker={tmp_path / 'marker'}", code=-signal.SIGKILL)
    uid = program.uid()
    module.write_text(text.replace("execute_task(note)", "execute_task(other)"))
    said = program("resume", uid, code=11).stderr
    assert "the code is not what it was: workflow changing" in said
    assert "journal says" in said
    assert "[code-differs]" in said
    assert "asked for other tasks" in program("show", uid).stdout
    module.write_text(text)
    said = program("resume", uid).stderr
    assert "the code is not" not in said
