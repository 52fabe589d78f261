"""A person's resume is a cut: the scenarios of replay and resume at the level of the core, killed at every commit."""

import pytest

from durable_wf.codec import decode
from durable_wf.errors import AskError, NotFoundError
from durable_wf.graph.cut import plan_cut
from durable_wf.graph.load import load
from durable_wf.model.rows import Kind
from durable_wf.model.states import TASK
from tests.laws.asked import Handler
from tests.laws.laws import Watch
from tests.laws.programs import Ask, Execute, Get, Op, Own, Program, Sub, Try, TryAgain
from tests.laws.simulator import World, outcome_of, run_on, run_to_end


def op(name, *script, **options):
    """An operation that succeeds, or does what its script says."""
    return Op(sum(map(ord, name)), name, script=script or ("ok",), **options)


def ask(*ops):
    return tuple(map(Ask, ops))


def get(*ops):
    return tuple(Get(one.id) for one in ops)


def ended(*body, order=()):
    """A world in which this program has run to its end, its operations ending in this order where given."""
    world = World(Program(body))
    Watch(world)
    run_on(_ordered(world.start(workers=9, window=9), order))
    return world


def _ordered(runner, order):
    while runner.running and order:
        runner.turn()
        ready = [no for no in runner.works if runner.core.run.tasks[no].name == order[0]]
        if ready:
            runner.finish(ready[0])
            order = order[1:]
    return runner


def states(world):
    """The states of all tasks by name; of several with one name, in the order of their numbers."""
    found = {}
    for row in world.journal.history(1).tasks:
        found.setdefault(row.name, []).append(str(TASK.states[row.state]))
    return {name: one[0] if len(one) == 1 else one for name, one in found.items()}


def plan(world, from_task=None):
    """The cut that a resume would make, its tasks by name."""
    history = world.journal.history(1)
    run = load(history)
    cut = plan_cut(run, history, from_task)
    return {name: [run.tasks[no].name for no in getattr(cut, name)] for name in ("reset", "superseded", "rolled_back")}


def ran(world):
    """How often each task was begun, by name."""
    found = {}
    for row in world.journal.history(1).tasks:
        found[row.name] = found.get(row.name, 0) + world.begins[row.no]
    return found


def mended(world):
    """Resumed by a person, and run to its end."""
    run_to_end(world, _go_live(world.resume(workers=9, window=9)))
    assert not list(world.journal.verify())
    return world


def _go_live(runner):
    runner.turn()
    return runner


def at_every_commit(*body, order=()):
    """Worlds in which the runner died before or after its n-th commit, and which were then resumed to the end."""
    for number in range(1, 100):
        for when in ("before", "after"):
            world = World(Program(body))
            Watch(world)
            runner = world.start(workers=9, window=9)
            left = list(order)
            for turn in range(1, number + 1):
                if not runner.running:
                    return
                ready = [no for no in sorted(runner.works) if not left or runner.core.run.tasks[no].name == left[0]]
                if ready and not runner.facts:
                    left = left[1:]
                    runner.finish(ready[0])
                elif not runner.facts and runner.timers:
                    world.clock.advance(max(0, runner.timers[0][0] - world.clock.boot))
                    runner.tick()
                runner.turn(crash=when if turn == number else None)
            if world.state.value not in ("terminated", "failed"):
                run_to_end(world, world.resume())
            yield world
    raise AssertionError("it does not end")


def result(world):
    return outcome_of(world)["result"]


# ------------------------------------------------------------------------------------------------ rows of the scenarios


def test_3_results_fetched_in_another_order_than_they_came():
    """The function sees 3, 1, 2, in replay as live; nothing that ended runs again."""
    one, two, three = op("one"), op("two"), op("three")
    seen = [["three", three.id], ["one", one.id], ["two", two.id]]
    worlds = list(at_every_commit(*ask(one, two, three), *get(three, one, two), order=["two", "one", "three"]))
    assert len(worlds) >= 10
    for world in worlds:
        assert result(world) == seen
        assert all(begun <= 1 + world.lost[no] for no, begun in world.begins.items())


