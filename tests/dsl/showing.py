"""What blueprints show of the language: computed from the tables, the documents and the problems, never declared.

A row is a field of a record. Where a record stands in several places of the grammar, its rows have the name of the
first. A row is accepted where an accepted blueprint has a value there, and refused where a problem is at its value, in
it and in no row further down, or says that it is missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

from durable_wf.dsl.checker import accepts
from durable_wf.dsl.composer import compose
from durable_wf.dsl.constraints import violation
from durable_wf.dsl.declared_shapes import OPERATORS
from durable_wf.dsl.functions import function_of
from durable_wf.dsl.grammar import BLUEPRINT, TYPES
from durable_wf.dsl.problems import Place, Problem, Report
from durable_wf.dsl.shapes import Either, Field, ListOf, MapOf, OneOf, Record, Shape
from durable_wf.dsl.source import Value, child, plain
from durable_wf.model.declarations import Constraint
from durable_wf.sources.port import SourceFile


@dataclass
class Table:
    """The grammar's parts by name.

    rows     fields of records
    names    the same by record and key
    choices  what each `Either` may be
    words    those of each `OneOf`
    """

    rows: dict[str, Field] = field(default_factory=dict)
    names: dict[tuple[int, str], str] = field(default_factory=dict)
    choices: set[str] = field(default_factory=set)
    words: set[str] = field(default_factory=set)

    def add(self, shape: Shape, name: str = "") -> None:
        if isinstance(shape, Record):
            for row in shape.fields:
                self._row(shape, row, child(name, row.name))
        elif isinstance(shape, Either):
            for option in shape.shapes:
                self.choices.add(choice_of(name, option))
                self.add(option, name)
        elif isinstance(shape, OneOf):
            self.words.update(f"{name}: {word}" for word in shape.words)
        elif isinstance(shape, MapOf | ListOf):
            self.add(inner(shape), below(name, shape))

    def _row(self, shape: Record, row: Field, name: str) -> None:
        if (id(shape), row.name) not in self.names:
            self.names[id(shape), row.name] = name
            self.rows[name] = row
            self.add(row.shape, name)


def inner(shape: MapOf | ListOf) -> Shape:
    return shape.value if isinstance(shape, MapOf) else shape.item


def below(name: str, shape: MapOf | ListOf) -> str:
    return f"{name}.*" if isinstance(shape, MapOf) else f"{name}[]"


def choice_of(name: str, option: Shape) -> str:
    return f"{name} as {type(option).__name__}"


TABLE = Table()
TABLE.add(BLUEPRINT)


class Seen(NamedTuple):
    """A part of the grammar at a place of a document.

    kind    'row', 'choice', 'word' or 'record'
    key     of a row
    """

    kind: str
    name: str
    path: str
    shape: Shape
    value: Value
    key: Place | None = None


def seen(value: Value, shape: Shape = BLUEPRINT, path: str = "", name: str = "") -> Iterator[Seen]:
    """All parts of the grammar that a document has, as the checker walks it."""
    if value.is_bad or not accepts(shape, value.content):
        return
    if isinstance(shape, Record):
        yield Seen("record", name, path, shape, value)
        for key, pair in value.pairs.items():
            row = TABLE.names.get((id(shape), key))
            if row is not None:
                where = child(path, key)
                yield Seen("row", row, where, TABLE.rows[row].shape, pair.value, pair.key)
                yield from seen(pair.value, TABLE.rows[row].shape, where, row)
    elif isinstance(shape, Either):
        option = next(option for option in shape.shapes if accepts(option, value.content))
        yield Seen("choice", choice_of(name, option), path, option, value)
        yield from seen(value, option, path, name)
    elif isinstance(shape, OneOf):
        yield Seen("word", f"{name}: {value.text}", path, shape, value)
    elif isinstance(shape, MapOf | ListOf):
        for key, item in parts(value):
            yield from seen(item, inner(shape), child(path, key), below(name, shape))


def parts(value: Value) -> Iterator[tuple[str | int, Value]]:
    """What stands in a mapping or list, by key or index."""
    yield from ((key, pair.value) for key, pair in value.pairs.items())
    yield from enumerate(value.items)


class Call(NamedTuple):
    """A call of an intrinsic function; `path` is that of its arguments."""

    name: str
    path: str
    key: Place


def calls(value: Value, path: str = "") -> Iterator[Call]:
    """All calls in a document, wherever they stand."""
    name = function_of(value.pairs)
    if name is not None:
        yield Call(name, child(path, name), value.pairs[name].key)
    for key, item in parts(value):
        yield from calls(item, child(path, key))


@cache
def tree(name: str, text: str) -> Value | None:
    """A document as the composer reads it; None where that ends early."""
    return compose(SourceFile(name, name, text.encode(), ""), Report())


# ------------------------------------------------------------------ features


class Feature(NamedTuple):
    """Something that is to be shown; `kind` is row, choice, word, required, function, constraint or type."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


