"""Files beside a blueprint, for the operations of its deployments: only those in its folder, wherever links lead."""

from __future__ import annotations

import os
import shutil
from difflib import get_close_matches
from itertools import islice
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from durable_wf.sources.port import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator

_SHOWN = 5
_MOST = 10_000  # files that are looked at for near names


class ResourceMissing(SourceError):
    """There is no such file."""

    code = "resource-missing"


class Folder:
    """A blueprint's folder."""

    def __init__(self, root: Path) -> None:
        self._root = Path(os.path.realpath(root))

    def read(self, path: str) -> bytes:
        """The content of a file.

        path    relative to the folder; absolute paths are taken where they lie in it
        raises  ResourceMissing with near names; SourceError for one outside the folder, or that cannot be read
        """
        found = self._find(path)
        if found.is_dir():
            raise SourceError(f"'{path}' is a folder", hint="name a file in it")
        try:
            return found.read_bytes()
        except OSError as error:
            raise SourceError(f"'{path}' cannot be read: {error.strerror}") from error

    def copy_tree(self, path: str, target: Path) -> None:
        """Copy a folder with all that is in it; links are copied as what they lead to.

        raises  as `read`; nothing is copied then
        """
        found = self._find(path)
        if not found.is_dir():
            raise SourceError(f"'{path}' is not a folder", hint="download_resource takes a file")
        files = list(self._files(found, PurePath(), (found,)))
        try:
            target.mkdir(parents=True, exist_ok=True)
            for source, name in files:
                (target / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, target / name)
        except OSError as error:
            raise SourceError(f"'{path}' cannot be copied to {target}: {error}") from error

    def _files(self, folder: Path, shown: PurePath, above: tuple[Path, ...]) -> Iterator[tuple[Path, PurePath]]:
        """Real path and name of each file below, links followed.

        above   the real paths of the folders that it is in
        raises  SourceError for a link that leads outside, or in a circle
        """
        for entry in sorted(folder.iterdir()):
            name = shown / entry.name
            real = self._inside(entry, str(name))
            if real in above:
                raise SourceError(f"'{name}' is a link to a folder that it lies in")
            if real.is_dir():
                yield from self._files(real, name, (*above, real))
            elif real.is_file():
                yield real, name

    def _find(self, path: str) -> Path:
        if not path or "\0" in path:
            raise SourceError(f"{path!r} is not the path of a file", hint="name a file beside the blueprint")
        found = self._inside(self._root / path, path)
        if not found.exists():
            near = self._near(path)
            hint = f"the blueprint's folder has {', '.join(near)}" if near else "the blueprint's folder has no files"
            raise ResourceMissing(f"there is no file '{path}' beside the blueprint", hint=hint)
        return found

    def _inside(self, path: Path, shown: str) -> Path:
        real = Path(os.path.realpath(path))
        if real != self._root and self._root not in real.parents:
            message = f"'{shown}' lies outside the blueprint's folder"
            raise SourceError(message, problem="import-outside", hint="put the file beside the blueprint")
        return real

    def _near(self, path: str) -> list[str]:
        names = list(islice(_names(self._root), _MOST))
        close = get_close_matches(path, names, n=_SHOWN, cutoff=0.4)
        same = [name for name in names if Path(name).name == Path(path).name]
        return (same + [name for name in close if name not in same])[:_SHOWN] or sorted(names)[:_SHOWN]


def _names(root: Path) -> Iterator[str]:
    """Files below by their names; links to folders are not followed."""
    for folder, _, names in os.walk(root):
        for name in sorted(names):
            yield str(Path(folder, name).relative_to(root))
