"""Random topologies: the planner against the independent model of `group_model.py`."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from durable_wf.dsl.deployment import plan_deployment
from durable_wf.dsl.problems import BlueprintError
from tests.dsl.group_model import Model
from tests.dsl.kit import compiled, suffixes
from tests.dsl.test_scaling_groups import blueprint, node


@st.composite
def models(draw):
    """Nodes contained in and related to earlier ones; groups of them, and groups of groups."""
    nodes = [f"n{n}" for n in range(draw(st.integers(1, 7)))]
    containers = {
        name: draw(st.sampled_from([None, None, *nodes[:index]])) if index else None for index, name in enumerate(nodes)
    }
    links = [
        (name, draw(st.sampled_from(nodes[:index])))
        for index, name in enumerate(nodes)
        for _ in range(draw(st.integers(0, 2)) if index else 0)
    ]
    groups = [f"g{n}" for n in range(draw(st.integers(0, 4)))]
    members = {name: [] for name in groups}
    for index, name in enumerate([*groups, *nodes]):
        owner = draw(st.sampled_from([None, *groups[: min(index, len(groups))]]))
        if owner is not None:
            members[owner].append(name)
    while empty := [name for name, each in members.items() if not each]:
        members = {name: [one for one in each if one not in empty] for name, each in members.items() if each}
    counts = {name: draw(st.sampled_from([0, 1, 1, 2, 2, 3])) for name in [*nodes, *members]}
    return Model(counts, containers, members, links)


def text_of(model):
    """The model as a blueprint."""
    templates = {}
    for name, container in model.containers.items():
        links = [("contained_in", container)] if container else []
        links += [("connected_to", target) for source, target in model.links if source == name]
        templates[name] = node(model.counts[name], *links)
    return blueprint({name: (model.counts[name], each) for name, each in model.members.items()}, **templates)


def compiled_or_codes(model):
    """The blueprint, or None and the codes of what is wrong with it."""
    try:
        return compiled(text_of(model)), set()
    except BlueprintError as error:
        return None, {one.code for one in error.problems}


@settings(max_examples=20)
@given(models())
def test_every_topology_is_planned_as_the_model_says(model):
    """Numbers of instances, groups, containers and pairs; or it is refused where the model says it cannot be."""
    made, codes = compiled_or_codes(model)
    assert codes == ({"mixed-group"} if model.is_mixed() else set())
    if made is None:
        return
    plan = plan_deployment(made, {}, suffixes())
    assert {name: list(group.members) for name, group in made.scaling_groups.items()} == {
        name: model.kept(name) for name in model.members
    }
    by_id = {one.id: one for one in plan.instances}
    for name in model.containers:
        found = [one for one in plan.instances if one.node == name]
        assert len(found) == model.size(name)
        assert [one.index for one in found] == list(range(1, len(found) + 1))
        for one in found:
            assert [group.name for group in one.scaling_groups] == model.group_chain(name)
        check_sharing(model, name, found, by_id)
        check_pairs(model, name, found)


def check_sharing(model, name, found, by_id):
    """Equally many instances in each instance of what the node is directly in."""
    size = len(found)
    if model.containers[name] and size:
        per = Counter(by_id[one.relationships[0].target_id].id for one in found)
        assert set(per.values()) == {size // model.size(model.containers[name])}
        assert len(per) == model.size(model.containers[name])
    for position, group in enumerate(model.group_chain(name)):
        per = Counter(one.scaling_groups[position].id for one in found)
        assert set(per.values()) <= {size // max(1, model.size(group))}


def check_pairs(model, name, found):
    """As many targets for each instance as the model pairs it with."""
    first = 1 if model.containers[name] else 0
    for offset, target in enumerate(target for source, target in model.links if source == name):
        pairs = [sum(one.position == first + offset for one in each.relationships) for each in found]
        assert sorted(pairs) == sorted(model.degrees(name, target))


@settings(max_examples=20)
@given(models())
def test_the_plan_depends_on_nothing_but_the_suffixes(model):
    """The same again, and the same but for ids with other suffixes."""
    made, _ = compiled_or_codes(model)
    if made is None:
        return
    plan = plan_deployment(made, {}, suffixes())
    assert plan == plan_deployment(made, {}, suffixes())
    numbers = iter(range(10**6 - 1, 0, -1))
    other = plan_deployment(made, {}, lambda: f"{next(numbers):06}")
    ids = {mine.id: theirs.id for mine, theirs in zip(plan.instances, other.instances, strict=True)}
    for mine, theirs in zip(plan.instances, other.instances, strict=True):
        assert [ids[one.target_id] for one in mine.relationships] == [one.target_id for one in theirs.relationships]
