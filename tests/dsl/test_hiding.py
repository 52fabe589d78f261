"""Values that a blueprint declares secret are in no part of the plan that is made of it (L10)."""

import json

import pytest

from durable_wf.dsl.deployment import plan_deployment
from durable_wf.dsl.parameters import InputsError
from durable_wf.dsl.problems import BlueprintError
from durable_wf.model.plan import Blueprint, from_json, to_json
from tests.dsl.kit import compiled, problems

BLUEPRINT = """
inputs:
  password: {type: string, secret: true, constraints: [{min_length: 4}]}
  pin: {type: integer, secret: true, default: 987654321, constraints: [{greater_than: {get_input: least}}]}
  least: {type: integer, default: 5}
  made: {secret: true, default: {concat: [made-of-, {get_input: password}]}}
  open: {default: {concat: [user-, {get_input: password}]}}
  login: {type: Login, default: {name: me}}
  flag: {type: boolean, secret: true, required: false}
data_types:
  Login:
    properties:
      name: {type: string}
      password: {type: string, secret: true, default: type-default}
      deep: {type: Deep, required: false}
  Deep: {properties: {key: {secret: true, required: false}}}
plugins:
  p:
    executor: central_deployment_agent
    install: false
    properties: {token: {type: string, secret: true, value: plugin-value}, port: {type: integer, value: 80}}
node_types:
  T:
    properties:
      token: {secret: true, default: node-default}
      url: {default: ""}
      login: {type: Login, required: false}
    interfaces:
      ops:
        go:
          implementation: p.tasks.go
          inputs:
            own: {secret: true, default: operation-default}
            given: {default: {get_input: password}}
            login: {type: Login, default: {name: x}}
  U: {derived_from: T, properties: {token: {default: derived-default}}}
relationships:
  R: {derived_from: cloudify.relationships.depends_on, properties: {key: {secret: true}}}
  cloudify.relationships.depends_on: {properties: {connection_type: {default: all_to_all}}}
node_templates:
  a:
    type: T
    properties: {token: {string_upper: of-template}, url: {concat: ["x://", {get_input: password}]}}
  b:
    type: U
    properties:
      url: {get_property: [a, token]}
      login: {name: n, password: literal-one, deep: {key: [in-a-list, {get_secret: mine}]}}
    relationships: [{type: R, target: a, properties: {key: of-link}}]
workflows:
  w:
    mapping: p.tasks.w
    parameters: {s: {secret: true, default: parameter-default}, l: {type: Login, default: {name: x}}}
outputs:
  all: {value: [{get_input: password}, {get_property: [b, login, password]}, {get_input: [login, password]}]}
"""
HEAD = "tosca_definitions_version: cloudify_dsl_1_5\n"
PLANTED = (
    *("hunter-two", "987654321", "made-of-", "type-default", "plugin-value", "node-default", "operation-default"),
    *("derived-default", "of-template", "OF-TEMPLATE", "literal-one", "in-a-list", "of-link", "parameter-default"),
)


def planned(text=BLUEPRINT, **inputs):
    """The plan, and what was taken out of it by its path."""
    taken = {}

    def hide(path, value):
        taken[path] = value
        return {"get_secret": f"@{path}"}

    blueprint = compiled(text, HEAD)
    plan = plan_deployment(blueprint, inputs, lambda: "000000", hide=hide)
    return plan, taken


@pytest.fixture(scope="module")
def made():
    return planned(password="hunter-two", flag=True)


@pytest.mark.parametrize("value", PLANTED)
def test_L10_no_secret_is_in_a_plan(made, value):
    """In no input, default, property, argument or output; and each was taken away under its path."""
    plan, taken = made
    assert value not in json.dumps([to_json(plan.blueprint), plan.inputs, [to_json(one) for one in plan.instances]])
    if value not in ("of-template", "made-of-", "node-default"):  # in other words; in no node
        assert any(value in json.dumps(one) for one in taken.values())


def test_what_is_not_secret_stays(made):
    """Names beside secrets, numbers, calls; a call takes a secret's place and is passed on as one."""
    plan, _ = made
    assert plan.inputs["login"] == {"name": "me", "password": {"get_secret": "@inputs.login.password"}, "deep": {}}
    assert plan.inputs["password"] == {"get_secret": "@inputs.password"}
    assert plan.inputs["open"] == {"concat": ["user-", {"get_input": "password"}]}
    assert plan.inputs["least"] == 5
    deep = plan.nodes["b"].properties["login"]["deep"]
    assert deep == {"key": [{"get_secret": "@node_templates.b.properties.login.deep.key[0]"}, {"get_secret": "mine"}]}
    assert plan.blueprint.plugins["p"].properties["port"] == {"type": "integer", "value": 80}
    assert plan.nodes["a"].properties["url"] == {"concat": ["x://", {"get_input": "password"}]}


def test_values_are_taken_away_whole_and_as_what_they_are(made):
    """A number stays one, a boolean too; functions that can be evaluated are."""
    _, taken = made
    assert taken["inputs.pin"] == 987654321
    assert taken["inputs.flag"] is True
    assert taken["inputs.made"] == "made-of-hunter-two"
    assert taken["node_templates.a.properties.token"] == "OF-TEMPLATE"
    assert taken["node_templates.b.properties.token"] == "derived-default"


