"""heal: healed where that can be done, reinstalled where not (workflow-api §10.9)."""

import pytest

from tests.builtin import kit
from tests.builtin.test_checks import kept
from tests.replay.work import WORLD

SICK = f"""\
node_templates:
  host: {{type: Host}}
  app:
    type: Small
    interfaces:
      cloudify.interfaces.validation:
        check_status: {{implementation: {kit.STEP}, inputs: {{times: 1}}}}
      cloudify.interfaces.lifecycle: {{preheal: {kit.STEP}, HEAL postheal: {kit.STEP}}}
    relationships: [{{type: cloudify.relationships.contained_in, target: host}}]
  inside:
    type: Small
    relationships: [{{type: cloudify.relationships.contained_in, target: app}}]
  other: {{type: Small}}
"""
CAN_HEAL = SICK.replace("HEAL", f"heal: {kit.STEP},")
CANNOT_HEAL = SICK.replace("HEAL", "")


def steps():
    """What ran, by instance and operation; without what is said of hosts."""
    return [one for one in WORLD.names() if not one.startswith("host_1") or "create" in one]


@pytest.fixture
def installed(deployed):
    """Makes a deployment of which everything is started, and what ran forgotten."""

    def make(text):
        env = deployed(text)
        assert env.run("install") == "terminated"
        WORLD.clear()
        return env

    return make


def test_what_is_well_or_never_asked_stays_as_it_is(installed):
    env = installed(CAN_HEAL.replace("times: 1", "times: 0"))
    assert env.run("heal") == "terminated"
    assert steps() == ["app_2 validation.check_status"]


def test_what_is_ill_is_healed_in_its_place(installed):
    env = installed(CAN_HEAL)
    assert env.run("heal") == "terminated"
    assert steps() == ["app_2 validation.check_status", "app_2 preheal", "app_2 heal", "app_2 postheal"]
    assert kept(env, "app_2")["status"] == {"ok": True, "healed": True, "result": None}
    assert kept(env, "app_2")["previous_status"]["ok"] is False
    assert set(env.states().values()) == {"started"}


def test_what_cannot_be_healed_is_reinstalled_with_all_that_it_contains(installed):
    env = installed(CANNOT_HEAL)
    assert env.run("heal") == "terminated"
    assert steps() == [
        "app_2 validation.check_status",
        *("inside_3 stop", "inside_3 delete", "app_2 stop", "app_2 delete"),
        *("app_2 create", "app_2 start", "inside_3 create", "inside_3 start"),
    ]
    assert kept(env, "app_2") == {}


def test_a_heal_that_fails_is_followed_by_a_reinstall(installed):
    env = installed(CAN_HEAL)
    WORLD.broken.add("app_2 heal")
    assert env.run("heal") == "terminated"
    assert steps()[:4] == ["app_2 validation.check_status", "app_2 preheal", "app_2 heal", "inside_3 stop"]
    assert kept(env, "app_2") == {"heal_failed": env.uid}
    assert set(env.states().values()) == {"started"}


def test_one_instance_is_healed_with_all_that_its_host_contains(installed):
    """Of what is contained there, also what nobody can ask is reinstalled; what is elsewhere is left alone."""
    env = installed(CANNOT_HEAL)
    assert env.run("heal", node_instance_id="inside_3", diagnose_value="smoke") == "terminated"
    assert "host_1 create" in WORLD.counts()
    assert not any(one.startswith("other") for one in WORLD.names())


def test_without_a_check_what_is_kept_counts(installed):
    env = installed(CAN_HEAL)
    assert env.run("heal", check_status=False) == "terminated"
    assert steps() == []
    env.run("sets", properties={"app_2": {"status": {"ok": False, "task": "t"}}})
    assert env.run("heal", check_status=False) == "terminated"
    assert steps() == ["app_2 preheal", "app_2 heal", "app_2 postheal"]


def test_a_reinstall_may_be_forced_or_forbidden(installed):
    env = installed(CANNOT_HEAL)
    assert env.run("heal", allow_reinstall=False) == "failed"
    with pytest.raises(RuntimeError, match=r"allow_reinstall is false.*app_2, inside_3"):
        env.life.engine.result(env.uid)
    assert steps() == ["app_2 validation.check_status"]
    assert env.run("heal", force_reinstall=True) == "terminated"
    assert WORLD.counts()["other_4 create"] == 1


def test_an_unknown_instance_is_refused(installed):
    env = installed(CAN_HEAL)
    assert env.run("heal", node_instance_id="nobody") == "failed"
    with pytest.raises(ValueError, match="nobody"):
        env.life.engine.result(env.uid)
