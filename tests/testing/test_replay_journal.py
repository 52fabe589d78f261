"""`replay_journal`: the code as it is now against a journal, running nothing and writing nothing."""

from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import pytest

from durable_wf import Engine, RunOptions, operation, workflow
from durable_wf.errors import NotFoundError
from durable_wf.testing.crash import Point
from durable_wf.testing.lab import Death, Lab, quiet_crashes
from durable_wf.testing.stores import FileStore

BLUEPRINT = Path(__file__).parent / "deployment" / "blueprint.yaml"
RAN = []
CODE = {}  # what the workflow does now


@operation(resumable=True)
def step(name, fail=False, **_):
    RAN.append(name)
    if fail:
        message = f"{name} is broken"
        raise ValueError(message)
    return name


@workflow
def flow(ctx, **_):
    return CODE["flow"](ctx)


def op(ctx, name, **kwargs):
    return ctx.execute_task(step, kwargs={"name": name, **kwargs})


def graph_of(*names):
    def body(ctx):
        graph = ctx.graph_mode()
        graph.sequence().add(*(op(ctx, name) for name in names))
        graph.execute()
        return len(names)

    return body


@pytest.fixture(autouse=True)
def clean():
    RAN.clear()
    CODE.clear()
    yield
    CODE.clear()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "own" / "journal.db"


@pytest.fixture
def record(path):
    """Runs the flow into the journal; the execution's id."""

    def record(body):
        CODE["flow"] = body
        lab = Lab(FileStore(path))
        uid = lab.newest.start(flow, options=RunOptions(task_retries=0))
        lab.newest.finish(uid)
        lab.close()
        RAN.clear()
        return uid

    return record


@pytest.fixture
def interrupt(path):
    """Lets the engine die in the flow; the execution's id."""

    def interrupt(body, point, n):
        CODE["flow"] = body
        lab = Lab(FileStore(path))
        with quiet_crashes(), Death(lab, Point.parse(point), n):
            lab.newest.finish(lab.newest.start(flow, options=RunOptions(task_retries=0)))
        (found,) = lab.new().executions()
        lab.close()
        RAN.clear()
        return found.id

    return interrupt


def standard(ctx):
    return [op(ctx, name).get() for name in "ab"]


def test_unchanged_code_replays_to_its_end_and_nothing_runs_or_is_written(record, path, replay_journal):
    uid = record(standard)
    before = sha256(path.read_bytes()).hexdigest()
    (told,) = replay_journal(path)
    assert (told.execution, told.state, told.report, told.ended) == (uid, "terminated", None, True)
    assert RAN == []
    assert sha256(path.read_bytes()).hexdigest() == before


def test_every_execution_is_replayed_or_the_one_that_is_named(record, path, replay_journal):
    first, second = record(standard), record(standard)
    assert [one.execution for one in replay_journal(path)] == [second, first]
    assert [one.execution for one in replay_journal(path, first)] == [first]
    with pytest.raises(NotFoundError, match="no execution"):
        replay_journal(path, "zzz")


@pytest.mark.parametrize(
    ("old", "new", "left", "right"),
    [
        (standard, lambda ctx: ctx.send_event("x").get(), "operation", "event workflow_stage"),
        (standard, lambda ctx: [op(ctx, "a").get(), 1], "operation", "the function ends"),
        (standard, lambda ctx: [*standard(ctx), op(ctx, "c").get()], "", "operation"),
        (standard, lambda ctx: op(ctx, "late") and standard(ctx), "", "operation"),
        (graph_of("a", "b"), graph_of("a", "b", "c"), "", "operation"),
        (graph_of("a", "b"), graph_of("a"), "operation", ""),
        (standard, lambda ctx: standard(ctx) and "else", "returns", '"else"'),
        (standard, lambda ctx: standard(ctx) and 1 / 0, "returns", "fails with ZeroDivisionError"),
    ],
)
def test_code_that_asks_for_something_else_fails_with_the_two_columns(
    record, path, replay_journal, old, new, left, right
):
    uid = record(old)
    CODE["flow"] = new
    with pytest.raises(AssertionError, match=f"execution {uid} of") as caught:
        replay_journal(path)
    _, _, columns = str(caught.value).partition("| code does\n")
    assert columns, "there are two columns"
    assert any(left in line.split("|")[0] and right in line.split("|")[1] for line in columns.splitlines())
    assert RAN == []


