"""Intrinsic functions, at creation and at run time. Sections are those of reference/blueprint-dsl.md §14."""

import pytest

from durable_wf.dsl.deployment import DeploymentError
from durable_wf.dsl.evaluate import EvaluationError
from durable_wf.dsl.functions import function_of
from durable_wf.dsl.runtime import InstanceView, evaluate, evaluate_outputs
from durable_wf.model.plan import Output
from tests.dsl.kit import codes, compiled, deployed
from tests.dsl.scopes import Scope


def properties(text, inputs=None, node="n"):
    return deployed(text, inputs).nodes[node].properties


TYPE = """
node_types: {T: {properties: {x: {default: 0}, y: {default: 0}, z: {default: 0}}}}
"""


@pytest.mark.parametrize(
    ("data", "name"),
    [
        ({"get_input": "a"}, "get_input"),
        ({"get_input": "a", "type": "string"}, "get_input"),
        ({"get_input": "a", "other": 1}, None),
        ({"get_input": "a", "concat": []}, None),
        ({"type": "string"}, None),
        ({"get_input": 1, "type": 2, "x": 3}, None),
        ({}, None),
    ],
)
def test_what_is_a_call(data, name):
    """One key that is a function's name, or two of which the other is `type`; else it is data."""
    assert function_of(data) == name


def test_at_creation():
    """Hybrid functions are replaced, innermost first; concat writes null and booleans as Python does."""
    text = (
        TYPE
        + """
inputs:
  name: {default: web}
  map: {default: {a: [1, {b: two}]}}
  derived: {default: {concat: [{get_input: name}, -, 1]}}
node_templates:
  n:
    type: T
    properties:
      x: {get_input: [map, a, 1, b]}
      y: {concat: [{get_input: derived}, ' ', true, ' ', null, ' ', {get_property: [m, x, deep]}]}
      z: [{get_property: [SELF, x]}, {get_input: [map, {concat: [a]}, 0]}]
  m: {type: T, properties: {x: {deep: {get_property: [SELF, y]}}, y: mine}}
"""
    )
    assert properties(text) == {"x": "two", "y": "web-1 True None mine", "z": ["two", 1]}
    assert properties(text, {"name": "db"})["y"].startswith("db-1 ")


def test_SELF_is_the_node_that_the_value_came_from():
    """A property read from another node is evaluated there."""
    text = (
        TYPE
        + """
node_templates:
  n: {type: T, properties: {x: {get_property: [m, x]}, y: here}}
  m: {type: T, properties: {x: {get_property: [SELF, y]}, y: there}}
"""
    )
    assert properties(text)["x"] == "there"


def test_what_only_run_time_knows_stays_a_call():
    """concat and get_property wait for it; so does an operation, which says so."""
    text = """
node_types:
  T:
    properties: {x: {default: 0}, y: {default: 0}}
    interfaces:
      i:
        go:
          implementation: p.go
          inputs: {a: {default: {get_attribute: [SELF, {get_input: key}]}}, b: {default: {get_input: key}}}
        static: {implementation: p.static, inputs: {b: {default: {get_input: key}}}}
inputs: {key: {default: ip}}
node_templates:
  n: {type: T, properties: {x: {concat: [a, {get_attribute: [m, {get_input: key}]}]}, y: {get_property: [m, y]}}}
  m: {type: T, properties: {y: {get_attribute: [SELF, ip]}}}
outputs: {o: {value: {concat: [{get_input: key}, {get_attribute: [n, ip]}]}}}
"""
    plan = deployed(text)
    node = plan.nodes["n"]
    assert node.properties == {
        "x": {"concat": ["a", {"get_attribute": ["m", "ip"]}]},
        "y": {"get_property": ["m", "y"]},
    }
    go, static = node.operations["i.go"], node.operations["i.static"]
    assert (go.inputs, go.has_intrinsic_functions) == ({"a": {"get_attribute": ["SELF", "ip"]}, "b": "ip"}, True)
    assert (static.inputs, static.has_intrinsic_functions) == ({"b": "ip"}, False)
    assert compiled(text).nodes["n"].operations["i.static"].has_intrinsic_functions
    assert plan.outputs["o"].value == {"concat": ["ip", {"get_attribute": ["n", "ip"]}]}


