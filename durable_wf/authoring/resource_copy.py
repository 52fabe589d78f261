"""Files beside the blueprint, for workflow functions. Source: reference/workflow-api.md §2.2."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from durable_wf.authoring.exceptions import HttpException

if TYPE_CHECKING:
    from durable_wf.authoring.services import Topology


def copy_resource(topology: Topology | None, path: str, target: str | None) -> str:
    """Copy a file; the path of the copy.

    path    relative to the blueprint's folder
    target  None: a file of the same name in a new temporary folder
    raises  HttpException when there is no such file in that folder
    """
    folder = None if topology is None else Path(topology.source).resolve().parent
    found = None if folder is None else (folder / path).resolve()
    if folder is None or found is None or not found.is_file() or folder not in found.parents:
        raise HttpException(path, 404, "there is no such file beside the blueprint")
    to = Path(target) if target is not None else Path(tempfile.mkdtemp(prefix="durable-wf-")) / found.name
    to.parent.mkdir(parents=True, exist_ok=True)
    to.write_bytes(found.read_bytes())
    return str(to)
