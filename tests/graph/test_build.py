"""Building a task graph: what is added since the last execute, hubs, cycles by name, and what is refused."""

import random
from itertools import pairwise

import pytest

from durable_wf.errors import UsageError
from durable_wf.graph.build import CycleError, GraphBuild
from durable_wf.model.rows import Kind
from tests.graph.kit import spec, sub


def built(*specs, edges=(), path="g"):
    build = GraphBuild(path)
    for one in specs:
        build.add(one)
    for one, on in edges:
        build.depend(one, on)
    return build


def keys(asked):
    """What identifies the tasks and edges of an execute(), whatever the order of building."""

    def key(one):
        return (int(one.kind), one.name, one.target, one.request, key(one.parent) if one.parent else None)

    return sorted(map(str, map(key, asked.specs))), sorted(str((key(one), key(on))) for one, on in asked.edges)


def test_n_tasks_after_m_cost_n_plus_m_edges():
    """Between two forkjoins stands a hub."""
    build = GraphBuild("g")
    before, after = [spec(f"a{at}") for at in range(20)], [spec(f"b{at}") for at in range(30)]
    for one in (*before, *after):
        build.add(one)
    build.follow(before, after, None)
    asked = build.take(1.0)
    (hub,) = [one for one in asked.specs if one.kind is Kind.HUB]
    assert len(asked.edges) == 50
    assert {(one, on) for one, on in asked.edges} == {(hub, on) for on in before} | {(one, hub) for one in after}


@pytest.mark.parametrize(("before", "after"), [(1, 3), (3, 1), (1, 1), (0, 3), (3, 0)])
def test_one_after_many_needs_no_hub(before, after):
    """The plain edges are as few."""
    build = GraphBuild("g")
    firsts, seconds = [spec(f"a{at}") for at in range(before)], [spec(f"b{at}") for at in range(after)]
    for one in (*firsts, *seconds):
        build.add(one)
    build.follow(firsts, seconds, None)
    asked = build.take(1.0)
    assert len(asked.specs) == before + after
    assert len(asked.edges) == before * after


def test_a_hub_inside_a_subgraph_is_its_member():
    """It must not start before the subgraph, nor outlive it."""
    build, box = GraphBuild("g"), sub("box")
    members = [spec(name, box) for name in "abcd"]
    for one in (box, *members):
        build.add(one)
    build.follow(members[:2], members[2:], box)
    (hub,) = [one for one in build.take(1.0).specs if one.kind is Kind.HUB]
    assert hub.parent is box


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_building_does_not_matter(seed):
    """A hub is known by what it joins; a replay with another hash seed builds the same graph."""

    def build(shuffle):
        made, box = GraphBuild("g"), sub("box")
        layers = [[spec(f"{layer}{at}", box) for at in range(3)] for layer in "abc"]
        steps = [(made.add, (one,)) for layer in layers for one in layer]
        joins = [(made.follow, (one, other, box)) for one, other in pairwise(layers)]
        shuffle(steps)
        shuffle(joins)
        made.add(box)
        for step, arguments in [*steps, *joins]:
            step(*(shuffled(one, shuffle) for one in arguments))
        return made.take(1.0)

    def shuffled(value, shuffle):
        if isinstance(value, list):
            value = list(value)
            shuffle(value)
        return value

    assert keys(build(random.Random(seed).shuffle)) == keys(build(lambda _items: None))


def test_a_cycle_is_named_each_task_waiting_for_the_next():
    """It is refused before anything is stored, and the graph is as it was."""
    a, b, c, d = (spec(name) for name in "abcd")
    build = built(a, b, c, d, edges=[(a, c), (b, a), (c, b), (d, a)])
    with pytest.raises(CycleError) as caught:
        build.take(1.0)
    ring = str(caught.value).partition("circle: ")[2].split(" → ")
    assert ring[0] == ring[-1]
    waits_for = {"operation a": "operation c", "operation b": "operation a", "operation c": "operation b"}
    assert [waits_for[one] for one in ring[:-1]] == ring[1:]
    assert build.executes == 0
    assert not build.empty


def test_a_cycle_through_a_subgraph_or_a_hub_is_found():
    """A subgraph ends after its members, which begin after it has begun; a hub is not shown."""
    box = sub("box")
    member = spec("member", box)
    with pytest.raises(CycleError, match="subgraph box"):
        built(box, member, edges=[(box, member)]).take(1.0)
    with pytest.raises(CycleError, match="operation member"):
        built(box, member, edges=[(member, box)]).take(1.0)
    outside = spec("outside")
    with pytest.raises(CycleError, match="operation outside"):
        built(box, member, outside, edges=[(outside, box), (member, outside)]).take(1.0)
    build = GraphBuild("g")
    a, b, c, d = (spec(name) for name in "abcd")
    for one in (a, b, c, d):
        build.add(one)
    build.follow([a, b], [c, d], None)
    build.depend(a, d)
    with pytest.raises(CycleError) as caught:
        build.take(1.0)
    assert "hub" not in str(caught.value)


def test_waiting_for_itself_is_ignored():
    """As in the reference (§4.1)."""
    a = spec("a")
    assert built(a, edges=[(a, a)]).take(1.0).edges == []


def test_a_second_execute_has_what_was_added_since():
    """Its path counts on; its edges may reach into the first."""
    a, b = spec("a"), spec("b")
    build = built(a)
    first = build.take(1.0)
    build.add(a)
    build.add(b)
    build.depend(b, a)
    second = build.take(2.0)
    assert [first.path, second.path] == ["g.1", "g.2"]
    assert (first.specs, second.specs, second.edges) == ([a], [b], [(b, a)])
    assert second.wait_after_fail_s == 2.0
    assert build.empty
    assert a in build
    third = build.take(1.0)
    assert (third.path, third.specs, third.edges) == ("g.3", [], [])


def test_what_was_executed_waits_for_nothing_more():
    """Only the other way round can mean anything."""
    a, b = spec("a"), spec("b")
    build = built(a)
    build.take(1.0)
    build.add(b)
    with pytest.raises(UsageError, match="operation a was executed already"):
        build.depend(a, b)


def test_nothing_is_added_to_a_subgraph_that_was_executed():
    """It has ended, or never will start."""
    box = sub("box")
    build = built(box)
    build.take(1.0)
    with pytest.raises(UsageError, match="subgraph box was executed already"):
        build.add(spec("late", box))


def test_a_task_may_be_added_before_the_subgraph_it_was_put_into():
    """Parents are stored before their members."""
    task, outer = spec("task"), sub("outer")
    inner = sub("inner", outer)
    build = built(task, inner, outer)
    task.parent = inner
    assert build.take(1.0).specs == [outer, inner, task]


def test_a_task_of_a_subgraph_that_is_not_there_is_refused():
    """And so is an edge to a task that was not added."""
    with pytest.raises(UsageError, match="operation lost is in subgraph box, which is not executed with it"):
        built(spec("lost", sub("box"))).take(1.0)
    a = spec("a")
    with pytest.raises(UsageError, match="operation stranger is part of a dependency"):
        built(a, edges=[(a, spec("stranger"))]).take(1.0)
