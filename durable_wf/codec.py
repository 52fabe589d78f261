"""Canonical JSON, and what may not be written as such.

One value has one text: keys sorted, no spaces, UTF-8. So texts can be compared and hashed.
"""

from __future__ import annotations

import json
import math
from typing import Any

from durable_wf.errors import DurableError

MAX_RESULT_BYTES = 1_000_000  # a result over this is a failed attempt; settable per engine
_DEEPEST = 200
_CONTAINERS = (dict, list, tuple)

_encode = json.JSONEncoder(
    ensure_ascii=True, check_circular=True, allow_nan=False, sort_keys=True, separators=(",", ":")
).encode


class NotSerializable(DurableError):
    """A value that JSON cannot hold, or that is too large. Names the key."""

    code = "not-serializable"
    explanation = (
        "Results, properties and arguments are stored as JSON: text, numbers, true, false, null, lists and "
        "mappings with text keys, up to 1 MB. The text names the key that is something else."
    )


def encode(value: Any, *, what: str = "value", limit: int | None = None) -> str:
    """Canonical JSON of `value`; tuples become lists.

    what    how to name the value in an error
    limit   largest size in bytes, or None
    raises  NotSerializable, naming the path of the part that is not JSON, or the size
    """
    if value is None:
        return "null"
    try:
        text = _encode(value)
    except (TypeError, ValueError, RecursionError, OverflowError):
        text = None
    if text is None or not _keys_are_text(value):
        path, found = _first_bad(value, what, set())
        message = f"{path} is {found}, which JSON cannot hold"
        raise NotSerializable(message, hint="use text, numbers, booleans, null, lists and mappings with text keys")
    if limit is not None and len(text) > limit:
        message = f"{what} takes {len(text)} bytes as JSON; at most {limit} are stored"
        raise NotSerializable(message, hint="store a reference (a path, an id) instead of the content")
    return text


def decode(text: str | None) -> Any:
    """The value of a JSON text; None for no text."""
    return None if text is None else json.loads(text)


def storable(text: str) -> str:
    """The text with what UTF-8 cannot hold, such as half of a pair or a byte of a file name, shown as an escape."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def cut(text: str, limit: int) -> str:
    """A storable text of about `limit` characters at most: what is longer loses its middle, with a note of how much."""
    text = storable(text)
    if len(text) <= limit:
        return text
    half = limit // 2
    return f"{text[:half]}\n… {len(text) - 2 * half} characters left out …\n{text[-half:]}"


def _keys_are_text(value: Any) -> bool:
    """json turns keys such as 1 into "1" silently; a round trip would then change the value."""
    if isinstance(value, dict):
        for key in value:
            if type(key) is not str and not isinstance(key, str):
                return False
        value = value.values()
    elif not isinstance(value, (list, tuple)):
        return True
    for item in value:  # plain loops: this runs for all that is stored, and generators cost three times as much
        kind = type(item)
        if kind is str or kind is int or item is None:
            continue
        if isinstance(item, (dict, list, tuple)) and not _keys_are_text(item):
            return False
    return True


def _first_bad(value: Any, path: str, above: set[int]) -> tuple[str, str]:
    """Path and description of the first part that is not JSON."""
    if isinstance(value, (dict, list, tuple)):
        if id(value) in above:
            return path, "part of itself"
        inner = above | {id(value)}
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in pairs:
            if isinstance(value, dict) and not isinstance(key, str):
                return f"{path} (key {key!r})", f"keyed by {type(key).__name__}"
            where = f"{path}.{key}" if isinstance(value, dict) else f"{path}[{key}]"
            if len(inner) > _DEEPEST:
                return where, f"nested more than {_DEEPEST} deep"
            found = _first_bad(item, where, inner)
            if found[1]:
                return found
        return path, ""
    if isinstance(value, float) and not math.isfinite(value):
        return path, f"the number {value}"
    if value is None or isinstance(value, (str, int, float, bool)):
        return path, ""
    return path, f"of type {type(value).__qualname__}"
