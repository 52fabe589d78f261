"""Secrets, labels, the deployment itself and other deployments. Source: reference/blueprint-dsl.md §14."""

import pytest

from durable_wf.dsl.outcomes import EvaluationError, UnknownSecretError
from durable_wf.dsl.requirements import environments_of, secrets_of
from durable_wf.dsl.runtime import InstanceView, evaluate, evaluate_outputs
from durable_wf.model.plan import Output
from tests.dsl.kit import compiled, deployed
from tests.dsl.scopes import Scope


def world():
    """An environment, two deployments that read it, and one that names itself as its environment."""
    env = Scope(
        "env",
        nodes={"n": {"port": 80}},
        instances=[InstanceView("n_1", "n", 1, {"ip": "10.0.0.1"})],
        inputs={"size": "big"},
        capabilities={
            "ip": {"get_attribute": ["n", "ip"]},
            "deep": {"l": [{"k": {"concat": ["size-", {"get_input": "size"}]}}]},
            "null": None,
            "round": {"get_capability": ["here", "round"]},
            "7": "seven",
        },
    )
    return Scope(
        "here",
        world=env.world,
        inputs={"where": "env"},
        labels={"csys-obj-parent": ["env"], "colour": ["red", "blue", {"get_input": "where"}]},
        capabilities={
            "round": {"get_capability": ["env", "round"]},
            "own": {"get_capability": ["here", "own"]},
            "fine": {"get_capability": ["here", "other"]},
            "other": 1,
        },
        groups={"g": ["env", "here"]},
        secrets={"password": "pass", "json": '{"a": ["x", {"b": 5}]}', "text": "{oops"},
        consumed_by=["a", "b"],
    )


@pytest.mark.parametrize(
    ("payload", "value"),
    [
        ({"get_secret": "password"}, "pass"),
        ({"get_secret": {"concat": ["pass", "word"]}}, "pass"),
        ({"get_secret": ["json", "a", 1, "b"]}, 5),
        ({"get_secret": "json"}, '{"a": ["x", {"b": 5}]}'),
        ({"concat": ["user:", {"get_secret": "password"}]}, "user:pass"),
        ({"get_label": "colour"}, ["blue", "env", "red"]),
        ({"get_label": ["colour", 0]}, "blue"),
        ({"get_sys": ["deployment", "id"]}, "here"),
        ({"get_sys": ["tenant", "name"]}, None),
        ({"get_consumers": "ids"}, ["a", "b"]),
        ({"get_consumers": ["names"]}, ["a", "b"]),
        ({"get_consumers": "count"}, 2),
        ({"get_capability": ["env", "ip"]}, "10.0.0.1"),
        ({"get_capability": [{"get_input": "where"}, "deep", "l", 0, "k"]}, "size-big"),
        ({"get_capability": ["env", "null"]}, None),
        ({"get_capability": ["env", 7]}, "seven"),
        ({"get_capability": ["here", "fine"]}, 1),
        ({"get_environment_capability": "ip"}, "10.0.0.1"),
        ({"get_environment_capability": ["deep", "l"]}, [{"k": "size-big"}]),
        ({"string_upper": {"get_environment_capability": "7"}}, "SEVEN"),
    ],
)
def test_what_is_around_a_deployment(payload, value):
    """Calls in a capability are evaluated in the deployment that has it."""
    assert evaluate(payload, world()) == value


def test_capabilities_of_a_group():
    """By deployment; a list of names gives a mapping of them."""
    scope = world()
    scope.world["env"].capabilities["other"] = Output({"x": 2})
    scope.capabilities["other"] = Output({"x": 1})
    scope.capabilities["ip"] = Output({"x": "mine"})
    assert evaluate({"get_group_capability": ["g", "other", "x"]}, scope) == {"env": 2, "here": 1}
    assert evaluate({"get_group_capability": ["g", ["ip", "other"]]}, scope) == {
        "env": {"ip": "10.0.0.1", "other": {"x": 2}},
        "here": {"ip": {"x": "mine"}, "other": {"x": 1}},
    }


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        ({"get_secret": "no"}, "there is no secret 'no'"),
        ({"get_secret": ["json", "b"]}, "secret json: nothing stands under 'b'"),
        ({"get_secret": ["text", "b"]}, "the secret 'text' is not JSON"),
        ({"get_label": "size"}, "has no label 'size'"),
        ({"get_label": ["colour", 3]}, "label colour: nothing stands under 3"),
        ({"get_sys": [{"concat": ["planet"]}, "id"]}, "get_sys takes one of"),
        ({"get_consumers": {"concat": ["all"]}}, "get_consumers takes one of ids, names, count"),
        ({"get_capability": ["nowhere", "ip"]}, "there is no deployment 'nowhere'"),
        ({"get_capability": ["env", "pi"]}, "the deployment 'env' has no capability 'pi'"),
        ({"get_capability": ["env", "deep", "x"]}, "capability deep.x: nothing stands under 'x'"),
        ({"get_group_capability": ["none", "ip"]}, "no deployment is in a group 'none'"),
    ],
)
def test_what_is_not_there(payload, message):
    """Each says what it asked for."""
    with pytest.raises(EvaluationError) as caught:
        evaluate(payload, world())
    assert message in caught.value.message


