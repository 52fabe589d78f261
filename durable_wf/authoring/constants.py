"""Words that plugins compare with. Source: reference/workflow-api.md §0, §3.2, §7.2."""

DEPLOYMENT = "deployment"
NODE_INSTANCE = "node-instance"
RELATIONSHIP_INSTANCE = "relationship-instance"

COMPUTE_NODE_TYPE = "cloudify.nodes.Compute"
MGMTWORKER_QUEUE = "cloudify.management"  # there are no queues; plugins import it all the same

TASK_PENDING = "pending"
TASK_SENDING = "sending"
TASK_SENT = "sent"
TASK_STARTED = "started"
TASK_RESPONSE_SENT = "response-sent"
TASK_RESCHEDULED = "rescheduled"
TASK_SUCCEEDED = "succeeded"
TASK_FAILED = "failed"
TERMINATED_STATES = [TASK_RESCHEDULED, TASK_SUCCEEDED, TASK_FAILED]
