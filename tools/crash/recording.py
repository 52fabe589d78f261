"""What the shim has recorded: every change of a journal's files, in the order in which they happened.

The file begins with `DWFREC1` and a line feed. Then records, each of them little-endian and without gaps:

    order        u64   1, 2, 3 …: one order over all files and threads
    kind         u8    see `Kind`
    flag         u8    of an opening: 1 it made the file, 2 it emptied it; of a sync: 1 fdatasync, 0 fsync
    name_length  u16
    unused       u32
    device       u64   with `inode`: which file it is, whatever its name is by now; both 0 where unknown, and for marks
    inode        u64
    offset       i64   of a write; the new length, of a truncation
    length       u64   of the data below
    name         name_length bytes: the path (of a rename the old one; of a write the one the file was opened by)
    data         length bytes: what was written, a rename's new path, a mark's text

A call stands there after it has returned well; one that failed changes nothing and is left out. Calls of several
threads are made one after the other while they are recorded, so the order is that of the file system. Opening only to
read is left out. Syncs of the folder that the files lie in are there under the folder's path: they make names durable.
What is written through a memory map is not: that is the -shm, which every opening after a crash makes anew.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from enum import IntEnum
from pathlib import Path
from typing import NamedTuple

MAGIC = b"DWFREC1\n"
_HEAD = struct.Struct("<QBBHIQQqQ")


class Kind(IntEnum):
    """What happened."""

    OPEN = 1
    WRITE = 2
    SYNC = 3
    TRUNCATE = 4
    RENAME = 5
    UNLINK = 6
    MARK = 7


class Record(NamedTuple):
    """One change; the fields are those of the file's format.

    file  (device, inode)
    """

    order: int
    kind: Kind
    flag: int
    name: str
    file: tuple[int, int]
    offset: int
    data: bytes

    @property
    def made(self) -> bool:
        """Of an opening: whether the file was not there before."""
        return self.flag == 1

    @property
    def text(self) -> str:
        """Of a mark: its text; of a rename: the new path."""
        return self.data.decode()


class NoRecording(Exception):
    """The file is not a recording, or one with a hole."""


def read(path: Path) -> Iterator[Record]:
    """The records of a recording, in order; of one whose process was killed, those that are whole.

    raises  NoRecording
    """
    with path.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise NoRecording(f"{path} is not a recording: it does not begin with {MAGIC!r}")
        expected = 1
        while len(head := file.read(_HEAD.size)) == _HEAD.size:
            order, kind, flag, name_length, _, device, inode, offset, length = _HEAD.unpack(head)
            name, data = file.read(name_length), file.read(length)
            if len(name) < name_length or len(data) < length:
                return
            if order != expected:
                raise NoRecording(f"{path} has a hole: {order} follows {expected - 1}")
            expected += 1
            yield Record(order, Kind(kind), flag, name.decode(), (device, inode), offset, data)
