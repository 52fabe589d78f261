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
             when it is now neither what the operation read nor what it wants to write.
    """
    present = decode(row.runtime_properties_json)
    changed = False
    for change in changes:
        now = present.get(change.key, MISSING)
        if same(now, change.value):
            continue
        if not same(now, change.read):
            return None, PropertyChange(change.key, now, change.value)
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
