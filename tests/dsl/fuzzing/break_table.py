"""Breakers that the table itself gives: wrong kinds, unknown and missing keys, unknown names, numbers, versions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from durable_wf.dsl.checker import accepts
from durable_wf.dsl.grammar import BLUEPRINT, TYPES
from durable_wf.dsl.shapes import (
    Anything,
    Either,
    FunctionCall,
    Ignored,
    ListOf,
    MapOf,
    Number,
    OneOf,
    Record,
    Ref,
    Shape,
    TypeName,
)
from tests.dsl.fuzzing.blueprints import NAMESPACED
from tests.dsl.fuzzing.breaking import ROWS, Break, Breaking, Found, Row
from tests.dsl.fuzzing.table import Site, is_call
from tests.dsl.fuzzing.trees import Spot, remove
from tests.dsl.fuzzing.world import World

_KINDS: tuple[Any, ...] = (5, True, 1.5, "zztext", ["zzitem"], {"zzkey": 1}, None)


class _Change(NamedTuple):
    """How a site can be broken: by another value, or by a key that is put into it or taken out."""

    code: str
    kind: str
    value: Any = None


def _codes(shape: Shape, production: str = "") -> Iterator[tuple[str, str]]:
    """Each code that the table can give, with a production where it can."""
    for code in ("wrong-type", "unknown-key", "missing-key"):
        yield code, ""
    yield from _codes_in(shape, production)


def _codes_in(shape: Shape, name: str) -> Iterator[tuple[str, str]]:
    if isinstance(shape, Record):
        yield shape.unknown, name
        for row in shape.fields:
            own = f"{name}.{row.name}" if name else row.name
            if row.later:
                yield "not-built", ""
            if row.since > (1, 0):
                yield "feature-too-new", ""
            yield from _codes_in(row.shape, own)
    elif isinstance(shape, Either):
        yield shape.code, name
        for one in shape.shapes:
            yield from _codes_in(one, f"{name}|{type(one).__name__}")
    elif isinstance(shape, ListOf | MapOf):
        if isinstance(shape, ListOf) and shape.empty:
            yield shape.empty, name
        inner, mark = (shape.item, "[]") if isinstance(shape, ListOf) else (shape.value, ".*")
        yield from _codes_in(inner, name + mark)
    elif isinstance(shape, Number | OneOf | Ref | TypeName | FunctionCall):
        yield shape.code, name


def _changes(site: Site, version: tuple[int, int]) -> Iterator[_Change]:
    """Every way to break a site."""
    shape, value = site.shape, site.value
    if site.path in {(), ("tosca_definitions_version",), ("imports",)}:
        if site.path == () and isinstance(shape, Record):
            yield _Change("unknown-key", "unknown")
            yield from _newer(shape, value, version)
        return
    yield from _wrong_kinds(site)
    if isinstance(shape, Record):
        yield from _of_record(shape, value, version)
    elif isinstance(shape, Number) and shape.low is not None:
        yield _Change(shape.code, "value", shape.low - 1)
    elif isinstance(shape, OneOf | Ref | TypeName):
        yield _Change(shape.code, "name")
    elif isinstance(shape, ListOf) and shape.empty:
        yield _Change(shape.empty, "value", [])
    elif isinstance(shape, FunctionCall):
        yield _Change(shape.code, "value", {"zzfunction": 1})
    if isinstance(shape, TypeName):
        newer = [name for name, since in TYPES.items() if since > version]
        yield from (_Change("feature-too-new", "value", name) for name in newer)


def _wrong_kinds(site: Site) -> Iterator[_Change]:
    shape = site.shape
    is_option = "|" in site.production.rpartition(".")[2].rpartition("]")[2]  # of an Either, whose site is there too
    if is_option or isinstance(shape, Anything | Ignored):
        return
    code = shape.code if isinstance(shape, Either) else "wrong-type"
    for other in _KINDS:
        counts_as_absent = other is None and site.row is not None and not site.row.required
        if not accepts(shape, other) and not counts_as_absent:
            yield _Change(code, "value", other)


def _of_record(shape: Record, value: dict[str, Any], version: tuple[int, int]) -> Iterator[_Change]:
    yield _Change(shape.unknown, "unknown")
    for row in shape.fields:
        if row.later and row.name not in value:
            yield _Change("not-built", "later", row.name)
        if row.required and row.name in value:
            yield _Change("missing-key", "without", row.name)
    if shape.choice:
        chosen = [name for name in shape.choice if name in value]
        yield from (_Change(shape.unknown, "without", name) for name in chosen)
        yield from (_Change(shape.unknown, "second", name) for name in ("min_length", "pattern") if name not in value)
    yield from _newer(shape, value, version)


def _newer(shape: Record, value: dict[str, Any], version: tuple[int, int]) -> Iterator[_Change]:
    for row in shape.fields:
        if row.since > version and row.name not in value:
            yield _Change("feature-too-new", "row", row)


def _apply(b: Breaking, found: Found, change: _Change) -> Break | None:
    file, path = found.file, found.site.path
    what = f"{change.kind} at {found.site.production}"
    if change.code == "feature-too-new" and change.kind == "value" and _goes_with_type(b, found):
        return None
    if change.kind == "value":
        b.set(file, path, change.value)
        return Break((change.code,), [Spot(file, path)], what)
    if change.kind == "name":
        b.set(file, path, b.misspelled(found.site.value))
        return Break((change.code,), [Spot(file, path)], what)
    if change.kind == "without":
        remove(b.files[file], (*path, change.value))
        return Break((change.code,), [Spot(file, path)], f"{what}.{change.value}")
    if change.kind == "second":
        b.insert(file, path, change.value, 1 if change.value == "min_length" else "a")
        return Break((change.code,), [Spot(file, path)], what)
    if change.kind == "row":
        return _newer_row(b, found, change.value, what)
    if change.kind == "later":
        added = b.insert(file, path, change.value, _LATER[change.value])
        return Break((change.code,), [Spot(file, added, "key")], f"{what}.{change.value}")
    added = b.insert(file, path, b.fresh(), b.rng.choice(({}, 1, "text")))
    return Break((change.code,), [Spot(file, added, "key")], what)


_PLAIN_ROWS: dict[str, Any] = {
    "dsl_definitions": {"zz": 1},
    "policies": {},
    "data_types": {},
    "required": True,
    "hidden": False,
}


def _goes_with_type(b: Breaking, found: Found) -> bool:
    """Whether something stands beside a type's name that another type would not allow."""
    beside = b.value(found.file, found.site.path[:-1])
    return any(name in beside for name in ("display", "item_type", "constraints", "default"))


