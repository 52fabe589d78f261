"""Shapes of the grammar as text and tables of Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from durable_wf.dsl.not_yet import NOT_YET
from durable_wf.dsl.shapes import (
    OLDEST,
    Anything,
    Boolean,
    CodePath,
    Either,
    Field,
    FunctionCall,
    Ignored,
    ListOf,
    MapOf,
    Name,
    Nothing,
    Number,
    OneOf,
    Record,
    Ref,
    Shape,
    Text,
    TypeName,
    Version,
)

MANY_ROWS = 10


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in lines)


def link(name: str, heading: str | None = None) -> str:
    """A link to a heading of the same page."""
    return f"[{name}](#{(heading or name).lower().replace(' ', '-')})"


def version(since: Version) -> str:
    """A version as people call it; empty for the oldest, which needs no mention."""
    return "" if since == OLDEST else "{}_{}".format(*since)


def records(shape: Shape) -> Iterator[Record]:
    """Every record in a shape, outer ones first."""
    if isinstance(shape, Record):
        yield shape
        for row in shape.fields:
            yield from records(row.shape)
    elif isinstance(shape, Either):
        for one in shape.shapes:
            yield from records(one)
    elif isinstance(shape, MapOf):
        yield from records(shape.value)
    elif isinstance(shape, ListOf):
        yield from records(shape.item)


def words(shape: Shape) -> str:
    """What may stand where a shape is asked for, with links to what this page says of it."""
    return _WORDS[type(shape)](shape)


def _number(shape: Number) -> str:
    name = "whole number" if shape.whole else "number"
    return name if shape.low is None else f"{name} (at least {shape.low})"


def _alternatives(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " or " + parts[-1]


def _one_of(shape: OneOf) -> str:
    return _alternatives([f"`{word}`" for word in shape.words])


def _container(name: str, inner: Shape) -> str:
    text = words(inner).replace("name of", "names of", 1)
    if isinstance(inner, MapOf | ListOf):
        return f"{name} of {text.replace('mapping', 'mappings', 1).replace('list', 'lists', 1)}"
    return f"{name} of ({text})" if isinstance(inner, Either | OneOf) else f"{name} of {text}"


def _ref(shape: Ref) -> str:
    what = {"type": "node type", "node or group": "node template"}.get(shape.what, shape.what)
    text = f"name of a {link(what, _HEADINGS.get(what))}"
    return f"{text} or a {link(shape.also.removesuffix('s'), shape.also)}" if shape.also else text


_HEADINGS = {"trigger type": "policy trigger type"}

_WORDS: dict[type, Callable[[Any], str]] = {
    Anything: lambda _: "any value",
    Nothing: lambda _: "nothing",
    Text: lambda _: "text",
    CodePath: lambda _: link("code"),
    Boolean: lambda _: "`true` or `false`",
    Number: _number,
    OneOf: _one_of,
    TypeName: lambda shape: (
        f"name of one of the language's own {link('types')}"
        if shape.is_primitive
        else f"name of a {link('type', 'types')}"
    ),
    Ref: _ref,
    Name: lambda shape: f"name of a {link(shape.section.removesuffix('s').replace('_', ' '))}",
    ListOf: lambda shape: _container("list", shape.item),
    MapOf: lambda shape: _container("mapping", shape.value),
    Either: lambda shape: _alternatives([words(one) for one in shape.shapes]),
    FunctionCall: lambda _: f"a {link('function', 'functions')}",
    Ignored: lambda _: "any value",
    Record: lambda shape: link(shape.name),
}


def row(field: Field, name: str | None = None) -> tuple[str, str, str, str]:
    """A row of the grammar: key, what may stand there, since when, and what for."""
    key = name or f"`{field.name}`"
    doc = f"{field.doc} An old form: use `{field.old}`." if field.old else field.doc
    if field.later in NOT_YET:
        doc += f" Not all of it can be done yet: {NOT_YET[field.later].why}."
    return (f"{key} *required*" if field.required else key), words(field.shape), version(field.since), doc


def record_table(record: Record, earlier: Sequence[Record]) -> str:
    """The keys of a record; a long one that has only rows of an earlier one is said in a sentence."""
    wider = next((one for one in earlier if set(record.fields) < set(one.fields)), None)
    if wider is not None and len(record.fields) > MANY_ROWS:
        less = ", ".join(f"`{one.name}`" for one in wider.fields if one not in record.fields)
        return f"As {link(wider.name)}, without {less}."
    found = table(("key", "what stands there", "since", "what for"), map(row, record.fields))
    return f"Exactly one of these keys:\n\n{found}" if len(record.choice) == len(record.fields) else found
