"""What an operation may ask for while it runs (`authoring.services.Services`)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from durable_wf.errors import UsageError
from durable_wf.sources.workdirs import Workdirs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from durable_wf.engine.topology import DeploymentTopology
    from durable_wf.journal.port import Journal
    from durable_wf.model.protocol import InstanceData, OperationOutcome, PropertyUpdate, Updated
    from durable_wf.scheduler.pool import Work


class AttemptServices:
    """Those of one attempt."""

    __slots__ = ("_topology", "_work", "_workdirs")

    def __init__(self, work: Work, topology: DeploymentTopology | None, workdirs: Workdirs) -> None:
        self._work = work
        self._topology = topology
        self._workdirs = workdirs

    def update(self, wanted: PropertyUpdate) -> Updated:
        """Commit runtime properties, and wait for that."""
        return self._work.hosted.update(self._work.no, self._work.attempt, wanted)

    def end(self, outcome: OperationOutcome, guarded: Mapping[str, int | None]) -> list[InstanceData]:
        """Commit the outcome, unless handlers of conflicts have to be asked first."""
        return self._work.hosted.end(self._work.no, self._work.attempt, outcome, guarded)

    def blueprint_folder(self) -> Path | None:
        """The folder of the blueprint's main file; None without a deployment."""
        return None if self._topology is None else Path(self._topology.source).parent

    def workdir(self) -> Path:
        """The deployment's own folder."""
        if self._topology is None:
            raise UsageError("an execution without a deployment has no deployment workdir")
        return self._workdirs.of(self._topology.deployment)


def workdirs_of(journal: Journal) -> Workdirs:
    """Beside the journal's file; in the temporary directory for one in memory."""
    path = getattr(journal, "path", None)
    return Workdirs(None if path is None else Path(path).parent)
