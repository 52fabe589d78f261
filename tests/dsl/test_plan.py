"""A plan as plain data: it comes back as it was."""

import dataclasses
import json

import pytest

from durable_wf.model import plan
from durable_wf.model.plan import NOOP, Blueprint, DeploymentPlan, Node, Operation, from_json, to_json
from tests.dsl.kit import compiled, deployed

TEXT = """
inputs: {port: {type: integer, default: 80, display_label: Port}}
relationships:
  R:
    derived_from: cloudify.relationships.connected_to
    source_interfaces: {i: {go: {implementation: p.go, retry_interval: 1.5}}}
node_types:
  T:
    derived_from: cloudify.nodes.Root
    properties: {port: {type: integer}, list: {default: [1, {a: null}, 1.5]}}
    interfaces:
      cloudify.interfaces.lifecycle:
        create: {implementation: p.create, inputs: {a: {default: {get_attribute: [SELF, x]}}}, max_retries: 0}
node_templates:
  a: {type: T, properties: {port: {get_input: port}}, relationships: [{type: R, target: b}, {type: R, target: b}]}
  b: {type: cloudify.nodes.Compute}
workflows: {w: {mapping: p.w, parameters: {x: {type: list, default: []}, y: {default: null}}}}
outputs: {o: {value: {get_attribute: [a, x]}, description: text}}
"""


def test_round_trip():
    """Through JSON text, for a blueprint and for a deployment; names of operations are made again."""
    blueprint, deployment = compiled(TEXT), deployed(TEXT)
    assert from_json(Blueprint, json.loads(json.dumps(to_json(blueprint)))) == blueprint
    again = from_json(DeploymentPlan, json.loads(json.dumps(to_json(deployment))))
    assert again == deployment
    assert again.nodes["a"].operations == deployment.nodes["a"].operations
    assert again.nodes["a"].relationships[0].source_operations["go"].retry_interval == 1.5


def test_no_ops_are_small():
    """Most operations are no-ops; they are `{}`, and one object when they are read."""
    node = compiled(TEXT).nodes["b"]
    data = to_json(node)
    assert data["interfaces"]["cloudify.interfaces.monitoring"] == {"start": {}, "stop": {}}
    assert from_json(Node, data).operations["cloudify.interfaces.monitoring.start"] is NOOP


def test_defaults_are_left_out_but_not_what_equals_them_in_python_only():
    """False is not 0, and 1 is not true."""
    assert to_json(Operation("p", "f", max_retries=0)) == {"plugin": "p", "function": "f", "max_retries": 0}
    assert from_json(Operation, {"timeout_recoverable": False}).timeout_recoverable is False
    assert to_json(plan.Parameter(default=False))["default"] is False


@pytest.mark.parametrize("data", [None, [], {"plugin": "p", "unknown": 1}, {"nodes": []}, 5, "text"])
def test_what_is_not_a_plan(data):
    """A ValueError that says which record it is not."""
    with pytest.raises(ValueError, match="not a stored Blueprint"):
        from_json(Blueprint, data)


def test_records_are_frozen_and_slotted():
    """Nobody changes a plan; nobody adds to it."""
    for kind in vars(plan).values():
        if dataclasses.is_dataclass(kind):
            assert kind.__dataclass_params__.frozen
            assert hasattr(kind, "__slots__")


def test_what_workflows_ask_of_a_node():
    """reference/workflow-api.md §2.3, §2.4."""
    node = compiled(TEXT).nodes["a"]
    assert (node.id, node.type, node.type_hierarchy) == ("a", "T", ("cloudify.nodes.Root", "T"))
    assert node.has_operation("cloudify.interfaces.lifecycle.create")
    assert not node.has_operation("create")
    assert not node.has_operation("cloudify.interfaces.lifecycle.start")
    assert not node.has_operation("unknown")
    assert (node.number_of_instances, node.plugins, node.host_id) == (1, ("p",), None)
    assert node.relationships[0].is_derived_from("cloudify.relationships.depends_on")
