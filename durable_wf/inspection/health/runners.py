"""Who runs which execution, which runners are gone, and what they have left behind."""

from __future__ import annotations

import os
from collections import defaultdict
from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

from durable_wf.clock import iso
from durable_wf.inspection.find import shown_state
from durable_wf.inspection.health.finding import OK, WARNING, Finding
from durable_wf.inspection.owners import Owner, owner_of
from durable_wf.journal.examine import may_write
from durable_wf.model.states import X

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from durable_wf.journal.reader import SqliteReader
    from durable_wf.model import rows

_MOST = 5
_CLOCK_TICK_S = 0.05


class Process(NamedTuple):
    """A process that lives.

    group  its process group
    since  when it started, seconds since the epoch
    """

    pid: int
    group: int
    since: float
    name: str


def owners(reader: SqliteReader, path: Path) -> Finding:
    """Which executions are held, by which process since when; and which ones nobody runs any more.

    path  where the journal lies, if the reader has a copy
    """
    file = path.with_name(f"{path.name}-owners")
    if file.exists() and not may_write(path):
        return Finding("owners", WARNING, "who runs which execution only its owner can ask", "ask as that user")
    held, gone = [], []
    with closing(_Bytes(path if file.exists() else None)) as bytes_of:
        for row in _with_owner(reader):
            owner, owned = owner_of(row), bytes_of.owned(row.id)
            if owned:
                held.append((row.uid, owner))
            elif shown_state(row, owned=False) == X.INTERRUPTED:
                gone.append(row.uid)
    facts = {
        "held": [
            {"execution": uid, "pid": owner and owner.pid, "since": owner and iso(int(owner.start_s * 1_000_000))}
            for uid, owner in held
        ],
        "interrupted": gone,
    }
    texts = [f"{uid} is run by {owner or 'a process that does not say which'}" for uid, owner in held[:_MOST]]
    texts += [f"{len(held) - _MOST} more are run"] if len(held) > _MOST else []
    if gone:
        texts.append(f"{len(gone)} interrupted: {', '.join(gone[:_MOST])}{' …' if len(gone) > _MOST else ''}")
        return Finding("owners", WARNING, "; ".join(texts), f"durable-wf resume {gone[0]}", facts)
    return Finding("owners", OK, "; ".join(texts) or "nobody runs an execution, none is interrupted", None, facts)


class _Bytes:
    """The ownership bytes; all free where there is no file of them, and none is made."""

    def __init__(self, path: Path | None) -> None:
        from durable_wf.journal.locks import Owners

        self._owners = None if path is None else Owners(path)

    def owned(self, execution: int) -> bool:
        return self._owners is not None and self._owners.owned(execution)

    def close(self) -> None:
        if self._owners is not None:
            self._owners.close()


def _with_owner(reader: SqliteReader) -> list[rows.Execution]:
    """Executions that somebody has run or that are to be run; those that ended well are not asked about."""
    return reader.executions(states=[code for code, state in enumerate(X) if state is not X.TERMINATED])


def left_over(reader: SqliteReader, living: Iterable[Process] | None = None) -> Finding:
    """Processes of a group that a runner led which is gone: what its operations started and did not end.

    The journal does not say which groups an operation has started (operations run in threads, which have none); a
    runner that was started from a shell, or as a service, leads a group itself, and its number is not given again
    while one of its processes lives.

    living  other processes than those of this machine, to be judged
    """
    gone = {owner.pid: (owner, row.uid) for row in _with_owner(reader) if (owner := owner_of(row)) and _is_here(owner)}
    groups: defaultdict[int, list[Process]] = defaultdict(list)
    leaders = set()
    for one in living if living is not None else _living() if gone else ():
        leaders.add(one.pid)
        if one.group in gone and one.pid != one.group and one.since >= gone[one.group][0].start_s - _CLOCK_TICK_S:
            groups[one.group].append(one)
    left = {group: found for group, found in groups.items() if group not in leaders}
    facts = {
        "groups": [
            {"group": group, "execution": gone[group][1], "pids": [one.pid for one in found]}
            for group, found in sorted(left.items())
        ]
    }
    if not left:
        text = "no runner that is gone has left processes in its own group"
        return Finding("left-over processes", OK, text, None, facts)
    texts = [
        f"group {group} of the runner of {gone[group][1]} that is gone: "
        + ", ".join(f"{one.pid} ({one.name})" for one in found[:_MOST])
        for group, found in sorted(left.items())
    ]
    mend = f"look what they are; to end them: kill -- -{min(left)}"
    return Finding("left-over processes", WARNING, "; ".join(texts), mend, facts)


def _is_here(owner: Owner) -> bool:
    """Whether its pid counts where ours does."""
    try:
        return owner.pid_ns == os.stat("/proc/self/ns/pid").st_ino  # noqa: PTH116 - a link of /proc, not a file's path
    except OSError:
        return False


def _living() -> Iterator[Process]:
    import psutil

    for one in psutil.process_iter():
        try:
            yield Process(one.pid, os.getpgid(one.pid), one.create_time(), one.name())
        except (psutil.Error, ProcessLookupError, PermissionError):
            continue
