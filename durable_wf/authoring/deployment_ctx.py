"""`ctx.deployment` of a workflow. Source: reference/workflow-api.md §2.6."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from durable_wf.authoring.modifications import Doors, Modification, wanted_of
from durable_wf.authoring.requests import effect_spec
from durable_wf.codec import decode
from durable_wf.errors import UsageError
from durable_wf.model.modification import PlannedModification
from durable_wf.model.plan import from_json
from durable_wf.model.rows import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from durable_wf.authoring.services import Topology
    from durable_wf.authoring.workflow_ctx import WorkflowContext
    from durable_wf.model.groups import ScalingGroup


class WorkflowDeploymentContext:
    """The deployment that a workflow works on; `id` is None for a plain Python workflow.

    runtime_only_evaluation  whether functions in it are evaluated at run time only
    """

    creator: str | None = None
    tenant_name: str | None = None

    def __init__(self, ctx: WorkflowContext, topology: Topology | None, doors: Doors) -> None:
        settings = topology.settings if topology is not None else {}
        self.runtime_only_evaluation = bool(settings.get("runtime_only_evaluation"))
        self.id = topology.deployment if topology is not None else None
        self.display_name = self.id
        self._ctx = ctx
        self._topology = topology
        self._doors = doors

    @property
    def resource_tags(self) -> dict[str, Any]:
        """Tags for what its operations make; none are declared in a blueprint of this version."""
        return {}

    @property
    def scaling_groups(self) -> dict[str, Any]:
        """Scaling groups by name: `members`, and `properties` with min, max, default, current and planned instances."""
        topology = self._topology
        groups = {} if topology is None else topology.plan.scaling_groups
        if topology is None or not groups:
            return {}
        scaling = topology.scaling(self._ctx.view_seq)
        return {name: _as_data(group, scaling.get(name)) for name, group in groups.items()}

    def start_modification(
        self, nodes: Mapping[str, Mapping[str, Any]], *, enforce_limits: bool = False
    ) -> Modification:
        """Change numbers of instances: what is new is there at once, what is to go stays until `finish()`.

        nodes           node or scaling group -> `instances`, the number that it shall have in each place, and hints
                        which go: `removed_ids_include_hint`, `removed_ids_exclude_hint`; what is not known is left out
        enforce_limits  refuse numbers below min_instances or above max_instances
        returns         the modification; the context's nodes and instances are as they are after its start
        raises          ExistingStartedDeploymentModificationError while another one has not ended; ModificationError
                        for what cannot be asked for; UsageError without a deployment
        """
        topology = self._there()
        spec = effect_spec(
            Kind.START_MODIFICATION, nodes=wanted_of(nodes), limited=enforce_limits, dry_run=self._ctx.dry_run
        )
        if not self._ctx.dry_run:
            return self._modification(topology, decode(self._doors.write(spec).detail_json)["result"]["id"])
        shown = decode(self._doors.ask(spec).detail_json)["result"]
        plan = from_json(PlannedModification, shown["plan"])
        return Modification(self._ctx, topology, self._doors, shown["id"], plan, self._ctx.view_seq)

    def list_started_modifications(self) -> list[Modification]:
        """The modifications that have started and not ended: at most one. What it finds is recorded.

        raises  UsageError without a deployment
        """
        topology = self._there()
        found = decode(self._doors.ask(effect_spec(Kind.LIST_MODIFICATIONS)).detail_json)["result"]
        return [self._modification(topology, one["id"]) for one in found]

    def _modification(self, topology: Topology, uid: str) -> Modification:
        plan, at = topology.modification(uid)
        return Modification(self._ctx, topology, self._doors, uid, plan, at)

    def _there(self) -> Topology:
        if self._topology is None:
            text = "this workflow has no deployment, and so nothing to modify"
            raise UsageError(text, hint="run it as a workflow of a deployment")
        return self._topology


def _as_data(group: ScalingGroup, scaling: tuple[int, int] | None) -> dict[str, Any]:
    """A group as the older system's plan has it.

    scaling  current and planned number; None: as it was planned at first
    """
    counts = group.scalable
    current, planned = scaling or (counts.default_instances, counts.default_instances)
    return {
        "members": list(group.members),
        "properties": {
            "default_instances": counts.default_instances,
            "min_instances": counts.min_instances,
            "max_instances": counts.max_instances,
            "current_instances": current,
            "planned_instances": planned,
        },
    }
