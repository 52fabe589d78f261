"""Constraints and types of inputs and parameters, when a deployment is created and when a workflow is started.

Source: reference/blueprint-dsl.md §4, §10.
"""

import pytest

from durable_wf.dsl.constraints import fits_operator, unknown_name, violation
from durable_wf.dsl.deployment import DeploymentError
from durable_wf.dsl.parameters import InputsError, ParametersError, merge_parameters
from durable_wf.model.declarations import Constraint
from tests.dsl.kit import compiled, deployed


@pytest.mark.parametrize(
    ("operator", "argument", "good", "bad"),
    [
        ("equal", 5, [5, 5.0], [4, "5", True, None]),
        ("greater_than", 5, [5.5, 6], [5, "6", None]),
        ("greater_or_equal", 5, [5, 6], [4.9, [6]]),
        ("less_than", 5, [4], [5, "4"]),
        ("less_or_equal", 5, [5], [5.1, {}]),
        ("in_range", [1, 3], [1, 2.5, 3], [0.9, 4, "2"]),
        ("valid_values", ["a", 1, [2]], ["a", 1, 1.0, [2]], ["b", True, None, 2]),
        ("length", 2, ["ab", [1, 2], {"a": 1, "b": 2}], ["a", 12, None]),
        ("min_length", 2, ["ab", "abc"], ["a", [], 5]),
        ("max_length", 2, ["ab", ""], ["abc", None]),
        ("pattern", "ab", ["ab", "abc"], ["cab", "", 5, None]),
    ],
)
def test_what_an_operator_asks(operator, argument, good, bad):
    """§4: each operator; what cannot be compared or has no length does not hold; a pattern is anchored at the start."""
    one = Constraint(operator, argument)
    assert [value for value in good if violation(one, value)] == []
    assert [value for value in bad if not violation(one, value)] == []
    spoken = Constraint(operator, argument, "not like this")
    assert {violation(spoken, value) for value in bad} == {"is refused: not like this"}


NODES = """
node_types: {T: {interfaces: {i: {go: p.go}}}}
node_templates: {web_front: {type: T}, web_back: {type: T}, db: {type: T}}
groups: {front: {members: [web_front]}, all: {members: [front, db]}}
policies: {s: {type: cloudify.policies.scaling, targets: [front]}}
"""


@pytest.mark.parametrize(
    ("type_name", "argument", "good", "bad"),
    [
        ("node_id", {"starts_with": "web"}, ["web_front"], ["db", "web", 5, {"a": 1}]),
        ("node_id", {"starts_with": "web", "ends_with": ["back", "side"]}, ["web_back"], ["web_front"]),
        ("node_id", {"contains": "e", "equals_to": "web_front"}, ["web_front"], ["web_back", "db"]),
        ("node_id", {}, ["db"], ["nobody"]),
        ("node_type", {"equals_to": "T"}, ["T"], ["U"]),
        ("operation_name", {"ends_with": "go"}, ["i.go", "go"], ["i.stop"]),
        ("scaling_group", {"starts_with": "f"}, ["front"], ["all", "web_front"]),
    ],
)
def test_names_are_looked_for_in_the_blueprint(type_name, argument, good, bad):
    """§4: name_pattern for what the plan itself has."""
    plan = compiled(NODES)
    constraints = (Constraint("name_pattern", argument),)
    assert [value for value in good if unknown_name(constraints, type_name, value, plan)] == []
    assert [value for value in bad if not unknown_name(constraints, type_name, value, plan)] == []


@pytest.mark.parametrize(
    ("type_name", "constraints"),
    [
        ("node_id", ()),
        ("node_id", (Constraint("name_pattern", {"contains": "x"}), Constraint("deployment_id", "other"))),
        ("secret_key", (Constraint("name_pattern", {"contains": "x"}),)),
    ],
)
def test_what_asks_a_server_is_not_checked(type_name, constraints):
    """§4: nor is a name that another deployment has, and no name without a name_pattern."""
    assert unknown_name(constraints, type_name, "nobody", compiled(NODES)) == ""


