"""Handlers: the four results, budgets, what a handler sees, adds and takes, and what one may not do.

Workflow-api §3.6. Where a process dies makes no difference (L5): the handler is asked again, never the operation.
"""

from __future__ import annotations

import pytest
from cloudify.exceptions import NonRecoverableError
from cloudify.workflows.tasks import HandlerResult
from cloudify.workflows.tasks_graph import forkjoin

from durable_wf.model.states import T
from durable_wf.testing.stores import MemoryStore
from tests.authoring.handled import acted, acts, failure, stumble, tell
from tests.replay import kit
from tests.replay.clock import ManualClock
from tests.replay.work import WORLD, op


def every_death(part, **more):
    """Play it with a death at every commit; the story."""

    def script(play):
        play.run(acted, {"part": part, **more})

    return kit.at_every_commit(script, MemoryStore)


@acts
def four(ctx, result, which="on_failure", times=1, retries=5):
    """A task with a handler, and one behind it."""
    asked = []

    def handler(task):
        asked.append([task.get_state(), task.current_retries])
        return getattr(HandlerResult, result)()

    graph = ctx.graph_mode()
    task = stumble(ctx, "a", times, retries=retries)
    setattr(task, which, handler)
    graph.sequence().add(task, op(ctx, "behind"))
    graph.execute()
    return asked


@pytest.mark.parametrize(
    ("result", "which", "ran", "asked"),
    [
        ("retry", "on_failure", {"a": 3, "behind": 1}, [["failed", 0], ["failed", 1]]),
        ("ignore", "on_failure", {"a": 1, "behind": 1}, [["failed", 0]]),
        ("cont", "on_failure", {"a": 1, "behind": 1}, [["failed", 0]]),
        ("cont", "on_success", {"a": 3, "behind": 1}, [["succeeded", 2]]),
        ("ignore", "on_success", {"a": 3, "behind": 1}, [["succeeded", 2]]),
    ],
)
def test_a_handler_decides_and_what_is_behind_runs(result, which, ran, asked):
    """It sees the outcome that it is asked about; the operation runs as often as without a crash."""
    story = every_death("four", result=result, which=which, times=2)
    assert story.state == "terminated"
    assert story.result == asked
    assert story.ran == ran


@pytest.mark.parametrize(
    ("which", "times", "cause"),
    [
        ("on_failure", 1, "ValueError `a stumbles`"),
        ("on_success", 0, "HandlerFailed `it ended well, and its on_success handler decided that it has failed`"),
    ],
)
def test_a_handler_fails_its_task(which, times, cause):
    """Also one that ended well; what is behind never starts."""
    story = every_death("four", result="fail", which=which, times=times)
    assert story.state == "failed"
    assert story.result[1] == f"Task failed: tests.authoring.handled:stumbles: {cause}"
    assert story.ran == {"a": 1}


def test_a_retry_without_budget_is_a_failure(life):
    """total_retries counts for handlers as well, of either kind."""
    uid, text = failure(life, "four", result="retry", times=9, retries=2)
    assert "a stumbles" in text
    assert WORLD.counts() == {"a": 3}
    assert kit.states(life, uid)["behind"] == T.PENDING
    WORLD.clear()
    failure(life, "four", result="retry", which="on_success", times=0, retries=2)
    assert WORLD.counts() == {"a": 3}


@acts
def polls(ctx, until):
    """Ask for another try until it was enough, whatever the budget says."""
    seen = []

    def handler(task):
        seen.append([task.async_result.result, task.current_retries])
        if task.current_retries < until:
            return HandlerResult.retry(ignore_total_retries=True, retry_after=0)
        return HandlerResult.cont()

    graph = ctx.graph_mode()
    task = op(ctx, "poll")
    task.on_success, task.total_retries = handler, 1
    graph.add_task(task)
    graph.execute()
    return [seen, task.get_state(), task.current_retries, task.async_result.get()]


def test_checklist_37_a_handler_may_ignore_the_budget():
    """`on_success` loops beyond the limit; afterwards the task shows how it ended."""
    story = every_death("polls", until=4)
    assert story.result == [[["poll done", n] for n in range(5)], "succeeded", 4, "poll done"]
    assert story.ran == {"poll": 5}


@acts
def waits(ctx, retry_after):
    """A retry after some time."""

    def handler(task):
        return HandlerResult.retry(retry_after=retry_after)

    graph = ctx.graph_mode()
    task = stumble(ctx, "a", retries=1)
    task.on_failure, task.retry_interval = handler, 50
    graph.add_task(task)
    graph.execute()


@pytest.mark.parametrize(("retry_after", "wait"), [(20, 20), (0, 0), (None, 50)])
def test_retry_after_is_waited_else_the_tasks_interval(retry_after, wait):
    """As the handler says; None leaves it to the task."""
    clock = ManualClock()
    life = kit.Life(MemoryStore(), clock=clock)
    try:
        uid = life.start(acted, {"part": "waits", "retry_after": retry_after}, options=kit.NO_RETRIES)
        if wait:
            while kit.states(life, uid).get("a") != T.RESCHEDULED:
                life.engine.host.ask(lambda: None)
            life.advance(wait - 1)
            assert kit.states(life, uid)["a"] == T.RESCHEDULED
            life.advance(2)
        assert life.wait(uid) == "terminated"
        assert WORLD.counts() == {"a": 2}
    finally:
        life.bury()


