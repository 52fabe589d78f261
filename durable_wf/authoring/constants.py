"""Words that plugins compare with. Source: reference/workflow-api.md §0, §7.2."""

DEPLOYMENT = "deployment"
NODE_INSTANCE = "node-instance"
RELATIONSHIP_INSTANCE = "relationship-instance"

COMPUTE_NODE_TYPE = "cloudify.nodes.Compute"
MGMTWORKER_QUEUE = "cloudify.management"  # there are no queues; plugins import it all the same
