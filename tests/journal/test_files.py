"""Where a journal may lie, what is refused unwritten, and how the file is made."""

import fcntl
import os
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from durable_wf.errors import JournalDamaged, JournalError, NetworkFileSystemError, NotFoundError, StorageError
from durable_wf.journal import files, schema
from durable_wf.journal.reader import open_reader
from durable_wf.journal.sqlite import open_journal
from durable_wf.journal.tables import raw
from tests.journal import kit

MOUNTS = b"""\
22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw
30 22 0:40 / /home rw - nfs4 server:/home rw
31 30 0:41 / /home/local rw - ext4 /dev/vdb rw
32 22 0:42 / /mnt/with\\040space rw - fuse.sshfs host:/ rw
33 22 0:43 / /twice rw - ext4 /dev/vdc rw
34 33 0:44 / /twice rw - cifs //server/share rw
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "new" / "deep" / "journal.db"


def test_files_are_for_their_user_alone_whatever_the_umask(path):
    script = (
        "import os, sys; os.umask(0); sys.path.insert(0, sys.argv[2])\n"
        "from durable_wf.journal.sqlite import open_journal\n"
        "from tests.journal import kit\n"
        "journal = open_journal(sys.argv[1]); kit.start(journal)\n"
        "print({f'{n}:{os.stat(os.path.join(d, n)).st_mode & 0o777:o}' "
        "for d, _, names in os.walk(os.path.dirname(sys.argv[1])) for n in names})\n"
    )
    found = subprocess.run(
        [sys.executable, "-c", script, str(path), str(Path(__file__).parents[2])],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    modes = dict(item.rsplit(":", 1) for item in eval(found))  # noqa: S307 - a set that our own script printed
    assert set(modes) == {f"journal.db{end}" for end in ("", "-wal", "-shm", "-turn", "-write", "-owners", "-head")}
    assert set(modes.values()) == {"600"}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_an_empty_file_is_a_new_journal(path):
    path.parent.mkdir(parents=True)
    path.touch(mode=0o600)
    with closing(open_journal(path)) as journal:
        kit.start(journal)
        assert list(journal.verify()) == []


def make_foreign(path):
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    path.chmod(0o600)


def make_newer(path):
    open_journal(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {schema.VERSION + 1}")


def make_text(path):
    path.write_text("dear diary, " * 100)
    path.chmod(0o600)


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (make_foreign, JournalError, "another program"),
        (
            make_newer,
            JournalError,
            f"has version {schema.VERSION + 1}; this program knows versions up to {schema.VERSION}",
        ),
        (make_text, JournalDamaged, "not a database"),
        (Path.mkdir, JournalError, "is a directory, not a journal"),
        (os.mkfifo, JournalError, "is a pipe, not a journal"),
        (lambda path: path.symlink_to("elsewhere"), JournalError, "is a symbolic link, not a journal"),
    ],
)
def test_what_is_not_a_journal_is_refused_and_never_written(tmp_path, make, error, text):
    path = tmp_path / "journal.db"
    make(path)
    content = path.read_bytes() if path.is_file() else None
    for opening in (open_journal, open_reader):
        with pytest.raises(error, match=text):
            opening(path)
    assert content is None or path.read_bytes() == content
    assert not (tmp_path / "elsewhere").exists()


def test_reading_needs_a_journal(path):
    with pytest.raises(NotFoundError, match="there is no journal at"):
        open_reader(path)
    assert not path.parent.exists()
    path.parent.mkdir(parents=True)
    path.touch()
    with pytest.raises(JournalError, match="is empty"):
        open_reader(path)


def test_a_journal_that_others_may_write_is_refused(path):
    open_journal(path).close()
    path.chmod(0o660)
    with pytest.raises(JournalError, match="other users may write"):
        open_journal(path)


def test_a_place_where_nothing_can_be_made_is_said_clearly(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="no journal can be made at"):
        open_journal(tmp_path / "file" / "journal.db")


@pytest.mark.parametrize(
    ("directory", "kind"),
    [
        ("/somewhere", "ext4"),
        ("/home/me", "nfs4"),
        ("/home/local/me", "ext4"),
        ("/homeless", "ext4"),
        ("/mnt/with space/x", "fuse.sshfs"),
        ("/twice", "cifs"),
    ],
)
def test_the_file_system_is_that_of_the_nearest_mount(directory, kind):
    assert files.file_system(Path(directory), MOUNTS) == kind


@pytest.mark.parametrize(
    ("field", "name"),
    [
        (b"/m\\040x", b"/m x"),
        (b"/m\\011\\012\\134x", b"/m\t\n\\x"),
        (b"/m\\134040", b"/m\\040"),
        ("/grün/日本".encode(), "/grün/日本".encode()),
        (b"/\xff\xfe", b"/\xff\xfe"),
        ("/line\u2028\x85\x0c".encode(), "/line\u2028\x85\x0c".encode()),
        (b"/m\\x41\\N{x}", b"/m\\x41\\N{x}"),
    ],
    ids=[
        "space",
        "white space",
        "an escape of an escape",
        "words",
        "no UTF-8",
        "ends of lines for Python",
        "Python's own",
    ],
)
def test_a_mount_point_has_any_bytes_and_the_kernels_escapes(field, name):
    mounts = b"1 0 8:1 / / rw - ext4 /dev/vda rw\n\nbroken line\n2 1 0:5 / " + field + b" rw - nfs4 server:/ rw\n"
    assert files.file_system(Path(os.fsdecode(name)) / "below", mounts) == "nfs4"
    assert files.file_system(Path("/elsewhere"), mounts) == "ext4"


def test_L4_a_network_file_system_that_mountinfo_does_not_show_is_known_by_its_magic(path, monkeypatch):
    """Another mount namespace's, or there is no /proc."""
    monkeypatch.setattr(files, "_MOUNTS", path.parent / "no such file")
    monkeypatch.setattr(files, "magic", lambda _: 0x6969)
    with pytest.raises(NetworkFileSystemError, match=r"network file system \(nfs\)"):
        open_journal(path)
    assert not path.exists()
    open_journal(path, unsafe_network_fs=True).close()


