"""What is declared `secret: true` leaves a plan before it is stored: a call of get_secret stands in its place. Pure.

Source: design.md "Secrets", L10; docs/secrets.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Any, Protocol, TypeAlias

from durable_wf.dsl.functions import function_of, has_function

Hide: TypeAlias = "Callable[[str, Any], Any]"
"""Takes a value away: (its path in the blueprint, the value) -> the call that gives it from now on."""

Way: TypeAlias = "tuple[str, ...]"
"""Names from a value inwards, through values of data types; () is the value itself."""

WHOLE: tuple[Way, ...] = ((),)


def by_path(path: str, _value: Any) -> Any:
    """A call that names the path: for plans that are shown and not stored. A `Hide`."""
    return {"get_secret": f"@{path}"}


class Declared(Protocol):
    """A property, an input or a parameter, compiled or not."""

    @property
    def type(self) -> str | None: ...

    @property
    def secret(self) -> bool | None: ...


class Typed(Protocol):
    """A data type, compiled or not."""

    @property
    def properties(self) -> Mapping[str, Declared]: ...


class Secrets:
    """Which parts of values are declared secret.

    types   the data types; none is made of itself
    """

    def __init__(self, types: Mapping[str, Typed]) -> None:
        self._types = types
        self._ways: dict[str, tuple[Way, ...]] = {}
        self._owners: dict[int, tuple[Typed, tuple[Way, ...]]] = {}

    @cached_property
    def any_typed(self) -> bool:
        """Whether any data type has secret parts."""
        return any(map(self.of_type, self._types))

    def ways(self, one: Declared) -> tuple[Way, ...]:
        """Ways to the secret parts of a value; () where there are none."""
        return WHOLE if one.secret else self.of_type(one.type)

    def of_type(self, name: str | None) -> tuple[Way, ...]:
        """Those that a data type alone says; () for any other type."""
        if name is None or name not in self._types:
            return ()
        if name not in self._ways:
            self._ways[name] = self.of(self._types[name].properties)
        return self._ways[name]

    def of_owner(self, one: Typed | None) -> tuple[Way, ...]:
        """Those of the properties of what has this type, the same object for each."""
        if one is None:
            return ()
        if id(one) not in self._owners:
            self._owners[id(one)] = (one, self.of(one.properties))
        return self._owners[id(one)][1]

    def of(self, declared: Mapping[str, Declared]) -> tuple[Way, ...]:
        """Those of a mapping of declared values."""
        return tuple([(name, *way) for name, one in declared.items() for way in self.ways(one)])


def hidden(value: Any, ways: Iterable[Way], path: str, hide: Hide) -> Any:
    """`value` with its secret parts taken away; new data where there are any. Calls stay: they hold no values.

    path   of the value, in the blueprint
    """
    for way in ways:
        value = _hidden_at(value, way, path, hide)
    return value


def _hidden_at(value: Any, way: Way, path: str, hide: Hide) -> Any:
    if not way:
        return _taken(value, path, hide)
    if not isinstance(value, dict) or function_of(value) or way[0] not in value:
        return value
    return {**value, way[0]: _hidden_at(value[way[0]], way[1:], f"{path}.{way[0]}", hide)}


def _taken(value: Any, path: str, hide: Hide) -> Any:
    if value is None or value in ("", {}, []):
        return value
    if not has_function(value):
        return hide(path, value)
    if isinstance(value, list):
        return [_taken(item, f"{path}[{index}]", hide) for index, item in enumerate(value)]
    if not isinstance(value, dict):
        return value
    name = function_of(value)
    if name is None or name == "concat":  # texts in a concat are parts of the value; arguments of others are names
        names = [key for key in value if name is None or key != "type"]
        return {**value, **{key: _taken(value[key], f"{path}.{key}", hide) for key in names}}
    return value