def test_4_what_was_asked_for_before_a_failure_was_shown_stays_answered():
    """Only a runs again; d was asked for before the function saw a's failure."""
    a, b, d = op("a", "final"), op("b"), op("d")
    world = ended(*ask(a, b), *get(b), *ask(d), *get(d, a), order=["a", "b", "d"])
    assert plan(world) == {"reset": ["a"], "superseded": [], "rolled_back": []}
    mended(world)
    assert ran(world) == {"a": 2, "b": 1, "d": 1}
    assert result(world) == [["b", b.id], ["d", d.id], ["a", a.id]]


def test_4_at_every_commit_the_cut_is_the_same():
    """How far the function had asked when it saw the failure does not depend on when the process died."""
    a, b, d = op("a", "final"), op("b"), op("d")
    for world in at_every_commit(*ask(a, b), *get(b), *ask(d), *get(d, a), order=["a", "b", "d"]):
        assert plan(world) == {"reset": ["a"], "superseded": [], "rolled_back": []}


def test_4_what_was_asked_for_last_before_an_old_failure_was_shown_stays_answered():
    """The failure is older than that task, and was seen later."""
    gone, d = op("gone", kind=Kind.SET_STATE, target="nowhere"), op("d")
    world = ended(*ask(gone, d), *get(d, gone))
    assert states(world) == {"gone": "failed", "d": "succeeded"}
    assert plan(world) == {"reset": ["gone"], "superseded": [], "rolled_back": []}


def test_5_clean_up_after_a_failure_is_superseded_and_listed():
    """Its operations are what a person has to accept; if a succeeds they are not asked for again."""
    a, first, second = op("a", "final"), op("first"), op("second")
    body = (Try((*ask(a), *get(a)), (*ask(first), *get(first), *ask(second), *get(second)), reraise=True),)
    world = ended(*body)
    assert plan(world) == {"reset": ["a"], "superseded": ["first", "second"], "rolled_back": ["first", "second"]}
    mended(world)
    assert states(world) == {"a": "succeeded", "first": "superseded", "second": "superseded"}
    assert ran(world) == {"a": 2, "first": 1, "second": 1}
    assert result(world) == [["a", a.id]]


def test_5_at_every_commit_the_cut_is_the_same():
    """Where the failure was noted does not depend on when the process died."""
    a, first, second = op("a", "final"), op("first"), op("second")
    body = (Try((*ask(a), *get(a)), (*ask(first), *get(first), *ask(second), *get(second)), reraise=True),)
    for world in at_every_commit(*body):
        assert plan(world) == {"reset": ["a"], "superseded": ["first", "second"], "rolled_back": ["first", "second"]}


def test_6_a_failure_that_the_function_went_on_from_is_not_reset():
    """Only b runs again; a's failure was handled and stays as it is."""
    a, b = op("a", "final"), op("b", "final")
    world = ended(Try((*ask(a), *get(a)), ()), *ask(b), *get(b))
    assert plan(world) == {"reset": ["b"], "superseded": [], "rolled_back": []}
    mended(world)
    assert states(world) == {"a": "failed", "b": "succeeded"}
    assert ran(world) == {"a": 1, "b": 2}
    assert result(world) == [["caught", "a: final"], ["b", b.id]]


def test_7_a_function_that_tries_again_by_itself():
    """A kill during the third: the first two are answered as failed, only the third is run again."""
    world = World(Program((TryAgain((op("x", "final"), op("y", "final"), op("z"))),)))
    runner = world.start()
    for _ in range(20):
        runner.turn()
        if 3 in runner.works:
            break
        for no in list(runner.works):
            runner.finish(no)
    runner.begin(3)
    runner.die()
    second = world.resume()
    run_on(second)
    assert ran(world) == {"x": 1, "y": 1, "z": 2}
    assert str(world.state) == "terminated"
    assert second.function.log[:2] == [["next", "x: final"], ["next", "y: final"]]


X, Y, AFTER = op("x", "final"), op("y"), op("after")
BRANCHES = Execute("g", 0, (X, Y, AFTER), ((2, 0),))


