"""What a REST client answers with: executions."""

from durable_wf.compat.rest_client import Execution

__all__ = ["Execution"]
