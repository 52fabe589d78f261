"""The schema for editors says of a file what the grammar's table says of it."""

from pathlib import Path

import jsonschema
import pytest
import yaml

from durable_wf.dsl.compile import compile_blueprint
from durable_wf.dsl.composer import compose
from durable_wf.dsl.functions import Function, register, unregister
from durable_wf.dsl.grammar import BLUEPRINT
from durable_wf.dsl.json_schema import LATER, blueprint_schema, plugin_schema
from durable_wf.dsl.not_yet import NOT_YET
from durable_wf.dsl.problems import BlueprintError, Report
from durable_wf.dsl.shapes import Either, FunctionCall, ListOf, MapOf, Number, OneOf, Record, TypeName
from durable_wf.dsl.source import child, plain
from durable_wf.sources.files import FileResolver

ROOT = Path(__file__).parents[2]
CASES = Path(__file__).parent / "cases"
REFUSED = sorted(CASES.glob("*.yaml"))
RIGHT = sorted(
    path
    for folder in (ROOT / "durable_wf", ROOT / "tests")
    for path in folder.rglob("*.yaml")
    if path not in REFUSED and path != CASES / "lib" / "broken.yaml" and path.name != "inputs.yaml"
)
SCHEMA = blueprint_schema({})
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)

# Codes of the table's checker that a schema cannot say of every value, and why.
CANNOT = {
    "bad-constraint-argument": "whether a text is a regular expression, and which of two numbers is smaller",
    "bad-instance-count": "which of two numbers is smaller",
}


def content(path):
    """What stands in a file; None where it cannot be read at all."""
    tree = compose(FileResolver(path).main(), Report())
    return None if tree is None else plain(tree)


def errors(data, schema=None):
    """The path of each error, written as the checker writes it, down to the parts of alternatives."""
    validator = VALIDATOR if schema is None else jsonschema.Draft202012Validator(schema)
    left = list(validator.iter_errors(data))
    found = set()
    while left:
        error = left.pop()
        left.extend(error.context)
        path = ""
        for key in error.absolute_path:
            path = child(path, key)
        found.add(path)
        if error.validator == "additionalProperties":
            known = error.schema["properties"]
            found |= {child(path, key) for key in error.instance if key not in known}
    return found


def codes_of_shapes(shape):
    """The codes that walking the table gives."""
    if isinstance(shape, Record):
        yield shape.unknown
        for row in shape.fields:
            yield from codes_of_shapes(row.shape)
    elif isinstance(shape, Either):
        yield shape.code
        for one in shape.shapes:
            yield from codes_of_shapes(one)
    elif isinstance(shape, MapOf):
        yield from codes_of_shapes(shape.value)
    elif isinstance(shape, ListOf):
        yield from filter(None, [shape.empty])
        yield from codes_of_shapes(shape.item)
    elif isinstance(shape, Number | OneOf | FunctionCall) or (isinstance(shape, TypeName) and shape.is_primitive):
        yield shape.code


# The last three are of the sections that the table leaves open.
SHAPE_CODES = {
    *("wrong-type", "missing-key", "not-built", *codes_of_shapes(BLUEPRINT)),
    *("bad-import", "malformed-version", "unsupported-version"),
}


def problems_of_shape(path):
    """The problems in a case's own file that are of a value's shape."""
    try:
        compile_blueprint(FileResolver(path.name))
    except BlueprintError as error:
        return [one for one in error.problems if one.code in SHAPE_CODES and one.place.file == path.name]
    return []


