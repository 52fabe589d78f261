"""Exceptions that operations and workflows raise and catch."""

from durable_wf.authoring.exceptions import (
    ClosedAMQPClientException,
    CloudifySerializationRetry,
    CommandExecutionError,
    CommandExecutionException,
    HttpException,
    InvalidBlueprintImport,
    NonRecoverableError,
    OperationRetry,
    PluginInstallationError,
    ProcessKillCancelled,
    RecoverableError,
    StopAgent,
    TimeoutException,
    WorkflowFailed,
)

__all__ = [
    "ClosedAMQPClientException",
    "CloudifySerializationRetry",
    "CommandExecutionError",
    "CommandExecutionException",
    "HttpException",
    "InvalidBlueprintImport",
    "NonRecoverableError",
    "OperationRetry",
    "PluginInstallationError",
    "ProcessKillCancelled",
    "RecoverableError",
    "StopAgent",
    "TimeoutException",
    "WorkflowFailed",
]