def test_8_one_of_two_branches_fails():
    """execute() raises after the other has ended; then the failed one and what waited for it run, not the other."""
    world = ended(BRANCHES, order=["x", "y"])
    assert states(world) == {"x": "failed", "y": "succeeded", "after": "pending"}
    assert plan(world)["reset"] == ["x"]
    mended(world)
    assert ran(world) == {"x": 2, "y": 1, "after": 1}
    assert result(world) == [["g", "ended"]]


def test_8_at_every_commit():
    """The same failure and the same cut, wherever the process died."""
    for world in at_every_commit(BRANCHES, order=["x", "y"]):
        assert outcome_of(world)["error"][1] == "g: x"
        assert plan(world)["reset"] == ["x"]


def test_10_the_same_graph_executed_twice():
    """A kill in the second: the first is answered whole, the second matched by what was added since."""
    body = (Execute("g", 0, (op("a"), op("b"))), Execute("g", 2, (op("c"), op("d")), ((2, 0), (3, 2))))
    for world in at_every_commit(*body):
        assert result(world) == [["g", "ended"], ["g", "ended"]]
        assert [graph.path for graph in world.journal.history(1).graphs] == ["g.1", "g.2"]


def test_11_a_graph_that_failed_is_added_to_and_executed_again():
    """Tasks behind the old failure never start; what does not depend on it runs."""
    body = (
        Try((Execute("g", 0, (op("a", "final"), op("b")), ((1, 0),)),), ()),
        Execute("g", 2, (op("c"), op("d")), ((3, 2),)),
    )
    worlds = list(at_every_commit(*body))
    assert len(worlds) > 8
    for world in worlds:
        assert result(world) == [["caught", "g: a"], ["g", "ended"]]
        assert states(world) == {"a": "failed", "b": "pending", "c": "succeeded", "d": "succeeded"}


def test_11_a_second_execute_behind_the_old_failure_is_told_of_it_again():
    """The first showing counts: the resume goes back to the first execute."""
    body = (
        Try((Execute("g", 0, (op("a", "final"), op("b")), ((1, 0),)),), ()),
        Execute("g", 2, (op("c"),), ((2, 1),)),
    )
    for world in at_every_commit(*body):
        assert outcome_of(world)["error"][1] == "g: a"
        assert plan(world) == {"reset": ["a"], "superseded": ["c"], "rolled_back": []}
    mended(world)
    assert result(world) == [["g", "ended"], ["g", "ended"]]
    assert states(world) == {"a": "succeeded", "b": "succeeded", "c": ["superseded", "succeeded"]}


def test_12_the_functions_own_error_is_nothing_to_reset():
    """Refused, and `--from` is offered: from there on everything is asked for again."""
    a, b = op("a"), op("b")
    world = ended(*ask(a), *get(a), *ask(b), *get(b), Own())
    with pytest.raises(AskError, match="nothing to reset") as caught:
        world.resume()
    assert "--from TASK" in caught.value.hint
    assert plan(world, from_task=2) == {"reset": [], "superseded": ["b"], "rolled_back": ["b"]}
    run_on(world.resume(from_task=2))
    assert ran(world) == {"a": 1, "b": 2}
    assert states(world) == {"a": "succeeded", "b": ["superseded", "succeeded"]}


def test_17_two_resumes_in_turn():
    """The second does not bring back what the first superseded; the n-th counts what is not superseded."""
    a, clean, b = op("a", "final"), op("clean"), op("b", "final")
    world = ended(Try((*ask(a), *get(a)), (*ask(clean), *get(clean)), reraise=True), *ask(b, clean), *get(clean, b))
    world.program = Program((*ask(a), *get(a), *ask(b, clean), *get(clean, b)))
    runner = world.resume()
    world.mended = False
    world.perform = _mended_only("a", world.perform)
    run_on(_go_live(runner))
    assert str(world.state) == "failed"
    assert states(world) == {"a": "succeeded", "clean": ["superseded", "succeeded"], "b": "failed"}
    assert plan(world) == {"reset": ["b"], "superseded": [], "rolled_back": []}
    numbers = [row.n for row in world.journal.history(1).tasks if row.name == "clean"]
    assert numbers == [1, 1]
    del world.perform
    mended(world)
    assert result(world) == [["a", a.id], ["clean", clean.id], ["b", b.id]]
    assert states(world) == {"a": "succeeded", "clean": ["superseded", "succeeded"], "b": "succeeded"}