def test_a_network_file_system_is_refused_unless_wanted(path, monkeypatch):
    monkeypatch.setattr(files, "file_system", lambda _: "nfs4")
    with pytest.raises(NetworkFileSystemError, match=r"network file system \(nfs4\)"):
        open_journal(path)
    assert not path.exists()
    open_journal(path, unsafe_network_fs=True).close()


def test_this_machines_temporary_folder_is_not_a_network_file_system(tmp_path):
    assert files.file_system(tmp_path)


@pytest.mark.parametrize(("durability", "synchronous"), [("power", 2), ("process", 1)])
def test_the_settings_hold(path, durability, synchronous):
    with closing(open_journal(path, durability=durability)) as journal:
        connection = raw(journal._writer._database)
        expected = {
            "journal_mode": "wal",
            "synchronous": synchronous,
            "foreign_keys": 1,
            "recursive_triggers": 1,
            "wal_autocheckpoint": 0,
            "auto_vacuum": 2,
            "mmap_size": 0,
            "application_id": schema.APPLICATION_ID,
            "user_version": schema.VERSION,
        }
        found = {name: connection.execute(f"PRAGMA {name}").fetchone()[0] for name in expected}
    assert found == expected


def test_a_first_creation_that_was_cut_off_is_done_again(path, monkeypatch):
    statements = schema.statements()

    def cut_off():
        yield from statements[:30]
        raise KeyboardInterrupt

    monkeypatch.setattr(schema, "statements", cut_off)
    with pytest.raises(KeyboardInterrupt):
        open_journal(path)
    monkeypatch.undo()
    with closing(open_journal(path)) as journal:
        assert list(journal.verify()) == []


def test_L6_the_head_of_a_journal_that_another_process_makes_first_is_kept(path, monkeypatch):
    """Between the look that finds no journal and the lock, it is made, committed to, and its head written."""
    open_journal(path, durability="process").close()
    head, aside = path.with_name(f"{path.name}-head"), path.with_name("aside")
    path.rename(aside)
    head.write_text("old")
    flock = fcntl.flock

    def late(file, how):
        if aside.exists():
            aside.rename(path)
            head.write_text("new")
        flock(file, how)

    monkeypatch.setattr(fcntl, "flock", late)
    files._create(path)
    assert head.read_text() == "new"
