"""What handlers decide: the effects on the graph, and what is recorded of them (workflow-api §3.6)."""

from __future__ import annotations

import pytest

from durable_wf.codec import decode, encode
from durable_wf.errors import EngineBug
from durable_wf.graph.asking import question
from durable_wf.model.commands import Answer, Arm, Consult, HandOut
from durable_wf.model.events import Action, Decides, Due
from durable_wf.model.rows import Kind, Subject
from tests.graph.kit import SECOND, Bench, ended, graph, spec, sub


def asked(one, *, good=False, bad=False):
    """The task with handlers."""
    one.on_success, one.on_failure = good, bad
    return one


def the(commands, kind):
    """The one command of that kind."""
    (found,) = [command for command in commands if isinstance(command, kind)]
    return found


def handed_out(commands):
    """Numbers of the tasks that workers are given."""
    return [command.no for command in commands if isinstance(command, HandOut)]


@pytest.fixture
def chain():
    """`b` after `a`, whose good and bad outcomes are asked about; `a` is with a worker."""
    bench = Bench()
    a, b = asked(spec("a", retries=1), good=True, bad=True), spec("b")
    bench.turn(graph(a, b, edges=[(b, a)]))
    bench.a, bench.b = a, b
    return bench


def test_an_outcome_with_a_handler_is_recorded_and_asked_about_before_anything_follows(chain):
    """The attempt has ended, the task is still started, and what waits for it has not begun."""
    commands = chain.turn(ended(1, result_json="7"))
    consult = the(commands, Consult)
    assert (consult.spec, consult.succeeded, consult.detail_json, consult.retries) == (chain.a, True, '{"result":7}', 0)
    assert handed_out(commands) == []
    assert chain.states() == {"a": "started", "b": "pending"}
    assert chain.story[-1] != ("task", 1, "succeeded")


def test_without_a_handler_for_that_outcome_nobody_is_asked():
    """on_failure alone leaves a success to the default."""
    bench = Bench()
    bench.turn(graph(asked(spec("a"), bad=True)))
    commands = bench.turn(ended(1))
    assert the(commands, Answer).failed == ()
    assert bench.states() == {"a": "succeeded"}


def test_an_operation_that_asks_to_be_run_again_is_not_asked_about(chain):
    """workflow-api §3.6 2a."""
    commands = chain.turn(ended(1, error="later", again=True, retry_after_s=3))
    assert [command for command in commands if isinstance(command, Consult)] == []
    assert the(commands, Arm).delay_us == 3 * SECOND


def test_continue_lets_what_waits_run(chain):
    """The decision's transition has the outcome and what was decided about it."""
    consult = the(chain.turn(ended(1, result_json="7")), Consult)
    commands = chain.turn(Decides(chain.a, Action.CONTINUE))
    assert handed_out(commands) == [2]
    written = next(row for row in chain.pen.changes.transitions if row.subject == Subject.TASK)
    said = {"action": "continue", "as_of": consult.seq, "outcome": "good", "retries": 0}
    assert decode(written.detail_json) == {"result": 7, "decision": said}


def test_ignore_lets_what_waits_run_after_a_failure(chain):
    """The task has failed, and the graph has not."""
    chain.turn(ended(1, error="boom"))
    assert handed_out(chain.turn(Decides(chain.a, Action.IGNORE))) == [2]
    answer = the(chain.turn(ended(2)), Answer)
    assert answer.failed == ()
    assert chain.states() == {"a": "failed", "b": "succeeded"}


def test_fail_after_a_success_fails_the_graph_with_that_task(chain):
    """workflow-api §3.6: `fail` also works from on_success; the cause says who decided so."""
    chain.turn(ended(1))
    answer = the(chain.turn(Decides(chain.a, Action.FAIL)), Answer)
    assert answer.failed == (1,)
    assert "on_success handler" in decode(answer.causes[0].detail_json)["error"]["message"]
    assert chain.states() == {"a": "failed", "b": "pending"}


def test_an_error_of_the_handler_itself_is_the_cause_and_keeps_the_tasks_own_beside_it(chain):
    """Nothing of what went wrong is lost."""
    chain.turn(ended(1, error="boom"))
    own = {"type": "tests:Oops", "message": "oops", "arguments": [], "traceback": "", "causes": []}
    answer = the(chain.turn(Decides(chain.a, Action.FAIL, error=own)), Answer)
    error = decode(answer.causes[0].detail_json)["error"]
    assert (error["message"], [cause["message"] for cause in error["causes"]]) == ("oops", ["boom"])


@pytest.mark.parametrize(("after_s", "delay_us"), [(None, 10 * SECOND), (2.5, 2_500_000), (0, 0)])
def test_retry_waits_as_the_handler_says_or_as_the_task_says(chain, after_s, delay_us):
    """The budget was the author's side's matter: the core does as it is told."""
    chain.turn(ended(1, error="boom"))
    commands = chain.turn(Decides(chain.a, Action.RETRY, after_s))
    assert the(commands, Arm).delay_us == delay_us
    chain.later(delay_us / SECOND)
    commands = chain.turn(Due(("task", 1)))
    assert handed_out(commands) == [1]
    consult = the(chain.turn(ended(1, 2)), Consult)
    assert consult.retries == 1


