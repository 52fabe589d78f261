"""What a REST client answers with: nodes."""

from durable_wf.compat.rest_client import Node

__all__ = ["Node"]
