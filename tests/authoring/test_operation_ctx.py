"""The ctx of operations: what it says, and what it refuses (workflow-api §7)."""

from __future__ import annotations

import copy
import itertools
import json
import pickle
import sys
from pathlib import Path

import pytest
from cloudify import constants, context
from cloudify.exceptions import NonRecoverableError
from cloudify.state import current_ctx

from durable_wf import RunOptions
from durable_wf.authoring import operation_ctx
from durable_wf.errors import StorageError
from durable_wf.sources.workdirs import Workdirs
from tests.authoring import sharing

BLUEPRINT = Path(__file__).parent / "shared" / "blueprint.yaml"
MISUSED = "{} can only be used in a {} context but used in a {} context."


@pytest.fixture
def life(lives, monkeypatch):
    """A process with the deployment `d`. Ids: host_1, target_2, source_3 to source_66."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    numbers = itertools.count(1)
    life = lives()
    life.engine.deployments.create(BLUEPRINT, "d", {}, new_suffix=lambda: str(next(numbers)))
    return life


def act(life, *doing, instance="target_2", operation="ops.runs", retries=0, **kwargs):
    """What an operation that does this returned; one callable an attempt."""
    sharing.TODO[:] = doing
    uid, _ = life.run(
        "act",
        {"instance": instance, "operation": operation, "kwargs": kwargs},
        deployment="d",
        options=RunOptions(task_retries=retries, task_retry_interval=0),
        allow_custom_parameters=True,
    )
    return life.engine.result(uid)


def of_deployment(life, doing):
    """What an operation without a node returned."""
    sharing.TODO[:] = [doing]
    uid, _ = life.run(sharing.alone, options=RunOptions(task_retries=0))
    return life.engine.result(uid)


def refused(do):
    """The text of the refusal."""
    with pytest.raises(NonRecoverableError) as raised:
        do()
    return str(raised.value)


def stored(life, instance="target_2"):
    """Its runtime properties and version in the storage."""
    (row,) = [one for one in life.journal.instances(1) if one.name == instance]
    return json.loads(row.runtime_properties_json), row.version


def test_14_7_what_ctx_says_of_the_execution(life):
    """Ids and names, the execution's parameters, and what there is none of here."""

    def doing(ctx):
        assert isinstance(ctx, context.CloudifyContext)
        assert isinstance(ctx, context.CommonContext)
        assert isinstance(ctx.operation, context.OperationContext)
        ctx.resume = True
        return {
            "ids": [ctx.workflow_id, ctx.deployment.id, ctx.blueprint.id, ctx.task_id == f"{ctx.execution_id}/1"],
            "names": [ctx.task_name, ctx.task_type, ctx.deployment.display_name, ctx.deployment.tenant_name],
            "tags": ctx.deployment.resource_tags,
            "parameters": ctx.workflow_parameters["kwargs"],
            "none": [ctx.task_target, ctx.task_queue, ctx.timeout, ctx.timeout_recoverable, ctx.rest_host,
                     ctx.rest_token, ctx.tenant_name, ctx.execution_token, ctx.execution_creator_username],
            "empty": [ctx.tenant, ctx.execution_env, ctx.get_config("x"), ctx.get_managers(), ctx.get_brokers("n")],
            "operation": [ctx.operation.name, ctx.operation.retry_number, ctx.operation.max_retries,
                          ctx.operation.relationship],
            "execution": [ctx.get_execution()["status"], ctx.get_execution("other"),
                          ctx.get_execution(ctx.execution_id)["parameters"]["instance"]],
            "task": [ctx.get_operation()["name"], ctx.update_operation("started")],
            "flags": [ctx.resume, ctx.local, ctx.bypass_maintenance],
        }  # fmt: skip

    assert act(life, doing, retries=4, given=1) == {
        "ids": ["act", "d", "d", True],
        "names": ["tests.authoring.sharing.runs", "operation", "d", None],
        "tags": {},
        "parameters": {"given": 1},
        "none": [None] * 9,
        "empty": [{}, {}, [], [], []],
        "operation": ["ops.runs", 0, 4, None],
        "execution": ["started", None, "target_2"],
        "task": ["ops.runs", None],
        "flags": [True, True, False],
    }


