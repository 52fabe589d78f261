"""A deployment as it was: its outputs and capabilities can be evaluated from what the journal had at a point.

Everything that they read is in the journal, by seq: nodes, instances, inputs, and other deployments. Secrets are those
of now, and masked; functions that plugins add are the code of now.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from durable_wf.engine.topology import DeploymentTopology
from durable_wf.errors import NotFoundError
from durable_wf.inspection.points import Moment, Point, moment_of
from durable_wf.scheduler.instances import to_data

if TYPE_CHECKING:
    from collections.abc import Mapping

    from durable_wf.inspection.view import View
    from durable_wf.model.plan import Node
    from durable_wf.model.protocol import InstanceData


class PastTopology(DeploymentTopology):
    """One deployment at a moment; ask inside one snapshot. A moment without a seq is now."""

    def __init__(self, view: View, moment: Moment) -> None:
        blueprint = next(one for one in view.store.blueprints() if one.id == moment.row.blueprint)
        super().__init__(view.store, moment.row, blueprint)
        self._view = view
        self._at = moment.at

    def nodes(self, at: int | None = None) -> Mapping[str, Node]:
        """The nodes by name, then or at another seq."""
        return super().nodes(self._at if at is None else at)

    def instances(self, at: int | None = None) -> list[InstanceData]:
        """The node instances, then or at another seq."""
        return super().instances(self._at if at is None else at)

    def instance(self, instance_id: str) -> InstanceData | None:
        """One instance as it was."""
        found = self._view.store.instances(self.id, at=self._at)
        return next((to_data(row) for row in found if row.name == instance_id), None)

    def names(self, at: int | None = None) -> list[str]:
        """Names of the deployments that were there, sorted."""
        seq = self._at if at is None else at
        if seq is None:
            return super().names()
        known = sorted(set(self._view.store.named("deployment").values()))
        return [name for name in known if self._moment(name, seq) is not None]

    def other(self, deployment: str) -> DeploymentTopology:
        """Another deployment as it was. raises KeyError."""
        if self._at is None:
            return super().other(deployment)
        found = self._moment(deployment, self._at)
        if found is None:
            raise KeyError(deployment)
        return PastTopology(self._view, found)

    def _moment(self, name: str, seq: int) -> Moment | None:
        try:
            return moment_of(self._view, name, Point(seq=seq))
        except NotFoundError:
            return None
