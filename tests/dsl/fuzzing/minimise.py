"""Makes the documents of a failure small: takes away all that it does not need."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.dsl.fuzzing.trees import Path, copied, parts, remove

_MOST_TRIES = 400


def minimised(
    files: dict[str, Any], keep: list[tuple[str, Path]], still: Callable[[dict[str, Any]], bool]
) -> dict[str, Any]:
    """The smallest documents found of which `still` holds.

    keep   file and path of what must stay
    cost   a few hundred calls of `still`
    """
    tries = 0
    is_smaller = True
    while is_smaller and tries < _MOST_TRIES:
        is_smaller = False
        for file in list(files):
            removable = [path for path, _ in parts(files[file]) if path and not _is_kept(file, path, keep)]
            gone: set[Path] = set()
            for path in removable:
                if tries >= _MOST_TRIES or any(path[: len(one)] == one for one in gone):
                    continue
                smaller = {name: copied(document) for name, document in files.items()}
                remove(smaller[file], path)
                tries += 1
                if still(smaller):
                    files, is_smaller = smaller, True
                    gone.add(path)
                    if isinstance(path[-1], int):  # what is behind it has another index now
                        break
    return files


def _is_kept(file: str, path: Path, keep: list[tuple[str, Path]]) -> bool:
    """Whether the path leads to what must stay, or into it, or to an item of a list before it."""
    for other, wanted in keep:
        if file != other:
            continue
        if wanted[: len(path)] == path or path[: len(wanted)] == wanted:
            return True
        parent = path[:-1]
        if isinstance(path[-1], int) and wanted[: len(parent)] == parent:
            return True
    return False
