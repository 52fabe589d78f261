"""Which context is current, and proxies to it (workflow-api §0, §7.9)."""

from __future__ import annotations

import contextlib
import threading

import cloudify
import cloudify.state
import cloudify.workflows
import pytest

from durable_wf import ctx, workflow
from durable_wf.authoring.current import CurrentContext, NotInContext
from durable_wf.workflows import ctx as workflow_ctx
from durable_wf.workflows import parameters
from tests.replay.work import WORLD, op


class Something:
    """A context, as far as this module cares."""

    value = 1


@pytest.fixture(autouse=True)
def nothing_current():
    """No context before and after a test."""
    cloudify.state.current_ctx.clear()
    yield
    cloudify.state.current_ctx.clear()


def test_the_old_names_lead_to_ours():
    """One holder, whatever it is imported as."""
    assert cloudify.ctx is ctx
    assert cloudify.state.ctx is ctx
    assert cloudify.workflows.ctx is cloudify.state.workflow_ctx
    assert cloudify.workflows.parameters is cloudify.state.workflow_parameters


def test_without_a_context_the_proxy_says_so():
    """A RuntimeError with the reference's text; a repr that does not raise."""
    with pytest.raises(NotInContext, match="No context set in current execution thread"):
        ctx.value  # noqa: B018 - the access is what raises
    assert issubclass(NotInContext, RuntimeError)
    assert repr(ctx) == "<no current context>"


def test_a_proxy_follows_what_is_current():
    """Reading, writing, comparing, and the object itself."""
    one, other = Something(), Something()
    cloudify.state.current_ctx.set(one)
    assert ctx.value == 1
    ctx.value = 2
    assert one.value == 2
    assert ctx == one
    assert one == ctx
    assert ctx != other
    assert ctx._get_current_object() is one
    cloudify.state.current_ctx.set(other)
    assert ctx.value == 1
    assert hash(ctx) == hash(other)


def test_push_restores_what_was_before():
    """Nested, and after an error."""
    holder = CurrentContext()
    with holder.push("outer", {"a": 1}):
        with contextlib.suppress(ValueError), holder.push("inner", {"a": 2}):
            assert (holder.get_ctx(), holder.get_parameters().a) == ("inner", 2)
            raise ValueError("inside")
        assert (holder.get_ctx(), holder.get_parameters().a) == ("outer", 1)
    with pytest.raises(NotInContext):
        holder.get_ctx()


def test_parameters_by_attribute_or_key():
    """An unknown one is a KeyError, not an AttributeError."""
    holder = CurrentContext()
    holder.set(Something(), {"a": 1})
    found = holder.get_parameters()
    assert (found.a, found["a"]) == (1, 1)
    with pytest.raises(KeyError):
        found.b  # noqa: B018 - the access is what raises


def test_other_threads_have_their_own():
    """A thread that a plugin starts must push the context itself."""
    cloudify.state.current_ctx.set(Something())
    seen = []

    def look():
        try:
            seen.append(ctx.value)
        except NotInContext:
            seen.append("nothing")

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen == ["nothing"]


@workflow
def through_proxies(ctx, given):
    """Everything through the module's names."""
    op(workflow_ctx, "a").get()
    inside = ctx.local_task(lambda: [workflow_ctx == ctx, workflow_ctx.execution_id]).get()
    return [workflow_ctx == ctx, parameters.given, parameters["given"], parameters.ctx is ctx, inside]


@workflow
def without_ctx(given):
    """Takes no ctx, and uses the proxy."""
    return [op(workflow_ctx, "a").get(), given]


def test_a_workflow_through_the_proxies(lives):
    """ctx and parameters, in the function and in a local task; ctx need not be taken."""
    life = lives()
    uid, _ = life.run(through_proxies, {"given": 5})
    assert life.engine.result(uid) == [True, 5, 5, True, [True, uid]]
    uid, _ = life.run(without_ctx, {"given": 6})
    assert life.engine.result(uid) == ["a done", 6]
    assert WORLD.counts() == {"a": 2}
