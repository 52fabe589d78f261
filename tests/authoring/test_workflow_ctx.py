"""The workflow's ctx over a deployment (workflow-api §2)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cloudify.workflows import workflow_context as names

from durable_wf import RunOptions
from durable_wf.authoring.elsewhere import REFUSED
from durable_wf.authoring.workflow_ctx import WorkflowContext
from durable_wf.codec import decode
from durable_wf.errors import UsageError
from tests.authoring import contexts
from tests.replay.work import WORLD

BLUEPRINT = Path(__file__).parent / "context" / "blueprint.yaml"


@pytest.fixture
def life(deploy):
    """A process with the deployment `d`."""
    return deploy(BLUEPRINT)


def does(life, what, options=None, **more):
    """What a function of `contexts` returned, or raises what it raised."""
    options = options or RunOptions(task_retries=0, task_retry_interval=0)
    what = {"what": what.__name__, **more}
    uid, _ = life.run("does", what, deployment="d", options=options, allow_custom_parameters=True)
    return life.engine.result(uid)


def test_what_ctx_says_without_a_server(life):
    """Flags, ids, what there is none of, and stored graphs, which the journal makes superfluous."""
    options = RunOptions(task_retries=2, task_retry_interval=5, wait_after_fail=7.5)
    assert does(life, contexts.attributes, options) == {
        "flags": [True, False, False, 7.5, {}],
        "tenant": [{}, None, None, None, False],
        "deployment": ["d", "d", {}, {}, None, False],
        "none": [[], [], [], None],
        "stored": [None] * 6,
        "execution": ["does", "d", "started", False],
        "other": None,
        "config": [{"total_retries": 2, "retry_interval": 5.0}, {"total_retries": 0}],
        "nodes": [["alone", "app", "host", "server"], ["app_4", "app_5"]],
        "deployments": [{"size": 3}, "d"],
    }


def test_what_needs_a_server_is_refused_by_class(life):
    """NotImplementedError for most, RuntimeError for another execution (workflow-api §2.2)."""
    calls = [*REFUSED, "start_execution"]
    found = does(life, contexts.refusals, names=calls)
    assert found == ["NotImplementedError"] * (len(calls) - 1) + ["RuntimeError"]


def test_a_refusal_names_the_call():
    """And why."""
    with pytest.raises(NotImplementedError, match="'create_nodes' needs the older system's server"):
        WorkflowContext.create_nodes(None)


def test_the_handler_reads_the_storage(life):
    """Copies, under the reference's names; KeyError for what is not there."""
    assert does(life, contexts.handler) == {
        "nodes": ["alone", "app", "host", "server"],
        "instances": ["server_2", "server_3"],
        "node": {"port": 80, "use_external_resource": False},
        "instance": [0, 6],
        "input": 3,
        "names": ["d", "d"],
        "local": True,
        "plugin": ["tests-plugin", {"name": "x"}],
        "missing": ["'nothing'"] * 3,
        "execution": True,
    }


def test_functions_are_evaluated_at_the_view(life):
    """An operation's change is seen after a refresh; another deployment is refused."""
    before, same, after, refused = does(life, contexts.functions)
    assert before == same == {"port": 80, "a": None, "size": 1}
    assert after == {"port": 80, "a": 5, "size": 1}
    assert refused == "functions of deployment 'another' cannot be evaluated here"


def test_update_node_instance_writes_and_moves_the_view(life):
    """A version that is not the present one conflicts, but for a state or with force; each write is a version more."""
    assert does(life, contexts.updates) == {
        "first": [2, {"b": 2}, {"s": 1}, "d"],
        "shown": [2, {"b": 2}, {"s": 1}, "uninitialized"],
        "conflict": [
            "StorageConflictError",
            "version 1 does not match current version of node instance 'alone_6' which is 2",
        ],
        "second": [3, "mine", {"b": 2}],
        "third": [4, {}, {"s": 1}],
        "again": [4, "mine", {}, True],
    }
    (row,) = [one for one in life.journal.instances(1) if one.name == "alone_6"]
    assert (row.version, row.state, row.runtime_properties_json, row.system_properties_json) == (
        4, "mine", "{}", '{"s":1}',
    )  # fmt: skip
    assert list(life.journal.verify()) == []


def test_update_node_instance_of_nobody(life):
    """KeyError, as a read."""
    assert does(life, contexts.updates_nothing) == "'nobody_1'"


def test_the_status_of_an_execution_is_not_a_workflows_to_set(life):
    """The task fails with NotImplementedError, as in the older system's local mode."""
    assert does(life, contexts.status) == (
        "the status 'mine' cannot be set: an execution's status is what its journal says of it"
    )


def test_operations_that_are_refused(life):
    """A key twice, a value of another type; what the workflow gives as a function fits any type, and stays one."""
    duplicate, mismatch, function = does(life, contexts.refused_operations)
    assert duplicate.startswith("Duplicate definition of port in operation properties and in kwargs")
    assert mismatch == "Value 'http' of 'port' does not match the definition: integer"
    assert function == [{"get_property": ["SELF", "port"]}, "x", None]


def test_what_a_workflow_gives_must_fit_a_data_type(life):
    """As a primitive type; what defaults complete fits."""
    given, *refused = does(life, contexts.typed_operations)
    assert given == {"host": "here"}
    assert [one.rpartition(" ")[2] for one in refused] == ["tests.Place"] * 3


def test_arguments_are_copied_when_they_are_given(life):
    """Neither the workflow nor an earlier attempt changes what the next one gets."""
    assert does(life, contexts.fresh_kwargs, RunOptions(task_retry_interval=0)) == [2, [[1, 1], [1, 1]]]


