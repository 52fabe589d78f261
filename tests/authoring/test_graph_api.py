"""The graph's own methods: looking, taking out, cutting, optimising, naming (workflow-api §4.1, §6.2; checklist 40)."""

from __future__ import annotations

import pytest
from cloudify.workflows.tasks import HandlerResult, NOPLocalWorkflowTask
from cloudify.workflows.tasks_graph import TaskDependencyGraph, TaskSequence, forkjoin, make_or_get_graph

from durable_wf.errors import UsageError
from durable_wf.model.states import T
from durable_wf.testing.stores import MemoryStore
from tests.authoring.handled import acted, acts, stumble, tell
from tests.replay import kit
from tests.replay.work import WORLD, op


def names(tasks):
    """The `name` arguments of operations, in order; NOPs and subgraphs by their own name."""
    return [task.kwargs.get("name", task.name) for task in tasks]


@acts
def maps(ctx):
    """What waits for what, by tasks and by ids."""
    graph = ctx.graph_mode()
    a, b, c, d, e = (op(ctx, name) for name in "abcde")
    graph.sequence().add(a, forkjoin(b, c), forkjoin(d, e))
    known = [
        sorted(names(graph._dependencies[d])), sorted(names(graph._dependents[b.id])), sorted(names(graph._dependents)),
        sorted(names(graph._dependencies)), len(graph._dependencies), a in graph._dependencies,
        b.id in graph._dependencies,
        graph._dependencies[a] == set(), b in graph._dependencies[d.id], b.id in graph._dependencies[d],
        graph._dependencies[d] == {b, c}, graph._dependencies["unknown"] == set(), "{" in repr(graph._dependencies),
    ]  # fmt: skip
    known.append([graph.has_dependency(*pair) for pair in ((d, b), (d.id, c.id), (d, a), (b, a), (a, b), ("x", a))])
    known.append(
        [graph.get_task(a.id) is a, graph.get_task(a) is a, graph.get_task("x"), len(list(graph.tasks_iter()))]
    )
    linear = names(graph.linearize())
    known.append([linear[0], sorted(linear[1:3]), sorted(linear[3:])])
    known.append([graph.workflow_context is ctx, graph.default_subgraph_task_config, graph.id])
    return known


def test_checklist_40_a_graph_shows_what_waits_for_what(life):
    """Tasks and their ids are the same key; the knot between forkjoins is not shown."""
    *known, has, got, linear, more = tell(life, "maps")
    assert known == [
        ["b", "c"], ["d", "e"], ["a", "b", "c"], ["b", "c", "d", "e"], 4, False,
        True, True, True, True, True, True, True,
    ]  # fmt: skip
    assert has == [True, True, False, True, False, False]
    assert got == [True, True, None, 5]
    assert linear == ["a", ["b", "c"], ["d", "e"]]
    assert more == [True, {"total_retries": 0}, None]


@acts
def takes_out(ctx, what):
    """Tasks, edges and subgraphs taken out before anything is executed."""
    graph = ctx.graph_mode()
    a, b, c, d, e = (op(ctx, name) for name in "abcde")
    box = graph.subgraph("box")
    box.subgraph("inner").sequence().add(forkjoin(op(ctx, "m"), op(ctx, "n")), forkjoin(op(ctx, "o"), op(ctx, "p")))
    graph.sequence().add(a, forkjoin(b, c), forkjoin(d, e), box)
    if what == "task":
        graph.remove_task(b)
        graph.remove_task(b)
        graph.remove_task("unknown")
    elif what == "edge":
        graph.remove_dependency(d, b)
        graph.remove_dependency(d, b)
        graph.remove_dependency(d.id, c.id)
        graph.remove_dependency(d, a)
    elif what == "subgraph":
        graph.remove_task(box)
    elif what == "member":
        box.remove_task(next(iter(box.tasks.values())))
    told = [sorted(names(graph.tasks)), sorted(names(graph._dependencies[d])), sorted(names(graph._dependencies[e]))]
    graph.execute()
    return told


@pytest.mark.parametrize(
    ("what", "left", "d", "e"),
    [
        ("task", "abcdemnop", "c", "bc"),
        ("edge", "abcdemnop", "", "bc"),
        ("subgraph", "abcdemnop", "bc", "bc"),
        ("member", "abcdemnop", "bc", "bc"),
    ],
)
def test_what_is_taken_out_does_not_run_and_nothing_waits_for_it(life, what, left, d, e):
    """A subgraph goes with all that is in it; one edge of a knot leaves the others."""
    gone = {"task": "b", "edge": "", "subgraph": "mnop", "member": "mnop"}[what]
    wanted = sorted(set(left) - set(gone))
    boxes = {"subgraph": [], "member": ["box"]}.get(what, ["box", "inner"])
    told = tell(life, "takes_out", what=what)
    assert told == [sorted([*wanted, *boxes]), sorted(set(d) - set(gone)), sorted(set(e) - set(gone))]
    assert sorted(WORLD.names()) == wanted


