"""`verify`: what it says of a journal that is well, and of each kind of damage; exit code 9 wherever one is found."""

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import pytest

from durable_wf.journal.tables import TABLES
from durable_wf.journal.verify import MOST
from tests.cli.kit import FLOWS, ROOT, Inside, environment, fitting
from tests.journal.golden.kit import VERSIONS, place
from tests.journal.test_verify import tamper

NOBODY = 65534


@pytest.fixture
def three(inside):
    """A journal with three executions; their ids, oldest first."""
    for _ in range(3):
        inside("run", f"{FLOWS}:total")
    return [one["id"] for one in reversed(inside.json("list")["items"])]


def seqs(path, execution):
    with closing(sqlite3.connect(path)) as connection:
        sql = "SELECT seq FROM transition WHERE execution = ? ORDER BY seq"
        return [seq for (seq,) in connection.execute(sql, (execution,)).fetchall()]


def test_of_a_journal_that_is_well_it_says_how_much_it_checked(inside, three):
    found = inside.json("verify")
    last = seqs(inside.journal, 3)[-1]
    assert (found["items"], found["problems"], found["first_bad_seq"], found["trust"]) == ([], [], None, None)
    assert (found["execution_count"], found["transitions"]) == (3, last)
    assert found["rows"]["attempt"] == 6
    assert found["links"] == found["rows"]["link"] > 6
    assert found["seconds"] >= 0
    seq, _, digest = found["head"].partition(":")
    assert (int(seq), len(bytes.fromhex(digest))) == (last, 32)
    said = inside("verify").stdout
    assert f"all is well; 3 executions, {last} transitions and {found['links']} links checked in " in said


def test_executions_can_be_checked_alone_and_are_named_once(inside, three):
    found = inside.json("verify", three[1][:8], three[1], three[2])
    assert found["executions"] == three[1:]
    assert found["execution_count"] == 2
    assert found["transitions"] == len(seqs(inside.journal, 2)) + len(seqs(inside.journal, 3))
    assert "there is no execution 'zz'" in inside("verify", three[0], "zz", code=7).stderr


def test_L13_a_changed_transition_is_named_with_its_seq_and_what_is_whole(inside, three):
    bad = seqs(inside.journal, 2)[-2]
    assert tamper(inside.journal, "UPDATE transition SET detail_json = '{\"result\":9}' WHERE seq = ?", (bad,)) == 1
    found = inside.json("verify", code=9)
    assert [one["check"] for one in found["problems"]] == ["chain"]
    since = found["first_bad_seq"]
    assert seqs(inside.journal, 2)[0] < since <= bad
    assert found["trust"] == {
        "up_to": since - 1,
        "whole": [three[0], three[2]],
        "doubted": [{"kind": "execution", "id": three[1], "since": since}],
    }
    done = inside("verify", code=9)
    assert f"first bad seq: {since}\ncan be trusted: everything up to seq {since - 1}\n" in done.stdout
    assert f"whole: executions {three[0]}, {three[2]}\nnot: execution {three[1]} from seq {since} on\n" in done.stdout
    assert done.stdout.startswith(f"execution {three[1]}: link ")
    assert "1 problem; 3 executions" in done.stderr
    assert "[journal-damaged]" in done.stderr
    assert "all is well" in inside("verify", three[0], three[2]).stdout
    inside("verify", three[1], code=9)


def test_what_other_executions_committed_before_stays_trusted(inside, three):
    """The first link of a chain has none before it; the other chains tell where its turn began."""
    assert tamper(inside.journal, "UPDATE execution SET parameters_json = '[]' WHERE id = 2") == 1
    found = inside.json("verify", code=9)
    assert found["first_bad_seq"] == seqs(inside.journal, 2)[0] == seqs(inside.journal, 1)[-1] + 1
    assert found["trust"]["up_to"] == seqs(inside.journal, 1)[-1]


def test_where_earlier_turns_are_damaged_too_the_earliest_is_told(inside, three):
    assert tamper(inside.journal, "UPDATE execution SET parameters_json = '[]' WHERE id = 3") == 1
    assert tamper(inside.journal, "UPDATE link SET last_seq = last_seq + 3 WHERE execution = 1 AND ordinal = 2") == 1
    with closing(sqlite3.connect(inside.journal)) as connection:
        (before,) = connection.execute("SELECT last_seq FROM link WHERE execution = 1 AND ordinal = 1").fetchone()
    assert inside.json("verify", code=9)["first_bad_seq"] == before + 1


