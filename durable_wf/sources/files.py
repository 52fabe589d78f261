"""Reads a blueprint's files from this machine, and the built-in types from the installed package.

Of a blueprint only files in the main file's folder, or below it, are read, wherever links lead; of a plugin only
those in the folder of its plugin.yaml. The network is read only where a `Network` is given.

Source: reference/blueprint-dsl.md §3 (lookup order), §17 (spellings of the types file); reliability.md §2c (path
traversal).
"""

from __future__ import annotations

import os
import re
from dataclasses import replace
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urljoin, urlsplit

from durable_wf.sources.catalogue import Catalogue, read_query
from durable_wf.sources.network import Network
from durable_wf.sources.port import SourceError, SourceFile
from durable_wf.sources.zones import Zones

BUILTIN_TYPES = "cloudify/types/types.yaml"
PLUGINS = "plugins"
_BUILTIN = re.compile(
    r"(resource:)?(.*/)?cloudify/types/types(_\d+_\d+)?\.yaml|[a-z]+://.*/spec/cloudify/[^/]+/types(_\d+_\d+)?\.yaml"
)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_HTTP = ("http://", "https://")
READ = 5_000_001  # bytes of a file: one more than it may have, so that the compiler sees that it is too large


def builtin_types() -> SourceFile:
    """The types file that comes with durable-wf, found as data of the installed package."""
    data = (files("durable_wf") / "builtin" / "types.yaml").read_bytes()
    return SourceFile(BUILTIN_TYPES, BUILTIN_TYPES, data, sha256(data).hexdigest(), builtin=True)


class _Home(NamedTuple):
    """The folder to which the names of some files are relative.

    root    outside of which none of them is read; its real path
    prefix  of their names
    """

    folder: Path
    root: Path
    prefix: str = ""

    def has(self, path: Path) -> bool:
        """Whether a path leads to something inside the root."""
        real = Path(os.path.realpath(path))
        return real == self.root or self.root in real.parents

    def outside(self, path: Path) -> SourceError:
        """That it does not."""
        owner, file = ("plugin", "plugin.yaml") if self.prefix else ("blueprint", "main file")
        message = f"'{os.path.normpath(path)}' lies outside the {owner}'s folder"
        hint = f"only files in the {file}'s folder, and in folders of it, are read"
        return SourceError(message, problem="import-outside", hint=hint)


