"""Negative controls: a bug is planted into the core, and the tests of the laws must find it."""

import pytest

from durable_wf.errors import DurableError
from durable_wf.graph import asks, decide, flow, load, match, outcomes, pen, state, waits
from durable_wf.graph.flow import free
from durable_wf.model.states import TE, A
from tests.laws import chaos, simulator

SEEDS = 1000

pytestmark = pytest.mark.usefixtures("transitions_not_counted")


def find(play, *words, first=0, **options):
    """Play seeds until one breaks; what it said must have one of the words.

    first  a seed that is known to break, tried before the others: for a bug that few seeds meet
    """
    for seed in (first, *range(SEEDS)):
        try:
            play(seed, **options)
        except (AssertionError, DurableError, KeyError) as error:
            text = f"{type(error).__name__} {error}"
            assert any(word in text for word in words), f"seed {seed}: {text}"
            return
    pytest.fail("the planted bug was not found")


@pytest.fixture
def plant(monkeypatch):
    """Replace a function of the core by what `make` gives for the real one."""

    def plant(place, name, make):
        monkeypatch.setattr(place, name, make(getattr(place, name)))

    return plant


def test_L1_a_resume_that_supersedes_what_ended(plant):
    """Only a person's resume may move an ended task."""

    def make(real):
        def resume(core, pen):
            real(core, pen)
            for task in core.run.tasks.values():
                if task.state == state.SUCCEEDED and not core._cut:
                    pen.task(task, TE.SUPERSEDED)

        return resume

    plant(decide.Core, "_resume", make)
    find(chaos.play, "L1")


def test_L1_an_outcome_that_comes_twice(plant):
    """An ended attempt that is written again is refused by the store before anything else sees it."""

    def make(real):
        def attempt(pen, task, target, began_us, ended_us):
            code = real(pen, task, target, began_us, ended_us)
            return real(pen, task, A.FAILED, began_us, ended_us) if target is A.SUCCEEDED else code

        return attempt

    plant(pen.Pen, "attempt", make)
    find(chaos.play, "illegal attempt transition")


def test_L2_a_row_that_is_not_moved_with_its_transition(plant):
    """The states in the rows are those that the transitions lead to."""

    def make(real):
        def columns(pen, task):
            if task.no != 2:
                real(pen, task)

        return columns

    plant(pen.Pen, "columns", make)
    find(chaos.play, "L2")


def test_L3_started_taken_for_done(plant):
    """Dependents wait for the end of a task, not for its begin."""

    def make(real):
        def begun(run, pen, event):
            real(run, pen, event)
            task = run.tasks[event.no]
            for dependent in task.dependents or ():
                free(run, dependent)
            task.dependents = None

        return begun

    plant(outcomes, "begun", make)
    find(chaos.play, "L3")


def test_L3_failed_taken_for_done(plant):
    """Dependents of a failed task never start."""

    def make(real):
        def ended_badly(run, pen, task):
            for dependent in task.dependents or ():
                free(run, dependent)
            real(run, pen, task)

        return ended_badly

    def nothing(_real):
        return lambda *_: None

    plant(flow, "stand_behind", nothing)
    plant(flow, "ended_badly", make)
    plant(outcomes.flow, "ended_badly", lambda real: real)
    find(chaos.play, "L3", "nothing can happen")


def test_L4_the_fence_is_not_looked_at(plant):
    """A runner that has lost its execution writes on."""
    plant(simulator.Runner, "_may_write", lambda _real: lambda *_: True)
    find(chaos.play, "L4", "L1", "L2", "a row", "illegal")


@pytest.mark.parametrize("name", ["stand_behind", "put_behind"])
def test_forgetting_to_put_tasks_behind_a_failure(plant, name):
    """An execute() would wait for ever for what can never start."""
    plant(flow, name, lambda _real: lambda *_: None)
    find(chaos.play, "nothing can happen any more", "it does not end", "replay")


def test_a_subgraph_that_goes_on_after_a_member_has_failed(plant):
    """Nothing more of it starts (workflow-api §4.5)."""
    plant(flow, "stop", lambda _real: lambda *_: None)
    find(chaos.play, "subgraph: ", failing=0.4, replays=False, verifies=False)