def test_contexts_by_type_and_what_they_refuse(life):
    """A node's, a relationship's at both ends, and the deployment's, with the reference's texts."""
    node, ends = "ctx.node/ctx.instance", "ctx.source/ctx.target"

    def of_node(ctx):
        assert ctx.type == context.NODE_INSTANCE
        return [refused(lambda: ctx.source), refused(lambda: ctx.target)]

    def of_relationship(ctx):
        assert ctx.type == context.RELATIONSHIP_INSTANCE
        with pytest.warns(DeprecationWarning, match="capabilities"):
            capabilities = ctx.capabilities.get_all()
        told = [refused(lambda: ctx.node), refused(lambda: ctx.instance), refused(lambda: ctx.agent)]
        return [ctx.source.instance.id, ctx.target.node.id, ctx.operation.relationship, sorted(capabilities), *told]

    def of_nothing(ctx):
        assert ctx.type == context.DEPLOYMENT
        with pytest.warns(DeprecationWarning, match="capabilities"):
            told = refused(lambda: ctx.capabilities)
        return [refused(lambda: ctx.node), refused(lambda: ctx.target), told]

    assert act(life, of_node) == [MISUSED.format(ends, "relationship-instance", "node-instance")] * 2
    told = MISUSED.format(node, "node-instance", "relationship-instance")
    agent = "ctx.agent can only be used in operations of nodes of type cloudify.nodes.Compute"
    for end, far in (("source", "target_2"), ("target", "host_1")):
        found = act(life, of_relationship, instance="source_3", operation=f"joins.describes@{end}")
        assert found == ["source_3", "target", end, [far], told, told, agent]
    assert of_deployment(life, of_nothing) == [
        MISUSED.format(node, "node-instance", "deployment"),
        MISUSED.format(ends, "relationship-instance", "deployment"),
        MISUSED.format("ctx.capabilities", "node-instance/relationship-instance", "deployment"),
    ]


def test_14_31_properties_are_read_only_and_what_is_inside_is_the_operations_own(life):
    """The mapping refuses; copies of it are plain; what plugins change deep inside is seen by nobody else."""

    def doing(ctx):
        properties = ctx.node.properties
        told = {
            refused(change)
            for change in (
                lambda: properties.__setitem__("config", 1),
                lambda: properties.__delitem__("config"),
                lambda: properties.update(config=1),
                lambda: properties.__ior__({}),
                lambda: properties.setdefault("more", 1),
                lambda: properties.pop("config"),
                properties.popitem,
                properties.clear,
            )
        }
        pickled = pickle.loads(pickle.dumps(properties))  # noqa: S301 - of our own
        for other in (copy.deepcopy(properties), copy.copy(properties), properties.copy(), pickled):
            assert type(other) is dict
            assert other == properties
        before = json.dumps({name: properties[name] for name in ("config", "address")})
        properties["config"]["list"].append(3)
        assert ctx.node.properties["config"]["list"] == [1, 2, 3]
        return [sorted(told), json.loads(before), isinstance(properties, context.ImmutableProperties)]

    sets = lambda ctx: ctx.instance.runtime_properties.update(address="10.1.1.1")
    act(life, sets)
    for _ in range(2):
        told, shown, kind = act(life, doing)
        assert told == ["Cannot override read only properties"]
        assert shown == {"config": {"list": [1, 2]}, "address": "10.1.1.1"}
        assert kind


def test_14_32_the_plugin(life):
    """A text, and what was declared of it; a folder of its own below the deployment's."""

    def doing(ctx):
        plugin = ctx.plugin
        assert isinstance(plugin, context.PluginContext)
        assert plugin == "tests"
        folder = Path(plugin.workdir)
        (folder / "kept").write_text("here")
        return [plugin.name, plugin.package_name, plugin.package_version, plugin.source, plugin.properties,
                plugin.prefix == sys.prefix, str(folder), ctx.local_deployment_workdir()]  # fmt: skip

    *found, folder, workdir = act(life, doing)
    assert found == ["tests", "tests-plugin", "1.2", "tests-source", {}, True]
    assert folder == f"{workdir}/plugins/tests"
    assert act(life, lambda ctx: (Path(ctx.plugin.workdir) / "kept").read_text()) == "here"
    journal = getattr(life.journal.inner, "path", None)
    if journal is not None:
        assert Path(workdir) == Path(journal).parent / "workdirs" / "d"
    else:
        life.engine.close()
        assert not Path(workdir).exists()
    nothing = context.CloudifyContext({}).plugin
    assert [nothing, nothing.workdir, nothing.name, nothing.source] == ["", None, "", None]


