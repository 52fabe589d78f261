"""The place where a journal lies: what is refused before SQLite ever sees it, and how the file is made.

Nothing here opens a journal that is there: closing the descriptor would drop SQLite's locks in this process.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import re
import stat
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from durable_wf.errors import JournalError, NetworkFileSystemError, NotFoundError, StorageError
from durable_wf.sources import whole

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOUNTS = Path("/proc/self/mountinfo")
_NETWORK = {
    *("9p", "afs", "beegfs", "ceph", "cifs", "coda", "gpfs", "lustre", "ncpfs", "nfs", "nfs4", "pvfs2", "smb2", "smb3"),
    "smbfs",
    *(f"fuse.{kind}" for kind in ("ceph", "ceph-fuse", "curlftpfs", "davfs", "gcsfuse", "glusterfs", "goofys")),
    *(f"fuse.{kind}" for kind in ("juicefs", "rclone", "s3fs", "smbnetfs", "sshfs")),
}
_MAGIC = {  # of statfs(2), in linux/magic.h and in the modules of file systems that are not in the kernel
    0x6969: "nfs",
    0x517B: "smbfs",
    0xFF534D42: "cifs",
    0xFE534D42: "smb2",
    0x01021997: "9p",
    0x00C36400: "ceph",
    0x5346414F: "afs",
    0x6B414653: "afs",
    0x564C: "ncpfs",
    0x19830326: "beegfs",
    0x20030528: "pvfs2",
    0x73757245: "coda",
    0x0BD00BD0: "lustre",
    0x47504653: "gpfs",
    0x65735546: "fuse",
    0x794C7630: "overlay",
    0x01021994: "tmpfs",
    0x858458F6: "ramfs",
    0xEF53: "ext4",
    0x58465342: "xfs",
    0x9123683E: "btrfs",
    0x2FC12FC1: "zfs",
    0xF2F52010: "f2fs",
}
_POINT = 4  # which field of a line of mountinfo the mount point is
_ESCAPE = re.compile(rb"\\([0-3][0-7]{2})")
_STATFS_BYTES = 512  # more than any libc's
_NAMES = {
    stat.S_IFDIR: "a directory",
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def check_readable(path: Path) -> None:
    """Refuse what cannot be a journal.

    raises  NotFoundError; JournalError for anything that is not a regular file
    """
    try:
        found = path.lstat()
    except FileNotFoundError:
        message = f"there is no journal at {path}"
        hint = (
            "the first `durable-wf run` or `deployments create` makes it; --journal FILE names another one, and so do "
            "DURABLE_WF_JOURNAL and durable-wf.toml"
        )
        raise NotFoundError(message, hint=hint) from None
    except OSError as error:
        message = f"the journal at {path} cannot be looked at: {error.strerror}"
        raise StorageError(message) from None
    if not stat.S_ISREG(found.st_mode):
        message = f"{path} is {_NAMES.get(stat.S_IFMT(found.st_mode), 'not a file')}, not a journal"
        raise JournalError(message)


def prepare(path: Path, *, unsafe_network_fs: bool) -> None:
    """Make the directory and an empty file where there is none, so that a journal can be opened for writing.

    raises  JournalError for what is there and cannot be a journal, or could be changed by other users;
            NetworkFileSystemError; StorageError
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not unsafe_network_fs:
            _check_file_system(path.parent)
        _create(path)
    except OSError as error:
        where = f" ({error.filename})" if error.filename not in {None, str(path)} else ""
        message = f"no journal can be made at {path}: {error.strerror}{where}"
        raise StorageError(message) from error
    check_readable(path)
    found = path.lstat()
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        message = f"other users may write to the journal {path}"
        raise JournalError(message, hint=f"chmod 600 {path}")
    if os.geteuid() not in (0, found.st_uid):
        message = f"the journal {path} belongs to another user (uid {found.st_uid})"
        raise JournalError(message, hint="run as that user; a journal has one")


def _create(path: Path) -> None:
    """An empty file that only we may read, durable in its directory; nothing if there is one."""
    log = path.with_name(f"{path.name}-wal")
    if path.is_symlink() or path.exists():
        return  # what it is, is looked at next
    if log.exists() and log.stat().st_size:
        message = f"{log} is there without its journal; SQLite would take it for a new one's"
        raise JournalError(message, hint="put the journal back, or move the -wal away")
    with _head_forgotten(path):
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except FileExistsError:
            return
        os.fchmod(descriptor, 0o600)  # whatever the umask is
        os.close(descriptor)
        whole.sync(path.parent)


@contextmanager
def _head_forgotten(path: Path) -> Iterator[None]:
    """Empty the head file of a journal that is gone, durably and before there is another one that it would accuse.

    Under a lock of that file, in which the other one is made: the head of one that somebody else has made is kept.
    """
    try:
        descriptor = os.open(path.with_name(f"{path.name}-head"), os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        yield
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if not path.exists():
            os.ftruncate(descriptor, 0)
            os.fsync(descriptor)
        yield
    finally:
        os.close(descriptor)


def is_network(kind: str) -> bool:
    """Whether a file system of this type is another machine's."""
    return kind in _NETWORK


def magic(directory: Path) -> int | None:
    """The number by which statfs(2) tells a file system's type; None where it cannot be had."""
    try:
        ask = ctypes.CDLL(None, use_errno=True).statfs
    except (OSError, AttributeError):
        return None
    answer = ctypes.create_string_buffer(_STATFS_BYTES)
    if ask(os.fsencode(directory), answer) != 0:
        return None
    return ctypes.c_long.from_buffer(answer).value & 0xFFFFFFFF  # the first field, whatever else there is


def file_system_by_magic(directory: Path) -> str:
    """The type as statfs(2) has it: without /proc, and below whatever was mounted since; empty for an unknown one."""
    found = magic(directory)
    return "" if found is None else _MAGIC.get(found, "")


def _check_file_system(directory: Path) -> None:
    for kind in (file_system(directory), file_system_by_magic(directory)):
        if is_network(kind):
            message = f"{directory} is on a network file system ({kind})"
            raise NetworkFileSystemError(message, hint="put the journal on a local disk, or use --unsafe-network-fs")


def file_system(directory: Path, mounts: bytes | None = None) -> str:
    """The type of the file system that a directory is on, as the kernel names it; empty where it does not say.

    mounts  the content of /proc/self/mountinfo
    """
    if mounts is None:
        try:
            mounts = _MOUNTS.read_bytes()
        except OSError:
            return ""
    where = directory.resolve()
    best, kind = -1, ""
    for line in mounts.split(b"\n"):
        left, _, right = line.partition(b" - ")
        fields = left.split(b" ")
        if len(fields) <= _POINT:
            continue
        point = os.fsdecode(_ESCAPE.sub(_escaped, fields[_POINT]))
        if len(point) >= best and where.is_relative_to(point):  # of two on one point the later one covers the other
            best, kind = len(point), os.fsdecode(right.split(b" ")[0])
    return kind


def _escaped(found: re.Match[bytes]) -> bytes:
    """The byte that the kernel has written as three octal digits: white space and backslashes in names."""
    return bytes((int(found[1], 8),))