def test_L5_a_resume_takes_what_was_lost_for_failed(plant):
    """What may be repeated is repeated; it has not failed."""

    def make(real):
        def settle_unknown(run, pen, task, *, person_says):
            policy = task.request.policy
            task.request.policy = type(policy)(policy.total_retries, policy.retry_interval_s, "fail")
            real(run, pen, task, person_says=False)

        return settle_unknown

    plant(outcomes, "settle_unknown", make)
    find(chaos.compare_with_calm, "L5")


def test_L5_a_resume_forgets_where_failures_have_spread(plant):
    """The counters that a resume builds are those that the runner before had."""
    plant(load, "_tell_again", lambda _real: lambda *_: None)
    find(chaos.play, "replay", "nothing can happen any more")


def test_L5_what_was_running_is_held_back_by_a_failure_elsewhere(plant):
    """A task that was lost or handed back would have run to its end without the crash."""
    plant(state.TaskState, "goes_on", lambda _real: property(lambda _task: False))
    find(chaos.play, "replay", "nothing can happen any more", "it does not end", failing=0.3, first=531)


def test_L6_a_failed_attempt_that_nobody_decided_is_taken_for_lost(plant):
    """Its outcome is recorded; the task must not be run again for it."""

    def make(real):
        def loaded(history):
            run = real(history)
            for task in run.tasks.values():
                task.undecided = None
            return run

        return loaded

    plant(decide.load, "load", make)
    find(chaos.play, "L6", "illegal attempt transition", "L1", "replay")


def test_L6_an_attempt_begins_before_its_commit(plant):
    """That it was handed out must be on disk before it can begin."""

    def make(real):
        def commit(runner, facts, crash):
            try:
                return real(runner, facts, crash)
            except simulator.Crash:
                run = runner.core.run
                for no, task in run.in_flight.items():
                    runner.works[no] = simulator.Work(no, task.attempts, task.kind, {}, 0, {})
                    runner.begin(no)
                raise

        return commit

    plant(simulator.Runner, "_commit", make)
    find(chaos.play, "L6")


def test_L7_an_outcome_without_its_properties(plant):
    """They are one commit."""
    plant(outcomes, "_write_properties", lambda _real: lambda _pen, outcome: outcome)
    find(chaos.play, "L7")


def test_L9_a_resume_that_does_not_wait(plant):
    """What is left of a wait is waited for, by boot time, or after a reboot by wall time."""
    plant(waits, "remaining_us", lambda _real: lambda **_: 0)
    find(chaos.play, "L9")


def test_L9_a_timer_that_comes_too_early_is_believed(plant):
    """A due time is compared with the clock, whoever says that it has come."""

    def make(real):
        def due(core, pen, event):
            run = core.run
            run.rescheduled.update(dict.fromkeys(run.rescheduled, 0))
            real(core, pen, event)

        return due

    plant(decide.Core, "_due", make)
    plant(simulator.Runner, "tick", lambda _real: lambda runner: runner.facts.extend(_all_timers(runner)))
    find(chaos.play, "L9")


def _all_timers(runner):
    found = [simulator.Due(timer) for _, _, timer in runner.timers]
    runner.timers.clear()
    return found


def test_L9_a_wait_that_nobody_ends(plant):
    """A resume arms the timers again."""
    plant(decide.Core, "_rearm", lambda _real: lambda *_: None)
    find(chaos.play, "L9")


def test_replay_notes_a_failure_elsewhere_than_the_live_run(plant):
    """The cut of a person's resume would depend on whether there was a crash."""

    def make(real):
        def graph(replay, asked):
            asked_seq = replay._run.asked_seq
            found = real(replay, asked)
            replay._run.asked_seq = asked_seq
            return found

        return graph

    plant(match.Replay, "graph", make)
    find(chaos.play, "replay")


def test_replay_matches_by_order_alone(plant):
    """Tasks of one key would change places when a graph is built in another order."""
    plant(match.Replay, "_take_equal", lambda _real: lambda *_: False)
    find(chaos.play, "replay")


def test_keys_that_count_from_the_beginning_after_a_resume(plant):
    """The n-th of a key is counted over all rows that are not superseded."""
    plant(decide.load, "count_keys", lambda _real: lambda _run: None)
    find(chaos.play, "replay")


def test_a_graph_whose_edges_are_not_connected(plant):
    """An edge that is stored must hold back what it is about."""
    plant(asks, "connect", lambda _real: lambda *_: False)
    find(chaos.play, "L3")
