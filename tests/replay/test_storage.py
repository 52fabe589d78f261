"""What is stored of a deployment: as without a crash (L5), in one commit with its outcome (L7), read at a view."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from pathlib import Path

import pytest

from durable_wf import workflow
from durable_wf.errors import AskError, UsageError
from tests.replay import kit
from tests.replay.work import TIMEOUT, WORLD

LIFECYCLE = "cloudify.interfaces.lifecycle"
BLUEPRINT = Path(__file__).parent / "deployment" / "blueprint.yaml"


def deploy(store):
    """The deployment `d`: ids are `host_1`, `server_3` and so on."""
    numbers = itertools.count(1)
    life = kit.Life(store)
    life.engine.deployments.create(BLUEPRINT, "d", new_suffix=lambda: str(next(numbers)))
    life.bury()
    return store


@pytest.fixture(autouse=True)
def path_as_before(monkeypatch):
    """Engines put blueprints' folders on the path."""
    monkeypatch.setattr(sys, "path", list(sys.path))


@pytest.fixture
def deployed(new_store):
    """Makes stores that have the deployment."""
    return lambda: deploy(new_store())


@workflow
def start_all(ctx):
    """A subgraph for each host; its servers after it."""
    graph = ctx.graph_mode()
    for host in ctx.get_node("host").instances:
        sequence = graph.subgraph(host.id).sequence()
        for instance in (host, *host.contained_instances):
            sequence.add(
                instance.set_state("creating"),
                instance.execute_operation(f"{LIFECYCLE}.create", kwargs={"by": host.id}),
                instance.send_event("created"),
                instance.execute_operation(f"{LIFECYCLE}.configure"),
                instance.execute_operation(f"{LIFECYCLE}.start"),
                instance.set_state("started"),
            )
    graph.execute()
    ctx.refresh_node_instances()
    return sorted((one.id, one.state, sorted(one.runtime_properties)) for one in ctx.node_instances)


@pytest.mark.parametrize("max_operations", [1, 4])
def test_L5_storage_is_as_without_a_crash(deployed, max_operations):
    """States, runtime properties and versions of every instance, wherever the process dies."""
    story = kit.at_every_commit(
        lambda play: play.run("start_all", deployment="d"), deployed, max_operations=max_operations
    )
    assert len(story.result) == 6
    assert all(found[1:] == ["started", ["create", "start"]] for found in story.result)


@workflow
def reads(ctx):
    """What it reads decides what it asks for."""
    ctx.logger.info("begins")
    seen = []
    host = next(ctx.get_node("host").instances)
    seen.append([host.state, sorted(host.runtime_properties)])
    host.execute_operation(f"{LIFECYCLE}.create").get()
    host.set_state("half").get()
    again = ctx.get_node_instance(host.id)
    seen.append([again.state, sorted(again.runtime_properties), host.get_state().get()])
    ctx.refresh_node_instances()
    now = ctx.get_node_instance(host.id)
    seen.append([now.state, sorted(now.runtime_properties)])
    if now.state == "half":
        now.execute_operation(f"{LIFECYCLE}.start").get()
    now.set_state("whole").get()
    ctx.refresh_node_instances()
    seen.append(ctx.get_node_instance(host.id).state)
    return seen


def test_the_view_moves_only_by_a_refresh(deployed):
    """A snapshot from before stays as it was; a replay reads what was read then, whatever is there now."""
    story = kit.at_every_commit(lambda play: play.run("reads", deployment="d"), deployed, deaths=2)
    assert story.result == [
        ["uninitialized", []],
        ["uninitialized", [], "half"],
        ["half", ["create"]],
        "whole",
    ]


def test_what_another_execution_changed_meanwhile_is_told_and_refused(deployed, monkeypatch):
    """The deployment is not as this execution left it: refused with the instances' names, until a person agrees."""
    store = deployed()
    first, second = kit.Life(store), kit.Life(store)
    try:
        with WORLD.gate("create host_1"):
            uid = first.start("reads", deployment="d")
            WORLD.arrived("create host_1")
            first.die()
        assert second.run("start_all", deployment="d")[1] == "terminated"
        with pytest.raises(AskError, match=r"somebody else has changed 6 node instance\(s\) since: host_1"):
            second.engine.resume(uid)
        assert second.resume(uid, accept_changes=True) == "terminated"
        assert second.engine.result(uid)[0] == ["uninitialized", []]
    finally:
        first.bury()
        second.bury()


