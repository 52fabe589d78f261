"""`resume --take-over`: ends a runner that lives and hangs, so that another can go on.

A pid alone names nobody: it must be in our pid namespace and have the start time that the journal recorded. The wait
is the kernel's (a pidfd), and whether the execution is free afterwards the ownership byte tells.
"""

from __future__ import annotations

import os
import select
import signal
from typing import TYPE_CHECKING

from durable_wf.errors import HeldError
from durable_wf.inspection.owners import owner_of

if TYPE_CHECKING:
    from durable_wf.inspection.owners import Owner
    from durable_wf.inspection.view import View
    from durable_wf.model import rows

_SAME_START_S = 0.05  # the clock's tick is 0.01 s


def held(row: rows.Execution) -> HeldError:
    """That somebody else runs the execution, and who."""
    owner = owner_of(row)
    who = str(owner) if owner is not None else "a process that it does not name"
    text = f"execution '{row.uid}' has a live runner: {who}"
    return HeldError(text, hint=f"wait for it; if it hangs: durable-wf resume {row.uid} --take-over")


def take_over(view: View, row: rows.Execution) -> Owner | None:
    """Kill the runner of an execution and wait until it is gone; who it was, or None where nobody ran it.

    raises  HeldError where the runner cannot be told from others, or something else still holds the execution
    """
    if not view.owned(row.id):
        return None
    owner = owner_of(row)
    if owner is None:
        raise _refused(row, "the journal does not say which process that is")
    if owner.pid_ns != os.stat("/proc/self/ns/pid").st_ino:  # noqa: PTH116 - a link of /proc, not a file's path
        raise _refused(row, f"pid {owner.pid} counts in another pid namespace (a container?); end it there")
    _kill(row, owner)
    if view.owned(row.id):
        raise _refused(row, f"process {owner.pid} was ended, but a child of it, or somebody else, still holds it")
    return owner


def _kill(row: rows.Execution, owner: Owner) -> None:
    """End the process; from the moment the pidfd is open, the pid cannot become somebody else's."""
    import psutil

    try:
        descriptor = os.pidfd_open(owner.pid)
        try:
            start_s = psutil.Process(owner.pid).create_time()
            if abs(start_s - owner.start_s) > _SAME_START_S:
                raise _refused(row, f"process {owner.pid} started at another time than its runner")
            signal.pidfd_send_signal(descriptor, signal.SIGKILL)
            poll = select.poll()
            poll.register(descriptor, select.POLLIN)
            poll.poll()
        finally:
            os.close(descriptor)
    except (ProcessLookupError, psutil.NoSuchProcess):
        return  # it has ended meanwhile
    except PermissionError:
        raise _refused(row, f"process {owner.pid} belongs to another user") from None


def _refused(row: rows.Execution, why: str) -> HeldError:
    text = f"execution '{row.uid}' has a live runner that cannot be taken over: {why}"
    return HeldError(text, hint="end that process yourself, then resume without --take-over")
