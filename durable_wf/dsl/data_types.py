"""Values of data types: checked, merged with defaults level by level, and completed.

One implementation serves the compiler, whose values have places, and the creation of a deployment, whose
values are plain data (`of_plan`).

Source: reference/blueprint-dsl.md §5, §6.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from durable_wf.dsl.circles import circles
from durable_wf.dsl.functions import function_of
from durable_wf.dsl.problems import Place, Report, kinds
from durable_wf.dsl.source import BAD, Limits, Pair, Value, child, located
from durable_wf.dsl.types import Schema, TypeInfo, check_value
from durable_wf.model.declarations import DataType, Parameter

_MOST_FILLED = 1_000_000  # values that are made from defaults in one blueprint: few lines must not fill the memory


class Filling(NamedTuple):
    """How values are completed.

    report     gets what does not fit
    code       for everything; '': a code for each kind of mistake
    missing    whether required properties that are not there are mistakes
    """

    report: Report
    code: str = ""
    missing: bool = True

    def say(self, code: str, message: str, place: Place, path: str, hint: str | None = None) -> None:
        """Report a problem."""
        self.report.add(self.code or code, message, place, path, hint=hint)


class DataTypes:
    """All data types of a blueprint."""

    def __init__(self, types: Mapping[str, TypeInfo]) -> None:
        self._types = types
        self._defaults: dict[int, tuple[Schema, Value | None]] = {}
        self._filled: dict[tuple[int, bool], tuple[Schema, Value | None]] = {}
        self._buildable: dict[str, bool] = {}
        self._sizes: dict[str, int] = {}
        self._spent = 0
        for name in _inner_first(types):
            self._measure(name)
        self._spent = 0

    @classmethod
    def of_plan(cls, types: Mapping[str, DataType]) -> DataTypes:
        """Those of a compiled blueprint."""
        return cls(
            {
                name: TypeInfo(
                    name, one.hierarchy, {key: _schema(of) for key, of in one.properties.items()}, {}, is_complete=True
                )
                for name, one in types.items()
            }
        )

    def __contains__(self, name: str | None) -> bool:
        return name in self._types

    def _measure(self, name: str) -> None:
        """Whether a value can be made of defaults alone, and of how many values that is."""
        size, buildable = 1, True
        for one in self._types[name].properties.values():
            size += self._sizes.get(one.type or "", 1)
            buildable &= not one.required or self._can_be_made(one)
        self._buildable[name], self._sizes[name] = buildable, size

    def _can_be_made(self, one: Schema) -> bool:
        """Whether a property has a value where none is given: its default, completed, lacks nothing."""
        default = self.default(one)
        if default is None or one.type not in self._types:
            return default is not None or self._buildable.get(one.type or "", False)
        if self._spent > _MOST_FILLED:
            return True
        filling = Filling(Report())
        self._from_defaults(one, Spot(default.place, "", "", ""), filling)
        return not filling.report.count

    def default(self, schema: Schema) -> Value | None:
        """A property's default, over those of the parent types' properties of that name; None where there is none."""
        if schema.type not in self._types:
            return schema.default
        known = self._defaults.get(id(schema))
        if known is None:
            found: Value | None = None
            for one in reversed(_layers(schema)):
                found = one if found is None else self.merged(schema.type or "", one, found)
            known = self._defaults[id(schema)] = (schema, found)
        return known[1]

    def merged(self, type_name: str, over: Value, under: Value) -> Value:
        """Two values of a data type as one: level by level where properties have data types; else `over` wins.

        Over what could not be read nobody knows what is missing: that is BAD.
        """
        if not _is_plain(over) or not _is_plain(under):
            return under if under.is_bad and _is_plain(over) else over
        schema = self._types[type_name].properties
        pairs = dict(under.pairs)
        for name, pair in over.pairs.items():
            below, one = under.get(name), schema.get(name)
            value = pair.value
            if below is not None and one is not None and one.type in self._types:
                value = self.merged(one.type or "", value, below)
            pairs[name] = Pair(pair.key, value)
        return Value(pairs, over.place)

    def value(self, schema: Schema, given: Value | None, at: Spot, filling: Filling) -> Value | None:
        """What a property has: the given value over the default, completed; None where there is none.

        at   the mapping that the property is in
        """
        is_own = schema.type in self._types
        if given is None:
            if self.default(schema) is not None or is_own:
                return self._from_defaults(schema, at, filling)
            if schema.required and filling.missing:
                filling.say("missing-property", f"the required property '{at.dotted}' is missing", at.place, at.parent)
            return None
        if not is_own:
            check_value(given, schema.type, at.path, filling.report, filling.code or "value-mismatch")
            return given
        under = self.default(schema)
        if under is not None:
            given = self.merged(schema.type or "", given, under)
        return self.filled(schema.type or "", given, at, filling)

    def _from_defaults(self, schema: Schema, at: Spot, filling: Filling) -> Value | None:
        """A property that is not given; shared between all that do not give it, where nothing is missing."""
        found = self.default(schema)
        name = schema.type or ""
        if name not in self._types or (found is not None and found.content is None):
            return found
        known = self._filled.get((id(schema), filling.missing))
        if known is not None:
            self._spend(self._sizes[name], at.place, filling)
            return known[1]
        needed = schema.required and filling.missing
        if self._spent > _MOST_FILLED or (found is None and not self._buildable[name] and not needed):
            return None
        before = filling.report.count
        found = self.filled(name, found or Value({}, at.place), at, filling)
        if filling.report.count == before:
            self._filled[id(schema), filling.missing] = (schema, found)
        return found

    def filled(self, type_name: str, value: Value, at: Spot, filling: Filling) -> Value:
        """A value of a data type with the defaults of all levels; what does not fit is reported."""
        if value.is_bad or function_of(value.pairs):
            return value
        if not isinstance(value.content, dict):
            message = f"{kinds(value.content)} does not fit the data type '{type_name}'"
            filling.say("value-mismatch", message, value.place, at.path)
            return Value(BAD, value.place)
        own = self._own(self._types[type_name], value, at, filling)
        pairs = {name: pair for name, pair in own.items() if name not in self._types[type_name].properties}
        for name, one in self._types[type_name].properties.items():
            pair = own.get(name)
            found = self.value(one, pair.value if pair else None, at.child(name, value.place), filling)
            if found is not None:
                pairs[name] = Pair(pair.key if pair else value.place, found)
        self._spend(1 + len(pairs), value.place, filling)
        return Value(pairs, value.place)

    def _own(self, of: TypeInfo, value: Value, at: Spot, filling: Filling) -> dict[str, Pair]:
        """The pairs of a value, misspelled ones under the name that was meant."""
        found: dict[str, Pair] = {}
        for name, pair in value.pairs.items():
            if name in of.properties or not of.is_complete or pair.value.is_bad:
                found[name] = pair
                continue
            absent = (one for one in of.properties if one not in value.pairs and one not in found)
            near = filling.report.similar(name, absent)
            hint = f"did you mean '{near}'?" if near else None
            message = f"the data type '{of.name}' has no property '{name}'"
            filling.say("undefined-property", message, pair.key, child(at.path, name), hint)
            if near:
                found[near] = pair
        return found

    def _spend(self, count: int, place: Place, filling: Filling) -> None:
        before = self._spent
        self._spent += count
        if before <= _MOST_FILLED < self._spent:
            message = f"defaults of data types would give more than {_MOST_FILLED} values"
            filling.report.add("too-many-values", message, place)


class Spot(NamedTuple):
    """Where a value is, or would be.

    place    of what it is in
    path     in the blueprint
    dotted   the same from the outermost data type's property on, for people
    parent   path of what it is in
    """

    place: Place
    path: str
    dotted: str
    parent: str

    def child(self, name: str, place: Place) -> Spot:
        """A property of the value."""
        return Spot(place, child(self.path, name), child(self.dotted, name), self.path)


def _schema(one: Parameter) -> Schema:
    default = located(one.default, _NOWHERE) if one.has_default else None
    return Schema(one.type, default, one.required, "", secret=one.secret)


_NOWHERE = Place("", 0, 0)


def _is_plain(value: Value) -> bool:
    return isinstance(value.content, dict) and not function_of(value.pairs)


def _layers(schema: Schema) -> list[Value]:
    """The defaults of a property, its own first."""
    found: list[Value] = []
    at: Schema | None = schema
    while at is not None:
        if at.default is not None:
            found.append(at.default)
        at = at.below
    return found


def _inner_first(types: Mapping[str, TypeInfo]) -> list[str]:
    """All names, each after those that its properties have as types. There are no circles any more."""
    inner = {name: _inner(types, name) for name in types}
    left = {name: len(inner[name]) for name in types}
    users: dict[str, list[str]] = {name: [] for name in types}
    for name, each in inner.items():
        for one in each:
            users[one].append(name)
    order = [name for name, count in left.items() if not count]
    for name in order:  # grows while it is walked
        for user in users[name]:
            left[user] -= 1
            if not left[user]:
                order.append(user)
    return order


def _inner(types: Mapping[str, TypeInfo], name: str) -> list[str]:
    """The data types of a data type's properties, each once."""
    found = (one.type for one in types[name].properties.values())
    return list(dict.fromkeys(one for one in found if one is not None and one in types))


