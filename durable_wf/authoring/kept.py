"""Runtime properties between an operation, which has the values of secrets, and the journal, which has references.

Source: design.md "Secrets", L10.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from durable_wf.codec import encode
from durable_wf.graph.properties import difference, same
from durable_wf.sources.vault import VAULT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from durable_wf.model.protocol import PropertyChange


def shown(stored: Mapping[str, Any]) -> dict[str, Any]:
    """What an operation sees of stored properties: a copy, with the values of the secrets that they refer to."""
    return {key: VAULT.revealed(value) for key, value in stored.items()}


def changes(instance: str, stored: dict[str, Any], now: Mapping[str, Any]) -> list[PropertyChange]:
    """What an operation changed of the properties of an instance, as it is to be stored.

    raises  NotSerializable, SecretInValue, naming the key
    """
    what = f"runtime_properties of {instance}"
    found = dict(now)
    encode(found, what=what)
    if not VAULT.knows:
        return difference(stored, found)
    kept = {key: _kept(stored, key, value, what) for key, value in found.items()}
    return difference(stored, kept)


def _kept(stored: dict[str, Any], key: str, value: Any, what: str) -> Any:
    """What was not touched stays as it is stored, whatever secrets have become known meanwhile."""
    if key in stored and (same(stored[key], value) or same(VAULT.revealed(stored[key]), value)):
        return stored[key]
    return VAULT.concealed({key: value}, what)[key]
