"""The grammar's table as productions: each row, and each alternative of a shape. Which of them a document uses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from durable_wf.dsl.checker import accepts
from durable_wf.dsl.functions import FUNCTIONS, function_of
from durable_wf.dsl.grammar import BLUEPRINT, TYPES
from durable_wf.dsl.not_yet import refusal
from durable_wf.dsl.shapes import (
    OLDEST,
    Either,
    Field,
    FunctionCall,
    ListOf,
    MapOf,
    OneOf,
    Record,
    Shape,
    TypeName,
    Version,
)
from tests.dsl.fuzzing.trees import Path, Raw, parts


class Site(NamedTuple):
    """A value of a document with the shape that it has by the table.

    production  such as `inputs.*.constraints[].equal|Number`
    row         the row whose value it is; None for what is in a list or a mapping of names
    """

    path: Path
    value: Any
    shape: Shape
    production: str
    row: Field | None = None


_OF_ROW = dict.fromkeys(("filter_id", "labels", "tenants", "name_pattern", "deployment_id"), (1, 4))
"""Rows that are only for types that are younger than they."""


def _named(production: str, name: str) -> str:
    return f"{production}.{name}" if production else name


def is_refused(row: Field) -> bool:
    """Whether no value of a row is built yet."""
    return refusal(row.later, {}) is not None


def productions(
    shape: Shape = BLUEPRINT, name: str = "", since: Version = OLDEST, later: str = ""
) -> Iterator[tuple[str, Version]]:
    """Every production that a valid blueprint can use, and the version that it needs."""
    if isinstance(shape, Record):
        for row in shape.fields:
            if not is_refused(row):
                needed = max(since, row.since, _OF_ROW.get(row.name, OLDEST))
                yield _named(name, row.name), needed
                yield from productions(row.shape, _named(name, row.name), needed, row.later)
    elif isinstance(shape, OneOf):
        yield from ((f"{name}={word}", since) for word in shape.words if refusal(later, word) is None)
    else:
        for inner, ending in _inner(shape):
            yield f"{name}{ending}", since
            yield from productions(inner, f"{name}{ending}", since)


def _inner(shape: Shape) -> list[tuple[Shape, str]]:
    """The shapes that one is made of, each with what its productions have after the name."""
    if isinstance(shape, Either):
        return [(one, f"|{type(one).__name__}") for one in shape.shapes]
    if isinstance(shape, MapOf):
        return [(shape.value, ".*")]
    return [(shape.item, "[]")] if isinstance(shape, ListOf) else []


def all_productions() -> dict[str, Version]:
    """Those of the table, the functions, and the types of the language."""
    found = dict(productions())
    found.update({f"function {row.name}": row.since for row in FUNCTIONS.values()})
    found.update({f"type {name}": since for name, since in TYPES.items()})
    return found


def sites(
    value: Any, shape: Shape = BLUEPRINT, path: Path = (), name: str = "", row: Field | None = None
) -> Iterator[Site]:
    """Every value of a document that the table describes, outer ones first."""
    yield Site(path, value, shape, name, row)
    if isinstance(shape, Either):
        chosen = next((one for one in shape.shapes if accepts(one, value)), None)
        if chosen is not None:
            yield from sites(value, chosen, path, f"{name}|{type(chosen).__name__}", row)
    elif isinstance(shape, Record) and isinstance(value, dict):
        rows = {one.name: one for one in shape.fields}
        for key, inner in value.items():
            if key in rows:
                yield from sites(inner, rows[key].shape, (*path, key), _named(name, key), rows[key])
    elif isinstance(shape, MapOf) and isinstance(value, dict):
        for key, inner in value.items():
            yield from sites(inner, shape.value, (*path, key), f"{name}.*")
    elif isinstance(shape, ListOf) and isinstance(value, list):
        for index, inner in enumerate(value):
            yield from sites(inner, shape.item, (*path, index), f"{name}[]")


def used(document: Any) -> set[str]:
    """The productions that a document uses."""
    found: set[str] = set()
    for site in sites(document):
        found.add(site.production)
        if isinstance(site.shape, OneOf):
            found.add(f"{site.production}={site.value}")
        if isinstance(site.shape, TypeName) and site.value in TYPES:
            found.add(f"type {site.value}")
    for _, value in parts(document):
        if isinstance(value, dict) and not any(isinstance(key, Raw) for key in value):
            name = function_of(value)
            if name:
                found.add(f"function {name}")
    return found - {""}


def is_call(value: Any) -> bool:
    """Whether a value is a call of a function."""
    return isinstance(value, dict) and function_of(value) is not None


__all__ = ["FunctionCall", "Site", "all_productions", "is_call", "productions", "sites", "used"]