class FileResolver(Zones):
    """The `Resolver` of a blueprint that lies in a folder.

    main_file   path of the main file
    root        the folder outside of which nothing is read; the main file's own if not given
    plugins     where `plugin:` looks, after `plugins/` beside the main file; none: only there and in this Python
    network     reads http(s) addresses; none: they are refused

    Afterwards `plugin_folders` has the folders of plugins, not beside the blueprint, that were imported.
    """

    def __init__(
        self,
        main_file: Path | str,
        *,
        root: Path | None = None,
        plugins: Catalogue | None = None,
        network: Network | None = None,
    ) -> None:
        self._path = Path(main_file)
        folder = self._path.parent
        self._home = _Home(folder, Path(os.path.realpath(root or folder)))
        self._homes: dict[str, _Home] = {}  # of files that were read, by name
        self.plugin_folders: dict[Path, None] = {}
        self._plugins = plugins or Catalogue()
        self._network = network

    def main(self) -> SourceFile:
        """The main file.

        raises  SourceError when there is none, or it cannot be read.
        """
        if self._path.is_dir():
            found = sorted(path.name for path in self._path.glob("*.yaml"))
            hint = f"name the file: {', '.join(found[:5])}" if found else None
            raise SourceError(f"{self._path} is a folder", hint=hint)
        return self._read(self._path, self._home)

    def find(self, target: str, importer: SourceFile, version: tuple[int, int]) -> SourceFile:
        """The file that `importer` imports as `target`.

        raises  SourceError: not found, outside the folder, or an import that is not supported.
        """
        if _BUILTIN.fullmatch(target):
            return builtin_types()
        if "\0" in target:
            raise SourceError("the name of a file has a NUL")
        if target.startswith("plugin:"):
            return self._plugin(target.removeprefix("plugin:"), version)
        if target.startswith(_HTTP):
            return self._fetched(target)
        if target.startswith("file://"):
            target = unquote(urlsplit(target).path)
        elif _SCHEME.match(target):
            raise _unsupported(target)
        elif importer.name.startswith(_HTTP):
            return self._fetched(urljoin(importer.name, target))
        try:
            return self._local(target, importer, version)
        except OSError as error:  # a name that is too long, a folder that may not be looked into
            raise SourceError(f"'{target[:100]}': {error.strerror}") from error

    def has_file(self, path: str) -> bool:
        """Whether the main file's folder has such a file."""
        try:
            found = self._home.folder / path
            return self._home.has(found) and found.is_file()
        except (OSError, ValueError):
            return False

    def _local(self, target: str, importer: SourceFile, version: tuple[int, int]) -> SourceFile:
        if not Path(target).name:  # '', '.', '/'
            raise SourceError(f"'{target}' names no file", hint="write the file's name, such as lib/types.yaml")
        home = self._homes.get(importer.name, self._home)
        beside = (home.folder / importer.name.removeprefix(home.prefix)).parent / target
        if not home.has(beside):
            raise home.outside(beside)
        for path in dict.fromkeys((beside, home.folder / target)):
            for candidate in (path.with_name(f"{path.stem}_{version[0]}_{version[1]}{path.suffix}"), path):
                if home.has(path) and candidate.is_file():
                    return self._read(candidate, home)
        folder = beside.parent
        near = sorted(each.name for each in folder.glob("*.yaml")) if folder.is_dir() else []
        hint = f"the folder has {', '.join(near[:5])}" if near else None
        raise SourceError(f"there is no file '{target}'", hint=hint)

    def _plugin(self, text: str, version: tuple[int, int]) -> SourceFile:
        query = read_query(text)
        beside = self._home.folder / PLUGINS
        found = self._plugins.before([beside] if self._home.has(beside) else []).find(query)
        path = found.yaml(version)
        if path is None:
            text = f"the plugin '{query.name}' in {found.folder} has no file for this version of the language"
            raise SourceError(text, problem="plugin-not-found")
        home = self._home
        if found.origin != str(beside):
            version_part = f"@{found.version}" if found.version else ""
            if not found.is_installed:
                self.plugin_folders[found.folder] = None
            home = _Home(found.folder, Path(os.path.realpath(found.folder)), f"plugin:{found.name}{version_part}/")
        return replace(self._read(path, home), plugin=True)

    def _fetched(self, url: str) -> SourceFile:
        if self._network is None:
            message = f"'{url}': imports from the network are not allowed"
            hint = "allow them with --allow-http-imports, or put the file beside the blueprint"
            raise SourceError(message, problem="import-not-supported", hint=hint)
        data = self._network.read(url)
        return SourceFile(url, url, data, sha256(data).hexdigest())

    def _read(self, path: Path, home: _Home) -> SourceFile:
        shown = os.path.normpath(path)
        if not home.has(path):
            raise home.outside(path)
        try:
            with Path(os.path.realpath(path)).open("rb") as file:
                data = file.read(READ)
        except OSError as error:
            raise SourceError(f"{shown}: {error.strerror}") from error
        name = home.prefix + Path(os.path.relpath(path, home.folder)).as_posix()
        self._homes[name] = home
        return SourceFile(name, shown, data, sha256(data).hexdigest())


def _unsupported(target: str) -> SourceError:
    kind = target.partition(":")[0]
    message = f"'{target}': imports of the kind '{kind}:' are not supported"
    hint = "put the file beside the blueprint and import it by its name"
    if kind == "blueprint":
        message = f"'{target}' is a blueprint that was uploaded to a server, and there is none here"
        hint = "put its files beside this one and import its main file: NAME--path/blueprint.yaml"
    return SourceError(message, problem="import-not-supported", hint=hint)
