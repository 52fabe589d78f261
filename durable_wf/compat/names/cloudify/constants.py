"""Words that plugins compare with."""

from durable_wf.authoring.constants import (
    COMPUTE_NODE_TYPE,
    DEPLOYMENT,
    MGMTWORKER_QUEUE,
    NODE_INSTANCE,
    RELATIONSHIP_INSTANCE,
)
from durable_wf.authoring.task_states import (
    TASK_FAILED,
    TASK_PENDING,
    TASK_RESCHEDULED,
    TASK_RESPONSE_SENT,
    TASK_SENDING,
    TASK_SENT,
    TASK_STARTED,
    TASK_SUCCEEDED,
    TERMINATED_STATES,
)

__all__ = [
    "COMPUTE_NODE_TYPE",
    "DEPLOYMENT",
    "MGMTWORKER_QUEUE",
    "NODE_INSTANCE",
    "RELATIONSHIP_INSTANCE",
    "TASK_FAILED",
    "TASK_PENDING",
    "TASK_RESCHEDULED",
    "TASK_RESPONSE_SENT",
    "TASK_SENDING",
    "TASK_SENT",
    "TASK_STARTED",
    "TASK_SUCCEEDED",
    "TERMINATED_STATES",
]
