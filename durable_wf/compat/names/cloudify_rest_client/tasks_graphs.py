"""What a REST client answers with: tasks graphs."""

from durable_wf.compat.rest_client import TasksGraph

__all__ = ["TasksGraph"]
