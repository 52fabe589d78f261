"""Node types and relationship types with all that they are derived from merged in.

Walks are iterative: a chain of a thousand types is no deeper than one. A type whose ancestry could not be
read to its root is `is_complete = False`; what may come from the missing part is not called undefined.

Source: reference/blueprint-dsl.md §6, §7, §8 (type over parent type), §11.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from durable_wf.dsl.grammar import TYPES
from durable_wf.dsl.problems import Place, Report, kinds
from durable_wf.dsl.source import Pair, Value, child, plain
from durable_wf.dsl.values import fits


@dataclass(frozen=True, slots=True)
class Schema:
    """A property, input or parameter as declared.

    type      None: anything fits, or it was reported
    default   None: there is none; a default of null is a Value
    path      where it was declared, in whichever type that was
    place     of the type's name, if there is one
    below     the parent type's declaration of that name, if it has the same type: of a data type, its default
              completes this one
    secret    None: it does not say; then it is what the parent type's is
    """

    type: str | None
    default: Value | None
    required: bool
    path: str
    place: Place | None = None
    description: str = ""
    below: Schema | None = None
    secret: bool | None = None


class Declared(NamedTuple):
    """An operation as written in a type, and the path where that is."""

    value: Value
    path: str


@dataclass(frozen=True, slots=True)
class TypeInfo:
    """A type with its ancestors merged in.

    hierarchy     root first, own name last
    interfaces    by key of the type (`interfaces`, or `source_interfaces` and `target_interfaces`), then by
                  interface and operation: the operation as written, with its place
    """

    name: str
    hierarchy: tuple[str, ...]
    properties: Mapping[str, Schema]
    interfaces: Mapping[str, Mapping[str, Mapping[str, Declared]]]
    is_complete: bool


RELATIONSHIP_KEYS = ("source_interfaces", "target_interfaces")
INTERFACE_KEYS = ("interfaces", *RELATIONSHIP_KEYS)


def derive(types: Mapping[str, Pair], section: str, report: Report) -> dict[str, TypeInfo]:
    """All types of a section, in the order of the section.

    types     checked entries; parents that do not exist are BAD by now
    section   node_types or relationships; for paths
    report    gets circles
    cost      linear in the types and in what they inherit
    """
    done: dict[str, TypeInfo] = {}
    for name in types:
        chain: list[str] = []
        seen: set[str] = set()
        step: str | None = name
        while step is not None and step not in done and step not in seen:
            chain.append(step)
            seen.add(step)
            step = _parent(types[step].value)
        if step in seen:
            _report_circle(chain[chain.index(step) :], types, section, report)
        for one in reversed(chain):
            parent = _parent(types[one].value)
            in_circle = parent in seen and parent not in done
            known = None if in_circle or parent is None else done[parent]
            above = types[one].value.get("derived_from")
            is_guess = above is not None and above.place in report.guessed
            done[one] = _derived(child(section, one), types[one].value, known, is_unsure=in_circle or is_guess)
    return {name: done[name] for name in types}


def _parent(value: Value) -> str | None:
    parent = value.get("derived_from")
    return parent.text if parent else None


def _report_circle(circle: list[str], types: Mapping[str, Pair], section: str, report: Report) -> None:
    """One problem for a circle, at its first type in the file."""
    first = min(circle, key=lambda name: types[name].key)
    at = circle.index(first)
    path = " -> ".join([*circle[at:], *circle[:at], first])
    where = types[first].value.get("derived_from")
    place = where.place if where else types[first].key
    report.add(
        "circular-derivation", f"types are derived in a circle: {path}", place, f"{section}.{first}.derived_from"
    )


def _derived(path: str, value: Value, parent: TypeInfo | None, *, is_unsure: bool) -> TypeInfo:
    name = path.partition(".")[2]
    parts = (value, value.get("derived_from"), value.get("properties"))
    unread = is_unsure or any(part is not None and part.is_bad for part in parts)
    inherited = parent.properties if parent else {}
    properties = value.get("properties")
    unread = unread or any(pair.value.is_bad for pair in (properties.pairs if properties else {}).values())
    given_here = schemas(properties, child(path, "properties"))
    own = {key: _over(one, inherited.get(key)) for key, one in given_here.items()}
    return TypeInfo(
        name,
        (*(parent.hierarchy if parent else ()), name),
        {**inherited, **own} if own else inherited,
        {
            key: _merged(parent.interfaces[key] if parent else {}, value.get(key), child(path, key))
            for key in INTERFACE_KEYS
        },
        not unread and (parent is None or parent.is_complete),
    )


def schemas(value: Value | None, path: str) -> dict[str, Schema]:
    """The declarations in a mapping of property, input or parameter schemas."""
    return {name: _schema(pair.value, child(path, name)) for name, pair in value.pairs.items()} if value else {}


def _schema(value: Value, path: str) -> Schema:
    type_name, required = value.get("type"), value.get("required")
    is_required = not value.is_bad and (required is None or required.content is True)
    place, description = type_name.place if type_name else None, value.get("description")
    secret = value.get("secret")
    return Schema(
        type_name.text if type_name else None,
        value.get("default"),
        is_required,
        path,
        place,
        (description.text if description else None) or "",
        secret=secret.content if secret and isinstance(secret.content, bool) else None,
    )


def _over(own: Schema, inherited: Schema | None) -> Schema:
    if inherited is None:
        return own
    if own.secret is None and inherited.secret:
        own = replace(own, secret=True)
    if own.type is None or own.type in TYPES or own.type != inherited.type:
        return own
    return replace(own, below=inherited)


def _merged(
    inherited: Mapping[str, Mapping[str, Declared]], own: Value | None, path: str
) -> Mapping[str, Mapping[str, Declared]]:
    """An operation given in the child replaces the parent's entirely."""
    if not own or not own.pairs:
        return inherited
    found = dict(inherited)
    for name, pair in own.pairs.items():
        where = child(path, name)
        operations = {op: Declared(inner.value, child(where, op)) for op, inner in pair.value.pairs.items()}
        found[name] = {**inherited.get(name, {}), **operations}
    return found


def check_value(value: Value, type_name: str | None, path: str, report: Report, code: str = "value-mismatch") -> None:
    """Report a literal that does not fit a primitive type. Functions fit until they are evaluated."""
    report.spellings.expect(value.place, type_name)
    if type_name is not None and not value.is_bad and not fits(type_name, plain(value)):
        message = f"{kinds(value.content)} does not fit the type '{type_name}'"
        report.add(code, message, value.place, path, hint=report.spellings.hint(value.place, type_name))
