"""YAML text -> one tree of values that remember file, line and column.

The text is read once, as a stream of events, and limits are checked on that stream before anything is
built: PyYAML's C loader kills the process on deeply nested brackets, its events do not. No tag makes an
object; scalars are YAML 1.1's, by PyYAML's safe resolver. `<<` is merged here. Aliased values share one
`Value`; what is made from a tree (`plain`) is new each time, so nothing is shared in a plan.

Differences from YAML that are on purpose: a date is the text as written (a plan is JSON); duplicate
keys, infinite numbers and integers beyond 64 bits are refused.

Source: reliability.md §2c; reference/blueprint-dsl.md §2.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from durable_wf.dsl.excerpts import LINE_BREAK
from durable_wf.dsl.problems import Place, Report
from durable_wf.sources.port import SourceFile


@dataclass(frozen=True, slots=True)
class Limits:
    """What a blueprint may be at most; counts are per file unless they say otherwise."""

    file_bytes: int = 5_000_000
    depth: int = 64
    values: int = 100_000
    aliases: int = 1_000
    merged_mappings: int = 100
    files: int = 500  # of one blueprint
    import_depth: int = 50


class Bad:
    """Stands for a value that was reported; whoever meets it says nothing more."""

    def __repr__(self) -> str:
        return "BAD"


BAD = Bad()


class Pair(NamedTuple):
    """A key's place and its value."""

    key: Place
    value: Value


Content: TypeAlias = "bool | int | float | str | list[Value] | dict[str, Pair] | Bad | None"


@dataclass(slots=True, eq=False)
class Value:
    """A value and where it begins; compared by identity.

    content  a scalar, a list, a dict of pairs in the order of the file, or BAD
    """

    content: Content
    place: Place

    @property
    def text(self) -> str | None:
        """The content if it is text, else None."""
        return self.content if isinstance(self.content, str) else None

    @property
    def pairs(self) -> dict[str, Pair]:
        """The content if it is a mapping, else an empty one."""
        return self.content if isinstance(self.content, dict) else {}

    @property
    def items(self) -> list[Value]:
        """The content if it is a list, else an empty one."""
        return self.content if isinstance(self.content, list) else []

    @property
    def is_bad(self) -> bool:
        """Whether it was reported already."""
        return self.content is BAD

    def get(self, key: str) -> Value | None:
        """The value under `key`, if this is a mapping that has it."""
        pair = self.pairs.get(key)
        return pair.value if pair else None


def plain(value: Value | None) -> Any:
    """New plain data of a tree: dicts, lists, scalars; None for BAD and for no value."""
    if value is None:
        return None
    content = value.content
    if isinstance(content, dict):
        return {key: plain(pair.value) for key, pair in content.items()}
    if isinstance(content, list):
        return [plain(item) for item in content]
    return None if isinstance(content, Bad) else content


def located(data: Any, place: Place) -> Value:
    """A tree of plain data, all of it at one place: the opposite of `plain`."""
    if isinstance(data, Mapping):
        return Value({key: Pair(place, located(item, place)) for key, item in data.items()}, place)
    if isinstance(data, list | tuple):
        return Value([located(item, place) for item in data], place)
    return Value(data, place)


def decode(source: SourceFile, report: Report, limits: Limits) -> str | None:
    """The text of a file, or None after reporting that it is too large, not UTF-8 or not printable."""
    start = Place(source.shown, 1, 1)
    if len(source.data) > limits.file_bytes:
        report.add("file-too-large", f"the file has more than {limits.file_bytes} bytes", start)
        return None
    try:
        text = source.data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = source.data[: error.start]
        line, column = _position(before.decode("utf-8", "replace"))
        report.add("not-utf8", "the file is not UTF-8 text", Place(source.shown, line, column))
        return None
    found = _UNPRINTABLE.search(text)
    if found:
        line, column = _position(text[: found.start()])
        message = f"the character U+{ord(found.group()):04X} is not allowed in YAML"
        report.add("bad-character", message, Place(source.shown, line, column))
        return None
    return text


_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _position(before: str) -> tuple[int, int]:
    """Line and column, from 1, of what follows `before`."""
    lines = LINE_BREAK.split(before)
    return len(lines), len(lines[-1]) + 1


def child(path: str, key: str | int) -> str:
    """The path of a part: `node_templates.web`, `relationships[0]`."""
    if isinstance(key, int):
        return f"{path}[{key}]"
    return f"{path}.{key}" if path else key


def mapping_of(contents: Mapping[str, Value], place: Place) -> Value:
    """A mapping made of values that came from elsewhere."""
    return Value({key: Pair(value.place, value) for key, value in contents.items()}, place)