@acts
def asks_again(ctx, retries):
    """An operation that asks to be run again, with a handler that would ignore its failure."""
    asked = []

    def handler(task):
        asked.append(task.get_state())
        return HandlerResult.ignore()

    graph = ctx.graph_mode()
    task = stumble(ctx, "a", 2, "again", retries)
    task.on_failure = handler
    graph.add_task(task)
    try:
        graph.execute()
    except RuntimeError as error:
        return [asked, task.get_state(), str(error).splitlines()[0]]
    return [asked, task.get_state(), task.async_result.result]


def test_checklist_9_a_failure_handler_does_not_see_what_asks_to_be_run_again(life):
    """It is tried again by its policy; without any retry left it fails, and its state says why."""
    assert tell(life, "asks_again", retries=2) == [[], "succeeded", "a done"]
    WORLD.clear()
    asked, state, text = tell(life, "asks_again", retries=1)
    assert (asked, state) == ([], "rescheduled")
    assert text == "Task failed: tests.authoring.handled:stumbles: OperationRetry `not yet [retry_after=0]`"


@acts
def sees(ctx, how):
    """All that a handler can see of its task."""
    seen = []

    def handler(task):
        try:
            task.async_result.get()
        except Exception as error:  # noqa: BLE001 - what it raises is looked at
            seen.append([type(error).__name__, type(task.async_result.result).__name__])
        seen.append([task.get_state(), task.is_terminated, task.current_retries, task in graph.tasks])
        seen.append([task.error["exception_type"], task.error["known_exception_type"], task.error["message"]])
        seen.append(task.handle_task_terminated().action if task.on_failure is None else None)
        return HandlerResult.ignore()

    graph = ctx.graph_mode()
    task = stumble(ctx, "a", 1, how)
    task.on_failure = handler
    graph.add_task(task)
    seen.append([task.get_state(), task.is_terminated, task.error])
    graph.execute()
    seen.append([task.get_state(), task.is_terminated, graph.tasks, type(task.async_result.result).__name__])
    return seen


def test_a_handler_sees_the_outcome_and_so_does_the_function_afterwards(life):
    """State, result and error; an ignored failure still shows that it was one."""
    before, *inside, after = tell(life, "sees", how="never")
    assert before == ["pending", False, None]
    assert inside == [
        ["NonRecoverableError", "NonRecoverableError"],
        ["failed", True, 0, True],
        ["NonRecoverableError", "NonRecoverableError", "a stumbles"],
        None,
    ]
    assert after == ["failed", True, [], "NonRecoverableError"]


@acts
def misbehaves(ctx, how):
    """A handler that adds a task, and then does something else than giving a result."""

    def handler(task):
        graph.sequence().add(op(ctx, "added"), subgraph := graph.subgraph("added too"))
        subgraph.add_task(op(ctx, "inside"))
        graph.remove_task(last)
        if how == "raises":
            raise NonRecoverableError("the handler's own")
        if how == "cycle":
            one, other = op(ctx, "one"), op(ctx, "other")
            graph.sequence().add(one, other, one)
        if how == "waits":
            graph.execute()
        if how == "exits":
            raise SystemExit(3)
        return {"text": "retry", "class": HandlerResult, "soon": HandlerResult.retry(retry_after="soon")}.get(
            how, HandlerResult.cont() if how == "cycle" else None
        )

    graph = ctx.graph_mode()
    first, last = stumble(ctx, "a", retries=3), op(ctx, "beside")
    first.on_failure = handler
    graph.add_task(first)
    graph.sequence().add(op(ctx, "before"), last)
    graph.execute()


@pytest.mark.parametrize(
    ("how", "text"),
    [
        ("nothing", "TypeError `the on_failure handler of <RemoteWorkflowTask operation "),
        ("text", "gave 'retry'; it must give a HandlerResult"),
        ("class", "it must give a HandlerResult"),
        ("soon", "gave retry_after='soon'; it is a number of seconds"),
        ("raises", "NonRecoverableError `the handler's own`"),
        ("cycle", "CycleError `tasks wait for each other in a circle: "),
        ("waits", "may not execute a graph"),
        ("exits", "SystemExit `3`"),
    ],
)
def test_a_handler_that_gives_no_result_fails_its_task(life, how, text):
    """The reference's graph crashes on None. What such a handler added or took is not done; others go on."""
    uid, said = failure(life, "misbehaves", how=how)
    assert said.startswith("Task failed: tests.authoring.handled:stumbles: ")
    assert text in said
    assert WORLD.counts() == {"a": 1, "before": 1, "beside": 1}
    assert not [name for name, _ in kit.all_states(life, uid) if name.startswith("added")]


