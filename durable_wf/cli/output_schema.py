"""The JSON Schema of what each command prints with `--json`, made from the records in shapes.py."""

from __future__ import annotations

import inspect
import types
import typing
from dataclasses import fields, is_dataclass
from typing import Any

from durable_wf.cli.shapes import OUTPUTS, Shape
from durable_wf.inspection.records import SCHEMA_VERSION

SCALARS = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}


class Schemas:
    """Collects the schema of every record that is met."""

    def __init__(self) -> None:
        self.found: dict[str, dict[str, Any]] = {}

    def of(self, kind: Any) -> dict[str, Any]:
        """The schema of a type.

        raises  TypeError for one that JSON has no word for
        """
        origin, arguments = typing.get_origin(kind), typing.get_args(kind)
        if kind is Any:
            return {}
        if kind in SCALARS:
            return {"type": SCALARS[kind]}
        if origin in (typing.Union, types.UnionType):
            return {"anyOf": [self.of(one) for one in arguments]}
        if origin is list:
            return {"type": "array", "items": self.of(arguments[0])}
        if origin is dict:
            return {"type": "object", "additionalProperties": self.of(arguments[1])}
        if isinstance(kind, type) and is_dataclass(kind):
            return {"$ref": f"#/$defs/{self._record(kind)}"}
        raise TypeError(f"no schema for {kind}")

    def _record(self, kind: type) -> str:
        if kind.__name__ not in self.found:
            self.found[kind.__name__] = {}  # a record may hold itself
            self.found[kind.__name__] = {
                "type": "object",
                "description": inspect.cleandoc(kind.__doc__ or ""),
                **self.members(kind),
            }
        return kind.__name__

    def members(self, kind: type) -> dict[str, Any]:
        """The properties of a record; all of them are always there."""
        hints = typing.get_type_hints(kind)
        properties = {item.name.rstrip("_"): self.of(hints[item.name]) for item in fields(kind)}
        return {"properties": properties, "required": list(properties), "additionalProperties": False}

    def document(self, shape: Shape) -> dict[str, Any]:
        """The schema of what a command prints."""
        if shape.is_list:
            members: dict[str, Any] = {
                "properties": {"items": {"type": "array", "items": self.of(shape.record)}},
                "required": ["items"],
                "additionalProperties": False,
            }
        else:
            members = self.members(shape.record)
        members["properties"] = {"schema_version": {"const": SCHEMA_VERSION}, **members["properties"]}
        members["required"] = ["schema_version", *members["required"]]
        return {"type": "object", **members}


def output_schema() -> dict[str, Any]:
    """The schema of all documents; each has its own under `$defs`, such as `command.deployments-list`."""
    schemas = Schemas()
    commands = {f"command.{name.replace(' ', '-').replace('--', '')}": shape for name, shape in OUTPUTS.items()}
    documents = {}
    for name, shape in commands.items():
        documents[name] = schemas.document(shape)
        if shape.per_line:
            documents[name]["description"] = "One such document a line."
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "What durable-wf prints with --json",
        "description": (
            "Made from durable_wf/cli/shapes.py; do not edit. Fields are only ever "
            "added; a change of meaning raises schema_version."
        ),
        "anyOf": [{"$ref": f"#/$defs/{name}"} for name in documents],
        "$defs": {**documents, **dict(sorted(schemas.found.items()))},
    }
