"""Which instance of a node a call means that names only the node.

Source: reference/blueprint-dsl.md §14, "get_attribute instance choice".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from durable_wf.dsl.outcomes import EvaluationError

if TYPE_CHECKING:
    from durable_wf.dsl.evaluate import At
    from durable_wf.dsl.views import InstanceView, Scope


def chosen(scope: Scope, node: str, at: At) -> InstanceView:
    """The only instance; else the only one that SELF has a relationship to; else the only one in the shared group.

    That is the smallest scaling group that the instance of the context (SELF, else SOURCE, else TARGET) shares with
    instances of the node.

    raises  EvaluationError where there is none, or where it cannot be told which is meant
    cost    linear in the node's instances times the depth of containment
    """
    found = scope.instances(node)
    if not found:
        raise EvaluationError(f"get_attribute: the node '{node}' has no instance")
    if len(found) == 1:
        return found[0]
    targets = _related(scope, at, found)
    if len(targets) == 1:
        return targets[0]
    for who in at:
        if who is not None and who.instance is not None:
            shared = _in_smallest_group(scope, scope.instance(who.instance), found)
            if len(shared) == 1:
                return shared[0]
    hint = "SELF must have a relationship to exactly one of them, or share a scaling group with exactly one"
    raise EvaluationError(f"get_attribute: the node '{node}' has {len(found)} instances", hint=hint)


def _related(scope: Scope, at: At, found: Sequence[InstanceView]) -> list[InstanceView]:
    if at.self is None or at.self.instance is None:
        return []
    targets = set(scope.instance(at.self.instance).target_ids)
    return [one for one in found if one.id in targets]


def _in_smallest_group(scope: Scope, context: InstanceView, found: Sequence[InstanceView]) -> list[InstanceView]:
    groups = [(one, dict(_groups(scope, one))) for one in found]
    for name, group_id in _groups(scope, context):
        if any(name in each for _, each in groups):
            return [one for one, each in groups if each.get(name) == group_id]
    return []


def _groups(scope: Scope, instance: InstanceView) -> list[tuple[str, str]]:
    """The scaling groups of an instance and of its containers, inner to outer."""
    found: list[tuple[str, str]] = []
    seen: set[str] = set()
    at: InstanceView | None = instance
    while at is not None and at.id not in seen:
        seen.add(at.id)
        found.extend(at.groups)
        at = scope.instance(at.container_id) if at.container_id is not None else None
    return found
