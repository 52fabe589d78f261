"""Draws calls of every function, right in the scope where they stand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from durable_wf.dsl.functions import FUNCTIONS
from tests.dsl.fuzzing.world import World


class Scope(NamedTuple):
    """What calls may name.

    own    properties of SELF that surely have a value; None: SELF means nothing here
    ends   whether SOURCE and TARGET may be named
    nodes  nodes with such properties
    """

    own: tuple[str, ...] | None = None
    ends: bool = False
    nodes: Mapping[str, tuple[str, ...]] = {}


def call(world: World, scope: Scope, name: str | None = None) -> dict[str, Any]:
    """A call of a function, of a certain one if it is named and can stand here."""
    row = _ROWS.get(name or world.rng.choice(list(_ROWS)), _text)
    if name is None and not world.allowed(FUNCTIONS[_name_of(row)].since):
        row = _text
    made = row(world, scope)
    return made if made is not None else world.known("text")


def value(world: World, type_name: str | None, scope: Scope) -> Any:
    """A literal that fits a type, or a call, which fits all."""
    if world.is_secret(type_name):
        return world.fit(type_name)
    if world.chance(0.2):
        made = call(world, scope)
        return {**made, "type": "string"} if "get_secret" in made and world.chance(0.2) else made
    found = world.fit(type_name)
    if type_name is None and world.chance(0.2):
        return [found, {"inner": call(world, scope)}]
    return found


def _name_of(row: Any) -> str:
    return next(name for name, each in _ROWS.items() if each is row) if row is not _text else "string_lower"


def _text(world: World, _scope: Scope) -> dict[str, Any]:
    return world.known("text")


def _subject(world: World, scope: Scope) -> str | None:
    """Somebody whose attributes may be asked for."""
    names = [*scope.nodes, *(["SELF"] if scope.own is not None else []), *(["SOURCE", "TARGET"] if scope.ends else [])]
    return world.rng.choice(names) if names else None


def _keys(world: World) -> list[Any]:
    return [world.rng.choice((world.name(), 0, {"get_input": "region"})) for _ in range(world.rng.randrange(3))]


def _property(world: World, scope: Scope) -> dict[str, Any] | None:
    found = [(node, key) for node, keys in scope.nodes.items() for key in keys]
    found += [("SELF", key) for key in scope.own or ()]
    return {"get_property": list(world.rng.choice(found))} if found else None


def _of_node(name: str) -> Any:
    def made(world: World, scope: Scope) -> dict[str, Any] | None:
        subject = _subject(world, scope)
        return {name: [subject, world.name(), *_keys(world)]} if subject else None

    return made


def _dict(world: World, scope: Scope) -> dict[str, Any] | None:
    subject = _subject(world, scope)
    return {"get_attributes_dict": [subject, world.name(), [world.name(), 0]]} if subject else None


def _one(name: str, *options: Any) -> Any:
    def made(world: World, _scope: Scope) -> dict[str, Any]:
        option = world.rng.choice(options)
        return {name: option(world) if callable(option) else option}

    return made


def _merged(world: World, _scope: Scope) -> dict[str, Any]:
    return {"merge": [{world.name(): 1}, world.rng.choice(({}, {"get_secret": ["a", "b"]}, {world.name(): [2]}))]}


_ROWS: dict[str, Any] = {
    "get_input": _one("get_input", "region", ["region"], "size", ["deep", "list", 0], ["deep", "x"]),
    "get_property": _property,
    "get_attribute": _of_node("get_attribute"),
    "get_attributes_list": _of_node("get_attributes_list"),
    "get_attributes_dict": _dict,
    "get_secret": _one(
        "get_secret", World.name, lambda world: [world.name(), "key"], lambda world: world.known("text")
    ),
    "get_capability": _one(
        "get_capability", lambda world: [world.name(), "cap", *_keys(world)], [{"get_input": "region"}, "x"]
    ),
    "get_group_capability": _one("get_group_capability", ["group", "cap"], ["group", ["one", "two"], 0]),
    "get_environment_capability": _one("get_environment_capability", "cap", ["cap", "key"]),
    "get_label": _one("get_label", "label", ["label", 0]),
    "get_sys": _one(
        "get_sys", ["tenant", "name"], *(["deployment", key] for key in ("id", "name", "blueprint", "owner"))
    ),
    "get_consumers": _one("get_consumers", "ids", "names", "count", ["count"]),
    "concat": _one(
        "concat", [], lambda world: [world.text(), 5, {"get_secret": "s"}], lambda world: [world.known("text")]
    ),
    "merge": _merged,
    "string_find": _one("string_find", ["abc", "c"], [{"get_input": "region"}, "e"]),
    "string_replace": _one("string_replace", ["abc", "c", "d"], ["abc", "c", "d", 2]),
    "string_split": _one("string_split", ["a b", " "], ["a b", " ", 1]),
    "string_lower": _one("string_lower", "ABC", lambda world: world.known("text")),
    "string_upper": _one("string_upper", "abc", lambda world: world.known("text")),
}
