"""Every name that workflows use of tasks, in one place (workflow-api §0): `durable_wf.workflows.tasks`."""

from __future__ import annotations

from durable_wf.authoring.builtin_tasks import (
    GetNodeInstanceStateTask,
    SendNodeEventTask,
    SendWorkflowEventTask,
    SetNodeInstanceStateTask,
    UpdateExecutionStatusTask,
    _BuiltinTaskBase,
)
from durable_wf.authoring.custom import with_execute_after
from durable_wf.authoring.graphs import SubgraphTask
from durable_wf.authoring.handlers import HandlerResult, retry_failure_handler
from durable_wf.authoring.results import WorkflowTaskResult
from durable_wf.authoring.task_classes import (
    DryRunLocalWorkflowTask,
    LocalWorkflowTask,
    NOPLocalWorkflowTask,
    RemoteWorkflowTask,
)
from durable_wf.authoring.task_states import (
    DEFAULT_RETRY_INTERVAL,
    DEFAULT_SEND_TASK_EVENTS,
    DEFAULT_SUBGRAPH_TOTAL_RETRIES,
    DEFAULT_TOTAL_RETRIES,
    DISPATCH_TASK,
    INFINITE_TOTAL_RETRIES,
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
from durable_wf.authoring.tasks import WorkflowTask

LocalWorkflowTaskResult = RemoteWorkflowTaskResult = StubAsyncResult = WorkflowTaskResult  # names of earlier versions

__all__ = [
    "DEFAULT_RETRY_INTERVAL",
    "DEFAULT_SEND_TASK_EVENTS",
    "DEFAULT_SUBGRAPH_TOTAL_RETRIES",
    "DEFAULT_TOTAL_RETRIES",
    "DISPATCH_TASK",
    "INFINITE_TOTAL_RETRIES",
    "TASK_FAILED",
    "TASK_PENDING",
    "TASK_RESCHEDULED",
    "TASK_RESPONSE_SENT",
    "TASK_SENDING",
    "TASK_SENT",
    "TASK_STARTED",
    "TASK_SUCCEEDED",
    "TERMINATED_STATES",
    "DryRunLocalWorkflowTask",
    "GetNodeInstanceStateTask",
    "HandlerResult",
    "LocalWorkflowTask",
    "LocalWorkflowTaskResult",
    "NOPLocalWorkflowTask",
    "RemoteWorkflowTask",
    "RemoteWorkflowTaskResult",
    "SendNodeEventTask",
    "SendWorkflowEventTask",
    "SetNodeInstanceStateTask",
    "StubAsyncResult",
    "SubgraphTask",
    "UpdateExecutionStatusTask",
    "WorkflowTask",
    "WorkflowTaskResult",
    "_BuiltinTaskBase",
    "retry_failure_handler",
    "with_execute_after",
]
