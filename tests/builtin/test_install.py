"""Install: the steps of one instance, the order between instances, what is skipped (workflow-api §10.3, §10.5)."""

import pytest

from durable_wf import RunOptions
from durable_wf.testing.stores import MemoryStore
from tests.builtin import kit
from tests.replay import kit as replay
from tests.replay.work import WORLD


def before(found, first, later):
    """Whether one comes before the other, both being there."""
    return found.index(first) < found.index(later)


def test_an_instance_goes_through_all_its_steps_in_order(deployed):
    env = deployed()
    assert env.run("install") == "terminated"
    trace = env.trace("web_4")
    assert trace == [
        "=initializing",
        '"Validating node instance before creation"',
        "validation.create",
        '"Node instance validated"',
        '"Precreating node instance"',
        "precreate",
        '"Node instance precreated"',
        '"Creating node instance"',
        "=creating",
        "create",
        '"Node instance created"',
        "=created",
        "web_4->front_1 preconfigure (source)",
        "web_4->front_1 preconfigure (target)",
        "web_4->db_3 preconfigure (source)",
        "web_4->db_3 preconfigure (target)",
        '"Configuring node instance"',
        "=configuring",
        "configure",
        '"Node instance configured"',
        "=configured",
        "web_4->front_1 postconfigure (source)",
        "web_4->front_1 postconfigure (target)",
        "web_4->db_3 postconfigure (source)",
        "web_4->db_3 postconfigure (target)",
        '"Starting node instance"',
        "=starting",
        "start",
        '"Running the poststart of node instance"',
        "poststart",
        '"Poststart of node instance ran"',
        "monitoring.start",
        "web_4->front_1 establish (source)",
        "web_4->front_1 establish (target)",
        "web_4->db_3 establish (source)",
        "web_4->db_3 establish (target)",
        '"Node instance started"',
        "=started",
    ]


def test_a_host_says_that_it_runs_before_it_is_watched(deployed):
    env = deployed()
    env.run("install")
    trace = env.trace("front_1")
    at = trace.index("=starting")
    assert trace[at + 1 : at + 5] == ["start", "get_state", "install", "start"]


def test_what_an_instance_points_at_is_started_before_it_begins(deployed):
    env = deployed()
    env.run("install")
    trace = env.trace()
    for target, source in (("back_2", "db_3"), ("db_3", "web_4"), ("front_1", "web_4")):
        assert before(trace, f"{target} =started", f"{source} =initializing")
    assert before(trace, "front_1 =initializing", "back_2 =started"), "hosts begin together"
    assert set(env.states().values()) == {"started"}
    assert [name for name in env.subgraphs() if "relationship" not in name] == [
        f"install_{one}" for one in ("back_2", "db_3", "front_1", "web_4")
    ]


def test_operations_without_an_implementation_are_told_of_and_set_no_states(deployed):
    env = deployed("node_templates: {a: {type: Small}, b: {type: cloudify.nodes.Root}}\n")
    env.run("install")
    assert env.trace("a_1") == [
        "=initializing",
        '"Validating node instance before creation: nothing to do"',
        '"Precreating node instance: nothing to do"',
        '"Creating node instance"',
        "=creating",
        "create",
        '"Node instance created"',
        "=created",
        '"Configuring node instance: nothing to do"',
        '"Starting node instance"',
        "=starting",
        "start",
        '"Running the poststart of node instance: nothing to do"',
        '"Node instance started"',
        "=started",
    ]
    assert env.trace("b_2") == ['"Node instance started (nothing to do)"', "=started"]


