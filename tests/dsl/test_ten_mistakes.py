"""The promise of `validate`: ten mistakes, ten problems at their exact places, and mending one removes exactly one."""

import itertools

import pytest

from durable_wf.dsl.problems import BlueprintError
from durable_wf.errors import InputError
from tests.dsl.kit import problems

# Each line that has a mistake, and the same line mended; None: the line goes.
BLUEPRINT = """\
tosca_definitions_version: cloudify_dsl_1_5
imports:
  - cloudify/types/types.yaml
inputs:
  port: {type: integer, default: 8080}
  host: {type: strng}
plugins:
  app: {executor: central_deployment_agent, install: false}
node_types:
  Server:
    derived_from: cloudify.nodes.Root
    properties:
      port: {type: integer}
      name: {type: string, default: web}
    interfaces:
      cloudify.interfaces.lifecycle:
        create: ap.tasks.create
        start:
          implementation: app.tasks.start
          max_retry: 5
node_templates:
  host:
    type: cloudify.nodes.Compute
  web:
    type: Sever
    properties:
      prot: 80
    relationships:
      - type: cloudify.relationships.contained_in
        target: hots
  db:
    type: Server
    properties:
      port: eighty
      name: {get_property: [web, porr]}
  cache:
    type: Server
    properties:
      port: {get_input: prt}
    instances: {deploy: -1}
outputs:
  url:
    value: {get_attribute: [host, ip]}
"""

MENDED = {
    "6:16": ("type: strng", "type: string"),
    "17:17": ("create: ap.", "create: app."),
    "20:11": ("max_retry: 5", "max_retries: 5"),
    "25:11": ("type: Sever", "type: Server"),
    "27:7": ("prot: 80", "port: 80"),
    "30:17": ("target: hots", "target: host"),
    "34:13": ("port: eighty", "port: 80"),
    "35:34": ("porr]", "port]"),
    "39:25": ("get_input: prt", "get_input: port"),
    "40:25": ("deploy: -1", "deploy: 1"),
}

CODES = {
    "6:16": "unknown-type",
    "17:17": "unresolved-operation",
    "20:11": "unknown-key",
    "25:11": "unknown-node-type",
    "27:7": "undefined-property",
    "30:17": "unknown-target",
    "34:13": "value-mismatch",
    "35:34": "unknown-property",
    "39:25": "unknown-input",
    "40:25": "bad-instance-count",
}


def places(text):
    return {f"{one.line}:{one.column}": one.code for one in problems(text, head="")}


def mended(*which):
    text = BLUEPRINT
    for place in which:
        wrong, right = MENDED[place]
        assert text.count(wrong) == 1
        text = text.replace(wrong, right)
    return text


def test_ten_mistakes_are_ten_problems_at_their_places():
    """Nothing is hidden by another mistake, nothing follows from one, and order is that of the file."""
    found = problems(BLUEPRINT, head="")
    assert len(found) == 10
    assert places(BLUEPRINT) == CODES
    assert [(one.line, one.column) for one in found] == sorted((one.line, one.column) for one in found)


@pytest.mark.parametrize("which", MENDED)
def test_mending_one_removes_exactly_that_one(which):
    """The nine others stay as they were."""
    assert places(mended(which)) == {place: code for place, code in CODES.items() if place != which}


@pytest.mark.parametrize("which", list(itertools.combinations(MENDED, 2)), ids=" ".join)
def test_mending_two_removes_exactly_those_two(which):
    """Mistakes do not hold each other up."""
    assert places(mended(*which)) == {place: code for place, code in CODES.items() if place not in which}


def test_all_mended_it_compiles():
    """And then nothing is wrong."""
    assert places(mended(*MENDED)) == {}


def test_a_problem_is_a_line_and_a_record():
    """The line is made from the record: place, path, what, what was meant, code."""
    one = next(one for one in problems(BLUEPRINT, head="") if one.code == "unknown-node-type")
    assert (one.file, one.line, one.column) == ("main.yaml", 25, 11)
    assert one.path == "node_templates.web.type"
    assert one.hint == "did you mean 'Server'?"
    assert str(one) == (
        "main.yaml:25:11: node_templates.web.type: unknown type 'Sever'; did you mean 'Server'? [unknown-node-type]"
    )
    error = BlueprintError([one])
    assert isinstance(error, InputError)
    assert (error.exit_code, error.code, str(error)) == (3, "blueprint", str(one))
