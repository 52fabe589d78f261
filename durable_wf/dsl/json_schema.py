"""JSON Schemas for editors, made from the grammar's table: what a value must look like, not what it must mean.

Names that must exist, circles, files and versions are beyond a schema; `validate` checks those. A schema is of the
newest version of the language: what a version added is said in the description.

Source: JSON Schema, draft 2020-12; reference/blueprint-dsl.md §1, §3 for the two sections that the table leaves open.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeAlias

from durable_wf.dsl.arguments import ARGUMENTS
from durable_wf.dsl.functions import FUNCTIONS
from durable_wf.dsl.grammar import BLUEPRINT, TYPES, VERSIONS
from durable_wf.dsl.not_yet import NOT_YET
from durable_wf.dsl.sentences import FUNCTION_SENTENCES
from durable_wf.dsl.shapes import (
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
)

Schema: TypeAlias = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_IMPORTS: Schema = {
    "type": ["array", "null"],
    "items": {
        "anyOf": [
            {"type": "string"},
            {
                "description": "One import, and properties for the plugins that it brings. Since cloudify_dsl_1_5.",
                "type": "object",
                "minProperties": 1,
                "maxProperties": 1,
                "additionalProperties": {"type": ["object", "null"]},
            },
        ]
    },
}
_ELSEWHERE: Mapping[str, Schema] = {"tosca_definitions_version": {"enum": list(VERSIONS)}, "imports": _IMPORTS}
"""Sections that other code than the table's checker checks."""

LATER: Mapping[str, Schema] = {"retry": {"type": "null"}, "timeout": {"maximum": 0}}
"""Row of `NOT_YET` -> what is still taken there. Work that builds it takes its row away."""


def blueprint_schema(names: Mapping[str, Collection[str]]) -> Schema:
    """The schema of a blueprint's file.

    names  section -> names in it that any blueprint may use, which editors offer
    """
    found = _Maker(names).document()
    return {"$schema": DIALECT, "title": "A blueprint of durable-wf", **found}


def plugin_schema(names: Mapping[str, Collection[str]]) -> Schema:
    """The schema of a plugin.yaml: a blueprint's file that declares plugins."""
    found = _Maker(names).document()
    return {"$schema": DIALECT, "title": "A plugin.yaml of durable-wf", **found, "required": ["plugins"]}


class _Maker:
    """Makes the schema of each shape, and collects those of records.

    defs  what has a name
    """

    def __init__(self, names: Mapping[str, Collection[str]]) -> None:
        self.defs: dict[str, Schema] = {"value": _value(), "function": _function()}
        self._names = names
        self._makers: dict[type, Callable[[Any], Schema]] = {
            Anything: lambda _: {"$ref": "#/$defs/value"},
            Nothing: lambda _: {"type": "null"},
            Text: lambda _: {"type": "string"},
            CodePath: lambda _: {"type": "string"},
            Boolean: lambda _: {"type": "boolean"},
            FunctionCall: lambda _: {"$ref": "#/$defs/function"},
            Ignored: lambda _: {"deprecated": True},
            OneOf: lambda shape: {"enum": list(shape.words)},
            Number: _number,
            TypeName: self._type_name,
            Ref: self._named,
            Name: self._named,
            ListOf: self._list,
            MapOf: lambda shape: {"type": "object", "additionalProperties": self.of(shape.value)},
            Either: lambda shape: {"anyOf": [self.of(one) for one in shape.shapes]},
            Record: self._record,
        }

    def document(self) -> Schema:
        """The whole schema of a blueprint's file."""
        self.of(BLUEPRINT)
        root = self.defs.pop(BLUEPRINT.name)
        for name, schema in _ELSEWHERE.items():
            root["properties"][name] = {"description": root["properties"][name]["description"], **schema}
        return {**root, "$defs": dict(sorted(self.defs.items()))}

    def of(self, shape: Shape) -> Schema:
        """The schema of a shape."""
        return self._makers[type(shape)](shape)

    def _type_name(self, shape: TypeName) -> Schema:
        if shape.is_primitive:
            return {"enum": list(TYPES)}
        return self._offering([*TYPES, *self._names.get("data_types", ())], "type-name")

    def _named(self, shape: Ref | Name) -> Schema:
        return self._offering(self._names.get(shape.section, ()), f"{shape.section.replace('_', '-')}-name")

    def _offering(self, names: Collection[str], name: str) -> Schema:
        """Any text; an editor offers these."""
        if not names:
            return {"type": "string"}
        self.defs.setdefault(name, {"type": "string", "anyOf": [{"enum": list(names)}, {}]})
        return {"$ref": f"#/$defs/{name}"}

    def _list(self, shape: ListOf) -> Schema:
        found: Schema = {"type": "array", "items": self.of(shape.item)}
        return found | {"minItems": 1} if shape.empty else found

    def _record(self, shape: Record) -> Schema:
        name = shape.name.replace(" ", "-")
        if name not in self.defs or not name:
            made: Schema = {
                "type": "object",
                "properties": {row.name: self._field(row) for row in shape.fields},
                "additionalProperties": False,
            }
            required = [row.name for row in shape.fields if row.required]
            if shape.adds:
                alone = {"required": [shape.adds], "maxProperties": 1}
                made["anyOf"] = [{"required": required}, alone]
            elif required:
                made["required"] = required
            if shape.choice:
                made["oneOf"] = [{"required": [one]} for one in shape.choice]
            if not name:
                return made
            self.defs[name] = made
        return {"$ref": f"#/$defs/{name}"}

    def _field(self, row: Field) -> Schema:
        """The schema of what stands at a row's key; where it need not stand, null counts as not there."""
        schema = self.of(row.shape)
        if row.later in NOT_YET:
            schema = schema | LATER.get(row.later, {})
        if not row.required:
            schema = _or_null(schema)
        found: Schema = {"description": described(row), **schema}
        return found | {"deprecated": True} if row.old else found


