"""Exceptions that operations and workflows raise and catch."""

from durable_wf.authoring.exceptions import (
    CloudifySerializationRetry,
    CommandExecutionError,
    CommandExecutionException,
    HttpException,
    NonRecoverableError,
    OperationRetry,
    RecoverableError,
    TimeoutException,
    WorkflowFailed,
)

__all__ = [
    "CloudifySerializationRetry",
    "CommandExecutionError",
    "CommandExecutionException",
    "HttpException",
    "NonRecoverableError",
    "OperationRetry",
    "RecoverableError",
    "TimeoutException",
    "WorkflowFailed",
]
