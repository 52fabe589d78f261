"""Decorators of operations and workflows."""

from durable_wf.authoring.functions import operation, workflow

task = operation

__all__ = ["operation", "task", "workflow"]
