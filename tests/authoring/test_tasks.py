"""Tasks: classes, attributes, ids, settings, a plugin's own classes (workflow-api §3.1–§3.4; checklist 4)."""

from __future__ import annotations

import uuid

import pytest
from cloudify.workflows import tasks
from cloudify.workflows.tasks import HandlerResult

from durable_wf.codec import decode
from durable_wf.errors import UsageError
from durable_wf.model.states import T
from durable_wf.testing.stores import MemoryStore
from tests.authoring.handled import acted, acts, failure, tell
from tests.authoring.tasks_plugin import Custom, Idle
from tests.replay import kit
from tests.replay.clock import START_US, ManualClock
from tests.replay.work import WORLD, op


def test_constants_and_states_have_the_references_values():
    """workflow-api §3.1, §3.2."""
    assert (tasks.INFINITE_TOTAL_RETRIES, tasks.DEFAULT_TOTAL_RETRIES, tasks.DEFAULT_RETRY_INTERVAL) == (-1, -1, 30)
    assert (tasks.DEFAULT_SUBGRAPH_TOTAL_RETRIES, tasks.DEFAULT_SEND_TASK_EVENTS) == (0, True)
    assert tasks.DISPATCH_TASK == "cloudify.dispatch.dispatch"
    states = ["PENDING", "SENDING", "SENT", "STARTED", "RESCHEDULED", "SUCCEEDED", "FAILED"]
    assert [getattr(tasks, f"TASK_{name}") for name in states] == [name.lower() for name in states]
    assert sorted(tasks.TERMINATED_STATES) == ["failed", "rescheduled", "succeeded"]


@acts
def attributes(ctx):
    """Checklist 4: what can be set on a task, and what it shows before."""
    ctx.graph_mode()
    task = op(ctx, "a")
    before = [
        task.on_success, task.on_failure, task.info, task.total_retries, task.retry_interval, task.send_task_events,
        task.timeout, task.timeout_recoverable, task.execute_after, task.name, task.short_description,
        task.current_retries, task.retried_task, task.dependency_error, task.containing_subgraph, task.stored,
        task.is_terminated, task.error, task.task_type, task.is_remote(), task.is_local(), task.is_nop(),
        task.is_subgraph, task.get_state(), task.workflow_context is ctx, task.kwargs,
    ]  # fmt: skip
    task.info, task.total_retries, task.retry_interval, task.send_task_events = {"mine": 1}, 7, 1.5, False
    task.timeout, task.timeout_recoverable, task.execute_after, task.name = 60, True, 1_700_000_000, "my task"
    task.on_success = task.on_failure = lambda _task: HandlerResult.cont()
    after = [
        callable(task.on_success), callable(task.on_failure), task.info, task.total_retries, task.retry_interval,
        task.send_task_events, task.timeout, task.timeout_recoverable, task.execute_after, task.name,
    ]  # fmt: skip
    return [before, after, decode(task.spec.request)]


def test_checklist_4_a_tasks_attributes_can_be_set(life):
    """They become parts of what is stored; what is at its default is not written."""
    before, after, request = tell(life, "attributes")
    name = "tests.replay.work:work"
    assert before == [
        None, None, None, 0, 30.0, True, None, None, None, name, name, 0, None, False, None, False, False, None,
        "RemoteWorkflowTask", True, False, False, False, "pending", True, {"name": "a"},
    ]  # fmt: skip
    assert after == [True, True, {"mine": 1}, 7, 1.5, False, 60.0, True, 1_700_000_000.0, "my task"]
    assert request == {
        "evaluate": False, "execute_after": 1_700_000_000.0, "function": name, "kwargs": {"name": "a"},
        "operation": {"timeout": 60.0, "timeout_recoverable": True},
        "policy": {"on_unknown": "rerun", "retry_interval": 1.5, "total_retries": 7},
        "send_task_events": False, "title": "my task",
    }  # fmt: skip