@acts
def refused(ctx, what):
    """Calls that cannot mean anything."""
    graph = ctx.graph_mode()
    a, b, stranger = (op(ctx, name) for name in ("a", "b", "stranger"))
    graph.sequence().add(a, b)
    calls = {
        "src": lambda: graph.add_dependency(stranger, a),
        "dst": lambda: graph.remove_dependency(a, stranger.id),
        "result": lambda: graph.sequence().add(a.async_result),
    }
    calls[what]()


@pytest.mark.parametrize(
    ("what", "kind", "text"),
    [
        ("src", "RuntimeError", "src not in graph: <RemoteWorkflowTask"),
        ("dst", "RuntimeError", "dst not in graph: '"),
        ("result", "TypeError", "a sequence takes tasks, not WorkflowTaskResult"),
    ],
)
def test_what_is_not_in_the_graph_is_named(life, what, kind, text):
    """With the reference's words."""
    found, said = tell(life, "refused", what=what)
    assert found == kind
    assert said.startswith(text)


@acts
def leftovers(ctx, how):
    """What an execute() left, seen and taken out before the next one."""
    graph = ctx.graph_mode()
    bad, behind, more, last, beside = (
        stumble(ctx, "bad", 9),
        *(op(ctx, name) for name in ("behind", "more", "last", "x")),
    )
    graph.sequence().add(bad, behind, more, last)
    graph.add_task(beside)
    told = [beside.get_state(), len(graph.tasks)]
    try:
        graph.execute()
    except RuntimeError:
        told += [names(graph.tasks), sorted(names(graph._dependencies[last])), bad.get_state(), graph.get_task(bad.id)]
        told.append([bad.dependency_error, more.dependency_error])
    graph.remove_task(bad)
    graph.remove_task(behind)
    told.append([names(graph.tasks), names(graph._dependencies[more])])
    if how == "again":
        graph.add_task(behind)
        told.append([names(graph.tasks), names(graph._dependencies[more])])
    if how == "after":
        graph.add_task(new := op(ctx, "new"))
        graph.add_dependency(new, beside)
        graph.execute()
        told.append(names(graph.tasks))
        try:
            graph.add_task(behind)
        except UsageError as error:
            told.append(str(error))
    return told


def test_leftovers_of_a_failure_are_shown_and_can_be_taken_out():
    """What has ended is not in the graph any more; after a death it is all the same."""

    def script(play):
        play.run(acted, {"part": "leftovers", "how": "after"})

    story = kit.at_every_commit(script, MemoryStore)
    *told, left, text = story.result
    assert told == [
        "pending",
        5,
        ["behind", "more", "last"],
        ["more"],
        "failed",
        None,
        [False, True],
        [["more", "last"], []],
    ]
    assert left == ["more", "last"]
    assert "was executed and taken out of the graph; it cannot be added again" in text
    assert story.ran == {"bad": 1, "x": 1, "new": 1}


def test_what_is_added_again_at_once_was_never_taken_out(life):
    """With what waits for it."""
    assert tell(life, "leftovers", how="again")[-2:] == [
        [["more", "last"], []],
        [["behind", "more", "last"], ["behind"]],
    ]


@acts
def optimised(ctx):
    """NOPs and subgraphs of nothing, between tasks."""
    graph = ctx.graph_mode()
    nops = [NOPLocalWorkflowTask(ctx) for _ in range(6)]
    empty, nothing, full = (graph.subgraph(name) for name in ("empty", "nothing", "full"))
    nothing.sequence().add(nops[0], nothing.subgraph("deep"))
    full.sequence().add(nops[1], op(ctx, "inside"), nops[2])
    asked, listened = nops[3], graph.subgraph("listened")
    asked.on_success = listened.on_success = lambda _task: HandlerResult.cont()
    first, last = op(ctx, "first"), op(ctx, "last")
    graph.sequence().add(first, empty, forkjoin(nothing, nops[4]), full, asked, listened, nops[5], last)
    before = len(graph.tasks)
    graph.optimize()
    told = [before, sorted(names(graph.tasks)), names(graph._dependencies[full]), names(graph._dependencies[last])]
    graph.execute()
    return [*told, WORLD.names()]


def test_optimize_drops_what_does_nothing_and_bridges_it(life):
    """What somebody is asked about stays."""
    before, left, full, last, ran = tell(life, "optimised")
    assert before == 14
    assert left == ["NOP", "first", "full", "inside", "last", "listened"]
    assert (full, last) == (["first"], ["listened"])
    assert ran == ["first", "inside", "last"]


