"""Killed processes, full disks, failed commits, and many processes at once: real ones."""

import sqlite3
import threading
from contextlib import closing

import pytest

from durable_wf.errors import HeldError, JournalError, StorageError
from durable_wf.journal import connection
from durable_wf.journal.reader import open_reader
from durable_wf.journal.sqlite import open_journal
from durable_wf.journal.tables import raw
from tests.journal import kit
from tests.journal.processes import PATIENCE, process

KILLS = 5


@pytest.fixture
def path(tmp_path):
    return tmp_path / "journal.db"


def kill(child):
    child.kill()
    child.wait(PATIENCE)


@pytest.mark.crash
@kit.BY_EITHER
def test_L5_a_turn_that_was_killed_leaves_nothing(path, driven):
    with closing(open_journal(path, durability="process")) as journal:
        kit.start(journal, tasks=1)
    with process("die_in_turn", path) as child:
        assert child.stdout.readline() == "applied\n"
        kill(child)
    with closing(open_journal(path, durability="process", lock_timeout=PATIENCE)) as journal:
        assert journal.history(1).tasks[0].state == 0
        assert (journal.last_seq(), journal.behind_head, list(journal.verify())) == (1, None, [])
        kit.run_task(journal, 1)
        assert list(journal.verify()) == []


@pytest.mark.crash
@pytest.mark.parametrize("after", range(1, 200, 200 // KILLS))
@kit.BY_EITHER
def test_L6_what_was_committed_before_a_kill_is_there(path, after, driven):
    with closing(open_journal(path, durability="process")) as journal:
        kit.start(journal)
    with process("run_turns", path) as child:
        for _ in range(after):
            child.stdout.readline()
        kill(child)
        told = [int(line) for line in child.stdout.read().split()]
    with closing(open_reader(path)) as reader:
        last = reader.last_seq()
        assert last >= max(told, default=after + 1)
        assert [row.seq for row in reader.transitions(1)] == list(range(1, last + 1))
        assert len(reader.events(1)) == last - 1
        assert (reader.compare_with_head(), list(reader.verify())) == (None, [])


@pytest.mark.crash
@pytest.mark.slow
def test_L12_fifty_processes_write_without_a_lock_error(path):
    processes, turns = 50, 10
    with closing(open_journal(path, durability="process")), process("many", path, processes, turns) as child:
        lines = child.stdout.read().splitlines()
    assert lines == ["failed 0"]
    with closing(open_reader(path)) as reader:
        assert [len(reader.transitions(row.id)) for row in reader.executions()] == [1 + 2 * turns] * processes
        assert reader.last_seq() == processes * (1 + 2 * turns)
        assert list(reader.verify()) == []


@pytest.mark.crash
@pytest.mark.parametrize("size", [100_000, 4_000_000], ids=["at-the-commit", "in-a-statement"])
@kit.BY_EITHER
def test_a_full_disk_is_a_storage_error_and_the_next_turn_reads_the_truth(path, size, driven):
    with process("fill_disk", path, size) as child:
        lines = child.stdout.read().splitlines()
    assert [line.split()[0] for line in lines] == ["StorageError", "StorageError", "then", "last"]
    if size < 1_000_000:
        assert f"the fate of a commit to {path} is unknown" in lines[0]
    assert lines[2:] == ["then 0 0", "last 5 [] None"]


@kit.BY_EITHER
def test_a_failed_commit_is_unknown_and_the_connection_is_thrown_away(path, driven):
    def deny_commit(action, name, *_):
        denied = action == sqlite3.SQLITE_TRANSACTION and name == "COMMIT"
        return sqlite3.SQLITE_DENY if denied else sqlite3.SQLITE_OK

    with closing(open_journal(path, durability="process")) as journal:
        kit.start(journal, tasks=1)
        raw(journal._writer._database).set_authorizer(deny_commit)
        with pytest.raises(StorageError, match="unknown"), journal.turn() as turn:
            turn.apply(kit.hand_out(turn, 1))
        assert journal.history(1).tasks[0].state == 0
        kit.run_task(journal, 1)
        assert list(journal.verify()) == []


@pytest.fixture
def outsider(path, monkeypatch):
    """A program that knows nothing of our locks, in a transaction of its own on the database."""
    monkeypatch.setattr(connection, "BUSY_TIMEOUT_S", 0.01)
    open_journal(path, durability="process").close()
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as outsider:
        outsider.execute("BEGIN IMMEDIATE")
        yield outsider


def test_L12_a_runner_waits_for_an_outsider(path, outsider):
    journal = open_journal(path, durability="process")
    release = threading.Thread(target=lambda: until_busy(journal, outsider))
    release.start()
    kit.start(journal)
    release.join(PATIENCE)
    assert journal.last_seq() == 1
    journal.close()


def until_busy(journal, outsider):
    while journal.counters["busy"] < 3:
        pass
    outsider.execute("ROLLBACK")


def test_L12_a_command_says_that_an_outsider_is_in_the_way(path, outsider):
    with (
        closing(open_journal(path, durability="process", lock_timeout=1.0)) as journal,
        pytest.raises(HeldError, match="another process holds the database"),
    ):
        kit.start(journal)


def test_closing_does_not_wait_for_a_busy_writer(path):
    with closing(open_journal(path, durability="process")) as busy:
        command = open_journal(path, durability="process", lock_timeout=0.01)
        kit.start(command)
        with busy.turn():
            command.close()
        kit.start(busy)
        assert list(busy.verify()) == []


@kit.BY_EITHER
def test_what_sql_refuses_is_no_matter_of_the_disk(path, driven):
    with closing(open_journal(path, durability="process")) as journal:
        kit.start(journal, tasks=1)
        with pytest.raises(JournalError, match="SQLITE_CONSTRAINT"):
            kit.run_task(journal, 9)
        kit.run_task(journal, 1)


@kit.BY_EITHER
def test_two_journals_of_one_process_take_turns(path, driven):
    with closing(open_journal(path)) as one, closing(open_journal(path)) as other:
        kit.start(one, tasks=100)
        threads = [
            threading.Thread(target=lambda journal=journal, first=first: run_some(journal, first))
            for first, journal in ((1, one), (51, other))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)
        assert [task.state for task in one.history(1).tasks] == [5] * 100
        assert list(one.verify()) == []


def run_some(journal, first):
    for number in range(first, first + 50):
        kit.run_task(journal, number)
