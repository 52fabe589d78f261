"""Names of a task's states, and the numbers that a task has where nobody says anything else.

Source: workflow-api §3.1, §3.2.
"""

from __future__ import annotations

from durable_wf.codec import decode
from durable_wf.retry import DEFAULT_RETRY_INTERVAL_S, DEFAULT_TOTAL_RETRIES, INFINITE

INFINITE_TOTAL_RETRIES = INFINITE
DEFAULT_RETRY_INTERVAL = int(DEFAULT_RETRY_INTERVAL_S)
DEFAULT_SUBGRAPH_TOTAL_RETRIES = 0
DEFAULT_SEND_TASK_EVENTS = True
DISPATCH_TASK = "cloudify.dispatch.dispatch"

TASK_PENDING = "pending"
TASK_SENDING = "sending"
TASK_SENT = "sent"
TASK_STARTED = "started"
TASK_RESPONSE_SENT = "response-sent"
TASK_RESCHEDULED = "rescheduled"
TASK_SUCCEEDED = "succeeded"
TASK_FAILED = "failed"

STATES = (
    TASK_PENDING, TASK_SENDING, TASK_SENT, TASK_STARTED, TASK_RESPONSE_SENT, TASK_RESCHEDULED, TASK_SUCCEEDED,
    TASK_FAILED,
)  # fmt: skip
TERMINATED_STATES = [TASK_RESCHEDULED, TASK_SUCCEEDED, TASK_FAILED]


def shown_state(state: str, detail_json: str | None) -> str:
    """A state as authors are shown it: a failure by which an operation asked to be run again has a name of its own."""
    asked_again = state == TASK_FAILED and (decode(detail_json) or {}).get("asked_again")
    return TASK_RESCHEDULED if asked_again else state


__all__ = [
    "DEFAULT_RETRY_INTERVAL",
    "DEFAULT_SEND_TASK_EVENTS",
    "DEFAULT_SUBGRAPH_TOTAL_RETRIES",
    "DEFAULT_TOTAL_RETRIES",
    "DISPATCH_TASK",
    "INFINITE_TOTAL_RETRIES",
    "STATES",
    "TASK_FAILED",
    "TASK_PENDING",
    "TASK_RESCHEDULED",
    "TASK_RESPONSE_SENT",
    "TASK_SENDING",
    "TASK_SENT",
    "TASK_STARTED",
    "TASK_SUCCEEDED",
    "TERMINATED_STATES",
    "shown_state",
]
