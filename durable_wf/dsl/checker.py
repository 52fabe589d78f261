"""Walks the grammar's table over a tree and reports all that does not fit.

It repairs what it can: a key that is nearly one of the grammar's is reported and then read as that key,
so that one misspelling is one problem and hides no other. What cannot be used becomes BAD. Names of other
entries (`Ref`, `TypeName`) are only collected; `resolve` looks them up when all files are merged.

Cost: linear in the part of the tree that the grammar describes; `visits` counts it.
Source: style.md habit 22; reference/blueprint-dsl.md §1, §2.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from durable_wf.dsl.functions import function_of
from durable_wf.dsl.grammar import TYPES
from durable_wf.dsl.namespaces import Namespace
from durable_wf.dsl.not_yet import refusal
from durable_wf.dsl.problems import Report, kinds
from durable_wf.dsl.shapes import (
    NEWEST,
    OLDEST,
    Anything,
    Boolean,
    CodePath,
    Either,
    Field,
    FunctionCall,
    Ignored,
    ListOf,
    MapOf,
    Name,
    Nothing,
    Number,
    OneOf,
    Record,
    Ref,
    Shape,
    Text,
    TypeName,
    Version,
)
from durable_wf.dsl.source import BAD, Pair, Value, child


@dataclass(frozen=True, slots=True)
class Reference:
    """A text that must name something: where it stands and what it must name."""

    shape: Ref | TypeName
    value: Value
    path: str
    version: Version


class Checker:
    """Checks values against shapes.

    report      gets the problems
    version     the language's version that the main file declares; newer features are refused
    namespace   of the file that is checked; None: names in it are as written
    references  what `resolve` has still to look up
    visits      values looked at
    """

    def __init__(self, report: Report, version: Version = NEWEST) -> None:
        self.report = report
        self.version = version
        self.namespace: Namespace | None = None
        self.references: list[Reference] = []
        self.visits = 0
        self._rows: dict[int, dict[str, Field]] = {}
        self._checks: dict[type, Callable[[Value, Any, str], Value]] = {
            Number: self._number,
            OneOf: self._one_of,
            TypeName: self._reference,
            Ref: self._reference,
            ListOf: self._list,
            MapOf: self._map,
            Either: self._either,
            FunctionCall: self._function,
            Record: self._record,
        }

    def check(self, value: Value, shape: Shape, path: str) -> Value:
        """`value` as far as it fits `shape`, repaired; BAD content where it does not."""
        self.visits += 1
        if value.is_bad:
            return value
        if not accepts(shape, value.content):
            code = shape.code if isinstance(shape, Either) else "wrong-type"
            message = f"{kinds(value.content)} cannot stand here"
            return self._bad(value, code, message, path, describe(shape), self._spelled(value, shape))
        if self.report.spellings:
            self.report.spellings.expect(value.place, _TYPES_OF.get(type(shape)))
        if self.namespace is not None:
            value = self.namespace.rewritten(value, shape)
        check = self._checks.get(type(shape))
        return check(value, shape, path) if check else value

    def _bad(
        self, value: Value, code: str, message: str, path: str, expected: str | None = None, hint: str | None = None
    ) -> Value:
        self.report.add(code, message, value.place, path, expected=expected, hint=hint)
        return Value(BAD, value.place)

    def _spelled(self, value: Value, shape: Shape) -> str | None:
        """How to write what may be meant by a scalar of the wrong kind."""
        wanted = "string" if accepts(shape, "") else "float" if accepts(shape, 0) else None
        return self.report.spellings.hint(value.place, wanted)

    def _number(self, value: Value, shape: Number, path: str) -> Value:
        number = value.content
        if isinstance(number, int | float) and shape.low is not None and number < shape.low:
            return self._bad(value, shape.code, f"{number} is too small", path, f"at least {shape.low}")
        return value

    def _one_of(self, value: Value, shape: OneOf, path: str) -> Value:
        word = value.text or ""
        if word in shape.words:
            return value
        hint = self.report.did_you_mean(word, shape.words)
        self.report.add(shape.code, f"unknown value '{word}'", value.place, path, expected=describe(shape), hint=hint)
        return Value(BAD, value.place)

    def _reference(self, value: Value, shape: Ref | TypeName, path: str) -> Value:
        self.references.append(Reference(shape, value, path, self.version))
        return value

    def _function(self, value: Value, shape: FunctionCall, path: str) -> Value:
        if function_of(value.pairs) is None:
            return self._bad(value, shape.code, "a mapping that is not a function cannot stand here", path)
        return value

    def _list(self, value: Value, shape: ListOf, path: str) -> Value:
        if shape.empty and not value.items:
            return self._bad(value, shape.empty, "the list is empty", path, "at least one")
        items = [self.check(item, shape.item, child(path, index)) for index, item in enumerate(value.items)]
        return Value(items, value.place)

    def _map(self, value: Value, shape: MapOf, path: str) -> Value:
        if isinstance(shape.value, Anything):
            return value
        pairs = {
            name: Pair(pair.key, self.check(pair.value, shape.value, child(path, name)))
            for name, pair in value.pairs.items()
        }
        return Value(pairs, value.place)

    def _either(self, value: Value, shape: Either, path: str) -> Value:
        fitting = next(option for option in shape.shapes if accepts(option, value.content))
        return self.check(value, fitting, path)

    def _record(self, value: Value, shape: Record, path: str) -> Value:
        rows = self._rows_of(shape)
        pairs: dict[str, Pair] = {}
        strangers = 0
        for key, pair in value.pairs.items():
            name = key if key in rows else self._repaired(key, pair, shape, value, path)
            if name is None:
                strangers += 1
                continue
            checked = self._field(rows[name], pair, child(path, key))
            if checked is not None:
                pairs[name] = Pair(pair.key, checked)
        self._missing(value, shape, pairs, strangers, path)
        return Value(pairs, value.place)

    def _rows_of(self, shape: Record) -> dict[str, Field]:
        rows = self._rows.get(id(shape))
        if rows is None:
            rows = self._rows[id(shape)] = {row.name: row for row in shape.fields}
        return rows

    def _repaired(self, key: str, pair: Pair, shape: Record, value: Value, path: str) -> str | None:
        """The row that the author meant by an unknown key, which is reported; None if none is near."""
        if pair.value.is_bad:
            return None
        rows = self._rows_of(shape)
        absent = [name for name in rows if name not in value.pairs]
        required = [name for name in absent if rows[name].required]
        near = self.report.meant(key, absent)
        hint = self.report.did_you_mean(key, absent)
        if not hint and required:
            hint = f"'{required[0]}' must be given here"
        expected = "one of " + ", ".join(rows)
        self.report.add(shape.unknown, f"unknown key '{key}'", pair.key, child(path, key), expected=expected, hint=hint)
        return near

    def _field(self, row: Field, pair: Pair, path: str) -> Value | None:
        """The checked value of a field; None if it counts as not given."""
        if isinstance(row.shape, Ignored):
            self.report.warn(f"'{row.name}' is ignored", pair.key, path)
            return None
        if row.since > self.version:
            self.too_new(f"'{row.name}'", row.since, pair.key, path)
        if pair.value.content is None and not row.required and not accepts(row.shape, None):
            return None
        why = refusal(row.later, pair.value.content)
        if why is not None:
            self.report.add("not-built", why, pair.key, path)
            return Value(BAD, pair.value.place)
        return self.check(pair.value, row.shape, path)

    def too_new(self, feature: str, since: Version, place: Any, path: str, version: Version | None = None) -> None:
        """Report a feature that the declared version does not have."""
        used = version or self.version
        message = f"{feature} needs cloudify_dsl_{since[0]}_{since[1]}, the blueprint declares"
        self.report.add("feature-too-new", f"{message} cloudify_dsl_{used[0]}_{used[1]}", place, path)

    def _missing(self, value: Value, shape: Record, pairs: dict[str, Pair], strangers: int, path: str) -> None:
        """Report required keys that are not there, but for as many as there were strangers in their places."""
        missing = [row.name for row in shape.fields if row.required and row.name not in pairs]
        for name in missing[strangers:]:
            self.report.add("missing-key", f"the key '{name}' is missing", value.place, path)
        chosen = sum(name in pairs for name in shape.choice)
        if shape.choice and (chosen > 1 or chosen + strangers == 0):
            expected = "one of " + ", ".join(shape.choice)
            self.report.add(
                shape.unknown, f"one of these keys must stand here, not {chosen}", value.place, path, expected=expected
            )

    def resolve(self, sections: Mapping[str, dict[str, Pair]], incomplete: Collection[str]) -> None:
        """Look up all references, now that the names of all sections are known.

        A name that nearly exists is reported and read as the one that exists. One that does not is made BAD;
        it is not reported if its section is in `incomplete`, where it may be what could not be read.
        """
        types = dict.fromkeys((*TYPES, *sections.get("data_types", ())))
        for reference in self.references:
            if reference.value.is_bad:
                continue
            shape = reference.shape
            if isinstance(shape, TypeName):
                names: Collection[str] = TYPES if shape.is_primitive else types
                is_incomplete = "data_types" in incomplete and not shape.is_primitive
                self._resolve_type(reference, shape, names, is_incomplete=is_incomplete)
            else:
                missing = shape.section in incomplete or shape.also in incomplete
                self._look_up(reference, shape.what, shape.code, _names(shape, sections), is_incomplete=missing)

    def _resolve_type(self, at: Reference, shape: TypeName, names: Collection[str], *, is_incomplete: bool) -> None:
        name = at.value.text or ""
        if TYPES.get(name, OLDEST) > at.version:
            self.too_new(f"the type '{name}'", TYPES[name], at.value.place, at.path, at.version)
            at.value.content = BAD  # what the type asks for is another version's matter
        self._look_up(at, "type", shape.code, names, is_incomplete=is_incomplete)

    def _look_up(self, at: Reference, what: str, code: str, names: Collection[str], *, is_incomplete: bool) -> None:
        name = at.value.text
        if name is None or name in names:
            return
        near = self.report.slip(name, names) if is_incomplete else self.report.meant(name, names)
        if near or not is_incomplete:
            hint = self.report.did_you_mean(name, names)
            self.report.add(code, f"unknown {what} '{name}'", at.value.place, at.path, hint=hint)
        if near:
            self.report.guessed.add(at.value.place)
        at.value.content = near or BAD


def _names(shape: Ref, sections: Mapping[str, dict[str, Pair]]) -> Mapping[str, Pair]:
    """What a reference may name; made in no time, because every reference asks."""
    if shape.also is None:
        return sections[shape.section]
    return ChainMap(sections[shape.section], sections[shape.also])


def accepts(shape: Shape, content: object) -> bool:
    """Whether this kind of value may stand where `shape` is asked for."""
    if isinstance(shape, Either):
        return any(accepts(option, content) for option in shape.shapes)
    if isinstance(shape, Number):
        return not isinstance(content, bool) and isinstance(content, int if shape.whole else int | float)
    wanted = _KINDS.get(type(shape))
    return wanted is None or isinstance(content, wanted)


_KINDS: dict[type, type] = {
    Nothing: type(None),
    Text: str,
    CodePath: str,
    OneOf: str,
    TypeName: str,
    Ref: str,
    Name: str,
    Boolean: bool,
    ListOf: list,
    MapOf: dict,
    Record: dict,
    FunctionCall: dict,
}


def describe(shape: Shape) -> str:
    """What a shape asks for, in an author's words."""
    if isinstance(shape, Either):
        return " or ".join(
            dict.fromkeys(describe(option) for option in shape.shapes if not isinstance(option, Nothing))
        )
    if isinstance(shape, OneOf):
        return "one of " + ", ".join(shape.words)
    if isinstance(shape, Number):
        return "an integer" if shape.whole else "a number"
    return _DESCRIPTIONS.get(type(shape), "text")


_TYPES_OF: dict[type, str] = {Boolean: "boolean", Number: "float", Text: "string"}

_DESCRIPTIONS: dict[type, str] = {
    Boolean: "true or false",
    ListOf: "a list",
    MapOf: "a mapping",
    Record: "a mapping",
    FunctionCall: "a function",
    Anything: "a value",
}
