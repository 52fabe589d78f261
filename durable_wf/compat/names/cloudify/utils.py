"""Helpers of plugins."""

from durable_wf.authoring.causes import exception_to_error_cause, format_exception
from durable_wf.authoring.loggers import setup_logger
from durable_wf.compat.utils import (
    CommandExecutionResponse,
    LocalCommandRunner,
    OutputConsumer,
    create_temp_folder,
    get_exec_tempdir,
    get_func,
    id_generator,
    internal,
    keep_trying_http,
    uuid4,
    wait_for,
)

__all__ = [
    "CommandExecutionResponse",
    "LocalCommandRunner",
    "OutputConsumer",
    "create_temp_folder",
    "exception_to_error_cause",
    "format_exception",
    "get_exec_tempdir",
    "get_func",
    "id_generator",
    "internal",
    "keep_trying_http",
    "setup_logger",
    "uuid4",
    "wait_for",
]
