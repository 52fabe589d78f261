"""Builds the tree of `source.Value` from PyYAML's events, without recursion and within limits.

A mistake that leaves the rest readable is reported and its value is BAD; one that does not (not YAML, a
limit) ends the reading, and there is no tree.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from durable_wf.dsl.problems import Place, Report, kinds
from durable_wf.dsl.source import BAD, Content, Limits, Pair, Value, child, decode
from durable_wf.dsl.spelling import spelling
from durable_wf.sources.port import SourceFile

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_RESOLVER: Any = yaml.resolver.Resolver()
_CONSTRUCTOR = yaml.constructor.SafeConstructor()
_TAG = "tag:yaml.org,2002:"
_INT_LIMIT = 2**63
_INT_TEXT = 80  # longest text of a 64-bit integer: 64 binary digits, prefix, sign, some underscores


def compose(source: SourceFile, report: Report, limits: Limits | None = None) -> Value | None:
    """The tree of a file's one document; an empty file is a Value of None.

    report  gets every mistake, with its place
    returns None where the text could not be read to its end
    cost    linear in the text and in the values after alias expansion
    Source: reliability.md §2c.
    """
    limits = limits or Limits()
    text = decode(source, report, limits)
    if text is None:
        return None
    try:
        is_own = not (source.builtin or source.plugin)
        return _Composer(source.shown, report, limits, is_own=is_own).run(_events(text, source.shown, report))
    except _Unreadable:
        return None


class _Unreadable(Exception):
    """Reading cannot go on; the reason was reported."""


@dataclass(slots=True)
class _Frame:
    """A list or mapping that is still open.

    nodes   its items, or keys and values in turn
    before  how many values were counted before it
    height  levels below it so far
    is_bad  whether it was reported as a whole
    """

    place: Place
    is_mapping: bool
    anchor: str | None
    before: int
    height: int = 0
    is_bad: bool = False
    nodes: list[Value] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Anchored:
    value: Value
    size: int
    height: int


class _MergeKey:
    """The content of a plain `<<` key."""


_MERGE: Any = _MergeKey()


def _events(text: str, file: str, report: Report) -> Iterator[Any]:
    """PyYAML's events; its errors are reported and end the reading."""
    try:
        yield from yaml.parse(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file, 1, 1)
        report.add("not-yaml", f"this is not YAML: {error.problem or error.context}", place)
        raise _Unreadable from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        report.add("not-yaml", f"this is not YAML: {error}", Place(file, 1, 1))
        raise _Unreadable from error


