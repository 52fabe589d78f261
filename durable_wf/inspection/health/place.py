"""Where the journal lies: file system, room, owners and modes of its files, the length of its -wal."""

from __future__ import annotations

import os
import shutil
import stat
from typing import TYPE_CHECKING

from durable_wf.inspection.health.finding import OK, PROBLEM, WARNING, Finding, size
from durable_wf.journal import files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SUFFIXES = ("", "-wal", "-shm", "-head", "-owners", "-turn", "-write")
_IN_MEMORY = frozenset({"tmpfs", "ramfs"})
_LITTLE, _TOO_LITTLE = 256 * 1024**2, 16 * 1024**2  # a -wal takes 8 MB, one commit of large results more
_LONG_WAL = 16 * 1024**2  # it is checkpointed at half of that
_JOURNAL, _SYSTEM = 9, 10


def _directory(path: Path) -> Path:
    """The folder of the journal, or the nearest above that is there."""
    return next(folder for folder in path.absolute().parents if folder.is_dir())


def file_system(path: Path, mounts: bytes | None = None) -> Finding:
    """Its type, as the kernel names it in /proc/self/mountinfo; by statfs(2) where that does not say.

    mounts  the content of another mountinfo, to be judged
    """
    folder = _directory(path)
    mounted, by_magic = files.file_system(folder, mounts), files.file_system_by_magic(folder)
    kind = mounted or by_magic or "unknown"
    facts = {"type": kind, "statfs": by_magic or None, "folder": str(folder)}
    name, here = "file system", f"{folder} is on {kind}"
    if files.is_network(kind) or (mounts is None and files.is_network(by_magic)):
        text = f"{here}, a network file system: its locks and syncs cannot be relied on"
        return Finding(name, WARNING, text, "put the journal on a local disk", facts)
    if kind in _IN_MEMORY:
        text = f"{here}, which is memory: a reboot takes the journal with it"
        return Finding(name, WARNING, text, "put the journal on a disk", facts)
    if kind == "overlay":
        text = f"{here}, a container's own layer: it goes with the container"
        return Finding(name, WARNING, text, "put the journal on a volume", facts)
    if kind.partition(".")[0] in ("fuse", "unknown"):
        text = f"{here}: whether its locks and syncs can be relied on is not known"
        return Finding(name, WARNING, text, "put the journal on a local disk", facts)
    return Finding(name, OK, here, None, facts)


def free_space(path: Path, free: int | None = None) -> Finding:
    """Room on the disk: a migration and a backup take as much as the journal, a -wal some MB.

    free  another number of bytes, to be judged
    """
    folder = _directory(path)
    free = shutil.disk_usage(folder).free if free is None else free
    taken = path.stat().st_size if path.is_file() else 0
    facts, text = {"free_bytes": free, "journal_bytes": taken}, f"{size(free)} free, the journal has {size(taken)}"
    if free < _TOO_LITTLE:
        return Finding("free space", PROBLEM, text, "make room: commits will soon fail", facts, _SYSTEM)
    if free < max(_LITTLE, taken):
        mend = "make room: a backup or a migration needs as much again as the journal has"
        return Finding("free space", WARNING, text, mend, facts)
    return Finding("free space", OK, text, None, facts)


def files_of(path: Path) -> dict[str, os.stat_result]:
    """The files of a journal that are there, by name."""
    found = {}
    for suffix in SUFFIXES:
        one = path.with_name(path.name + suffix)
        try:
            found[one.name] = one.lstat()
        except (FileNotFoundError, NotADirectoryError):
            continue
    return found


def files_finding(path: Path, uid: int | None = None) -> Finding:
    """Whose the files are, and who else may read or write them.

    uid  another user than ours, to be judged
    """
    found, uid = files_of(path), os.geteuid() if uid is None else uid
    facts = {
        name: {"uid": about.st_uid, "mode": f"{stat.S_IMODE(about.st_mode):04o}", "bytes": about.st_size}
        for name, about in found.items()
    }
    wrong = list(_wrong(found, uid))
    for level in (PROBLEM, WARNING):
        texts = [(text, mend) for one, text, mend in wrong if one == level]
        if texts:
            text = "; ".join(text for text, _ in texts)
            mends = " && ".join(dict.fromkeys(mend for _, mend in texts))
            return Finding("files", level, text, mends, facts, _JOURNAL if level == PROBLEM else 0)
    if not found:
        return Finding("files", OK, "there are none yet", None, facts)
    owner = found.get(path.name)
    whose = "" if owner is None else f", of uid {owner.st_uid}"
    return Finding("files", OK, f"{len(found)} file(s){whose}, that only their owner may read or write", None, facts)


def _wrong(found: dict[str, os.stat_result], uid: int) -> Iterator[tuple[str, str, str]]:
    """Level, what is wrong, and a command that mends it."""
    for name, about in found.items():
        mode = stat.S_IMODE(about.st_mode)
        if not stat.S_ISREG(about.st_mode):
            yield PROBLEM, f"{name} is not a regular file", f"move {name} away"
        elif mode & (stat.S_IWGRP | stat.S_IWOTH):
            yield PROBLEM, f"other users may write to {name}", f"chmod 600 {name}"
        elif mode & (stat.S_IRGRP | stat.S_IROTH):
            yield WARNING, f"other users may read {name}, and so parameters and results", f"chmod 600 {name}"
        if about.st_uid != uid:
            yield WARNING, f"{name} belongs to uid {about.st_uid}, we are uid {uid}", "run durable-wf as its owner"


def wal(path: Path, length: int | None = None) -> Finding:
    """How long the write-ahead log is.

    length  another number of bytes, to be judged
    """
    if length is None:
        about = files_of(path).get(f"{path.name}-wal")
        length = 0 if about is None else about.st_size
    facts = {"bytes": length}
    if length > _LONG_WAL:
        text = f"the -wal has {size(length)}: something that reads the journal keeps it from being checkpointed"
        return Finding("wal", WARNING, text, "end what has it open (fuser, lsof), then run durable-wf again", facts)
    said = f"the -wal has {size(length)}" if length else "the -wal is empty: everything is in the file"
    return Finding("wal", OK, said, None, facts)
