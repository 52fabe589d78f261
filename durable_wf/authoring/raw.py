"""The older system's raw context of an operation, a mapping, as a request. Source: workflow-api §7.1.

Existing tests of plugins make contexts of such mappings; `{}` is one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from durable_wf.model.protocol import OperationRequest
from durable_wf.model.rows import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping


def request_of(raw: Mapping[str, Any]) -> OperationRequest:
    """The request that says the same. Without a deployment, it has neither nodes nor instances."""
    operation = raw.get("operation") or {}
    plugin = (raw.get("plugin") or {}).get("name")
    return OperationRequest(
        execution_uid=raw.get("execution_id") or "",
        workflow=raw.get("workflow_id") or "",
        deployment=raw.get("deployment_id"),
        blueprint=raw.get("blueprint_id"),
        task=0,
        attempt=1,
        fence=0,
        idempotency_key=raw.get("task_id") or "",
        kind=Kind.OPERATION,
        name=operation.get("name") or "",
        body={"function": raw.get("task_name") or "", "kwargs": {}, "operation": {**operation, "plugin": plugin}},
        retry_number=operation.get("retry_number") or 0,
        max_retries=operation.get("max_retries") or 0,
        resumed=bool(raw.get("resume")),
    )