@acts
def sets(ctx, attribute, value, stored=False):
    """Set one attribute of a task."""
    graph = ctx.graph_mode()
    task = op(ctx, "a")
    if stored:
        graph.add_task(task)
        graph.execute()
    setattr(task, attribute, value)
    return decode(task.spec.request)


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("total_retries", -2), ("total_retries", "3"), ("total_retries", True), ("total_retries", None),
        ("retry_interval", -1), ("retry_interval", "soon"), ("execute_after", "soon"), ("timeout", -5),
    ],
)  # fmt: skip
def test_what_is_no_number_is_refused(life, attribute, value):
    """Where it is set, naming it."""
    assert tell(life, "sets", attribute=attribute, value=value) == [
        "ValueError", f"{attribute} is {value!r}; it is " + {
            "total_retries": "a number of retries, or -1 for no limit",
            "execute_after": "a number of seconds",
        }.get(attribute, "a number of seconds" + ("" if isinstance(value, str) else ", not below 0")),
    ]  # fmt: skip


def test_what_was_executed_cannot_be_changed_any_more(life):
    """The journal has it; setting what it is already is no change."""
    kind, text = tell(life, "sets", attribute="total_retries", value=3, stored=True)
    assert kind == "UsageError"
    assert "was executed already; its total_retries cannot be set any more" in text
    assert tell(life, "sets", attribute="total_retries", value=0, stored=True)["policy"]["total_retries"] == 0


@acts
def ids(ctx):
    """Ids and equality."""
    graph = ctx.graph_mode()
    one, other, box = op(ctx, "a"), op(ctx, "a"), graph.subgraph("box")
    given = ctx.local_task(len, task_id="mine")
    index = {one: 1, other.id: 2}
    known = {one.id}
    equal = [one == one.id, one == other, one != other, index[one.id], index[other], one in known, one == 1]
    return [[one.id, other.id, box.id], equal, given.id, repr(one)]


def test_ids_are_the_same_in_a_replay_and_a_task_equals_its_id():
    """They look like UUIDs."""
    first, _ = kit.perform(lambda play: play.run(acted, {"part": "ids"}), MemoryStore())
    assert first.state == "terminated"
    found, equal, given, shown = first.result
    assert len(set(found)) == 3
    assert [str(uuid.UUID(one)) for one in found] == found
    assert equal == [True, False, True, 1, 2, True, False]
    assert given == "mine"
    assert shown == "<RemoteWorkflowTask operation tests.replay.work:work >"


@acts
def ids_before_and_after(ctx):
    """An id that is an argument of an operation: another one in a replay would be told."""
    graph = ctx.graph_mode()
    task = op(ctx, "a")
    graph.sequence().add(task, op(ctx, "b", of=task.id))
    WORLD.seen.append(task.id)
    graph.execute()


def test_a_replay_gives_the_same_ids():
    """Where processes die at the first commits."""
    times = []

    def script(play):
        play.run(acted, {"part": "ids_before_and_after"})
        assert len(set(WORLD.seen)) == 1
        times.append(len(WORLD.seen))

    for at in range(1, 6):
        kit.perform(script, MemoryStore(), at=at)
    assert max(times) > 1


@acts
def waits_until(ctx, seconds):
    """A task that must not begin before some time, and one behind it."""
    graph = ctx.graph_mode()
    task = op(ctx, "late")
    task.execute_after = START_US / 1_000_000 + seconds
    graph.sequence().add(task, op(ctx, "behind"))
    graph.execute()


def test_execute_after_is_waited_for():
    """Without a thread of its own, and without a second's rhythm."""
    life = kit.Life(MemoryStore(), clock=ManualClock())
    try:
        uid = life.start(acted, {"part": "waits_until", "seconds": 100})
        while "late" not in kit.states(life, uid):
            life.engine.host.ask(lambda: None)
        life.advance(99)
        assert kit.states(life, uid)["late"] == T.PENDING
        life.advance(2)
        assert life.wait(uid) == "terminated"
        assert WORLD.names() == ["late", "behind"]
    finally:
        life.bury()


@acts
def constructed(ctx):
    """Tasks of every class, made by their constructors."""
    graph = ctx.graph_mode()
    made = [
        tasks.LocalWorkflowTask(sum, ctx, info="adding", total_retries=0, kwargs={}, name="add"),
        tasks.RemoteWorkflowTask({"name": "remote"}, {"task_name": "tests.replay.work:work"}, ctx, total_retries=0),
        tasks.NOPLocalWorkflowTask(ctx),
        tasks.DryRunLocalWorkflowTask(len, workflow_context=ctx, name="dry"),
        tasks.SendWorkflowEventTask("hello", event_args={"a": 1}, workflow_context=ctx),
        tasks.SubgraphTask(graph, info={"name": "box"}),
        tasks.SubgraphTask(graph),
    ]
    made[0].on_failure = lambda _task: HandlerResult.ignore()
    graph.sequence().add(*made)
    graph.execute()
    return [
        [type(task).__name__, task.name if task.name != task.id else "(id)", task.get_state(), task.is_local()]
        for task in made
    ]