def untangled(types: Mapping[str, TypeInfo], report: Report, limits: Limits) -> dict[str, TypeInfo]:
    """The types without properties that would make a value endless, too deep or too large; those are reported."""
    found = dict(types)
    for circle in list(circles(types, lambda name: _inner(types, name))):
        message = f"data types are made of each other: {' -> '.join(circle)}"
        _cut(found, circle[-2], circle[-1], report, "circular-data-types", message)
    depths: dict[str, int] = {}
    sizes: dict[str, int] = {}
    for name in _inner_first(found):
        for inner in _inner(found, name):
            if depths[inner] >= limits.depth:
                message = f"a value of the type '{name}' would be nested more than {limits.depth} deep"
                _cut(found, name, inner, report, "too-deep", message)
        sizes[name] = 1 + sum(sizes.get(one.type or "", 1) for one in found[name].properties.values())
        if sizes[name] > limits.values:
            message = f"a value of the type '{name}' would have more than {limits.values} values"
            for inner in _inner(found, name):
                _cut(found, name, inner, report, "too-many-values", message)
            sizes[name] = 1 + len(found[name].properties)
        depths[name] = 1 + max((depths[inner] for inner in _inner(found, name)), default=0)
    return found


def _cut(types: dict[str, TypeInfo], name: str, inner: str, report: Report, code: str, message: str) -> None:
    """Properties of type `inner` take anything from now on; the first of them is where the problem is said."""
    of = types[name]
    cut = [key for key, one in of.properties.items() if one.type == inner]
    first = of.properties[cut[0]]
    report.add(code, message, first.place or _NOWHERE, f"{first.path}.type")
    properties = {key: replace(one, type=None) if key in cut else one for key, one in of.properties.items()}
    types[name] = replace(of, properties=properties)
