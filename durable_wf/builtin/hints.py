"""Which instances of an entity a person would rather have taken away, or kept. Source: workflow-api §10.8."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from durable_wf.authoring.nodes import CONTAINED_IN

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from durable_wf.authoring.node_instances import CloudifyWorkflowNodeInstance
    from durable_wf.authoring.workflow_ctx import WorkflowContext

    Place = tuple[str | None, tuple[str, ...]]


class Hints(NamedTuple):
    """Ids of node instances; for a group also of its own instances."""

    include: list[str]
    exclude: list[str]


class Entity(NamedTuple):
    """What is scaled.

    name     of a node or a scaling group
    group    whether it is a group
    current  its instances in each place
    """

    name: str
    group: bool
    current: int


def as_ids(given: Any) -> list[str]:
    """A list of ids; one that is written as a text is one."""
    if not given:
        return []
    return [given] if isinstance(given, str) else list(given)


def check_hints(
    ctx: WorkflowContext, entity: Entity, wanted: int, hints: Hints, *, scale_compute: bool, leaving: Collection[str]
) -> None:
    """Refuse hints that cannot be heeded.

    wanted   instances of the entity in each place in the end
    leaving  ids of node instances that are gone before
    raises   RuntimeError naming all that is wrong
    """
    there = {one.id: one for one in ctx.node_instances if one.id not in leaving}
    problems = list(_problems(entity, wanted, hints, there, scale_compute=scale_compute))
    if problems:
        raise RuntimeError(" ".join(problems))


def _problems(
    entity: Entity,
    wanted: int,
    hints: Hints,
    there: Mapping[str, CloudifyWorkflowNodeInstance],
    *,
    scale_compute: bool,
) -> Iterator[str]:
    if scale_compute:
        yield "Node instances cannot be included or excluded when scale_compute is true."
    places = _places(entity, there)
    meant = {each: _meant(entity, each, there, places) for each in (*hints.include, *hints.exclude)}
    for what, ids in (("included", hints.include), ("excluded", hints.exclude)):
        unknown = [each for each in dict.fromkeys(ids) if meant[each] is None]
        if unknown:
            yield f"These {what} instances do not exist in '{entity.name}': {', '.join(unknown)}."
    kept = {meant[each] for each in hints.exclude} - {None}
    both = [each for each in dict.fromkeys(hints.include) if meant[each] in kept]
    if both:
        yield f"These instances are both included and excluded: {', '.join(both)}."
    most = max(Counter(places[one] for one in kept if one is not None).values(), default=0)
    if most > wanted:
        yield f"Too many instances are excluded: {most} would stay where {wanted} of '{entity.name}' shall be left."


def _places(entity: Entity, there: Mapping[str, CloudifyWorkflowNodeInstance]) -> dict[str, Place]:
    """The instances of the entity by id, each with the place in which it is counted: its container and outer groups."""
    if not entity.group:
        return {
            one.id: (_container(one), tuple(group["id"] for group in one.scaling_groups))
            for one in there.values()
            if one.node_id == entity.name
        }
    found: dict[str, Place] = {}
    for one in there.values():
        groups = one.scaling_groups
        at = next((no for no, group in enumerate(groups) if group["name"] == entity.name), None)
        if at is not None and groups[at]["id"] not in found:
            outer = tuple(group["id"] for group in groups[at + 1 :])
            found[groups[at]["id"]] = (_outside(one, groups[at], there), outer)
    return found


def _meant(
    entity: Entity, hint: str, there: Mapping[str, CloudifyWorkflowNodeInstance], places: Mapping[str, Place]
) -> str | None:
    """The instance of the entity that a hint is for: itself, or, of a group, that in which it is; None for none."""
    if hint in places:
        return hint
    one = there.get(hint) if entity.group else None
    while one is not None:
        for group in one.scaling_groups:
            if group["name"] == entity.name:
                return str(group["id"])
        one = there.get(_container(one) or "")
    return None


def _outside(
    one: CloudifyWorkflowNodeInstance, group: dict[str, Any], there: Mapping[str, CloudifyWorkflowNodeInstance]
) -> str | None:
    """The innermost container of a member of a group instance that is not in that itself."""
    outer = _container(one)
    while outer is not None and outer in there and group in there[outer].scaling_groups:
        outer = _container(there[outer])
    return outer


def _container(one: CloudifyWorkflowNodeInstance) -> str | None:
    return next((each.target_id for each in one.relationships if each.relationship.is_derived_from(CONTAINED_IN)), None)
