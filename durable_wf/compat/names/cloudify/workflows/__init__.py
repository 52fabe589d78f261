"""`from cloudify.workflows import ctx`: the context of the workflow that runs in this thread."""

from durable_wf.authoring import workflow_api as api
from durable_wf.authoring.current import workflow_ctx as ctx
from durable_wf.authoring.current import workflow_parameters as parameters

from cloudify.workflows import events, tasks, tasks_graph, workflow_api, workflow_context  # isort: skip - after `ctx`

__all__ = ["api", "ctx", "events", "parameters", "tasks", "tasks_graph", "workflow_api", "workflow_context"]
