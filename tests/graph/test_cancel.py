"""Cancellation in the core, turn by turn: what is held, who is told of it, and how it ends."""

import pytest

from durable_wf.codec import decode, encode
from durable_wf.graph.build import GraphBuild
from durable_wf.model import rows
from durable_wf.model.commands import Abandon, Answer, Consult, HandOut, Over
from durable_wf.model.events import (
    Abandoned,
    Action,
    Asked,
    Begun,
    Cancels,
    Decides,
    Due,
    Gets,
    Level,
    Polls,
    Raised,
    Returned,
    Stops,
)
from durable_wf.model.rows import Kind
from durable_wf.model.states import XE, X
from tests.graph.kit import Bench, ended, graph, spec, sub

ERROR = {"type": "t:E", "message": "m", "arguments": [], "traceback": "", "causes": []}


def request(level="cancel", number=1, **payload):
    """A row of the inbox."""
    return rows.Request(number, 1, "cancel", None, encode({"level": level, **payload}), "anna", 0, None)


def only(commands, kind):
    """The commands of one kind."""
    return [command for command in commands if isinstance(command, kind)]


def details(bench, event):
    """The details of the execution's transitions of this name in the newest turn."""
    rows_ = bench.pen.changes.transitions
    return [decode(row.detail_json) for row in rows_ if row.subject == 0 and _name(row) == event]


def _name(row):
    return str(tuple(XE)[row.event])


def warnings(bench):
    return [event.message for event in bench.pen.changes.events if event.type == "workflow_warning"]


def in_a_get(*names, retries=0):
    """A function that has asked for these, and waits for the first."""
    bench = Bench()
    specs = [spec(name, retries=retries) for name in names]
    bench.turn(*map(Asked, specs), Gets(specs[0]))
    return bench, specs


def in_an_execute(*specs, **more):
    bench = Bench()
    bench.turn(graph(*specs, **more))
    return bench


# -------------------------------------------------------------------------------------------------------- who is told


def test_a_blocked_get_is_told_in_the_turn_of_the_request():
    bench, (first, *_) = in_a_get("a", "b", "c")
    (answer,) = only(bench.turn(request(reason="why")), Answer)
    assert answer.cancelled
    assert answer.no == first.no
    assert details(bench, "cancel") == [{"by": "anna", "reason": "why"}]
    assert details(bench, "told") == [{"get": first.no}]
    assert bench.pen.changes.taken == [1]


def test_a_blocked_execute_is_told_and_its_graph_ends_cancelled():
    one, two = spec("a"), spec("b")
    bench = in_an_execute(one, two, edges=[(two, one)])
    (answer,) = only(bench.turn(request()), Answer)
    assert answer.cancelled
    assert details(bench, "told") == [{"execute": "g.1"}]
    assert bench.graph_states() == {1: "cancelled"}
    assert bench.states() == {"a": "sent", "b": "pending"}


def test_a_function_that_is_not_blocked_is_told_at_its_next_call():
    bench = Bench()
    first, second = spec("a"), spec("b")
    bench.turn(Asked(first))
    assert only(bench.turn(request(), Asked(second)), Answer) == []
    (answer,) = only(bench.turn(Gets(second)), Answer)
    assert answer.cancelled
    assert bench.states() == {"a": "sent", "b": "pending"}


def test_a_call_that_can_return_at_once_takes_no_request():
    bench = Bench()
    first = spec("a")
    bench.turn(Asked(first))
    bench.turn(ended(1))
    bench.turn(request())
    (answer,) = only(bench.turn(Gets(first)), Answer)
    assert (answer.cancelled, answer.failed) == (False, ())


def test_it_is_told_once_and_a_poll_takes_the_request_too():
    bench = Bench()
    assert not only(bench.turn(Polls(1)), Answer)[0].cancelled
    bench.turn(request())
    assert only(bench.turn(Polls(2)), Answer)[0].cancelled
    assert details(bench, "told") == [{"poll": 2}]
    assert only(bench.turn(Polls(3)), Answer)[0].cancelled
    assert details(bench, "told") == []


def test_a_wait_needs_a_turn_once_a_request_stands():
    bench = Bench()
    first = spec("a")
    bench.turn(Asked(first))
    assert bench.core.only_waits(Gets(first))
    bench.core.run.wait = None
    bench.turn(request())
    assert not bench.core.only_waits(Gets(first))


def test_failures_of_the_graph_come_before_the_request():
    """workflow-api §4.3: errors take precedence."""
    bench = in_an_execute(spec("a"), spec("b"))
    bench.turn(ended(1, error="no"))
    (answer,) = only(bench.turn(request()), Answer)
    assert (answer.cancelled, answer.failed) == (False, (1,))
    assert bench.graph_states() == {1: "failed"}
    assert details(bench, "told") == []
    other = spec("c")
    (answer,) = only(bench.turn(Asked(other), Gets(other)), Answer)
    assert answer.cancelled, "the next call is told"


