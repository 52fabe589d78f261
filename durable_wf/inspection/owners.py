"""Who runs an execution, as its row says. Shown to people; whether the owner lives only the kernel's lock tells.

The row also says in which boot of the machine that was, and how durable the commits were. After another boot the
newest commits under `process` may be missing, and nothing else may know of it: the head file is not synced either.
"""

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

    start_s     when its process started, seconds since the epoch; with the pid it names one process
    pid_ns      the pid namespace that the pid counts in
    boot_id     of the machine when it ran; None in older rows
    durability  of its commits; None where the row does not say
    """

    pid: int
    start_s: float
    pid_ns: int
    boot_id: str | None = None
    durability: str | None = None

    def __str__(self) -> str:
        return f"process {self.pid}, running since {iso(int(self.start_s * 1_000_000))}"


def owner_of(row: rows.Execution) -> Owner | None:
    """The last runner of an execution; None where the row does not say."""
    about = decode(row.owner_json) or {}
    try:
        who = int(about["pid"]), float(about["start"]), int(about["pid_ns"])
    except (KeyError, TypeError, ValueError):
        return None
    return Owner(*who, about.get("boot"), about.get("durability"))


def may_have_lost(row: rows.Execution, boot_id: str) -> str | None:
    """What a power cut may have taken of an execution that has not ended, unnoticed; None where it cannot have.

    boot_id  of the machine now
    """
    owner = owner_of(row)
    if row.ended_seq is not None or owner is None or owner.durability != "process" or owner.boot_id in (None, boot_id):
        return None
    return (
        f"the machine was booted anew since {owner} ran {row.uid} under durability `process`: if its power was "
        "cut, the last outcomes before that may be missing, and what they were of runs again"
    )