@pytest.mark.parametrize("path", RIGHT, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_is_right_fits(path):
    """Examples, the built-in types, the tests' blueprints and accepted cases."""
    assert errors(content(path)) == set()


def test_what_has_a_wrong_shape_is_refused_at_its_place(monkeypatch):
    """Each case's problems of shape are said by the schema too; what it cannot say is listed, exactly."""
    monkeypatch.chdir(CASES)
    unsaid, count = {}, 0
    for path in REFUSED:
        problems = problems_of_shape(path)
        said = errors(content(path)) if problems else set()
        count += len(problems)
        for one in problems:
            if one.path not in said:
                unsaid.setdefault(one.code, []).append(str(one))
    assert set(unsaid) == set(CANNOT), unsaid
    assert count > 100


def test_it_says_the_same_to_those_who_know_only_draft_7(monkeypatch):
    """docs/editors.md: older language servers; what stands beside a `$ref` counts for nothing there."""
    monkeypatch.chdir(CASES)
    older = jsonschema.Draft7Validator({key: value for key, value in SCHEMA.items() if key != "$schema"})
    for path in (*RIGHT, *REFUSED):
        data = content(path)
        assert older.is_valid(data) == VALIDATOR.is_valid(data), path


def test_a_schema_is_of_the_dialect_that_it_names():
    for schema in (SCHEMA, plugin_schema({})):
        assert schema["$schema"] == jsonschema.Draft202012Validator.META_SCHEMA["$id"]
        jsonschema.Draft202012Validator.check_schema(schema)


def test_every_row_is_described():
    """What an editor shows beside a key is the table's sentence, and since when there is such a key."""
    about = SCHEMA["$defs"]["node-template"]["properties"]["capabilities"]["description"]
    assert about.endswith("Since cloudify_dsl_1_3.")
    for name, schema in {"": SCHEMA, **SCHEMA["$defs"]}.items():
        if name not in ("value", "function"):
            for key, inner in schema.get("properties", {}).items():
                assert inner.get("description"), f"{name}.{key}"


def test_what_cannot_be_done_yet_is_refused_as_the_checker_refuses_it():
    """`LATER` says in a schema what rows of `NOT_YET` say in code; a row that is gone there goes here."""
    assert set(LATER) <= set(NOT_YET)
    for key, refused, taken in (("retry", {"every": 5}, None), ("timeout", 5, 0)):
        for value in (refused, taken):
            operation = {"n": {"type": "t", "interfaces": {"i": {"go": {key: value}}}}}
            fits = errors({"node_templates": operation}) == set()
            assert fits == (key not in NOT_YET or not NOT_YET[key].refuses(value)), (key, value)


def test_an_old_form_is_marked():
    rows = SCHEMA["$defs"]["node-template"]["properties"]
    assert rows["instances"]["deprecated"]
    assert "capabilities.scalable" in rows["instances"]["description"]
    assert "deprecated" not in rows["capabilities"]


def test_a_plugin_yaml_declares_plugins():
    plugins = {"plugins": {"p": {"executor": "central_deployment_agent"}}}
    assert errors(plugins, plugin_schema({})) == set()
    assert errors({"node_types": {}}, plugin_schema({})) == {""}


NAMES = {"node_types": ["cloudify.nodes.Root"], "data_types": ["cloudify.datatypes.Blueprint"]}


def test_names_of_the_built_in_types_are_offered_and_others_taken():
    schema = blueprint_schema(NAMES)
    assert schema["$defs"]["node-types-name"]["anyOf"][0] == {"enum": NAMES["node_types"]}
    assert {"string", "cloudify.datatypes.Blueprint"} <= set(schema["$defs"]["type-name"]["anyOf"][0]["enum"])
    for name in ("cloudify.nodes.Root", "my.Type"):
        assert errors({"node_templates": {"n": {"type": name}}}, schema) == set()
    assert errors({"node_templates": {"n": {"type": 5}}}, schema)


@pytest.mark.parametrize(
    ("count", "fits"),
    [
        ("3", True),
        ("{get_input: n}", True),
        ("{get_input: n, type: integer}", True),
        ("{get_inptu: n}", False),
        ("{get_input: n, concat: []}", False),
        ("{type: integer}", False),
        ("{}", False),
        ("three", False),
    ],
)
def test_a_function_may_stand_where_the_table_says(count, fits):
    counts = yaml.safe_load(f"default_instances: {count}")
    policy = {"type": "cloudify.policies.scaling", "targets": ["g"], "properties": counts}
    assert (errors({"policies": {"p": policy}}) == set()) == fits


def test_functions_of_extensions_are_functions_too():
    call = {"policies": {"p": {"type": "cloudify.policies.scaling", "targets": ["g"]}}}
    call["policies"]["p"]["properties"] = {"max_instances": {"twice": 2}}
    assert errors(call) != set()
    register(Function("twice", custom=lambda arguments, _call: arguments * 2))
    try:
        assert errors(call, blueprint_schema({})) == set()
    finally:
        unregister("twice")
