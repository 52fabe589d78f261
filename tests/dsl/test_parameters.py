"""Parameters of an execution over those that its workflow declares.

Source: reference/workflow-api.md §9.2; reference/blueprint-dsl.md §10.
"""

import pytest

from durable_wf.dsl.parameters import ParametersError, merge_parameters
from durable_wf.model.declarations import Parameter
from durable_wf.model.plan import Blueprint, Workflow


def merged(flow, given, **options):
    return merge_parameters(flow, given, blueprint=Blueprint("cloudify_dsl_1_5", "main.yaml"), **options)


FLOW = Workflow(
    "scale",
    "p",
    "scale",
    {
        "entity": Parameter(),
        "delta": Parameter("integer", default=1, has_default=True),
        "ratio": Parameter("float", required=False),
        "name": Parameter("string", default=None, has_default=True),
        "force": Parameter("boolean", default=False, has_default=True),
        "nodes": Parameter("list", default=[], has_default=True),
    },
)


def test_defaults():
    """What is not required and has no default is not passed at all; a default of null is passed."""
    assert merged(FLOW, {"entity": "web"}) == {
        "entity": "web",
        "delta": 1,
        "name": None,
        "force": False,
        "nodes": [],
    }


@pytest.mark.parametrize(
    ("name", "given", "value"),
    [
        ("delta", "5", 5),
        ("delta", "-5", -5),
        ("delta", True, True),
        ("ratio", "0.5", 0.5),
        ("ratio", "1", 1.0),
        ("ratio", 1, 1.0),
        ("force", "TRUE", True),
        ("force", "false", False),
        ("name", "5", "5"),
        ("nodes", "anything", "anything"),
        ("entity", {"a": [1]}, {"a": [1]}),
    ],
)
def test_values_are_converted(name, given, value):
    """Texts to what is declared, whole numbers to float; other types are not looked at."""
    found = merged(FLOW, {"entity": "x", name: given})[name]
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("delta", "five"),
        ("delta", 1.5),
        ("delta", None),
        ("delta", "9" * 30),
        ("ratio", "nan"),
        ("ratio", "inf"),
        ("ratio", True),
        ("force", "yes"),
        ("force", 1),
        ("name", 5),
    ],
)
def test_other_types_are_refused(name, given):
    """The text names the parameter and its type."""
    with pytest.raises(ParametersError, match=f"'{name}' is not of type {FLOW.parameters[name].type}"):
        merged(FLOW, {"entity": "x", name: given})


def test_all_that_is_wrong_is_said_at_once():
    """Undeclared with what was meant, missing, ill-typed."""
    with pytest.raises(ParametersError) as caught:
        merged(FLOW, {"detla": 1, "force": "no", "nodes": {1}})
    assert caught.value.problems == (
        "there is no parameter 'detla', did you mean 'delta'?",
        "the parameter 'entity' is missing",
        "the parameter 'force' is not of type boolean",
        "the parameter 'nodes' has a value of type set, which JSON cannot hold",
    )
    assert "workflow 'scale'" in str(caught.value)


def test_custom_parameters():
    """Passed through after the declared ones, if it is said so."""
    found = merged(FLOW, {"more": 1, "entity": "x"}, allow_custom=True)
    assert list(found)[-1] == "more"