def _mended_only(name, perform):
    def only(work):
        world = perform.__self__
        world.mended = world.journal.history(1).tasks[work.no - 1].name == name
        return perform(work)

    return only


# -------------------------------------------------------------------------------------------------------- what is reset


def test_the_subgraphs_that_failed_with_a_task_are_reset_with_it():
    """Nested ones too, and those beside it that had a member behind it; what had ended well stays."""
    boxes = (
        Sub("outer", (Sub("inner", (op("x", "final"), op("y"))), op("later"))),
        Sub("beside", (op("behind"), op("free"))),
    )
    world = ended(Execute("g", 0, boxes, ((4, 1), (6, 2))), order=["y", "free", "x"])
    assert states(world) == {
        "outer": "failed", "beside": "failed", "inner": "failed", "later": "pending", "behind": "pending",
        "free": "succeeded", "x": "failed", "y": "succeeded",
    }  # fmt: skip
    assert plan(world)["reset"] == ["outer", "beside", "inner", "x"]
    mended(world)
    assert set(states(world).values()) == {"succeeded"}
    assert ran(world) == {"outer": 0, "beside": 0, "inner": 0, "x": 2, "y": 1, "later": 1, "behind": 1, "free": 1}


def test_a_failure_that_came_after_its_graph_had_ended_is_reset_with_the_graph():
    """Nobody was shown it, and the graph that goes on would fail of it at once."""
    a, late = op("a", "final"), op("late", "final")
    world = World(Program((Execute("g", 0, (a, late), wait_after_fail_s=0.0),)))
    runner = world.start()
    runner.turn()
    runner.turn()
    runner.finish(1)
    runner.turn()
    runner.tick()
    runner.turn()
    runner.finish(2)
    run_on(runner)
    assert outcome_of(world)["error"][1] == "g: a"
    assert plan(world)["reset"] == ["a", "late"]
    mended(world)
    assert str(world.state) == "terminated"


def test_a_failed_attempt_that_nobody_decided_is_reset():
    """The function raised before it fetched it; the resume runs it again instead of deciding about the old failure."""
    a, b = op("a", "final"), op("b", "fail", retries=5)
    world = ended(*ask(a, b), *get(a, b), order=["b", "a"])
    assert states(world) == {"a": "failed", "b": "started"}
    assert plan(world)["reset"] == ["a", "b"]
    mended(world)
    assert result(world) == [["a", a.id], ["b", b.id]]
    assert ran(world) == {"a": 2, "b": 2}


def test_a_failed_attempt_that_nobody_decided_may_be_superseded():
    """It was asked for in the clean-up."""
    a, b, c = op("a", "final"), op("b", "fail", retries=5), op("c")
    world = ended(Try((*ask(a), *get(a)), (*ask(b, c), *get(c)), reraise=True), order=["a", "b", "c"])
    assert states(world) == {"a": "failed", "b": "started", "c": "succeeded"}
    assert plan(world) == {"reset": ["a"], "superseded": ["b", "c"], "rolled_back": ["b", "c"]}
    mended(world)
    assert states(world) == {"a": "succeeded", "b": "superseded", "c": "superseded"}


def test_all_failures_that_nobody_fetched_are_reset_at_once():
    """Each of them ended the execution; one resume is enough."""
    a, b = op("a", "final"), op("b", "final")
    world = ended(*ask(a, b))
    assert plan(world)["reset"] == ["a", "b"]
    mended(world)
    assert str(world.state) == "terminated"


def test_a_reset_gives_a_new_generation_and_new_retries():
    """The idempotency key changes with a person's word, and only then."""
    a = op("a", "fail", retries=2, interval=0.0)
    world = ended(*ask(a), *get(a))
    (row,) = world.journal.history(1).tasks
    assert (row.attempts, row.retries, row.generation) == (3, 2, 0)
    mended(world)
    (row,) = world.journal.history(1).tasks
    assert (row.attempts, row.retries, row.generation) == (4, 0, 1)


