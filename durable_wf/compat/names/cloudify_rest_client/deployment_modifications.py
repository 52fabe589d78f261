"""What a REST client answers with: deployment modifications."""

from durable_wf.compat.rest_client import DeploymentModification, DeploymentModificationNodeInstances

__all__ = ["DeploymentModification", "DeploymentModificationNodeInstances"]
