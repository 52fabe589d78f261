"""Puts docs/language.md together."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from durable_wf.dsl.arguments import ARGUMENTS
from durable_wf.dsl.codes import CODES
from durable_wf.dsl.functions import FUNCTIONS
from durable_wf.dsl.grammar import BLUEPRINT, TYPES, VERSIONS
from durable_wf.dsl.sentences import FUNCTION_SENTENCES, TYPE_SENTENCES
from durable_wf.dsl.shapes import OLDEST, Field, Record, Version
from tools.language import builtin
from tools.language.tables import link, record_table, records, row, table, version

PARTS = Path(__file__).parent / "parts"
MADE = "<!-- Made by tools/gen_language.py from durable_wf/dsl and tools/language/parts; do not edit. -->"

_GATES_ELSEWHERE = {
    (1, 3): "inputs, outputs, node templates, capabilities and labels in several files",
    (1, 5): "an import with properties of plugins",
}
"""What versions added that is no row of a table: document.py and imports.py know it."""


_ELSEWHERE = {"tosca_definitions_version": f"a {link('version', 'versions')}", "imports": "list of imports"}
"""What stands in sections that other code than the table's checker checks."""


def page() -> str:
    """The whole page."""
    parts = [
        MADE,
        _part("head"),
        _contents(),
        f"## Versions\n\n{_part('versions')}\n\n{_versions()}",
        f"## Sections\n\nWhat a file may have. None must be there but the first, in the main file.\n\n{_sections()}",
        *_each_section(),
        f"## Code\n\n{_part('code')}",
        f"## Types\n\n{_part('types')}\n\n{_types()}",
        f"## Functions\n\n{_part('functions')}\n\n{_functions()}",
        f"## Built-in types\n\n{_part('builtin')}",
        *builtin.sections(),
        f"## Errors\n\n{_part('errors')}\n\n{_errors()}",
    ]
    return "\n\n".join(parts) + "\n"


def _part(name: str) -> str:
    """What is written by hand for a heading; empty where nothing is."""
    path = PARTS / f"{name}.md"
    return path.read_text(encoding="utf-8").strip() if path.exists() else ""


def _contents() -> str:
    names = ("Versions", "Sections", "Code", "Types", "Functions", "Built-in types", "Errors")
    return "On this page: " + ", ".join(link(name) for name in names) + "."


def _has_heading(field: Field) -> bool:
    return next(records(field.shape), None) is not None or bool(_part(field.name))


def _sections() -> str:
    rows = []
    for one in BLUEPRINT.fields:
        key, what, *rest = row(one, link(f"`{one.name}`", one.name) if _has_heading(one) else None)
        rows.append((key, _ELSEWHERE.get(one.name, what), *rest))
    return table(("section", "what stands there", "since", "what for"), rows)


def _each_section() -> Iterator[str]:
    """Each section's heading, what is written of it, and the tables of records that were not met before."""
    met: list[Record] = []
    for section in filter(_has_heading, BLUEPRINT.fields):
        new = []
        for one in records(section.shape):
            if not any(one is other for other in (*met, *new)):
                new.append(one)
        tables = []
        for one in new:
            tables.append(f"### {one.name}\n\n{record_table(one, met)}")
            met.append(one)
        yield "\n\n".join([f"## {section.name}", *filter(None, [_about(section)]), *tables])


def _about(section: Field) -> str:
    return _part(section.name) or section.doc


def _versions() -> str:
    rows = ((f"`{name}`", "; ".join(_added(since))) for name, since in VERSIONS.items())
    return table(("version", "what it added"), rows)


def _added(since: Version) -> Iterator[str]:
    """What a version added, with links to where it is described."""
    if since == OLDEST:
        yield "all that has no other version beside it"
        return
    tables = [
        (link(one.name, "sections" if one is BLUEPRINT else None), {field.name: field.since for field in one.fields})
        for one in _all_records()
    ]
    tables += [(link("types"), dict(TYPES)), (link("functions"), {name: one.since for name, one in FUNCTIONS.items()})]
    for where, names in tables:
        new = [f"`{name}`" for name, first in names.items() if first == since]
        if new:
            yield f"{where}: {', '.join(new)}"
    if since in _GATES_ELSEWHERE:
        yield _GATES_ELSEWHERE[since]


def _all_records() -> list[Record]:
    found: list[Record] = []
    for one in records(BLUEPRINT):
        if not any(one is other for other in found):
            found.append(one)
    return found


def _types() -> str:
    return table(
        ("type", "since", "what fits it"), ((f"`{k}`", version(v), TYPE_SENTENCES[k]) for k, v in TYPES.items())
    )


def _functions() -> str:
    rows = (
        (
            f"`{name}`",
            ARGUMENTS[name].expected,
            FUNCTION_SENTENCES[name],
            "at creation" if one.at_creation else "when read",
            version(one.since),
        )
        for name, one in FUNCTIONS.items()
        if one.custom is None
    )
    return table(("function", "arguments", "what it gives", "evaluated", "since"), rows)


def _errors() -> str:
    rows = ((f"`{one.name}`", str(one.number or ""), one.explanation) for one in CODES.values())
    return table(("code", "number", "what it means"), rows)
