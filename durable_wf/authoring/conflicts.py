"""Handlers of conflicts: they are given the operation's own properties and the newest, and say what to write.

Source: reference/workflow-api.md §7.4.
"""

from __future__ import annotations

from typing import Any


def simple_merge_handler(previous_props: dict[str, Any], next_props: dict[str, Any]) -> dict[str, Any]:
    """What both have; a handler for `ctx.instance.update()`.

    previous_props  the operation's own
    next_props      as they are now
    raises          ValueError for a key that has two values
    """
    merged = dict(next_props)
    for key, value in previous_props.items():
        if key in next_props and next_props[key] != value:
            text = f"runtime property '{key}' is {value!r} here and {next_props[key]!r} in the storage"
            raise ValueError(text)
        merged[key] = value
    return merged
