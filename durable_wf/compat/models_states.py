"""The older system's classes of states, made from our tables. Source: reference/workflow-api.md §5.4, §2.8."""

from __future__ import annotations

from typing import ClassVar

from durable_wf.model.states import EXECUTION, MODIFICATION, M, X


class ExecutionState:
    """States of an execution, as plain text."""

    TERMINATED = X.TERMINATED.value
    FAILED = X.FAILED.value
    CANCELLED = X.CANCELLED.value
    SCHEDULED = X.SCHEDULED.value
    QUEUED = X.QUEUED.value
    PENDING = X.PENDING.value
    STARTED = X.STARTED.value
    CANCELLING = X.CANCELLING.value
    FORCE_CANCELLING = X.FORCE_CANCELLING.value
    KILL_CANCELLING = X.KILL_CANCELLING.value

    STATES: ClassVar[list[str]] = [state.value for state in X]
    WAITING_STATES: ClassVar[list[str]] = [SCHEDULED, QUEUED]
    QUEUED_STATE: ClassVar[list[str]] = [QUEUED]
    END_STATES: ClassVar[list[str]] = [state.value for state in X if state in EXECUTION.ended]
    ACTIVE_STATES: ClassVar[list[str]] = [PENDING, STARTED, CANCELLING, FORCE_CANCELLING, KILL_CANCELLING]
    IN_PROGRESS_STATES: ClassVar[list[str]] = [*WAITING_STATES, *ACTIVE_STATES]


class DeploymentModificationState:
    """States of a deployment modification, as plain text."""

    STARTED = M.STARTED.value
    FINISHED = M.FINISHED.value
    ROLLEDBACK = M.ROLLEDBACK.value

    STATES: ClassVar[list[str]] = [state.value for state in M]
    END_STATES: ClassVar[list[str]] = [state.value for state in M if state in MODIFICATION.ended]
    ACTIVE_STATES: ClassVar[list[str]] = [state.value for state in M if state not in MODIFICATION.ended]
