"""What `doctor` asks: each question is shown something that is well, and something that is not."""

import os
import re
import socket
from contextlib import closing
from pathlib import Path

import pytest

from durable_wf.errors import JournalError
from durable_wf.inspection.health import content, library, place, runners
from durable_wf.inspection.health.diagnosis import diagnose
from durable_wf.inspection.health.finding import size
from durable_wf.inspection.health.runners import Process
from durable_wf.journal import driver, files
from durable_wf.journal import library as sqlite_library
from durable_wf.journal.reader import SqliteReader, open_reader
from durable_wf.journal.sqlite import open_journal
from durable_wf.journal.tables import TABLES
from tests.journal import kit
from tests.journal.golden.kit import place as golden

MOUNTS = """\
21 1 8:1 / / rw,relatime shared:1 - {root} /dev/vda rw
40 21 0:35 / {folder} rw - {kind} server:/x rw
"""


@pytest.fixture
def path(tmp_path):
    """A journal with rows in every table, closed."""
    made = tmp_path / "home" / "journal.db"
    with closing(open_journal(made, durability="process")) as journal:
        kit.fill(journal)
    return made


@pytest.fixture
def reader(path):
    opened = open_reader(path)
    yield opened
    opened.close()


def by_name(found):
    return {one.name: one for one in found}


# --------------------------------------------------------------------------------------------------------------- whole


def test_every_question_is_answered_in_a_fixed_order_and_nothing_is_written(path):
    folder = path.parent
    before = {one.name: (one.stat().st_mtime_ns, one.read_bytes()) for one in folder.iterdir()}
    names = [one.name for one in diagnose(path)]
    assert names == [
        "journal", "schema", "head", "sqlite", "file system", "free space", "files", "wal", "sizes", "owners",
        "left-over processes",
    ]  # fmt: skip
    for name, was in before.items():
        assert ((folder / name).stat().st_mtime_ns, (folder / name).read_bytes()) == was
    assert {one.name for one in folder.iterdir()} - set(before) <= {"journal.db-wal", "journal.db-shm"}


def test_a_journal_that_is_not_there_is_a_problem_and_where_it_was_looked_for_is_told(tmp_path):
    path = tmp_path / "not" / "yet" / "journal.db"
    found = by_name(diagnose(path))
    assert (found["journal"].level, found["journal"].exit_code) == ("problem", 7)
    assert found["journal"].text == f"there is no journal at {path}"
    assert all(way in found["journal"].mend for way in ("durable-wf run", "--journal FILE", "DURABLE_WF_JOURNAL"))
    assert str(tmp_path) in found["file system"].text
    assert set(found) == {"journal", "sqlite", "file system", "free space", "files", "wal"}
    assert not list(tmp_path.iterdir())


def test_a_file_that_is_no_journal_is_a_problem_and_its_place_is_looked_at_all_the_same(tmp_path):
    path = tmp_path / "journal.db"
    path.write_text("not a journal" * 1000)
    found = by_name(diagnose(path))
    assert (found["journal"].level, found["journal"].exit_code) == ("problem", 9)
    assert "file system" in found


