"""Handlers for `ctx.instance.update()`."""

from durable_wf.authoring.conflicts import simple_merge_handler

__all__ = ["simple_merge_handler"]