def test_however_many_are_damaged_none_of_them_is_called_whole(inside, three):
    """What is told of one kind of damage is cut for each execution, not for all of them together."""
    for _ in range(MOST):
        inside("run", f"{FLOWS}:total")
    assert tamper(inside.journal, "UPDATE execution SET owner_json = 'x' WHERE id > 1") == MOST + 2
    trust = inside.json("verify", code=9)["trust"]
    assert trust["whole"] == [three[0]]
    assert len(trust["doubted"]) == MOST + 2


def test_of_some_executions_nothing_is_said_about_the_others(inside, three):
    bad = seqs(inside.journal, 1)[-2]
    assert tamper(inside.journal, "UPDATE transition SET detail_json = '{\"result\":9}' WHERE seq = ?", (bad,)) == 1
    assert tamper(inside.journal, "UPDATE execution SET owner_json = 'x' WHERE id = 3") == 1
    found = inside.json("verify", three[2], code=9)["trust"]
    assert (found["up_to"], found["whole"]) == (None, [])
    assert inside.json("verify", three[1])["trust"] is None


def test_L2_a_row_whose_state_is_not_its_last_transitions_is_named(inside, three):
    """The checksum of a task is SQLite's own and follows: only the transitions know better."""
    assert tamper(inside.journal, "UPDATE task SET state = 6 WHERE execution = 3 AND no = 1") == 1
    found = inside.json("verify", code=9)
    assert [one["check"] for one in found["problems"]] == ["L2"]
    assert found["items"] == [
        f"execution {three[2]}: task 1 is 'failed', its transitions say 'succeeded' (L2)",
    ]
    assert found["trust"]["whole"] == three[:2]


def test_a_changed_row_of_now_leaves_the_history_trusted(inside, three):
    assert tamper(inside.journal, "UPDATE execution SET report = 'x' WHERE id = 1") == 1
    found = inside.json("verify", code=9)
    assert [(one["check"], one["execution"], one["seq"]) for one in found["problems"]] == [("checksum", three[0], None)]
    assert found["trust"]["up_to"] == seqs(inside.journal, 3)[-1]
    assert found["trust"]["doubted"] == [{"kind": "execution", "id": three[0], "since": None}]
    assert f"not: execution {three[0]}\n" in inside("verify", code=9).stdout
    inside("verify", three[0], code=9)
    inside("verify", three[1])


def test_L13_a_link_that_is_missing_breaks_the_chain_there(inside, three):
    assert tamper(inside.journal, "DELETE FROM link WHERE execution = 2 AND ordinal = 2") == 1
    found = inside.json("verify", code=9)
    assert "a link of its hash chain is missing" in found["items"][0]
    with closing(sqlite3.connect(inside.journal)) as connection:
        (before,) = connection.execute("SELECT last_seq FROM link WHERE execution = 2 AND ordinal = 1").fetchone()
    assert found["first_bad_seq"] == before + 1


def test_a_missing_transition_is_a_gap_and_named(inside, three):
    bad = seqs(inside.journal, 3)[2]
    assert tamper(inside.journal, "DELETE FROM transition WHERE seq = ?", (bad,)) == 1
    found = inside.json("verify", code=9)
    assert {"numbers", "chain"} <= {one["check"] for one in found["problems"]}
    assert bad in [one["seq"] for one in found["problems"] if one["check"] == "numbers"]


def test_a_row_of_an_execution_that_is_not_there_is_noticed(inside, three):
    sql = "INSERT INTO event SELECT id + 1000, 77, task, attempt, at_us, type, level, message, context_json FROM event"
    assert tamper(inside.journal, f"{sql} LIMIT 1") == 1
    found = inside.json("verify", code=9)
    assert "there are rows of event of an execution 77 that is not there" in found["items"]


def test_an_index_that_does_not_fit_its_table_is_noticed(inside, three):
    with closing(sqlite3.connect(inside.journal, isolation_level=None)) as connection:
        (right,) = connection.execute("SELECT sql FROM sqlite_schema WHERE name = 'execution_by_state'").fetchone()
        connection.execute("PRAGMA writable_schema = ON")
        wrong = right.replace("state)", "fence)")
        assert wrong != right
        for sql, more in ((wrong, "REINDEX execution_by_state"), (right, "PRAGMA user_version")):
            connection.execute("UPDATE sqlite_schema SET sql = ? WHERE name = 'execution_by_state'", (sql,))
            connection.execute("PRAGMA schema_version = 1000" if sql == wrong else "PRAGMA schema_version = 1001")
            connection.execute(more).fetchall()
    found = inside.json("verify", code=9)
    assert {one["check"] for one in found["problems"]} == {"integrity"}
    assert found["trust"]["up_to"] == seqs(inside.journal, 3)[-1]
    assert found["trust"]["whole"] == three


