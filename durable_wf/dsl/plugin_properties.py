"""Values that an import gives to properties of the plugins that the imported file declares.

A value goes to every plugin of the file that declares its name; one that none declares is refused.
Source: reference/blueprint-dsl.md §3 (plugin properties through an import map; code 221), §9.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from durable_wf.dsl.calls import CallChecker
from durable_wf.dsl.functions import function_of
from durable_wf.dsl.hiding import WHOLE
from durable_wf.dsl.namespaces import Namespace
from durable_wf.dsl.problems import Report, kinds
from durable_wf.dsl.secret_sources import OpenInputs
from durable_wf.dsl.shapes import Anything
from durable_wf.dsl.source import Pair, Value, child

_FITTING: dict[str, tuple[type, ...]] = {
    "string": (str, int),
    "integer": (int,),
    "float": (float, int),
    "boolean": (bool,),
    "list": (list,),
}


class Gift(NamedTuple):
    """A value for a property of a plugin.

    plugin   its name in the blueprint
    value    with the place of its key
    prefix   namespace of the file that gives it
    """

    plugin: str
    property: str
    value: Pair
    prefix: str


def fitting(plugins: Value | None, given: Value, path: str, report: Report) -> Iterator[tuple[str, str, Pair]]:
    """Plugin, property and value, for all that an import gives and that may be given.

    plugins  the section of the imported file
    path     of the mapping of values, in the importing file
    """
    entries = plugins.pairs if plugins else {}
    declared = {name for pair in entries.values() for name in _properties(pair.value)}
    for name, pair in given.pairs.items():
        if name not in declared and not pair.value.is_bad:
            hint = report.did_you_mean(name, declared)
            message = f"no plugin of the imported file declares the property '{name}'"
            report.add("bad-plugin-property", message, pair.key, child(path, name), hint=hint)
    for plugin, entry in entries.items():
        for name, schema in _properties(entry.value).items():
            if name in given.pairs and _fits(schema.value, given.pairs[name].value, child(path, name), report):
                yield plugin, name, given.pairs[name]


def give(gift: Gift, plugins: Mapping[str, Pair], namespace: Namespace | None) -> None:
    """Put a value into its plugin.

    plugins    the checked entries of all files; changed
    namespace  in which the value's own names are
    """
    entry = plugins.get(gift.plugin)
    properties = _properties(entry.value) if entry else {}
    schema = properties.get(gift.property)
    if schema is None or not isinstance(schema.value.content, dict):
        return
    value = namespace.rewritten(gift.value.value, Anything()) if namespace else gift.value.value
    changed = Value({**schema.value.pairs, "value": Pair(gift.value.key, value)}, schema.value.place)
    properties[gift.property] = Pair(schema.key, changed)


def check_values(plugin: Value, path: str, calls: CallChecker, open_inputs: OpenInputs) -> None:
    """Report calls of functions in a plugin's properties that cannot be right, and secrets that are stored openly."""
    for name, schema in _properties(plugin).items():
        value = schema.value.get("value")
        if value is not None:
            calls.check(value, f"{path}.properties.{name}.value", {}, is_late=True)
            secret = schema.value.get("secret")
            if secret is not None and secret.content is True:
                open_inputs.check_value(value, WHOLE, f"{path}.properties.{name}.value")


def _properties(plugin: Value) -> dict[str, Pair]:
    properties = plugin.get("properties")
    return properties.pairs if properties else {}


def _fits(schema: Value, value: Value, path: str, report: Report) -> bool:
    """Whether a value may be given; reported if not. What is not known of a type is the schema's own mistake."""
    type_name = schema.get("type")
    kinds_of_type = _FITTING.get((type_name.text if type_name else None) or "")
    if value.is_bad or function_of(value.pairs):
        return not value.is_bad
    report.spellings.expect(value.place, type_name.text if type_name else None)
    content = value.content
    wanted = kinds_of_type or tuple(kind for each in _FITTING.values() for kind in each)
    is_right = isinstance(content, wanted) and (not isinstance(content, bool) or bool in wanted)
    if not is_right:
        expected = type_name.text if type_name and kinds_of_type else "text, a number, a boolean or a list"
        message = f"{kinds(content)} cannot be given to the property of a plugin"
        report.add("bad-plugin-property", message, value.place, path, expected=expected)
    return is_right
