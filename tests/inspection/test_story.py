"""The story of an execution: complete, in order, told from where it stopped."""

from durable_wf.inspection.story import Story
from durable_wf.inspection.view import View
from durable_wf.model.rows import Event, Kind, Subject, Task, Transition
from durable_wf.model.states import TASK, TE, T
from tests.cli import flows


def test_everything_is_told_once_and_then_nothing(view, run):
    row = run(flows.nested)
    story = Story(view, row)
    told = story.more()
    assert [one.seq for one in told if one.seq] == [one.seq for one in view.store.transitions(row.id)]
    assert [one.event_id for one in told if one.event_id] == [one.id for one in view.store.events(row.id)]
    assert story.more() == []


def test_states_follow_what_was_told(view, run):
    row = run(flows.fails)
    story = Story(view, row)
    assert story.states == {}
    story.more()
    assert story.states == {1: T.FAILED}


def test_tasks_are_named_with_their_place_in_the_graph(view, run):
    told = Story(view, run(flows.nested)).more()
    places = {(one.what, one.path, one.depth) for one in told if one.task is not None and one.subject is not None}
    assert places == {
        ("subgraph outer", "graph1.1/outer", 1),
        ("subgraph inner", "graph1.1/outer/inner", 2),
        ("operation tests.cli.flows:add", "graph1.1/outer/inner/tests.cli.flows:add", 3),
        ("event workflow_stage", "graph1.1/outer/inner/workflow_stage", 3),
    }


def test_moves_have_names_and_details(view, run):
    told = Story(view, run(flows.fails)).more()
    moves = [(one.source, one.target, one.event) for one in told if one.what == "operation tests.cli.flows:boom"]
    assert moves == [("pending", "sent", "handed_out"), ("sent", "failed", "failed")]
    (failed,) = [one for one in told if one.target == "failed" and one.task is not None]
    assert failed.detail["error"]["message"] == "no"
    assert failed.record().from_ == "sent"


def test_an_attempt_that_fails_before_it_is_decided_is_told(view, run):
    told = Story(view, run(flows.cleans_up)).more()
    assert [one.target for one in told if one.what == "operation tests.cli.flows:boom"][-1] == "failed"


class Rows:
    """A store with rows that a test has made up."""

    def __init__(self, transitions, events, tasks=()):
        self._transitions, self._events, self._tasks = transitions, events, tasks

    def transitions(self, execution, since=0):
        return [row for row in self._transitions if row.seq > since]

    def events(self, execution, since=0):
        return [row for row in self._events if row.id > since]

    def stored(self, table, owner):
        return list(self._tasks) if table == "task" else []

    def instances(self, deployment):
        return []


def moved(seq, at_us, task=1):
    states = TASK.code(T.PENDING), TASK.code(T.SENT)
    return Transition(1, seq, int(Subject.TASK), task, *states, tuple(TE).index(TE.HANDED_OUT), at_us, 1, 0, 1, None)


def event(number, at_us, task=None):
    return Event(number, 1, task, None, at_us, "workflow_stage", "info", f"event {number}", None)


class Row:
    id = 1
    deployment = None


def told(transitions, events, tasks=()):
    story = Story(View(Rows(transitions, events, tasks), lambda number: False), Row())
    return [one.seq or f"event {one.event_id}" for one in story.more()]


def test_events_stand_between_the_transitions_by_time():
    assert told([moved(1, 10), moved(2, 30)], [event(1, 5), event(2, 20), event(3, 40)]) == [
        "event 1", 1, "event 2", 2, "event 3",
    ]  # fmt: skip


def test_of_one_moment_an_event_stands_just_before_its_tasks_transition():
    transitions = [moved(1, 10, task=1), moved(2, 10, task=2)]
    tasks = [Task(1, no, None, None, int(Kind.NOP), "x", "", 1, 1, 1, 0, 0, 0, 0, None, None) for no in (1, 2)]
    assert told(transitions, [event(1, 10, task=2)], tasks) == [1, "event 1", 2]


def test_both_kinds_keep_their_own_order_whatever_the_clock_says():
    transitions = [moved(1, 30), moved(2, 10), moved(3, 20)]
    found = told(transitions, [event(1, 25), event(2, 5)])
    assert [one for one in found if isinstance(one, int)] == [1, 2, 3]
    assert [one for one in found if isinstance(one, str)] == ["event 1", "event 2"]


def test_what_is_about_a_task_that_is_not_there_is_told_all_the_same():
    story = Story(View(Rows([moved(1, 10, task=7)], []), lambda number: False), Row())
    (entry,) = story.more()
    assert (entry.what, entry.path, entry.depth) == ("task 7", "", 0)


def test_a_change_that_a_later_version_wrote_is_told_by_its_number():
    strange = Transition(1, 1, int(Subject.MODIFICATION), 4, None, 0, 9, 10, None, None, 1, None)
    story = Story(View(Rows([strange], []), lambda number: False), Row())
    (entry,) = story.more()
    assert (entry.what, entry.event) == ("modification 4", "event 9")