@acts
def across_a_border(ctx):
    """A NOP in a subgraph that waits for something outside of it."""
    graph = ctx.graph_mode()
    box, outside = graph.subgraph("box"), op(ctx, "outside")
    box.add_task(nop := NOPLocalWorkflowTask(ctx))
    graph.add_task(outside)
    graph.add_dependency(nop, outside)
    graph.add_dependency(nop, box)  # it is in it: as it was
    graph.sequence().add(box, op(ctx, "after"))
    graph.optimize()
    told = len(graph.tasks)
    graph.execute()
    return [told, WORLD.names()]


def test_what_is_tied_across_the_border_of_a_subgraph_stays(life):
    """Dropping it would lose what the subgraph waits for."""
    assert tell(life, "across_a_border") == [4, ["outside", "after"]]


@acts
def several(ctx):
    """Graph objects of the author's own, beside the one of graph mode."""
    ctx.graph_mode()
    told = []
    for n in range(2):
        own = TaskDependencyGraph(ctx, default_subgraph_task_config={"total_retries": 3})
        told.append(own.subgraph("box").total_retries)
        TaskSequence(own).add(op(ctx, f"own {n}"))
        own.execute()
    graph = ctx.graph_mode()
    graph.add_task(op(ctx, "in the first"))
    graph.execute()
    return told


def test_an_author_makes_graphs_of_his_own():
    """Each has a path of its own, the same in a replay."""

    def script(play):
        play.run(acted, {"part": "several"})

    story = kit.at_every_commit(script, MemoryStore)
    assert story.result == [3, 3]
    assert {task[0] for task in story.tasks} == {"graph1.1", "graph2.1", "graph3.1"}


@make_or_get_graph
def phase(ctx, number):
    """Build one of several named graphs."""
    graph = ctx.graph_mode()
    task = op(ctx, f"phase {number}")
    task.on_success = lambda _task: HandlerResult.cont()  # a closure: not written down, and found again
    graph.sequence().add(NOPLocalWorkflowTask(ctx), task)
    return graph


@acts
def phases(ctx):
    """Named graphs one after another, the first asked for twice."""
    told = []
    for number in (1, 2):
        graph = phase(ctx, number, name=f"phase{number}")
        told.append([len(graph.tasks), graph is ctx.get_tasks_graph(f"phase{number}")])
        graph.execute()
    told.append(phase(ctx, 3, name="phase1") is ctx.get_tasks_graph("phase1"))
    phase(ctx, 3, name="phase1").execute()
    try:
        phase(ctx, 4)
    except KeyError as error:
        told.append(str(error))
    return [*told, ctx.get_tasks_graph("unknown"), len(graph.id)]


def test_checklist_36_named_graphs_are_built_again_in_a_replay():
    """`name` is needed; a name that was built in this run gives that graph, which is empty by then."""

    def script(play):
        play.run(acted, {"part": "phases"})

    story = kit.at_every_commit(script, MemoryStore)
    assert story.result == [[1, True], [1, True], True, "'name'", None, 36]
    assert story.ran == {"phase 1": 1, "phase 2": 1}


@acts
def circle_through_what_is_stored(ctx):
    """A handler that makes a circle with tasks which wait since the execute()."""

    def handler(task):
        new = op(ctx, "new")
        graph.add_task(new)
        graph.add_dependency(new, last)
        graph.add_dependency(behind, new)
        return HandlerResult.cont()

    graph = ctx.graph_mode()
    first, behind, last = (op(ctx, name) for name in ("first", "behind", "last"))
    first.on_success = handler
    graph.sequence().add(first, behind, last)
    try:
        graph.execute()
    except RuntimeError as error:
        return str(error).splitlines()[0]


def test_13_2_1_a_circle_through_stored_tasks_is_named(life):
    """Nothing of it is added; the reference spins for ever."""
    text = tell(life, "circle_through_what_is_stored")
    assert "CycleError `tasks wait for each other in a circle: " in text
    assert kit.states(life, life.engine.executions()[0].id)["behind"] == T.PENDING


@acts
def order_of_sets(ctx):
    """The order of what the maps give."""
    graph = ctx.graph_mode()
    last = op(ctx, "last")
    graph.sequence().add(forkjoin(*(op(ctx, str(n)) for n in range(12))), last)
    return [[task.id for task in graph._dependencies[last]], [task.id for task in graph._dependencies[last] | {last}]]


def test_sets_of_tasks_have_a_fixed_order(life):
    """By id, which is the same in a replay with another hash seed."""
    for found in tell(life, "order_of_sets"):
        assert found == sorted(found)
