"""Which instances a node's instances are related to. Source: reference/blueprint-dsl.md §15, §16."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

from durable_wf.dsl.containment import is_contained_in, is_single
from durable_wf.dsl.grouping import Hierarchy
from durable_wf.dsl.placing import Placed, within
from durable_wf.errors import InputError
from durable_wf.model.plan import InstanceRelationship, Node, Relationship

_Targets: TypeAlias = "Callable[[Placed], Sequence[Placed]]"


class SeveralTargets(InputError):
    """Who is related to one instance of a node is related to several, so it cannot be told to which."""

    code = "all-to-one-state"
    explanation = (
        "With `connection_type: all_to_one`, all instances of a node are related to the same instance of the other "
        "node. The deployment's are related to different ones, which happens where the type of the connection was "
        "changed. Instances cannot be added to either node before all are related to one."
    )


class Pairing:
    """The relationships of all instances.

    of  entity -> instances that stay or are new, by index; nothing new is related to others
    """

    def __init__(self, hierarchy: Hierarchy, of: Mapping[str, Sequence[Placed]]) -> None:
        self._hierarchy = hierarchy
        self._of = of

    def gained(self, node: Node) -> Iterator[tuple[Placed, tuple[InstanceRelationship, ...]]]:
        """The instances of a node by index, each with the relationships that it has not had: new ones with all.

        returns  relationships ordered by declaration, then by the target's index
        raises   SeveralTargets
        cost     linear in what is returned and what stood; within scaling groups, times how deep those lie
        """
        targets = [self._targets(node.name, *each) for each in enumerate(node.relationships)]
        for one in self._of[node.name]:
            relationships = [
                InstanceRelationship(position, each.type, each.target, target.id)
                for position, (each, of) in enumerate(zip(node.relationships, targets, strict=True))
                for target in of(one)
            ]
            yield one, tuple(relationships)

    def _targets(self, source: str, position: int, one: Relationship) -> _Targets:
        """What gives the targets of a relationship that an instance of its source has not had."""
        if is_contained_in(one):
            return lambda made: [made.container] if made.is_new and made.container else []
        targets = self._of[one.target]
        if is_single(one):
            return self._single(source, position, one.target)
        shared = self._hierarchy.shared_groups(source, one.target)
        if not shared:
            new = [each for each in targets if each.is_new]
            return lambda made: targets if made.is_new else new
        together = _together(targets, shared)
        news = _together([each for each in targets if each.is_new], shared)
        return lambda made: (together if made.is_new else news).get(within(made, shared), ())

    def _single(self, source: str, position: int, target: str) -> _Targets:
        """The target that all have; the smallest id where they have none, or theirs goes."""
        there = {each.id: each for each in self._of[target]}
        had = {one: _target_of(one, position) for one in self._of[source]}
        used = {each for each in had.values() if each in there}
        lacking = {one for one in self._of[source] if had[one] not in there}
        if not there or not lacking:
            return lambda _: ()
        if len(used) > 1:
            raise SeveralTargets(
                f"'{source}' is related to one instance of '{target}' (all_to_one), but its instances are "
                f"related to {len(used)}: {_some(sorted(map(str, used)))}",
                hint=f"scale '{target}' in first, so that only one of these is left",
            )
        single = [there[min(used or there, key=str)]]
        return lambda made: single if made in lacking else ()


def _target_of(one: Placed, position: int) -> str | None:
    """Id of the instance that the relationship at `position` pointed at."""
    of = one.stored.relationships if one.stored else ()
    return next((each.target_id for each in of if each.position == position), None)


def _together(targets: Iterable[Placed], shared: Sequence[str]) -> Mapping[tuple[Placed, ...], Sequence[Placed]]:
    found: dict[tuple[Placed, ...], list[Placed]] = {}
    for target in targets:
        found.setdefault(within(target, shared), []).append(target)
    return found


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (" …" if len(names) > 5 else "")  # noqa: PLR2004 - what fits on a line
