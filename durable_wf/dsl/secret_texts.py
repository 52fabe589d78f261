"""Texts in a blueprint's files that are values of what it declares secret: no message quotes them. Pure.

Source: design.md "Secrets", L10; docs/secrets.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from durable_wf.dsl.functions import function_of
from durable_wf.dsl.hiding import Way, hidden
from durable_wf.dsl.source import Pair, Value, plain

_VALUES = ("default", "value")  # the keys under which a declaration has a value


def declared_texts(sections: Mapping[str, Mapping[str, Pair]]) -> list[str]:
    """Those that stand in the declarations themselves; without recursion."""
    found: list[str] = []
    left = [pair.value for section in sections.values() for pair in section.values()]
    while left:
        value = left.pop()
        secret = value.get("secret")
        if secret is not None and secret.content is True:
            found += [text for key in _VALUES for text in _literals(plain(value.get(key)))]
        left.extend(_inside(value))
    return found


def texts_at(value: Any, ways: Iterable[Way]) -> list[str]:
    """Those in the secret parts of a value."""
    found: list[str] = []

    def taken(_path: str, part: Any) -> Any:
        found.extend(_literals(part))
        return part

    hidden(value, ways, "", taken)
    return found


def _inside(value: Value) -> list[Value]:
    return [pair.value for pair in value.pairs.values()] or list(value.items)


def _literals(value: Any) -> list[str]:
    """The texts, and the numbers as texts, that are no part of a call."""
    found: list[str] = []
    left = [value]
    while left:
        part = left.pop()
        if isinstance(part, list):
            left.extend(part)
        elif isinstance(part, dict):
            left.extend(() if function_of(part) else part.values())
        elif part not in (None, "", True, False):
            found.append(str(part))
    return found
