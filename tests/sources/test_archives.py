"""Archives of somebody else's. Source: reliability.md §2c."""

import io
import random
import stat
import tarfile
import zipfile
from contextlib import nullcontext

import pytest

from durable_wf.errors import StorageError
from durable_wf.sources.archives import ArchiveError, Limits, is_archive, unpack


def zipped(path, members, **options):
    with zipfile.ZipFile(path, "w", **options) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def tarred(path, *members, mode="w:gz"):
    with tarfile.open(path, mode) as archive:
        for name, content, changes in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            for key, value in changes.items():
                setattr(info, key, value)
            archive.addfile(info, io.BytesIO(content))
    return path


def content(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_a_zip_and_a_tar_become_what_is_in_them(tmp_path):
    """Modes are reduced to whether a file is executable."""
    one = zipped(tmp_path / "a.zip", {"plugin.yaml": "x", "code/a.py": "y", "empty/": ""})
    unpack(one, tmp_path / "one")
    assert content(tmp_path / "one") == {"plugin.yaml": b"x", "code/a.py": b"y"}
    assert (tmp_path / "one" / "empty").is_dir()
    two = tarred(tmp_path / "a.tar.gz", ("a.sh", b"z", {"mode": 0o4777}), ("b", b"", {"mode": 0o000}))
    unpack(two, tmp_path / "two")
    assert stat.S_IMODE((tmp_path / "two" / "a.sh").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "two" / "b").stat().st_mode) == 0o600


def test_one_folder_around_all_is_left_out(tmp_path):
    """`plugin-1.0/plugin.yaml` is how archives of releases look; a package is kept."""
    unpack(zipped(tmp_path / "a.zip", {"p-1.0/plugin.yaml": "x", "p-1.0/p/__init__.py": ""}), tmp_path / "one")
    assert set(content(tmp_path / "one")) == {"plugin.yaml", "p/__init__.py"}
    unpack(zipped(tmp_path / "b.zip", {"p/__init__.py": ""}), tmp_path / "two")
    assert set(content(tmp_path / "two")) == {"p/__init__.py"}


def test_a_wagon_becomes_what_its_wheels_have(tmp_path):
    """A wagon is a tar.gz of wheels with a package.json."""
    wheels = []
    for name in ("plugin", "helper"):
        path = zipped(tmp_path / f"{name}-1.whl", {f"{name}/__init__.py": name})
        wheels.append((f"plugin/wheels/{path.name}", path.read_bytes(), {}))
    wagon = tarred(
        tmp_path / "a.wgn", ("plugin/package.json", b"{}", {}), ("plugin/plugin.yaml", b"plugins:", {}), *wheels
    )
    unpack(wagon, tmp_path / "out")
    assert set(content(tmp_path / "out")) == {"plugin/__init__.py", "helper/__init__.py", "plugin.yaml"}


def link(kind, target):
    return {"type": kind, "linkname": target}


HOSTILE_TARS = {
    "above": ("../out.txt", b"x", {}),
    "far above": ("a/../../out.txt", b"x", {}),
    "absolute": ("/tmp/out.txt", b"x", {}),
    "windows": ("..\\out.txt", b"x", {}),
    "drive": ("C:\\out.txt", b"x", {}),
    "symlink": ("a", b"", link(tarfile.SYMTYPE, "/etc/passwd")),
    "symlink inside": ("a", b"", link(tarfile.SYMTYPE, "b")),
    "hard link": ("a", b"", link(tarfile.LNKTYPE, "/etc/passwd")),
    "device": ("a", b"", {"type": tarfile.CHRTYPE}),
    "fifo": ("a", b"", {"type": tarfile.FIFOTYPE}),
    "long": ("a" * 501, b"", {}),
}


@pytest.mark.parametrize("name", HOSTILE_TARS)
def test_nothing_of_a_hostile_tar_is_kept(tmp_path, name):
    """Refused with the member's name; what stood before it is not there either."""
    archive = tarred(tmp_path / "a.tgz", ("good.txt", b"x", {}), HOSTILE_TARS[name])
    (tmp_path / "in").mkdir()
    with pytest.raises(ArchiveError, match="is not unpacked"):
        unpack(archive, tmp_path / "in" / "target")
    assert list((tmp_path / "in").iterdir()) == []
    assert not (tmp_path / "out.txt").exists()


@pytest.mark.parametrize("name", ["../out.txt", "/tmp/out.txt", "a/../../out.txt", "..\\out.txt"])
def test_nothing_of_a_hostile_zip_is_kept(tmp_path, name):
    """As for tars."""
    (tmp_path / "in").mkdir()
    with pytest.raises(ArchiveError, match="outside"):
        unpack(zipped(tmp_path / "a.zip", {"good.txt": "x", name: "y"}), tmp_path / "in" / "target")
    assert list((tmp_path / "in").iterdir()) == []


def test_links_in_zips_are_refused(tmp_path):
    """They are files whose mode says so."""
    info = zipfile.ZipInfo("a")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(info, "/etc/passwd")
    with pytest.raises(ArchiveError, match="link"):
        unpack(tmp_path / "a.zip", tmp_path / "target")


