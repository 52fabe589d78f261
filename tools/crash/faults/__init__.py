"""The faults that `tools/crash/run --fault KIND` knows, by name; a module is imported when one of its faults is used.

A new one needs a line here, and words in docs/reliability.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

from tools.crash.faults.base import Fault

FAULTS: Mapping[str, str] = {  # name → module and object
    "commits": "commits:COMMITS",
    "cancel": "commits:CANCEL",
    "death": "death:DEATH",
    "death-in-resume": "death:DEATH_IN_RESUME",
    "torn": "death:TORN",
    "creation": "creation:CREATION",
    "eio-write": "storage:EIO_WRITE",
    "enospc": "storage:ENOSPC",
    "eio-sync": "storage:EIO_SYNC",
    "disk-full": "storage:DISK_FULL",
    "file-limit": "storage:FILE_LIMIT",
    "read-only": "storage:READ_ONLY",
    "held": "held:HELD",
    "clock": "clocks:CLOCKS",
    "signals": "signals:SIGNALS",
    "memory": "memory:MEMORY",
    "fork": "forks:FORKS",
    "crowd": "crowds:CROWDS",
}


def fault(name: str) -> Fault:
    """The fault of that name.

    raises  KeyError
    """
    module, _, attribute = FAULTS[name].partition(":")
    found: Fault = getattr(import_module(f"tools.crash.faults.{module}"), attribute)
    return found