def test_handlers_are_asked_one_at_a_time_in_the_order_of_outcomes():
    """The second waits for the first one's answer."""
    bench = Bench()
    a, b = asked(spec("a"), good=True), asked(spec("b"), good=True)
    bench.turn(graph(a, b))
    assert the(bench.turn(ended(2), ended(1)), Consult).spec is b
    assert the(bench.turn(Decides(b, Action.CONTINUE)), Consult).spec is a


def test_what_a_handler_adds_comes_with_its_decision(chain):
    """`c` is put between `a` and `b`, which waits already."""
    chain.turn(ended(1))
    c = spec("c")
    commands = chain.turn(Decides(chain.a, Action.CONTINUE, specs=[c], edges=[(chain.b, c)]))
    assert handed_out(commands) == [c.no]
    assert chain.pen.changes.tasks[0].seq == chain.pen.changes.transitions[0].seq
    assert handed_out(chain.turn(ended(c.no))) == [2]


def test_an_edge_to_a_task_that_has_begun_is_left_out_and_said(chain):
    """It is recorded, so that a replay does not look for it."""
    chain.turn(ended(1))
    chain.turn(Decides(chain.a, Action.CONTINUE))  # b is with a worker now
    d, c = asked(spec("d"), good=True), spec("c")
    bench = Bench(workers=3, window=3)
    b = spec("b")
    bench.turn(graph(d, b))
    bench.turn(ended(1))
    bench.turn(Decides(d, Action.CONTINUE, specs=[c], edges=[(b, c)]))
    said = decode(bench.pen.changes.transitions[0].detail_json)["decision"]
    assert said["late"] == [[2, 3]]
    assert "operation b to wait for operation c" in bench.pen.changes.events[0].message


def test_what_a_handler_takes_out_is_not_started_and_nothing_waits_for_it(chain):
    """`b` is taken out: the graph ends without it."""
    chain.turn(ended(1))
    answer = the(chain.turn(Decides(chain.a, Action.CONTINUE, removed=[chain.b])), Answer)
    assert answer.failed == ()
    assert chain.states() == {"a": "succeeded", "b": "pending"}


def test_a_running_task_that_is_taken_out_is_waited_for_and_its_failure_counts_nothing():
    """Nothing runs that nobody knows of."""
    bench = Bench()
    a, b = asked(spec("a"), good=True), spec("b")
    bench.turn(graph(a, b))
    bench.turn(ended(1))
    commands = bench.turn(Decides(a, Action.CONTINUE, removed=[b]))
    assert [command for command in commands if isinstance(command, Answer)] == []
    assert the(bench.turn(ended(2, error="boom")), Answer).failed == ()


def test_an_edge_that_is_taken_out_lets_its_task_run(chain):
    """`b` waits for `c`, until the handler of `a` says otherwise."""
    bench = Bench()
    a, b, c = asked(spec("a"), good=True), spec("b"), spec("c")
    bench.turn(graph(a, b, c, edges=[(b, c)]))
    bench.turn(ended(1))
    assert handed_out(bench.turn(Decides(a, Action.CONTINUE, unlinked=[(b, c)]))) == [b.no]


# ------------------------------------------------------------------------------------------------------------ subgraphs


@pytest.fixture
def failing():
    """Subgraph `s` with `x` and `y`, both with workers; `after` waits for it; its failure is asked about."""
    bench = Bench()
    s = asked(sub("s"), bad=True)
    x, y, after = spec("x", s), spec("y", s), spec("after")
    bench.turn(graph(s, x, y, after, edges=[(after, s)]))
    bench.s, bench.x, bench.y = s, x, y
    return bench


def test_a_failed_subgraph_is_asked_about_once_its_running_members_have_ended(failing):
    """Unlike workflow-api §4.5, they are not abandoned."""
    commands = failing.turn(ended(failing.x.no, error="boom"))
    assert [command for command in commands if isinstance(command, Consult)] == []
    consult = the(failing.turn(ended(failing.y.no)), Consult)
    assert (consult.spec, consult.succeeded, consult.failed) == (failing.s, False, failing.x)


@pytest.fixture
def broken(failing):
    """The same, asked about."""
    failing.turn(ended(failing.x.no, error="boom"), ended(failing.y.no))
    return failing


def test_an_ignored_subgraph_lets_what_waits_run(broken):
    """Its failure is not the graph's."""
    commands = broken.turn(Decides(broken.s, Action.IGNORE))
    assert handed_out(commands) == [broken.no("after")]
    assert the(broken.turn(ended(broken.no("after"))), Answer).failed == ()


