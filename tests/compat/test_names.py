"""The import surface of workflow-api §0: each name that existing plugins and workflows import is there, of its kind.

What belongs to later subjects is listed as absent, and the test fails the day that it appears unlisted.
"""

import importlib
import inspect
from types import ModuleType

import pytest

CLASS, FUNCTION, MODULE, TEXT, PROXY, HOLDER = "class", "function", "module", "text", "proxy", "holder"

HERE = {
    "cloudify": {"ctx": PROXY},
    "cloudify.decorators": dict.fromkeys(("operation", "workflow", "serial_operation", "task"), FUNCTION),
    "cloudify.state": {
        **dict.fromkeys(("ctx", "ctx_parameters", "workflow_ctx", "workflow_parameters"), PROXY),
        **dict.fromkeys(("current_ctx", "current_workflow_ctx"), HOLDER),
        **dict.fromkeys(("NotInContext", "CtxParameters", "CurrentContext"), CLASS),
    },
    "cloudify.workflows": {"ctx": PROXY, "parameters": PROXY, "api": MODULE},
    "cloudify.workflows.workflow_api": {
        **dict.fromkeys(("has_cancel_request", "has_kill_request", "set_cancel_request", "set_kill_request"), FUNCTION),
        "ExecutionCancelled": CLASS,
        "EXECUTION_CANCELLED_RESULT": TEXT,
    },
    "cloudify.workflows.tasks": {
        **dict.fromkeys(
            (
                "WorkflowTask",
                "LocalWorkflowTask",
                "RemoteWorkflowTask",
                "NOPLocalWorkflowTask",
                "DryRunLocalWorkflowTask",
                "SubgraphTask",
                "SetNodeInstanceStateTask",
                "GetNodeInstanceStateTask",
                "SendNodeEventTask",
                "SendWorkflowEventTask",
                "UpdateExecutionStatusTask",
                "HandlerResult",
                "WorkflowTaskResult",
            ),
            CLASS,
        ),
        "TASK_PENDING": TEXT,
        "TASK_SUCCEEDED": TEXT,
        "with_execute_after": FUNCTION,
    },
    "cloudify.workflows.tasks_graph": {
        **dict.fromkeys(("TaskDependencyGraph", "TaskSequence", "SubgraphTask"), CLASS),
        "make_or_get_graph": FUNCTION,
    },
    "cloudify.workflows.workflow_context": {
        **dict.fromkeys(
            (
                "CloudifyWorkflowContext",
                "CloudifyWorkflowNode",
                "CloudifyWorkflowNodeInstance",
                "CloudifyWorkflowRelationship",
                "CloudifyWorkflowRelationshipInstance",
                "WorkflowNodesAndInstancesContainer",
                "WorkflowDeploymentContext",
                "LocalTasksProcessing",
            ),
            CLASS,
        ),
        "task_config": FUNCTION,
    },
    "cloudify.context": {
        **dict.fromkeys(
            (
                "CloudifyContext",
                "NodeContext",
                "NodeInstanceContext",
                "RelationshipContext",
                "RelationshipSubjectContext",
                "OperationContext",
                "PluginContext",
                "BootstrapContext",
                "BlueprintContext",
                "DeploymentContext",
                "ContextCapabilities",
                "ImmutableProperties",
                "CommonContext",
            ),
            CLASS,
        ),
        **dict.fromkeys(("DEPLOYMENT", "NODE_INSTANCE", "RELATIONSHIP_INSTANCE"), TEXT),
    },
    "cloudify.constants": dict.fromkeys(
        ("DEPLOYMENT", "NODE_INSTANCE", "RELATIONSHIP_INSTANCE", "COMPUTE_NODE_TYPE", "MGMTWORKER_QUEUE"), TEXT
    ),
    "cloudify.exceptions": dict.fromkeys(
        (
            "NonRecoverableError",
            "RecoverableError",
            "OperationRetry",
            "CloudifySerializationRetry",
            "HttpException",
            "CommandExecutionError",
            "CommandExecutionException",
            "TimeoutException",
            "WorkflowFailed",
        ),
        CLASS,
    ),
    "cloudify.mocks": dict.fromkeys(
        (
            "MockCloudifyContext",
            "MockContext",
            "MockNodeContext",
            "MockNodeInstanceContext",
            "MockRelationshipContext",
            "MockRelationshipSubjectContext",
        ),
        CLASS,
    ),
    "cloudify.manager": {
        **dict.fromkeys(("NodeInstance", "DirtyTrackingDict"), CLASS),
        **dict.fromkeys(
            (
                "get_rest_client",
                "download_resource",
                "get_resource",
                "get_node_instance",
                "update_node_instance",
                "get_node_instance_ip",
                "get_bootstrap_context",
                "get_provider_context",
                "update_execution_status",
            ),
            FUNCTION,
        ),
    },
    "cloudify.conflict_handlers": {"simple_merge_handler": FUNCTION},
    "cloudify.utils": {
        **dict.fromkeys(
            (
                "get_func",
                "id_generator",
                "create_temp_folder",
                "get_exec_tempdir",
                "uuid4",
                "wait_for",
                "keep_trying_http",
            ),
            FUNCTION,
        ),
        **dict.fromkeys(("LocalCommandRunner", "CommandExecutionResponse", "OutputConsumer"), CLASS),
        "internal": HOLDER,
    },
    "cloudify.dispatch": {
        "dispatch": FUNCTION,
        **dict.fromkeys(("TaskHandler", "OperationHandler", "WorkflowHandler"), CLASS),
    },
    "cloudify.plugins.workflows": dict.fromkeys(
        (
            *("install", "uninstall", "reinstall", "start", "stop", "restart", "execute_operation", "pull"),
            *("check_status", "check_drift", "rollback", "auto_heal_reinstall_node_subgraph"),
        ),
        FUNCTION,
    ),
    "cloudify.plugins.lifecycle": {
        "LifecycleProcessor": CLASS,
        **dict.fromkeys(
            (
                "install_node_instances",
                "uninstall_node_instances",
                "reinstall_node_instances",
                "heal_node_instances",
                "rollback_node_instances",
                "update_node_instances",
                "execute_establish_relationships",
                "execute_unlink_relationships",
            ),
            FUNCTION,
        ),
    },
    "cloudify.models_states": dict.fromkeys(("ExecutionState", "DeploymentModificationState"), CLASS),
    "cloudify.test_utils.dispatch_helper": {"run": FUNCTION},
    "cloudify_rest_client.nodes": {"Node": CLASS},
    "cloudify_rest_client.node_instances": {"NodeInstance": CLASS},
    "cloudify_rest_client.executions": {"Execution": CLASS},
    "cloudify_rest_client.operations": {"Operation": CLASS},
    "cloudify_rest_client.tasks_graphs": {"TasksGraph": CLASS},
    "cloudify_rest_client.deployment_modifications": {"DeploymentModification": CLASS},
    "cloudify_rest_client.exceptions": dict.fromkeys(
        (
            "CloudifyClientError",
            "InvalidExecutionUpdateStatus",
            "ExistingStartedDeploymentModificationError",
            "DeploymentModificationAlreadyEndedError",
        ),
        CLASS,
    ),
}

