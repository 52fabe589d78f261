"""`doctor` on the command line: what a person sees, its exit codes, and `--migrate`."""

import os
import shutil
import signal
import stat

import pytest

from durable_wf.journal import schema
from durable_wf.journal.locks import Turnstile
from tests.cli.kit import FLOWS, TIMEOUT_S, Inside
from tests.journal.golden.kit import VERSIONS, WORK, content, place, uid_of
from tests.journal.test_golden import version_of
from tests.journal.test_migrate import change


def findings(program, *more, code=0):
    found = program.json("doctor", *more, code=code)
    return found, {one["name"]: one for one in found["items"]}


def test_a_line_a_finding_and_below_it_how_to_mend_it(inside):
    inside("run", f"{FLOWS}:total")
    inside.journal.with_name("journal.db-head").chmod(0o644)
    done = inside("doctor")
    lines = done.stdout.splitlines()
    at = next(index for index, line in enumerate(lines) if line.startswith("warning  files "))
    assert "other users may read journal.db-head" in lines[at]
    assert lines[at + 1].strip() == "→ chmod 600 journal.db-head"
    assert any(line.startswith("ok       schema ") for line in lines)
    assert "0 problems, " in done.stderr
    quiet = inside("doctor", "-q")
    assert not any(line.startswith("ok") for line in quiet.stdout.splitlines())
    assert quiet.stderr == ""
    assert "durable-wf verify looks at every row" in inside("doctor", "-v").stdout


def test_json_has_every_finding_with_its_facts(inside):
    inside("run", f"{FLOWS}:total")
    found, named = findings(inside)
    assert (found["journal"], found["migrated_from"]) == (str(inside.journal), None)
    assert found["level"] in ("ok", "warning")  # by the SQLite that runs
    assert named["journal"]["facts"]["executions"] == 1
    assert named["schema"]["facts"] == {"version": schema.VERSION, "newest": schema.VERSION}
    assert named["head"]["facts"]["head"] == inside.json("verify")["head"]
    assert len(named) == 11


def test_a_journal_that_is_not_there_is_looked_for_and_not_made(inside):
    found, named = findings(inside, code=7)
    assert found["level"] == "problem"
    assert named["journal"]["text"] == f"there is no journal at {inside.journal}"
    told = inside("doctor", code=7).stdout
    assert f"problem  journal      there is no journal at {inside.journal}" in told
    assert "--journal FILE names another one" in told
    assert not inside.journal.exists()
    assert "there is no journal" in inside("doctor", "--migrate", code=7).stderr


@pytest.mark.parametrize("harm", ["head", "garbage head", "mode", "content"])
def test_a_problem_of_the_journal_ends_with_9(inside, harm):
    inside("run", f"{FLOWS}:nothing")
    old = shutil.copy(inside.journal, inside.journal.with_name("old"))
    inside("run", f"{FLOWS}:nothing")
    if harm == "head":
        shutil.copy(old, inside.journal)
    elif harm == "garbage head":
        inside.journal.with_name("journal.db-head").write_text("garbage")
    elif harm == "mode":
        inside.journal.chmod(0o666)
    else:
        os.truncate(inside.journal, 5000)
    found, _ = findings(inside, code=9)
    assert found["level"] == "problem"
    assert "1 problem, " in inside("doctor", code=9).stderr or harm == "content"


def test_a_problem_of_the_disk_ends_with_10(inside, monkeypatch):
    inside("run", f"{FLOWS}:nothing")
    usage = shutil.disk_usage(inside.folder)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1000))
    found, named = findings(inside, code=10)
    assert (found["level"], named["free space"]["level"]) == ("problem", "problem")


