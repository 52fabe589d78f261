"""What workflow functions import: `from durable_wf.workflows import ctx, parameters, api, forkjoin, tasks`."""

from __future__ import annotations

from durable_wf.authoring import task_names as tasks
from durable_wf.authoring import workflow_api as api
from durable_wf.authoring.current import workflow_ctx as ctx
from durable_wf.authoring.current import workflow_parameters as parameters
from durable_wf.authoring.graphs import forkjoin
from durable_wf.authoring.handlers import HandlerResult
from durable_wf.authoring.named_graphs import make_or_get_graph

__all__ = ["HandlerResult", "api", "ctx", "forkjoin", "make_or_get_graph", "parameters", "tasks"]
