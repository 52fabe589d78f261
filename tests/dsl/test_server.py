"""What means something to a server only: kept in the plan, evaluated with the deployment (blueprint-dsl §2, §14)."""

import pytest

from durable_wf.dsl.deployment import DeploymentError
from tests.dsl.kit import codes, deployed

SERVER = """
inputs: {who: {default: me}}
labels: {owner: {values: [{get_input: who}, {concat: [team-, {get_input: who}]}, plain]}}
blueprint_labels: {kind: {values: [small]}}
resource_tags: {raw: {get_input: who}}
deployment_settings:
  display_name: {concat: [web of, ' ', {get_input: who}]}
  default_schedules:
    nightly: {workflow: heal, since: '02:00', workflow_parameters: {who: {get_input: who}}}
"""


def test_functions_in_labels_and_settings_are_evaluated_when_a_deployment_is_created():
    """§14: those two are scanned; blueprint_labels and resource_tags are not."""
    plan = deployed(SERVER, {"who": "you"}).blueprint
    assert plan.labels == {"owner": ["you", "team-you", "plain"]}
    assert plan.blueprint_labels == {"kind": ["small"]}
    assert plan.resource_tags == {"raw": {"get_input": "who"}}
    assert plan.deployment_settings["display_name"] == "web of you"
    assert plan.deployment_settings["default_schedules"]["nightly"]["workflow_parameters"] == {"who": "you"}


def test_what_cannot_be_evaluated_is_said_with_its_path():
    """As for any other value of a deployment."""
    text = "inputs: {who: {}}\nlabels: {owner: {values: [{get_input: [who, name]}]}}"
    with pytest.raises(DeploymentError, match=r"labels\.owner: .*nothing stands under 'name'"):
        deployed(text, {"who": {}})


@pytest.mark.parametrize(
    ("since", "right"),
    [
        ("2026-01-01 10:00", True),
        ("9:05", True),
        ("+2 weeks", True),
        ("+1day+10min", True),
        ("+3mo +1 year", True),
        ("2 weeks", False),
        ("+2", False),
        ("+2 fortnights", False),
        ("2026-01-01", False),
        ("", False),
    ],
)
def test_times_of_schedules(since, right):
    """§2: absolute, a time of day, or relative."""
    text = f"deployment_settings: {{default_schedules: {{a: {{workflow: w, since: '{since}'}}}}}}"
    assert codes(text) == ([] if right else ["bad-schedule"])
