"""`resume --take-over`: ends a runner that lives and hangs, so that another can go on.

A pid alone names nobody: it must be in our pid namespace and have the start time that the journal recorded. The wait
is the kernel's (a pidfd), and whether the execution is free afterwards the ownership byte tells.
"""

from __future__ import annotations

import os
import select
import signal
import threading
from typing import TYPE_CHECKING

from durable_wf.errors import HeldError
from durable_wf.inspection.owners import owner_of

if TYPE_CHECKING:
    from durable_wf.inspection.owners import Owner
    from durable_wf.inspection.view import View
    from durable_wf.model import rows

_SAME_START_S = 0.05  # the clock's tick is 0.01 s
_LOOKS, _LOOK_S = 40, 0.05  # at most, for a claim that is being written


def held(view: View, row: rows.Execution, what: str = "") -> HeldError:
    """That somebody else runs the execution, and who.

    what  more about the execution, for the text
    """
    owner = _present_owner(view, row)
    who = str(owner) if owner is not None else "a process that does not say which"
    text = f"execution '{row.uid}'{what} has a live runner: {who}"
    return HeldError(text, hint=f"wait for it; if it hangs: durable-wf resume {row.uid} --take-over")


def _present_owner(view: View, row: rows.Execution) -> Owner | None:
    """Who has the execution. A claim takes the byte, then writes its name: until then a dead one stands there."""
    pause = threading.Event()
    for _ in range(_LOOKS):
        owner = owner_of(view.store.find_execution(row.uid)[0])
        if owner is not None and (not _is_here(owner) or _lives(owner)):
            return owner
        pause.wait(_LOOK_S)
    return None


def _is_here(owner: Owner) -> bool:
    """Whether its pid counts where ours does."""
    return owner.pid_ns == os.stat("/proc/self/ns/pid").st_ino  # noqa: PTH116 - a link of /proc, not a file's path


def _lives(owner: Owner) -> bool:
    import psutil

    try:
        return abs(psutil.Process(owner.pid).create_time() - owner.start_s) <= _SAME_START_S
    except psutil.NoSuchProcess:
        return False


def take_over(view: View, row: rows.Execution) -> Owner | None:
    """Kill the runner of an execution and wait until it is gone; who it was, or None where nobody ran it.

    raises  HeldError where the runner cannot be told from others, or something else still holds the execution
    """
    if not view.owned(row.id):
        return None
    owner = owner_of(row)
    if owner is None:
        raise _refused(row, "the journal does not say which process that is")
    if not _is_here(owner):
        raise _refused(row, f"pid {owner.pid} counts in another pid namespace (a container?); end it there")
    _kill(row, owner)
    if view.owned(row.id):
        raise _refused(row, f"process {owner.pid} was ended, but a child of it, or somebody else, still holds it")
    return owner


def _kill(row: rows.Execution, owner: Owner) -> None:
    """End the process; from the moment the pidfd is open, the pid cannot become somebody else's."""
    try:
        descriptor = os.pidfd_open(owner.pid)
        try:
            if not _lives(owner):
                raise _refused(row, f"process {owner.pid} started at another time than its runner")
            signal.pidfd_send_signal(descriptor, signal.SIGKILL)
            poll = select.poll()
            poll.register(descriptor, select.POLLIN)
            poll.poll()
        finally:
            os.close(descriptor)
    except ProcessLookupError:
        return  # it has ended meanwhile
    except PermissionError:
        raise _refused(row, f"process {owner.pid} belongs to another user") from None


def _refused(row: rows.Execution, why: str) -> HeldError:
    text = f"execution '{row.uid}' has a live runner that cannot be taken over: {why}"
    return HeldError(text, hint="end that process yourself, then resume without --take-over")
