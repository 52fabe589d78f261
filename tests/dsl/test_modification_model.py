"""Random topologies modified again and again: against the model of `group_model.py`, and against brute force."""

from collections import Counter
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from durable_wf.dsl.containment import CONTAINED_IN, HOST
from durable_wf.dsl.instances import plan_instances
from durable_wf.dsl.modification import finished, started
from durable_wf.model.groups import Scalable, ScalingGroup
from durable_wf.model.plan import Node, Relationship
from tests.dsl.group_model import Model, coordinates
from tests.dsl.kit import suffixes
from tests.dsl.modified import Living
from tests.dsl.test_group_model import models

CONNECTED = "cloudify.relationships.connected_to"
ROOT = "cloudify.nodes.Root"


@st.composite
def topologies(draw):
    """Models that can be deployed, with both types of connection and with hosts."""
    model = draw(models())
    members = dict(model.members)
    while model.is_mixed():
        del members[max(members)]
        kept = {name: [one for one in each if one[0] == "n" or one in members] for name, each in members.items()}
        members = {name: each for name, each in kept.items() if each}
        model = Model(model.counts, model.containers, members, model.links)
    single = {n for n, link in enumerate(model.links) if not model.shared(*link) and draw(st.booleans())}
    hosts = draw(st.sets(st.sampled_from(sorted(model.containers))))
    return Model(model.counts, model.containers, members, model.links, single, hosts)


def living(model):
    """The model as a deployment that stands. What compiling makes of such a text is tested in `test_group_model.py`."""
    nodes = {name: node_of(model, name) for name in model.containers}
    groups = {
        name: ScalingGroup(tuple(model.kept(name)), "p", model.places[name], Scalable(model.counts[name]))
        for name in model.members
    }
    return Living(nodes, groups, plan_instances(nodes, suffixes(), groups))


def node_of(model, name):
    links = [Relationship(CONTAINED_IN, (CONTAINED_IN,), model.containers[name])] if model.containers[name] else []
    links += [
        Relationship(CONNECTED, (CONNECTED,), target, {"connection_type": "all_to_one"} if n in model.single else {})
        for n, (source, target) in enumerate(model.links)
        if source == name
    ]
    kind = HOST if name in model.hosts else ROOT
    return Node(name, kind, (ROOT, kind), relationships=tuple(links), scalable=Scalable(model.counts[name]))


@st.composite
def changes(draw, model, ids):
    """What is wanted of some entities; hints are ids of anything."""
    names = draw(st.lists(st.sampled_from(sorted({*model.containers, *model.members})), max_size=3, unique=True))
    hints = st.lists(st.sampled_from(ids), max_size=4) if ids else st.just([])
    return {
        name: {
            "instances": draw(st.integers(0, 3)),
            "removed_ids_include_hint": draw(hints),
            "removed_ids_exclude_hint": draw(hints),
        }
        for name in names
    }


@given(st.data())
def test_finish_gives_what_planning_from_nothing_with_the_new_counts_would_give(data):
    """Up to ids and indexes, whatever was done before; and no id comes again."""
    model = data.draw(topologies())
    deployment = living(model)
    check_like(model, deployment)
    for _ in range(data.draw(st.integers(1, 4))):
        ids = sorted(deployment.used)
        wanted = data.draw(changes(model, ids))
        before = {one.id: one for one in deployment.instances}
        planned = deployment.modify(wanted)
        model.counts.update({name: each["instances"] for name, each in wanted.items()})
        check_like(model, deployment)
        assert not {one.id for one in planned.new_instances} & set(ids)
        assert not {one.id for one in planned.groups_added} & set(ids)
        check_hints(model, wanted, before, planned)
        for one in deployment.instances:
            if one.id in before:
                assert one == replace(before[one.id], relationships=one.relationships)


def check_like(model, deployment):
    """The instances are isomorphic to the model's: they choose the same numbers, and are related by them."""
    at = coordinates(model, deployment.instances)
    for name in model.containers:
        of_node = deployment.all_of(name)
        chosen = Counter(frozenset(at[one.id].items()) for one in of_node)
        assert chosen == Counter(frozenset(each.items()) for each in model.instances(name))
        assert len({one.index for one in of_node}) == len(of_node)
        for one in of_node:
            assert [group.name for group in one.scaling_groups] == model.group_chain(name)
            host = model.hosted(name)
            same = (
                [each.id for each in deployment.all_of(host) if at[each.id].items() <= at[one.id].items()]
                if host
                else []
            )
            assert one.host_id == (same[0] if host else None)
        check_targets(model, deployment, name, at)