def test_a_damaged_page_spoils_no_more_than_it_holds(inside, three):
    """Whatever page it is, the answer is clear; and where the chains can be read they are judged."""
    content = inside.journal.read_bytes()
    judged = 0
    for page in range(len(content) // 4096):
        damaged = bytearray(content)
        damaged[page * 4096 : (page + 1) * 4096] = bytes(range(256)) * 16
        inside.journal.write_bytes(damaged)
        done = inside("verify", "--json", code=9)
        assert "Traceback" not in done.stderr
        found = fitting(done.stdout, "verify")
        assert found["items"]
        judged += bool(found["trust"]["whole"])
    assert judged > 10


@pytest.mark.parametrize("share", [0, 0.001, 0.01, 0.3, 0.6, 0.95])
def test_a_truncated_file_has_a_clear_answer(inside, three, share):
    size = int(inside.journal.stat().st_size * share)
    os.truncate(inside.journal, size)
    done = inside("verify", "--json", code=9)
    assert fitting(done.stdout, "verify")["items"]
    assert "[journal" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_file_that_is_no_database_has_a_document_too(inside):
    inside.journal.write_text("this is not a journal" * 1000)
    done = inside("verify", "--json", code=9)
    found = fitting(done.stdout, "verify")
    assert found["trust"] == {"up_to": None, "whole": [], "doubted": []}
    assert [one["check"] for one in found["problems"]] == ["reading"]
    assert "[journal-damaged]" in done.stderr
    assert inside("verify", code=9).stdout == ""


def test_L6_a_journal_that_is_older_than_its_head_is_named(inside, three):
    head = inside.journal.with_name("journal.db-head")
    kept, last = shutil.copy(inside.journal, f"{inside.journal}.old"), seqs(inside.journal, 3)[-1]
    inside("run", f"{FLOWS}:nothing")
    assert head.exists()
    shutil.copy(kept, inside.journal)
    found = inside.json("verify", code=9)
    assert [(one["check"], one["seq"]) for one in found["problems"]] == [("head", last + 1)]
    assert (found["trust"]["up_to"], found["trust"]["whole"]) == (last, [])


@pytest.mark.parametrize("version", VERSIONS)
def test_an_earlier_version_is_verified_as_it_is(tmp_path, version):
    path, program = place(version, tmp_path), Inside(tmp_path)
    before = path.read_bytes()
    assert "all is well" in program("verify").stdout
    assert path.read_bytes() == before
    assert tamper(path, "UPDATE payload SET body_json = '{}' WHERE execution = 1 AND no = 1") == 1
    assert program.json("verify", code=9)["problems"][0]["check"] == "chain"


def test_verify_changes_no_byte_and_makes_no_file(inside, three):
    folder = inside.journal.parent
    before = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    inside("verify")
    after = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    assert after == before


AS_NOBODY = f"""\
import os, sys
from contextlib import redirect_stdout, suppress
from durable_wf.cli.app import app, main
with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere), suppress(SystemExit):
    app(["verify", "--json", "--journal", sys.argv.pop()])  # what it imports another user may not be able to
if os.geteuid() == 0:
    os.setgroups([]); os.setgid({NOBODY}); os.setuid({NOBODY})
main()
"""


@pytest.fixture
def shelf():
    """A folder that other users may look into."""
    folder = Path(tempfile.mkdtemp(prefix="shelf"))
    folder.chmod(0o755)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


@pytest.mark.parametrize("damaged", [False, True])
def test_a_journal_that_may_not_be_written_is_verified_all_the_same(inside, three, shelf, damaged, tmp_path):
    path = Path(shutil.copy(inside.journal, shelf / "journal.db"))
    if damaged:
        tamper(path, "UPDATE payload SET body_json = '{}' WHERE execution = 1")
    path.chmod(0o444)
    shelf.chmod(0o555)
    done = subprocess.run(
        [sys.executable, "-c", AS_NOBODY, "verify", "--json", "--journal", path, inside.journal],
        env=environment(tmp_path, PYTHONPATH=str(ROOT)),
        cwd=shelf,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == (9 if damaged else 0), done.stderr
    found = fitting(done.stdout, "verify")
    assert (found["execution_count"], bool(found["items"])) == (3, damaged)
    assert [one.name for one in shelf.iterdir()] == ["journal.db"]


def test_every_table_is_counted_or_has_no_chain(inside, blueprint):
    inside("deployments", "create", blueprint, "-d", "small")
    inside("run", "start_all", "-d", "small")
    counted = {table for table in TABLES if inside.json("verify")["rows"].get(table)}
    assert counted >= {"execution", "transition", "task", "attempt", "link", "node_version", "deployment_version"}
