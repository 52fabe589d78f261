"""execute_operation, start, stop, restart, pull: events, order, arguments (workflow-api §10.7)."""

import pytest

from tests.builtin import kit
from tests.replay.work import WORLD

START = "cloudify.interfaces.lifecycle.start"
ONE = "node_templates: {a: {type: Small}, plain: {type: cloudify.nodes.Root}}\n"


def test_an_operation_runs_between_two_events_where_it_is_implemented(deployed):
    env = deployed(ONE)
    assert env.run("execute_operation", operation=START, operation_kwargs={"more": 1}) == "terminated"
    assert env.trace() == [
        f"a_1 \"Starting operation {START} (Operation parameters: {{'more': 1}})\"",
        "a_1 start",
        f'a_1 "Finished operation {START}"',
    ]
    assert env.subgraphs() == ["a_1", "plain_2"]


def test_a_key_that_the_blueprint_gives_is_refused_unless_it_may_be_replaced(deployed):
    env = deployed(
        f"{ONE[:-2]}, b: {{type: Small, interfaces: {{cloudify.interfaces.lifecycle: GIVES}}}}}}\n".replace(
            "GIVES", "{start: {inputs: {answers: 1}}, stop: {inputs: {answers: 1}}}"
        )
    )
    given = {"operation": START, "node_ids": ["b"], "operation_kwargs": {"answers": 2}}
    assert env.run("execute_operation", **given) == "failed"
    assert WORLD.names() == []
    assert env.run("execute_operation", **given, allow_kwargs_override=True) == "terminated"
    assert env.run("start", node_ids=["b"], operation_parms={"answers": 3}) == "terminated"
    assert WORLD.names() == ["b_3 start"] * 2


@pytest.mark.parametrize("workflow", ["start", "stop"])
def test_start_and_stop_go_by_dependencies_unless_told_not_to(deployed, workflow):
    env = deployed(kit.CHAIN, max_operations=1)
    env.run("sets", states={"a_3": "started"})
    assert env.run(workflow) == "terminated"
    assert WORLD.names() == [f"{one} {workflow}" for one in ("c_1", "b_2", "a_3")]
    WORLD.clear()
    assert env.run(workflow, run_by_dependency_order=False) == "terminated"
    assert WORLD.names() == [f"{one} {workflow}" for one in ("a_3", "b_2", "c_1")]
    assert env.states() == {"a_3": "started", "b_2": "uninitialized", "c_1": "uninitialized"}, "states stay"


def test_order_goes_through_what_is_not_selected(deployed):
    env = deployed(kit.CHAIN)
    env.run("sets", states={"a_3": "started"})
    assert env.run("stop", node_ids=["a", "c"]) == "terminated"
    assert WORLD.names() == ["c_1 stop", "a_3 stop"]
    assert env.subgraphs() == ["a_3", "c_1", "stub_b_2"]


def test_a_restart_stops_all_before_it_starts_any(deployed):
    env = deployed(kit.CHAIN)
    env.run("sets", states={"a_3": "started"})
    assert env.run("restart", stop_parms={"more": 1}, start_parms={"more": 2}) == "terminated"
    assert WORLD.names() == [f"{one} {step}" for step in ("stop", "start") for one in ("c_1", "b_2", "a_3")]
    told = [one for one in env.said() if one.startswith("Starting")]
    assert told == [
        f"Starting operation cloudify.interfaces.lifecycle.{step} (Operation parameters: {{'more': {number}}})"
        for number, step in enumerate(("stop", "start"), 1)
        for _ in range(3)
    ]


def test_pull_runs_the_operation_of_that_name(deployed):
    pulls = f"{{cloudify.interfaces.lifecycle: {{pull: {kit.STEP}}}}}"
    env = deployed(f"node_templates: {{a: {{type: Small, interfaces: {pulls}}}}}\n")
    env.run("sets", states={"a_1": "started"})
    assert env.run("pull") == "terminated"
    assert WORLD.names() == ["a_1 pull"]


def test_filters_with_nothing_in_common_do_nothing_with_success(deployed):
    env = deployed(kit.CHAIN)
    assert env.run("execute_operation", operation=START, node_ids=["a"], node_instance_ids=["c_1"]) == "terminated"
    assert env.subgraphs() == []
