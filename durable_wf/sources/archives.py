"""Unpacks archives that somebody else has made: zip (and wheels), tar, tar.gz, wagons. Nothing of it is run.

Refused: members that would lie outside (`..`, absolute, drive letters), links and devices, two members of one path,
encrypted members, and more than `Limits` allows, counted while it is unpacked, whatever the archive says of itself.
Unpacked are plain files and folders, readable and writable by this user, executable where the archive says so.

Source: reliability.md §2c (archives with `..` or links), §3 (members, ratio); reference/blueprint-dsl.md §9 (`source`).
"""

from __future__ import annotations

import lzma
import shutil
import stat
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import file_digest, sha256
from pathlib import Path, PurePosixPath
from typing import IO

from durable_wf.errors import InputError, StorageError
from durable_wf.sources.whole import put

ENDINGS = (".zip", ".whl", ".wgn", ".tar", ".tar.gz", ".tgz")
_CHUNK = 1 << 20
_HEAD = 512
_ENCRYPTED = 1
_BROKEN = (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, NotImplementedError)


class ArchiveError(InputError):
    """An archive is damaged, of no kind that is known, or not safe to unpack."""

    code = "archive"
    explanation = (
        "An archive cannot be unpacked: it is damaged, larger than allowed, or has a member that would lie outside of "
        "its folder or is a link or a device. Nothing of it was kept."
    )


@dataclass(frozen=True, slots=True)
class Limits:
    """What an archive may unpack to, archives in it included.

    ratio  of the bytes that come out to those of the file, once `small` bytes are out
    """

    bytes: int = 500_000_000
    members: int = 10_000
    path: int = 500  # characters
    ratio: int = 100
    small: int = 10_000_000


@dataclass(slots=True)
class _Member:
    """A file or folder in an archive.

    mode  permissions; only whether it is executable counts
    open  None for a folder
    """

    name: str
    mode: int
    file: IO[bytes] | None


class _Unpacking:
    """One archive, with the archives in it."""

    def __init__(self, archive: Path, limits: Limits) -> None:
        self._archive = archive
        self._limits = limits
        self._suspicious = max(limits.small, limits.ratio * archive.stat().st_size)
        self._bytes = 0
        self._members = 0

    def run(self, archive: Path, target: Path) -> None:
        """Unpack into `target`, which is there; what is there already is written over by nothing."""
        seen: set[str] = set()
        for member in _members(archive, self.refusal):
            self._members += 1
            if self._members > self._limits.members:
                raise self.refusal(f"it has more than {self._limits.members} members")
            path = self._path(member.name)
            if path is None:
                continue
            key = str(path)
            if member.file is not None and key.casefold() in seen:
                raise self.refusal(f"it has '{member.name}' twice")
            seen.add(key.casefold())
            self._write(member, target / path)

    def refusal(self, why: str) -> ArchiveError:
        """That the archive is not unpacked."""
        return ArchiveError(f"{self._archive} is not unpacked: {why}")

    def _path(self, name: str) -> PurePosixPath | None:
        path = PurePosixPath(name.replace("\\", "/"))
        parts = path.parts
        if "\0" in name or len(name) > self._limits.path:
            raise self.refusal(f"the name of a member is longer than {self._limits.path} characters, or has a NUL")
        if path.is_absolute() or ".." in parts or any(":" in part for part in parts):
            raise self.refusal(f"'{name}' would lie outside of its folder")
        return path if parts else None

    def _write(self, member: _Member, path: Path) -> None:
        try:
            if member.file is None:
                path.mkdir(mode=0o700, parents=True, exist_ok=True)
                return
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with path.open("xb") as file:
                while chunk := member.file.read(_CHUNK):
                    self._bytes += len(chunk)
                    self._check_bytes()
                    file.write(chunk)
            path.chmod(0o700 if member.mode & stat.S_IXUSR else 0o600)
        except (FileExistsError, NotADirectoryError) as error:
            raise self.refusal(f"'{member.name}' is a file and a folder, or there twice") from error

    def _check_bytes(self) -> None:
        if self._bytes > self._limits.bytes:
            raise self.refusal(f"it unpacks to more than {self._limits.bytes} bytes")
        if self._bytes > self._suspicious:
            raise self.refusal(f"it unpacks to more than {self._limits.ratio} times its own size, as no plugin does")