def test_a_page_that_cannot_be_read_spoils_no_more_than_its_own_question(path):
    content_ = path.read_bytes()
    answers = set()
    for page in range(1, len(content_) // 4096):
        damaged = bytearray(content_)
        damaged[page * 4096 : (page + 1) * 4096] = bytes(range(256)) * 16
        path.write_bytes(damaged)
        found = diagnose(path)
        assert len(found) in (6, 11)  # 6 where the schema cannot be read
        answers |= {one.name for one in found if one.level == "problem"}
        assert {one.exit_code for one in found if one.level == "problem"} <= {9}
    assert {"journal", "head", "owners"} <= answers


# --------------------------------------------------------------------------------------------------------------- place


@pytest.mark.parametrize(
    ("kind", "level", "text"),
    [
        ("ext4", "ok", "is on ext4"),
        ("xfs", "ok", "is on xfs"),
        ("nfs4", "warning", "a network file system"),
        ("cifs", "warning", "a network file system"),
        ("fuse.sshfs", "warning", "a network file system"),
        ("fuse.mystery", "warning", "is not known"),
        ("tmpfs", "warning", "a reboot takes the journal"),
        ("overlay", "warning", "goes with the container"),
    ],
)
def test_the_file_system_is_named_and_judged(tmp_path, kind, level, text):
    found = place.file_system(tmp_path / "j.db", MOUNTS.format(root="ext4", folder=tmp_path, kind=kind).encode())
    assert (found.level, found.facts["type"]) == (level, kind)
    assert text in found.text
    assert (found.mend is None) == (level == "ok")


def test_the_file_system_is_known_without_proc_too(tmp_path):
    """By statfs(2), which agrees with mountinfo."""
    by_magic, mounted = files.file_system_by_magic(tmp_path), files.file_system(tmp_path)
    assert isinstance(files.magic(tmp_path), int)
    assert by_magic in ("", mounted) or mounted.startswith(by_magic) or {by_magic, mounted} <= {"ext2", "ext3", "ext4"}
    assert place.file_system(tmp_path / "j.db", b"").facts["type"] == (by_magic or "unknown")
    assert files.magic(tmp_path / "not there") is None
    assert files.file_system_by_magic(Path("/proc")) == ""


@pytest.mark.parametrize(
    ("free", "level", "code"), [(10**12, "ok", 0), (200 * 1024**2, "warning", 0), (10**6, "problem", 10)]
)
def test_little_room_is_a_warning_and_none_a_problem(path, free, level, code):
    found = place.free_space(path, free)
    assert (found.level, found.exit_code) == (level, code)
    assert found.facts == {"free_bytes": free, "journal_bytes": path.stat().st_size}


def test_as_much_room_as_the_journal_takes_is_wanted(tmp_path):
    path = tmp_path / "journal.db"
    with path.open("wb") as file:
        file.truncate(10**9)
    assert place.free_space(path, 10**9 - 1).level == "warning"
    assert place.free_space(path, 10**9).level == "ok"


def test_files_that_others_may_read_are_a_warning_and_write_a_problem(path):
    assert place.files_finding(path).level == "ok"
    path.with_name("journal.db-head").chmod(0o644)
    found = place.files_finding(path)
    assert (found.level, found.mend) == ("warning", "chmod 600 journal.db-head")
    path.chmod(0o660)
    found = place.files_finding(path)
    assert (found.level, found.exit_code, found.mend) == ("problem", 9, "chmod 600 journal.db")
    assert found.facts["journal.db"]["mode"] == "0660"
    with pytest.raises(JournalError, match="other users may write"):
        open_journal(path)


def test_files_of_another_user_are_a_warning(path):
    found = place.files_finding(path, uid=os.geteuid() + 1)
    assert (found.level, found.mend) == ("warning", "run durable-wf as its owner")


def test_what_is_no_file_is_a_problem(tmp_path):
    (tmp_path / "journal.db-wal").mkdir()
    with closing(socket.socket(socket.AF_UNIX)) as one:
        one.bind(str(tmp_path / "journal.db"))
        found = place.files_finding(tmp_path / "journal.db")
    assert found.level == "problem"
    assert "journal.db is not a regular file; journal.db-wal is not a regular file" in found.text


def test_a_long_wal_is_a_warning(path):
    assert place.wal(path).level == "ok"
    journal = open_journal(path, durability="process")
    kit.start(journal)
    assert place.wal(path).facts["bytes"] == path.with_name("journal.db-wal").stat().st_size > 0
    journal.close()
    assert place.wal(path, 17 * 1024**2).level == "warning"


# ------------------------------------------------------------------------------------------------------------- library


@pytest.mark.parametrize(
    ("version", "affected"),
    [
        ("3.6.23", False), ("3.7.0", True), ("3.40.1", True), ("3.44.5", True), ("3.44.6", False), ("3.45.0", True),
        ("3.50.6", True), ("3.50.7", False), ("3.51.0", True), ("3.51.2", True), ("3.51.3", False), ("3.54.1", False),
        ("4.0.0", False),
    ],
)  # fmt: skip
def test_the_wal_reset_bug_is_in_these_versions(version, affected):
    """performance.md: 3.7.0–3.51.2; mended in 3.51.3, 3.50.7 and 3.44.6."""
    found = library.sqlite(version)
    assert (found.level == "warning", found.facts["bugs"]) == (affected, ["WAL-reset"] if affected else [])
    assert found.facts["version"] == version
    assert ("3.51.3" in (found.mend or "")) == affected


def test_the_version_in_use_is_the_one_that_is_judged():
    found = library.sqlite()
    assert found.facts["version"] == sqlite_library.version() == driver.chosen().version
    assert found.facts["driver"] == driver.chosen().name


@pytest.mark.parametrize(
    ("variable", "name", "mend"),
    [
        (None, "python", "pip install 'durable-wf[apsw]'; or use a Python whose sqlite3 has 3.44.6 or"),
        ("python", "python", "pip install 'durable-wf[apsw]' and unset DURABLE_WF_SQLITE; or use a Python whose"),
        (None, "apsw", "pip install 'durable-wf[apsw]'. Let no other program"),
        ("apsw", "apsw", "pip install 'durable-wf[apsw]'. Let no other program"),
    ],
)
def test_the_extra_is_named_as_the_mend_of_a_bug(monkeypatch, variable, name, mend):
    """Of an apsw that is too old for the extra, too: pip then takes a newer one."""
    driver.chosen()  # once a process: before the variable changes
    if variable is None:
        monkeypatch.delenv(driver.VARIABLE, raising=False)
    else:
        monkeypatch.setenv(driver.VARIABLE, variable)
    found = library.sqlite("3.46.1", name)
    assert (found.level, found.facts["driver"]) == ("warning", name)
    assert found.mend.startswith(mend)
    assert library.sqlite("3.51.3", name).mend is None


# ------------------------------------------------------------------------------------------------------------- content


def test_the_head_is_shown_and_compared(path, reader):
    newest = reader.newest_link()
    mark = f"{newest.last_seq}:{newest.hash.hex()}"
    assert content.head(reader).text == f"{mark}, as the head file says"
    head = path.with_name("journal.db-head")
    kept = head.read_text()
    head.unlink()
    assert content.head(reader).level == "warning"
    head.write_text(kept.replace(f"{newest.last_seq:020d}", f"{newest.last_seq + 5:020d}").replace(" 00", " 01"))
    found = content.head(reader)
    assert (found.level, found.exit_code) == ("problem", 9)
    assert found.text.startswith(f"the journal ends at seq {newest.last_seq} (")
    assert f"its head file says that seq {newest.last_seq + 5} was committed" in found.text
    head.write_text(kept[:-2])
    found = content.head(reader)
    assert (found.level, found.exit_code, found.facts["head_file_seq"]) == ("problem", 9, None)
    assert f"the head file {head} cannot be read (cut short" in found.text
    assert found.mend.startswith("make it readable; or ")


def test_an_empty_journal_has_no_head(tmp_path):
    path = tmp_path / "journal.db"
    open_journal(path).close()
    with closing(open_reader(path)) as reader:
        assert content.head(reader).text == "nothing was committed yet"


def test_an_older_schema_is_a_warning(tmp_path, reader):
    assert content.schema(reader).level == "ok"
    with closing(open_reader(golden(1, tmp_path))) as older:
        found = content.schema(older)
    assert (found.level, found.mend, found.facts["version"]) == ("warning", "durable-wf doctor --migrate", 1)


def test_sizes_are_bytes_by_dbstat_and_add_up(path, reader):
    found = content.sizes(reader)
    assert found.facts["by"] == "dbstat"
    assert set(TABLES) | {"sqlite_schema"} == set(found.facts["bytes"])
    assert all(count >= 4096 and count % 4096 == 0 for count in found.facts["bytes"].values())
    pages = path.stat().st_size // 4096
    maps = pages - sum(found.facts["bytes"].values()) // 4096 - found.facts["unused_bytes"] // 4096
    assert maps <= 1 + pages // 800  # of auto_vacuum: pages that tell where others belong
    assert re.match(r"[\d.]+ KB, by dbstat: sqlite_schema ", found.text)


def test_without_dbstat_rows_are_counted_and_it_says_so(reader, monkeypatch):
    with pytest.raises(JournalError, match="no such table: missing"):
        reader.query("SELECT name FROM missing")
    plain = SqliteReader.query

    def query(self, sql):  # as a SQLite answers that was built without it
        if "dbstat" in sql:
            raise JournalError(f"reading {self.path}: no such table: dbstat (SQLITE_ERROR)")
        return plain(self, sql)

    monkeypatch.setattr(SqliteReader, "query", query)
    found = content.sizes(reader)
    assert (found.facts["by"], found.facts["rows"]["execution"]) == ("count", 2)
    assert found.text.startswith("rows, by counting: ")


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 bytes"), (1023, "1023 bytes"), (1024, "1.0 KB"), (5 * 1024**3, "5.0 GB"), (1024**5, "1024.0 TB")],
)
def test_sizes_are_said_for_people(count, text):
    assert size(count) == text


