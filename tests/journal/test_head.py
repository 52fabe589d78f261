"""L6: a journal that is older than what was committed to it is noticed at the next open."""

import os
import shutil
import sqlite3
from contextlib import closing

import pytest

from durable_wf.errors import JournalError, StorageError
from durable_wf.journal import head
from durable_wf.journal.reader import open_reader
from durable_wf.journal.sqlite import open_journal
from durable_wf.journal.tables import raw
from durable_wf.model.rows import Changes
from tests.journal import kit


@pytest.fixture
def running(tmp_path):
    """A journal with a first part in the file and the rest in the -wal, still open."""
    path = tmp_path / "home" / "journal.db"
    journal = open_journal(path, durability="process")
    kit.start(journal, tasks=5)
    journal.close()
    journal = open_journal(path, durability="process")
    for number in range(1, 6):
        kit.run_task(journal, number)
    yield journal
    journal.close()


@pytest.fixture
def copy(running, tmp_path):
    """All its files as a crash would leave them, to be damaged."""
    folder = tmp_path / "copy"
    shutil.copytree(running.path.parent, folder)
    (folder / "journal.db-shm").unlink()  # a cache; a reboot loses it
    return folder / "journal.db"


def behind(path):
    with closing(open_reader(path)) as reader:
        from_reader = reader.compare_with_head()
    with closing(open_journal(path)) as journal:
        assert journal.behind_head == from_reader
        return from_reader


def test_a_journal_with_its_wal_is_not_behind(copy):
    assert behind(copy) is None
    with closing(open_reader(copy)) as reader:
        assert reader.last_seq() == 11


def test_a_deleted_wal_is_noticed(copy):
    (copy.parent / "journal.db-wal").unlink()
    found = behind(copy)
    assert (found.head_seq, found.journal_seq) == (11, 1)
    assert found.journal_us == kit.AT + 1
    assert found.head_us > kit.AT - 10**15


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_cut_wal_is_noticed(copy, share):
    wal = copy.parent / "journal.db-wal"
    os.truncate(wal, int(wal.stat().st_size * share))
    found = behind(copy)
    assert found.head_seq == 11
    assert 1 <= found.journal_seq < 11


