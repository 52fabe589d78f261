"""The grammar's table, and what walking it costs."""

import pytest

from durable_wf.dsl import compile as compiler
from durable_wf.dsl.calls import CallChecker
from durable_wf.dsl.checker import Checker
from durable_wf.dsl.functions import FUNCTIONS
from durable_wf.dsl.grammar import BLUEPRINT, SECTIONS, TYPES
from durable_wf.dsl.problems import Report
from durable_wf.dsl.sentences import FUNCTION_SENTENCES, TYPE_SENTENCES
from durable_wf.dsl.shapes import Either, ListOf, MapOf, Record
from durable_wf.dsl.source import Limits
from tests.dsl.kit import HEAD, compiled, problems

SECTIONS_OF_THE_REFERENCE = {
    *("tosca_definitions_version", "description", "imports", "dsl_definitions", "metadata", "inputs", "plugins"),
    *("node_types", "relationships", "node_templates", "policy_types", "policy_triggers", "groups", "policies"),
    *("workflows", "outputs", "data_types", "capabilities", "labels", "blueprint_labels", "deployment_settings"),
    *("resource_tags", "imported_blueprints", "namespaces_mapping", "upload_resources"),
}


def rows(shape, path=""):
    """Every field of the table with its path."""
    if isinstance(shape, Record):
        for row in shape.fields:
            yield f"{path}.{row.name}", row
            yield from rows(row.shape, f"{path}.{row.name}")
    elif isinstance(shape, Either):
        for one in shape.shapes:
            yield from rows(one, path)
    elif isinstance(shape, MapOf):
        yield from rows(shape.value, f"{path}.*")
    elif isinstance(shape, ListOf):
        yield from rows(shape.item, f"{path}[]")


def test_the_table_knows_every_section():
    """§2; nothing is silently ignored."""
    assert {row.name for row in BLUEPRINT.fields} == SECTIONS_OF_THE_REFERENCE
    assert set(SECTIONS) <= SECTIONS_OF_THE_REFERENCE


def test_rows_of_a_record_have_their_own_names():
    """A name twice in one record would hide a row."""
    names = [path for path, _ in rows(BLUEPRINT)]
    assert len(names) == len(set(names))


def records(shape):
    """Every record of the table."""
    if isinstance(shape, Record):
        yield shape
    for one in [row.shape for row in getattr(shape, "fields", ())] or getattr(shape, "shapes", ()):
        yield from records(one)
    for one in (getattr(shape, "value", None), getattr(shape, "item", None)):
        if one is not None:
            yield from records(one)


def test_every_row_says_what_it_is_for():
    """docs/language.md and the schema for editors show these sentences; there is nothing else to read there."""
    for path, row in rows(BLUEPRINT):
        assert row.doc.endswith("."), path


def test_every_record_has_a_name_of_its_own():
    """Headings of docs/language.md, and `$defs` of the schema."""
    names = {}
    for record in records(BLUEPRINT):
        assert record.name, [row.name for row in record.fields]
        assert names.setdefault(record.name, record) is record, record.name


def test_every_type_and_function_has_a_sentence():
    assert set(TYPE_SENTENCES) == set(TYPES)
    assert set(FUNCTION_SENTENCES) == {name for name, row in FUNCTIONS.items() if row.custom is None}
    assert all(one.endswith(".") for one in (*TYPE_SENTENCES.values(), *FUNCTION_SENTENCES.values()))


KINDS = ["null", "true", "5", "1.5", ".nan", "text", "[x]", "{x: 1}", "2024-01-01"]


@pytest.mark.parametrize("name", sorted(SECTIONS_OF_THE_REFERENCE - {"imports", "tosca_definitions_version"}))
@pytest.mark.parametrize("value", KINDS)
def test_any_kind_of_value_anywhere(name, value):
    """reliability.md §2c: every field × every kind: it compiles, or the problem names the place."""
    head = "\n".join(line for line in HEAD.splitlines() if line.startswith(("tosca", "imports"))) + "\n"
    for text in (f"{name}: {value}", f"{name}: {{a: {value}}}", f"{name}: {{a: {{type: {value}, value: {value}}}}}"):
        for one in problems(text, head):
            assert one.line == 3
            assert one.path.startswith(name)


def built_rows():
    return [(path, row.name) for path, row in rows(BLUEPRINT) if path.count(".") > 1]


@pytest.mark.parametrize("value", KINDS)
def test_any_kind_of_value_in_every_row(value):
    """The same for every row of the table, as deep as it lies."""
    for path, name in built_rows():
        keys = path.replace("[]", ".[]").strip(".").split(".")
        document = f"{{{name}: {value}}}"
        for key in reversed(keys[:-1]):
            document = f"[{document}]" if key == "[]" else f"{{{'n' if key == '*' else key}: {document}}}"
        for one in problems(document, head=""):
            assert one.line == 1, (path, one)


def test_the_cost_of_a_template_does_not_grow(monkeypatch):
    """P13, P14: counted, not timed: ten times the templates are ten times the visits, to the visit."""
    counts = {size: work_of(size, monkeypatch) for size in (100, 1000, 2000)}
    for kind in ("visits", "calls"):
        small, large, larger = (counts[size][kind] for size in (100, 1000, 2000))
        assert (larger - large) * 9 == (large - small) * 10


def work_of(size, monkeypatch):
    """Values that the checker looks at, and calls of functions that are checked."""
    made, called, real = [], [], CallChecker._call
    with monkeypatch.context() as patch:
        patch.setattr(compiler, "Checker", lambda report: made.append(Checker(report)) or made[-1])
        patch.setattr(CallChecker, "_call", lambda self, *args: called.append(1) or real(self, *args))
        compiled(many(size), HEAD, Limits(values=10**6))
    return {"visits": made[0].visits, "calls": len(called)}


def many(size):
    nodes = "".join(
        f"  n{n}: {{type: T, properties: {{x: {n}}}, "
        f"relationships: [{{type: cloudify.relationships.connected_to, target: n{n - 1}}}]}}\n"
        for n in range(1, size + 1)
    )
    types = """
node_types:
  T:
    derived_from: cloudify.nodes.Root
    properties: {x: {type: integer}, y: {default: {get_property: [SELF, x]}}}
    interfaces: {i: {go: {implementation: p.go, inputs: {a: {default: {get_property: [SELF, y]}}}}}}
node_templates:
  n0: {type: cloudify.nodes.Root}
"""
    return types + nodes


def test_hints_do_not_cost_the_square():
    """A file full of unknown names asks only so often what was meant."""
    report = Report()
    names = [f"name{n}" for n in range(1000)]
    asked = [report.similar("nome5", names) for _ in range(1000)]
    assert asked[0] is not None
    assert asked[-1] is None
