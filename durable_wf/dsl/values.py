"""Whether a value fits a type, and texts as values of a type.

Source: reference/blueprint-dsl.md §4 (value checks, auto-correction), §10; reference/workflow-api.md §9.2.
"""

from __future__ import annotations

import math
import re
from typing import Any

from durable_wf.dsl.functions import function_of


def fits(type_name: str | None, value: Any) -> bool:
    """Whether `value` may be given where a blueprint declares `type_name`; None takes everything.

    A function fits any type. Text, textarea and id-like types take everything, as in the reference.
    """
    if type_name is None or (isinstance(value, dict) and function_of(value)):
        return True
    if type_name == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    if type_name == "float":
        return isinstance(value, int | float) and not isinstance(value, bool)
    if type_name == "regex":
        return _compiles(value)
    wanted = _CONTAINERS.get(type_name)
    return wanted is None or isinstance(value, wanted)


_CONTAINERS: dict[str, type] = {"boolean": bool, "list": list, "dict": dict}


def _compiles(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    try:
        re.compile(value)
    except (re.error, RecursionError, OverflowError):
        return False
    return True


def corrected(type_name: str | None, value: Any, *, any_case: bool = False) -> Any:
    """A text as the integer, number or boolean that it spells, where one is declared; else `value` itself.

    any_case    whether True, TRUE … are booleans too (workflow parameters), or only true and false (inputs)
    """
    if not isinstance(value, str):
        return value
    if type_name == "boolean":
        return {"true": True, "false": False}.get(value.lower() if any_case else value, value)
    convert = {"integer": int, "float": float}.get(type_name or "")
    if convert is None or len(value) > _LONGEST_NUMBER:
        return value
    try:
        number = convert(value)
    except ValueError:
        return value
    is_kept = math.isfinite(number) if isinstance(number, float) else abs(number) < _INT_LIMIT
    return number if is_kept else value


_LONGEST_NUMBER = 100
_INT_LIMIT = 2**63