def test_a_handler_that_is_to_be_asked_comes_before_the_request():
    """Its outcome came before; what the handler adds is held."""
    one = spec("a")
    one.on_success = True
    bench = in_an_execute(one)
    (question,) = only(bench.turn(ended(1)), Consult)
    assert only(bench.turn(request()), Answer) == [], "its handler runs"
    added = spec("added")
    commands = bench.turn(Decides(question.spec, Action.CONTINUE, specs=[added]))
    assert only(commands, Answer)[0].cancelled
    assert only(commands, HandOut) == []
    assert bench.states() == {"a": "succeeded", "added": "pending"}


def test_an_outcome_that_comes_after_it_was_told_waits_for_its_handler():
    """Nobody asks it now; a person's resume does (see `tests.replay.test_cancel`). The end does not wait for it."""
    one = spec("a")
    one.on_success = True
    bench = in_an_execute(one)
    bench.turn(request())
    assert only(bench.turn(ended(1)), Consult) == []
    assert bench.states() == {"a": "started"}
    assert bench.core.run.tasks[1].undecided is not None
    assert only(bench.turn(Raised(ERROR, (), cancelled=True)), Over) == [Over(X.CANCELLED)]


# -------------------------------------------------------------------------------------------------------- what is held


def test_nothing_that_was_asked_for_before_starts_any_more():
    """Ready, freed by an end, in a subgraph, an effect, or waiting for its retry."""
    group = sub("group")
    one, two = spec("one"), spec("two")
    inner = spec("inner", group)
    effect = spec("effect", kind=Kind.SET_STATE, target="i", state="x")
    late = spec("late", retries=5)
    bench = Bench("i", workers=2, window=2)
    bench.turn(graph(one, late, two, group, inner, effect, edges=[(group, one), (effect, one)]))
    bench.turn(ended(2, error="no"))
    assert bench.states()["late"] == "rescheduled"
    assert bench.states()["two"] == "sent"
    bench.turn(request())
    bench.turn(ended(1), ended(3))
    bench.later(100)
    assert only(bench.turn(Due(("task", 2))), HandOut) == []
    assert bench.states() == {
        "one": "succeeded", "late": "rescheduled", "two": "succeeded", "group": "pending", "inner": "pending",
        "effect": "pending",
    }  # fmt: skip
    assert bench.storage.instance("i").state == "uninitialized"


def test_what_no_worker_has_begun_is_taken_back_and_held():
    bench = Bench(window=8)
    specs = [spec("a"), spec("b")]
    bench.turn(*map(Asked, specs), Gets(specs[0]))
    bench.turn(Begun(1, 1, 5))
    bench.idle = [(2, 1), (1, 1), (9, 1)]
    assert only(bench.turn(request()), HandOut) == []
    assert bench.states() == {"a": "started", "b": "pending"}
    assert [(row.task, row.state) for row in bench.pen.changes.attempt_moves] == [(2, 7)]
    assert not bench.core.run.tasks[2].goes_on


def test_a_failure_in_flight_is_not_tried_again():
    """It is decided as ever, and the retry is held; a resume goes on with the wait."""
    bench, _ = in_a_get("a", retries=3)
    bench.turn(request())
    commands = bench.turn(Gets(bench.core.run.tasks[1].spec), ended(1, error="no"))
    assert bench.states() == {"a": "rescheduled"}
    assert [command for command in commands if not isinstance(command, Answer)] == []
    assert only(commands, Answer)[0].cancelled, "a get() of what is held is told again"


def test_what_is_asked_for_after_it_was_told_runs_with_its_retries():
    bench, _ = in_a_get("a")
    bench.turn(request())
    clean = spec("clean", retries=1)
    assert only(bench.turn(Asked(clean), Gets(clean)), HandOut) == [HandOut(2, 1)]
    bench.turn(ended(2, error="no"))
    bench.later(10)
    assert only(bench.turn(Due(("task", 2))), HandOut) == [HandOut(2, 2)]
    assert not only(bench.turn(ended(2, 2)), Answer)[0].cancelled


def test_a_get_of_what_is_in_flight_gives_its_result_after_it_was_told():
    bench, (first, *_) = in_a_get("a")
    bench.turn(request())
    assert only(bench.turn(Gets(first)), Answer) == []
    assert not only(bench.turn(ended(1, result_json='"done"')), Answer)[0].cancelled


