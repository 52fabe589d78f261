"""The table of intrinsic functions, and how one is recognised in data.

Functions of third parties are added to it by `register`, before a blueprint is read (`custom.py` makes their rows).
Source: reference/blueprint-dsl.md §14.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias

from durable_wf.dsl.shapes import OLDEST, Version

Custom: TypeAlias = "Callable[[Any, Any], Any]"
"""What a function of a third party does: `(evaluated arguments, the call as it is written) -> result`."""


class Function(NamedTuple):
    """A row of the table.

    since        version of the language that added it
    at_creation  whether it is evaluated when a deployment is created, if its arguments are known; else only at run time
    custom       what it does, for a function of a third party
    """

    name: str
    since: Version = OLDEST
    at_creation: bool = False
    custom: Custom | None = None


_ROWS = (
    Function("get_input", at_creation=True),
    Function("get_property", at_creation=True),
    Function("get_attribute"),
    Function("concat", since=(1, 1), at_creation=True),
    Function("merge", since=(1, 3), at_creation=True),
    *(Function(f"string_{name}", at_creation=True) for name in ("find", "replace", "split", "lower", "upper")),
    Function("get_attributes_list"),
    Function("get_attributes_dict"),
    Function("get_secret"),
    Function("get_capability"),
    Function("get_group_capability"),
    Function("get_environment_capability"),
    Function("get_label"),
    Function("get_sys"),
    Function("get_consumers"),
)

_TABLE: dict[str, Function] = {row.name: row for row in _ROWS}

FUNCTIONS: Mapping[str, Function] = MappingProxyType(_TABLE)

_MOST_KEYS = 2  # the function, and `type`

KEYWORDS = ("SELF", "SOURCE", "TARGET")


def register(row: Function) -> None:
    """Add a function of a third party to the table; one of its own name is replaced.

    raises  ValueError for the name of a function of the language
    """
    known = _TABLE.get(row.name)
    if known is not None and known.custom is None:
        raise ValueError(f"'{row.name}' is a function of the language; a function of your own takes another name")
    _TABLE[row.name] = row


def unregister(name: str) -> None:
    """Take a function of a third party out of the table; nothing where there is none of that name."""
    if name in _TABLE and _TABLE[name].custom is not None:
        del _TABLE[name]


def function_of(mapping: Mapping[str, object]) -> str | None:
    """The function that a mapping calls: its one key is a function's name, or one of two where the other is `type`."""
    if len(mapping) > _MOST_KEYS:
        return None
    names = [key for key in mapping if key in FUNCTIONS]
    if len(names) == 1 and (len(mapping) == 1 or "type" in mapping):
        return names[0]
    return None


def has_function(data: Any) -> bool:
    """Whether plain data has a call of a function anywhere."""
    return any(True for _ in calls_in(data))


def calls_in(data: Any) -> Iterator[dict[str, Any]]:
    """Every mapping in plain data that calls a function; without recursion, in no promised order."""
    left = [data]
    while left:
        part = left.pop()
        if isinstance(part, dict):
            if function_of(part):
                yield part
            left.extend(part.values())
        elif isinstance(part, list):
            left.extend(part)
