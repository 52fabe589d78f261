"""Names of files that are imported under a namespace: `NS--name`, in what such a file defines and in what it refers to.

Names that begin with `cloudify.`, names of the built-in types file, primitive types, SELF, SOURCE and TARGET
stay as they are. So do names of properties, interfaces, operations and parameters: they are no entries of a
section.

Source: reference/blueprint-dsl.md §3 (namespaces).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import NamedTuple

from durable_wf.dsl.functions import KEYWORDS, function_of
from durable_wf.dsl.grammar import TYPES
from durable_wf.dsl.shapes import Anything, CodePath, FunctionCall, MapOf, Name, Ref, Shape, TypeName
from durable_wf.dsl.source import Pair, Value

DELIMITER = "--"
UNPREFIXED = frozenset({"blueprint_labels", "resource_tags"})
"""Sections whose names are for a server, and stay as they are written."""

_RESERVED = "cloudify."
_NODE_FUNCTIONS = ("get_property", "get_attribute", "get_attributes_list", "get_attributes_dict")
_SECTION_OF_CALL: Mapping[str, str] = MappingProxyType(
    {"get_input": "inputs", **dict.fromkeys(_NODE_FUNCTIONS, "node_templates")}
)


class Split(NamedTuple):
    """An import's text: its namespace, None where there is none, and the rest."""

    namespace: str | None
    target: str


def split(text: str) -> Split:
    """`NS--rest` in its parts. A `--` behind a `/` or `:` belongs to a path or an address."""
    ends = [at for at in (text.find("/"), text.find(":")) if at >= 0]
    head = text[: min(ends)] if ends else text
    at = head.rfind(DELIMITER)
    return Split(None, text) if at < 0 else Split(text[:at], text[at + len(DELIMITER) :])


def defined(section: str, name: str, prefix: str) -> str:
    """The name in the blueprint of what a file under `prefix` defines as `name`."""
    return name if name.startswith(_RESERVED) or section in UNPREFIXED else prefix + name


class Namespace:
    """The names of files under one namespace.

    prefix    such as `A--B--`
    names     all names of the blueprint, by section
    builtin   names of the built-in types file, by section
    """

    def __init__(
        self, prefix: str, names: Mapping[str, Collection[str]], builtin: Mapping[str, Collection[str]]
    ) -> None:
        self._prefix = prefix
        self._names = names
        self._builtin = builtin

    def rewritten(self, value: Value, shape: Shape) -> Value:
        """A new value with names in this namespace, where `shape` says that it refers to something."""
        text = value.text
        if isinstance(shape, Ref | Name) and text is not None:
            return Value(self._referred(shape.section, text), value.place)
        if isinstance(shape, TypeName) and text is not None:
            return value if text in TYPES else Value(self._referred("data_types", text), value.place)
        if isinstance(shape, CodePath) and text:
            return Value(self._code(text), value.place)
        if isinstance(shape, MapOf) and isinstance(shape.value, Anything):
            pairs = {key: Pair(pair.key, self._calls(pair.value)) for key, pair in value.pairs.items()}
            return Value(pairs, value.place)
        return self._calls(value) if isinstance(shape, Anything | FunctionCall) else value

    def _referred(self, section: str, name: str) -> str:
        own = defined(section, name, self._prefix)
        known = self._names.get(section, ())
        return name if own not in known and name in self._builtin.get(section, ()) else own

    def _code(self, text: str) -> str:
        """A mapping: its plugin, or the path of a script; addresses and scripts written out stay as they are."""
        if "\n" in text.strip() or "://" in text:
            return text
        firsts = [text[:at] for at, char in enumerate(text) if char == "."]
        own = any(self._prefix + first in self._names.get("plugins", ()) for first in firsts)
        shared = any(first in self._builtin.get("plugins", ()) for first in firsts)
        return text if shared and not own else self._prefix + text

    def _calls(self, value: Value) -> Value:
        """A copy in which calls of functions name inputs and nodes of this namespace. As deep as a document is."""
        if isinstance(value.content, list):
            return Value([self._calls(item) for item in value.items], value.place)
        if not isinstance(value.content, dict):
            return value
        function = function_of(value.pairs) or ""
        section = _SECTION_OF_CALL.get(function)
        pairs = {}
        for key, pair in value.pairs.items():
            inner = self._calls(pair.value)
            pairs[key] = Pair(pair.key, self._argument(inner, section) if section and key == function else inner)
        return Value(pairs, value.place)

    def _argument(self, value: Value, section: str) -> Value:
        """The arguments of a call, the first of which names an entry of a section."""
        if value.items:
            return Value([self._argument(value.items[0], section), *value.items[1:]], value.place)
        if value.text is None or (section == "node_templates" and value.text in KEYWORDS):
            return value
        return Value(self._referred(section, value.text), value.place)