def test_a_graph_that_waits_for_what_is_held_ends_cancelled_when_nothing_else_can_happen():
    """No hang: a clean-up graph whose task depends on a held one."""
    build = GraphBuild("g")
    one, two = spec("a"), spec("b")
    bench = Bench()
    bench.turn(graph(one, two, edges=[(two, one)], build=build))
    bench.turn(request())
    bench.turn(ended(1))
    free, waits = spec("free"), spec("waits")
    assert only(bench.turn(graph(free, waits, edges=[(waits, two)], build=build)), HandOut) == [HandOut(3, 1)]
    (answer,) = only(bench.turn(ended(3)), Answer)
    assert answer.cancelled
    assert bench.graph_states() == {1: "cancelled", 2: "cancelled"}


# ------------------------------------------------------------------------------------------------------------- the end


@pytest.mark.parametrize(
    ("ending", "state"),
    [
        (Returned('"x"'), X.CANCELLED),
        (Raised(ERROR, (), cancelled=True), X.CANCELLED),
        (Raised(ERROR), X.FAILED),
    ],
)
def test_how_it_ends_once_what_is_in_flight_has_ended(ending, state):
    bench, _ = in_a_get("a", "b")
    bench.turn(request())
    assert only(bench.turn(ending), Over) == []
    bench.turn(ended(1))
    assert only(bench.turn(ended(2)), Over) == [Over(state)]


def test_a_returned_function_waits_for_its_clean_up_and_keeps_its_result():
    bench, _ = in_a_get("a")
    bench.turn(request())
    bench.turn(ended(1))
    clean = spec("clean")
    assert only(bench.turn(Asked(clean), Returned('"x"')), HandOut) == [HandOut(2, 1)]
    assert only(bench.turn(ended(2)), Over) == [Over(X.CANCELLED)]
    (detail,) = details(bench, "unwound")
    assert detail["result"] == "x"
    assert detail["cut_seq"] is not None


def test_cancelled_by_itself_it_needs_no_request():
    bench = Bench()
    assert only(bench.turn(Raised(ERROR, (), cancelled=True)), Over) == [Over(X.CANCELLED)]
    assert details(bench, "unwound") == [{"error": ERROR, "ended_by": [], "cut_seq": None}]


def test_a_stop_while_cancelling_lies_down():
    bench, _ = in_a_get("a")
    bench.turn(request())
    bench.turn(Stops([]))
    assert only(bench.turn(ended(1)), Over) == [Over(X.INTERRUPTED)]


@pytest.mark.parametrize(("level", "kill"), [("force", False), ("kill", True)])
def test_a_forced_request_waits_for_nobody(level, kill):
    """Two turns: the shell kills in between. What was in flight is unknown; nothing is told, nothing handed out."""
    bench, _ = in_a_get("a", "b", "c")
    commands = bench.turn(request(level))
    assert commands == (Abandon(kill),)
    assert bench.turn(Asked(spec("d"))) == ()
    assert bench.turn(Abandoned()) == (Over(X.CANCELLED),)
    assert bench.states() == {"a": "unknown", "b": "unknown", "c": "pending", "d": "pending"}
    assert details(bench, "unwound") == [{"ended_by": [], "cut_seq": None}]


def test_a_forced_request_neither_lies_down_nor_ends_otherwise():
    bench, _ = in_a_get("a")
    bench.turn(request("force"))
    assert bench.turn(Stops([]), ended(1), Raised(ERROR)) == ()
    assert bench.turn(Abandoned()) == (Over(X.CANCELLED),)


# -------------------------------------------------------------------------------------------------------------- levels


def test_levels_only_rise():
    bench, _ = in_a_get("a")
    bench.turn(request("cancel"))
    bench.turn(request("cancel", 2))
    assert "a request by anna to cancel (cancel) was left aside: the execution is cancelling already" in warnings(bench)
    assert bench.pen.changes.taken == [2]
    assert bench.turn(request("force", 3)) == (Abandon(kill=False),)
    bench.turn(request("cancel", 4))
    assert len(warnings(bench)) == 1
    assert bench.turn(request("kill", 5)) == (Abandon(kill=True),)
    bench.turn(request("force", 6), Abandoned(), request("kill", 7))
    assert len(warnings(bench)) == 2
    assert bench.pen.changes.taken == [6, 7]
    assert only(bench.pen.commands, Over) == [Over(X.CANCELLED)]


def test_a_level_of_the_future_is_left_aside():
    bench, _ = in_a_get("a")
    bench.turn(request("nuke"))
    assert warnings(bench) == ["a request by anna to cancel was left aside: 'nuke' is no level of it"]


def test_the_function_may_ask_itself():
    bench = Bench()
    bench.turn(Cancels(Level.CANCEL))
    assert details(bench, "cancel") == [{"by": "the workflow function itself"}]
    assert only(bench.turn(Polls(1)), Answer)[0].cancelled