INPUTS = """
data_types:
  Port: {properties: {number: {type: integer}, open: {type: boolean, default: true}}}
  Web: {properties: {port: {type: Port}, name: {type: string, default: web}}}
  Easy: {properties: {a: {default: 1}}}
inputs:
  web: {type: Web, required: false}
  easy: {type: Easy}
  size: {type: integer, default: 5, constraints: [{in_range: [1, 9], error_message: 1 to 9}, {less_than: 9}]}
  most: {type: integer, default: 8, constraints: [{greater_or_equal: {get_input: size}}]}
  words: {type: list, item_type: string, default: [], constraints: [{max_length: 3}]}
  flags: {type: list, item_type: boolean, default: []}
  node: {type: node_id, required: false, constraints: [{name_pattern: {starts_with: web}}]}
  joined: {type: string, default: abc, required: false}
node_types: {T: {}}
node_templates: {web_1: {type: T}, db: {type: T}}
workflows:
  w:
    mapping: p.w
    parameters:
      size: {type: integer, constraints: [{less_or_equal: {get_input: most}}]}
      web: {type: Web, default: {port: {number: 80}}}
      easy: {type: Easy}
      names: {type: list, item_type: node_id, default: [], constraints: [{name_pattern: {contains: b}}]}
      optional: {required: false, constraints: [{min_length: 2}]}
      raw: {default: {get_input: size}}
"""


def test_inputs_get_what_is_declared():
    """§4: defaults, also a data type's; given values completed, texts converted; None if not required."""
    assert deployed(INPUTS).inputs == {
        "web": None,
        "easy": {"a": 1},
        "size": 5,
        "most": 8,
        "words": [],
        "flags": [],
        "node": None,
        "joined": "abc",
    }
    given = {"web": {"port": {"number": 80}}, "size": "7", "node": "web_1", "words": ["abc"], "flags": [True]}
    found = deployed(INPUTS, given).inputs
    assert found["web"] == {"port": {"number": 80, "open": True}, "name": "web"}
    assert (found["size"], found["node"], found["words"], found["flags"]) == (7, "web_1", ["abc"], [True])


def test_all_that_is_wrong_with_inputs_is_said_at_once():
    """L11: what is unknown, of another type, against a constraint, or not as its data type says."""
    given = {
        "web": {"port": {"number": "x"}, "name": "a"},
        "size": 10,
        "words": ["abc", "abcd", 5],
        "flags": [True, "yes"],
        "node": "db",
        "more": 1,
    }
    with pytest.raises(InputsError) as caught:
        deployed(INPUTS, given)
    assert caught.value.problems == (
        "there is no input 'more'",
        "the input 'web' does not fit: port.number: text does not fit the type 'integer'",
        "the input 'size' is refused: 1 to 9; must be less than 9",
        "the input 'words' [1] must have the length 3 or less; [2] has no value that 'max_length' could be asked of",
        "the input 'flags' [1] is not of type boolean",
        "the input 'node' must have a name that starts with web",
    )


def test_a_value_of_a_data_type_that_lacks_a_key_is_refused():
    """§5: at any level, with the path."""
    with pytest.raises(InputsError, match=r"'web' does not fit: port: the required property 'port\.number' is missing"):
        deployed(INPUTS, {"web": {"port": {}}})
    with pytest.raises(InputsError, match="'web' does not fit: a list does not fit the data type 'Web'"):
        deployed(INPUTS, {"web": []})


def test_that_a_value_does_not_fit_is_said_once_however_much_of_it_does_not():
    """One sentence about the input."""
    with pytest.raises(InputsError) as caught:
        deployed(INPUTS, {"web": {"port": {"number": "x"}, "names": 5}})
    (said,) = caught.value.problems
    assert "'web' does not fit: " in said
    assert said.count("does not fit: ") == 1
    assert "port.number: text" in said
    assert "no property 'names'" in said


def test_all_missing_inputs_are_listed():
    """§4: also those of a data type that cannot be made of defaults."""
    text = """
    data_types: {D: {properties: {a: {}}}}
    inputs: {d: {type: D}, e: {}, f: {default: null}, g: {required: false}}
    """
    with pytest.raises(InputsError) as caught:
        deployed(text)
    assert caught.value.problems == ("the input 'd' is missing", "the input 'e' is missing", "the input 'f' is missing")


