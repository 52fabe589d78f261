"""Documents as trees of plain data, with what plain data cannot say: raw YAML, and a key that stands twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

Path = tuple[Any, ...]


@dataclass(frozen=True)
class Raw:
    """YAML to write as it is, as a value or a key; one line, good in flow and in block style."""

    text: str


@dataclass(frozen=True, eq=False)
class Twin:
    """A key whose text another key of the mapping may have."""

    text: str


class Spot(NamedTuple):
    """A place in a file: of a key or a value, and so many columns behind it.

    part    'value' or 'key'; 'line': anywhere from there to the line's end
    """

    file: str
    path: Path
    part: str = "value"
    offset: int = 0


def copied(tree: Any) -> Any:
    """New dicts and lists all the way down."""
    if isinstance(tree, dict):
        return {key: copied(value) for key, value in tree.items()}
    return [copied(one) for one in tree] if isinstance(tree, list) else tree


def at(tree: Any, path: Path) -> Any:
    for key in path:
        tree = tree[key]
    return tree


def put(tree: Any, path: Path, value: Any) -> None:
    at(tree, path[:-1])[path[-1]] = value


def remove(tree: Any, path: Path) -> None:
    del at(tree, path[:-1])[path[-1]]


def parts(tree: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every value with its path, outer ones first."""
    yield path, tree
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from parts(value, (*path, key))
    elif isinstance(tree, list):
        for index, value in enumerate(tree):
            yield from parts(value, (*path, index))


def dotted(path: Path) -> str:
    """As problems write paths: `node_templates.web.relationships[0]`."""
    text = ""
    for key in path:
        name = key.text if isinstance(key, Raw | Twin) else key
        text += f"[{name}]" if isinstance(name, int) else f".{name}"
    return text.removeprefix(".")
