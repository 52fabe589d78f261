"""Holders of the current contexts, and proxies to them."""

from durable_wf.authoring.current import (
    CtxParameters,
    CurrentContext,
    NotInContext,
    ctx,
    ctx_parameters,
    current_ctx,
    current_workflow_ctx,
    workflow_ctx,
    workflow_parameters,
)

__all__ = [
    "CtxParameters",
    "CurrentContext",
    "NotInContext",
    "ctx",
    "ctx_parameters",
    "current_ctx",
    "current_workflow_ctx",
    "workflow_ctx",
    "workflow_parameters",
]
