"""What a run may be told beside its parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from durable_wf.errors import UsageError
from durable_wf.retry import INFINITE, usable_s


@dataclass(frozen=True, slots=True)
class RunOptions:
    """Options of one execution; stored with it, so that a resume has them again.

    task_retries         retries of a task that says nothing itself; -1 without limit
    task_retry_interval  seconds between them
    subgraph_retries     how often a subgraph that says nothing itself may be replaced; -1 without limit
    on_unknown           `rerun`, `ask` or `fail` for tasks that say nothing themselves and are not resumable
    max_parallel         operations in flight at most; None: as many as the process has workers
    wait_after_fail      seconds that independent branches of a graph may go on after its first failure; None: 600
    dry_run              nothing is run or written but the execution itself: operations and writes are shown only
    """

    task_retries: int = -1
    task_retry_interval: float = 30.0
    on_unknown: str | None = None
    max_parallel: int | None = None
    subgraph_retries: int = 0
    wait_after_fail: float | None = None
    dry_run: bool = False

    def __post_init__(self) -> None:
        for name in ("task_retries", "subgraph_retries"):
            value = getattr(self, name)
            if type(value) is not int or value < INFINITE:
                raise UsageError(f"{name} is {value!r}; it is a number of retries, or -1 for no limit")
        if usable_s(self.task_retry_interval) != self.task_retry_interval:
            raise UsageError(f"task_retry_interval is {self.task_retry_interval!r}; it is a number of seconds")
        if self.on_unknown not in (None, "rerun", "ask", "fail"):
            raise UsageError(f"on_unknown is {self.on_unknown!r}; it is rerun, ask or fail")
        if self.wait_after_fail is not None and usable_s(self.wait_after_fail) != self.wait_after_fail:
            raise UsageError(f"wait_after_fail is {self.wait_after_fail!r}; it is a number of seconds")
        _check_parallel(self.max_parallel)

    def to_json(self) -> dict[str, Any]:
        """Plain data, without what is at its default."""
        data = {
            "task_retries": self.task_retries,
            "task_retry_interval": self.task_retry_interval,
            "on_unknown": self.on_unknown,
            "max_parallel": self.max_parallel,
            "subgraph_retries": self.subgraph_retries or None,
            "wait_after_fail": self.wait_after_fail,
            "dry_run": self.dry_run or None,
        }
        return {key: value for key, value in data.items() if value is not None}


@dataclass(frozen=True, slots=True)
class ResumeOptions:
    """What a person says when resuming.

    reset_operations  all operations with unknown outcomes may run again
    accept_changes    go on although operations are rolled back, or somebody else changed the deployment
    accept_loss       go on although the journal is older than its head file
    from_task         number of the task to begin again from
    max_parallel      as in `RunOptions`; None: as before
    """

    reset_operations: bool = False
    accept_changes: bool = False
    accept_loss: bool = False
    from_task: int | None = None
    max_parallel: int | None = None

    def __post_init__(self) -> None:
        _check_parallel(self.max_parallel)


def _check_parallel(number: int | None) -> None:
    if number is not None and (type(number) is not int or number < 1):
        raise UsageError(f"max_parallel is {number!r}; it is a number of operations, at least 1")