@pytest.mark.parametrize(
    ("state", "ran"),
    [
        ("creating", ["create", "preconfigure", "configure", "postconfigure", "start"]),
        ("created", ["preconfigure", "configure", "postconfigure", "start"]),
        ("configuring", ["preconfigure", "configure", "postconfigure", "start"]),
        ("configured", ["postconfigure", "start"]),
        ("starting", ["postconfigure", "start"]),
        ("started", []),
        (
            "deleted",
            ["validation.create", "precreate", "create", "preconfigure", "configure", "postconfigure", "start"],
        ),
    ],
)
def test_what_a_state_says_is_done_is_not_done_again(deployed, state, ran):
    env = deployed()
    env.run("install")
    env.run("sets", states={"web_4": state, "front_1": "starting"})  # where all are started, it is refused
    assert env.run("install") == "terminated"
    trace = [one.removeprefix("web_4->db_3 ").removesuffix(" (source)") for one in env.trace("web_4")]
    steps = ("validation.create", "precreate", "create", "preconfigure", "configure", "postconfigure", "start")
    assert [one for one in trace if one in steps] == ran
    assert trace[-1] == "=started"
    assert ("=initializing" in trace) is (state == "deleted"), "what was reached is not forgotten meanwhile"
    assert [one for one in env.trace("db_3") if not one.startswith('"')] == ["=started"]


@pytest.mark.parametrize(
    ("filters", "started"),
    [
        ({"node_ids": ["db"]}, {"db_3"}),
        ({"node_instance_ids": ["web_4"]}, {"web_4"}),
        ({"type_names": ["cloudify.nodes.Compute"]}, {"front_1", "back_2"}),
        ({"type_names": ["App"], "node_ids": ["db", "front"]}, {"db_3"}),
        ({"type_names": ["App"], "node_ids": ["front"]}, set()),
        ({"node_ids": [], "type_names": []}, {"front_1", "back_2", "db_3", "web_4"}),
    ],
)
def test_filters_are_combined_and_an_empty_one_lets_all_through(deployed, filters, started):
    env = deployed()
    assert env.run("install", **filters) == "terminated"
    assert {name for name, state in env.states().items() if state == "started"} == started


def test_order_goes_through_what_is_not_selected_and_its_relationships_are_established(deployed):
    env = deployed(kit.CHAIN)
    env.run("install", node_ids=["a", "c"])
    assert [one for one in env.trace() if not one.endswith('"') and "=" not in one] == [
        "c_1 create",
        "c_1 start",
        "b_2->c_1 establish (source)",
        "b_2->c_1 establish (target)",
        "a_3 create",
        "a_3 preconfigure (source)".replace("a_3 ", "a_3->b_2 "),
        "a_3->b_2 preconfigure (target)",
        "a_3->b_2 postconfigure (source)",
        "a_3->b_2 postconfigure (target)",
        "a_3 start",
        "a_3->b_2 establish (source)",
        "a_3->b_2 establish (target)",
    ]
    assert "stub_b_2" in env.subgraphs()
    assert env.states() == {"a_3": "started", "b_2": "uninitialized", "c_1": "started"}


WAITS_FOR_CREATE = """\
node_templates:
  slow: {type: Small, interfaces: {cloudify.interfaces.lifecycle: {create: {inputs: {times: 0}}, configure: {}}}}
  quick:
    type: Small
    relationships:
      - type: cloudify.relationships.depends_on_lifecycle_operation
        target: slow
        properties: {operation: OPERATION}
"""


def test_a_dependency_on_an_operation_ends_with_that_operation(deployed):
    env = deployed(WAITS_FOR_CREATE.replace("OPERATION", "create"), max_operations=4)
    with WORLD.gate("slow_1 start"):
        WORLD.hooks["quick_2 start"] = lambda: WORLD.open("slow_1 start")
        assert env.run("install") == "terminated"
    trace = env.trace()
    assert before(trace, "slow_1 =created", "quick_2 =initializing")
    assert before(trace, "quick_2 =starting", "slow_1 start")


def test_a_dependency_on_an_operation_that_is_not_there_is_none(deployed):
    env = deployed(WAITS_FOR_CREATE.replace("OPERATION", "configure"), max_operations=4)
    with WORLD.gate("slow_1 create"):
        WORLD.hooks["quick_2 start"] = lambda: WORLD.open("slow_1 create")
        assert env.run("install") == "terminated"


