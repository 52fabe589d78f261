"""rollback: what an install has left half made (workflow-api §10.10)."""

import pytest

from tests.builtin import kit
from tests.replay.work import WORLD


@pytest.mark.parametrize(
    ("state", "ran", "becomes"),
    [
        ("creating", ["db_3->back_2 unlink", "db_3 delete", "db_3 postdelete"], "uninitialized"),
        ("configuring", ["db_3->back_2 unlink", "db_3 delete", "db_3 postdelete"], "uninitialized"),
        ("starting", ["db_3 monitoring.stop", "db_3 prestop", "db_3 stop"], "configured"),
        ("created", [], "created"),
        ("started", [], "started"),
        ("stopping", [], "stopping"),
    ],
)
def test_what_is_half_made_is_taken_back_and_nothing_else(deployed, state, ran, becomes):
    env = deployed()
    env.run("sets", states={"db_3": state, "back_2": "started"})
    assert env.run("rollback") == "terminated"
    assert [one.removesuffix(" (source)") for one in WORLD.names() if "target" not in one] == ran
    assert env.states() == {"front_1": "uninitialized", "back_2": "started", "db_3": becomes, "web_4": "uninitialized"}


def test_failures_are_ignored_and_told(deployed):
    env = deployed()
    env.run("sets", states={"db_3": "starting", "back_2": "started"})
    WORLD.broken.add("db_3 prestop")
    assert env.run("rollback") == "terminated"
    assert "Ignoring task tests.builtin.plugin.step failure" in env.said()
    assert env.states()["db_3"] == "configured"


def test_a_full_rollback_uninstalls_everything_then(deployed):
    env = deployed(kit.CHAIN)
    env.run("sets", states={"c_1": "started", "b_2": "creating"})
    assert env.run("rollback", full_rollback=True) == "terminated"
    assert [one for one in WORLD.names() if "->" not in one] == ["b_2 delete", "c_1 stop", "c_1 delete"]
    assert set(env.states().values()) == {"deleted"}


def test_only_what_is_selected_is_taken_back(deployed):
    env = deployed(kit.CHAIN)
    env.run("sets", states={"a_3": "starting", "b_2": "starting", "c_1": "started"})
    assert env.run("rollback", node_ids=["a"]) == "terminated"
    assert env.states() == {"a_3": "configured", "b_2": "starting", "c_1": "started"}
