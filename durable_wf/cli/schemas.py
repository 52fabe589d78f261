"""`schema`: the JSON Schemas that editors and other programs take."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from durable_wf.cli.calls import Call
from durable_wf.errors import UsageError


@dataclass(frozen=True, slots=True)
class SchemaRecord:
    """A JSON Schema (draft 2020-12).

    name  what it is of
    """

    name: str
    schema: dict[str, Any]


def schema(
    call: Call,
    name: Annotated[str, typer.Argument(metavar="blueprint|plugin|retry|output", help="What the schema is of.")],
) -> None:
    """Print the JSON Schema of a blueprint, of a plugin.yaml, or of what --json prints; docs/editors.md uses it."""
    if name in _NOT_BUILT:
        raise UsageError(f"there is no schema of '{name}' yet: {_NOT_BUILT[name]}")
    if name not in _MAKERS:
        from durable_wf.inspection.find import near

        raise near("schema", name, [*_MAKERS, *_NOT_BUILT])
    made = _MAKERS[name]()
    call.out.data(SchemaRecord(name, made), [json.dumps(made, indent=2, ensure_ascii=False)])


def _blueprint() -> dict[str, Any]:
    from durable_wf.dsl.json_schema import blueprint_schema
    from durable_wf.engine.code import prepare_functions

    prepare_functions()
    return blueprint_schema(builtin_names())


def _plugin() -> dict[str, Any]:
    from durable_wf.dsl.json_schema import plugin_schema
    from durable_wf.engine.code import prepare_functions

    prepare_functions()
    return plugin_schema(builtin_names())


def _output() -> dict[str, Any]:
    from durable_wf.cli.output_schema import output_schema

    return output_schema()


def builtin_names() -> dict[str, list[str]]:
    """Section -> the names that the built-in types bring, for the schemas of blueprints."""
    from durable_wf.dsl.composer import compose
    from durable_wf.dsl.problems import Report
    from durable_wf.sources.files import builtin_types

    tree = compose(builtin_types(), Report())
    sections = tree.pairs if tree is not None else {}
    return {section: list(pair.value.pairs) for section, pair in sections.items() if section != "metadata"}


_MAKERS: Mapping[str, Callable[[], dict[str, Any]]] = {"blueprint": _blueprint, "plugin": _plugin, "output": _output}
_NOT_BUILT: Mapping[str, str] = {"retry": "this version of durable-wf has no policies of retries"}
"""What there will be a schema of -> why there is none. Work that builds it takes its row away."""
