"""`api`: whether a workflow is to be cancelled, per execution (workflow-api §0, §5.1)."""

from __future__ import annotations

from unittest import mock

import cloudify.workflows
import cloudify.workflows.workflow_api
import pytest
from cloudify.workflows import api as old_api

from durable_wf import workflow
from durable_wf.authoring import workflow_api
from durable_wf.authoring.cancelling import Callbacks
from durable_wf.authoring.current import NotInContext
from durable_wf.authoring.exceptions import ExecutionCancelled
from durable_wf.errors import UsageError
from durable_wf.workflows import api
from tests.replay import kit
from tests.replay.cancelled import request_in
from tests.replay.work import WORLD, op


@workflow
def answers(ctx):
    """What the functions answer, in the workflow and in a local task."""
    op(ctx, "a")
    found = [api.has_cancel_request(), api.has_kill_request(), api.cancel_request, api.kill_request]
    return [*found, *ctx.local_task(lambda: [api.has_cancel_request(), api.has_kill_request()]).get()]


@workflow
def calls_back(ctx):
    """Callbacks, in the order in which they were added, once."""
    callbacks = api.cancel_callbacks
    for name in ("first", "second", "third"):
        callbacks.add(lambda name=name: WORLD.seen.append(name))
    callbacks.discard(next(iter(callbacks)))
    assert len(api.cancel_callbacks) == 2
    api.kill_callbacks.add(lambda: WORLD.seen.append("kill"))
    try:
        op(ctx, "a").get()
    except api.ExecutionCancelled:
        assert api.has_cancel_request()
        WORLD.seen.append(api.has_kill_request())
        raise


@workflow
def kills_itself(ctx):
    """Asks for its own kill; nothing after that happens."""
    api.kill_callbacks.add(lambda: WORLD.seen.append("kill"))
    api.set_kill_request()
    WORLD.seen.append((api.has_kill_request(), api.kill_request))
    op(ctx, "a").get()
    op(ctx, "never").get()


@workflow
def asks_from_a_task(ctx):
    """Not allowed: only the function itself may ask."""
    ctx.local_task(api.set_cancel_request).get()


@workflow
def refreshes(ctx):
    """A blocking call that is no `get()` of the author's."""
    try:
        op(ctx, "a").get()
    except api.ExecutionCancelled:
        op(ctx, "undo").get()
        ctx.refresh_node_instances()
        raise


def test_the_old_names_are_the_same_module():
    """So that what a test patches is heard, whatever name it uses."""
    assert api is workflow_api
    assert old_api is workflow_api
    assert cloudify.workflows.workflow_api is workflow_api
    assert cloudify.workflows.workflow_api.ExecutionCancelled is ExecutionCancelled
    assert api.EXECUTION_CANCELLED_RESULT == "execution_cancelled"


def test_outside_of_a_workflow_nothing_is_requested():
    assert not api.has_cancel_request()
    assert not api.has_kill_request()
    assert not api.cancel_request
    for ask in (api.set_cancel_request, api.set_kill_request, lambda: api.cancel_callbacks):
        with pytest.raises(NotInContext):
            ask()
    with pytest.raises(AttributeError, match="has no attribute 'cancel_requests'"):
        api.cancel_requests  # noqa: B018 - the access is what raises


def test_a_workflow_that_nobody_cancels_is_told_so(lives):
    life = lives()
    uid, _ = life.run(answers)
    assert life.engine.result(uid) == [False] * 6


@pytest.mark.parametrize("module", [api, cloudify.workflows.workflow_api])
@pytest.mark.parametrize(("name", "found"), [("cancel_request", True), ("kill_request", True)])
def test_a_test_may_patch_the_variables(lives, module, name, found, monkeypatch):
    """As older tests do, by whichever means; afterwards all is as before."""
    with mock.patch.object(module, name, found):
        assert api.has_cancel_request()
        assert api.has_kill_request() == (name == "kill_request")
    assert not api.has_cancel_request()
    with mock.patch(f"cloudify.workflows.workflow_api.{name}", found):
        life = lives()
        assert life.engine.result(life.run(answers)[0])[0] is True
    monkeypatch.setattr(module, name, found, raising=False)
    assert api.has_cancel_request()
    monkeypatch.undo()
    assert not api.has_cancel_request()
    assert name not in vars(api)


def test_callbacks_are_called_once_in_their_order(lives):
    life = lives()
    with request_in(life, "a"):
        assert life.run(calls_back)[1] == "cancelled"
    assert WORLD.seen == ["second", "third", False]


def test_the_callbacks_are_a_set_that_keeps_its_order():
    found = Callbacks()
    found.add(print)
    found.add(repr)
    found.add(print)
    found.discard(len)
    assert list(found) == [print, repr]
    assert repr in found
    assert len(found) == 2


def test_a_kill_by_the_function_itself(lives):
    """Its callbacks are called, and then nobody waits for it."""
    life = lives()
    uid, state = life.run(kills_itself)
    assert state == "cancelled"
    assert WORLD.seen[:1] == ["kill"]
    assert WORLD.counts()["never"] == 0
    with pytest.raises(ExecutionCancelled, match=r"cancelled \(kill\) by the workflow function itself"):
        life.engine.result(uid)


def test_a_task_may_not_ask(lives):
    life = lives()
    uid, state = life.run(asks_from_a_task, options=kit.NO_RETRIES)
    assert state == "failed"
    with pytest.raises(UsageError, match="only the workflow function's own thread"):
        life.engine.result(uid)


def test_other_blocking_calls_go_on_in_the_clean_up(lives):
    life = lives()
    with request_in(life, "a"):
        assert life.run(refreshes)[1] == "cancelled"
    assert WORLD.counts() == {"a": 1, "undo": 1}