def test_SOURCE_and_TARGET():
    """In operations of relationships, the nodes at its ends."""
    plan = deployed("""
relationships:
  R:
    derived_from: cloudify.relationships.depends_on
    source_interfaces:
      i:
        go:
          implementation: p.go
          inputs: {a: {default: {get_property: [TARGET, ip]}}, b: {default: {get_property: [SOURCE, ip]}}}
node_templates:
  a: {type: cloudify.nodes.Compute, properties: {ip: from}, relationships: [{type: R, target: b}]}
  b: {type: cloudify.nodes.Compute, properties: {ip: to}}
""")
    assert plan.nodes["a"].relationships[0].source_operations["go"].inputs == {"a": "to", "b": "from"}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("{get_input: [map, nope]}", "node_templates.n.properties.x: input map.nope: nothing stands under 'nope'"),
        ("{get_input: [map, list, 5]}", "input map.list.5: nothing stands under 5"),
        ("{get_input: {get_attribute: [n, a]}}", "known at run time only"),
        ("{get_property: [SELF, {get_attribute: [n, a]}]}", "known at run time only"),
        ("{get_property: [{get_input: text}, y]}", "there is no node 'word'"),
        ("{get_property: [SELF, {get_input: text}]}", "'n' has no property 'word'"),
        ("{get_property: [{concat: [SOURCE]}, y]}", "SOURCE means nothing here"),
        ("{get_input: text, type: integer}", "does not fit the type 'integer'"),
        ("{get_input: one}", "values are defined by each other: input one -> input two -> input one"),
        ("{concat: {get_input: text}}", None),
        ("{get_property: [SELF, {concat: [x]}]}", "values are defined by each other: n.x -> n.x"),
    ],
)
def test_what_goes_wrong_at_creation(value, message):
    """An error of ours, with the path in the blueprint."""
    text = (
        TYPE
        + f"""
inputs:
  map: {{default: {{list: []}}}}
  text: {{default: word}}
  one: {{required: false, default: {{get_input: two}}}}
  two: {{required: false, default: 1}}
node_templates: {{n: {{type: T, properties: {{x: {value}}}}}}}
"""
    )
    inputs = {"two": {"get_input": "one"}}
    if message is None:
        assert codes(text) == ["bad-function-arguments"]
        return
    with pytest.raises(DeploymentError) as caught:
        deployed(text, inputs)
    assert message in str(caught.value)


def chain(length):
    """Nodes whose property x is that of the next one, and a letter."""
    nodes = "".join(
        f"  n{n}: {{type: T, properties: {{x: {{concat: [{{get_property: [n{n + 1}, x]}}, a]}}}}}}\n"
        for n in range(length)
    )
    return TYPE + "node_templates:\n" + nodes + f"  n{length}: {{type: T, properties: {{x: end}}}}\n"


def test_fifty_references_and_no_more():
    """§14: then it ends, long before Python's stack does; a result that explodes ends too."""
    assert deployed(chain(50)).nodes["n0"].properties["x"] == "end" + "a" * 50
    with pytest.raises(DeploymentError, match="more than 50 values are taken from each other") as caught:
        deployed(chain(200))
    assert len(caught.value.problems) == 1
    doubled = "".join(
        f"  n{n}: {{type: T, properties: {{x: [{{get_property: [n{n + 1}, x]}}, {{get_property: [n{n + 1}, x]}}]}}}}\n"
        for n in range(20)
    )
    with pytest.raises(DeploymentError, match="functions give more than"):
        deployed(TYPE + "node_templates:\n" + doubled + "  n20: {type: T, properties: {x: end}}\n")


def test_outputs_wait():
    """What an output cannot evaluate at creation is told when it is read."""
    plan = deployed("inputs: {m: {default: {}}}\noutputs: {o: {value: {get_input: [m, nope]}}, l: {value: 5}}")
    scope = scope_of({}, [])
    scope.inputs = plan.inputs
    assert evaluate_outputs(plan.outputs, scope) == {"o": "<ERROR: input m.nope: nothing stands under 'nope'>", "l": 5}


# ---- run time


def scope_of(nodes, instances, **who):
    """A deployment with one input."""
    return Scope(nodes=nodes, instances=instances, inputs={"i": {"a": 1}}, **who)


