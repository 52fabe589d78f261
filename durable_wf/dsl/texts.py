"""Functions that need nothing but their arguments: concat, merge and those of text.

Each takes its evaluated arguments, whose shape was checked, and gives the result; PENDING where an argument is known
at run time only. Source: reference/blueprint-dsl.md §14.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from durable_wf.dsl.functions import has_function
from durable_wf.dsl.outcomes import MAX_TEXT, PENDING, EvaluationError, known, shown


def _concat(arguments: Any) -> Any:
    if any(map(has_function, arguments)):
        return PENDING
    return _short("concat", "".join(map(str, arguments)))


def _merge(arguments: Any) -> Any:
    """Shallow: a later mapping's key replaces an earlier one's."""
    if any(map(has_function, arguments)):
        return PENDING
    merged: dict[str, Any] = {}
    for one in arguments:
        merged.update(one)
    return merged


def _find(arguments: Any) -> int:
    known(arguments, "string_find")
    text, wanted = arguments
    return int(text.find(wanted))


def _replace(arguments: Any) -> str:
    known(arguments, "string_replace")
    text, old, new, *count = arguments
    times = text.count(old) if not count or count[0] < 0 else min(text.count(old), count[0])
    _measured("string_replace", len(text) + times * (len(new) - len(old)))
    return str(text.replace(old, new, *count))


def _split(arguments: Any) -> Any:
    known(arguments, "string_split")
    text, separator, *index = arguments
    if not separator:
        raise EvaluationError("string_split: the separator is empty")
    parts = text.split(separator)
    if not index:
        return parts
    if not -len(parts) <= index[0] < len(parts):
        raise EvaluationError(f"string_split: {shown(arguments)} has {len(parts)} parts, none at {index[0]}")
    return parts[index[0]]


def _lower(arguments: Any) -> str:
    known(arguments, "string_lower")
    return str(arguments.lower())


def _upper(arguments: Any) -> str:
    known(arguments, "string_upper")
    return str(arguments.upper())


def _short(name: str, text: str) -> str:
    _measured(name, len(text))
    return text


def _measured(name: str, length: int) -> None:
    """Refuse a text before it is made, where it would be too long."""
    if length > MAX_TEXT:
        raise EvaluationError(f"{name} makes a text of {length} characters; {MAX_TEXT} are allowed")


OF_ARGUMENTS: Mapping[str, Callable[[Any], Any]] = MappingProxyType(
    {
        "concat": _concat,
        "merge": _merge,
        "string_find": _find,
        "string_replace": _replace,
        "string_split": _split,
        "string_lower": _lower,
        "string_upper": _upper,
    }
)

MADE_FROM = frozenset(name for name in OF_ARGUMENTS if name.startswith("string_"))
"""Those whose result is another value than its arguments, and has none of them inside: concat and merge keep theirs."""
