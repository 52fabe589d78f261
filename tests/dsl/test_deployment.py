"""Inputs, counts and node instances. Sections are those of reference/blueprint-dsl.md."""

import itertools

import pytest

from durable_wf.dsl.deployment import DeploymentError, plan_deployment
from durable_wf.dsl.parameters import InputsError
from durable_wf.dsl.sizes import TooManyInstances
from durable_wf.errors import EngineBug, InputError
from durable_wf.model.plan import DeploymentPlan, from_json, to_json
from tests.dsl.kit import compiled, deployed, suffixes


def node(count=1, *links, kind="Root"):
    relationships = ", ".join(
        f"{{type: cloudify.relationships.{name}, target: {target}, properties: {{connection_type: {pairing}}}}}"
        for name, target, pairing in ((*link, "all_to_all")[:3] for link in links)
    )
    return (
        f"{{type: cloudify.nodes.{kind}, relationships: [{relationships}], "
        f"capabilities: {{scalable: {{properties: {{default_instances: {count}}}}}}}}}"
    )


def topology(**nodes):
    return deployed("node_templates:\n" + "".join(f"  {name}: {text}\n" for name, text in nodes.items()))


def edges(plan, name):
    return [[one.target_id for one in each.relationships] for each in plan.instances if each.node == name]


def ids(plan, name):
    return [one.id for one in plan.instances if one.node == name]


def test_contained_nodes_multiply():
    """§15: vm 2, app 3 in it -> 6; each in its own container; index counts within the node."""
    plan = topology(app=node(3, ("contained_in", "vm")), vm=node(2, kind="Compute"))
    apps = [one for one in plan.instances if one.node == "app"]
    first, second = ids(plan, "vm")
    assert [one.host_id for one in apps] == [first] * 3 + [second] * 3
    assert [one.relationships[0].target_id for one in apps] == [first] * 3 + [second] * 3
    assert [one.index for one in apps] == [1, 2, 3, 4, 5, 6]
    assert [one.node for one in plan.instances] == ["app"] * 6 + ["vm"] * 2
    assert [one.host_id for one in plan.instances if one.node == "vm"] == [first, second]
    assert len({one.id for one in plan.instances}) == 8


def test_everything_to_everything():
    """§15: the default; targets by index, relationships by declaration."""
    plan = topology(a=node(2, ("connected_to", "c"), ("depends_on", "b")), b=node(3), c=node(1))
    assert edges(plan, "a") == [ids(plan, "c") + ids(plan, "b")] * 2
    assert [one.position for one in plan.instances[0].relationships] == [0, 1, 1, 1]


def test_everything_to_one():
    """§15: to the smallest id by the alphabet."""
    suffix = iter(["zzzzzz", "bbbbbb", "cccccc", "aaaaaa", "dddddd"])
    blueprint = compiled(
        "node_templates:\n  b: " + node(3) + "\n  a: " + node(2, ("connected_to", "b", "all_to_one")) + "\n"
    )
    plan = plan_deployment(blueprint, {}, lambda: next(suffix))
    assert edges(plan, "a") == [["b_bbbbbb"], ["b_bbbbbb"]]


@pytest.mark.parametrize("pairing", ["all_to_all", "all_to_one"])
def test_no_instances_no_relationships(pairing):
    """§15: zero is legal, on either side."""
    plan = topology(a=node(2, ("connected_to", "b", pairing)), b=node(0), c=node(0, ("connected_to", "a", pairing)))
    assert edges(plan, "a") == [[], []]
    assert ids(plan, "b") == ids(plan, "c") == []


def test_relationships_beside_each_other_are_kept():
    """§15, §20: two to one target are two."""
    plan = topology(a=node(1, ("connected_to", "b"), ("depends_on", "b")), b=node(1))
    assert [one.position for one in plan.instances[0].relationships] == [0, 1]
    assert edges(plan, "a") == [ids(plan, "b") * 2]


def test_ids_are_asked_for_until_they_are_new():
    """§15: unique per node; the allocator is given, so a plan is a function of it."""
    suffix = iter(["aaaaaa", "aaaaaa", "bbbbbb"])
    plan = plan_deployment(compiled("node_templates: {n: " + node(2) + "}"), {}, lambda: next(suffix))
    assert ids(plan, "n") == ["n_aaaaaa", "n_bbbbbb"]
    with pytest.raises(EngineBug):
        plan_deployment(compiled("node_templates: {n: " + node(2) + "}"), {}, lambda: "aaaaaa")


def test_the_same_allocator_gives_the_same_plan():
    """§20: a plan is deterministic."""
    text = "node_templates: {a: " + node(2, ("connected_to", "b")) + ", b: " + node(2) + "}"
    assert deployed(text) == deployed(text)
    again = from_json(DeploymentPlan, to_json(deployed(text)))
    assert again == deployed(text)