def described(row: Field) -> str:
    """A row's sentence, with what holds of its versions and names."""
    parts = [row.doc]
    if row.old:
        parts.append(f"An old form: use {row.old}.")
    if row.later in NOT_YET:
        parts.append(f"Not all of it can be done yet: {NOT_YET[row.later].why}.")
    if row.since > OLDEST:
        parts.append("Since cloudify_dsl_{}_{}.".format(*row.since))
    return " ".join(parts)


def _number(shape: Number) -> Schema:
    found: Schema = {"type": "integer" if shape.whole else "number"}
    return found if shape.low is None else found | {"minimum": shape.low}


def _or_null(schema: Schema) -> Schema:
    if isinstance(schema.get("type"), str):
        return schema | {"type": list(dict.fromkeys([schema["type"], "null"]))}
    if "enum" in schema:
        return schema | {"enum": [*schema["enum"], None]}
    if "anyOf" in schema:
        return schema | {
            "anyOf": [*schema["anyOf"], *([] if {"type": "null"} in schema["anyOf"] else [{"type": "null"}])]
        }
    return schema if schema.get("$ref", "#/$defs/value") == "#/$defs/value" else {"anyOf": [schema, {"type": "null"}]}


def _calls() -> dict[str, Schema]:
    """Each function's name -> what may stand there, as far as a schema says it."""
    found: dict[str, Schema] = {}
    for name, row in FUNCTIONS.items():
        parts = [FUNCTION_SENTENCES.get(name, "A function of an extension.")]
        if name in ARGUMENTS:
            parts.append(f"Takes {ARGUMENTS[name].expected}.")
        if row.since > OLDEST:
            parts.append("Since cloudify_dsl_{}_{}.".format(*row.since))
        found[name] = {"description": " ".join(parts), "$ref": "#/$defs/value"}
    return found


def _value() -> Schema:
    """Any value: the names of functions are offered, and described, wherever a call may stand."""
    again = {"$ref": "#/$defs/value"}
    return {"properties": _calls(), "additionalProperties": again, "items": again}


def _function() -> Schema:
    """A mapping that `functions.function_of` takes for a call."""
    return {
        "type": "object",
        "properties": {**_calls(), "type": {"description": "The type that the result must fit."}},
        "additionalProperties": False,
        "oneOf": [{"required": [name]} for name in FUNCTIONS],
    }