def test_arguments_of_constraints_may_be_functions():
    """§4: evaluated when the deployment is created, and checked then."""
    assert deployed(INPUTS, {"size": 8}).inputs["most"] == 8
    with pytest.raises(InputsError, match="the input 'most' must be at least 8"):
        deployed(INPUTS, {"size": 8, "most": 7})
    plan = deployed(INPUTS, {"most": "6"}).blueprint
    assert plan.workflows["w"].parameters["size"].constraints == (Constraint("less_or_equal", 6),)


@pytest.mark.parametrize(("value", "text"), [("many", "is no argument for 'length'"), ([1], "is no argument")])
def test_an_argument_that_a_function_gives_must_be_one(value, text):
    """What may not be written may not come from a function either."""
    blueprint = "inputs: {a: {}, b: {default: x, constraints: [{length: {get_input: a}}]}}"
    with pytest.raises(DeploymentError, match=text):
        deployed(blueprint, {"a": value})
    with pytest.raises(DeploymentError, match="known at run time only"):
        deployed(blueprint, {"a": {"get_attribute": ["n", "x"]}})


@pytest.mark.parametrize(
    ("operator", "argument", "fits"),
    [("in_range", [1, 2], True), ("in_range", [2, 1], False), ("pattern", "a(", False), ("valid_values", [], True)],
)
def test_what_arguments_may_be(operator, argument, fits):
    """The same as in a file."""
    assert fits_operator(operator, argument) is fits


def test_a_function_is_no_value_for_what_has_constraints():
    """§4, code 213; without constraints it is evaluated."""
    with pytest.raises(InputsError, match="'size' is a function, and there are constraints on it"):
        deployed(INPUTS, {"size": {"get_input": "most"}})
    assert deployed(INPUTS, {"joined": {"concat": ["a", {"get_input": "size"}]}}).inputs["joined"] == "a5"


def test_a_value_that_holds_a_function_is_checked_once_it_is_evaluated():
    """Inside a list the constraints wait for the function."""
    text = "inputs: {n: {default: ab}, a: {type: list, item_type: string, constraints: [{length: 2}]}}"
    assert deployed(text, {"a": [{"get_input": "n"}]}).inputs["a"] == ["ab"]
    with pytest.raises(InputsError, match=r"the input 'a' \[0\] must have the length 2"):
        deployed(text, {"a": [{"get_input": "n"}], "n": "abc"})


def merged(given, inputs=None, **options):
    plan = deployed(INPUTS, inputs).blueprint
    return merge_parameters(plan.workflows["w"], given, blueprint=plan, **options)


def test_parameters_get_what_is_declared():
    """§10: as inputs; functions in defaults are kept as they are; what is not required and not given is not passed."""
    assert merged({"size": "8"}) == {
        "size": 8,
        "web": {"port": {"number": 80, "open": True}, "name": "web"},
        "easy": {"a": 1},
        "names": [],
        "raw": {"get_input": "size"},
    }
    assert merged({"size": 1, "names": ["web_1", "db"], "optional": None})["names"] == ["web_1", "db"]


def test_all_that_is_wrong_with_parameters_is_said_at_once():
    """L11: missing, undeclared, of another type, against a constraint."""
    with pytest.raises(ParametersError) as caught:
        merged({"web": {"name": 5}, "easy": {"b": 1}, "names": ["web_1", "nobody"], "optional": "a", "more": 1})
    assert caught.value.problems == (
        "there is no parameter 'more'",
        "the parameter 'size' is missing",
        "the parameter 'web' does not fit: port: the required property 'port.number' is missing",
        "the parameter 'easy' does not fit: b: the data type 'Easy' has no property 'b'",
        "the parameter 'names' [1] must be a node_id of the blueprint",
        "the parameter 'optional' must have the length 2 or more",
    )
    with pytest.raises(ParametersError, match="'size' must be at most 8"):
        merged({"size": 9})
    with pytest.raises(ParametersError, match="'names' is not of type list"):
        merged({"size": 1, "names": "db"})
    assert merged({"size": 1, "more": 1}, allow_custom=True)["more"] == 1
