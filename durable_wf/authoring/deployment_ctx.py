"""`ctx.deployment` of a workflow. Source: reference/workflow-api.md §2.6."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from durable_wf.authoring.services import Topology
    from durable_wf.model.groups import ScalingGroup


def _refused(name: str) -> NotImplementedError:
    """In the class that the older system's local mode raises (workflow-api §2.6), so that workflows can tell."""
    text = f"'{name}' cannot be done: this version has no modifications of deployments; change the number of instances"
    return NotImplementedError(f"{text} in the blueprint, and make a deployment of it")


class WorkflowDeploymentContext:
    """The deployment that a workflow works on; `id` is None for a plain Python workflow.

    runtime_only_evaluation  whether functions in it are evaluated at run time only
    """

    creator: str | None = None
    tenant_name: str | None = None

    def __init__(self, topology: Topology | None) -> None:
        settings = topology.settings if topology is not None else {}
        self.runtime_only_evaluation = bool(settings.get("runtime_only_evaluation"))
        self.id = topology.deployment if topology is not None else None
        self.display_name = self.id
        self._groups = topology.plan.scaling_groups if topology is not None else {}

    @property
    def resource_tags(self) -> dict[str, Any]:
        """Tags for what its operations make; none are declared in a blueprint of this version."""
        return {}

    @property
    def scaling_groups(self) -> dict[str, Any]:
        """Scaling groups by name: `members`, and `properties` with min, max, default, current and planned instances."""
        return {name: _as_data(group) for name, group in self._groups.items()}

    def start_modification(self, nodes: dict[str, Any]) -> NoReturn:
        """Refused: raises NotImplementedError, as the older system's local mode does."""
        del nodes
        raise _refused("start_modification")

    def list_started_modifications(self) -> NoReturn:
        """Refused: raises NotImplementedError, as the older system's local mode does."""
        raise _refused("list_started_modifications")


def _as_data(group: ScalingGroup) -> dict[str, Any]:
    """A group as the older system's plan has it. Without modifications it is as it was planned at first."""
    counts = group.scalable
    count = counts.default_instances
    return {
        "members": list(group.members),
        "properties": {
            "default_instances": count,
            "min_instances": counts.min_instances,
            "max_instances": counts.max_instances,
            "current_instances": count,
            "planned_instances": count,
        },
    }
