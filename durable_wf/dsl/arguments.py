"""What arguments each intrinsic function takes, as a table; the same for the tree of a file and for plain data.

Source: reference/blueprint-dsl.md §14, column "arguments".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias

from durable_wf.dsl.functions import function_of
from durable_wf.dsl.source import Value

Kind: TypeAlias = "Callable[[Any], bool]"


class Arguments(NamedTuple):
    """A row of the table.

    expected  for messages
    first     kinds of the items that must be there
    further   kinds of items that may follow
    rest      kind of all that may follow those; None: nothing may
    alone     kind of a value that may stand there instead of a list; None: only a list may
    """

    expected: str
    first: tuple[Kind, ...] = ()
    further: tuple[Kind, ...] = ()
    rest: Kind | None = None
    alone: Kind | None = None


def content(part: Any) -> Any:
    """A part's content, whether it is of a file's tree or plain data."""
    return part.content if isinstance(part, Value) else part


def is_open(part: Any) -> bool:
    """Whether it cannot be told yet what stands there: it is a call, or was reported."""
    found = content(part)
    return (isinstance(part, Value) and part.is_bad) or (isinstance(found, dict) and function_of(found) is not None)


def _text(part: Any) -> bool:
    return isinstance(content(part), str) or is_open(part)


def _whole(part: Any) -> bool:
    found = content(part)
    return (isinstance(found, int) and not isinstance(found, bool)) or is_open(part)


def _key(part: Any) -> bool:
    return _text(part) or _whole(part)


def _keys(part: Any) -> bool:
    found = content(part)
    return all(map(_key, found)) and bool(found) if isinstance(found, list) else _key(part)


def _mapping(part: Any) -> bool:
    return isinstance(content(part), dict) or is_open(part)


def _anything(_part: Any) -> bool:
    return True


SYSTEM: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"tenant": ("name",), "deployment": ("id", "name", "blueprint", "owner")}
)
"""What get_sys knows: entity -> its properties."""

CONSUMERS = ("ids", "names", "count")
"""What get_consumers gives."""


def _consumers(part: Any) -> bool:
    return content(part) in CONSUMERS if isinstance(content(part), str) else is_open(part)


_OF_NODE = Arguments("a list of SELF, SOURCE, TARGET or a node, a name, and keys", (_text, _key), rest=_key)

ARGUMENTS: Mapping[str, Arguments] = MappingProxyType(
    {
        "get_input": Arguments("an input's name, or a list of it and keys", (_text,), rest=_key, alone=_text),
        "get_property": _OF_NODE,
        "get_attribute": _OF_NODE,
        "get_attributes_list": _OF_NODE,
        "get_attributes_dict": Arguments("a list of a node, and names or lists of keys", (_text, _keys), rest=_keys),
        "get_secret": Arguments("a secret's name, or a list of it and keys", (_text, _key), rest=_key, alone=_text),
        "get_capability": Arguments("a list of a deployment, a capability, and keys", (_key, _key), rest=_key),
        "get_group_capability": Arguments(
            "a list of a group, a capability or a list of several, and keys", (_key, _keys), rest=_key
        ),
        "get_environment_capability": Arguments(
            "a capability's name, or a list of it and keys", (_text, _key), rest=_key, alone=_text
        ),
        "get_label": Arguments("a label's name, or a list of it and an index", (_text, _whole), alone=_text),
        "get_sys": Arguments(
            "one of " + ", ".join(f"[{entity}, {name}]" for entity, names in SYSTEM.items() for name in names),
            (_text, _text),
        ),
        "get_consumers": Arguments("one of " + ", ".join(CONSUMERS), (_consumers,), alone=_consumers),
        "concat": Arguments("a list", rest=_anything),
        "merge": Arguments("a list of mappings", rest=_mapping),
        "string_find": Arguments("a list of a text, and what to find in it", (_text, _text)),
        "string_replace": Arguments(
            "a list of a text, what to replace, by what, and how often at most", (_text, _text, _text), (_whole,)
        ),
        "string_split": Arguments("a list of a text, a separator, and an index", (_text, _text), (_whole,)),
        "string_lower": Arguments("a text", alone=_text),
        "string_upper": Arguments("a text", alone=_text),
    }
)


class Misfit(NamedTuple):
    """An argument that does not fit.

    part      it, or all arguments
    position  its index; None: all arguments
    expected  what the function takes
    """

    part: Any
    position: int | None
    expected: str


def misfit(name: str, arguments: Any) -> Misfit | None:
    """The first argument of a function that it does not take; None if all fit, or if it cannot be told yet.

    name       a function's; of one of a third party nothing is known
    arguments  a value of a file's tree, or plain data
    """
    row = ARGUMENTS.get(name)
    if row is None or (isinstance(arguments, Value) and arguments.is_bad):
        return None
    items = content(arguments)
    if not isinstance(items, list):
        return None if row.alone is not None and row.alone(arguments) else Misfit(arguments, None, row.expected)
    kinds = (*row.first, *row.further)
    too_many = row.rest is None and len(items) > len(kinds)
    if (row.alone is not None and not row.first) or len(items) < len(row.first) or too_many:
        return Misfit(arguments, None, row.expected)
    for index, item in enumerate(items):
        kind = kinds[index] if index < len(kinds) else row.rest
        if kind is not None and not kind(item):
            return Misfit(item, index, row.expected)
    unknown = _unknown(items) if name == "get_sys" else None
    return None if unknown is None else Misfit(items[unknown], unknown, row.expected)


def _unknown(items: list[Any]) -> int | None:
    """Index of the first argument that get_sys does not know, as far as they are literal."""
    entity, name = items
    if is_open(entity):
        return None
    if content(entity) not in SYSTEM:
        return 0
    return None if is_open(name) or content(name) in SYSTEM[content(entity)] else 1
