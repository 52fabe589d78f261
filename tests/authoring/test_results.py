"""What tasks give: standard mode's results, callbacks, first failures, and results of graphs (workflow-api §3.5)."""

from __future__ import annotations

import pytest
from cloudify.workflows.tasks import NOPLocalWorkflowTask, WorkflowTaskResult

from durable_wf.testing.stores import MemoryStore
from tests.authoring.handled import acted, acts, failure, stumble, tell
from tests.replay import kit
from tests.replay.work import WORLD, op


@acts
def not_set(ctx):
    """Reading a result before and after it is there, and setting one that is."""
    result = op(ctx, "a")
    told = []
    try:
        told.append(result.result)
    except RuntimeError as error:
        told.append(str(error))
    told.append(result.get())
    told.append([result.result, result.get(), result.task.get_state(), result.task.async_result is result])
    try:
        result.result = 1
    except RuntimeError as error:
        told.append(str(error))
    return told


def test_checklist_39_texts_of_results(life):
    """`Result not set yet`, `Result already set`; else value and state."""
    assert tell(life, "not_set") == [
        "Result not set yet", "a done", ["a done", "a done", "succeeded", True], "Result already set",
    ]  # fmt: skip


@acts
def first_failure(ctx, retry):
    """A task that would succeed at its second try."""
    result = stumble(ctx, "a", 1, retries=3)
    told = []
    for _ in range(2):
        try:
            told.append(result.get(retry_on_failure=retry))
        except ValueError as error:
            told.append([str(error), error is result.result, result.task.get_state()])
    return told


@pytest.mark.parametrize(
    ("retry", "told", "ran"),
    [(True, ["a done", "a done"], 2), (False, [["a stumbles", True, "failed"]] * 2, 1)],
)
def test_checklist_39_the_first_failure_can_be_taken_for_final(retry, told, ran):
    """`get(retry_on_failure=False)` raises it, and it stays so; else it is tried again by its policy."""

    def script(play):
        play.run(acted, {"part": "first_failure", "retry": retry})

    story = kit.at_every_commit(script, MemoryStore)
    assert story.result == told
    assert story.ran == {"a": ran}


@acts
def callbacks(ctx, fails):
    """Functions that are told the result, some of which replace it."""
    told = []
    result = stumble(ctx, "a", 9 if fails else 0)
    result.on_result(lambda value, *args, **kwargs: told.append([str(value), args, kwargs]), 1, key=2)
    result.on_result(lambda _value: ValueError("another") if fails else "replaced")
    result.on_result(lambda value: told.append(str(value)))
    told.append("waits")
    try:
        told.append(result.get())
    except ValueError as error:
        told.append(f"raised {error}")
    result.on_result(lambda value: told.append(f"late {value}") or "not this")
    told.append(str(result.result))
    return told


@pytest.mark.parametrize("fails", [False, True])
def test_callbacks_run_when_the_function_gets_the_result(fails):
    """On its own thread, in order; what they give replaces it; a late one runs at once and replaces nothing."""

    def script(play):
        play.run(acted, {"part": "callbacks", "fails": fails})

    story = kit.at_every_commit(script, MemoryStore)
    first, last = ("a stumbles", "another") if fails else ("a done", "replaced")
    raised = "raised another" if fails else "replaced"
    assert story.result == ["waits", [first, [1], {"key": 2}], last, raised, f"late {last}", last]


@acts
def in_a_graph(ctx):
    """Results of a graph's tasks: callbacks, get before and after."""
    told = []
    graph = ctx.graph_mode()
    good, bad = op(ctx, "good"), stumble(ctx, "bad", 9)
    good.async_result.on_result(told.append)
    bad.async_result.on_result(lambda value: told.append(str(value)))
    graph.add_task(good)
    graph.add_task(bad)
    for ask in (good.async_result.get, lambda: good.async_result.result):
        try:
            ask()
        except RuntimeError as error:
            told.append(str(error))
    try:
        graph.execute()
    except RuntimeError:
        told.append([good.async_result.get(), str(bad.async_result.result)])
        bad.async_result.get()


def test_results_of_a_graphs_tasks_come_with_its_end(life):
    """Before it, get() does not hang: nothing would ever start them."""
    kind, text = tell(life, "in_a_graph")
    assert (kind, text) == ("ValueError", "bad stumbles")


@acts
def in_a_graph_told(ctx):
    """The same, told."""
    told = []
    graph = ctx.graph_mode()
    good = op(ctx, "good")
    good.async_result.on_result(told.append)
    good.on_success = lambda task: told.append("asked") or task.handle_task_terminated_result
    graph.add_task(good)
    try:
        good.async_result.get()
    except RuntimeError as error:
        told.append(str(error))
    try:
        graph.execute()
    except RuntimeError as error:
        told.append("AttributeError" in str(error))
    return told


def test_who_listens_is_told_before_the_handler_is_asked(life):
    """And once."""
    assert tell(life, "in_a_graph_told") == ["Result not set yet", "good done", "asked", True]


@acts
def not_fetched(ctx, fails):
    """Nobody fetches the results; one is read without waiting."""
    results = [stumble(ctx, "a", 9 if fails else 0), op(ctx, "b")]
    results[1].get()
    return len(results)


def test_checklist_26_what_is_not_fetched_is_awaited(life):
    """Its failure is the workflow's, with the original exception."""
    assert tell(life, "not_fetched", fails=False) == 2
    uid, _ = failure(life, "not_fetched", fails=True)
    assert kit.outcome(life, uid) == ("ValueError", "a stumbles")


@acts
def shared_arguments(ctx):
    """Arguments that the function goes on changing after it has given them."""
    box = {"name": "first"}
    one = ctx.execute_task("tests.replay.work:work", kwargs=box)
    box["name"] = "second"
    two = ctx.local_task(lambda name: name, kwargs=box)
    box["name"] = "third"
    return [one.get(), two.get(), one.task.kwargs, two.task.name]


def test_arguments_are_taken_as_they_are_when_given(life):
    """A later change is not seen by the task."""
    assert tell(life, "shared_arguments") == ["first done", "second", {"name": "first"}, "<lambda>"]


def test_a_task_without_work_gives_nothing():
    """Where the reference raises AttributeError. Also outside of a workflow, where nothing can be asked."""
    task = NOPLocalWorkflowTask(None)
    assert task.get() is None
    assert task.is_nop()
    assert task.get_state() == "pending"
    result = WorkflowTaskResult(task)
    with pytest.raises(RuntimeError, match="Result not set yet"):
        result.get()
    seen = []
    result.on_result(lambda value: seen.append(value) or value + 1)
    result.result = 1
    assert (seen, result.get()) == ([1], 2)
    with pytest.raises(RuntimeError, match="Result already set"):
        result.result = 1


@acts
def by_itself(ctx):
    """Tasks of graph mode that are started outside of any graph."""
    graph = ctx.graph_mode()
    task = op(ctx, "a")
    result = task.apply_async()
    told = [task.apply_async() is result, result.get(), task.get_state(), task.stored, WORLD.counts()["a"]]
    try:
        graph.add_task(task)
    except RuntimeError as error:
        told.append(str(error))
    return told


def test_a_task_can_be_started_by_itself(life):
    """As `apply_async` says; then it belongs to no graph."""
    *told, text = tell(life, "by_itself")
    assert told == [True, "a done", "succeeded", True, 1]
    assert "was started by itself" in text
