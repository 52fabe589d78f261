"""Uninstall and reinstall: steps, order, what is skipped, ignored failures (workflow-api §10.4 to §10.6)."""

import pytest

from durable_wf import RunOptions
from durable_wf.testing.stores import MemoryStore
from tests.builtin import kit
from tests.builtin.test_install import before
from tests.replay import kit as replay
from tests.replay.work import WORLD


def test_an_instance_goes_through_all_its_steps_in_order(deployed):
    env = deployed()
    env.run("install")
    assert env.run("uninstall") == "terminated"
    assert env.trace("web_4") == [
        '"Stopping node instance"',
        "=stopping",
        '"Validating node instance before deletion"',
        "validation.delete",
        '"Node instance validated"',
        "monitoring.stop",
        '"Running the prestop of node instance"',
        "prestop",
        "stop",
        '"Node instance stopped"',
        "=stopped",
        "web_4->db_3 unlink (source)",
        "web_4->db_3 unlink (target)",
        "web_4->front_1 unlink (source)",
        "web_4->front_1 unlink (target)",
        '"Deleting node instance"',
        "=deleting",
        "delete",
        '"Running the postdelete of node instance"',
        "postdelete",
        '"Node instance deleted"',
        "=deleted",
    ]
    host = env.trace("front_1")
    at = host.index("prestop")
    assert host[at + 1 : at + 4] == ["stop", "uninstall", "stop"], "it is watched no more before it stops"


def test_what_points_at_an_instance_is_deleted_before_it_begins(deployed):
    env = deployed()
    env.run("install")
    env.run("uninstall")
    trace = env.trace()
    for target, source in (("back_2", "db_3"), ("db_3", "web_4"), ("front_1", "web_4")):
        assert before(trace, f"{source} =deleted", f"{target} =stopping")
    assert set(env.states().values()) == {"deleted"}


@pytest.mark.parametrize(
    ("state", "ran"),
    [
        ("starting", ["=stopping", "stop", "=stopped", "unlink", "=deleting", "delete", "=deleted"]),
        ("configured", ["=stopped", "unlink", "=deleting", "delete", "=deleted"]),
        ("stopped", ["unlink", "=deleting", "delete", "=deleted"]),
        ("deleting", ["unlink", "=deleting", "delete", "=deleted"]),
        ("uninitialized", ["=stopped", "=deleted"]),
        ("deleted", []),
    ],
)
def test_what_a_state_says_is_undone_is_not_undone_again(deployed, state, ran):
    env = deployed()
    env.run("install")
    env.run("sets", states={"web_4": state})
    assert env.run("uninstall") == "terminated"
    trace = [one.removeprefix("web_4->db_3 ").removesuffix(" (source)") for one in env.trace("web_4")]
    assert [one for one in trace if one in ("stop", "unlink", "delete") or one.startswith("=")] == ran


BROKEN = """\
node_templates:
  c:
    type: Small
  b:
    type: Small
    interfaces: {cloudify.interfaces.lifecycle: {stop: {inputs: {times: 9, fails: never}}}}
    relationships: [{type: linked, target: c}]
"""


def test_ignored_failures_are_told_and_the_rest_is_done(deployed):
    env = deployed(BROKEN)
    env.run("install")
    assert env.run("uninstall", ignore_failure=True) == "terminated"
    assert "Ignoring task tests.builtin.plugin.step failure" in env.said()
    assert env.states() == {"b_2": "deleted", "c_1": "deleted"}


def test_a_failure_that_is_not_ignored_leaves_what_it_points_at(deployed):
    env = deployed(BROKEN)
    env.run("install")
    assert env.run("uninstall") == "failed"
    assert env.states() == {"b_2": "stopping", "c_1": "started"}


def test_what_is_not_uninstalled_is_unlinked_and_its_failures_are_ignored(deployed):
    env = deployed(kit.CHAIN)
    env.run("install")
    WORLD.clear()
    WORLD.broken.add("a_3->b_2 unlink (source)")
    assert env.run("uninstall", node_ids=["b"]) == "terminated"
    assert WORLD.names() == [
        *("a_3->b_2 unlink (source)", "a_3->b_2 unlink (target)"),
        *("b_2 stop", "b_2->c_1 unlink (source)", "b_2->c_1 unlink (target)", "b_2 delete"),
    ]
    assert [one for one in env.said() if "Ignoring" in one] == ["Ignoring task tests.builtin.plugin.step failure"]
    assert env.states() == {"a_3": "started", "b_2": "deleted", "c_1": "started"}


def test_an_uninstall_of_one_instance_is_tried_again_from_where_it_came_to(deployed):
    env = deployed(
        "node_templates: {a: {type: Small, interfaces: {cloudify.interfaces.lifecycle: "
        "{delete: {inputs: {times: 1, fails: never}}}}}}\n"
    )
    env.run("install")
    WORLD.clear()
    options = RunOptions(task_retries=0, task_retry_interval=0, subgraph_retries=1)
    assert env.run("uninstall", options) == "terminated"
    assert WORLD.names() == ["a_1 stop", "a_1 delete", "a_1 delete"]


def test_a_reinstall_undoes_all_before_it_does_any_again(deployed):
    env = deployed(kit.CHAIN)
    env.run("install")
    WORLD.clear()
    assert env.run("reinstall", type_names=["Small"]) == "terminated"
    names = [one for one in WORLD.names() if "->" not in one]
    undone = [f"{one} {step}" for one in ("a_3", "b_2", "c_1") for step in ("stop", "delete")]
    assert names == undone + [f"{one} {step}" for one in ("c_1", "b_2", "a_3") for step in ("create", "start")]
    assert set(env.states().values()) == {"started"}


def test_a_reinstall_of_one_of_them_unlinks_and_establishes_what_points_at_it(deployed):
    env = deployed(kit.CHAIN)
    env.run("install")
    WORLD.clear()
    assert env.run("reinstall", node_ids=["b"]) == "terminated"
    around = [one for one in WORLD.names() if one.startswith("a_3")]
    assert around == [f"a_3->b_2 {name} ({side})" for name in ("unlink", "establish") for side in ("source", "target")]


def test_L5_a_reinstall_that_dies_anywhere_ends_as_one_that_does_not(tmp_path):
    """In a workflow that installs first: each phase is a graph of its own."""
    story = replay.at_every_commit(
        lambda play: play.run("twice", deployment="d"),
        lambda: kit.deploy(tmp_path, BROKEN, MemoryStore()),
        max_operations=1,
    )
    assert story.state == "terminated"
    assert {one[1] for one in story.storage} == {"started"}
