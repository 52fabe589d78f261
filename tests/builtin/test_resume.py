"""A resumed install: what was half done is undone before it is done again (workflow-api §6.6)."""

import pytest

from durable_wf import ResumeOptions
from durable_wf.testing.stores import MemoryStore
from tests.builtin import kit
from tests.replay import kit as replay
from tests.replay.work import WORLD

ONE = "node_templates: {a: {type: App}}\n"
ONCE = "{implementation: tests.tests.builtin.plugin.once}"
RISKY = f"""\
node_templates:
  a:
    type: App
    interfaces: {{cloudify.interfaces.lifecycle: {{create: {ONCE}, start: {ONCE}}}}}
"""
UNDONE = {"create": ["delete", "postdelete"], "start": ["prestop", "stop"]}


def ran(name):
    """The steps that ran from the first run of this one on."""
    names = [one.partition(" ")[2] for one in WORLD.names()]
    return names[names.index(name) :]


@pytest.mark.parametrize("name", ["create", "start"])
def test_what_failed_is_undone_before_a_resume_does_it_again(deployed, name):
    env = deployed(ONE)
    WORLD.broken.add(f"a_1 {name}")
    assert env.run("install") == "failed"
    WORLD.broken.clear()
    assert env.life.resume(env.uid) == "terminated"
    assert ran(name)[: 2 + len(UNDONE[name])] == [name, *UNDONE[name], name]
    assert env.states() == {"a_1": "started"}
    said = env.said()
    assert said.index("Rolling back prior to resuming install") < said.index(
        "Finished rolling back, now resuming install"
    )
    assert "resume_cleanup_a_1" in env.subgraphs()


def test_other_steps_are_only_done_again(deployed):
    env = deployed(ONE)
    WORLD.broken.add("a_1 configure")
    assert env.run("install") == "failed"
    WORLD.broken.clear()
    assert env.life.resume(env.uid) == "terminated"
    assert ran("configure")[:3] == ["configure", "configure", "start"]


def test_failures_of_undoing_are_ignored(deployed):
    env = deployed(ONE)
    WORLD.broken |= {"a_1 create", "a_1 delete"}
    env.run("install")
    WORLD.broken.remove("a_1 create")
    assert env.life.resume(env.uid) == "terminated"
    assert ran("create")[:4] == ["create", "delete", "postdelete", "create"]


@pytest.mark.parametrize(("text", "undone"), [(ONE, False), (RISKY, True)])
@pytest.mark.parametrize("name", ["create", "start"])
def test_of_an_unknown_outcome_only_what_may_not_be_repeated_is_undone(tmp_path, text, undone, name):
    store = kit.deploy(tmp_path, text, MemoryStore())
    life = replay.Life(store)
    with WORLD.gate(f"a_1 {name}"):
        uid = life.start("install", deployment="d", options=kit.ONCE)
        WORLD.arrived(f"a_1 {name}")
        life.die()
    after = replay.Life(store)
    after.engine.resume(uid, ResumeOptions(reset_operations=undone))
    assert after.wait(uid) == "terminated"
    between = UNDONE[name] if undone else []
    assert ran(name)[: 2 + len(between)] == [name, *between, name]
    for one in (life, after):
        one.bury()