MANY = """\
node_templates:
  below: {type: Small, instances: {deploy: 12}}
  above:
    type: Small
    instances: {deploy: 15}
    relationships: [{type: cloudify.relationships.connected_to, target: below}]
"""


def test_P15_many_that_wait_for_the_same_many_wait_by_one_knot(deployed):
    env = deployed(MANY)
    for workflow in ("install", "uninstall"):
        assert env.run(workflow) == "terminated"
        history = env.life.journal.history(env.life.engine.find(env.uid).id)
        outer = {task.no for task in history.tasks if task.parent is None}
        between = [one for one in history.dependencies if one.task in outer and one.on in outer]
        assert len(between) == 12 + 15
    trace = env.trace()
    last = max(trace.index(f"above_{n} =deleted") for n in range(13, 28))
    assert last < min(trace.index(f"below_{n} =stopping") for n in range(1, 13))


POLLED = """\
node_templates:
  a:
    type: Host
    interfaces: {cloudify.interfaces.host: {get_state: {inputs: {answers: [false, null, true]}}}}
"""


def test_a_host_is_asked_until_it_says_yes_with_pauses_and_beyond_its_retries(deployed, wf_clock):
    """A second each, though the execution's retries come at once, and there are none."""
    env = deployed(POLLED, clock=wf_clock)
    env.uid = env.life.start("install", deployment="d", options=kit.ONCE)
    began = wf_clock.now().wall_us
    assert wf_clock.finish(env.life.engine, env.uid) == "terminated"
    assert WORLD.counts()["a_1 get_state"] == 3
    assert (wf_clock.now().wall_us - began) / 1e6 == pytest.approx(2.0)


def test_L5_an_install_that_dies_anywhere_ends_as_one_that_does_not(tmp_path):
    story = replay.at_every_commit(
        lambda play: play.run("install", deployment="d"),
        lambda: kit.deploy(tmp_path, kit.CHAIN, MemoryStore()),
        max_operations=1,
    )
    assert story.state == "terminated"
    assert {one[:2] for one in story.storage} == {("a_3", "started"), ("b_2", "started"), ("c_1", "started")}


TWICE = """\
node_templates:
  a:
    type: Small
    interfaces: {cloudify.interfaces.lifecycle: {start: {inputs: {until: stop}}}}
  b: {type: Small, relationships: [{type: linked, target: a}]}
"""


def test_L5_a_lifecycle_that_is_tried_again_dies_anywhere(tmp_path):
    """Also in the reinstallation, and between the failure and it."""
    options = RunOptions(task_retries=1, task_retry_interval=0, subgraph_retries=1)
    story = replay.at_every_commit(
        lambda play: play.run("install", deployment="d", options=options),
        lambda: kit.deploy(tmp_path, TWICE, MemoryStore()),
        max_operations=1,
    )
    assert story.state == "terminated"
    assert {one[:2] for one in story.storage} == {("a_1", "started"), ("b_2", "started")}


def test_a_reinstallation_undoes_what_was_reached_and_no_more(deployed):
    env = deployed(TWICE.replace("start:", "create:").replace("until: stop", "times: 2"))
    assert env.run("install", RunOptions(task_retries=0, subgraph_retries=2, task_retry_interval=0)) == "terminated"
    again = '"Node lifecycle failed. Attempting to re-run node lifecycle"'
    steps = [one for one in env.trace("a_1") if one == again or one in ("stop", "delete", "create", "start")]
    assert steps == [again, "stop", "delete", again, "stop", "delete", "create", "start"]
    assert WORLD.counts()["a_1 create"] == 3
    assert env.states() == {"a_1": "started", "b_2": "started"}


def test_a_reinstallation_that_fails_is_tried_again_while_there_are_retries(deployed):
    env = deployed(TWICE.replace("until: stop", "times: 9"))
    assert env.run("install", RunOptions(task_retries=0, subgraph_retries=2, task_retry_interval=0)) == "failed"
    assert WORLD.counts()["a_1 start"] == 3
    assert env.states() == {"a_1": "starting", "b_2": "uninitialized"}
