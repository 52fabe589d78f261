"""Each row of the grammar, and each row of the other tables, has blueprints that are accepted and refused with it.

What is to be shown comes from the tables, what is shown from the blueprints of `cases/`; nobody declares it. So a new
row or code fails here until it has its cases, by its name. CONTRIBUTING.md says how to add them.
"""

import re
from functools import cache

import pytest

from durable_wf.dsl.codes import CODES, NOT_OURS
from durable_wf.dsl.declared_shapes import OPERATORS
from durable_wf.dsl.functions import FUNCTIONS
from durable_wf.dsl.grammar import BLUEPRINT, TYPES, VERSIONS
from durable_wf.dsl.not_yet import refusal
from durable_wf.dsl.shapes import NEWEST, OLDEST, Either, Field, Ignored, OneOf, Record, Text
from durable_wf.dsl.values import fits
from tests.dsl.catalogue import CATALOGUE
from tests.dsl.made import MADE
from tests.dsl.pairs import all_pairs
from tests.dsl.samples import Sample, accepted_samples, problems_of, refused_samples
from tests.dsl.showing import TABLE, Feature, Table, accepted, calls, refused, seen, tree

NOT_VIOLATED = {
    **dict.fromkeys(("filter_id", "labels", "tenants", "deployment_id"), "it asks a server, and is not checked"),
    "name_pattern": "it is checked when a deployment is created: test_creation.py",
}


@cache
def shown(good_ones=None, bad_ones=None):
    """What is accepted somewhere, and what is refused somewhere; of all blueprints where none are given."""
    good_ones = accepted_samples() if good_ones is None else good_ones
    bad_ones = refused_samples() if bad_ones is None else bad_ones
    good = {each for one in good_ones for each in accepted(dict(one.files))}
    bad = {each for one in bad_ones for each in refused(dict(one.files), problems_of(one))}
    good |= {Feature("code", code) for code in (*MADE, *(pair.code for pair in all_pairs()))}
    bad |= {Feature("code", code) for code in MADE}
    bad |= {Feature("code", one.code) for sample in bad_ones for one in problems_of(sample)}
    return good, bad


def to_be_accepted(table=TABLE, codes=CODES):
    """What is not built, from the list of that, cannot be accepted."""
    yield from (Feature("row", name) for name, row in table.rows.items() if not refusal(row.later, ...))
    yield from (Feature("choice", name) for name in table.choices)
    for word in table.words:
        name, _, text = word.partition(": ")
        if name not in table.rows or not refusal(table.rows[name].later, text):
            yield Feature("word", word)
    yield from (Feature("function", name) for name in FUNCTIONS)
    yield from (Feature("type", name) for name in TYPES)
    yield from (Feature("constraint", name) for name in OPERATORS)
    yield from (Feature("code", name) for name in codes)


def to_be_refused(table=TABLE, codes=CODES):
    """Rows that are ignored, and types that take every value, cannot be refused."""
    yield from (Feature("row", name) for name, row in table.rows.items() if not isinstance(row.shape, Ignored))
    yield from (Feature("required", name) for name, row in table.rows.items() if row.required)
    yield from (Feature("function", name) for name in FUNCTIONS)
    yield from (Feature("type", name) for name in TYPES if not all(fits(name, value) for value in KINDS))
    yield from (Feature("constraint", name) for name in OPERATORS if name not in NOT_VIOLATED)
    yield from (Feature("code", name) for name in codes)


KINDS = (None, True, 5, 0.5, "(", [], {})


def difference(wanted, found):
    """What is wanted and not found, as a list for people."""
    return sorted(map(str, set(wanted) - found))


def test_everything_is_accepted_somewhere():
    """Rows and what they may be, words, functions, types, constraints, codes (mended)."""
    assert difference(to_be_accepted(), shown()[0]) == []


def test_everything_is_refused_somewhere():
    """Rows, required ones that are missing, functions, types, constraints, codes."""
    assert difference(to_be_refused(), shown()[1]) == []


def test_exceptions_are_not_out_of_date():
    """What is excepted from being shown is there, and is not shown."""
    bad = shown()[1]
    assert set(NOT_VIOLATED) <= set(OPERATORS)
    assert not bad & {Feature("constraint", name) for name in NOT_VIOLATED}


@pytest.mark.parametrize("which", [0, 1], ids=["accepted", "refused"])
def test_a_thing_without_its_case_is_named(which):
    """The difference is none because all is shown, not because nothing is looked for: each alone is missed."""
    wanted = set((to_be_accepted, to_be_refused)[which]())
    assert len(wanted) > 300
    for one in wanted:
        assert difference(wanted, shown()[which] - {one}) == [str(one)]


def test_a_row_or_code_that_is_new_is_named():
    """As whoever adds one will see it."""
    table = Table()
    table.add(Record((*BLUEPRINT.fields, Field("new", Either((Text(), OneOf(("word",)))), required=True))))
    codes = (*CODES, "new-code")
    good, bad = ["choice new as OneOf", "choice new as Text", "code new-code", "row new", "word new: word"], shown()[1]
    assert difference(to_be_accepted(table, codes), shown()[0]) == good
    assert difference(to_be_refused(table, codes), bad) == ["code new-code", "required new", "row new"]