def test_a_plan_with_secrets_survives_storing(made):
    """Its records know what is secret; older plans, which do not say, load."""
    plan, _ = made
    assert from_json(Blueprint, to_json(plan.blueprint)) == plan.blueprint
    assert plan.nodes["b"].secrets == (("token",), ("login", "password"), ("login", "deep", "key"))
    assert plan.nodes["b"].relationships[0].secrets == (("key",),)
    assert plan.nodes["a"].interfaces["ops"]["go"].secrets == ("own",)


@pytest.mark.parametrize(
    ("inputs", "text"),
    [
        ({"password": "xyz"}, "the input 'password' must have the length 4 or more"),
        ({"password": "hunter-two", "pin": "hunter"}, "the input 'pin' is not of type integer"),
        ({"password": "hunter-two", "pin": 3}, "the input 'pin' must be greater than 5"),
    ],
)
def test_constraints_ask_about_the_value_and_do_not_say_it(inputs, text):
    """Also those that are known late."""
    with pytest.raises(InputsError) as caught:
        planned(**inputs)
    assert text in str(caught.value)
    assert not any(f" {value}" in str(caught.value) for value in ("xyz", "hunter", 3))


def test_nothing_is_evaluated_but_secrets_are_hidden_at_run_time_only():
    """`--runtime-only-evaluation`: literals go, calls stay."""
    taken = {}
    hide = lambda path, value: taken.setdefault(path, value) and {"get_secret": path}
    plan = plan_deployment(
        compiled(BLUEPRINT, HEAD), {"password": "hunter-two"}, lambda: "000000", runtime_only=True, hide=hide
    )
    assert plan.nodes["a"].properties["token"] == {"string_upper": "of-template"}
    text = json.dumps([to_json(plan.blueprint), plan.inputs])
    assert not [value for value in PLANTED if value in text and value != "of-template"]


def test_secret_is_inherited_until_a_type_says_otherwise():
    """A derived type that declares the property again keeps it secret; `secret: false` ends that."""
    text = """
node_types:
  T: {properties: {a: {secret: true, default: one-one}}}
  U: {derived_from: T, properties: {a: {default: two-two}}}
  V: {derived_from: U, properties: {a: {default: three-three, secret: false}}}
node_templates: {t: {type: T}, u: {type: U}, v: {type: V}}
"""
    _, taken = planned(text)
    assert taken == {
        "node_templates.t.properties.a": "one-one",
        "node_templates.u.properties.a": "two-two",
    }


def test_empty_values_and_calls_are_no_secrets():
    """There is nothing to hide in them."""
    text = """
inputs: {a: {secret: true}, b: {secret: true, required: false}, c: {secret: true}, d: {secret: true}}
"""
    plan, taken = planned(text, a="", c={"get_secret": "mine"}, d={"concat": ["part-of-it", {"get_secret": "mine"}]})
    assert plan.inputs == {
        "a": "",
        "b": None,
        "c": {"get_secret": "mine"},
        "d": {"concat": [{"get_secret": "@inputs.d.concat[0]"}, {"get_secret": "mine"}]},
    }
    assert taken == {"inputs.d.concat[0]": "part-of-it"}


def test_an_error_about_a_blueprint_quotes_no_secret():
    """Not in its text, and not in the lines that are shown beside it."""
    text = """
data_types: {D: {properties: {a: {secret: true, default: hush-hush}}}}
inputs: {i: {secret: true, default: sword-fish}}
node_types: {T: {properties: {p: {type: D}, q: {secret: true, required: false}}}}
node_templates: {n: {type: T, properties: {p: {a: open-sesame, sesame: open-sesame}, q: [12345678]}}, m: {type: no}}
"""
    with pytest.raises(BlueprintError) as caught:
        compiled(text, HEAD)
    problem = caught.value.problems[-1]
    of_types, of_inputs, _, of_nodes = (
        caught.value.sources.excerpt(problem.file, problem.line - lines, problem.column) for lines in (3, 2, 1, 0)
    )
    assert of_types[0] == "data_types: {D: {properties: {a: {secret: true, default: <secret>}}}}"
    assert of_inputs[0] == "inputs: {i: {secret: true, default: <secret>}}"
    line, at = of_nodes
    assert line[at:] == "no}}"
    assert line.endswith("{type: T, properties: {p: {a: <secret>, sesame: <secret>}, q: [<secret>]}}, m: {type: no}}")
    line, at = caught.value.sources.excerpt(problem.file, problem.line, problem.column - len("12345678]}}, m: {type: "))
    assert line[at:].startswith("<secret>, sesame"), "a place between two that are hidden is shown at the first"


def test_a_secret_from_an_input_that_is_stored_is_refused():
    """At the value; an input that is a secret unless one is given is none of those."""
    text = """
inputs: {open: {}, held: {default: {get_secret: mine}}, list: {type: D}}
data_types: {D: {properties: {a: {secret: true}}}}
node_types: {T: {properties: {p: {secret: true}}}}
node_templates:
  a: {type: T, properties: {p: {get_input: [open, x]}}}
  b: {type: T, properties: {p: {get_input: held}}}
  c: {type: T, properties: {p: {get_input: [list, a]}}}
"""
    assert [one.path for one in problems(text, HEAD)] == ["node_templates.a.properties.p"]