def test_every_class_can_be_made_by_its_constructor(life):
    """And runs like any task."""
    local = True
    assert tell(life, "constructed") == [
        ["LocalWorkflowTask", "add", "failed", local],  # sum() takes an argument
        ["RemoteWorkflowTask", "tests.replay.work:work", "succeeded", False],
        ["NOPLocalWorkflowTask", "NOP", "succeeded", local],
        ["DryRunLocalWorkflowTask", "dry", "succeeded", local],
        ["SendWorkflowEventTask", "SendWorkflowEventTask", "succeeded", local],
        ["SubgraphTask", "box", "succeeded", local],
        ["SubgraphTask", "(id)", "succeeded", local],
    ]
    assert WORLD.names() == ["remote"]


def test_builtin_tasks_are_never_retried_and_say_what_they_do():
    """Their info and arguments, before they run."""
    made = [
        tasks.SetNodeInstanceStateTask("node_1", "creating"),
        tasks.GetNodeInstanceStateTask("node_1"),
        tasks.SendNodeEventTask("node_1", "hello", {"a": 1}),
        tasks.SendWorkflowEventTask("hello", "workflow_stage", [1], {"b": 2}),
        tasks.UpdateExecutionStatusTask("started"),
    ]
    assert {(task.total_retries, task.send_task_events) for task in made} == {(0, False)}
    assert [task.name for task in made] == [type(task).__name__ for task in made]
    assert [task.info for task in made] == ["creating", "node_1", "hello", "hello", "started"]
    assert [task.kwargs for task in made] == [
        {"node_instance_id": "node_1", "state": "creating"},
        {"node_instance_id": "node_1"},
        {"node_instance_id": "node_1", "event": "hello", "additional_context": {"a": 1}},
        {
            "event": "hello", "event_type": "workflow_stage", "event_args": [1], "additional_context": {"b": 2},
        },
        {"status": "started"},
    ]  # fmt: skip
    made[0].info, made[0].name = "other", "mine"
    assert (made[0].info, made[0].name) == ("other", "mine")


@acts
def sets_status(ctx):
    """The execution's status cannot be set."""
    graph = ctx.graph_mode()
    graph.add_task(tasks.UpdateExecutionStatusTask("started", workflow_context=ctx))
    graph.execute()


def test_the_executions_status_cannot_be_set(life):
    """As in the reference's local mode."""
    _, text = failure(life, "sets_status")
    assert "NotImplementedError `" in text


@acts
def custom(ctx, how, direct=False):
    """A plugin's own task, with one behind it."""
    graph = ctx.graph_mode()
    task = Custom(how, workflow_context=ctx, total_retries=1, retry_interval=0, info="mine")
    told = [task.name, task.task_type, task.is_local(), task.get_state(), task.info]
    graph.sequence().add(task, op(ctx, "behind"))
    graph.execute()
    return [*told, task.get_state(), task.async_result.result]


@pytest.mark.parametrize("how", ["state", "result", "both", "thread", "thread_both", "again"])
def test_a_plugins_own_class_runs_in_a_worker(how):
    """It says by `set_state` or by `async_result` how it went, there or in a thread of its own."""

    def script(play):
        play.run(acted, {"part": "custom", "how": how})

    story, _ = kit.perform(script, MemoryStore())
    result = "at the second try" if how == "again" else {"by": how}
    named = "tests.authoring.tasks_plugin.Custom"
    assert story.result == ["custom work", named, True, "pending", "mine", "succeeded", result]
    assert story.ran == {f"custom {how}": 2 if how == "again" else 1, "behind": 1}
    assert {key for name, key in story.notes if name != "behind"} == {"tests.authoring.handled:acted"}