@pytest.mark.parametrize("name", ["..", ".", "a/b", "../x", "ä b"])
def test_a_workdir_is_a_folder_of_its_own_whatever_the_deployments_name(tmp_path, name):
    """It never leads elsewhere."""
    made = Workdirs(tmp_path).of(name)
    assert made.parent == tmp_path / "workdirs"
    assert made.resolve() == made
    assert made.is_dir()
    assert made != Workdirs(tmp_path).of(name + "x")


def test_a_workdir_that_cannot_be_made_is_an_error_of_the_storage(tmp_path):
    """Naming the deployment."""
    (tmp_path / "workdirs").write_text("a file")
    with pytest.raises(StorageError, match="no workdir can be made for deployment 'd': "):
        Workdirs(tmp_path).of("d")


def test_the_deployments_workdir_is_on_this_machine(life):
    """Nothing is to be fetched or brought; without a deployment there is none."""

    def doing(ctx):
        ctx.download_deployment_workdir()
        ctx.upload_deployment_workdir()
        ctx.sync_deployment_workdir()
        ctx.upload_deployment_file("a", "b")
        ctx.delete_deployment_file("a")
        return ctx.local_deployment_workdir()

    assert Path(act(life, doing)).name == "d"
    told = of_deployment(life, lambda ctx: refused(ctx.local_deployment_workdir))
    assert told == "there is no deployment, and so no deployment workdir"


def test_capabilities_are_properties_of_what_there_are_relationships_to(life):
    """By name of the property, over all targets; one that several or none have cannot be said."""
    act(life, lambda ctx: ctx.instance.runtime_properties.update(port=80), instance="target_2")

    def doing(ctx):
        with pytest.warns(DeprecationWarning, match="use ctx.instance.relationships"):
            capabilities = ctx.capabilities
        assert isinstance(capabilities, context.ContextCapabilities)
        told = refused(lambda: capabilities["other"])
        return [capabilities["port"], "port" in capabilities, "other" in capabilities, capabilities.get_all(), told,
                str(capabilities)]  # fmt: skip

    assert act(life, doing, instance="source_3") == [
        80, True, False, {"target_2": {"port": 80}},
        "'other' is no capability of what this instance has relationships to", "<ContextCapabilities ['target_2']>",
    ]  # fmt: skip
    assert context.ContextCapabilities(object()).get_all() == {}


def test_the_bootstrap_context_is_of_the_provider_context(life):
    """`cloudify` of what the deployment was given; each attribute None where it says nothing."""
    given = {"cloudify": {"resources_prefix": "p", "cloudify_agent": {"user": "u", "broker_ip": "b"},
                          "policy_engine": {"start_timeout": 3}}}  # fmt: skip

    def doing(ctx):
        found = ctx.bootstrap_context
        assert isinstance(found, context.BootstrapContext)
        return [found.resources_prefix, found.cloudify_agent.user, found.cloudify_agent.networks,
                found.policy_engine.start_timeout, found.broker_config()["broker_hostname"], ctx.provider_context,
                found._bootstrap_context]  # fmt: skip

    assert act(life, doing) == ["", None, None, None, None, {}, {}]
    settings = {"provider_context": given}
    topology = life.engine.deployments.find("d")
    topology.settings = settings
    shown = doing(operation_ctx.OperationContext({}, topology))
    assert shown == ["p", "u", None, 3, "b", given, given["cloudify"]]


def test_agents_are_of_compute_nodes_and_need_the_agent_package(life):
    """Elsewhere it is refused at once."""
    sharing.TODO[:] = []

    def doing(ctx):
        return refused(lambda: ctx.agent)

    assert act(life, doing) == "ctx.agent can only be used in operations of nodes of type cloudify.nodes.Compute"
    topology = life.engine.deployments.find("d")
    ctx = operation_ctx.OperationContext({}, topology)
    host = operation_ctx.RelationshipSubjectContext(topology.instance("host_1"), topology, None)
    ctx._subjects["self"] = host
    assert "needs the older system's agent package" in refused(ctx.agent.init_script)
    assert "needs the older system's agent package" in refused(ctx.agent.install_script_download_link)


