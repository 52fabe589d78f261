"""What an execute() costs, counted in function calls: it grows with the tasks, not with their square."""

import sys

import pytest

from durable_wf.model.commands import HandOut
from tests.graph.kit import Bench, ended, graph, spec, sub


def wide(count):
    return graph(*(spec(f"t{at}") for at in range(count)))


def chain(count):
    specs = [spec(f"t{at}") for at in range(count)]
    return graph(*specs, edges=list(zip(specs[1:], specs, strict=False)))


def boxed(count):
    box = sub("box")
    return graph(box, *(spec(f"t{at}", box) for at in range(count)))


def calls_of(make, count, *, failing):
    """Calls of functions during a whole execute()."""
    bench, asked = Bench(workers=16, window=16), make(count)
    calls = 0

    def count_calls(_frame, event, _argument):
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count_calls)
    try:
        commands = bench.turn(asked)
        while not bench.core.run.graphs["g.1"].ended:
            no = [command.no for command in commands if isinstance(command, HandOut)]
            how = {"error": "boom"} if failing else {}
            commands = bench.turn(*(ended(one, **how) for one in no))
    finally:
        sys.setprofile(None)
    return calls


@pytest.mark.parametrize("failing", [False, True])
@pytest.mark.parametrize("make", [wide, chain, boxed])
def test_ten_times_the_tasks_cost_about_ten_times_the_calls(make, failing):
    """Releasing dependents, standing behind failures, and ending scopes are O(degree)."""
    assert calls_of(make, 1000, failing=failing) < 11 * calls_of(make, 100, failing=failing)
