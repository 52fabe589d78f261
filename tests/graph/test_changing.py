"""Taking out of a graph that is being built or that runs, handlers' additions, replacements, cycles through both."""

from itertools import pairwise

import pytest

from durable_wf.errors import UsageError
from durable_wf.graph.build import CycleError, GraphBuild
from durable_wf.model.rows import Kind
from tests.graph.kit import spec, sub


def chain(*specs, beside=()):
    """Each after the one before, and others beside them, executed."""
    build = GraphBuild("g")
    for one in (*specs, *beside):
        build.add(one)
    for one, other in pairwise(specs):
        build.depend(other, one)
    build.take(1.0)
    return build


def joined(m, n):
    """n tasks after m, with the knot between them."""
    build = GraphBuild("g")
    before, after = [spec(f"a{at}") for at in range(m)], [spec(f"b{at}") for at in range(n)]
    for one in (*before, *after):
        build.add(one)
    build.follow(before, after, None)
    return build, before, after


def test_a_hub_is_seen_through_and_expands_when_an_edge_is_cut():
    """All other pairs stay as they were."""
    build, before, after = joined(3, 2)
    assert [build.waits_for(one) for one in after] == [before, before]
    assert [build.awaited_by(one) for one in before] == [after] * 3
    build.unlink(after[0], before[1])
    assert build.waits_for(after[0]) == [before[0], before[2]]
    assert build.waits_for(after[1]) == before
    asked = build.take(1.0)
    assert not [one for one in asked.specs if one.kind is Kind.HUB]
    assert len(asked.edges) == 5


def test_chained_hubs_expand_as_far_as_is_needed():
    """Where what stood between two forkjoins was dropped."""
    build, before, middle = joined(2, 2)
    after = [spec("c0"), spec("c1")]
    for one in after:
        build.add(one)
    nop = spec("nop", kind=Kind.NOP)
    build.add(nop)
    build.remove(middle)
    [hub] = [one for one in build.new if one.kind is Kind.HUB]
    build.depend(nop, hub)
    build.follow([nop], after, None)
    build.bridge(nop)
    assert build.waits_for(after[0]) == before
    build.unlink(after[0], before[0])
    assert build.waits_for(after[0]) == [before[1]]
    assert build.waits_for(after[1]) == before


def test_an_edge_of_a_hub_that_was_executed_is_not_cut():
    """The journal has the knot; a task can be taken out instead."""
    build, before, after = joined(2, 2)
    build.take(1.0)
    with pytest.raises(UsageError, match="by a forkjoin that was executed already"):
        build.unlink(after[0], before[0])
    assert build.take(1.0).unlinked == []


def test_what_was_stored_is_taken_out_by_the_next_execute():
    """Only the top one of what is in each other; edges of what goes go with it."""
    box = sub("box")
    inner = sub("inner", box)
    member = spec("member", inner)
    a, b, c = (spec(name) for name in "abc")
    build = chain(a, b, c, beside=(box, inner, member))
    build.remove([b])
    build.remove([member])
    build.remove([box, inner, member])
    build.unlink(c, b)
    assert b not in build
    assert build.waits_for(c) == []
    assert build.awaited_by(a) == []
    asked = build.take(1.0)
    assert (asked.removed, asked.unlinked) == ([b, box], [])
    assert b not in build
    assert build.waits_for(c) == []
    with pytest.raises(UsageError, match="operation b was executed and taken out"):
        build.add(b)
    assert build.take(1.0).removed == []


def test_an_edge_that_was_stored_is_cut_and_may_come_back():
    """Before the next execute() it is as if nothing had been."""
    a, b = spec("a"), spec("b")
    build = chain(a, b)
    build.unlink(b, a)
    assert build.waits_for(b) == []
    build.consulted = a
    build.depend(b, a)
    assert build.waits_for(b) == [a]
    build.unlink(b, a)
    found = build.take_additions()
    assert (found.unlinked, found.edges) == ([(b, a)], [])
    assert build.waits_for(b) == build.awaited_by(a) == []


def test_new_members_go_with_their_hub_when_their_subgraph_is_taken_out():
    """Nothing of it is stored."""
    build, box = GraphBuild("g"), sub("box")
    members = [spec(name, box) for name in "abcd"]
    for one in (box, *members):
        build.add(one)
    build.follow(members[:2], members[2:], box)
    build.remove([box, *members])
    assert build.empty
    asked = build.take(1.0)
    assert (asked.specs, asked.edges, asked.removed) == ([], [], [])


def test_a_handler_adds_to_what_waits_and_nobody_else_does():
    """Only while it runs."""
    a, b, new = spec("a"), spec("b"), spec("new")
    build = chain(a, b)
    build.consulted = a
    build.add(new)
    build.depend(b, new)
    found = build.take_additions()
    assert (found.specs, found.edges) == ([new], [(b, new)])
    build.consulted = None
    assert build.waits_for(b) == [a, new]
    assert build.executes == 1
    with pytest.raises(UsageError, match="cannot wait for anything more"):
        build.depend(b, new)


def test_a_handler_that_failed_has_added_and_taken_nothing():
    """The graph is as it was."""
    a, b, new = spec("a"), spec("b"), spec("new")
    build = chain(a, b)
    build.consulted = a
    build.add(new)
    build.depend(b, new)
    build.remove([b])
    build.unlink(b, a)
    build.discard()
    assert new not in build
    assert build.waits_for(b) == [a]
    assert build.take_additions() == ([], [], [], [])


def test_a_circle_through_what_was_stored_is_found_and_nothing_has_changed():
    """By an edge of a task that waits, by a member of a subgraph that runs, or by a replacement."""
    a, b, box, c, new = spec("a"), spec("b"), sub("box"), spec("c"), spec("new")
    build = chain(a, b, box, c)
    build.consulted = a
    build.add(new)
    build.depend(new, c)
    build.depend(b, new)
    with pytest.raises(CycleError) as caught:
        build.take_additions()
    ring = str(caught.value).partition("circle: ")[2].split(" → ")
    assert ring[0] == ring[-1]
    assert set(ring) == {"operation new", "operation c", "subgraph box", "operation b"}
    assert build.is_new(new)
    build.discard()

    member = spec("member", box)
    build.add(member)
    build.depend(member, c)
    with pytest.raises(CycleError, match="operation member"):
        build.take_additions()
    build.discard()

    build.add(new)
    build.depend(new, c)
    with pytest.raises(CycleError, match="operation new"):
        build.take_additions(b, new)
    build.discard()
    assert build.take(1.0).specs == []


def test_a_replacement_takes_over_what_waits():
    """What waited for the one waits for the other, also for circles that come later."""
    a, b, c, new, more = (spec(name) for name in ("a", "b", "c", "new", "more"))
    build = chain(a, b, c)
    build.consulted = b
    build.add(new)
    found = build.take_additions(b, new)
    assert (found.specs, found.edges) == ([new], [])
    assert build.waits_for(c) == [new]
    assert build.waits_for(new) == [a]
    assert build.awaited_by(b) == []
    build.add(more)
    build.depend(more, c)
    build.depend(new, more)
    with pytest.raises(CycleError):
        build.take_additions()


def test_what_has_ended_waits_for_nothing():
    """It is let go of when its execute() has ended."""
    a, b = spec("a"), spec("b")
    build = chain(a, b)
    build.forget([a, b])
    assert build.waits_for(b) == []
    assert b in build
