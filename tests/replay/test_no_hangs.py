"""Each hang and stall that the reference names ends here: with a result, or with an error that says why.

Circles (workflow-api §4.1, §13.2.1), waiting for a wake-up that was lost (§13.2.2), executing a graph again after a
failure (§4.3, §13.2.4), and starting something after a cancel (§3.4, §3.5, §13.2.4). Everything runs in threads that a
test does not wait for beyond its limit: where something hangs, the test fails.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from queue import Empty, SimpleQueue

import pytest

from durable_wf import Engine, RunOptions, WorkflowFailed, workflow
from durable_wf.graph.cycles import CycleError
from durable_wf.journal.memory import MemoryJournal
from durable_wf.scheduler import host
from durable_wf.scheduler.pool import Work
from durable_wf.workflows import HandlerResult, api
from tests.replay.clock import ManualClock
from tests.replay.work import TIMEOUT, WORLD, op

PARTS = {}
NO_RETRIES = RunOptions(task_retries=0, task_retry_interval=0)
PLANTED_S = 0.5  # what is planted to hang does so for ever: how long that is watched says nothing about the engine


def part(function):
    """A workflow function that `plays` calls."""
    PARTS[function.__name__] = function
    return function


@workflow
def plays(ctx, part):
    """Do one of the things below."""
    return PARTS[part](ctx)


def in_time(act, limit=TIMEOUT):
    """What `act` gives or raises, in a thread of its own; AssertionError where it does not end."""
    box = []

    def run():
        try:
            box.append((True, act()))
        except BaseException as error:  # noqa: BLE001 - it is raised again below
            box.append((False, error))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(limit)
    assert box, f"it hangs: not ended after {limit} s"
    good, value = box[0]
    if good:
        return value
    raise value


@pytest.fixture
def engines():
    """Makes engines whose clock stands still, and ends them in time."""
    made = []

    def new():
        made.append(Engine(MemoryJournal(), clock=ManualClock(), max_operations=4))
        return made[-1]

    yield new
    for engine in made:
        in_time(engine.close)


@pytest.fixture
def run(engines):
    """Runs a part; its state, and what it gave or raised. Not longer than the limit."""

    def run(name, options=NO_RETRIES, limit=TIMEOUT):
        def act():
            engine = engines()
            uid = engine.start(plays, {"part": name}, options=options)
            state = engine.wait(uid, TIMEOUT)
            try:
                return state, engine.result(uid)
            except Exception as error:  # noqa: BLE001 - whatever the function raised
                return state, error

        return in_time(act, limit)

    return run


# ----------------------------------------------------------------------------------------------------- circles


@part
def circle(ctx):
    """Three tasks that wait for each other."""
    graph = ctx.graph_mode()
    tasks = [op(ctx, name) for name in "abc"]
    graph.sequence().add(*tasks)
    graph.add_dependency(tasks[0], tasks[2])
    graph.execute()


@part
def circle_through_a_subgraph(ctx):
    """A member that waits for what comes after its subgraph."""
    graph = ctx.graph_mode()
    inner, after = op(ctx, "inner"), op(ctx, "after")
    subgraph = graph.subgraph("sub")
    subgraph.add_task(inner)
    graph.sequence().add(subgraph, after)
    graph.add_dependency(inner, after)
    graph.execute()


@part
def circle_in_the_second_execute(ctx):
    """Of new tasks beside ended ones."""
    graph = ctx.graph_mode()
    graph.add_task(op(ctx, "first"))
    graph.execute()
    circle(ctx)


@pytest.mark.parametrize(
    ("name", "ran"), [("circle", 0), ("circle_through_a_subgraph", 0), ("circle_in_the_second_execute", 1)]
)
def test_a_circle_is_refused(run, name, ran):
    """§4.1: `execute()` there spins for ever."""
    state, error = run(name)
    assert state == "failed"
    assert type(error) is CycleError
    assert "tasks wait for each other in a circle" in str(error)
    assert len(WORLD.ran) == ran


@part
def waits_for_itself(ctx):
    """Ignored, as there."""
    graph = ctx.graph_mode()
    task = op(ctx, "a")
    graph.add_task(task)
    graph.add_dependency(task, task)
    subgraph = graph.subgraph("sub")
    subgraph.add_task(op(ctx, "b"))
    graph.add_dependency(subgraph, subgraph)
    graph.execute()
    return "done"


def test_what_waits_for_itself_does_not(run):
    assert run("waits_for_itself") == ("terminated", "done")
    assert WORLD.counts() == {"a": 1, "b": 1}


@part
def circle_of_a_handlers_new_tasks(ctx):
    """It adds two tasks that wait for each other."""

    def handler(_task):
        new = [op(ctx, "new"), op(ctx, "newer")]
        for task in new:
            graph.add_task(task)
        graph.add_dependency(*new)
        graph.add_dependency(*new[::-1])
        return HandlerResult.cont()

    graph = ctx.graph_mode()
    first = op(ctx, "first")
    first.on_success = handler
    graph.sequence().add(first, op(ctx, "behind"))
    graph.execute()


@part
def circle_of_a_handler_through_stored_tasks(ctx):
    """What it adds waits for a task that waits, since the execute(), for what it makes wait for that."""

    def handler(_task):
        new = op(ctx, "new")
        graph.add_task(new)
        graph.add_dependency(new, last)
        graph.add_dependency(behind, new)
        return HandlerResult.cont()

    graph = ctx.graph_mode()
    first, behind, last = (op(ctx, name) for name in ("first", "behind", "last"))
    first.on_success = handler
    graph.sequence().add(first, behind, last)
    graph.execute()


@pytest.mark.parametrize("name", ["circle_of_a_handlers_new_tasks", "circle_of_a_handler_through_stored_tasks"])
def test_a_handler_that_makes_a_circle_fails_its_task(run, name):
    """Nothing that it added is there, and what waited for its task never starts; there it spins for ever."""
    state, error = run(name)
    assert state == "failed"
    assert type(error) is WorkflowFailed
    assert "CycleError `tasks wait for each other in a circle: " in str(error)
    assert WORLD.names() == ["first"]


# ----------------------------------------------------------------------------------------------------- executing again


def executed(graph):
    """How an `execute()` ends, in one word or with its first line."""
    try:
        graph.execute()
    except WorkflowFailed as error:
        return str(error).splitlines()[0]
    return "done"


@part
def executes_again(ctx):
    """After a failure: with what is left inside; with something new beside it; without what is left."""
    graph = ctx.graph_mode()
    bad, subgraph = op(ctx, "bad"), graph.subgraph("behind")
    subgraph.sequence().add(op(ctx, "inside"), op(ctx, "deeper"))
    graph.sequence().add(bad, subgraph, op(ctx, "last"))
    told = [executed(graph), len(graph.tasks), executed(graph)]
    graph.add_task(op(ctx, "new"))
    told.append(executed(graph))
    graph.sequence().add(next(one for one in graph.tasks if one.kwargs.get("name") == "last"), op(ctx, "never"))
    told.append(executed(graph))
    for task in graph.tasks:
        graph.remove_task(task)
    told += [executed(graph), len(graph.tasks)]
    graph.sequence().add(op(ctx, "roll back"), op(ctx, "rolled back"))
    return [*told, executed(graph), executed(graph)]


def test_a_graph_with_tasks_behind_a_failure_is_executed_again(run):
    """§4.3: there it hangs. They never start, and the failure is told again where nothing is new; what is new runs.

    Unless it waits for them: then it fails as they did.
    """
    WORLD.broken.add("bad")
    state, told = run("executes_again")
    failed = "Task failed: tests.replay.work:work: Broken `('bad', 3)`"
    assert state == "terminated", told
    assert told == [failed, 4, failed, "done", failed, "done", 0, "done", "done"]
    assert WORLD.counts() == {"bad": 1, "new": 1, "roll back": 1, "rolled back": 1}


# ----------------------------------------------------------------------------------------------------- after a cancel


@part
def gets_what_was_asked_for_after_the_request(ctx):
    """The request is there, and nobody has been told of it, when a task is started."""
    api.set_cancel_request()
    op(ctx, "late").get()


@part
def executes_after_the_request(ctx):
    """The same with a graph."""
    graph = ctx.graph_mode()
    graph.sequence().add(op(ctx, "late"), op(ctx, "later"))
    api.set_cancel_request()
    graph.execute()


@part
def starts_by_hand_after_the_request(ctx):
    """The same with `apply_async()`."""
    ctx.graph_mode()
    task = op(ctx, "late")
    api.set_cancel_request()
    task.apply_async().get()


@part
def leaves_a_task_unfetched(ctx):
    """Nobody is told: the function is at its end."""
    op(ctx, "late")
    api.set_cancel_request()
    return "returned"


@part
def gets_again_and_again(ctx):
    """It does not take the telling for an answer."""
    results = [op(ctx, name) for name in ("a", "b", "c")]
    api.set_cancel_request()
    for result in results * 3:
        with suppress(api.ExecutionCancelled):
            result.get()


@pytest.mark.parametrize(
    "name",
    [
        "gets_what_was_asked_for_after_the_request",
        "executes_after_the_request",
        "starts_by_hand_after_the_request",
        "leaves_a_task_unfetched",
        "gets_again_and_again",
    ],
)
def test_what_is_started_after_a_cancel_request_is_not_waited_for(run, name):
    """§3.5: `get()` there never returns, and what is not fetched makes a success of it."""
    state, error = run(name)
    assert state == "cancelled"
    assert type(error) is api.ExecutionCancelled
    assert WORLD.counts()["later"] == 0


# ----------------------------------------------------------------------------------------------------- wake-ups


@pytest.fixture
def no_look(monkeypatch):
    """The scheduler never looks by itself: it goes on only because of something that has come, or is due now."""

    def patience(self):
        return 0.0 if self._timers.left_s(self.clock) == 0.0 else None

    monkeypatch.setattr(host.Host, "_patience", patience)


@part
def two_failures(ctx):
    """The reference's probe: two quick failures; there they take a second."""
    graph = ctx.graph_mode()
    for name in ("bad", "worse"):
        graph.sequence().add(op(ctx, name), op(ctx, f"behind {name}"))
    graph.execute()


