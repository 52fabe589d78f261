"""Where workflow and operation code comes from, and its fingerprints."""

from __future__ import annotations

import inspect
import sys
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from durable_wf.authoring.code_space import public_name
from durable_wf.authoring.extensions import load_functions
from durable_wf.engine.plugins import fingerprints_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from durable_wf.engine.topology import DeploymentTopology

_NAMES = Path(__file__).parents[1] / "compat" / "names"


def make_importable(topology: DeploymentTopology | None) -> None:
    """Put the older system's names first on the path, and the blueprint's own folder last.

    Last, so that a file beside the blueprint cannot stand in for a module of Python's own. Folders of plugins are not
    on the path: each deployment's have a name space of their own (`engine.plugins`).
    """
    if sys.path[:1] != [str(_NAMES)]:
        sys.path[:] = [str(_NAMES), *(entry for entry in sys.path if entry != str(_NAMES))]
    if topology is None:
        return
    folder = str(Path(topology.source).parent)
    if folder not in sys.path:
        sys.path.append(folder)


def prepare_functions() -> None:
    """Make functions of installed packages known, before a blueprint is read; they may ask for the older names."""
    make_importable(None)
    load_functions()


def fingerprints(function: Callable[..., Any], topology: DeploymentTopology | None) -> dict[str, str]:
    """SHA-256 of the workflow's source file, of each blueprint source, and of what the plugins consist of, by name."""
    found = {**topology.hashes, **fingerprints_of(topology)} if topology is not None else {}
    file = inspect.getsourcefile(inspect.unwrap(function))
    if file is not None and Path(file).is_file():
        found[f"workflow {public_name(function.__module__)}"] = sha256(Path(file).read_bytes()).hexdigest()
    return found


def differing(stored: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Names whose fingerprint is another one now."""
    return sorted(name for name in stored.keys() | now.keys() if stored.get(name) != now.get(name))