def test_a_plugin_that_nobody_declares_is_not_found(life, monkeypatch):
    """RuntimeError, before anything is asked for."""
    from durable_wf.engine.topology import DeploymentTopology

    usual = DeploymentTopology.__init__

    def without_plugins(self, *arguments):
        usual(self, *arguments)
        self.plugins = {}

    monkeypatch.setattr(DeploymentTopology, "__init__", without_plugins)
    with pytest.raises(RuntimeError, match="Plugin not found: tests"):
        does(life, contexts.fails)
    assert WORLD.counts() == {}


def test_a_timeout_is_kept_with_the_request(life):
    """An operation's own, and one that is given with a task; it is not enforced in a thread."""
    uid, _ = life.run(
        "does", {"what": "everything"}, deployment="d", options=RunOptions(task_retries=0), allow_custom_parameters=True
    )
    bodies = [decode(row.body_json) for row in life.journal.history(life.engine.find(uid).id).payloads]
    (found,) = [one["operation"] for one in bodies if one.get("operation", {}).get("name") == "ops.describes"]
    assert (found["timeout"], found["timeout_recoverable"], found["plugin"]) == (0, True, "central")


def test_a_remote_task_runs_in_the_context_that_is_given(life):
    """A node's, and both ends of a relationship."""
    node, source, target, refused = does(life, contexts.remote)
    assert (node["type"], node["instance"], node["operation"], node["plugin"]) == (
        "node-instance", "alone_6", "ops.mine", "tests",
    )  # fmt: skip
    for found, end in ((source, "source"), (target, "target")):
        assert (found["relationship"], found["source"], found["target"]) == (end, "app_4", "alone_6")
    assert refused == "there is no node instance 'nobody_1'"


def test_settings_of_a_local_task(life):
    """The callable's own win over the invocation's, unless that overrides; both win over the execution's."""
    options = RunOptions(task_retries=9, task_retry_interval=3)
    assert does(life, contexts.configured, options) == [1, 1, 2, "bare", "own", "decorated"]
    history = life.journal.history(1)
    bodies = {row.no: decode(row.body_json) for row in history.payloads}
    found = [(task.name, bodies[task.request]) for task in history.tasks]
    assert [(name, body["policy"]["total_retries"]) for name, body in found] == [
        ("own", 1), ("own", 1), ("given", 5), ("bare", 9),
    ]  # fmt: skip
    assert [body.get("send_task_events", True) for _, body in found] == [False, False, True, True]
    assert {body["policy"]["retry_interval"] for _, body in found} == {3.0}


def test_an_unstarted_local_task_shows_what_was_said_of_it(life):
    """`info`, `node`, and the id that it was given; a remote one too."""
    assert does(life, contexts.shown_tasks) == [{"more": 1}, "n", "describes_here", "mine", "other"]


def test_callables_of_the_pool_are_recorded_tasks(life):
    """They end before the execution does; what one raises is logged."""
    assert does(life, contexts.pool) == ["bad", "good", "the pool of local tasks was stopped"]
    assert [task.name for task in life.journal.history(1).tasks] == ["good", "bad"]
    assert any("goes no further" in event.message for event in life.journal.events(1))


def test_events_by_the_inner_ways(life):
    """Each is an event of the execution; an instance's logger too."""
    does(life, contexts.says)
    assert [(one.type, one.level, one.message) for one in life.journal.events(1)] == [
        ("my_type", "info", "hello"),
        ("task_started", "info", "Task started 'mine'"),
        ("workflow_log", "warning", "from alone"),
    ]


def test_files_beside_the_blueprint(life, tmp_path):
    """Copied to a new folder, or to where it is wanted; what is not there, or not beside it, is refused."""
    name, placed, same, refused = does(life, contexts.downloads, folder=str(tmp_path))
    assert (name, placed, same) == ("blueprint.yaml", f"{tmp_path}/deep/copy.yaml", True)
    missing, elsewhere = refused
    assert "there is no file 'nothing.txt' beside the blueprint" in missing
    assert "'../contexts.py' lies outside the blueprint's folder" in elsewhere


def test_the_older_names_are_ours():
    """`cloudify.workflows.workflow_context` (workflow-api §0)."""
    assert names.CloudifyWorkflowContext is WorkflowContext
    assert names.DEFAULT_LOCAL_TASK_THREAD_POOL_SIZE == 8
    assert names.LocalTasksProcessing(None).thread_pool_size == 8
    assert all(hasattr(names, name) for name in names.__all__)


@pytest.mark.parametrize("value", [-1, float("nan"), "soon"])
def test_an_odd_wait_after_fail_is_refused(value):
    """Before anything is written."""
    with pytest.raises(UsageError, match="wait_after_fail"):
        RunOptions(wait_after_fail=value)


def test_options_that_are_usual_are_not_stored():
    """So that a journal says only what was chosen."""
    assert json.dumps(RunOptions().to_json()) == '{"task_retries": -1, "task_retry_interval": 30.0}'
    assert RunOptions(dry_run=True).to_json()["dry_run"] is True


def test_graph_mode_is_a_one_way_street(life):
    """Its graph is there before; back is refused, and so is a graph that still holds tasks (workflow-api §1.6)."""
    refused = "Cannot switch to graph mode when tasks have already been executed"
    assert does(life, contexts.modes) == [
        False, True, False, True, "Cannot switch back from graph mode", refused, True,
    ]  # fmt: skip


def test_a_local_task_that_looks_while_the_view_moves_does_not_hold_it_back(life):
    """What is kept of a view goes with its seq."""
    found = does(life, contexts.looks_beside)
    assert found == [{}, {"a": 1}]
