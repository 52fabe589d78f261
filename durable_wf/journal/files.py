"""The place where a journal lies: what is refused before SQLite ever sees it, and how the file is made.

Nothing here opens a journal that is there: closing the descriptor would drop SQLite's locks in this process.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from durable_wf.errors import JournalError, NetworkFileSystemError, NotFoundError, StorageError

_MOUNTS = Path("/proc/self/mountinfo")
_NETWORK = {
    *("9p", "afs", "beegfs", "ceph", "cifs", "coda", "gpfs", "lustre", "ncpfs", "nfs", "nfs4", "smb2", "smb3", "smbfs"),
    *(f"fuse.{kind}" for kind in ("ceph", "davfs", "glusterfs", "rclone", "s3fs", "smbnetfs", "sshfs")),
}
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
        raise NotFoundError(message, hint="the first `durable-wf run` or `deployments create` makes it") from None
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
        message = f"no journal can be made at {path}: {error.strerror}"
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
    if not path.exists() and not path.is_symlink() and log.exists() and log.stat().st_size:
        message = f"{log} is there without its journal; SQLite would take it for a new one's"
        raise JournalError(message, hint="put the journal back, or move the -wal away")
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        return
    os.fchmod(descriptor, 0o600)  # whatever the umask is
    os.close(descriptor)
    sync_directory(path.parent)


def sync_directory(directory: Path) -> None:
    """Make the names in a directory durable."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _check_file_system(directory: Path) -> None:
    kind = file_system(directory)
    if kind in _NETWORK:
        message = f"{directory} is on a network file system ({kind})"
        raise NetworkFileSystemError(message, hint="put the journal on a local disk, or use --unsafe-network-fs")


def file_system(directory: Path, mounts: str | None = None) -> str:
    """The type of the file system that a directory is on, as the kernel names it; empty where it does not say.

    mounts  the text of /proc/self/mountinfo
    """
    if mounts is None:
        try:
            mounts = _MOUNTS.read_text()
        except OSError:
            return ""
    where = directory.resolve()
    best, kind = -1, ""
    for line in mounts.splitlines():
        left, _, right = line.partition(" - ")
        point = left.split(" ")[4].encode().decode("unicode_escape")
        if len(point) >= best and where.is_relative_to(point):  # of two on one point the later one covers the other
            best, kind = len(point), right.split(" ")[0]
    return kind