@acts
def adds(ctx):
    """A handler that puts something before what waits for its task, takes another out, and adds a subgraph."""

    def handler(task):
        more = op(ctx, "more")
        graph.add_task(more)
        graph.add_dependency(more, task)
        graph.add_dependency(behind, more)
        box = graph.subgraph("box")
        box.sequence().add(op(ctx, "b1"), op(ctx, "b2"))
        graph.add_dependency(last, box)
        graph.remove_task(needless)
        graph.remove_dependency(freed, behind)
        counts.append([graph.has_dependency(behind, more), needless in graph.tasks, len(box.tasks)])
        return HandlerResult.cont()

    counts = []
    graph = ctx.graph_mode()
    first, behind, last, needless, freed = (op(ctx, name) for name in ("first", "behind", "last", "needless", "freed"))
    first.on_success = handler
    graph.sequence().add(first, forkjoin(behind, needless), last)
    graph.add_task(freed)
    graph.add_dependency(freed, behind)
    graph.execute()
    graph.add_task(op(ctx, "after"))
    graph.execute()
    return [counts, WORLD.names()[-1]]


def test_a_handler_adds_to_the_running_graph_and_takes_from_it():
    """What waited for its task waits for what it added, too; after a death all of it is found again."""
    story = every_death("adds")
    assert story.result == [[[True, False, 2]], "after"]
    assert story.ran == {"first": 1, "more": 1, "b1": 1, "b2": 1, "behind": 1, "freed": 1, "last": 1, "after": 1}


def test_what_a_handler_added_is_waited_for(life):
    """The order of one undisturbed run."""
    tell(life, "adds")
    names = WORLD.names()
    assert names.index("first") < names.index("more") < names.index("behind")
    assert names.index("b2") < names.index("last")
    assert "needless" not in names


@acts
def into_its_subgraph(ctx):
    """A handler that adds to the subgraph that its task is in, and to one in that."""

    def handler(task):
        task.containing_subgraph.add_task(op(ctx, "late"))
        inner.add_task(op(ctx, "late inside"))
        return HandlerResult.cont()

    graph = ctx.graph_mode()
    box = graph.subgraph("box")
    first, inner = op(ctx, "first"), box.subgraph("inner")
    first.on_success = handler
    box.sequence().add(first, inner)
    graph.sequence().add(box, op(ctx, "after"))
    graph.execute()
    return WORLD.names()[-1]


def test_a_handler_adds_to_a_subgraph_that_runs():
    """It is waited for like any member."""
    story = every_death("into_its_subgraph")
    assert story.result == "after"
    assert story.ran == {"first": 1, "late": 1, "late inside": 1, "after": 1}


@acts
def replaces(ctx, allowed):
    """A handler that gives another task for its own."""

    def handler(task):
        result = HandlerResult.retry()
        result.retried_task = op(ctx, "other")
        return result

    graph = ctx.graph_mode()
    task = stumble(ctx, "a", retries=int(allowed))
    task.on_failure = handler
    graph.sequence().add(op(ctx, "before"), task, op(ctx, "behind"))
    try:
        graph.execute()
    finally:
        told = [task.get_state(), [one.name for one in graph.tasks]]
    return told


def test_a_handler_replaces_a_task():
    """What waited for the one waits for the other."""
    story = every_death("replaces", allowed=True)
    assert story.state == "terminated"
    assert story.ran == {"before": 1, "a": 1, "other": 1, "behind": 1}


def test_a_replacement_that_is_not_allowed_is_dropped(life):
    """The task fails; the other never was."""
    uid, text = failure(life, "replaces", allowed=False)
    assert "a stumbles" in text
    assert "other" not in dict(kit.all_states(life, uid))


@acts
def swaps(ctx):
    """A handler that gives its task another handler, and one that takes it away."""
    asked = []

    def first(task):
        asked.append("first")
        task.on_failure = second
        return HandlerResult.retry()

    def second(task):
        asked.append("second")
        task.on_failure = None
        return HandlerResult.retry()

    graph = ctx.graph_mode()
    task = stumble(ctx, "a", 3, retries=5)
    task.on_failure = first
    graph.add_task(task)
    graph.execute()
    return asked


def test_a_handler_may_change_the_handlers_of_its_own_task():
    """The next outcome asks the new one, or none."""
    story = every_death("swaps")
    assert story.result == ["first", "second"]
    assert story.ran == {"a": 4}


@acts
def too_late(ctx):
    """Handlers are set before a task is executed."""
    graph = ctx.graph_mode()
    task = op(ctx, "a")
    graph.add_task(task)
    graph.execute()
    task.on_success = lambda _task: HandlerResult.cont()


@acts
def no_function(ctx):
    """A handler is something to call."""
    op_task = ctx.graph_mode() and op(ctx, "a")
    op_task.on_failure = HandlerResult.ignore()


@pytest.mark.parametrize(
    ("how", "kind", "text"),
    [
        ("too_late", "UsageError", "was executed already; its on_success cannot be set any more"),
        ("no_function", "TypeError", "it is a function that takes the task"),
    ],
)
def test_what_can_be_no_handler_is_refused(life, how, kind, text):
    """At the assignment."""
    found, said = tell(life, how)
    assert found == kind
    assert text in said
