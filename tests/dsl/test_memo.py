"""What a deployment's creation costs, counted in steps, and where it ends."""

import pytest

from durable_wf.dsl import memo
from durable_wf.dsl.deployment import DeploymentError
from durable_wf.dsl.evaluate import Evaluation
from tests.dsl.kit import deployed

TYPE = "node_types: {T: {properties: {x: {}, y: {default: 0}}}}\n"


@pytest.fixture
def steps(monkeypatch):
    """Counts the parts that are evaluated."""
    taken = []
    value = Evaluation.value

    def counted(self, data, at, depth):
        taken.append(None)
        return value(self, data, at, depth)

    monkeypatch.setattr(Evaluation, "value", counted)
    return taken


def doubling(count, call="concat: [{get_input: i%d}, {get_input: i%d}]"):
    lines = [f"  i{n}: {{default: {{{call.replace('%d', str(n - 1))}}}}}\n" for n in range(1, count)]
    return "inputs:\n  i0: {default: xx}\n" + "".join(lines)


def nodes(count, value):
    return "node_templates:\n" + "".join(f"  n{n}: {{type: T, properties: {{x: {value}}}}}\n" for n in range(count))


def test_inputs_that_name_another_twice_cost_as_many_steps_as_there_are(steps):
    plan = deployed(doubling(16))
    assert len(plan.inputs["i15"]) == 2**16
    assert len(steps) < 16 * 12


def test_inputs_cost_the_same_whatever_their_order(steps):
    head, *lines = doubling(16).splitlines(keepends=True)
    assert len(deployed(head + "".join(reversed(lines))).inputs["i15"]) == 2**16
    assert len(steps) < 16 * 12


def test_each_node_that_uses_an_input_costs_a_few_steps(steps):
    plan = deployed(TYPE + doubling(12) + nodes(50, "{get_input: i11}"))
    assert {len(one.properties["x"]) for one in plan.blueprint.nodes.values()} == {2**12}
    assert len(steps) < 12 * 12 + 50 * 4


def test_properties_that_name_another_twice_cost_as_many_steps_as_there_are(steps):
    chain = "".join(
        f"  n{n}: {{type: T, properties: {{x: {{concat: [{{get_property: [n{n + 1}, x]}}, "
        f"{{get_property: [n{n + 1}, x]}}]}}}}}}\n"
        for n in range(15)
    )
    plan = deployed(TYPE + "node_templates:\n" + chain + "  n15: {type: T, properties: {x: xx}}\n")
    assert len(plan.blueprint.nodes["n0"].properties["x"]) == 2**16
    assert len(steps) < 15 * 30


def test_a_value_is_too_deep_for_who_reads_it_late_as_for_who_reads_it_first():
    """Kept values take part in the bounds of a value: the order of declaration decides nothing."""
    chain = [f"  i{n}: {{default: {{get_input: i{n - 1}}}}}\n" for n in range(1, 60)]
    said = []
    for lines in (chain, chain[::-1]):
        with pytest.raises(DeploymentError, match="more than 50 values are taken from each other") as caught:
            deployed("inputs:\n  i0: {default: xx}\n" + "".join(lines))
        said.append(caught.value.problems[0].split("(and")[1])
    assert said[0] == said[1]


def test_all_values_of_a_creation_have_one_budget(monkeypatch, steps):
    """Each is allowed by itself; the rest is not begun, and is said once."""
    monkeypatch.setattr(memo, "MAX_CREATION_STEPS", 10_000)
    doubled = doubling(10, "many: [{get_input: i%d}, {get_input: i%d}]")
    with pytest.raises(DeploymentError, match=r"take more than 10000 steps.* \(and \d+ more\)") as caught:
        deployed(TYPE + doubled + nodes(200, "{get_input: i9}"))
    assert len(caught.value.problems) == 1
    assert len(steps) < 1_000


def test_text_that_functions_make_counts(monkeypatch):
    monkeypatch.setattr(memo, "MAX_CREATION_STEPS", 2_000)
    used = nodes(20, "{concat: [{get_input: i15}, a]}")
    with pytest.raises(DeploymentError, match="take more than 2000 steps"):
        deployed(TYPE + doubling(16) + used)


def test_an_input_that_is_given_later_is_not_taken_from_what_was_kept():
    text = "inputs:\n  a: {default: one}\n  b: {default: {concat: [{get_input: a}, {get_input: a}]}}\n"
    assert [deployed(text, given).inputs["b"] for given in ({}, {"a": "two"})] == ["oneone", "twotwo"]
