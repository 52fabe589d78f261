"""`ctx.deployment` of a workflow. Source: reference/workflow-api.md §2.6."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from durable_wf.authoring.services import Topology

_LATER = "deployments of this version cannot be modified yet"


class WorkflowDeploymentContext:
    """The deployment that a workflow works on; `id` is None for a plain Python workflow."""

    creator: str | None = None
    tenant_name: str | None = None
    runtime_only_evaluation = False

    def __init__(self, topology: Topology | None) -> None:
        self.id = topology.deployment if topology is not None else None
        self.display_name = self.id

    @property
    def resource_tags(self) -> dict[str, Any]:
        """Tags for what its operations make; none are declared in a blueprint of this version."""
        return {}

    @property
    def scaling_groups(self) -> dict[str, Any]:
        """Scaling groups by name; none are declared in a blueprint of this version."""
        return {}

    def start_modification(self, nodes: dict[str, Any]) -> NoReturn:
        """Refused: raises NotImplementedError, as the older system's local mode does."""
        del nodes
        raise NotImplementedError(_LATER)

    def list_started_modifications(self) -> NoReturn:
        """Refused: raises NotImplementedError, as the older system's local mode does."""
        raise NotImplementedError(_LATER)