@pytest.mark.parametrize("names", [("a", "a"), ("a", "A"), ("a", "a/b"), ("a/b", "a")])
def test_two_members_of_one_path_are_refused(tmp_path, names):
    """Which of them would be checked, and which be run? On some file systems A is a."""
    archive = tarred(tmp_path / "a.tgz", *((name, b"x", {}) for name in names))
    with pytest.raises(ArchiveError, match=r"twice|file and a folder"):
        unpack(archive, tmp_path / "target")


def test_a_bomb_is_refused_when_it_has_grown_too_large(tmp_path):
    """What is counted is what comes out, not what the archive says."""
    small = Limits(bytes=1_000_000, members=10)
    bomb = zipped(tmp_path / "a.zip", {"a": b"\0" * 5_000_000}, compression=zipfile.ZIP_DEFLATED)
    with pytest.raises(ArchiveError, match="1000000 bytes"):
        unpack(bomb, tmp_path / "target", small)
    many = zipped(tmp_path / "b.zip", {f"{number}/": "" for number in range(11)})
    with pytest.raises(ArchiveError, match="10 members"):
        unpack(many, tmp_path / "target", small)


@pytest.mark.parametrize("kind", ["zip", "tgz", "wagon"])
def test_a_bomb_is_refused_by_its_ratio_long_before_it_is_too_large(tmp_path, kind):
    """Zeros come out a thousand times as large as they are in the file; what is small may be anything."""
    zeros = b"\0" * 12_000_000
    for size, is_refused in ((12_000_000, True), (9_000_000, False)):
        if kind == "tgz":
            bomb = tarred(tmp_path / "a.tgz", ("a", zeros[:size], {}))
        else:
            bomb = zipped(tmp_path / "a.whl", {"a": zeros[:size]}, compression=zipfile.ZIP_DEFLATED)
        if kind == "wagon":
            members = (("w/package.json", b"{}", {}), ("w/wheels/b-1.whl", bomb.read_bytes(), {}))
            bomb = tarred(tmp_path / "a.wgn", *members)
        with pytest.raises(ArchiveError, match="100 times its own size") if is_refused else nullcontext():
            unpack(bomb, tmp_path / "target")
        assert (tmp_path / "target").exists() is not is_refused


def test_what_is_large_and_does_not_shrink_much_is_unpacked(tmp_path):
    """The ratio is that of the whole archive: a file of zeros beside others is no bomb."""
    noise = random.Random(1).randbytes(200_000)
    archive = zipped(tmp_path / "a.zip", {"a": b"\0" * 12_000_000, "b": noise}, compression=zipfile.ZIP_DEFLATED)
    unpack(archive, tmp_path / "target")
    assert (tmp_path / "target" / "b").read_bytes() == noise


def test_an_archive_may_have_ten_thousand_members():
    """As reliability.md says."""
    assert (Limits().members, Limits().ratio) == (10_000, 100)


def test_wheels_of_a_wagon_count_too(tmp_path):
    """A bomb may hide in an inner archive."""
    bomb = zipped(tmp_path / "b-1.whl", {"a": b"\0" * 5_000_000}, compression=zipfile.ZIP_DEFLATED)
    wagon = tarred(tmp_path / "a.wgn", ("w/package.json", b"{}", {}), ("w/wheels/b-1.whl", bomb.read_bytes(), {}))
    with pytest.raises(ArchiveError, match="bytes"):
        unpack(wagon, tmp_path / "target", Limits(bytes=1_000_000))


@pytest.mark.parametrize("damage", ["cut", "flipped", "text", "empty", "only the head"])
@pytest.mark.parametrize("kind", ["zip", "tgz"])
def test_damaged_archives_are_one_clear_error(tmp_path, kind, damage):
    """Whatever is wrong with them."""
    path = tmp_path / f"a.{kind}"
    if kind == "zip":
        zipped(path, {"a.py": "x = 1\n" * 1000}, compression=zipfile.ZIP_DEFLATED)
    else:
        tarred(path, ("a.py", b"x = 1\n" * 1000, {}))
    data = path.read_bytes()
    middle = len(data) // 2
    path.write_bytes(
        {
            "cut": data[:middle],
            "flipped": data[:middle] + bytes([data[middle] ^ 0xFF]) + data[middle + 1 :],
            "text": b"this is no archive",
            "empty": b"",
            "only the head": data[:10],
        }[damage]
    )
    with pytest.raises(ArchiveError):
        unpack(path, tmp_path / "target")
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


def test_an_encrypted_zip_is_refused(tmp_path):
    """There is nobody to ask for a password."""
    path = zipped(tmp_path / "a.zip", {"a": "x"})
    data = bytearray(path.read_bytes())
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(bytes(data))
    with pytest.raises(ArchiveError, match="encrypted"):
        unpack(path, tmp_path / "target")


def test_a_disk_that_cannot_be_written_is_said(tmp_path):
    """It is not the archive's fault."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot be unpacked"):
        unpack(zipped(tmp_path / "a.zip", {"a": "x"}), tmp_path / "file" / "target")


def test_archives_are_told_by_their_names(tmp_path):
    """Those that blueprints name."""
    assert all(is_archive(tmp_path / name) for name in ("a.zip", "a.wgn", "a.TAR.GZ", "a.tgz", "a.whl"))
    assert not is_archive(tmp_path / "a.py")
