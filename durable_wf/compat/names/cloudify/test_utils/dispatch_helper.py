"""Calling a function through `dispatch` from a test."""

from durable_wf.compat.dispatch import run

__all__ = ["run"]
