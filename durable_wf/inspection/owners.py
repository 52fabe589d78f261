"""Who runs an execution, as its row says. Shown to people; whether the owner lives only the kernel's lock tells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from durable_wf.clock import iso
from durable_wf.codec import decode

if TYPE_CHECKING:
    from durable_wf.model import rows


@dataclass(frozen=True, slots=True)
class Owner:
    """A runner.

    start_s  when its process started, seconds since the epoch; with the pid it names one process
    pid_ns   the pid namespace that the pid counts in
    """

    pid: int
    start_s: float
    pid_ns: int

    def __str__(self) -> str:
        return f"process {self.pid}, running since {iso(int(self.start_s * 1_000_000))}"


def owner_of(row: rows.Execution) -> Owner | None:
    """The last runner of an execution; None where the row does not say."""
    about = decode(row.owner_json) or {}
    try:
        return Owner(int(about["pid"]), float(about["start"]), int(about["pid_ns"]))
    except (KeyError, TypeError, ValueError):
        return None