def check_targets(model, deployment, name, at):
    """Every instance of a node is related to those that the model pairs it with, ordered by position and index."""
    first = 1 if model.containers[name] else 0
    index = {one.id: one.index for one in deployment.instances}
    own = [(n, target) for n, (source, target) in enumerate(model.links) if source == name]
    for one in deployment.all_of(name):
        order = [(each.position, index[each.target_id]) for each in one.relationships]
        assert order == sorted(set(order))
        assert [each.position for each in one.relationships][:first] == [0] * first
    for position, (n, target) in enumerate(own, start=first):
        found = {
            one.id: {each.target_id for each in one.relationships if each.position == position}
            for one in deployment.all_of(name)
        }
        targets = deployment.ids(target)
        if n in model.single:
            assert len(set(map(frozenset, found.values()))) <= 1
            assert all(len(each) == min(1, len(targets)) for each in found.values())
        else:
            for own_id, each in found.items():
                assert each == {other for other in targets if model.pairs(name, target, at[own_id], at[other])}


def check_hints(model, wanted, before, planned):
    """§16, for every place that stays and gets fewer of something: included ones go first, excluded ones last."""
    gone = planned.removed_ids | {group.id for group in planned.groups_removed}
    for name, change in wanted.items():
        meant = [
            {found for each in change[hint] for found in meaning(model, name, each, before)}
            for hint in ("removed_ids_include_hint", "removed_ids_exclude_hint")
        ]
        for place, here in by_place(model, name, before).items():
            leaving = here & gone
            if place & gone:
                assert leaving == here
                continue
            included, excluded = here & meant[0], here & meant[1] - meant[0]
            assert len(leaving) == max(0, len(here) - change["instances"])
            assert leaving <= included or included <= leaving
            assert not leaving & excluded or here - excluded <= leaving
            others = here - included - excluded if name in model.containers else set()
            assert all(before[a].index > before[b].index for a in others & leaving for b in others - leaving)


def chain_of(model, one, before):
    """A node instance and all that contains it."""
    found = [one]
    while model.containers[one.node]:
        one = before[one.relationships[0].target_id]
        found.append(one)
    return found


def meaning(model, name, hint, before):
    """Ids of the instances of an entity that a hint means: itself, or the group instance that something is in."""
    if name in model.containers:
        return {hint}
    above = {}
    for one in before.values():
        inside = [group for each in chain_of(model, one, before) for group in each.scaling_groups]
        above[one.id] = {group.id for group in inside if group.name == name}
        for group in one.scaling_groups:
            above.setdefault(group.id, set()).update(above_group(model, group, one, name, before))
    return above.get(hint, set())


def above_group(model, group, one, name, before):
    """Ids of the instances of the group `name` that an instance of a group is, or is in; `one` is in that."""
    chain = chain_of(model, one, before)
    names = [each.node for each in chain]
    lies_in = chain[names.index(model.places[group.name]) :] if model.places[group.name] else []
    own = one.scaling_groups[one.scaling_groups.index(group) :]
    inside = [*own, *(each for container in lies_in for each in container.scaling_groups)]
    return {each.id for each in inside if each.name == name}


def by_place(model, name, before):
    """What an entity's instances are directly in -> their ids."""
    found = {}
    for one in before.values():
        chain = chain_of(model, one, before)
        groups = [group for group in one.scaling_groups if group.name == name]
        outer = one.scaling_groups[one.scaling_groups.index(groups[0]) + 1 :] if groups else one.scaling_groups
        if groups:
            lies_in = [each.id for each in chain if each.node == model.places[name]]
            found.setdefault(frozenset([*lies_in, *(each.id for each in outer[:1])]), set()).add(groups[0].id)
        elif one.node == name:
            above = [each.id for each in chain[1:2]] + [each.id for each in outer[:1]]
            found.setdefault(frozenset(above), set()).add(one.id)
    return found