class _Composer:
    def __init__(self, file: str, report: Report, limits: Limits, *, is_own: bool) -> None:
        self._file = file
        self._is_own = is_own  # whether the blueprint's author wrote it
        self._report = report
        self._limits = limits
        self._open: list[_Frame] = []
        self._anchors: dict[str, _Anchored | None] = {}  # None: still open
        self._values = 0
        self._aliases = 0
        self._documents = 0
        self._root: Value | None = None

    def run(self, events: Iterator[Any]) -> Value:
        handlers: dict[type, Callable[[Any], None]] = {
            yaml.ScalarEvent: self._scalar,
            yaml.AliasEvent: self._alias,
            yaml.SequenceStartEvent: self._start,
            yaml.MappingStartEvent: self._start,
            yaml.SequenceEndEvent: self._end,
            yaml.MappingEndEvent: self._end,
            yaml.DocumentStartEvent: self._document,
        }
        for event in events:
            handler = handlers.get(type(event))
            if handler:
                handler(event)
        return self._root or Value(None, Place(self._file, 1, 1))

    def _place(self, event: Any) -> Place:
        mark = event.start_mark
        return Place(self._file, mark.line + 1, mark.column + 1)

    def _problem(self, code: str, message: str, place: Place, hint: str | None = None) -> None:
        self._report.add(code, message, place, self._path(), hint=hint)

    def _path(self) -> str:
        """Where in the blueprint the event is that is being read."""
        path = ""
        for frame in self._open:
            if not frame.is_mapping:
                path = child(path, len(frame.nodes))
            elif len(frame.nodes) % 2:
                key = frame.nodes[-1].content
                path = child(path, "<<" if key is _MERGE else str(key))
        return path

    def _stop(self, code: str, message: str, place: Place) -> _Unreadable:
        self._problem(code, message, place)
        return _Unreadable()

    def _document(self, event: Any) -> None:
        self._documents += 1
        if self._documents > 1:
            raise self._stop("several-documents", "a second YAML document begins here", self._place(event))

    def _count(self, number: int, place: Place) -> None:
        self._values += number
        if self._values > self._limits.values:
            message = f"the file has more than {self._limits.values} values, aliases written out"
            raise self._stop("too-many-values", message, place)

    def _check_depth(self, below: int, place: Place) -> None:
        if len(self._open) + below > self._limits.depth:
            raise self._stop("too-deep", f"values are nested more than {self._limits.depth} deep", place)

    def _add(self, value: Value, height: int) -> None:
        if not self._open:
            self._root = value if value.content is not _MERGE else Value("<<", value.place)
            return
        frame = self._open[-1]
        if value.content is _MERGE and not (frame.is_mapping and len(frame.nodes) % 2 == 0):
            value = Value("<<", value.place)  # only a key merges
        frame.nodes.append(value)
        frame.height = max(frame.height, height)

    def _start(self, event: Any) -> None:
        place = self._place(event)
        self._count(1, place)
        self._check_depth(1, place)
        is_mapping = isinstance(event, yaml.MappingStartEvent)
        is_bad = event.tag not in (None, "!", _TAG + ("map" if is_mapping else "seq"))
        if is_bad:
            self._problem("yaml-tag", f"the tag '{event.tag}' is not allowed", place)
        if event.anchor:
            self._anchors[event.anchor] = None
        self._open.append(_Frame(place, is_mapping, event.anchor, self._values - 1, is_bad=is_bad))

    def _end(self, _event: Any) -> None:
        frame = self._open.pop()
        content: Content = self._mapping(frame) if frame.is_mapping else frame.nodes  # may make the frame bad
        value = Value(BAD if frame.is_bad else content, frame.place)
        height = frame.height + 1
        if frame.anchor:
            self._anchors[frame.anchor] = _Anchored(value, self._values - frame.before, height)
        self._add(value, height)

    def _alias(self, event: Any) -> None:
        place = self._place(event)
        self._aliases += 1
        if self._aliases > self._limits.aliases:
            message = f"the file has more than {self._limits.aliases} aliases"
            raise self._stop("too-many-aliases", message, place)
        found = self._anchors.get(event.anchor)
        if found is None:
            if event.anchor in self._anchors:
                self._problem("recursive-alias", f"the value '&{event.anchor}' contains itself", place)
            else:
                hint = self._report.did_you_mean(event.anchor, self._anchors)
                self._problem("unknown-alias", f"there is no anchor '&{event.anchor}' above", place, hint)
            self._add(Value(BAD, place), 0)
            return
        self._count(found.size, place)
        self._check_depth(found.height, place)
        self._add(found.value, found.height)

    def _scalar(self, event: Any) -> None:
        place = self._place(event)
        self._count(1, place)
        value = Value(self._content(event, place), place)
        if self._is_own and event.implicit[0]:
            self._keep_spelling(event.value, value)
        if event.anchor:
            self._anchors[event.anchor] = _Anchored(value, 1, 0)
        self._add(value, 0)

    def _keep_spelling(self, text: str, value: Value) -> None:
        """Note what a plain scalar, but for a key, may seem to be."""
        found = spelling(text, value.content, self._path)
        is_key = self._open and self._open[-1].is_mapping and len(self._open[-1].nodes) % 2 == 0
        if found is not None and not is_key:
            self._report.spellings.keep(value.place, found, self._path())

    def _content(self, event: Any, place: Place) -> Content:
        text: str = event.value
        tag: str | None = event.tag
        if tag is None or tag == "!":
            if not event.implicit[0] or tag == "!":
                return self._checked_text(text, place)
            tag = _RESOLVER.resolve(yaml.ScalarNode, text, (True, False))
        make = _SCALARS.get(tag.removeprefix(_TAG)) if tag.startswith(_TAG) else None
        if make is None:
            self._problem("yaml-tag", f"the tag '{tag}' is not allowed", place)
            return BAD
        if tag == _TAG + "merge":
            return _MERGE if event.implicit[0] else text
        if make is str:
            return self._checked_text(text, place)
        return self._number_or_word(text, tag, make, place)

    def _number_or_word(self, text: str, tag: str, make: Callable[[str], Content], place: Place) -> Content:
        is_int = tag == _TAG + "int"
        try:
            value = make(text) if not is_int or len(text) <= _INT_TEXT else _INT_LIMIT
        except (ValueError, KeyError, IndexError, OverflowError):
            self._problem("bad-scalar", f"{text[:50]!r} does not fit the tag '{tag.removeprefix(_TAG)}'", place)
            return BAD
        if is_int and isinstance(value, int) and not -_INT_LIMIT <= value < _INT_LIMIT:
            hint = "quote it, if it is text"
            self._problem("integer-too-large", "the integer does not fit 64 bits", place, hint)
            return BAD
        if isinstance(value, float) and not math.isfinite(value):
            self._problem("not-finite", f"{text!r} is not a finite number", place, "quote it, if it is text")
            return BAD
        return value

    def _checked_text(self, text: str, place: Place) -> Content:
        if "\0" in text or (not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text)):
            message = "the text holds a NUL or half a surrogate pair, which cannot be stored"
            self._problem("bad-character", message, place)
            return BAD
        return text

    def _mapping(self, frame: _Frame) -> dict[str, Pair]:
        """The pairs of a mapping: merged ones first, in the order of PyYAML, then its own."""
        own: dict[str, Pair] = {}
        merged: dict[str, Pair] = {}
        for key, value in zip(frame.nodes[::2], frame.nodes[1::2], strict=True):
            if key.content is _MERGE:
                frame.is_bad |= not self._merge(merged, value)
                continue
            name = key.text if key.text is not None else self._not_text(key)
            if key.text is None:
                own.setdefault(name, Pair(key.place, Value(BAD, value.place)))
            elif name in own:
                message = f"the key '{name}' stands here twice; first in line {own[name].key.line}"
                self._report.add("duplicate-key", message, key.place, child(self._path(), name))
            else:
                own[name] = Pair(key.place, value)
        return {**merged, **own} if merged else own

    def _not_text(self, key: Value) -> str:
        """Report a key that is not text; a text to go on with."""
        if not key.is_bad:
            hint = "quote it, if it is meant as text"
            self._problem("key-not-text", f"a key must be text, not {kinds(key.content)}", key.place, hint)
        return str(key.content)

    def _merge(self, merged: dict[str, Pair], value: Value) -> bool:
        """Whether all could be merged; if not, nobody knows what the mapping is to have, and it is BAD."""
        parts = value.content if isinstance(value.content, list) else [value]
        if len(parts) > self._limits.merged_mappings:
            message = f"`<<` merges {len(parts)} mappings, {self._limits.merged_mappings} are allowed"
            raise self._stop("bad-merge", message, value.place)
        is_whole = True
        for part in parts:
            if not isinstance(part.content, dict):
                is_whole = False
                if not part.is_bad:
                    message = f"`<<` takes a mapping or a list of mappings, not {kinds(part.content)}"
                    self._problem("bad-merge", message, part.place)
                continue
            self._count(len(part.content), part.place)
            for key, pair in part.content.items():
                merged.setdefault(key, pair)
        return is_whole


def _by_yaml(method: str) -> Callable[[str], Content]:
    construct = getattr(_CONSTRUCTOR, method)
    return lambda text: construct(yaml.ScalarNode(_TAG, text))


_SCALARS: dict[str, Callable[[str], Content]] = {
    "str": str,
    "merge": str,
    "value": str,  # a plain `=`
    "timestamp": str,  # a plan is JSON: a date stays the text that was written
    "null": lambda _text: None,
    "bool": lambda text: yaml.constructor.SafeConstructor.bool_values[text.lower()],
    "int": _by_yaml("construct_yaml_int"),
    "float": _by_yaml("construct_yaml_float"),
}
