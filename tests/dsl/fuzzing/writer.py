"""Writes a tree as YAML in one of many ways, and knows where each key and value stands.

Styles, quotes, comments, indentation, anchors with aliases and merge keys are drawn; nothing on the way to a place
that somebody wants to know (`protected`) is shared with another.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from random import Random
from typing import Any

import yaml

from tests.dsl.fuzzing.trees import Path, Raw, Twin

_PLAIN = re.compile(r"[^\W\d][\w./-]*(?: [\w./-]+)*")
_RESOLVER = yaml.resolver.Resolver()
_BLOCK_TEXT = re.compile(r"[^\s#%](?:[^\n\r\t]*\n(?=\S))*[^\n\r\t]*")
_SHARED_AT_LEAST = 2


class Written:
    """A text, and (line, column) of what is in it, from 1.

    keys, values  by path
    """

    def __init__(self, text: str, keys: dict[Path, tuple[int, int]], values: dict[Path, tuple[int, int]]) -> None:
        self.text = text
        self.keys = keys
        self.values = values


def written(tree: Any, rng: Random, protected: Collection[Path] = (), *, is_plain: bool = False) -> Written:
    """The tree as YAML.

    protected  paths that are not written by an alias, nor above or below one
    is_plain   without comments, anchors, and other ornaments: for people
    """
    return _Writer(rng, protected, is_plain=is_plain).document(tree)


class _Writer:
    def __init__(self, rng: Random, protected: Collection[Path], *, is_plain: bool) -> None:
        self._rng = rng
        self._protected = protected
        self._is_plain = is_plain
        self._out: list[str] = []
        self._line, self._column = 1, 1
        self._in_text = False  # of a block scalar, in which a comment would be text
        self._keys: dict[Path, tuple[int, int]] = {}
        self._values: dict[Path, tuple[int, int]] = {}
        self._step = 2 if is_plain else rng.choice((1, 2, 2, 4))
        self._flow = 0.25 if is_plain else rng.choice((0.0, 0.2, 0.5, 1.0))
        self._aliasing = 0.0 if is_plain else rng.choice((0.0, 0.0, 0.5, 1.0))
        self._anchors: dict[str, str] = {}
        self._counted: dict[str, int] = {}
        self._mappings: list[tuple[str, dict[str, Any]]] = []

    def document(self, tree: Any) -> Written:
        self._count(tree, ())
        if self._chance(0.2):
            self._write("# a comment: [with] {signs}\n")
        if self._chance(0.1):
            self._write("---\n")
        if isinstance(tree, dict) and tree:
            self._block_mapping(tree, (), 0)
        else:
            self._inline(tree, (), 0)
        text = "".join(self._out) + "\n"
        if self._chance(0.05):
            text = text.replace("\n", "\r\n")
        return Written(text, self._keys, self._values)

    def _chance(self, share: float) -> bool:
        return not self._is_plain and self._rng.random() < share

    # ------------------------------------------------------------------ sharing

    def _count(self, tree: Any, path: Path) -> None:
        if isinstance(tree, dict | list) and tree and self._aliasing and self._may_share(path):
            name = repr(tree)
            self._counted[name] = self._counted.get(name, 0) + 1
        pairs = tree.items() if isinstance(tree, dict) else enumerate(tree if isinstance(tree, list) else ())
        for key, value in pairs:
            self._count(value, (*path, key))

    def _may_share(self, path: Path) -> bool:
        """No protected path is in the value, and the value is in none."""
        return bool(path) and all(one[: len(path)] != path and path[: len(one)] != one for one in self._protected)

    def _shared(self, tree: Any, path: Path) -> str | None:
        """What to write instead of a value, or before it; None: nothing."""
        if not isinstance(tree, dict | list) or not tree or not self._may_share(path):
            return None
        name = repr(tree)
        if name in self._anchors:
            return f"*{self._anchors[name]}" if self._rng.random() < self._aliasing else None
        if self._counted.get(name, 0) >= _SHARED_AT_LEAST and not _holds_raw(tree):
            self._anchors[name] = f"a{len(self._anchors)}"
            return f"&{self._anchors[name]}"
        return None

    def _merge_of(self, tree: dict[str, Any], path: Path) -> tuple[str, dict[str, Any]] | None:
        """An anchor whose mapping is a part of this one."""
        if not self._aliasing or not self._may_share(path) or self._rng.random() > self._aliasing:
            return None
        for name, part in self._mappings:
            if len(part) < len(tree) and all(key in tree and repr(tree[key]) == repr(part[key]) for key in part):
                return name, part
        return None

    # ------------------------------------------------------------------ writing

    def _write(self, text: str) -> None:
        self._out.append(text)
        lines = text.count("\n")
        self._line += lines
        self._column = len(text) - text.rfind("\n") if lines else self._column + len(text)

    def _newline(self, indent: int) -> None:
        if not self._in_text and self._chance(0.03):
            self._write("  # { comment: 'of a line'")
        if self._chance(0.03):
            self._write("\n")
        self._in_text = False
        self._write("\n" + " " * indent)

    def _here(self, table: dict[Path, tuple[int, int]], path: Path) -> None:
        table.setdefault(path, (self._line, self._column))

    def _block(self, tree: Any, path: Path, indent: int) -> None:
        """A value behind `key:` or `-`."""
        shared = self._shared(tree, path)
        if shared:
            self._write(" ")
            self._here(self._values, path)
            self._write(shared)
            if shared[0] == "*":
                return
        wants_block = isinstance(tree, dict | list) and tree and self._rng.random() >= self._flow * 0.6
        if wants_block and isinstance(tree, dict):
            self._newline(indent + self._step)
            self._block_mapping(tree, path, indent + self._step)
        elif wants_block:
            deeper = (
                indent + self._rng.choice((0, self._step)) if path and not isinstance(path[-1], int) else indent + 2
            )
            self._newline(deeper)
            self._block_list(tree, path, deeper)
        elif isinstance(tree, str) and "\n" in tree and _BLOCK_TEXT.fullmatch(tree) and self._chance(0.5):
            self._write(" ")
            self._here(self._values, path)
            self._write("|-")
            for line in tree.split("\n"):
                self._write("\n" + " " * (indent + self._step) + line)
            self._in_text = True
        else:
            self._write(" ")
            self._inline(tree, path, indent)
        if shared and isinstance(tree, dict):
            self._mappings.append((shared[1:], tree))

    def _block_mapping(self, tree: dict[Any, Any], path: Path, indent: int) -> None:
        self._here(self._values, path)
        merge = self._merge_of(tree, path) if path else None
        first = True
        if merge:
            self._write(f"<<: *{merge[0]}")
            first = False
        for key, value in tree.items():
            if merge and key in merge[1]:
                continue
            if not first:
                self._newline(indent)
            first = False
            self._key(key, (*path, key))
            self._write(":")
            self._block(value, (*path, key), indent)

    def _block_list(self, tree: list[Any], path: Path, indent: int) -> None:
        self._here(self._values, path)
        for index, value in enumerate(tree):
            if index:
                self._newline(indent)
            self._write("-")
            self._block(value, (*path, index), indent)

    def _inline(self, tree: Any, path: Path, indent: int) -> None:
        shared = self._shared(tree, path) if indent < 0 else None
        self._here(self._values, path)
        if shared:
            self._write(shared)
            if shared[0] == "*":
                self._write(" ")
                return
            self._write(" ")
        if isinstance(tree, dict):
            self._flow_mapping(tree, path)
        elif isinstance(tree, list):
            self._write("[")
            for index, value in enumerate(tree):
                self._write(", " if index else "")
                self._inline(value, (*path, index), -1)
            self._write("]")
        else:
            self._write(self._scalar(tree))

    def _flow_mapping(self, tree: dict[Any, Any], path: Path) -> None:
        self._write("{")
        for index, (key, value) in enumerate(tree.items()):
            self._write(", " if index else "")
            self._key(key, (*path, key))
            self._write(": ")
            self._inline(value, (*path, key), -1)
        self._write("}")

    def _key(self, key: Any, path: Path) -> None:
        self._here(self._keys, path)
        self._write(self._text(key.text, is_key=True) if isinstance(key, Twin) else self._scalar(key, is_key=True))

    def _scalar(self, value: Any, *, is_key: bool = False) -> str:
        if isinstance(value, Raw):
            return value.text
        if value is None:
            return "null" if self._is_plain else self._rng.choice(("null", "~", "Null"))
        if isinstance(value, bool):
            words = ("true", "True", "yes", "on") if value else ("false", "FALSE", "no", "off")
            return words[0] if self._is_plain else self._rng.choice(words)
        if isinstance(value, int):
            return self._integer(value)
        if isinstance(value, float):
            return repr(value)
        return self._text(value, is_key=is_key)

    def _integer(self, value: int) -> str:
        if value > 0 and self._chance(0.1):
            return self._rng.choice((hex(value), f"{value:_}", f"0{value:o}", f"+{value}"))
        return str(value)

    def _text(self, text: str, *, is_key: bool) -> str:
        is_plain = _PLAIN.fullmatch(text) and _RESOLVER.resolve(yaml.ScalarNode, text, (True, False)).endswith(":str")
        choice = self._rng.random()
        if is_plain and (self._is_plain or choice < (0.9 if is_key else 0.7)):
            return text
        single_fits = "\n" not in text and "\t" not in text
        if single_fits and (self._is_plain or choice < 0.85):
            return "'" + text.replace("'", "''") + "'"
        return json.dumps(text, ensure_ascii=False)


def _holds_raw(tree: Any) -> bool:
    return "Raw(" in repr(tree) or "Twin(" in repr(tree)