# ------------------------------------------------------------------------------------------------------------- runners


def owned_by(journal, pid, start, *, ns=None, state=3):
    ns = os.stat("/proc/self/ns/pid").st_ino if ns is None else ns  # noqa: PTH116 - a link of /proc
    row = journal.executions()[-1]
    move = kit.execution_move(
        row, state=state, owner_json=f'{{"pid":{pid},"start":{start},"pid_ns":{ns}}}', started_us=kit.AT
    )
    with journal.turn() as turn:
        turn.apply(kit.Changes(execution_moves=[move]))
    return row.uid


def test_who_runs_what_is_told_with_pid_and_since(path):
    with closing(open_journal(path, durability="process")) as journal, closing(open_reader(path)) as reader:
        uid = owned_by(journal, 4711, 1790000000.5)
        found = runners.owners(reader, path)
        assert (found.level, found.facts["held"]) == ("warning", [])
        assert found.facts["interrupted"] == ["uid-0002", uid]
        assert found.mend == "durable-wf resume uid-0002"
        assert journal.own(1)
        found = runners.owners(reader, path)
        assert found.facts["held"] == [{"execution": uid, "pid": 4711, "since": "2026-09-21T14:13:20.500000Z"}]
        assert f"{uid} is run by process 4711, running since 2026-09-21T14:13:20" in found.text
        assert uid not in found.facts["interrupted"]