def test_what_only_one_blueprint_shows_is_named_without_it():
    """Each file is there for something, and what a file shows is found again in the difference."""
    without = tuple(one for one in accepted_samples() if one.name != "plugins.yaml")
    named = difference(to_be_accepted(), shown(without)[0])
    assert {"row plugins.*.distribution", "word plugins.*.properties.*.type: float"} <= set(named)
    without = tuple(one for one in refused_samples() if one.name not in {"group_rows.yaml", "several-policies"})
    named = difference(to_be_refused(), shown(bad_ones=without)[1])
    assert {"row groups.*.policies", "required policies.*.targets"} <= set(named)
    assert "code several-policies" not in named  # groups.yaml has it too


@pytest.mark.parametrize(
    ("line", "good", "bad"),
    [
        ("inputs: {a: {default: 5}}", {"row inputs", "row inputs.*.default"}, set()),
        ("inputs: {a: {type: integer, default: x}}", None, {"row inputs.*.default", "type integer"}),
        ("inputs: {a: {defualt: 5}}", None, {"row inputs"}),
        ("outputs: {a: {}}", None, {"row outputs.*.value", "required outputs.*.value"}),
        ("outputs: {a: {value: {concat: 5}}}", None, {"row outputs.*.value", "function concat"}),
        ("inputs: {a: {default: 5, constraints: [{equal: 6}, {less_than: 6}]}}", None, "constraint equal"),
        ("inputs: {a: {default: 5, constraints: [{less_than: 6}]}}", "constraint less_than", set()),
        ("dsl_definitions:", {"row tosca_definitions_version", "choice dsl_definitions as Nothing"}, set()),
    ],
)
def test_what_a_blueprint_shows(line, good, bad):
    """The counting itself, on one line each; None: it is not accepted."""
    sample = Sample("one", (("main.yaml", f"tosca_definitions_version: cloudify_dsl_1_5\n{line}\n"),))
    files, problems = dict(sample.files), problems_of(sample)
    assert (problems == ()) == (good is not None)
    told = set(map(str, refused(files, problems)))
    assert told == bad if isinstance(bad, set) else bad in told
    if good is not None:
        assert {good} if isinstance(good, str) else good <= set(map(str, accepted(files)))


def test_each_number_of_the_reference_is_said_by_a_code():
    """§18: each meaning has codes of ours, which have its number; or NOT_OURS has a reason."""
    for one in CATALOGUE:
        numbers = {CODES[code].number for code in one.codes}
        assert set(one.numbers) <= numbers or set(one.numbers) <= set(NOT_OURS), one
    assert not set(NOT_OURS) & {code.number for code in CODES.values()}


def test_no_code_has_a_number_that_the_reference_gives_to_something_else():
    """A number of ours is one of the catalogue, 0, or the number of the kind of mistake that a code belongs to."""
    known = {number for one in CATALOGUE for number in one.numbers}
    assert {code.number for code in CODES.values()} <= {0, *known}


# ------------------------------------------------------------------ versions

VERSION = re.compile(r"cloudify_dsl_\d_\d")


def gates():
    """Rows, types and functions that a later version added, with that version."""
    yield from ((Feature("row", name), row.since) for name, row in TABLE.rows.items() if row.since > OLDEST)
    yield from ((Feature("type", name), since) for name, since in TYPES.items() if since > OLDEST)
    yield from ((Feature("function", row.name), row.since) for row in FUNCTIONS.values() if row.since > OLDEST)


def gated(text):
    """Where a document has what a later version added: feature, version, and the place that would be complained of."""
    root = tree("main.yaml", text)
    for one in seen(root):
        row = TABLE.rows.get(one.name)
        if one.kind == "row" and row.since > OLDEST and one.value.content is not None:
            yield Feature("row", one.name), row.since, (one.path, one.key.line, one.key.column)
        if one.kind == "row" and row.name in {"type", "item_type"} and TYPES.get(one.value.text or "", OLDEST) > OLDEST:
            name, place = one.value.text, one.value.place
            yield Feature("type", name), TYPES[name], (one.path, place.line, place.column)
    for call in calls(root):
        if FUNCTIONS[call.name].since > OLDEST and not call.path.startswith("dsl_definitions"):
            where = (call.path, call.key.line, call.key.column)
            yield Feature("function", call.name), FUNCTIONS[call.name].since, where


def complaints(sample, version):
    """Where a sample that declares another version has what that has not."""
    main = VERSION.sub("cloudify_dsl_{}_{}".format(*version), sample.files[0][1], count=1)
    files = (("main.yaml", main), *sample.files[1:])
    found = problems_of(Sample(sample.name, files))
    return {(one.path, one.line, one.column) for one in found if one.code == "feature-too-new"}


def test_what_is_newer_is_refused_before_and_accepted_from_then_on():
    """§1: for each place of each larger blueprint where something is that a version added, in each version."""
    shown_gates = set()
    for sample in accepted_samples():
        if sample.folder is None:
            continue
        places = list(gated(sample.files[0][1]))
        told = {version: complaints(sample, version) for version in VERSIONS.values()}
        for feature, since, where in places:
            for version, found in told.items():
                assert (where in found) == (version < since), (sample.name, feature, version, where)
            shown_gates.add((feature, since))
    assert difference(gates(), shown_gates) == []
    assert max(since for _, since in gates()) == NEWEST
