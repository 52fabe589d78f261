"""The code of a deployment's plugins: where it lies, the name space that it is loaded into, and its hashes.

A plugin's folder is `plugins/SOURCE` or `plugins/NAME` beside the blueprint, an archive there (unpacked once, beside
the journal), or the folder of the plugin.yaml that the blueprint imports. A plugin without one is importable: from
the blueprint's own folder, or an installed distribution.

Source: reference/blueprint-dsl.md §9; design.md, "Code".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import sha256
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from durable_wf.authoring.code_space import CodeSpace, space_of
from durable_wf.dsl.namespaces import DELIMITER
from durable_wf.errors import StorageError
from durable_wf.sources.archives import file_hash, is_archive, tree_hash, unpack
from durable_wf.sources.port import SourceError

if TYPE_CHECKING:
    from durable_wf.authoring.services import Topology
    from durable_wf.engine.topology import DeploymentTopology
    from durable_wf.model.plan import Blueprint, Interfaces, Plugin, Relationship

FOLDERS = "plugin_folders"
"""The key of a deployment's settings under which folders that are not beside its blueprint are kept."""


def space_for(topology: Topology | None) -> CodeSpace | None:
    """The name space of a deployment's plugins; None where none of them has a folder."""
    return None if topology is None else space_of(folders_of(topology))


def folders_of(topology: Topology) -> list[str]:
    """The folders of a deployment's plugins, each once, in the order in which plugins are declared."""
    beside = Path(topology.source).parent
    found = [
        str(path) for plugin in topology.plugins.values() for path in paths_beside(beside, plugin) if path.is_dir()
    ]
    return list(dict.fromkeys([*found, *topology.settings.get(FOLDERS, ())]))


def paths_beside(folder: Path, plugin: Plugin) -> Iterator[Path]:
    """What lies beside its blueprint for a plugin: folders and archives; nothing that leads out of that folder."""
    for name in dict.fromkeys((plugin.source or "", plugin.name.rpartition(DELIMITER)[2])):
        path = folder / "plugins" / name
        if name and "://" not in name and "\0" not in name and path.exists():
            real = path.resolve()
            if folder.resolve() in real.parents:
                yield real


def folders_elsewhere(source: Path, compiled: Blueprint, imported: Iterable[Path], archives: Path | None) -> list[str]:
    """Folders of plugins that do not lie beside a blueprint. Archives beside it are unpacked.

    source    the blueprint's main file
    imported  folders of the plugin.yaml files that it imports
    archives  where archives are unpacked to, each under its hash; None: they are refused
    raises    ArchiveError, SourceError, StorageError
    """
    found = [str(path.resolve()) for path in imported]
    beside = (path for plugin in compiled.plugins.values() for path in paths_beside(source.parent, plugin))
    found.extend(str(_unpacked(path, archives)) for path in beside if path.is_file() and is_archive(path))
    return list(dict.fromkeys(found))


def _unpacked(archive: Path, archives: Path | None) -> Path:
    if archives is None:
        text = f"{archive} cannot be unpacked: the journal is in memory, so there is no folder beside it"
        raise SourceError(text, hint="unpack it into a folder of that name")
    target = archives / file_hash(archive)
    if not target.is_dir():
        try:
            unpack(archive, target)
        except StorageError:
            if not target.is_dir():  # else another process was quicker with the same archive
                raise
    return target


def fingerprints_of(topology: DeploymentTopology) -> dict[str, str]:
    """SHA-256 of what the plugins of a deployment consist of, by `plugin NAME`, folder or module."""
    beside = Path(topology.source).parent
    found = {f"plugin folder {_shown(folder, beside)}": tree_hash(Path(folder)) for folder in folders_of(topology)}
    for plugin in topology.plugins.values():
        digest = _distribution(plugin)
        if digest is not None:
            found[f"plugin {plugin.name}"] = digest
    found.update(_modules(topology, beside))
    return found


def _shown(folder: str, beside: Path) -> str:
    """A folder's name that is the same on another machine, where it can be."""
    path = Path(folder)
    root = beside.resolve()
    return str(path.relative_to(root)) if root in path.parents else "/".join(path.parts[-2:])


def _distribution(plugin: Plugin) -> str | None:
    """The version of an installed distribution, with the hashes that its installer has noted."""
    if not plugin.package_name:
        return None
    try:
        found = metadata.distribution(plugin.package_name)
    except (metadata.PackageNotFoundError, ValueError):
        return None
    text = f"{found.version}\n{found.read_text('RECORD') or ''}"
    return sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def _modules(topology: DeploymentTopology, beside: Path) -> Iterator[tuple[str, str]]:
    """Modules in the blueprint's own folder that operations and workflows name."""
    for name in sorted(set(_named(topology))):
        path = beside / (name.replace(".", "/") + ".py")
        if name and path.is_file():
            yield f"module {name}", file_hash(path)


def _named(topology: DeploymentTopology) -> Iterator[str]:
    """The modules of all functions that the deployment may run."""
    interfaces = [
        each
        for node in topology.plan.nodes.values()
        for each in (node.interfaces, *(one for link in node.relationships for one in _of_link(link)))
    ]
    functions = {one.function for each in interfaces for ops in each.values() for one in ops.values()}
    for function in functions:
        yield function.partition(":")[0] if ":" in function else function.rpartition(".")[0]


def _of_link(link: Relationship) -> tuple[Interfaces, Interfaces]:
    return link.source_interfaces, link.target_interfaces
