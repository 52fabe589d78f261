"""Words that plugins compare with. Source: reference/workflow-api.md §0, §3.2, §7.2."""

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

DEPLOYMENT = "deployment"
NODE_INSTANCE = "node-instance"
RELATIONSHIP_INSTANCE = "relationship-instance"

COMPUTE_NODE_TYPE = "cloudify.nodes.Compute"
MGMTWORKER_QUEUE = "cloudify.management"  # there are no queues; plugins import it all the same
