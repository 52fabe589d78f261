"""Exceptions of the older system's REST client; conflicts of runtime properties are such."""

from durable_wf.authoring.exceptions import (
    CloudifyClientError,
    DeploymentModificationAlreadyEndedError,
    ExistingStartedDeploymentModificationError,
    InvalidExecutionUpdateStatus,
)

__all__ = [
    "CloudifyClientError",
    "DeploymentModificationAlreadyEndedError",
    "ExistingStartedDeploymentModificationError",
    "InvalidExecutionUpdateStatus",
]
