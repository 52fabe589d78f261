"""The table of intrinsic functions, and how one is recognised in data.

Source: reference/blueprint-dsl.md §14.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from durable_wf.dsl.shapes import OLDEST, Version


class Function(NamedTuple):
    """A row of the table.

    since        version of the language that added it
    at_creation  whether it is evaluated when a deployment is created; else only at run time
    built        whether this version of durable-wf has it
    """

    name: str
    since: Version = OLDEST
    at_creation: bool = False
    built: bool = False


_ROWS = (
    Function("get_input", at_creation=True, built=True),
    Function("get_property", at_creation=True, built=True),
    Function("get_attribute", built=True),
    Function("concat", since=(1, 1), at_creation=True, built=True),
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

FUNCTIONS: Mapping[str, Function] = MappingProxyType({row.name: row for row in _ROWS})

_MOST_KEYS = 2  # the function, and `type`

KEYWORDS = ("SELF", "SOURCE", "TARGET")


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
