"""Reads a blueprint's files from this machine, and the built-in types from the installed package.

Only files in the main file's folder, or below it, are read, wherever links lead; the network never is.
Source: reference/blueprint-dsl.md §3 (lookup order); reliability.md §2c (path traversal).
"""

from __future__ import annotations

import os
import re
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

from durable_wf.sources.port import SourceError, SourceFile

BUILTIN_TYPES = "cloudify/types/types.yaml"
_BUILTIN_URL = re.compile(r"https?://.*/types(_\d+_\d+)?\.yaml")
_REMOTE = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_TOO_MUCH = 50_000_000  # the compiler says what is too large; more than this is not even read


def builtin_types() -> SourceFile:
    """The types file that comes with durable-wf, found as data of the installed package."""
    data = (files("durable_wf") / "builtin" / "types.yaml").read_bytes()
    return SourceFile(BUILTIN_TYPES, BUILTIN_TYPES, data, sha256(data).hexdigest(), builtin=True)


class FileResolver:
    """The `Resolver` of a blueprint that lies in a folder.

    main_file   path of the main file
    root        the folder outside of which nothing is read; the main file's own if not given
    """

    def __init__(self, main_file: Path | str, *, root: Path | None = None) -> None:
        self._path = Path(main_file)
        self._folder = self._path.parent
        self._root = Path(os.path.realpath(root or self._folder))

    def main(self) -> SourceFile:
        """The main file.

        raises  SourceError when there is none, or it cannot be read.
        """
        if self._path.is_dir():
            found = sorted(path.name for path in self._path.glob("*.yaml"))
            hint = f"name the file: {', '.join(found[:5])}" if found else None
            raise SourceError(f"{self._path} is a folder", hint=hint)
        return self._read(self._path)

    def find(self, target: str, importer: SourceFile, version: tuple[int, int]) -> SourceFile:
        """The file that `importer` imports as `target`.

        raises  SourceError: not found, outside the folder, or an import that is not supported.
        """
        if target.endswith(BUILTIN_TYPES) or _BUILTIN_URL.fullmatch(target):
            return builtin_types()
        self._refuse_remote(target)
        named = Path(target)
        path = named if named.is_absolute() else (self._folder / importer.name).parent / named
        versioned = path.with_name(f"{path.stem}_{version[0]}_{version[1]}{path.suffix}")
        if not self._is_inside(path):
            raise self._outside(path)
        for candidate in (versioned, path):
            if candidate.is_file():
                return self._read(candidate)
        near = sorted(each.name for each in path.parent.glob("*.yaml")) if path.parent.is_dir() else []
        hint = f"the folder has {', '.join(near[:5])}" if near else None
        raise SourceError(f"there is no file '{target}'", hint=hint)

    def has_file(self, path: str) -> bool:
        """Whether the main file's folder has such a file."""
        try:
            return self._is_inside(self._folder / path) and (self._folder / path).is_file()
        except (OSError, ValueError):
            return False

    def _refuse_remote(self, target: str) -> None:
        kind = None
        if "--" in target:
            kind = "imports under a namespace are"
        elif target.startswith(("plugin:", "blueprint:")):
            kind = f"imports of a {target.partition(':')[0]} are"
        elif _REMOTE.match(target):
            kind = "imports from the network are"
        if kind:
            message = f"'{target}': {kind} not supported yet by this version of durable-wf"
            hint = "put the file beside the blueprint and import it by its name"
            raise SourceError(message, problem="import-not-supported", hint=hint)
        if "\0" in target:
            raise SourceError("the name of a file has a NUL")

    def _is_inside(self, path: Path) -> bool:
        real = Path(os.path.realpath(path))
        return real == self._root or self._root in real.parents

    def _outside(self, path: Path) -> SourceError:
        message = f"'{os.path.normpath(path)}' lies outside the blueprint's folder"
        hint = "only files in the main file's folder, and in folders of it, are read"
        return SourceError(message, problem="import-outside", hint=hint)

    def _read(self, path: Path) -> SourceFile:
        shown = os.path.normpath(path)
        if not self._is_inside(path):
            raise self._outside(path)
        try:
            with Path(os.path.realpath(path)).open("rb") as file:
                data = file.read(_TOO_MUCH)
        except OSError as error:
            raise SourceError(f"{shown}: {error.strerror}") from error
        name = os.path.relpath(path, self._folder)
        return SourceFile(Path(name).as_posix(), shown, data, sha256(data).hexdigest())
