"""The model of a disk without power: what may be there after a cut, from lists of events written by hand."""

import pytest

from tools.crash.crash_states import (
    Create,
    Cut,
    Disk,
    Mark,
    Rename,
    Sync,
    SyncNames,
    Truncate,
    Unlink,
    Write,
    cut,
    cuts,
    digest,
    disk_after,
    distinct,
    pieces,
)

NEW = [Create("db", 1), Sync(1)]


def after(events, *landed, sector=512):
    """What is there when of the pieces that are not durable these land, in order; all of them if none is named."""
    answers = iter(landed)
    return disk_after(events).cut(lambda: bool(next(answers)) if landed else True, sector)


def nothing(events):
    return disk_after(events).cut(lambda: False)


def test_a_synced_write_is_there_and_an_unsynced_one_may_be():
    events = [*NEW, Write(1, 0, b"one"), Sync(1), Write(1, 0, b"two")]
    assert nothing(events) == {"db": b"one"}
    assert after(events) == {"db": b"two"}


def test_a_sync_of_one_file_says_nothing_of_another():
    events = [*NEW, Create("wal", 2), Sync(2), Write(1, 0, b"one"), Sync(2)]
    assert nothing(events) == {"db": b"", "wal": b""}


def test_sectors_of_a_write_land_each_for_itself():
    events = [*NEW, Write(1, 0, b"a" * 1024)]
    assert after(events, False, True) == {"db": bytes(512) + b"a" * 512}
    assert after(events, True, False) == {"db": b"a" * 512}


def test_a_write_is_torn_where_the_disk_has_sectors_not_where_it_begins():
    write = Write(1, 500, bytes(1000))
    assert [(piece.offset, len(piece.data)) for piece in pieces(write, 512)] == [(500, 12), (512, 512), (1024, 476)]
    assert [(piece.offset, len(piece.data)) for piece in pieces(write, 4096)] == [(500, 1000)]


def test_a_later_write_may_land_without_an_earlier_one_and_stands_above_it():
    events = [*NEW, Write(1, 0, b"111"), Write(1, 2, b"222")]
    assert after(events, False, True) == {"db": b"\0\x00222"}
    assert after(events, True, False) == {"db": b"111"}
    assert after(events) == {"db": b"11222"}


def test_a_truncation_may_be_lost_and_lands_in_its_place():
    events = [*NEW, Write(1, 0, b"long"), Sync(1), Truncate(1, 0), Write(1, 0, b"s")]
    assert after(events, False, True) == {"db": b"song"}
    assert after(events, True, True) == {"db": b"s"}
    assert after(events, True, False) == {"db": b""}
    assert after([*NEW, Truncate(1, 3)]) == {"db": b"\0\0\0"}


def test_a_name_may_be_lost_until_its_file_or_its_folder_is_synced():
    events = [Create("db", 1), Write(1, 0, b"one")]
    assert nothing(events) == {}
    assert after(events, False, True) == {}
    assert after(events, True, False) == {"db": b""}
    assert nothing([*events, SyncNames()]) == {"db": b""}
    assert nothing([*events, Sync(1)]) == {"db": b"one"}


def test_a_removal_may_be_lost_until_the_folder_is_synced():
    events = [*NEW, Write(1, 0, b"hot"), Sync(1), Unlink("db")]
    assert nothing(events) == {"db": b"hot"}
    assert after(events) == {}
    assert nothing([*events, SyncNames()]) == {}


def test_an_old_file_whose_removal_is_lost_has_nothing_of_the_new_one_of_its_name():
    events = [*NEW, Write(1, 0, b"old"), Sync(1), Unlink("db"), Create("db", 2), Write(2, 0, b"new")]
    assert after(events, False, False, True) == {"db": b"old"}
    assert after(events, False, True, True) == {"db": b"new"}
    assert after(events, True, False, True) == {}
    assert nothing([*events, Sync(2)]) == {"db": b"new"}


def test_a_file_that_is_synced_after_its_removal_keeps_its_removal_open():
    events = [*NEW, Write(1, 0, b"one"), Unlink("db"), Sync(1)]
    assert nothing(events) == {"db": b"one"}


def test_a_new_name_lands_wholly_or_not_at_all():
    events = [*NEW, Write(1, 0, b"one"), Sync(1), Rename("db", "old")]
    assert nothing(events) == {"db": b"one"}
    assert after(events) == {"old": b"one"}
    assert nothing([*events, SyncNames()]) == {"old": b"one"}


def test_marks_change_nothing():
    disk = Disk()
    disk.take(Mark("acknowledged"))
    assert (disk.cut(lambda: True), disk.loose) == ({}, 0)


def test_every_prefix_is_cut_in_all_ways_and_the_last_cut_of_a_state_is_kept():
    events = [*NEW, Write(1, 0, b"a"), Sync(1), Mark("acknowledged seq 1")]
    found = distinct(events)
    assert found[digest({"db": b"a"})] == Cut(5, 0, "all")
    assert found[digest({})].events == 1
    assert set(found) == {digest({}), digest({"db": b""}), digest({"db": b"a"})}


def test_each_point_has_six_subsets_beside_all_and_nothing():
    found = list(cuts(7))
    assert len(found) == len(set(found)) == 8
    assert {one.sector for one in found} == {0, 512, 4096}


@pytest.mark.parametrize("at", list(cuts(3)), ids=str)
def test_a_cut_is_read_back_and_leaves_the_same_again(at):
    events = [*NEW, Write(1, 0, bytes(range(256)) * 64)]
    assert Cut.parse(str(at)) == at
    assert cut(disk_after(events), at) == cut(disk_after(events), at)
