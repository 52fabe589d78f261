"""Where `plugin:NAME?version=SPEC` is looked for: folders of plugins, then distributions installed in this Python.

A folder of plugins has `NAME/plugin.yaml`, or `NAME/VERSION/plugin.yaml`. The newest version that fits is taken;
of two equal ones that of the folder named first.

Source: reference/blueprint-dsl.md §3 (`plugin:`, and which yaml of a folder is chosen).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from importlib import metadata
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

from durable_wf.sources.port import SourceError
from durable_wf.sources.versions import Condition, SpecError, is_allowed, read_conditions, read_version, sort_key

PLUGIN_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_VERSIONED = re.compile(r"_\d+_\d+\.yaml")
_READ = 1_000_000  # characters of a plugin.yaml in which its version is looked for


class PluginFolder(NamedTuple):
    """A plugin that can be had.

    version  None: nothing says it
    folder   with its yaml files
    origin   how people are told where it is
    is_installed  whether it is a distribution's, whose code can be imported as it is
    """

    name: str
    version: str | None
    folder: Path
    origin: str
    is_installed: bool = False

    def yaml(self, language: tuple[int, int]) -> Path | None:
        """The folder's file for a version of the language; one named `plugin…` before others."""
        found = sorted(_yamls(self.folder), key=lambda path: not path.name.startswith("plugin"))
        ending = f"{language[0]}_{language[1]}.yaml"
        fitting = [path for path in found if path.name.endswith(ending)]
        plain = [path for path in found if not _VERSIONED.search(path.name)]
        return next(iter(found[:1] if len(found) == 1 else [*fitting, *plain]), None)


class Query(NamedTuple):
    """What stands behind `plugin:`."""

    name: str
    conditions: list[Condition]


def read_query(text: str) -> Query:
    """`NAME?version=SPEC&distribution=D`; the distribution is a server's matter.

    raises  SourceError
    """
    name, _, query = text.partition("?")
    conditions: list[Condition] = []
    seen: set[str] = set()
    for part in query.split("&") if query else ():
        key, _, value = part.partition("=")
        if key not in {"version", "distribution"}:
            hint = "there are version and distribution"
            raise SourceError(f"'plugin:{text}': there is no parameter '{key}'", problem="plugin-not-found", hint=hint)
        if key in seen:
            message = f"'plugin:{text}': the parameter '{key}' is given twice"
            hint = "conditions are joined by commas, such as version=>=1,<2"
            raise SourceError(message, problem="plugin-not-found", hint=hint)
        seen.add(key)
        if key == "version":
            try:
                conditions = read_conditions(unquote(value))
            except SpecError as error:
                text = f"'plugin:{text}': {error.message}"
                raise SourceError(text, problem="plugin-not-found", hint=error.hint) from error
    if not PLUGIN_NAME.fullmatch(name):
        raise SourceError(f"'{name}' is no name of a plugin", problem="plugin-not-found")
    return Query(name, conditions)


class Catalogue:
    """The plugins of some folders, and of this Python.

    folders    of plugins; those that are not there have none
    installed  whether distributions are looked at
    """

    def __init__(self, folders: Sequence[Path] = (), *, installed: bool = True) -> None:
        self._folders = tuple(folders)
        self._installed = installed

    def before(self, folders: Sequence[Path]) -> Catalogue:
        """The same, with some folders before all others."""
        return Catalogue((*folders, *self._folders), installed=self._installed)

    def find(self, query: Query) -> PluginFolder:
        """The newest that fits.

        raises  SourceError saying what there is instead
        """
        found = list(self.versions(query.name))
        fitting = [one for one in found if not query.conditions or is_allowed(one.version or "", query.conditions)]
        if fitting:
            return max(fitting, key=lambda one: sort_key(one.version))
        if found:
            there = ", ".join(one.version or "one without a version" for one in found)
            text = f"no version of the plugin '{query.name}' fits; there is {there}"
            raise SourceError(text, problem="plugin-not-found", hint="change the condition, or install that version")
        known = dict.fromkeys(one.name for one in self.all())
        close = get_close_matches(query.name, known, n=1, cutoff=0.5)
        hint = "put its plugin.yaml into plugins/NAME beside the blueprint, or: durable-wf plugins install PATH"
        hint = f"did you mean 'plugin:{close[0]}'?" if close else hint
        raise SourceError(f"there is no plugin '{query.name}'", problem="plugin-not-found", hint=hint)

    def versions(self, name: str) -> Iterator[PluginFolder]:
        """Every version of a plugin, in the order of the folders."""
        for folder in self._folders:
            yield from _in_folder(name, folder / name, str(folder))
        if self._installed:
            yield from _installed(name)

    def all(self) -> Iterator[PluginFolder]:
        """Every plugin of the folders, by name."""
        for folder in self._folders:
            names = sorted(path.name for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
            for name in names:
                yield from _in_folder(name, folder / name, str(folder))


def _yamls(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*.yaml") if path.is_file())


def _in_folder(name: str, folder: Path, origin: str) -> Iterator[PluginFolder]:
    if not folder.is_dir():
        return
    if _yamls(folder):
        yield PluginFolder(name, version_in(folder), folder, origin)
    for path in sorted(folder.iterdir()):
        if read_version(path.name) and path.is_dir() and _yamls(path):
            yield PluginFolder(name, path.name, path, origin)


def declared_in(folder: Path, key: str) -> str | None:
    """What the first yaml file that says it says of `key` of its plugins. It is not parsed for this."""
    line = re.compile(rf"""(?:^\s+|[{{,]\s*)['"]?{key}['"]?\s*:\s*['"]?([^\s'"#,}}]+)""", re.MULTILINE)
    for path in sorted(_yamls(folder), key=lambda path: not path.name.startswith("plugin")):
        try:
            with path.open(encoding="utf-8", errors="replace") as file:
                found = line.search(file.read(_READ))
        except OSError:
            continue
        if found:
            return found[1]
    return None


def version_in(folder: Path) -> str | None:
    """The version of a plugin's package, as its plugin.yaml says it."""
    return declared_in(folder, "package_version")


def _installed(name: str) -> Iterator[PluginFolder]:
    """The distribution of that name, if it brings a plugin.yaml."""
    try:
        found = metadata.distribution(name)
    except (metadata.PackageNotFoundError, ValueError):
        return
    for file in found.files or ():
        if file.name.startswith("plugin") and file.name.endswith(".yaml"):
            folder = Path(str(found.locate_file(file))).parent
            yield PluginFolder(name, found.version, folder, "installed in this Python", is_installed=True)
            return
