"""The context of workflows, under the older system's names."""

from durable_wf.authoring.deployment_ctx import WorkflowDeploymentContext
from durable_wf.authoring.local_pool import DEFAULT_LOCAL_TASK_THREAD_POOL_SIZE, LocalTasksProcessing
from durable_wf.authoring.modifications import Modification, ModificationNodes
from durable_wf.authoring.node_instances import CloudifyWorkflowNodeInstance, CloudifyWorkflowRelationshipInstance
from durable_wf.authoring.nodes import CloudifyWorkflowNode, CloudifyWorkflowRelationship
from durable_wf.authoring.snapshot import WorkflowNodesAndInstancesContainer
from durable_wf.authoring.task_config import task_config
from durable_wf.authoring.workflow_ctx import WorkflowContext as CloudifyWorkflowContext

__all__ = [
    "DEFAULT_LOCAL_TASK_THREAD_POOL_SIZE",
    "CloudifyWorkflowContext",
    "CloudifyWorkflowNode",
    "CloudifyWorkflowNodeInstance",
    "CloudifyWorkflowRelationship",
    "CloudifyWorkflowRelationshipInstance",
    "LocalTasksProcessing",
    "Modification",
    "ModificationNodes",
    "WorkflowDeploymentContext",
    "WorkflowNodesAndInstancesContainer",
    "task_config",
]