@part
def a_long_chain(ctx):
    """Each frees the next."""
    graph = ctx.graph_mode()
    graph.sequence().add(*(op(ctx, str(n)) for n in range(50)))
    graph.execute()


@part
def many_at_once(ctx):
    """More than there are workers, in subgraphs, whose ends free more."""
    graph = ctx.graph_mode()
    sequence = graph.sequence()
    for number in range(3):
        subgraph = graph.subgraph(str(number))
        for n in range(10):
            subgraph.add_task(op(ctx, f"{number} {n}"))
        sequence.add(subgraph)
    graph.execute()


@part
def standard_mode(ctx):
    """Fetched in the order in which they do not end, and one that is not fetched."""
    op(ctx, "unfetched")
    results = [op(ctx, str(n)) for n in range(8)]
    return [result.get() for result in reversed(results)]


@part
def handlers_and_retries(ctx):
    """Decisions free what waits, and retries at once are due at once."""
    graph = ctx.graph_mode()
    task = op(ctx, "polls")
    task.on_success = lambda one: (
        HandlerResult.retry(ignore_total_retries=True, retry_after=0)
        if one.current_retries < 5
        else HandlerResult.cont()
    )
    ignored = op(ctx, "bad")
    ignored.on_failure = lambda _: HandlerResult.ignore()
    graph.sequence().add(task, ignored, op(ctx, "behind"))
    graph.execute()