def test_who_runs_an_execution_is_told_and_when_it_is_gone(program, gate):
    process = program.begin("run", f"{FLOWS}:held", "-p", f"address={gate.address}")
    waiting = gate.next()
    uid = program.uid()
    _, named = findings(program)
    (held,) = named["owners"]["facts"]["held"]
    assert (held["execution"], held["pid"]) == (uid, process.pid)
    assert f"{uid} is run by process {process.pid}, running since " in program("doctor").stdout
    process.send_signal(signal.SIGKILL)
    process.communicate()
    waiting.gone()
    _, named = findings(program)
    assert named["owners"]["facts"] == {"held": [], "interrupted": [uid]}
    assert named["owners"]["mend"] == f"durable-wf resume {uid}"


def test_a_process_that_a_killed_runner_has_left_is_told(program, gate):
    """The runner leads a group, as one that a shell or a service manager starts; its child outlives it."""
    process = program.begin("run", f"{FLOWS}:leaves_a_child", "-p", f"address={gate.address}", start_new_session=True)
    waiting = gate.next()
    process.send_signal(signal.SIGKILL)
    process.wait(TIMEOUT_S)
    try:
        _, named = findings(program)
        left = named["left-over processes"]
        (group,) = left["facts"]["groups"]
        assert (group["group"], group["execution"]) == (process.pid, program.uid())
        assert len(group["pids"]) == 1
        assert left["mend"].endswith(f"kill -- -{process.pid}")
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        waiting.gone()


# ------------------------------------------------------------------------------------------------------------- migrate


@pytest.fixture(params=VERSIONS)
def golden(request, tmp_path):
    """A journal of an earlier version."""
    return place(request.param, tmp_path)


def test_migrate_makes_the_newest_version_of_an_earlier_one_and_runs_nothing(golden, tmp_path):
    program, version = Inside(tmp_path), version_of(golden)
    tables = ["execution", "task", "attempt", "transition", "event", "link"]
    before = content(golden, tables)
    found, named = findings(program, "--migrate")
    assert (found["migrated_from"], named["schema"]["level"]) == (version, "ok")
    assert version_of(golden) == schema.VERSION
    assert content(golden, tables) == before
    copy = golden.with_name(f"journal.db-version-{version}")
    assert version_of(copy) == version
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    program("verify")
    assert program.json("show", uid_of(golden, f"{WORK}:line"))["state"] == "interrupted"


def test_without_it_an_earlier_version_is_told_and_left_as_it_is(golden, tmp_path):
    before = golden.read_bytes()
    _, named = findings(Inside(tmp_path))
    assert (named["schema"]["level"], named["schema"]["mend"]) == ("warning", "durable-wf doctor --migrate")
    assert golden.read_bytes() == before
    assert not golden.with_name("journal.db-owners").exists()


def test_the_newest_version_is_not_opened_for_writing(inside):
    inside("run", f"{FLOWS}:nothing")
    before = inside.journal.stat().st_mtime_ns
    said = inside("doctor", "--migrate").stderr
    assert f"has version {schema.VERSION}, the newest: there is nothing to migrate" in said
    assert inside.journal.stat().st_mtime_ns == before


def test_migrate_waits_for_the_write_lock_no_longer_than_it_is_told(golden, tmp_path):
    program, version = Inside(tmp_path), version_of(golden)
    with Turnstile(golden, timeout=None, command="another", since="now"):
        assert "[held]" in program("doctor", "--migrate", "--lock-timeout", "0.01", code=8).stderr
    assert version_of(golden) == version


def test_a_damaged_earlier_version_is_not_migrated(golden, tmp_path):
    program, version = Inside(tmp_path), version_of(golden)
    change(golden, "DROP TRIGGER payload_kept", "DELETE FROM payload WHERE execution = 1 AND no = 1")
    assert "[journal-damaged" in program("doctor", "--migrate", code=9).stderr
    assert version_of(golden) == version


def test_a_journal_of_a_newer_version_is_refused(inside, monkeypatch):
    inside("run", f"{FLOWS}:nothing")
    monkeypatch.setattr(schema, "VERSION", schema.VERSION - 1)
    _, named = findings(inside, code=9)
    assert "knows versions up to" in named["journal"]["text"]
    assert "use the newer durable-wf" in named["journal"]["mend"]
    assert "knows versions up to" in inside("doctor", "--migrate", code=9).stderr
