"""`plugins …`: what blueprints can import as `plugin:NAME`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from durable_wf.cli.calls import Call
from durable_wf.cli.config import NoHomeError
from durable_wf.cli.output import clean, columns
from durable_wf.errors import NotFoundError

if TYPE_CHECKING:
    from durable_wf.sources.catalogue import PluginFolder
    from durable_wf.sources.plugin_store import PluginStore

Source = Annotated[Path, typer.Argument(metavar="PATH", help="A folder, or an archive: zip, tar.gz, wagon.")]
Yaml = Annotated[
    Path | None,
    typer.Option("--yaml", metavar="FILE", help="Its plugin.yaml, if PATH has none, as is usual for wagons."),
]
Name = Annotated[str, typer.Argument(metavar="NAME", help="The plugin's package_name.")]


@dataclass(frozen=True, slots=True)
class PluginRecord:
    """An installed version of a plugin."""

    id: str
    version: str | None
    folder: str


@dataclass(frozen=True, slots=True)
class PluginDetail:
    """An installed version of a plugin, with its hash and its files.

    sha256  of all its files; an execution's fingerprint has it
    """

    id: str
    version: str | None
    folder: str
    sha256: str
    files: list[str]


def install(call: Call, path: Source, yaml: Yaml = None) -> None:
    """Install a plugin, so that blueprints can import it as plugin:NAME. What it imports is not installed."""
    made = _store(call).install(path, yaml)
    call.out.data(_record(made), [made.name])
    call.out.note(f"installed {made.name} {made.version} in {clean(str(made.folder))}")


def list_(call: Call) -> None:
    """List the installed plugins."""
    found = [_record(one) for one in _store(call).catalogue.all()]
    rows = [(clean(one.id), clean(one.version or ""), clean(one.folder)) for one in found]
    call.out.items(found, columns([("PLUGIN", "VERSION", "FOLDER"), *rows]) if rows else [])
    if not found:
        call.out.note(f"no plugins in {call.config['plugins']}")
        call.out.note("to begin: durable-wf plugins install PATH")


def show(call: Call, name: Name) -> None:
    """Show the installed versions of a plugin: where they are, their hashes and files."""
    from durable_wf.inspection.find import near
    from durable_wf.sources.archives import files_of, tree_hash

    store = _store(call)
    versions = list(store.catalogue.versions(name))
    if not versions:
        found: NotFoundError = near("plugin", name, [one.name for one in store.catalogue.all()])
        raise found
    details = [
        PluginDetail(
            one.name,
            one.version,
            str(one.folder),
            tree_hash(one.folder),
            [path.relative_to(one.folder).as_posix() for path in files_of(one.folder)],
        )
        for one in versions
    ]
    call.out.items(details, [line for one in details for line in _lines(one)])


def _lines(one: PluginDetail) -> list[str]:
    return [
        f"plugin    {clean(one.id)}",
        f"version   {clean(one.version or '')}",
        f"folder    {clean(one.folder)}",
        f"sha256    {one.sha256}",
        *(f"          {clean(file)}" for file in one.files),
    ]


def _record(one: PluginFolder) -> PluginRecord:
    return PluginRecord(one.name, one.version, str(one.folder))


def _store(call: Call) -> PluginStore:
    from durable_wf.sources.plugin_store import PluginStore

    folder = call.config["plugins"]
    if folder is None:
        text = "there is no home directory (HOME and XDG_DATA_HOME are not set), so no place for plugins"
        raise NoHomeError(text, hint="name a folder with --plugins DIR or DURABLE_WF_PLUGINS")
    return PluginStore(folder)
