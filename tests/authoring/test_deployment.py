"""The author API over a deployment: nodes and instances for workflows, ctx for operations (workflow-api §2, §7)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cloudify.exceptions import NonRecoverableError

from durable_wf import RunOptions, WorkflowFailed
from durable_wf.codec import NotSerializable
from tests.replay.work import WORLD

BLUEPRINT = Path(__file__).parent / "deployment" / "blueprint.yaml"
AT_ONCE = RunOptions(task_retries=0, task_retry_interval=0)


@pytest.fixture
def life(deploy):
    """A process with the deployment `d`."""
    return deploy(BLUEPRINT)


def run(life, workflow, **parameters):
    """What the workflow returned, or raises what it raised."""
    uid, _ = life.run(workflow, parameters, deployment="d", options=AT_ONCE, allow_custom_parameters=True)
    return life.engine.result(uid)


def acts(life, *calls, instance="alone_5"):
    """What operations of one instance gave."""
    return run(life, "acts", instance=instance, calls=[[f"ops.{name}", kwargs, *more] for name, kwargs, *more in calls])


def properties(life, instance="alone_5"):
    """Its runtime properties in the storage."""
    (row,) = [one for one in life.journal.instances(1) if one.name == instance]
    return json.loads(row.runtime_properties_json)


def test_what_a_workflow_sees(life):
    """Nodes, instances, relationships, containment; copies where something could be changed."""
    found = run(life, "shows")
    assert found == {
        "nodes": ["alone", "client", "host", "server"],
        "instances": ["alone_5", "client_4", "host_1", "server_2", "server_3"],
        "unknown": [None, None, None],
        "node": ["tests.Server", ["cloudify.nodes.Root", "tests.Server"], None, 1, ["tests"]],
        "properties": 8080,
        "host": ["host", "host", "host_1"],
        "has": [True, True, False, False],
        "relationship": ["tests.connected", "server", "server", True, False],
        "links": [["client_4", f"server_{n}", f"server_{n}", "tests.connected"] for n in (2, 3)],
        "contained": ["server_2", "server_3"],
        "below": ["host_1", "server_2", "server_3"],
        "fresh": {"changed": True},
        "by id": [True, 1],
        "instance": ["server", "server", "uninitialized", 1, "d", 0],
        "ctx": ["d", "d", "shows"],
    }
    assert properties(life, "server_2") == {}


def test_an_operation_of_a_node_knows_its_type(life):
    """node and instance are there; source and target raise, and say which context they need."""
    (found,) = acts(life, ("describes", {}))
    assert found == {
        "type": "node-instance", "operation": "ops.describes", "plugin": "tests", "relationship": None,
        "deployment": "d", "node": "alone", "instance": "alone_5",
        "source": "ctx.source/ctx.target can only be used in a relationship-instance context but used in a "
        "node-instance context.",
        "target": "ctx.source/ctx.target can only be used in a relationship-instance context but used in a "
        "node-instance context.",
    }  # fmt: skip


def test_operations_of_relationships(life):
    """source and target are there, both may be changed and both are saved; node and instance raise."""
    (source, target, *_), storage = run(life, "links_ends")
    for end, found in (("source", source), ("target", target)):
        assert [found["type"], found["relationship"]] == ["relationship-instance", end]
        assert [found["source"], found["target"]] == ["client_4", "server_2"]
        assert found["operation"] == "cloudify.interfaces.relationship_lifecycle.preconfigure"
        assert found["node"] == (
            "ctx.node/ctx.instance can only be used in a node-instance context but used in a "
            "relationship-instance context."
        )
    assert storage["client_4"] == {"to": "server_3"}
    assert storage["server_2"] == storage["server_3"] == {"from": "client_4"}


def test_runtime_properties_are_compared_when_the_operation_ends(life):
    """Set, taken away, changed deep inside, by setdefault, replaced by assignment: all are saved."""
    acts(life, ("sets", {"a": 1, "box": {"deep": [1]}}))
    assert properties(life) == {"a": 1, "box": {"deep": [1]}}
    acts(life, ("sets", {"a": None, "b": False}), ("changes", {"how": "nested"}), ("changes", {"how": "setdefault"}))
    assert properties(life) == {"b": False, "box": {"deep": [1, 2]}, "late": [1]}
    acts(life, ("changes", {"how": "assignment"}))
    assert properties(life) == {"only": 1}


def test_what_changes_nothing_writes_no_version(life):
    """Setting what is there already."""
    acts(life, ("sets", {"a": 1}))
    versions = [one.version for one in life.journal.instances(1)]
    acts(life, ("sets", {"a": 1}))
    assert [one.version for one in life.journal.instances(1)] == versions


def test_runtime_properties_of_a_failed_operation_are_saved(life):
    """However it ended (workflow-api §1.5)."""
    with pytest.raises(NonRecoverableError, match="after the change"):
        acts(life, ("changes", {"how": "fails"}))
    assert properties(life) == {"kept": True}


@pytest.mark.parametrize(
    ("how", "text"),
    [
        ("not json", "runtime_properties of alone_5.bad.inner is of type set"),
        ("key", r"runtime_properties of alone_5 \(key 1\) is keyed by int"),
    ],
)
def test_runtime_properties_that_cannot_be_stored_fail_the_attempt_and_nobody_else(life, how, text):
    """The error names the key; what was there stays, and the host goes on."""
    acts(life, ("sets", {"a": 1}))
    with pytest.raises(NotSerializable, match=text):
        acts(life, ("changes", {"how": how}))
    assert properties(life) == {"a": 1}
    assert acts(life, ("sets", {"a": 2})) == [None]


def test_two_operations_that_change_one_key_conflict(life):
    """The later one fails recoverably, naming key and both values; its next attempt reads what is there, and wins."""
    with WORLD.gate("meets 1", "meets 2"):
        uid = life.start("meets", {"values": [1, 2]}, deployment="d", allow_custom_parameters=True)
        WORLD.arrived("meets 1")
        WORLD.arrived("meets 2")
    assert life.wait(uid) == "terminated"
    assert sorted(WORLD.counts().values()) == [1, 2]
    last = int(WORLD.names()[-1].partition(" ")[2])
    assert life.engine.result(uid) == {"shared": last}
    told = [row.detail_json for row in life.journal.transitions(1) if "StorageConflict" in (row.detail_json or "")]
    assert len(told) == 1
    other = 3 - last
    message = json.loads(told[0])["error"]["message"]
    assert message == (
        f"what this operation read of runtime property 'shared' of 'alone_5' does not match current: "
        f"it is now {other}, this operation wants {last}"
    )


def test_the_same_value_is_a_conflict_too(life):
    """Both set the key to the same: they may have counted, and one would be lost. The next attempt reads it."""
    with WORLD.gate("meets 1"):
        uid = life.start("meets", {"values": [1, 1]}, deployment="d", allow_custom_parameters=True)
        WORLD.arrived("meets 1", times=2)
    assert life.wait(uid) == "terminated"
    assert WORLD.counts() == {"meets 1": 3}
    assert life.engine.result(uid) == {"shared": 1}


def test_what_must_only_be_read_refuses_to_be_changed(life):
    """Node properties, and the far end of a relationship; a copy of them may be changed, and is a plain dict."""
    acts(life, ("sets", {"known": 1}), instance="server_2")
    (found,) = acts(life, ("reads_far_end", {}), instance="client_4")
    read_only = "Cannot override read only properties"
    far = "Cannot modify runtime properties of relationship node instances"
    assert found == ["server_2", {"known": 1}, [far, far, read_only, read_only], "dict"]
    assert properties(life, "server_2") == {"known": 1}
    assert acts(life, ("changes", {"how": "copy"})) == [1]


@pytest.mark.parametrize(
    ("instance", "expected"),
    [("server_2", "10.0.0.7"), ("alone_5", "host_id missing")],
)
def test_host_ip(life, instance, expected):
    """A property of the host; without a host it cannot be said."""
    if instance == "alone_5":
        with pytest.raises(NonRecoverableError, match=expected):
            acts(life, ("host_ip", {}), instance=instance)
    else:
        assert acts(life, ("host_ip", {}), instance=instance) == [expected]


def test_inputs_are_evaluated_when_a_worker_takes_the_operation(life):
    """Functions of properties and of runtime properties that an operation before has set."""
    assert acts(life, ("sets", {"known": "now"}), ("takes", {})) == [None, [80, "x", "now"]]


def test_kwargs_over_inputs(life):
    """New keys always; a key in both only where that is allowed; a typed one must fit."""
    twice = (
        "Duplicate definition of port in operation properties and in kwargs. To allow redefinition, pass "
        "'allow_kwargs_override' to 'execute_operation'"
    )
    assert acts(
        life,
        ("takes", {"name": "given"}),
        ("takes", {"port": 1}),
        ("takes", {"port": 1}, True),
        ("takes", {"port": "http"}, True),
    ) == [
        [80, "given", None],
        twice,
        [1, "x", None],
        "Value 'http' of 'port' does not match the definition: integer",
    ]


def test_an_operations_own_retries_win(life):
    """`max_retries` of the blueprint over the run's."""
    with pytest.raises(ValueError, match="error"):
        acts(life, ("tries", {"succeed_at": 9}))
    assert WORLD.seen == [(0, 2), (1, 2), (2, 2)]


