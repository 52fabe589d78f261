"""When an execution in which nothing goes on will go on by itself."""

from types import SimpleNamespace

import pytest

from durable_wf.graph.rest import next_due_us
from durable_wf.graph.state import Run, Scope


@pytest.fixture
def run():
    """Its function waits, two tasks wait for their retry, and a graph for its end."""
    run = Run(SimpleNamespace(id=1))
    run.wait = SimpleNamespace()
    run.rescheduled = {1: 500, 2: 300}
    run.graphs["graph1"] = Scope(1)
    run.graphs["graph1"].due_us = 400
    return run


def test_it_is_the_earliest_timer_of_tasks_and_graphs(run):
    assert next_due_us(run) == 300
    del run.rescheduled[2]
    assert next_due_us(run) == 400
    run.graphs["graph1"].ended = True
    assert next_due_us(run) == 500
    run.rescheduled.clear()
    assert next_due_us(run) is None


@pytest.mark.parametrize("where", ["ready", "again", "freed", "asking"])
def test_there_is_none_while_something_can_start_or_is_asked(run, where):
    getattr(run, where).append(SimpleNamespace())
    assert next_due_us(run) is None


def test_there_is_none_while_something_runs_or_the_function_does(run):
    run.in_flight[7] = SimpleNamespace()
    assert next_due_us(run) is None
    run.in_flight.clear()
    run.wait = None
    assert next_due_us(run) is None
    run.ending = SimpleNamespace()
    assert next_due_us(run) == 300
    run.over = True
    assert next_due_us(run) is None