LATER = {
    "cloudify.broker_config": "there is no broker; never",
    "cloudify.workflows.local.init_env": "the local environment",
    "cloudify.workflows.local.load_env": "the local environment",
    "cloudify.proxy.client": "scripts",
    "cloudify.proxy.server": "scripts",
    "cloudify.test_utils.workflow_test": "the local environment",
    "script_runner.tasks": "scripts",
}

NAMES = [(module, name, kind) for module, names in HERE.items() for name, kind in names.items()]


def is_a(kind, thing):
    """Whether it is a thing of that kind."""
    from durable_wf.authoring.current import Proxy

    if type(thing) is Proxy or kind == PROXY:
        return type(thing) is Proxy and kind == PROXY
    if kind == HOLDER:
        return not isinstance(thing, (type, ModuleType, str)) and not inspect.isroutine(thing)
    return {
        CLASS: inspect.isclass,
        FUNCTION: inspect.isroutine,
        MODULE: inspect.ismodule,
        TEXT: lambda found: isinstance(found, str),
    }[kind](thing)


@pytest.mark.parametrize(("module", "name", "kind"), NAMES, ids=[f"{m}.{n}" for m, n, _ in NAMES])
def test_the_name_is_there_and_of_its_kind(module, name, kind):
    found = getattr(importlib.import_module(module), name)
    assert is_a(kind, found), f"{module}.{name} is {found!r}, and no {kind}"


@pytest.mark.parametrize("module", HERE)
def test_a_module_hands_on_what_it_says_and_makes_nothing_itself(module):
    found = importlib.import_module(module)
    for name in getattr(found, "__all__", []):
        thing = getattr(found, name)
        if inspect.isclass(thing) or inspect.isfunction(thing):
            assert thing.__module__.startswith("durable_wf."), f"{module}.{name} was made in {thing.__module__}"


@pytest.mark.parametrize("path", LATER)
def test_a_name_of_a_later_subject_is_absent(path):
    module, _, name = path.rpartition(".")
    try:
        importlib.import_module(path)
    except ModuleNotFoundError:
        pass
    else:
        pytest.fail(f"{path} is there now: move it from LATER to HERE")
    try:
        found = importlib.import_module(module)
    except ModuleNotFoundError:
        return
    assert not hasattr(found, name), f"{path} is there now: move it from LATER to HERE"


def test_the_proxies_are_the_engines():
    from cloudify import ctx
    from cloudify.state import current_ctx

    from durable_wf import ctx as own
    from durable_wf.authoring.current import current_ctx as own_holder

    assert ctx is own or type(ctx) is type(own)
    assert current_ctx is own_holder


def test_task_is_another_name_of_operation():
    from cloudify.decorators import operation, task

    assert task is operation