NODES = {
    "web": {"port": 80, "name": {"concat": ["web-", {"get_attribute": ["SELF", "n"]}]}},
    "db": {"port": 5432},
    "none": {},
}
WEB = InstanceView("web_1", "web", 1, {"ip": "10.0.0.1", "n": 1, "deep": {"l": [{"k": "v"}]}}, ["db_2"])
DBS = [
    InstanceView("db_1", "db", 1, {"ip": "a"}),
    InstanceView("db_2", "db", 2, {"ip": "b", "node_instance_id": "own"}),
]


@pytest.mark.parametrize(
    ("payload", "value"),
    [
        ({"get_attribute": ["SELF", "ip"]}, "10.0.0.1"),
        ({"get_attribute": ["web", "ip"]}, "10.0.0.1"),
        ({"get_attribute": ["SELF", "deep", "l", 0, "k"]}, "v"),
        ({"get_attribute": ["SELF", "deep", "no", 0]}, None),
        ({"get_attribute": ["SELF", "port"]}, 80),
        ({"get_attribute": ["SELF", "nothing"]}, None),
        ({"get_attribute": ["SELF", "node_instance_id"]}, "web_1"),
        ({"get_attribute": ["SELF", "node_instance_index"]}, 1),
        ({"get_attribute": ["db", "ip"]}, "b"),
        ({"get_attribute": ["db", "node_instance_id"]}, "own"),
        ({"get_attribute": [{"concat": ["d", "b"]}, "ip"]}, "b"),
        ({"get_property": ["db", "port"]}, 5432),
        ({"get_property": ["SELF", "name"]}, "web-1"),
        ({"get_property": ["web", "name"]}, "web-1"),
        ([{"get_input": ["i", "a"]}, {"x": {"get_input": {"concat": ["i"]}}}], [1, {"x": {"a": 1}}]),
        ({"plain": [1, None]}, {"plain": [1, None]}),
    ],
)
def test_at_run_time(payload, value):
    """Runtime property, else the specials, else node property, else null; one of several by SELF's relationship."""
    assert evaluate(payload, scope_of(NODES, [WEB, *DBS], self_id="web_1")) == value


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        ({"get_attribute": ["db", "ip"]}, "has 2 instances"),
        ({"get_attribute": ["none", "ip"]}, "has no instance"),
        ({"get_attribute": ["nobody", "ip"]}, "there is no node 'nobody'"),
        ({"get_attribute": ["SELF", "ip"]}, "SELF means nothing here"),
        ({"get_attribute": "web"}, "takes a list"),
        ({"get_attribute": ["web", {"a": 1}]}, "a node, a name, and keys, not"),
        ({"get_attribute": [5, "a"]}, "a node, a name, and keys, not \\[5, 'a'\\]"),
        ({"get_input": "no"}, "no input 'no'"),
        ({"get_input": []}, "takes an input's name"),
        ({"get_property": ["web", "no"]}, "no property 'no'"),
        ({"concat": 5}, "takes a list"),
    ],
)
def test_what_goes_wrong_at_run_time(payload, message):
    """Outputs have no SELF; their errors are their values."""
    scope = scope_of(NODES, [WEB, *DBS])
    with pytest.raises(EvaluationError, match=message):
        evaluate(payload, scope)
    assert evaluate_outputs({"o": Output(payload)}, scope)["o"].startswith("<ERROR: ")


def test_relationship_scope():
    """SOURCE and TARGET are instances; SELF is none."""
    scope = scope_of(NODES, [WEB, *DBS], source_id="web_1", target_id="db_1")
    assert evaluate([{"get_attribute": ["SOURCE", "ip"]}, {"get_attribute": ["TARGET", "ip"]}], scope) == [
        "10.0.0.1",
        "a",
    ]


def test_runtime_properties_may_hold_calls():
    """They are evaluated too, where they are; a circle is named."""
    one = InstanceView(
        "a_1", "a", 1, {"x": {"get_attribute": ["SELF", "y"]}, "y": 5, "z": {"get_attribute": ["SELF", "z"]}}
    )
    scope = scope_of({"a": {}}, [one], self_id="a_1")
    assert evaluate({"get_attribute": ["SELF", "x"]}, scope) == 5
    with pytest.raises(EvaluationError, match=r"a_1.z -> a_1.z"):
        evaluate({"get_attribute": ["SELF", "z"]}, scope)
