"""Durable workflows over blueprints or plain Python functions, on one SQLite file.

    from durable_wf import workflow, operation, ctx      # authors
    from durable_wf import Engine                        # embedding

Importing this has no side effect and is quick: names are loaded when they are used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from durable_wf.authoring.current import ctx
    from durable_wf.authoring.exceptions import NonRecoverableError, RecoverableError, WorkflowFailed
    from durable_wf.authoring.functions import operation, workflow
    from durable_wf.engine import Engine, ResumeOptions, RunOptions

__all__ = [
    "Engine",
    "NonRecoverableError",
    "RecoverableError",
    "ResumeOptions",
    "RunOptions",
    "WorkflowFailed",
    "ctx",
    "operation",
    "workflow",
]

_HOMES = {
    "Engine": "durable_wf.engine",
    "ResumeOptions": "durable_wf.engine",
    "RunOptions": "durable_wf.engine",
    "NonRecoverableError": "durable_wf.authoring.exceptions",
    "RecoverableError": "durable_wf.authoring.exceptions",
    "WorkflowFailed": "durable_wf.authoring.exceptions",
    "ctx": "durable_wf.authoring.current",
    "operation": "durable_wf.authoring.functions",
    "workflow": "durable_wf.authoring.functions",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        text = f"module 'durable_wf' has no attribute '{name}'"
        raise AttributeError(text)
    return getattr(import_module(home), name)
