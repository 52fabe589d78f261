"""Helpers of plugins."""

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
    "get_exec_tempdir",
    "get_func",
    "id_generator",
    "internal",
    "keep_trying_http",
    "uuid4",
    "wait_for",
]