def test_an_event_of_the_plugin_is_an_event_of_the_attempt(life):
    """In the order of what was logged."""

    def doing(ctx):
        ctx.logger.info("before")
        ctx.send_event("100 % done")
        ctx.logger.warning("after")

    act(life, doing)
    found = [(one.type, one.level, one.message, one.task, one.attempt) for one in life.journal.events(1)]
    assert found == [
        ("plugin_log", "info", "before", 1, 1),
        ("plugin_event", "info", "100 % done", 1, 1),
        ("plugin_log", "warning", "after", 1, 1),
    ]


def test_abort_operation_ends_it_for_good(life):
    """With a message or without; nothing is tried again."""
    for message in ("no way", None):
        sharing.TODO[:] = []
        with pytest.raises(NonRecoverableError) as raised:
            act(life, lambda ctx, message=message: ctx.abort_operation(message), retries=3)
        assert raised.value.args == (() if message is None else (message,))
        assert len(life.journal.stored("attempt", life.journal.executions()[0].id)) == 1


def test_an_operation_may_ask_again_without_a_message(life):
    """`retry(retry_after=...)` alone; what it has set before is there the next time."""

    def first(ctx):
        ctx.instance.runtime_properties["tried"] = ctx.operation.retry_number
        ctx.operation.retry(retry_after=0)

    assert act(life, first, lambda ctx: [ctx.operation.retry_number, ctx.instance.runtime_properties["tried"]],
               retries=-1) == [1, 0]  # fmt: skip


def test_an_error_after_asking_again_wins_and_properties_are_kept(life):
    """The exception is the outcome, not the retry (workflow-api §1.5)."""

    def doing(ctx):
        ctx.instance.runtime_properties["set"] = "before"
        ctx.operation.retry("again")
        text = "wins"
        raise NonRecoverableError(text)

    with pytest.raises(NonRecoverableError, match="wins"):
        act(life, doing, retries=5)
    assert stored(life) == ({"set": "before"}, 1)
    assert len(life.journal.stored("attempt", 1)) == 1


def test_14_6_inputs_are_fresh_in_each_attempt(life):
    """Also where they are reached through `inputs`."""
    seen = []

    def doing(ctx):
        from cloudify.state import ctx_parameters as inputs

        seen.append(copy.deepcopy(inputs["box"]))
        inputs.box["list"].append("changed")
        assert inputs.ctx == ctx
        with pytest.raises(KeyError):
            _ = inputs.unknown
        if ctx.operation.retry_number < 2:
            raise ValueError

    act(life, doing, retries=2, box={"list": [1]})
    assert seen == [{"list": [1]}] * 3


def test_a_context_can_be_made_of_the_older_systems_mapping():
    """`{}` will do; it is one of the deployment, and nothing can be read or written."""
    empty = context.CloudifyContext({})
    assert [empty.type, empty.operation.retry_number, empty.deployment.id] == ["deployment", 0, None]
    made = context.CloudifyContext(
        {
            "task_id": "t", "task_name": "m.f", "execution_id": "e", "workflow_id": "install", "deployment_id": "d",
            "blueprint_id": "b", "operation": {"name": "i.op", "retry_number": 1, "max_retries": 3},
            "plugin": {"name": "p"},
        }
    )  # fmt: skip
    assert [made.task_id, made.task_name, made.execution_id, made.workflow_id] == ["t", "m.f", "e", "install"]
    assert [made.operation.name, made.operation.retry_number, made.operation.max_retries] == ["i.op", 1, 3]
    assert [made.plugin, made.blueprint.id] == ["p", "b"]
    for call in (lambda: made.get_resource("x"), made.local_deployment_workdir):
        refused(call)
    current_ctx.set(made)
    try:
        from cloudify import ctx

        assert ctx == made
    finally:
        current_ctx.clear()


def test_constants_say_the_same_in_both_modules():
    """What plugins compare with."""
    for name in ("DEPLOYMENT", "NODE_INSTANCE", "RELATIONSHIP_INSTANCE", "COMPUTE_NODE_TYPE"):
        assert getattr(constants, name) == getattr(context, name)
    assert set(constants.TERMINATED_STATES) == {"rescheduled", "succeeded", "failed"}
