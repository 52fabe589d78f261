"""`from cloudify import ctx`: the context of the operation that runs in this thread."""

from durable_wf.authoring.current import ctx

__all__ = ["ctx"]
