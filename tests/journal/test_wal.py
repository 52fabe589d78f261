"""The -wal: counted without SQLite, bounded, grown ahead; and what a turn costs in transactions and files."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from durable_wf.journal import connection
from durable_wf.journal.sqlite import open_journal
from durable_wf.journal.wal import GROWN_BYTES, Wal
from durable_wf.model.rows import Attempt, AttemptMove, Changes, Subject, TaskMove
from tests.journal import kit

MOST_BYTES = 8 * 1024 * 1024


@pytest.fixture
def path(tmp_path):
    return tmp_path / "journal.db"


def size(path):
    return Path(f"{path}-wal").stat().st_size


def window(turn, first, count):
    """The changes that end tasks `first`… and hand out the `count` after them."""
    seq, changes = turn.seq, Changes()
    for number in range(first, first + count):
        row = kit.transition(1, seq, Subject.TASK, number, source=1, target=5, event=3, attempt=1, attempt_target=3)
        changes.transitions.append(row)
        changes.task_moves.append(TaskMove(5, 1, 0, 0, None, seq, 1, number))
        changes.attempt_moves.append(AttemptMove(3, kit.AT, kit.AT + 1, 1, number, 1))
        seq += 1
    for number in range(first + count, first + 2 * count):
        row = kit.transition(1, seq, Subject.TASK, number, source=0, target=1, event=0, attempt=1, attempt_target=0)
        changes.transitions.append(row)
        changes.task_moves.append(TaskMove(1, 1, 0, 0, None, None, 1, number))
        changes.attempts.append(Attempt(1, number, 1, seq, 0, 0, None, None))
        seq += 1
    return changes


def test_frames_are_counted_as_sqlite_counts_them(path):
    with closing(open_journal(path, durability="process")) as journal, closing(sqlite3.connect(path)) as other:
        wal = Wal(path)
        for _ in range(60):
            kit.start(journal, tasks=3)
            (_, sqlites, _) = other.execute("PRAGMA wal_checkpoint(NOOP)").fetchone() if noop() else (0, None, 0)
            assert wal.frames() > 0
            assert sqlites in (None, wal.frames())
        (_, frames, copied) = other.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        assert frames == copied == wal.frames()
        kit.start(journal)  # the log begins anew, over its old frames
        assert 0 < wal.frames() < 20
        assert size(path) > 60 * 4096
        wal.close()


def noop():
    return sqlite3.sqlite_version_info >= (3, 51)


def test_an_empty_log_has_no_frames(path):
    Path(f"{path}-wal").touch()
    wal = Wal(path)
    assert wal.frames() == 0
    wal.close()
    wal.close()


def test_a_grown_log_is_read_and_recovered_as_before(path, tmp_path):
    with closing(open_journal(path, durability="process")) as journal:
        kit.start(journal, tasks=1)
        wal = Wal(path)
        frames = wal.frames()
        wal.grow()
        assert size(path) == GROWN_BYTES
        assert wal.frames() == frames
        kit.run_task(journal, 1)
        assert size(path) == GROWN_BYTES, "it is written over, not made longer"
        wal.grow()
        wal.close()
        for end in ("", "-wal", "-head"):
            (tmp_path / f"copy.db{end}").write_bytes(Path(f"{path}{end}").read_bytes())
    (tmp_path / "copy.db").chmod(0o600)
    with closing(open_journal(tmp_path / "copy.db")) as copy:
        assert copy.history(1).tasks[0].state == 5
        assert (list(copy.verify()), copy.behind_head) == ([], None)


@pytest.mark.parametrize("durability", ["power", "process"])
def test_the_log_is_bounded(path, durability):
    """64 tasks a turn, as the scheduler writes them."""
    tasks, most = 20_000, 0
    with closing(open_journal(path, durability=durability)) as journal:
        kit.start(journal, tasks=tasks)
        for number in range(1, 65):
            with journal.turn() as turn:
                turn.apply(kit.hand_out(turn, number))
        begun = size(path)
        for first in range(1, tasks - 128, 64):
            with journal.turn() as turn:
                turn.apply(window(turn, first, 64))
            most = max(most, size(path))
        counters = dict(journal.counters)
    assert most <= max(MOST_BYTES, begun), "the graph itself is stored in one turn, however long that makes it"
    assert counters["checkpoints"] >= 3
    assert not Path(f"{path}-wal").exists()


def test_a_process_that_writes_much_grows_its_log_once(path):
    with closing(open_journal(path, durability="power")) as journal:
        kit.start(journal)
        assert size(path) < GROWN_BYTES
        for _ in range(connection._GROW_WAL_AFTER):
            with journal.turn() as turn:
                turn.apply(Changes(events=[kit.event()]))
        assert size(path) == GROWN_BYTES


def test_short_turns_check_the_log_too(path, monkeypatch):
    monkeypatch.setattr(connection, "_MOST_FRAMES", 50)
    with closing(open_journal(path, durability="process")) as journal:
        kit.start(journal)
        for _ in range(200):
            with journal.turn() as turn:
                turn.apply(Changes(events=[kit.event()]))
        assert journal.counters["checkpoints"] >= 200 * 3 // 50 - 4
        assert size(path) < 50 * 4120 + 17 * 6 * 4120


def test_what_a_turn_costs(path):
    """Noise-free: one transaction a turn, and the rows that were asked for and no more than two besides."""
    with closing(open_journal(path, durability="process")) as journal:
        kit.start(journal, tasks=200)
        for number in range(1, 65):
            with journal.turn() as turn:
                turn.apply(kit.hand_out(turn, number))
        before = dict(journal.counters)
        with journal.turn() as turn:
            turn.apply(window(turn, 1, 64))
        after = journal.counters
    assert after["transactions"] - before["transactions"] == 1
    assert after["rows"] - before["rows"] == 64 * 6 + 2  # a link and the counter


def test_the_file_takes_few_bytes_a_task(path):
    tasks = 10_000
    with closing(open_journal(path, durability="process")) as journal:
        kit.start(journal)
        empty = journal.query("PRAGMA page_count")[0][0] * 4096
        with journal.turn() as turn:
            changes = Changes(transitions=[kit.transition(1, turn.seq)])
            changes.tasks = [kit.task(number, turn.seq, name="mod:op") for number in range(1, tasks + 1)]
            turn.apply(changes)
        for number in range(1, 65):
            with journal.turn() as turn:
                turn.apply(kit.hand_out(turn, number))
        for first in range(1, tasks - 128, 64):
            with journal.turn() as turn:
                turn.apply(window(turn, first, 64))
    assert (path.stat().st_size - empty) / tasks <= 250