_LATER = {"retry": {"attempts": 5}, "timeout": 60, "on_unknown": "reattach"}


def _newer_row(b: Breaking, found: Found, row: Any, what: str) -> Break | None:
    """A row that the version does not have; with a value that is right otherwise."""
    if row.name in {"item_type", "properties"} or (row.name == "capabilities" and "instances" in found.site.value):
        return None
    world = World(b.rng, b.version)
    world.density = 0
    value = _PLAIN_ROWS[row.name] if row.name in _PLAIN_ROWS else world.value(row.shape, "")
    if row.name in {"runtime_properties", "availability_rules", "capabilities"}:
        value = {}
    added = b.insert(found.file, found.site.path, row.name, value)
    return Break(("feature-too-new",), [Spot(found.file, added, "key")], f"{what}.{row.name}")


def _is_free(b: Breaking, found: Found) -> bool:
    """Whether it may be broken: no call, and no definition that one of another file replaces."""
    path = found.site.path
    if len(path) > 1 and isinstance(path[1], str) and path[1].startswith("cloudify.") and NAMESPACED in b.files:
        return False
    return not (is_call(found.site.value) and not isinstance(found.site.shape, FunctionCall | Either))


def _run(code: str) -> Any:
    def run(b: Breaking) -> Break | None:
        found = [
            (one, change)
            for one in b.sites()
            if _is_free(b, one)
            for change in _changes(one.site, b.version)
            if change.code == code
        ]
        if not found:
            return None
        by_production: dict[str, list[Any]] = {}
        for one, change in found:
            by_production.setdefault(f"{one.site.production} {change.kind}", []).append((one, change))
        chosen = by_production[b.rng.choice(sorted(by_production))]
        return _apply(b, *b.rng.choice(chosen))

    run.__name__ = "table"
    return run


def _rows() -> Iterator[Row]:
    """One row for each code and each production that can give it; ten of the many for those that all give."""
    wants: dict[str, list[str]] = {}
    for code, production in _codes(BLUEPRINT):
        wants.setdefault(code, []).append(production)
    for code, productions in sorted(wants.items()):
        below = (1, 5) if code == "feature-too-new" else None
        for production in sorted({*productions} - {""}) or [""]:
            yield Row(code, "table", _run(code), production, below=below)


ROWS.extend(_rows())
