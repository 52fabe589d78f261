"""L6: a power cut, a lost log: some states of each, by a seed that is printed. Their planted bugs: test_faults."""

import random
import sys
from pathlib import Path

import pytest

from tools.crash import recording
from tools.crash.crash_states import Create, Mark, Sync, SyncNames, Truncate, Unlink, Write, digest, disk_after
from tools.crash.faults.power import events_of, said
from tools.crash.recording import Kind, Record

pytestmark = [pytest.mark.crash]
slow = pytest.mark.slow


@slow
@pytest.mark.parametrize(("fault", "points"), [("power", 30), ("wal", 40)])
def test_L6_some_states_after_a_power_cut_and_a_lost_log_are_survived(run, fault, points):
    seed = random.SystemRandom().randrange(10**6)
    scenario = random.Random(seed).choice(("graph", "handlers"))
    done = run("--fault", fault, "--scenario", scenario, "--max-parallel", 8, "--points", points, "--seed", seed)
    sys.stdout.write(done.stdout)  # has the seed
    assert done.returncode == 0, f"seed {seed}\n{done.stdout}{done.stderr}"
    assert f"{points} states" in done.stdout or fault == "wal"


def record(kind, name="journal.db", file=(1, 7), offset=0, data=b"", flag=0):
    return Record(0, kind, flag, f"/home/{name}" if name else "/home", file, offset, data)


def test_a_recording_becomes_events_of_files_that_are_told_apart_when_an_inode_is_used_again():
    records = [
        record(Kind.OPEN, flag=1),
        record(Kind.SYNC, name=""),
        record(Kind.WRITE, offset=3, data=b"x"),
        record(Kind.MARK, data=b"acknowledged seq 4"),
        record(Kind.SYNC),
        record(Kind.WRITE, name="journal.db-write", file=(1, 9), data=b"who holds the lock"),
        record(Kind.UNLINK),
        record(Kind.OPEN, flag=1),
        record(Kind.TRUNCATE, offset=9),
        record(Kind.OPEN, flag=2),
        record(Kind.MARK, data=b"ran 12"),
    ]
    found = list(events_of(records, Path("/home")))
    assert found == [
        Create("journal.db", 1),
        SyncNames(),
        Write(1, 3, b"x"),
        Mark("acknowledged seq 4"),
        Sync(1),
        Unlink("journal.db"),
        Create("journal.db", 2),
        Truncate(2, 9),
        Truncate(2, 0),
        Mark("ran 12"),
    ]
    assert (said(found, "acknowledged seq "), said(found, "ran "), said(found[:3], "ran ")) == (4, 12, 0)


def test_all_that_was_recorded_has_landed_in_the_files_that_are_there(run, tmp_path):
    done = run(tmp_path, "record", module="tests.crash.opens")
    assert done.returncode == 0, done.stderr
    events = list(events_of(recording.read(tmp_path / "recording.bin"), tmp_path))
    there = {
        path.name: path.read_bytes()
        for path in tmp_path.iterdir()
        if path.name in ("journal.db", "journal.db-wal", "journal.db-head")
    }
    assert digest(disk_after(events).cut(lambda: True)) == digest(there)
    assert disk_after(events).cut(lambda: False)["journal.db"] == there["journal.db"]