@pytest.mark.parametrize(
    ("how", "text"),
    [
        ("raises", "NonRecoverableError `raised`"),
        ("fails", "NonRecoverableError `failed`"),
        ("fails_by_result", "NonRecoverableError `result`"),
        ("twice", "RuntimeError `Result already set`"),
    ],
)
def test_a_plugins_own_class_fails(life, how, text):
    """What it says is the cause."""
    _, said = failure(life, "custom", how=how)
    assert said == f"Task failed: custom work: {text}"


@acts
def looks_beside(ctx):
    """A handler that looks at a plugin's own task while that runs."""
    told = []

    def handler(_task):
        WORLD.arrived("gated")
        told.append(custom.get_state())
        WORLD.open("gated")
        return HandlerResult.cont()

    graph = ctx.graph_mode()
    task, custom = op(ctx, "a"), Custom("gated", workflow_context=ctx)
    task.on_success = handler
    graph.add_task(task)
    graph.add_task(custom)
    graph.execute()
    return [*told, custom.get_state()]


def test_the_function_does_not_see_a_plugins_own_class_run(life):
    """How far it is would be another thing in a replay; the worker's own threads see it."""
    with WORLD.gate("gated"):
        assert tell(life, "looks_beside") == ["pending", "succeeded"]


@acts
def idle(ctx):
    """A class without work of its own."""
    graph = ctx.graph_mode()
    task = Idle(ctx, total_retries=0)
    graph.add_task(task)
    graph.execute()


def test_a_class_without_apply_async_says_so(life):
    """As the cause of its failure."""
    _, said = failure(life, "idle")
    assert said == "Task failed: Idle: NotImplementedError `Implemented by subclasses`"


def test_states_that_are_none_are_refused():
    """A task that was not executed shows what was set; once it has ended, nothing changes."""
    task = tasks.NOPLocalWorkflowTask()
    with pytest.raises(RuntimeError, match="Illegal state set on task: unheard-of"):
        task.set_state("unheard-of")
    task.set_state(tasks.TASK_SENT)
    task.set_state(tasks.TASK_FAILED)
    task.set_state(tasks.TASK_SUCCEEDED)
    assert (task.get_state(), task.is_terminated) == ("failed", True)
    with pytest.raises(NotImplementedError):
        Idle().apply_async()
    with pytest.raises(RuntimeError, match="made without a workflow's context"):
        tasks.NOPLocalWorkflowTask().apply_async()


@acts
def handles(ctx):
    """What is to be done about outcomes, where a plugin asks the task itself."""
    graph = ctx.graph_mode()
    good, bad = op(ctx, "good"), Custom("fails", workflow_context=ctx, total_retries=0)
    told = []
    try:
        good.handle_task_terminated()
    except RuntimeError as error:
        told.append(str(error))
    for task in (good, bad):
        graph.add_task(task)
    try:
        graph.execute()
    except RuntimeError:
        told += [task.handle_task_terminated().action for task in (good, bad)]
    return told


def test_a_task_says_what_is_to_be_done_about_its_outcome(life):
    """By its handlers, else by what it failed with."""
    text, *actions = tell(life, "handles")
    assert text.endswith("has not ended")
    assert actions == ["handler_continue", "handler_fail"]


def test_in_a_handler_nothing_can_be_started(life):
    """Neither by itself nor by another graph."""
    uid, text = failure(life, "starts_in_a_handler")
    assert "UsageError `a handler of <RemoteWorkflowTask" in text
    assert "may not start a task" in text
    assert WORLD.counts() == {"a": 1}
    assert "b" not in kit.states(life, uid)


@acts
def starts_in_a_handler(ctx):
    """A handler that starts a task."""

    def handler(_task):
        op(ctx, "b").apply_async()

    graph = ctx.graph_mode()
    task = op(ctx, "a")
    task.on_success = handler
    graph.add_task(task)
    graph.execute()


def test_a_handler_cannot_be_given_to_what_was_executed():
    """Where there is no engine, everything can be set."""
    task = tasks.NOPLocalWorkflowTask()
    task.on_success = lambda _task: HandlerResult.cont()
    assert not task.is_nop()
    task.on_success = None
    assert task.is_nop()
    with pytest.raises(TypeError):
        task.on_failure = 3
    assert issubclass(UsageError, Exception)