def accepted(files: Mapping[str, str]) -> set[Feature]:
    """What the files of a blueprint that is accepted show."""
    found: set[Feature] = set()
    for name, text in files.items():
        root = tree(name, text)
        if root is None or root.content is None:
            continue
        found.update(Feature("function", call.name) for call in calls(root))
        for one in seen(root):
            if one.kind != "record" and (one.kind != "row" or one.value.content is not None):
                found.add(Feature(one.kind, one.name))
            if one.kind == "record":
                found.update(_declared(one.value))
    return found


def _declared(value: Value) -> Iterator[Feature]:
    """The type and the constraints that a default holds."""
    default = value.get("default")
    if default is None or default.content is None or function_of(default.pairs):
        return
    for key in ("type", "item_type"):
        type_name = value.get(key)
        if type_name is not None and type_name.text in TYPES:
            yield Feature("type", type_name.text)
    for one in _constraints(value):
        yield Feature("constraint", one.operator)


def _constraints(value: Value) -> Iterator[Constraint]:
    constraints = value.get("constraints")
    for item in constraints.items if constraints else ():
        for key, pair in item.pairs.items():
            if key in OPERATORS:
                message = item.get("error_message")
                yield Constraint(key, plain(pair.value), (message.text if message else "") or "")


def refused(files: Mapping[str, str], problems: Iterable[Problem]) -> set[Feature]:
    """What the files of a blueprint that is refused show, with what was said of it."""
    found: set[Feature] = set()
    parts_of: dict[str, list[Seen]] = {}
    for problem in problems:
        if problem.file not in parts_of:
            root = tree(problem.file, files[problem.file]) if problem.file in files else None
            parts_of[problem.file] = list(seen(root)) if root is not None else []
        found.update(_said(problem, parts_of[problem.file]))
    return found


_MISSING = re.compile("the key '(.*)' is missing")
_TYPE = re.compile("does not fit the type '(.*)'")
_CALL = re.compile(r"\.(\w+)(\[\d+\])?")


def _said(problem: Problem, parts_of_file: list[Seen]) -> Iterator[Feature]:
    rows = [one for one in parts_of_file if one.kind == "row" and _is_in(problem.path, one.path)]
    missing = _MISSING.fullmatch(problem.message)
    if missing:
        for one in parts_of_file:
            if one.kind == "record" and one.path == problem.path:
                name = TABLE.names[id(one.shape), missing[1]]
                yield from (Feature("row", name), Feature("required", name))
    elif rows:
        yield Feature("row", max(rows, key=lambda one: len(one.path)).name)
    if problem.code == "bad-function-arguments":
        yield from (Feature("function", name) for name, _ in _CALL.findall(problem.path)[-1:])
    yield from (Feature("type", name) for name in _TYPE.findall(problem.message))
    if problem.code == "constraint-violated":
        yield from _violated(problem, parts_of_file)


def _violated(problem: Problem, parts_of_file: list[Seen]) -> Iterator[Feature]:
    """The constraint beside the default that the problem is about: the one that says what it says."""
    for one in parts_of_file:
        default = one.value.get("default") if one.kind == "record" else None
        if default is not None and _is_in(problem.path, child(one.path, "default")):
            values = [plain(default), *(plain(item) for item in default.items)]
            for constraint in _constraints(one.value):
                if any(problem.message == f"the default {violation(constraint, each)}" for each in values):
                    yield Feature("constraint", constraint.operator)


def _is_in(path: str, outer: str) -> bool:
    return path == outer or path.startswith((f"{outer}.", f"{outer}["))