@workflow
def numbered(ctx):
    """Scenario 21: numbers given in the order in which a set happens to iterate."""
    results = {}
    for number, instance in enumerate({f"server_{n}" for n in range(3, 7)}):
        server = ctx.get_node_instance(instance)
        results[instance] = server.execute_operation(f"{LIFECYCLE}.create", kwargs={"number": number})
    order = list(results)
    for result in results.values():
        result.get()
    results = {one: ctx.get_node_instance(one).execute_operation(f"{LIFECYCLE}.start") for one in order}
    for result in results.values():
        result.get()
    ctx.refresh_node_instances()
    return {one: ctx.get_node_instance(one).runtime_properties["create"]["of"] for one in sorted(order)}


SEEDED = """
import os, sys
from durable_wf import Engine, operation
from tests.replay import work
how, path, blueprint = sys.argv[1:]
if how == "die":
    usual = work.WORLD.note
    def note(name, key):
        usual(name, key)
        if name.startswith("start"):
            os._exit(9)
    work.WORLD.note = note
engine = Engine(path, durability="process")
if how == "die":
    numbers = iter(range(1, 9))
    engine.deployments.create(blueprint, "d", new_suffix=lambda: str(next(numbers)))
    uid = engine.start("numbered", deployment="d")
else:
    uid = engine.resume(engine.executions()[0].id)
engine.wait(uid, 20)
print(engine.result(uid))
row = engine.journal.instances(1)
print([(one.name, one.runtime_properties_json) for one in row if one.name.startswith("server")])
print([event.message for event in engine.journal.events(1)])
engine.close()
"""


def seeded(how, path, seed):
    """Run or resume `numbered` in a process of its own, with a hash seed."""
    environment = {**os.environ, "PYTHONHASHSEED": str(seed), "PYTHONPATH": str(Path(__file__).parents[2])}
    return subprocess.run(
        [sys.executable, "-c", SEEDED, how, str(path), str(BLUEPRINT)],
        env=environment, capture_output=True, text=True, timeout=3 * TIMEOUT, check=False,
    )  # fmt: skip


def test_21_another_hash_seed_changes_no_result(tmp_path):
    """Killed, resumed under another seed: matched by instance, the journal's numbers are used, and it says so."""
    tmp_path.chmod(0o700)
    died = seeded("die", tmp_path / "journal.db", 1)
    assert died.returncode == 9, died.stderr
    resumed = seeded("resume", tmp_path / "journal.db", 2)
    assert resumed.returncode == 0, resumed.stderr
    result, storage, warnings = resumed.stdout.splitlines()
    assert result == str({f"server_{n}": f"server_{n}" for n in range(3, 7)})
    for n in range(3, 7):
        assert f'"of":"server_{n}"' in storage
    assert "arguments differ from the journal's, which are used: kwargs.number: " in warnings


@workflow
def reads_beside(ctx):
    """Scenario 25: a local task logs, reads an instance, and (wrongly) asks for a task."""

    def beside():
        ctx.logger.warning("from beside")
        host = ctx.get_node_instance("host_1")
        try:
            host.set_state("wrong")
        except UsageError as error:
            return [host.state, type(error).__name__, str(error)]
        return "it could ask"

    ctx.logger.info("before")
    found = ctx.local_task(beside).get()
    ctx.get_node_instance("host_1").set_state("right").get()
    return found


def test_25_a_local_task_may_log_and_read_but_not_ask(deployed):
    """Asking raises at once and names the rule."""

    def script(play):
        if play.run("reads_beside", deployment="d") == "interrupted":
            play.resume(reset_operations=True)

    story = kit.at_every_commit(script, deployed)
    state, kind, text = story.result
    assert [state, kind] == ["uninitialized", "UsageError"]
    assert text == "only the workflow function's own thread may ask for tasks"


def test_25_what_it_logs_is_an_event_once(deployed):
    """Lines of the function and of the local task, once each, in a replay not again."""
    store = deployed()
    life = kit.Life(store)
    second = kit.Life(store)
    try:
        with WORLD.gate("start host_1"):
            uid = life.start("reads", deployment="d")
            WORLD.arrived("start host_1")
            life.die()
        assert second.resume(uid) == "terminated"
        assert [event.message for event in second.journal.events(1)] == ["begins"]
        uid, _ = second.run("reads_beside", deployment="d")
        found = second.journal.events(second.engine.find(uid).id)
        assert [(event.level, event.message) for event in found] == [("info", "before"), ("warning", "from beside")]
    finally:
        life.bury()
        second.bury()
