"""A journal that an earlier version wrote is read as it is, migrated, verified, and its executions go on."""

import sqlite3
import stat
from contextlib import closing

import pytest

from durable_wf import Engine, NonRecoverableError, ResumeOptions
from durable_wf.journal import migrate, schema
from durable_wf.journal.reader import open_reader
from durable_wf.journal.sqlite import open_journal
from durable_wf.journal.tables import TABLES
from tests.cli.kit import Inside
from tests.journal.golden.kit import VERSIONS, WORK, content, place, uid_of

PATIENCE = 60.0


@pytest.fixture(params=VERSIONS, ids=lambda version: f"version-{version}")
def golden(request, tmp_path):
    """The path of a journal of an earlier version."""
    return place(request.param, tmp_path)


@pytest.fixture
def engine(golden):
    with Engine(golden, durability="process", max_operations=2) as engine:
        yield engine


def version_of(path):
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        return connection.execute("PRAGMA user_version").fetchone()[0]


def resumed(engine, golden, workflow, **options):
    """The state and the execution, after a resume."""
    uid = engine.resume(uid_of(golden, workflow), ResumeOptions(**options))
    return engine.wait(uid, PATIENCE), uid


def test_every_version_before_this_one_has_a_step_a_fingerprint_and_a_golden_journal():
    earlier = list(range(1, schema.VERSION))
    assert sorted(migrate.STEPS) == earlier
    assert sorted(schema.EARLIER) == earlier
    assert earlier == VERSIONS


def test_commands_that_only_read_show_an_earlier_journal_and_leave_it_as_it_is(golden, tmp_path):
    before, version = golden.read_bytes(), version_of(golden)
    program = Inside(tmp_path)
    states = {item["workflow_id"].removeprefix(f"{WORK}:"): item["state"] for item in program.json("list")["items"]}
    assert states == {
        "whole": "terminated",
        "fails": "failed",
        "in_doubt": "interrupted",
        "line": "interrupted",
        "light": "terminated",
        "relight": "interrupted",
    }
    assert "asks 1" in program("show", uid_of(golden, ":in_doubt")).stdout
    assert "why" in program("journal", uid_of(golden, ":fails")).stdout
    instances = program.json("deployments", "instances", "lamps")["items"]
    assert sorted(item["state"] for item in instances if item["node_id"] == "lamp") == ["started"] * 3 + ["starting"]
    assert program.json("verify")["items"] == []
    assert golden.read_bytes() == before
    assert version_of(golden) == version < schema.VERSION
    assert not list(tmp_path.glob("*-version-*"))


def test_the_views_of_an_earlier_journal_answer(golden):
    with closing(open_reader(golden)) as reader:
        views = [name for (name,) in reader.query("SELECT name FROM sqlite_schema WHERE type = 'view'")]
        counted = {view: reader.query(f"SELECT count(*) FROM {view}")[0][0] for view in views}
        states = reader.query("SELECT DISTINCT state FROM v_executions ORDER BY state")
    assert len(views) >= 10
    assert all(counted.values())
    assert states == [("failed",), ("started",), ("terminated",)]


def test_opening_for_writing_migrates_with_a_copy_kept_beside(golden):
    version, before = version_of(golden), content(golden, TABLES)
    with closing(open_journal(golden)) as journal:
        assert list(journal.verify()) == []
        facts = journal.meta()
        reached = journal.query("SELECT version FROM migration ORDER BY version")
        settings = [journal.query(f"PRAGMA {name}")[0][0] for name in ("application_id", "auto_vacuum")]
    assert content(golden, TABLES) == before
    assert dict(before["meta"]) == facts
    assert reached == [(each,) for each in range(1, schema.VERSION + 1)]
    assert settings == [schema.APPLICATION_ID, 2]
    assert version_of(golden) == schema.VERSION
    copy = golden.with_name(f"journal.db-version-{version}")
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert content(copy, TABLES) == before
    with closing(open_reader(copy)) as reader:
        assert list(reader.verify()) == []


def test_a_migrated_journal_is_opened_again_without_another_copy(golden):
    copy = golden.with_name(f"journal.db-version-{version_of(golden)}")
    open_journal(golden).close()
    copy.unlink()
    open_journal(golden).close()
    assert not copy.exists()


def test_one_that_was_killed_in_standard_mode_goes_on(engine, golden):
    state, uid = resumed(engine, golden, ":line")
    assert (state, engine.result(uid)) == ("terminated", "0-1-2-3-4")
    tries = "SELECT count(*) FROM v_attempts WHERE execution_uid = ? GROUP BY task ORDER BY task"
    connection = engine.journal._connection()
    assert connection.execute(tries, (uid,)).fetchall() == [(1,), (1,), (2,), (1,), (1,), (1,)]
    assert list(engine.journal.verify()) == []


def test_one_with_an_unknown_outcome_asks_and_then_goes_on(engine, golden):
    state, uid = resumed(engine, golden, ":in_doubt")
    assert state == "interrupted"
    assert len(engine.asks(uid)) == 1
    state, uid = resumed(engine, golden, ":in_doubt", reset_operations=True)
    assert (state, engine.result(uid)) == ("terminated", "settled")
    assert list(engine.journal.verify()) == []


def test_one_of_a_deployment_goes_on(engine, golden):
    state, uid = resumed(engine, golden, "relight")
    assert (state, engine.result(uid)) == ("terminated", 4)
    lamps = [row for row in engine.journal.instances(1) if row.node == "lamp"]
    assert {(row.state, row.runtime_properties_json) for row in lamps} == {("started", '{"colour":"green"}')}
    assert engine.deployments.outputs("lamps")["colour"] == "blue"
    assert list(engine.journal.verify()) == []


def test_one_that_failed_is_mended_and_goes_on(engine, golden, monkeypatch):
    with pytest.raises(NonRecoverableError, match="no"):
        engine.result(uid_of(golden, ":fails"))
    monkeypatch.setenv("GOLDEN_MENDED", "1")
    state, uid = resumed(engine, golden, ":fails")
    assert (state, engine.result(uid)) == ("terminated", [{"label": "before", "attempt": 0}, "mended"])


def test_one_that_ended_has_its_result_and_its_inbox(engine, golden):
    assert engine.result(uid_of(golden, ":whole")) == "whole"
    assert engine.journal.query("SELECT kind, key, taken_seq IS NULL FROM v_requests ORDER BY id") == [
        ("note", "a", 0),
        ("note", None, 1),
    ]


def test_new_work_is_added_to_a_migrated_journal(engine):
    uid = engine.start(f"{WORK}:line", {"count": 2})
    assert engine.wait(uid, PATIENCE) == "terminated"
    assert list(engine.journal.verify()) == []
