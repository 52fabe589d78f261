"""What a REST client answers with: node instances."""

from durable_wf.compat.rest_client import NodeInstance

__all__ = ["NodeInstance"]
