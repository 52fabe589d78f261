"""When a workflow may be started: its rules as written, and whether they hold.

Source: reference/blueprint-dsl.md §10 (availability_rules).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from durable_wf.model.declarations import Availability

if TYPE_CHECKING:
    from durable_wf.dsl.source import Value
    from durable_wf.model.plan import Node


def availability(value: Value | None) -> Availability:
    """The rules of a workflow as a plan has them; those that were reported are left out."""
    if value is None:
        return Availability()
    available = value.get("available")
    return Availability(
        available=available is None or available.content is not False,
        node_instances_active=_texts(value.get("node_instances_active")),
        node_types_required=_texts(value.get("node_types_required")),
    )


def _texts(value: Value | None) -> tuple[str, ...]:
    return tuple([item.text for item in value.items if item.text is not None]) if value else ()


def unavailable(rules: Availability, nodes: Mapping[str, Node], started: Iterable[bool]) -> str:
    """Which rule does not hold, as a sentence; '' if all do.

    started   for each instance of the deployment, whether it is started; where there are none, all and none are
    """
    if not rules.available:
        return "its rule is 'available: false'"
    wanted = rules.node_types_required
    if wanted and not any(name in node.type_hierarchy for node in nodes.values() for name in wanted):
        return f"its rule 'node_types_required' asks for a node of type {' or '.join(wanted)}, and there is none"
    states = list(started)
    active = sum(states)
    holds = {"all": active == len(states), "none": active == 0, "partial": 0 < active < len(states)}
    if rules.node_instances_active and not any(holds[one] for one in rules.node_instances_active):
        wanted_ = " or ".join(rules.node_instances_active)
        return f"its rule 'node_instances_active' asks for {wanted_}, and {active} of {len(states)} are started"
    return ""