WAKE_UPS = {
    "two_failures": ("failed", 2),
    "a_long_chain": ("terminated", 50),
    "many_at_once": ("terminated", 30),
    "standard_mode": ("terminated", 9),
    "handlers_and_retries": ("terminated", 8),
}


@pytest.mark.parametrize("name", WAKE_UPS)
def test_an_outcome_itself_wakes_whoever_waits_for_it(run, no_look, name):
    """§13.2.2, by its cause: the clock stands still and nobody looks, and all the same it comes to its end."""
    WORLD.broken |= {"bad", "worse"}
    state, _ = run(name)
    assert (state, len(WORLD.ran)) == WAKE_UPS[name]


@part
def told_while_it_waits(ctx):
    """Inside `get()`, of what does not end."""
    try:
        op(ctx, "held").get()
    finally:
        WORLD.seen.append("told")
        WORLD.open("held")


def test_a_cancel_itself_wakes_whoever_waits(engines, no_look):
    """There a request is found every five seconds."""

    def act():
        engine = engines()
        with WORLD.gate("held"):
            uid = engine.start(plays, {"part": "told_while_it_waits"}, options=NO_RETRIES)
            WORLD.arrived("held")
            engine.cancel(uid)
            return engine.wait(uid, TIMEOUT)

    assert in_time(act) == "cancelled"
    assert WORLD.seen == ["told"]


class Sleepy(SimpleQueue):
    """The planted bug: an outcome lies there, and nobody is woken; the next look finds it."""

    def __init__(self):
        self.lying = SimpleQueue()

    def put(self, item, *more):
        (self.lying if isinstance(item, Work) else super()).put(item, *more)

    def get(self, block=True, timeout=None):
        try:
            return super().get(block, timeout)
        except Empty:
            return self.lying.get_nowait()


def test_a_wake_up_that_is_lost_is_noticed_here_and_hidden_by_looking(run, monkeypatch, request):
    """What the tests above would do about it: with the look that an idle scheduler has, nobody would notice."""
    monkeypatch.setattr(host, "SimpleQueue", Sleepy)
    WORLD.broken |= {"bad", "worse"}
    assert run("two_failures")[0] == "failed"
    request.getfixturevalue("no_look")
    with pytest.raises(AssertionError, match="it hangs"):
        run("two_failures", limit=PLANTED_S)
    monkeypatch.undo()  # the engine is woken by being closed, and looks again
