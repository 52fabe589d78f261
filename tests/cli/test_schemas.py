"""`schema`: what it prints, and what it says of schemas that there are not."""

import json

import jsonschema
import pytest

from durable_wf.cli.output_schema import output_schema
from tests.cli.kit import ROOT


@pytest.mark.parametrize("name", ["blueprint", "plugin", "output"])
def test_a_schema_is_printed_as_itself_and_inside_json(inside, name):
    printed = json.loads(inside("schema", name).stdout)
    jsonschema.Draft202012Validator.check_schema(printed)
    assert inside.json("schema", name) == {"schema_version": 1, "name": name, "schema": printed}


def test_the_schema_of_blueprints_offers_the_built_in_types(inside):
    printed = json.loads(inside("schema", "blueprint").stdout)
    names = printed["$defs"]["node-types-name"]["anyOf"][0]["enum"]
    assert "cloudify.nodes.WebServer" in names


def test_what_is_checked_in_is_what_is_printed(inside):
    for name in ("blueprint", "output"):
        assert (ROOT / "schema" / f"{name}.schema.json").read_text() == inside("schema", name).stdout
    assert json.loads(inside("schema", "output").stdout) == output_schema()


def test_a_schema_that_there_is_not_yet_is_refused_with_a_reason(inside):
    said = inside("schema", "retry", code=2).stderr
    assert "there is no schema of 'retry' yet: " in said


def test_an_unknown_schema_shows_near_ones(inside):
    assert "did you mean 'blueprint'" in inside("schema", "bluprint", code=7).stderr
