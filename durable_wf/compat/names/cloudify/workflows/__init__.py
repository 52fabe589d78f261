"""`from cloudify.workflows import ctx`: the context of the workflow that runs in this thread."""

from durable_wf.authoring import workflow_api as api
from durable_wf.authoring.current import workflow_ctx as ctx
from durable_wf.authoring.current import workflow_parameters as parameters

__all__ = ["api", "ctx", "parameters"]
