"""The tables of the built-in types."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from durable_wf.authoring.not_built import why_not
from durable_wf.dsl.composer import compose
from durable_wf.dsl.problems import Report
from durable_wf.dsl.source import plain
from durable_wf.sources.files import builtin_types
from tools.language.tables import link, table


def sections() -> Iterator[str]:
    """A heading with its table for each kind of what types.yaml brings."""
    types = plain(compose(builtin_types(), Report()))
    root = types["node_types"]["cloudify.nodes.Root"]["interfaces"]
    yield f"### built-in node types\n\n{_nodes(types)}"
    yield f"Every node has the operations of `cloudify.nodes.Root`, which do nothing:\n\n{_interfaces(root)}"
    yield f"### built-in relationships\n\n{_relationships(types)}"
    yield f"### built-in data types\n\n{_data_types(types)}"
    yield f"### built-in workflows\n\n{_workflows(types)}"
    yield f"### built-in policies\n\n{_policies(types)}"


def _properties(schemas: Mapping[str, Any] | None) -> str:
    """Each property with its type and its default, or that it is required."""
    return ", ".join(_property(name, schema or {}) for name, schema in (schemas or {}).items())


def _property(name: str, schema: Mapping[str, Any]) -> str:
    about = [schema["type"].removeprefix("cloudify.datatypes.")] if "type" in schema else []
    if "default" in schema:
        about.append(f"`{json.dumps(schema['default'])}`" if schema["default"] is not None else "null")
    elif schema.get("required", True):
        about.append("required")
    return f"`{name}`" + (f" ({', '.join(about)})" if about else "")


def _interfaces(interfaces: Mapping[str, Any]) -> str:
    return "\n".join(f"- `{name}`: {', '.join(operations)}" for name, operations in interfaces.items())


def _mapped(kind: Mapping[str, Any], *keys: str) -> list[tuple[str, str]]:
    """The operations of a type that do something, each with its function."""
    found = []
    for key in keys:
        for interface in kind.get(key, {}).values():
            for name, given in interface.items():
                code = given if isinstance(given, str) else (given or {}).get("implementation")
                if code:
                    found.append((name, code.partition(".")[2]))
    return list(dict.fromkeys(found))


def _operations(kind: Mapping[str, Any], *keys: str) -> str:
    mapped = _mapped(kind, *keys)
    reasons = {why for _, path in mapped if (why := why_not(path)) is not None}
    names = ", ".join(dict.fromkeys(name for name, _ in mapped))
    return names + (f" (not yet: {'; '.join(sorted(reasons))})" if reasons else "")


def _nodes(types: Mapping[str, Any]) -> str:
    rows = (
        (
            f"`{name}`",
            f"`{kind.get('derived_from', '').removeprefix('cloudify.nodes.')}`" if "derived_from" in kind else "",
            _properties(kind.get("properties")),
            _operations(kind, "interfaces"),
        )
        for name, kind in types["node_types"].items()
    )
    return table(("type", "parent", "its own properties", "operations that do something"), rows)


def _relationships(types: Mapping[str, Any]) -> str:
    rows = (
        (
            f"`{name}`",
            f"`{kind['derived_from'].removeprefix('cloudify.relationships.')}`" if "derived_from" in kind else "",
            _properties(kind.get("properties")),
            _operations(kind, "source_interfaces", "target_interfaces"),
        )
        for name, kind in types["relationships"].items()
    )
    return table(("type", "parent", "its own properties", "operations that do something"), rows)


def _data_types(types: Mapping[str, Any]) -> str:
    rows = (
        (f"`{name}`", kind.get("description", ""), _properties(kind["properties"]))
        for name, kind in types["data_types"].items()
    )
    return table(("type", "what for", "properties"), rows)


def _workflows(types: Mapping[str, Any]) -> str:
    rows = []
    for name, workflow in types["workflows"].items():
        why = why_not(workflow["mapping"].partition(".")[2])
        active = workflow.get("availability_rules", {}).get("node_instances_active")
        may = f"while {' or '.join(_ACTIVE[one] for one in active)} instances are started" if active else "always"
        rows.append((f"`{name}`", "yes" if why is None else f"no: {why}", may, _parameters(workflow["parameters"])))
    return f"{table(('workflow', 'can be run', 'may be started', 'parameters'), rows)}\n\n{_ABOUT_CHOICE}"


_ACTIVE = {"all": "all", "partial": "some", "none": "no"}
_CHOICE = ("type_names", "node_ids", "node_instance_ids")
_ABOUT_CHOICE = (
    "*which*: `type_names`, `node_ids` and `node_instance_ids`, three lists that choose node instances; an empty one "
    "(as where none is given) chooses all."
)


def _parameters(schemas: Mapping[str, Any]) -> str:
    """As `_properties`, with one word for the three that most workflows share."""
    if not set(_CHOICE) <= set(schemas):
        return _properties(schemas)
    own = _properties({name: schema for name, schema in schemas.items() if name not in _CHOICE})
    return f"*which*, {own}" if own else "*which*"


def _policies(types: Mapping[str, Any]) -> str:
    rows = [
        (f"`{name}`", link(what), _properties(kind[key]))
        for section, what, key in (
            ("policy_types", "policy type", "properties"),
            ("policy_triggers", "policy trigger type", "parameters"),
        )
        for name, kind in types[section].items()
    ]
    return table(("name", "what it is", "properties or parameters"), rows)