def test_no_file_of_owners_is_made(tmp_path):
    path = golden(1, tmp_path)
    with closing(open_reader(path)) as reader:
        found = runners.owners(reader, path)
    assert found.facts["interrupted"]
    assert not path.with_name("journal.db-owners").exists()


LEFT = [
    Process(9001, 4711, 1790000100.0, "sleep"),
    Process(9002, 4711, 1790000101.0, "python3"),
    Process(9003, 9003, 1790000101.0, "bash"),
    Process(9004, 4711, 1690000000.0, "older than the runner"),
]


def test_a_group_that_a_gone_runner_led_is_told(path):
    with closing(open_journal(path, durability="process")) as journal, closing(open_reader(path)) as reader:
        uid = owned_by(journal, 4711, 1790000000.0)
        found = runners.left_over(reader, LEFT)
        assert found.facts["groups"] == [{"group": 4711, "execution": uid, "pids": [9001, 9002]}]
        assert (found.level, found.mend) == ("warning", "look what they are; to end them: kill -- -4711")


@pytest.mark.parametrize(
    ("living", "owner"),
    [
        ([*LEFT, Process(4711, 4711, 1790000000.0, "python3")], {}),  # the runner lives
        (LEFT[2:], {}),
        (LEFT, {"ns": 1}),  # its pid counts elsewhere
        (LEFT, {"pid": 4712}),
    ],
)
def test_what_is_not_surely_a_gone_runners_is_not_told(path, living, owner):
    with closing(open_journal(path, durability="process")) as journal, closing(open_reader(path)) as reader:
        owned_by(journal, owner.get("pid", 4711), 1790000000.0, ns=owner.get("ns"))
        assert runners.left_over(reader, living).level == "ok"


def test_the_processes_of_this_machine_are_seen_with_their_groups():
    mine = [one for one in runners._living() if one.pid == os.getpid()]
    assert [one.group for one in mine] == [os.getpgid(0)]
