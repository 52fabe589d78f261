"""What the demo believes: the operations' own files, the servers' answers, and the clean-up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from durable_wf.examples.three_tier.three_tier import files, proof, recording, servers


@pytest.fixture
def scratch(tmp_path):
    folder = tmp_path / "scratch"
    recording.claim(folder)
    yield folder
    proof.clean(folder)


def run_of(instance="app_1", **more):
    return recording.Run("lifecycle.create", instance, **more)


def test_each_run_is_counted(scratch):
    """Begins, ends and errors are counted by operation and instance, and killed runs are what remains."""
    with recording.recorded(scratch, run_of(key="k1")):
        pass
    with pytest.raises(ValueError, match="no"), recording.recorded(scratch, run_of(retry=1, key="k1")):
        raise ValueError("no")
    with recording.recorded(scratch, run_of("app_2")):
        pass
    runs = proof.count_runs(scratch)
    assert list(runs) == [("lifecycle.create", "app_1"), ("lifecycle.create", "app_2")]
    assert runs["lifecycle.create", "app_1"] == proof.Runs(begun=2, ended=1, raised=1, keys=("k1",))
    assert runs["lifecycle.create", "app_2"] == proof.Runs(begun=1, ended=1, raised=0, keys=())


def test_a_killed_run_has_begun_and_not_ended(scratch):
    """The begin is in the file before the operation does anything, and outlives SIGKILL."""
    code = (
        "import sys; from pathlib import Path\n"
        "from durable_wf.examples.three_tier.three_tier import recording\n"
        "with recording.recorded(Path(sys.argv[1]), recording.Run('create', 'app_1')):\n"
        "    print('inside', flush=True); input()\n"
    )
    victim = subprocess.Popen(
        [sys.executable, "-c", code, str(scratch)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with victim:
        assert victim.stdout.readline() == "inside\n"
        os.kill(victim.pid, signal.SIGKILL)
    assert proof.count_runs(scratch)["create", "app_1"].killed == 1


def test_nothing_ran_where_nothing_is(tmp_path):
    """A scratch folder that does not exist has no runs, no books, no servers; cleaning it does nothing."""
    nowhere = tmp_path / "nowhere"
    assert proof.count_runs(nowhere) == {}
    assert proof.book(nowhere, "ledger") == []
    assert proof.living(nowhere) == []
    assert proof.clean(nowhere) == []
    assert not nowhere.exists()


def test_missing_servers_are_problems(scratch):
    """Each role that lives less often than the blueprint says is one sentence."""
    assert proof.problems(scratch) == [
        "1 of database should live, 0 do",
        "6 of app should live, 0 do",
        "1 of load_balancer should live, 0 do",
    ]


def test_a_wrong_answer_is_a_problem(scratch):
    """A price that stands in no ledger, a database not known, an application that nobody can reach."""
    for host, name in (("h1", "database_1"), ("h2", "app_1"), ("h3", "load_balancer_1"), ("h4", "app_2")):
        for folder in ("grants", "upstreams"):
            (scratch / "hosts" / host / name / folder).mkdir(parents=True)
    hosts = scratch / "hosts"
    files.write_json(hosts / "h1" / "database_1" / "config.json", {"price": 1, "schema": 1})
    database = servers.start(hosts / "h1" / "database_1", "database", "database_1")
    files.write_json(hosts / "h2" / "app_1" / "database.json", {"url": database.url})
    files.write_json(hosts / "h1" / "database_1" / "grants" / "app_1.json", {})
    app = servers.start(hosts / "h2" / "app_1", "app", "app_1")
    servers.start(hosts / "h4" / "app_2", "app", "app_2")
    files.write_json(hosts / "h3" / "load_balancer_1" / "upstreams" / "app_1.json", {"url": app.url})
    servers.start(hosts / "h3" / "load_balancer_1", "load_balancer", "load_balancer_1")
    found = proof.problems(scratch, {"database": 1, "app": 2, "load_balancer": 1})
    assert any("app_2" in line and "503" in line for line in found)
    assert "app_1 answers 1, which stands in no database" in found
    assert "load_balancer_1 reaches app_1 2 times a round" in found
    assert "load_balancer_1 reaches app_2 0 times a round" in found


def test_clean_ends_what_a_killed_demo_has_left(scratch):
    """Servers, files and the folder itself are gone; the second time there is nothing to do."""
    folder = scratch / "hosts" / "host_1" / "database_1"
    folder.mkdir(parents=True)
    with recording.recorded(scratch, run_of()):
        found = servers.start(folder, "database", "database_1")
    assert proof.living(scratch) == [found]
    assert proof.clean(scratch) == [found.pid]
    assert found.process() is None
    assert not scratch.exists()
    assert proof.clean(scratch) == []


def test_clean_keeps_what_is_not_the_examples(scratch):
    """Only the example's own folders are removed."""
    with recording.recorded(scratch, run_of()):
        pass
    (scratch / "journal.db").write_text("mine")
    proof.clean(scratch)
    assert [path.name for path in scratch.iterdir()] == ["journal.db"]


def test_a_folder_of_somebody_else_is_not_taken(tmp_path):
    """One that has a `site` already is refused, and is not cleaned either."""
    (tmp_path / "site").mkdir()
    with pytest.raises(recording.NotOurs, match="choose an empty folder"):
        recording.claim(tmp_path)
    assert proof.clean(tmp_path) == []
    assert (tmp_path / "site").is_dir()