def by_id(changed):
    return {one.id: (one.modification, one.instance.relationships) for one in changed}


def between(instances, chosen):
    """The instances of `chosen` with all their relationships, and their neighbours with those to them."""
    found = {one.id: tuple(r for r in one.relationships if r.target_id in chosen) for one in instances}
    near = {r.target_id for one in instances if one.id in chosen for r in one.relationships}
    return {
        one.id: one.relationships if one.id in chosen else found[one.id]
        for one in instances
        if one.id in chosen or found[one.id] or one.id in near
    }


@given(st.data())
def test_the_lists_are_the_difference_between_before_and_after(data):
    """Told by brute force from the instances before the start, after it, and after the finish."""
    model = data.draw(topologies())
    deployment = living(model)
    for _ in range(data.draw(st.integers(1, 2))):
        wanted = data.draw(changes(model, sorted(deployment.used)))
        before = deployment.instances
        planned = deployment.planned(wanted)
        assert planned == deployment.planned(wanted)
        during = started(before, planned)
        after = finished(during, planned)
        deployment.modify(wanted)
        assert deployment.instances == after
        check_lists(planned, before, after)
        check_undoing(before, during, planned)


def check_lists(planned, before, after):
    old, new = ({one.id: set(one.relationships) for one in instances} for instances in (before, after))
    both = old.keys() & new.keys()
    assert list_of(planned.added, "added") == new.keys() - old.keys()
    assert list_of(planned.removed, "removed") == old.keys() - new.keys()
    added, removed = by_id(planned.added), by_id(planned.removed)
    assert {name: each for name, (_, each) in added.items()} == between(after, new.keys() - old.keys())
    assert {name: each for name, (_, each) in removed.items()} == between(before, old.keys() - new.keys())
    gained = {name: new[name] - old[name] for name in both if new[name] - old[name]}
    lost = {name: old[name] - new[name] for name in both if old[name] - new[name]}
    extended, reduced = by_id(planned.extended), by_id(planned.reduced)
    assert {name: set(each) for name, (mark, each) in extended.items() if mark == "extended"} == gained
    assert {name: set(each) for name, (mark, each) in reduced.items() if mark == "reduced"} == lost
    led_to = {each.target_id for found in gained.values() for each in found}
    assert {name for name, (mark, each) in extended.items() if not (mark or each)} == (led_to & both) - gained.keys()
    assert extended.keys() == gained.keys() | (led_to & both)
    assert reduced.keys() == lost.keys()
    check_mirrors(planned, old, new)


def list_of(changed, marker):
    """Ids of those with the marker; the others have none."""
    assert {one.modification for one in changed} <= {marker, None}
    assert len({one.id for one in changed}) == len(changed)
    return {one.id for one in changed if one.modification}


def check_mirrors(planned, old, new):
    """Whoever a listed relationship leads to is listed too, but for new ones in `extended` and removed in `reduced`."""
    elsewhere = (set(), set(), new.keys() - old.keys(), old.keys() - new.keys())
    for changed, others in zip(
        (planned.added, planned.removed, planned.extended, planned.reduced), elsewhere, strict=True
    ):
        listed = {one.id for one in changed} | others
        assert all(each.target_id in listed for one in changed for each in one.instance.relationships)


def check_undoing(before, during, planned):
    """Without what was added and gained, those that have started are those before."""
    new = {one.id for one in planned.new_instances}
    gained = {one.id: set(one.instance.relationships) for one in planned.extended}
    undone = [
        replace(one, relationships=tuple(r for r in one.relationships if r not in gained.get(one.id, ())))
        for one in during
        if one.id not in new
    ]
    assert undone == list(before)


@given(st.data())
def test_back_to_the_counts_of_before_takes_what_was_added(data):
    """Out and in again: the newest go, so the same instances are left, each related to the same ones."""
    model = data.draw(topologies())
    deployment = living(model)
    before = deployment.instances
    names = data.draw(st.lists(st.sampled_from(sorted({*model.containers, *model.members})), max_size=3, unique=True))
    deployment.scaled(**{name: model.counts[name] + data.draw(st.integers(0, 2)) for name in names})
    deployment.scaled(**{name: model.counts[name] for name in names})
    assert {one.id: one for one in deployment.instances} == {one.id: one for one in before}