def test_counts_may_be_functions_of_inputs():
    """§12: evaluated at creation; what they give is checked then."""
    text = """
inputs: {n: {default: 2}, max: {default: UNBOUNDED}}
node_templates:
  a:
    type: cloudify.nodes.Root
    capabilities: {scalable: {properties: {default_instances: {get_input: n}, max_instances: {get_input: max}}}}
"""
    assert len(deployed(text).instances) == 2
    plan = deployed(text, {"n": 3, "max": 3})
    assert (len(plan.instances), plan.nodes["a"].scalable.max_instances) == (3, 3)
    for bad in ({"n": -1}, {"n": "two"}, {"n": True}, {"n": 4, "max": 3}, {"max": "many"}):
        with pytest.raises(DeploymentError, match=r"node_templates\.a\.capabilities\.scalable\.properties"):
            deployed(text, bad)


def test_too_many():
    """Multiplication is checked before anything is made."""
    nodes = {f"n{n}": node(1000, ("contained_in", f"n{n - 1}")) for n in range(1, 10)}
    with pytest.raises(TooManyInstances, match=str(sum(1000**n for n in range(1, 11)))):
        topology(n0=node(1000), **nodes)
    with pytest.raises(TooManyInstances, match="4000000 relationships"):
        topology(a=node(2000, ("connected_to", "b")), b=node(2000))


def test_old_form_of_counts():
    """§12: `instances: {deploy: N}`."""
    assert len(deployed("node_templates: {a: {type: cloudify.nodes.Root, instances: {deploy: 3}}}").instances) == 3


# ---- inputs

INPUTS = """
inputs:
  must: {type: integer}
  may: {type: string, required: false}
  flag: {type: boolean, default: false}
  ratio: {type: float, default: {concat: ['1']}}
  later: {default: {concat: [{get_input: must}, '!']}}
"""


def test_inputs_are_applied():
    """§4: given, else default, else None if not required; texts that spell a number or a boolean are that."""
    plan = deployed(INPUTS, {"must": "5", "flag": "true"})
    assert plan.inputs == {"must": 5, "may": None, "flag": True, "ratio": "1", "later": "5!"}


@pytest.mark.parametrize(("given", "found"), [("True", None), ("yes", None), (" 7", 7), ("0x10", None), ("5.0", None)])
def test_texts_as_values(given, found):
    """§4: exactly `true` and `false` are booleans; integers as Python reads them."""
    name = "flag" if given in {"True", "yes"} else "must"
    inputs = {"must": 1, name: given}
    if found is None:
        with pytest.raises(InputsError, match=f"'{name}' is not of type"):
            deployed(INPUTS, inputs)
    else:
        assert deployed(INPUTS, inputs).inputs[name] == found


def test_all_that_is_wrong_with_inputs_is_said_at_once():
    """§4: missing, unknown and ill-typed, with what was meant; exit code 3."""
    with pytest.raises(InputsError) as caught:
        deployed(INPUTS, {"mst": 1, "flag": 5, "ratio": float("nan"), "zzz": 1, "may": {1: 2}})
    assert caught.value.problems == (
        "there is no input 'mst', did you mean 'must'?",
        "there is no input 'zzz'",
        "the input 'must' is missing",
        "the input 'may' has a key that is not text",
        "the input 'flag' is not of type boolean",
        "the input 'ratio' has a number that is not finite",
    )
    assert caught.value.hint == "declared are: must, may, flag, ratio, later"
    assert isinstance(caught.value, InputError)
    assert caught.value.exit_code == 3


def test_deep_inputs_are_refused():
    """A value that could not be walked is not let in."""
    deep = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(InputsError, match="more than 64 deep"):
        deployed("inputs: {a: {}}", {"a": deep})
    while deep:
        deep = deep.pop()


@pytest.mark.parametrize("value", [object(), {1, 2}, b"bytes", {"a": (1, object())}])
def test_only_json_is_let_in(value):
    """Inputs are stored in the journal."""
    with pytest.raises(InputsError, match="which JSON cannot hold"):
        deployed("inputs: {a: {}}", {"a": value})


def test_no_inputs_are_declared():
    """The hint says so."""
    with pytest.raises(InputsError) as caught:
        deployed("inputs: {}", {"a": 1})
    assert caught.value.hint == "none are declared"


def test_suffixes_of_the_kit():
    """The tests' own allocator counts."""
    new = suffixes()
    assert [new() for _ in itertools.repeat(None, 3)] == ["000000", "000001", "000002"]
