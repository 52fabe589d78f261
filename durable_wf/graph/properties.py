"""Changing a node instance, purely: what an operation changed is merged key by key into what is there now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from durable_wf.codec import decode, encode
from durable_wf.model.protocol import MISSING, PropertyChange

if TYPE_CHECKING:
    from collections.abc import Iterable

    from durable_wf.model.rows import Instance


def merge(row: Instance, changes: Iterable[PropertyChange]) -> tuple[Instance | None, PropertyChange | None]:
    """Merge runtime property changes into `row`, per top-level key.

    returns  (the row with the changes; None if they change nothing, the first conflict or None). A key conflicts
             when it is not what the operation read any more, even if both sides want the same: of two that count
             from 0 to 1, one would be lost.
    """
    present = decode(row.runtime_properties_json)
    changed = False
    for change in changes:
        now = present.get(change.key, MISSING)
        if not same(now, change.read):
            return None, PropertyChange(change.key, now, change.value)
        if same(now, change.value):
            continue
        if change.value is MISSING:
            del present[change.key]
        else:
            present[change.key] = change.value
        changed = True
    if not changed:
        return None, None
    return row._replace(runtime_properties_json=encode(present)), None


def difference(read: dict[str, object], now: dict[str, object]) -> list[PropertyChange]:
    """What turns `read` into `now`, per top-level key, by comparison: nested changes count."""
    keys = sorted(read.keys() | now.keys())
    pairs = ((key, read.get(key, MISSING), now.get(key, MISSING)) for key in keys)
    return [PropertyChange(key, before, after) for key, before, after in pairs if not same(before, after)]


def same(one: object, other: object) -> bool:
    """Equal as JSON: unlike ==, true is not 1."""
    if one is MISSING or other is MISSING:
        return one is other
    return encode(one) == encode(other)


def conflict_text(instance: str, conflict: PropertyChange) -> str:
    """What is wrong, with the words that the older system's users look for (workflow-api §14.24)."""
    return (
        f"what this operation read of runtime property '{conflict.key}' of '{instance}' does not match current: "
        f"it is now {_shown(conflict.read)}, this operation wants {_shown(conflict.value)}"
    )


def _shown(value: object) -> str:
    return "absent" if value is MISSING else encode(value)
