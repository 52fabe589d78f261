"""Helpers that plugins use."""

from durable_wf.authoring.causes import exception_to_error_cause, format_exception
from durable_wf.authoring.loggers import setup_logger

__all__ = ["exception_to_error_cause", "format_exception", "setup_logger"]