def test_other_arguments_alone_are_a_warning(record, path, replay_journal):
    record(lambda ctx: op(ctx, "a", at=1).get())
    CODE["flow"] = lambda ctx: op(ctx, "a", at=2).get()
    (told,) = replay_journal(path)
    assert "kwargs.at: 1 → 2" in told.warnings[0]


def test_an_interrupted_execution_is_replayed_to_where_the_journal_ends(interrupt, path, replay_journal):
    interrupt(standard, "after:task.sent", 2)
    (told,) = replay_journal(path)
    assert (told.report, told.ended) == (None, False)
    CODE["flow"] = lambda ctx: [op(ctx, name).get() for name in "abcd"]
    assert replay_journal(path)[0].report is None, "beyond the history the code may do as it likes"
    CODE["flow"] = lambda ctx: [ctx.send_event("x").get(), *standard(ctx)]
    with pytest.raises(AssertionError, match="code does"):
        replay_journal(path)
    assert RAN == []


def broken_graph(ctx):
    graph = ctx.graph_mode()
    graph.add_task(op(ctx, "a", fail=True))
    graph.execute()


def swallow(body, ctx):
    with suppress(Exception):
        body(ctx)
    return "went well"


@pytest.mark.parametrize(
    "body",
    [
        lambda ctx: op(ctx, "a", fail=True).get(),
        broken_graph,
    ],
)
def test_a_failed_execution_replays_to_the_same_failure(record, path, replay_journal, body):
    record(body)
    (told,) = replay_journal(path)
    assert (told.state, told.ended) == ("failed", True)
    CODE["flow"] = lambda ctx: swallow(body, ctx)
    with pytest.raises(AssertionError, match="code does"):
        replay_journal(path)


def test_a_failure_that_nobody_looked_at_is_the_executions_in_the_replay_too(record, path, replay_journal):
    record(lambda ctx: op(ctx, "a", fail=True) and None)
    (told,) = replay_journal(path)
    assert (told.state, told.ended, told.report) == ("failed", True, None)


def test_a_function_that_asks_on_after_the_end_is_not_held_for_ever(interrupt, path, replay_journal):
    def stubborn(ctx):
        for name in "abcd":
            with suppress(BaseException):
                op(ctx, name).get()

    interrupt(stubborn, "after:task.sent", 2)
    assert replay_journal(path)[0].report is None


def test_a_deployments_execution_reads_its_nodes_as_they_were(path, replay_journal):
    path.parent.mkdir(mode=0o700)
    CODE["flow"] = lambda ctx: sorted(node.id for node in ctx.nodes)
    with Engine(path, durability="process") as engine:
        engine.deployments.create(BLUEPRINT, "d", {})
        uid = engine.start("own", deployment="d")
        assert engine.wait(uid, 20) == "terminated"
        assert engine.result(uid) == ["page"]
    assert replay_journal(path)[0].report is None
    CODE["flow"] = lambda ctx: [node.type for node in ctx.nodes]
    with pytest.raises(AssertionError, match=r'returns \["page"\].*returns \["cloudify.nodes.Root"\]'):
        replay_journal(path)


def test_the_journal_may_be_in_use(path, replay_journal):
    path.parent.mkdir(mode=0o700)
    CODE["flow"] = standard
    with Engine(path, durability="process") as engine:
        engine.wait(engine.start(flow), 20)
        assert replay_journal(path)[0].report is None
