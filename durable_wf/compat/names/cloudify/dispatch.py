"""Calling a function by its context."""

from durable_wf.compat.dispatch import OperationHandler, TaskHandler, WorkflowHandler, dispatch

__all__ = ["OperationHandler", "TaskHandler", "WorkflowHandler", "dispatch"]
