"""Inputs and parameters with types and constraints, and rules of workflows, at the command line."""

import pytest

TYPED = """\
tosca_definitions_version: cloudify_dsl_1_5
imports: [cloudify/types/types.yaml]
plugins:
  small: {executor: central_deployment_agent, install: false}
data_types:
  Place: {properties: {host: {type: string}, port: {type: integer, default: 80}}}
inputs:
  size: {type: integer, default: 3, constraints: [{in_range: [1, 9], error_message: one digit}]}
  place: {type: Place}
node_types:
  small.Page: {derived_from: cloudify.nodes.Root, interfaces: {life: {make: small.small_plugin.make}}}
node_templates:
  page: {type: small.Page}
blueprint_labels: {owner: {values: [me]}}
workflows:
  first: {mapping: small.small_plugin.start_all, availability_rules: {node_instances_active: [none]}}
  never: {mapping: small.small_plugin.start_all, availability_rules: {available: false}}
  lacks: {mapping: small.small_plugin.start_all, availability_rules: {node_types_required: [acme.Thing]}}
  count:
    mapping: small.small_plugin.count
    parameters:
      times: {type: integer, description: How often., constraints: [{less_or_equal: {get_input: size}}]}
      label: {type: list, item_type: string, default: [a], constraints: [{valid_values: [a, b]}]}
      place: {type: Place, required: false}
"""


@pytest.fixture
def typed(blueprint):
    blueprint.write_text(TYPED)
    return blueprint


def test_L11_inputs_are_checked_before_a_journal_is_made(inside, typed):
    """All that is missing and wrong at once; texts that people type are numbers where numbers are declared."""
    said = inside("deployments", "create", typed, "-i", "size=10", code=3).stderr
    assert "the input 'size' is refused: one digit" in said
    assert "the input 'place' is missing" in said
    said = inside("deployments", "create", typed, "-i", "place={port: http}", code=3).stderr
    assert "port: text does not fit the type 'integer'" in said
    assert "the required property 'host' is missing" in said
    assert not inside.journal.exists()
    inside("deployments", "create", typed, "-d", "d", "-i", "place={host: here}", "-i", "size='4'")
    assert inside.json("deployments", "show", "d")["inputs"] == {"place": {"host": "here", "port": 80}, "size": 4}


@pytest.fixture
def deployment(inside, typed):
    inside("deployments", "create", typed, "-d", "d", "-i", "place={host: here}")
    return "d"


def test_L11_parameters_are_checked_before_an_execution_is_made(inside, deployment):
    """Types, constraints with functions in them, data types, unknown ones, all missing ones."""
    said = inside(
        "run", "count", "-d", deployment, "-p", "times=4", "-p", "label=[a, c]", "-p", "more=1", code=3
    ).stderr
    assert "there is no parameter 'more'" in said
    assert "the parameter 'times' must be at most 3" in said
    assert "the parameter 'label' [1] must be one of a, b" in said
    said = inside("run", "count", "-d", deployment, "-p", "place={}", code=3).stderr
    assert "the parameter 'times' is missing" in said
    assert "the parameter 'place' does not fit: the required property 'host' is missing" in said
    assert inside.json("list")["items"] == []
    found = inside.json(
        "run", "count", "-d", deployment, "-p", "times='2'", "-p", "more=1", "--allow-custom-parameters"
    )
    assert found["parameters"] == {"label": ["a"], "times": 2, "more": 1}
    assert found["result"] == [["a"], ["a"], "more"]


def test_a_workflow_whose_rule_does_not_hold_is_refused_with_the_rule(inside, deployment):
    """Nothing is written; once the instances are started, `none` does not hold any more."""
    assert "'available: false'" in inside("run", "never", "-d", deployment, code=3).stderr
    said = inside("run", "lacks", "-d", deployment, code=3).stderr
    assert "'node_types_required' asks for a node of type acme.Thing" in said
    assert "[unavailable]" in said
    inside("run", "first", "-d", deployment)
    said = inside("run", "first", "-d", deployment, code=3).stderr
    assert "'node_instances_active' asks for none, and 1 of 1 are started" in said
    assert len(inside.json("list")["items"]) == 1


def test_workflows_are_shown_with_all_that_is_declared(inside, deployment):
    """Types, descriptions, defaults, constraints and rules."""
    said = inside("deployments", "workflows", deployment).stdout
    assert "-p times=…  integer         required        How often.  less_or_equal 3" in said
    assert '-p label=…  list of string  default: ["a"]' in said
    assert 'valid_values ["a", "b"]' in said
    assert "node_instances_active: none" in said
    assert "available: false" in said
    found = {one["name"]: one for one in inside.json("deployments", "workflows", deployment)["items"]}
    times = next(one for one in found["count"]["parameters"] if one["name"] == "times")
    assert times["constraints"] == [{"operator": "less_or_equal", "argument": 3, "error_message": ""}]
    assert found["lacks"]["availability_rules"] == {
        "available": True, "node_instances_active": [], "node_types_required": ["acme.Thing"],
    }  # fmt: skip


def test_what_only_a_server_uses_is_said_when_asked(inside, typed):
    """A note of `validate -v`, and always in its JSON."""
    assert "blueprint_labels.owner" not in inside("validate", typed).stderr
    assert "blueprint_labels.owner: kept; it means something to a server only" in inside("validate", typed, "-v").stderr
    assert len(inside.json("validate", typed)["notes"]) == 1
