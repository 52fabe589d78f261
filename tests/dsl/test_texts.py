"""merge and the functions of text. Sections are those of reference/blueprint-dsl.md §14."""

import pytest

from durable_wf.dsl.arguments import ARGUMENTS
from durable_wf.dsl.deployment import DeploymentError
from durable_wf.dsl.evaluate import EvaluationError
from durable_wf.dsl.functions import FUNCTIONS
from durable_wf.dsl.runtime import evaluate
from tests.dsl.kit import codes, deployed
from tests.dsl.scopes import Scope

HERE = "inputs: {text: {default: a-b}, map: {default: {a: 2, c: {d: 1}}}, number: {default: 5}}\n"


def made(value, scope=None):
    """What a value becomes when a deployment is created, and at run time where nothing was evaluated before."""
    found = deployed(HERE + f"outputs: {{o: {{value: {value}}}}}").outputs["o"].value
    scope = scope or Scope(inputs={"text": "a-b", "map": {"a": 2, "c": {"d": 1}}, "number": 5})
    raw = deployed(HERE + f"outputs: {{o: {{value: {value}}}}}", runtime_only=True).outputs["o"].value
    assert evaluate(raw, scope) == found
    return found


@pytest.mark.parametrize(
    ("value", "result"),
    [
        ("{merge: [{a: 1, b: 1, c: {e: 1}}, {get_input: map}]}", {"a": 2, "b": 1, "c": {"d": 1}}),
        ("{merge: []}", {}),
        ("{string_find: [{get_input: text}, b]}", 2),
        ("{string_find: [text, z]}", -1),
        ("{string_replace: [a-a-a, a, b]}", "b-b-b"),
        ("{string_replace: [a-a-a, a, b, 2]}", "b-b-a"),
        ("{string_replace: [a-a-a, a, b, 0]}", "a-a-a"),
        ("{string_split: [{get_input: text}, '-']}", ["a", "b"]),
        ("{string_split: [{get_input: text}, '-', 1]}", "b"),
        ("{string_split: [{get_input: text}, '-', -1]}", "b"),
        ("{string_lower: {concat: [ABC, {get_input: text}]}}", "abca-b"),
        ("{string_upper: {string_split: [a b, ' ', 0]}}", "A"),
    ],
)
def test_what_they_give(value, result):
    """The same at creation and, with nothing evaluated before, at run time; merge is shallow, the later wins."""
    assert made(value) == result


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("{merge: [{get_input: text}]}", "merge takes a list of mappings, not ['a-b']"),
        ("{string_find: [{get_input: number}, a]}", "string_find takes a list of a text"),
        ("{string_split: [{get_input: text}, '']}", "the separator is empty"),
        ("{string_split: [{get_input: text}, '-', 2]}", "has 2 parts, none at 2"),
        ("{string_split: [{get_input: text}, '-', -3]}", "has 2 parts, none at -3"),
        ("{string_lower: {get_input: number}}", "string_lower takes a text, not 5"),
        ("{string_upper: {get_secret: s}}", "is known at run time only"),
        ("{string_replace: [{get_secret: s}, a, b]}", "is known at run time only"),
    ],
)
def test_what_goes_wrong(value, message):
    """At creation, as of the reference, those of text do not wait for run time."""
    types = "node_types: {T: {properties: {x: {}}}}\n"
    text = HERE + types + f"node_templates: {{n: {{type: T, properties: {{x: {value}}}}}}}"
    with pytest.raises(DeploymentError) as caught:
        deployed(text)
    assert message in str(caught.value)


def test_what_is_made_of_a_secret_is_known_to_be_secret():
    """Only the function that has it among its arguments says so; concat and merge hand it on as it is."""
    scope = Scope(secrets={"s": "hush-hush"})
    value = {
        "a": {"string_upper": {"get_secret": "s"}},
        "b": {"string_upper": "plain"},
        "c": {"concat": [{"get_secret": "s"}, "!"]},
        "d": {"string_split": [{"concat": [{"get_secret": "s"}, "!"]}, "-"]},
    }
    assert evaluate(value, scope) == {"a": "HUSH-HUSH", "b": "PLAIN", "c": "hush-hush!", "d": ["hush", "hush!"]}
    assert scope.handed_out == [("string_upper of s", "HUSH-HUSH"), ("string_split of s", ["hush", "hush!"])]


def test_merge_and_concat_wait_for_run_time():
    """What is known is evaluated already."""
    value = "{merge: [{get_input: map}, {x: {concat: [{get_input: text}, {get_secret: s}]}}]}"
    assert deployed(HERE + f"outputs: {{o: {{value: {value}}}}}").outputs["o"].value == {
        "merge": [{"a": 2, "c": {"d": 1}}, {"x": {"concat": ["a-b", {"get_secret": "s"}]}}]
    }


def test_texts_that_explode_are_refused_before_they_are_made():
    """A megabyte is the most that one function makes."""
    scope = Scope()
    with pytest.raises(EvaluationError, match="string_replace makes a text of 90000000 characters"):
        evaluate({"string_replace": ["a" * 300_000, "a", "b" * 300]}, scope)
    assert evaluate({"string_replace": ["a" * 300_000, "a", "b" * 300, 3]}, scope).startswith("b" * 900 + "a")


@pytest.mark.parametrize(("name", "version"), [("merge", 2), ("concat", 0)])
def test_functions_newer_than_the_blueprint(name, version):
    """§1: a gate for each that was added."""
    head = f"tosca_definitions_version: cloudify_dsl_1_{version}\n"
    assert codes(f"outputs: {{o: {{value: {{{name}: []}}}}}}", head) == ["feature-too-new"]


def test_every_function_says_what_it_takes():
    """No function of the table is without a shape of its arguments."""
    assert set(ARGUMENTS) == {name for name, row in FUNCTIONS.items() if row.custom is None}
