"""Decorators of operations and workflows."""

from durable_wf.authoring.functions import operation, workflow
from durable_wf.authoring.serial import serial_operation

task = operation

__all__ = ["operation", "serial_operation", "task", "workflow"]
