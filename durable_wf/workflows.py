"""What workflow functions import: `from durable_wf.workflows import ctx, parameters, api, forkjoin`."""

from __future__ import annotations

from durable_wf.authoring import workflow_api as api
from durable_wf.authoring.current import workflow_ctx as ctx
from durable_wf.authoring.current import workflow_parameters as parameters
from durable_wf.authoring.graphs import forkjoin

__all__ = ["api", "ctx", "forkjoin", "parameters"]
