"""Changes of a node instance's system properties: what checks and heals have found out. Source: workflow-api §10.10.

A change names only what it is about, so that what was written meanwhile stays; the time that it bears is that of its
commit, so that asking for it again in a replay asks for the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from durable_wf.clock import iso

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_RESET = {"configured": ("configuration_drift",), "started": ("status", "previous_status")}


def patched(system: Mapping[str, Any], patches: Sequence[Mapping[str, Any]], at_us: int) -> dict[str, Any]:
    """System properties after these changes; a copy as far as it differs.

    patches  each with `path`, the keys that lead to what changes, `value`, which is set there (None: taken out), and
             where it is given `keep`, the key beside it under which the value of before is kept. A value that is a
             mapping is given a `timestamp`.
    at_us    now, wall time
    """
    found = dict(system)
    for patch in patches:
        *outer, last = patch["path"]
        inner = found
        for key in outer:
            before = inner.get(key)
            inner[key] = dict(before) if isinstance(before, dict) else {}
            inner = inner[key]
        if patch.get("keep") and last in inner:
            inner[patch["keep"]] = inner[last]
        value = patch["value"]
        if value is None:
            inner.pop(last, None)
        else:
            inner[last] = {**value, "timestamp": iso(at_us)} if isinstance(value, dict) else value
    return found


def reset_by(state: str, system: Mapping[str, Any]) -> dict[str, Any] | None:
    """System properties without what a new state makes out of date (workflow-api §6.3); None where nothing changes."""
    gone = [key for key in _RESET.get(state, ()) if key in system]
    return {key: value for key, value in system.items() if key not in gone} if gone else None
