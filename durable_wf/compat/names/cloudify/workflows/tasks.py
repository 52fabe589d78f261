"""Tasks of workflows."""

from durable_wf.authoring.graphs import SubgraphTask
from durable_wf.authoring.tasks import WorkflowTask, WorkflowTaskResult

__all__ = ["SubgraphTask", "WorkflowTask", "WorkflowTaskResult"]
