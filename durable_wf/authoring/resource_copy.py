"""Files beside the blueprint, for workflow functions. Source: reference/workflow-api.md §2.2."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from durable_wf.authoring.resources import ResourceContext
from durable_wf.sources.resources import Folder

if TYPE_CHECKING:
    from durable_wf.authoring.services import Topology


class BlueprintFiles(ResourceContext):
    """What an operation's ctx offers of files, where there is no attempt. Raises the same."""

    _services = None

    def __init__(self, topology: Topology | None) -> None:
        self._source = None if topology is None else topology.source

    def _folder(self) -> Folder:
        return super()._folder() if self._source is None else Folder(Path(self._source).parent)
