"""What a REST client answers with: operations."""

from durable_wf.compat.rest_client import Operation, TasksGraph

__all__ = ["Operation", "TasksGraph"]