def test_an_environment_that_cannot_be_told():
    """The label is missing, or names several deployments."""
    scope = world()
    scope.labels["csys-obj-parent"].append("here")
    with pytest.raises(EvaluationError, match="is in 2 environments"):
        evaluate({"get_environment_capability": "ip"}, scope)
    del scope.labels["csys-obj-parent"]
    with pytest.raises(EvaluationError, match="is in no environment"):
        evaluate({"get_environment_capability": "ip"}, scope)


def test_circles_through_deployments_are_named():
    """They end, and the message shows the way."""
    with pytest.raises(
        EvaluationError,
        match="env: capability round -> here: capability round -> env: capability round",
    ):
        evaluate({"get_capability": ["env", "round"]}, world())
    with pytest.raises(EvaluationError, match="here: capability own -> here: capability own"):
        evaluate({"get_capability": ["here", "own"]}, world())


def test_the_same_name_in_two_deployments_is_no_circle():
    """An input may get its value from another deployment's capability that reads an input of the same name."""
    scope = world()
    scope.inputs["size"] = {"get_capability": ["env", "deep", "l", 0, "k"]}
    assert evaluate({"get_input": "size"}, scope) == "size-big"


def test_an_error_never_quotes_a_secret():
    """Not even by the cause of the error: a JSON reader's quotes what it read."""
    with pytest.raises(EvaluationError) as caught:
        evaluate({"get_secret": ["text", "b"]}, world())
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_what_is_taken_out_of_a_secret_is_told():
    """Whoever keeps secrets out of the journal has to know the part, not only the whole."""
    scope = world()
    evaluate({"get_secret": ["json", "a", 0]}, scope)
    assert scope.handed_out == [("json", ["a", 0], "x")]


def test_an_output_that_is_a_secret_which_is_not_there_is_left_out():
    """§2; one that only has such a secret in it is an error text."""
    outputs = {
        "gone": Output({"get_secret": "no"}),
        "part": Output(["x", {"get_secret": "no"}]),
        "there": Output({"get_secret": "password"}),
    }
    assert evaluate_outputs(outputs, world()) == {
        "part": "<ERROR: get_secret: there is no secret 'no'>",
        "there": "pass",
    }
    with pytest.raises(UnknownSecretError):
        evaluate(outputs["gone"].value, world())


PLAN = """
inputs: {which: {default: one}, late: {default: {get_secret: two}}, env: {default: far}}
labels: {csys-obj-parent: {values: [{get_input: env}]}, plain: {values: [x]}}
node_types:
  T:
    properties: {x: {default: {get_secret: three}}}
    interfaces: {i: {go: {implementation: p.go, inputs: {a: {default: {get_secret: [four, key]}}}}}}
relationships:
  R:
    derived_from: cloudify.relationships.depends_on
    target_interfaces: {i: {go: {implementation: p.go, inputs: {a: {default: {get_secret: five}}}}}}
node_templates:
  a: {type: T, relationships: [{type: R, target: b}]}
  b: {type: cloudify.nodes.Root}
outputs: {o: {value: {get_secret: {get_input: which}}}, dynamic: {value: {get_secret: {get_attribute: [a, x]}}}}
capabilities: {c: {value: [{get_capability: [{concat: [a, b]}, x]}, {get_capability: [{get_secret: six}, x]}]}}
"""


def test_what_a_deployment_needs():
    """Secrets and other deployments that calls name literally, once what is known at creation is evaluated."""
    plan = deployed(PLAN)
    assert secrets_of(plan) == ("five", "four", "one", "six", "three", "two")
    assert environments_of(plan.blueprint, plan.inputs) == {"ab", "far"}
    assert plan.blueprint.labels == {"csys-obj-parent": ["far"], "plain": ["x"]}


def test_secrets_are_never_evaluated_at_creation():
    """A stored plan holds the call."""
    plan = deployed(PLAN)
    assert plan.nodes["a"].operations["i.go"].inputs == {"a": {"get_secret": ["four", "key"]}}
    assert plan.inputs["late"] == {"get_secret": "two"}


def test_what_only_a_server_has_is_said():
    """§14: tenants and owners are null here."""
    text = "outputs: {t: {value: {get_sys: [tenant, name]}}, o: {value: [{get_sys: [deployment, owner]}]}}"
    assert compiled(text).notes == (
        "main.yaml:5:32: outputs.t.value.get_sys: only a server knows it; it is null here",
        "main.yaml:5:72: outputs.o.value[0].get_sys: only a server knows it; it is null here",
    )
    assert compiled("outputs: {d: {value: {get_sys: [deployment, id]}}}").notes == ()


def test_runtime_only_evaluation():
    """Nothing is evaluated at creation but numbers of instances; then every function works at run time."""
    text = """
inputs: {n: {default: 2}, name: {default: {concat: [a, b]}}}
node_types: {T: {properties: {x: {}, y: {default: 1}}}}
node_templates:
  a:
    type: T
    properties: {x: {string_upper: {get_input: name}}}
    capabilities: {scalable: {properties: {default_instances: {get_input: n}}}}
outputs: {o: {value: {get_property: [a, x]}}}
"""
    plan = deployed(text, runtime_only=True)
    assert plan.nodes["a"].properties["x"] == {"string_upper": {"get_input": "name"}}
    assert plan.inputs["name"] == {"concat": ["a", "b"]}
    assert len(plan.instances) == 2
    scope = Scope(nodes={"a": plan.nodes["a"].properties}, inputs=plan.inputs)
    assert evaluate_outputs(plan.outputs, scope) == {"o": "AB"}
