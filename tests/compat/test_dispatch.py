"""`cloudify.dispatch` and the classes around it: a function called by its context, in this thread."""

import json

import pytest

from durable_wf import RecoverableError, ctx, operation, workflow
from durable_wf.authoring.current import ctx_parameters, current_ctx
from durable_wf.authoring.exceptions import NonRecoverableError, OperationRetry
from durable_wf.compat.dispatch import OperationHandler, TaskHandler, WorkflowHandler, dispatch, run
from durable_wf.compat.models_states import DeploymentModificationState, ExecutionState
from durable_wf.compat.rest_client import DeploymentModification, Execution, Node, NodeInstance

HERE = "tests.compat.test_dispatch"


@operation
def tell(items=None, **_):
    if items is not None:
        items.append("changed")
    return {"name": ctx.operation.name, "parameters": sorted(ctx_parameters), "execution": ctx.execution_id}


@operation(resumable=True)
def again(ctx, **_):
    ctx.operation.retry("not yet", retry_after=5)


def bare(number):
    return number + 1


@operation
def helped(ctx, **_):
    return run(again)


@workflow
def outer(ctx, **_):
    return WorkflowHandler({"task_name": f"{HERE}.inner"}, kwargs={"word": "x"}).handle()


def inner(ctx, word):
    return [ctx.execute_task(tell).get()["name"], word]


def raw(name, **more):
    return {"task_name": f"{HERE}.{name}", "execution_id": "e1", "operation": {"name": "a.b"}, **more}


def test_an_operation_has_a_ctx_of_its_context_and_a_copy_of_its_arguments():
    items = []
    told = dispatch(raw("tell"), items=items)
    assert told == {"name": "a.b", "parameters": ["ctx", "items"], "execution": "e1"}
    assert items == []


def test_ctx_is_given_to_a_function_that_takes_it_and_not_where_the_context_says_so():
    assert dispatch(raw("bare"), number=1) == 2
    assert dispatch(raw("bare"), 1) == 2
    with pytest.raises(TypeError, match="ctx"):
        dispatch(raw("again", no_ctx_kwarg=True))


def test_a_retry_that_was_asked_for_is_raised_at_the_end():
    with pytest.raises(OperationRetry, match="not yet") as caught:
        dispatch(raw("again"))
    assert caught.value.retry_after == 5
    assert isinstance(caught.value, RecoverableError)


def test_only_what_is_resumable_is_resumed():
    with pytest.raises(OperationRetry):
        OperationHandler(raw("again", resume=True)).handle_or_dispatch_to_subprocess_if_remote()
    with pytest.raises(NonRecoverableError, match=r"Cannot resume - operation not resumable: .*tell"):
        dispatch(raw("tell", resume=True))


@pytest.mark.parametrize(
    ("context", "text"),
    [
        (raw("nothing"), "has no function named 'nothing'"),
        (raw("tell", type="cook"), "of type 'cook'"),
        (raw("outer", type="workflow"), "outside a running workflow"),
    ],
)
def test_what_cannot_be_dispatched_says_why(context, text):
    with pytest.raises(NonRecoverableError, match=text):
        dispatch(context)


def test_the_helper_of_tests_dispatches_in_the_context_that_is_current():
    with pytest.raises(OperationRetry, match="not yet"):
        dispatch(raw("helped"))
    assert run(tell)["parameters"] == ["ctx"]
    with pytest.raises(RuntimeError, match="No context"):
        current_ctx.get_ctx()


def test_a_workflow_that_is_dispatched_inside_another_is_a_part_of_it(wf_engine, replay_journal):
    uid = wf_engine.start(outer)
    assert wf_engine.finish(uid) == "terminated"
    assert wf_engine.result(uid) == [f"{HERE}:tell", "x"]


def test_states_are_those_of_our_tables():
    assert ExecutionState.END_STATES == ["terminated", "failed", "cancelled"]
    assert set(ExecutionState.ACTIVE_STATES) < set(ExecutionState.STATES)
    assert DeploymentModificationState.ACTIVE_STATES == ["started"]
    assert json.dumps(ExecutionState.KILL_CANCELLING) == '"kill_cancelling"'


def test_records_are_mappings_with_attributes():
    node = Node({"id": "web", "properties": {"port": 80}})
    assert (node.id, node.properties["port"], node.host_id, node["id"]) == ("web", 80, None, "web")
    assert json.loads(json.dumps(node)) == node
    assert NodeInstance(id="web_1", version=3).version == 3
    assert Execution({"status": "terminated"}).status in Execution.END_STATES
    changed = DeploymentModification({"node_instances": {"added_and_related": [1]}})
    assert changed.node_instances.added_and_related == [1]
    assert DeploymentModification().node_instances.removed_and_related is None


def test_a_handler_of_no_kind_cannot_be_made():
    with pytest.raises(TypeError, match="handle"):
        TaskHandler(raw("tell"))
