"""Capabilities, labels and settings of deployments: reference/blueprint-dsl.md §2, §3."""

from durable_wf.dsl.runtime import evaluate_outputs
from durable_wf.model.plan import Blueprint, from_json, to_json
from tests.dsl.kit import HEAD, codes, compiled, deployed
from tests.dsl.scopes import Scope

TEXT = """
inputs: {name: {default: x}}
capabilities:
  c: {value: {concat: [a, {get_input: name}]}, description: text}
  late: {value: {get_sys: [deployment, id]}}
labels: {l: {values: [one, {get_input: name}]}, none: {values: []}}
deployment_settings: {default_groups: [g, h, g]}
"""


def test_what_becomes_of_them():
    """Functions are evaluated as far as they can be when a deployment is created; the rest on every read."""
    raw = compiled(TEXT)
    assert raw.labels == {"l": ["one", {"get_input": "name"}], "none": []}
    plan = deployed(TEXT).blueprint
    assert (plan.capabilities["c"].value, plan.capabilities["c"].description) == ("ax", "text")
    assert evaluate_outputs(plan.capabilities, Scope("me")) == {"c": "ax", "late": "me"}
    assert plan.labels == {"l": ["one", "x"], "none": []}
    assert plan.deployment_settings == {"default_groups": ["g", "h", "g"]}


def test_they_survive_being_stored():
    """And a plan that was stored before there were any is read."""
    plan = deployed(TEXT).blueprint
    assert from_json(Blueprint, to_json(plan)) == plan
    old = from_json(Blueprint, {"version": "cloudify_dsl_1_5", "main": "main"})
    assert (old.capabilities, old.labels, old.deployment_settings) == ({}, {}, {})


def test_labels_of_several_files():
    """§3: the first is kept, without an error; capabilities of one name are a conflict."""
    head = HEAD.replace("types.yaml]", "types.yaml, other.yaml]")
    other = "labels: {l: {values: [imported]}, more: {values: [m]}}\n"
    assert compiled("labels: {l: {values: [main]}}", head, other=other).labels == {"l": ["main"], "more": ["m"]}
    other = "capabilities: {c: {value: 1}}\n"
    assert codes("capabilities: {c: {value: 2}}", head, other=other) == ["conflicting-definition"]


def test_settings_of_several_files():
    """§3: they are not merged."""
    head = HEAD.replace("types.yaml]", "types.yaml, other.yaml]")
    other = "deployment_settings: {default_groups: [b]}\n"
    assert compiled("", head, other=other).deployment_settings == {"default_groups": ["b"]}
    assert codes("deployment_settings: {default_groups: [a]}", head, other=other) == ["non-mergeable"]