@pytest.mark.parametrize(("graph_mode", "expected"), [(False, [None] * 3), (True, [True] * 3)])
def test_operations_without_implementation_do_nothing(life, graph_mode, expected):
    """In both modes, also one that nobody declared; what comes after them runs."""
    assert run(life, "nops", graph_mode=graph_mode) == expected
    assert properties(life) == ({"a": 1} if graph_mode else {})


def test_states_and_events(life):
    """Any state; the snapshot stays as it was; an event names the instance."""
    assert run(life, "states") == ["uninitialized", "a state of my own", "uninitialized"]
    (event,) = life.journal.events(1)
    assert (event.type, event.message) == ("workflow_node_event", "something")
    assert json.loads(event.context_json) == {"more": 1, "node_id": "alone_5", "node_name": "alone"}


def test_a_refresh_makes_new_objects_that_are_equal(life):
    """Sets and dicts of instances survive it."""
    assert run(life, "snapshots") == [{}, True, False, True, {"a": 1}, 1, 1]


def test_a_failure_names_function_instance_and_operation(life):
    """`<function> (<instance>:<operation>)`, as the reference describes a remote task."""
    WORLD.broken.add("meets 5")
    with pytest.raises(WorkflowFailed) as raised:
        run(life, "meets", values=[5])
    first = str(raised.value).splitlines()[0]
    assert first == "Task failed: tests.authoring.plugin.meets (alone_5:ops.meets): Broken `('meets 5', 3)`"


def test_execute_task_for_a_node_instance(life):
    """`node_context` gives it node and instance; an unknown one is refused; without it is of the deployment."""
    of_node, unknown, of_deployment = run(life, "as_tasks", instances=["alone_5", "nobody"])
    assert [of_node["type"], of_node["node"], of_node["instance"]] == ["node-instance", "alone", "alone_5"]
    assert of_node["operation"] == "tests.authoring.plugin.describes"
    assert unknown == "there is no node instance 'nobody'"
    assert of_deployment["type"] == "deployment"
    assert of_deployment["node"].startswith("ctx.node/ctx.instance can only be used in a node-instance context")