def _members(archive: Path, refusal: Callable[[str], ArchiveError]) -> Iterator[_Member]:
    """The members one after the other, each open only until the next."""
    with archive.open("rb") as file:
        head = file.read(_HEAD)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        yield from _of_zip(archive, refusal)
    elif head.startswith(b"\x1f\x8b") or head[257:262] == b"ustar":
        yield from _of_tar(archive, refusal)
    else:
        raise refusal(f"it is neither a zip nor a tar; there are {', '.join(ENDINGS)}")


def _of_zip(archive: Path, refusal: Callable[[str], ArchiveError]) -> Iterator[_Member]:
    with zipfile.ZipFile(archive) as opened:
        for info in opened.infolist():
            mode = info.external_attr >> 16
            if stat.S_IFMT(mode) not in {0, stat.S_IFREG, stat.S_IFDIR}:
                raise refusal(f"'{info.filename}' is a link or a device")
            if info.flag_bits & _ENCRYPTED:
                raise refusal(f"'{info.filename}' is encrypted")
            if info.is_dir():
                yield _Member(info.filename, mode, None)
                continue
            with opened.open(info) as file:
                yield _Member(info.filename, mode, file)


def _of_tar(archive: Path, refusal: Callable[[str], ArchiveError]) -> Iterator[_Member]:
    with tarfile.open(archive, "r|*") as opened:  # a stream: nothing is read twice, or out of order
        for info in opened:
            if not (info.isreg() or info.isdir()):
                raise refusal(f"'{info.name}' is a link or a device")
            yield _Member(info.name, info.mode, opened.extractfile(info) if info.isreg() else None)


def unpack(archive: Path, target: Path, limits: Limits | None = None) -> None:
    """Unpack an archive into a folder that is not there yet: whole, or not at all.

    A wagon becomes what its wheels have, one beside the other; what else is in it is left out.

    raises  ArchiveError; StorageError where it cannot be written
    """
    limits = limits or Limits()
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".unpacking-", dir=target.parent) as temporary:
            whole = Path(temporary) / "whole"
            whole.mkdir(mode=0o700)
            unpacking = _Unpacking(archive, limits)
            try:
                unpacking.run(archive, whole)
                found = _without_wagon(whole, Path(temporary) / "wheels", unpacking)
            except _BROKEN as error:
                raise unpacking.refusal(f"it is damaged: {error}") from error
            put(found, target)
    except OSError as error:
        raise StorageError(f"{archive} cannot be unpacked into {target}: {error.strerror or error}") from error


def _without_wagon(whole: Path, wheels: Path, unpacking: _Unpacking) -> Path:
    """The folder that is wanted of what was unpacked: a wagon's wheels, the one folder that all lies in, or all."""
    entries = list(whole.iterdir())
    root = entries[0] if len(entries) == 1 and entries[0].is_dir() else whole
    if not ((root / "package.json").is_file() and (root / "wheels").is_dir()):
        return root if root is not whole and not (root / "__init__.py").exists() else whole
    wheels.mkdir(mode=0o700)
    for wheel in sorted((root / "wheels").glob("*.whl")):
        unpacking.run(wheel, wheels)
    for path in sorted(root.glob("*.yaml")):
        shutil.copyfile(path, wheels / path.name)
    return wheels


def is_archive(path: Path) -> bool:
    """Whether a file is named as an archive is."""
    return path.name.lower().endswith(ENDINGS)


def files_of(folder: Path) -> list[Path]:
    """All files below a folder, sorted; what Python has compiled is left out."""
    return sorted(path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)


def tree_hash(folder: Path) -> str:
    """One SHA-256 of all files below a folder, by their names."""
    digest = sha256()
    for path in files_of(folder):
        name = path.relative_to(folder).as_posix().encode("utf-8", "surrogateescape")
        digest.update(name + b"\0" + file_hash(path).encode() + b"\n")
    return digest.hexdigest()


def file_hash(path: Path) -> str:
    """The SHA-256 of a file's content."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()