# ------------------------------------------------------------------------------------------------------------ --from


def test_from_a_failed_task_that_was_handled():
    """It and what was asked for after it had failed is done again."""
    a, b = op("a", "final"), op("b", "final")
    world = ended(Try((*ask(a), *get(a)), ()), *ask(b), *get(b))
    assert plan(world, from_task=1) == {"reset": ["a"], "superseded": ["b"], "rolled_back": ["b"]}
    run_on(_go_live(world.resume(from_task=1)))
    assert result(world) == [["a", a.id], ["b", b.id]]


def test_from_a_failed_subgraph_resets_what_it_failed_of():
    """Its failed members, not the subgraph alone, which would fail again at once."""
    body = (Execute("g", 0, (Sub("box", (op("x", "final"), op("y"))),)),)
    world = ended(Try(body, ()), Own())
    assert plan(world, from_task=1)["reset"] == ["box", "x"]
    run_on(_go_live(world.resume(from_task=1)))
    assert states(world)["box"] == "succeeded"


def test_from_one_of_two_failed_members_runs_it_even_so():
    """The other failure stands; the subgraph ends with that alone."""
    body = (Execute("g", 0, (Sub("box", (op("x", "final"), op("y", "final"))),)),)
    world = ended(Try(body, ()), Own())
    run_on(_go_live(world.resume(from_task=2)))
    assert states(world) == {"box": "failed", "x": "succeeded", "y": "failed"}
    (detail,) = [one.detail_json for one in world.journal.history(1).outcomes if one.no == 1]
    assert decode(detail) == {"failures": [3]}


def test_from_a_member_of_a_replaced_subgraph_begins_that_subgraph_anew():
    """What its handler put in its place because of the failure is superseded, and the subgraph itself goes on."""
    again = Handler(False, ("replace",), 1, instead=Sub("box again", (op("y"),)))
    body = (Execute("g", 0, (Sub("box", (op("x", "final"),)),), handlers=((0, again),)),)
    world = ended(*body, Own())
    assert states(world) == {"box": "rescheduled", "x": "failed", "box again": "succeeded", "y": "succeeded"}
    assert plan(world, from_task=2) == {
        "reset": ["box", "x"], "superseded": ["box again", "y"], "rolled_back": ["y"],
    }  # fmt: skip
    run_on(_go_live(world.resume(from_task=2)))
    assert states(world) == {"box": "succeeded", "x": "succeeded", "box again": "superseded", "y": "superseded"}


def test_what_handlers_of_superseded_tasks_have_added_is_superseded_to_any_depth():
    """The subgraph was replaced, and its replacement too: what is begun anew has nothing of either beside it."""
    again = Handler(False, ("replace",), 2, instead=Sub("again", (op("y", "final"),)))
    world = ended(Execute("g", 0, (Sub("box", (op("x", "final"),)),), handlers=((0, again),)))
    assert states(world) == {
        "box": "rescheduled", "x": "failed", "again": ["rescheduled", "failed"], "y": ["failed", "failed"],
    }  # fmt: skip
    assert plan(world, from_task=2) == {
        "reset": ["box", "x"], "superseded": ["again", "y", "again", "y"], "rolled_back": ["y", "y"],
    }  # fmt: skip


def test_what_cannot_be_begun_from_is_refused():
    """A task that is not there, one that was superseded, and anything of an execution that has terminated."""
    world = ended(*ask(op("a")), *get(op("a")), Own())
    with pytest.raises(NotFoundError, match="no task 7"):
        plan(world, from_task=7)
    run_on(_go_live(world.resume(from_task=1)))
    with pytest.raises(NotFoundError, match="was superseded"):
        plan(world, from_task=1)
    done = ended(*ask(op("a")))
    for from_task in (None, 1):
        with pytest.raises(AskError, match="has terminated"):
            plan(done, from_task)


def test_an_execution_that_has_not_ended_is_not_cut():
    """It simply goes on."""
    world = World(Program(ask(op("a"))))
    world.start().die()
    history = world.journal.history(1)
    assert plan_cut(load(history), history) is None
