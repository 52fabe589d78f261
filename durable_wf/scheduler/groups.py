"""The process groups that the runner of an execution has started, so that a kill request can end them.

Operations in threads have none. An executor that starts processes adds each group as it starts it, and takes it out
when it has ended.
"""

from __future__ import annotations

import os
import signal
import threading


class ProcessGroups:
    """Groups by their number, which is the pid of their first process."""

    def __init__(self) -> None:
        self._groups: set[int] = set()
        self._lock = threading.Lock()

    def add(self, group: int) -> None:
        """A group was started."""
        with self._lock:
            self._groups.add(group)

    def discard(self, group: int) -> None:
        """It has ended, and was waited for: from now on its number may be somebody else's."""
        with self._lock:
            self._groups.discard(group)

    def kill(self) -> int:
        """SIGKILL to all of them; how many there were to kill. One that has gone meanwhile is not counted."""
        killed = 0
        with self._lock:
            for group in sorted(self._groups):
                try:
                    os.killpg(group, signal.SIGKILL)
                    killed += 1
                except ProcessLookupError:
                    continue
            self._groups.clear()
        return killed