def test_a_replacement_inherits_what_waits_and_counts_on(broken):
    """The old one stays rescheduled; the new one is tried with one retry behind it."""
    new = asked(sub("again"), bad=True)
    z = spec("z", new)
    decides = Decides(broken.s, Action.RETRY, specs=[new, z], replacement=new)
    assert handed_out(broken.turn(decides)) == [z.no]
    assert broken.states()["s"] == "rescheduled"
    consult = the(broken.turn(ended(z.no, error="boom")), Consult)
    assert (consult.spec, consult.retries) == (new, 1)
    answer = the(broken.turn(Decides(new, Action.FAIL)), Answer)
    assert answer.failed == (z.no,)


def test_a_replacement_that_ends_well_frees_what_waited_for_the_first(broken):
    """And the graph has not failed."""
    new = sub("again")
    z = spec("z", new)
    broken.turn(Decides(broken.s, Action.RETRY, specs=[new, z], replacement=new))
    assert handed_out(broken.turn(ended(z.no))) == [broken.no("after")]
    assert the(broken.turn(ended(broken.no("after"))), Answer).failed == ()


def test_retry_after_delays_the_replacement_of_a_subgraph(broken):
    """Unlike workflow-api §4.5, where it does not; the instant is recorded (L9)."""
    new = sub("again")
    z = spec("z", new)
    commands = broken.turn(Decides(broken.s, Action.RETRY, 60.0, specs=[new, z], replacement=new))
    assert handed_out(commands) == []
    assert the(commands, Arm) == Arm(("task", new.no), 60 * SECOND)
    broken.later(59)
    assert handed_out(broken.turn(Due(("task", new.no)))) == []
    broken.later(1)
    assert handed_out(broken.turn(Due(("task", new.no)))) == [z.no]


def test_a_subgraph_cannot_be_tried_again_without_something_in_its_place(broken):
    """The author's side says so before; here it would be a bug."""
    with pytest.raises(EngineBug, match="nothing was given that takes its place"):
        broken.turn(Decides(broken.s, Action.RETRY))


def test_a_decision_about_a_task_that_nobody_asked_about_is_a_bug(chain):
    """Not something to be guessed at."""
    with pytest.raises(EngineBug, match="was not asked about"):
        chain.turn(Decides(chain.a, Action.CONTINUE))


def test_a_question_needs_the_task_that_the_function_gave(chain):
    """A task that came back from the journal alone has no handler."""
    task = chain.core.run.tasks[1]
    task.spec = None
    with pytest.raises(LookupError, match="has not given the task"):
        question(chain.core.run, task)


def test_execute_after_holds_a_task_back_until_that_wall_time():
    """A clock that was set back makes it wait longer, never shorter."""
    bench = Bench()
    early = spec("early")
    body = decode(early.request) | {"execute_after": bench.now.wall_us / SECOND + 30}
    early.request = encode(body)
    commands = bench.turn(graph(early, spec("beside")))
    assert handed_out(commands) == [2]
    assert the(commands, Arm) == Arm(("task", 1), 30 * SECOND)
    bench.later(30)
    assert handed_out(bench.turn(Due(("task", 1)))) == [1]


def test_a_task_may_wait_for_what_is_new_instead_of_what_is_taken_out():
    """`c` waits for `b`; the handler of `a` takes `b` out and puts `n` in its place."""
    bench = Bench()
    a, b, c = asked(spec("a"), good=True), spec("b"), spec("c")
    bench.turn(graph(a, b, c, edges=[(b, a), (c, b)]))
    bench.turn(ended(1))
    n = spec("n")
    assert handed_out(bench.turn(Decides(a, Action.CONTINUE, specs=[n], edges=[(c, n)], removed=[b]))) == [n.no]
    assert handed_out(bench.turn(ended(n.no))) == [c.no]


def test_an_effect_that_cannot_be_had_is_asked_about_like_any_failure():
    """Its handler ignores it; the effect was tried once, and is not written twice."""
    bench = Bench()
    one = asked(spec("", kind=Kind.SET_STATE, target="gone", state="started"), bad=True)
    after = spec("after")
    consult = the(bench.turn(graph(one, after, edges=[(after, one)])), Consult)
    assert "not there" in decode(consult.detail_json)["error"]["message"]
    assert handed_out(bench.turn(Decides(one, Action.IGNORE))) == [2]


def test_an_effect_that_is_to_be_had_again_is_written_again():
    """An event whose on_success handler wants it twice."""
    bench = Bench()
    one = asked(spec("", kind=Kind.EVENT, event="tick", event_type="workflow_stage"), good=True)
    bench.turn(graph(one))
    assert [event.message for event in bench.pen.changes.events] == ["tick"]
    bench.turn(Decides(one, Action.RETRY, 0))
    bench.turn(Due(("task", 1)))
    assert [event.message for event in bench.pen.changes.events] == ["tick"]
    assert the(bench.turn(Decides(one, Action.CONTINUE)), Answer).failed == ()
