"""check_status and check_drift: what is kept of them (workflow-api §10.10, §6.3)."""

from durable_wf import RunOptions
from durable_wf.testing.stores import MemoryStore
from tests.builtin import kit
from tests.replay import kit as replay
from tests.replay.work import WORLD

CHECKED = f"""\
node_templates:
  well:
    type: Small
    interfaces:
      cloudify.interfaces.validation:
        check_status: {{implementation: {kit.STEP}, inputs: {{answers: fine}}}}
      cloudify.interfaces.lifecycle:
        check_drift: {{implementation: {kit.STEP}, inputs: {{answers: {{size: 2}}}}}}
  ill:
    type: Small
    interfaces:
      cloudify.interfaces.validation:
        check_status: {{implementation: {kit.STEP}, inputs: {{times: 9}}}}
    relationships:
      - type: linked
        target: well
        source_interfaces:
          cloudify.interfaces.relationship_lifecycle:
            check_drift: {{implementation: {kit.STEP}, inputs: {{side: source, answers: [here]}}}}
        target_interfaces:
          cloudify.interfaces.relationship_lifecycle:
            check_drift: {{implementation: {kit.STEP}, inputs: {{side: target}}}}
  unasked: {{type: Small}}
"""
RETRIES = RunOptions(task_retries=3, task_retry_interval=0)


def without_times(found):
    """What was kept, but for what differs from run to run; that it is there is looked at."""
    if isinstance(found, dict) and "timestamp" in found:
        assert found["timestamp"].endswith("Z")
        assert found["task"]
        return {key: without_times(value) for key, value in found.items() if key not in ("timestamp", "task")}
    return {key: without_times(value) for key, value in found.items()} if isinstance(found, dict) else found


def kept(env, name):
    """The system properties of an instance."""
    return without_times(env.instance(name).system_properties)


def test_a_status_is_kept_with_the_one_before_and_asked_for_once(deployed):
    env = deployed(CHECKED)
    env.run("sets", states={"unasked_3": "started"})
    assert env.run("check_status", RETRIES) == "failed"
    assert WORLD.counts() == {"well_1 validation.check_status": 1, "ill_2 validation.check_status": 1}, (
        "without retries"
    )
    assert kept(env, "well_1") == {"status": {"ok": True, "result": "fine"}}
    assert kept(env, "ill_2") == {"status": {"ok": False, "result": "ill_2 validation.check_status is broken"}}
    assert kept(env, "unasked_3") == {}
    assert env.run("check_status", node_ids=["well"]) == "terminated"
    fine = {"ok": True, "result": "fine"}
    assert kept(env, "well_1") == {"status": fine, "previous_status": fine}


def test_a_status_is_forgotten_when_the_instance_is_started_anew(deployed):
    env = deployed(CHECKED)
    env.run("sets", states={"unasked_3": "started"}, properties={"well_1": {"status": {"ok": False}, "mine": 1}})
    env.run("sets", states={"well_1": "starting"})
    assert kept(env, "well_1") == {"status": {"ok": False}, "mine": 1}
    env.run("sets", states={"well_1": "started"})
    assert kept(env, "well_1") == {"mine": 1}


def test_a_drift_is_kept_for_the_instance_and_for_both_ends_of_a_relationship(deployed):
    env = deployed(CHECKED)
    env.run("sets", states={"unasked_3": "started"}, properties={"well_1": {"mine": 1}})
    assert env.run("check_drift") == "terminated"
    assert kept(env, "well_1") == {
        "mine": 1,
        "configuration_drift": {"ok": True, "result": {"size": 2}},
        "target_relationships_configuration_drift": {"ill_2": {"ok": True, "result": None}},
    }
    assert kept(env, "ill_2") == {
        "source_relationships_configuration_drift": {"well_1": {"ok": True, "result": "here"}}
    }
    env.run("sets", states={"well_1": "configured"})
    assert "configuration_drift" not in kept(env, "well_1")


def test_a_check_of_drift_that_fails_is_kept_and_fails_the_workflow(deployed):
    env = deployed(CHECKED)
    env.run("sets", states={"unasked_3": "started"})
    WORLD.broken.add("well_1 check_drift")
    assert env.run("check_drift") == "failed"
    assert kept(env, "well_1")["configuration_drift"]["ok"] is False
    assert "ill_2->well_1 check_drift (source)" not in WORLD.counts(), "it comes after what it points at"


def test_L5_findings_are_kept_wherever_the_process_dies(tmp_path):
    story = replay.at_every_commit(
        lambda play: play.run("checked", {"run_by_dependency_order": False}, deployment="d", options=replay.NO_RETRIES),
        lambda: kit.deploy(tmp_path, CHECKED.replace("times: 9", "times: 0"), MemoryStore()),
        max_operations=1,
    )
    assert story.state == "terminated"
    assert sorted(story.result) == ["ill_2", "well_1"]
