"""A deployment as contexts see it: nodes and plugins as planned, instances read from the journal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from durable_wf.codec import decode
from durable_wf.dsl.fitting import Fitting
from durable_wf.inspection import find
from durable_wf.model.modification import PlannedModification
from durable_wf.model.plan import Blueprint, Node, from_json
from durable_wf.scheduler.instances import to_data
from durable_wf.scheduler.modifying import APPLY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from durable_wf.journal.port import Reader
    from durable_wf.model import rows
    from durable_wf.model.plan import Plugin
    from durable_wf.model.protocol import InstanceData


class DeploymentTopology:
    """One deployment (`authoring.services.Topology`)."""

    def __init__(self, journal: Reader, row: rows.Deployment, blueprint: rows.Blueprint) -> None:
        self._journal = journal
        self._row = row
        self._nodes: dict[int | None, Mapping[str, Node]] = {}
        self.id = row.id
        self.deployment = row.name
        self.blueprint = blueprint.name
        self.source = blueprint.source
        self.hashes: Mapping[str, str] = decode(blueprint.hashes_json)
        self.plan = from_json(Blueprint, decode(blueprint.plan_json))
        self.inputs: Mapping[str, Any] = decode(row.inputs_json)
        self.settings: Mapping[str, Any] = decode(row.settings_json)
        self.plugins: Mapping[str, Plugin] = self.plan.plugins
        self._fitting = Fitting(self.plan)

    def fits(self, type_name: str | None, value: Any) -> bool:
        """Whether a value fits a type of the language or a data type of the blueprint; None: anything does."""
        return self._fitting.fits(type_name, value)

    def nodes(self, at: int | None = None) -> Mapping[str, Node]:
        """The nodes by name, now or as they were at seq `at`. Read once."""
        if at not in self._nodes:
            found = self._journal.nodes(self.id, at=at)
            self._nodes[at] = {row.name: from_json(Node, decode(row.body_json)) for row in found}
        return self._nodes[at]

    def instances(self, at: int | None = None) -> list[InstanceData]:
        """The node instances, now or as they were at seq `at`."""
        return [to_data(row) for row in self._journal.instances(self.id, at=at)]

    def instance(self, instance_id: str) -> InstanceData | None:
        """One instance as it is now."""
        row = self._journal.instance(self.id, instance_id)
        return None if row is None else to_data(row)

    def scaling(self, at: int | None = None) -> Mapping[str, tuple[int, int]]:
        """Current and planned number of instances of nodes and groups of which they were changed; as `nodes`."""
        return {row.name: (row.current, row.planned) for row in self._journal.scaling(self.id, at=at)}

    def modification(self, uid: str) -> tuple[PlannedModification, int]:
        """What a modification was planned to do, and the seq at which it was applied. raises KeyError."""
        row = next((one for one in self._journal.modifications(self.id) if one.uid == uid), None)
        if row is None:
            raise KeyError(uid)
        applied = next(one.done_seq for one in self._journal.steps(self.id, row.id) if one.kind == APPLY)
        return from_json(PlannedModification, decode(row.plan_json)), applied or row.seq

    def names(self, at: int | None = None) -> list[str]:
        """Names of all deployments of the journal, sorted; only those that were there at seq `at`."""
        return sorted(row.name for row in self._journal.deployments() if at is None or row.seq <= at)

    def other(self, deployment: str) -> DeploymentTopology:
        """A deployment of the journal by name, read anew. raises KeyError."""
        row = next((one for one in self._journal.deployments() if one.name == deployment), None)
        if row is None:
            raise KeyError(deployment)
        return of_row(self._journal, row)


def find_deployment(journal: Reader, name: str) -> DeploymentTopology:
    """The deployment with that name.

    raises  NotFoundError with near matches; JournalBehindHead where it may be lost
    """
    return of_row(journal, find.find_deployment(journal, name))


def of_row(journal: Reader, row: rows.Deployment) -> DeploymentTopology:
    """The topology of a deployment row."""
    blueprint = next(one for one in journal.blueprints() if one.id == row.blueprint)
    return DeploymentTopology(journal, row, blueprint)
