"""What means something to a server only: kept in the plan, evaluated with the deployment (blueprint-dsl §2, §14)."""

from datetime import timedelta, timezone

import pytest

from durable_wf.dsl.compile import compile_blueprint
from durable_wf.dsl.deployment import DeploymentError
from tests.dsl.kit import HEAD, Texts, codes, compiled, deployed, problems

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


def schedule(text):
    plan = compiled(f"deployment_settings: {{default_schedules: {{a: {{workflow: w, {text}}}}}}}")
    return plan.deployment_settings["default_schedules"]["a"]


def test_times_with_a_date_are_kept_in_utc():
    """§2: naive UTC text; in summer and in winter. What depends on the day of a deployment's making is as written."""
    found = schedule("since: '2026-01-05 02:00', until: '2026-07-05 02:00', timezone: Europe/Berlin")
    assert found == {
        "workflow": "w", "since": "2026-01-05 01:00", "until": "2026-07-05 00:00", "timezone": "Europe/Berlin",
    }  # fmt: skip
    assert schedule("since: '2026-01-05 2:00'")["since"] == "2026-01-05 02:00"
    assert schedule("since: '2:00', until: +1d, timezone: Asia/Tokyo") == {
        "workflow": "w", "since": "2:00", "until": "+1d", "timezone": "Asia/Tokyo",
    }  # fmt: skip


@pytest.mark.parametrize("since", ["2026-02-30 10:00", "2026-01-01 24:00", "25:00", "10:60", "0001-01-01 00:00"])
def test_days_and_hours_that_are_none_are_refused(since):
    """Also one that is before the first day of all in UTC."""
    text = f"deployment_settings: {{default_schedules: {{a: {{workflow: w, since: '{since}', timezone: Asia/Tokyo}}}}}}"
    assert codes(text) == ["bad-schedule"]


@pytest.mark.parametrize("zone", ["Europe/Berlim", "Europe", "../etc/passwd", "/etc/passwd", "''", "\u00fc"])
def test_a_time_zone_that_is_none_is_refused(zone):
    """With the nearest name; it reaches no file beside the table of zones."""
    text = f"deployment_settings: {{default_schedules: {{a: {{workflow: w, since: +1d, timezone: {zone}}}}}}}"
    (one,) = problems(text)
    assert (one.code, one.path) == ("bad-schedule", "deployment_settings.default_schedules.a.timezone")
    if zone == "Europe/Berlim":
        assert one.hint == "did you mean 'Europe/Berlin'?"


def test_without_a_table_of_time_zones_times_are_kept_as_written():
    """A machine without one: not the author's mistake; it is noted."""

    class Bare(Texts):
        def zone(self, name):
            return None

        def zones(self):
            return ()

    text = "since: '2026-01-05 02:00', timezone: Nowhere/Else"
    main = f"{HEAD}deployment_settings: {{default_schedules: {{a: {{workflow: w, {text}}}}}}}"
    plan = compile_blueprint(Bare(main=main))
    assert plan.deployment_settings["default_schedules"]["a"]["since"] == "2026-01-05 02:00"
    assert any("no table of time zones" in note for note in plan.notes)


def test_time_zones_are_those_that_the_compiler_is_given():
    """It looks at no table of the machine: the same files and zones give the same plan everywhere."""

    class Odd(Texts):
        def zone(self, name):
            return timezone(timedelta(hours=3)) if name == "Europe/Berlin" else None

    main = (
        f"{HEAD}deployment_settings: {{default_schedules: {{a: {{workflow: w, since: '2026-01-05 02:00', "
        "timezone: Europe/Berlin}}}"
    )
    plan = compile_blueprint(Odd(main=main))
    assert plan.deployment_settings["default_schedules"]["a"]["since"] == "2026-01-04 23:00"