def test_every_cut_of_the_wal_is_noticed_or_changes_nothing(copy, tmp_path):
    wal = (copy.parent / "journal.db-wal").read_bytes()
    step = 4096 + 24
    for frames in range(len(wal) // step):
        folder = tmp_path / str(frames)
        shutil.copytree(copy.parent, folder)
        (folder / "journal.db-wal").write_bytes(wal[: 32 + frames * step])
        with closing(open_reader(folder / "journal.db")) as reader:
            assert (reader.compare_with_head() is None) == (reader.last_seq() == 11)


def test_a_restored_backup_is_noticed(running, copy):
    kit.start(running)
    shutil.copy(f"{running.path}-head", f"{copy}-head")
    assert (behind(copy).head_seq, behind(copy).journal_seq) == (12, 11)


def test_a_journal_that_went_another_way_is_noticed(running, copy):
    """As long as its head and not the same: a backup was restored and gone on from."""
    kit.start(running)
    with closing(open_journal(copy)) as other, other.turn() as turn:
        turn.apply(Changes(transitions=[kit.transition(0, turn.seq)]))
    shutil.copy(f"{running.path}-head", f"{copy}-head")
    assert (behind(copy).head_seq, behind(copy).journal_seq) == (12, 12)


def test_while_a_journal_is_behind_its_head_is_kept(copy):
    (copy.parent / "journal.db-wal").unlink()
    with closing(open_journal(copy)) as journal:
        kit.start(journal)
        assert journal.behind_head is not None
    assert behind(copy).head_seq == 11


def test_an_accepted_loss_is_not_asked_about_again(copy):
    (copy.parent / "journal.db-wal").unlink()
    with closing(open_journal(copy)) as journal:
        journal.accept_loss()
        assert journal.behind_head is None
    assert behind(copy) is None
    with closing(open_journal(copy)) as journal:
        kit.run_task(journal, 1)
        assert list(journal.verify()) == []
    assert head.read(copy).seq == 3
    assert behind(copy) is None


def test_a_new_journal_is_not_behind_the_head_of_one_that_is_gone(tmp_path):
    path = tmp_path / "journal.db"
    with closing(open_journal(path)) as journal:
        kit.start(journal)
    path.unlink()
    open_journal(path).close()
    assert behind(path) is None
    with closing(open_journal(path)) as journal:
        kit.start(journal)
    assert head.read(path).seq == 1


def test_a_wal_without_its_journal_is_not_taken_for_a_new_ones(copy):
    copy.unlink()
    with pytest.raises(JournalError, match="without its journal"):
        open_journal(copy)
    assert not copy.exists()


def test_an_empty_journal_can_accept_its_loss(copy):
    (copy.parent / "journal.db-wal").unlink()
    with closing(open_journal(copy.parent / "other.db")):
        pass
    shutil.copy(copy.parent / "other.db", copy)
    with closing(open_journal(copy)) as journal:
        assert (journal.behind_head.journal_seq, journal.behind_head.journal_us) == (0, 0)
        journal.accept_loss()
    assert behind(copy) is None


@pytest.mark.parametrize("text", [b"", bytes(149)], ids=["empty", "zeros"])
def test_an_empty_head_claims_nothing(copy, text):
    """As it is made, and as a power cut may leave it: it is never synced. A healthy journal is not refused for that."""
    (copy.parent / "journal.db-head").write_bytes(text)
    assert behind(copy) is None


def test_a_missing_head_claims_nothing(copy):
    (copy.parent / "journal.db-head").unlink()
    assert behind(copy) is None


def cut_short(text):
    return text[:-1]


def digit_for_letter(text):
    return text[:20] + b"x" + text[21:]


@pytest.mark.parametrize(
    ("harm", "reason"),
    [
        (cut_short, "cut short, after 148 of 149 bytes"),
        (lambda text: text[:74], "cut short, after 74 of 149 bytes"),
        (digit_for_letter, "not what was written"),
        (lambda text: text[:20] + bytes(len(text) - 20), "not what was written"),
        (lambda _: b"1 2 3 4 zz", "cut short"),
    ],
    ids=["one byte short", "half", "a letter", "half zeros", "garbage"],
)
def test_L6_a_head_that_cannot_be_read_may_have_claimed_anything(copy, harm, reason):
    file = copy.parent / "journal.db-head"
    file.write_bytes(harm(file.read_bytes()))
    kept = file.read_bytes()
    found = behind(copy)
    assert isinstance(found, head.Unreadable)
    assert (found.file, reason in found.reason) == (str(file), True)
    with closing(open_journal(copy)) as journal:
        kit.start(journal)
        assert file.read_bytes() == kept, "what it was is not overwritten before a person has said so"
        journal.accept_loss()
    assert behind(copy) is None
    assert head.read(copy).seq == 12


def test_L6_a_head_that_the_system_does_not_let_us_read_is_not_an_absent_one(copy):
    """A folder in its place stands for any error: EACCES does not bind root, and EIO cannot be made here."""
    file = copy.parent / "journal.db-head"
    file.unlink()
    file.mkdir()
    with closing(open_reader(copy)) as reader:
        found = reader.compare_with_head()
    assert found == head.Unreadable(str(file), "Is a directory")
    with pytest.raises(StorageError, match=r"Is a directory \(.*journal\.db-head\)"):
        open_journal(copy)
    file.rmdir()
    assert behind(copy) is None


def test_the_refusals_say_what_is_known_and_how_to_go_on():
    behind, unreadable = head.Behind(9, 7, kit.AT, kit.AT), head.Unreadable("/x/j-head", "cut short")
    told = head.refusal(behind, "there is no execution 'x' in it")
    assert told.message.startswith("the journal ends at seq 7")
    assert told.message.endswith("may be missing (L6); there is no execution 'x' in it")
    other = head.refusal(unreadable)
    assert (told.code, other.code) == ("journal-behind-head", "head-unreadable")
    assert (told.exit_code, other.exit_code) == (9, 9)
    assert "/x/j-head cannot be read (cut short)" in other.message
    assert all("--accept-loss" in one.hint for one in (told, other))


def test_the_head_has_one_size_and_the_newest_link(running):
    file = running.path.with_name("journal.db-head")
    size = file.stat().st_size
    with running.turn() as turn:
        turn.apply(Changes(events=[kit.event()]))
    newest = running.links((1, 0))[-1]
    assert file.stat().st_size == size
    assert head.read(running.path)[:5] == (newest.last_seq, 1, 0, newest.ordinal, newest.hash)
    assert running.newest_link() == newest


def test_a_turn_that_adds_no_link_leaves_the_head(running):
    before = head.read(running.path)[:5]
    with running.turn() as turn:
        turn.apply(Changes(requests=[kit.request()]))
    assert head.read(running.path)[:5] == before


@pytest.mark.parametrize("rest", [b"", None], ids=["empty", "without tables"])
def test_a_journal_that_lost_all_it_had_is_noticed(tmp_path, rest):
    """Its first process was killed before anything was copied from the -wal, and the -wal is gone."""
    path = tmp_path / "home" / "journal.db"
    with closing(open_journal(path, durability="process")) as journal:
        kit.start(journal, tasks=5)
        copy = tmp_path / "copy"
        copy.mkdir()
        for suffix in ("", "-head"):
            shutil.copy(f"{path}{suffix}", copy)
    if rest is not None:
        (copy / path.name).write_bytes(rest)
    with closing(open_journal(copy / path.name)) as journal:
        assert (journal.behind_head.head_seq, journal.behind_head.journal_seq) == (1, 0)
        kit.start(journal)
        assert journal.behind_head is not None
    with closing(open_reader(copy / path.name)) as reader:
        assert reader.compare_with_head() is not None


def test_the_head_of_a_journal_that_was_deleted_is_not_held_against_a_new_one(running):
    running.close()
    for suffix in ("", "-wal", "-shm"):
        running.path.with_name(f"{running.path.name}{suffix}").unlink(missing_ok=True)
    with closing(open_journal(running.path)) as journal:
        assert (journal.behind_head, head.read(running.path)) == (None, None)


def test_a_commit_that_failed_is_not_in_the_head(running):
    """Else the next open would say that rows are missing which never were there."""

    def deny_commit(action, name, *_):
        denied = action == sqlite3.SQLITE_TRANSACTION and name == "COMMIT"
        return sqlite3.SQLITE_DENY if denied else sqlite3.SQLITE_OK

    before = head.read(running.path)
    raw(running._writer._database).set_authorizer(deny_commit)
    with pytest.raises(StorageError, match="unknown"):
        kit.start(running)
    assert head.read(running.path) == before
    assert behind(running.path) is None
