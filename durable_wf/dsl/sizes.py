"""How large a deployment would be, told from counts before anything is made. Source: reference/blueprint-dsl.md §15."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from durable_wf.dsl.containment import is_single
from durable_wf.dsl.grouping import Hierarchy
from durable_wf.errors import InputError
from durable_wf.model.groups import ScalingGroup
from durable_wf.model.plan import Node, Relationship

MAX_INSTANCES = 100_000
MAX_RELATIONSHIPS = 1_000_000


class TooManyInstances(InputError):
    """A deployment would be larger than what can be handled."""

    code = "too-many-instances"
    explanation = (
        "Instances multiply where nodes are contained in each other or in scaling groups, and relationships between "
        f"all instances of two nodes multiply too. A deployment may have {MAX_INSTANCES} instances of nodes and "
        f"groups, and {MAX_RELATIONSHIPS} relationships between them."
    )


def check_size(
    nodes: Mapping[str, Node],
    groups: Mapping[str, ScalingGroup],
    hierarchy: Hierarchy,
    count: Callable[[str], int],
) -> None:
    """Refuse what is too large.

    count   entity (node or group) -> its instances in each place
    raises  TooManyInstances
    cost    linear in the nodes and their relationships, times how deep groups lie
    """
    sizes = _Sizes(groups, hierarchy, count)
    total = sum(sizes.of.values())
    if total > MAX_INSTANCES:
        what = "node and group instances" if groups else "node instances"
        raise TooManyInstances(f"the deployment would have {total} {what}; {MAX_INSTANCES} are allowed")
    edges = sum(sizes.edges(node.name, one) for node in nodes.values() for one in node.relationships)
    if edges > MAX_RELATIONSHIPS:
        message = f"the deployment would have {edges} relationships between instances; {MAX_RELATIONSHIPS} are allowed"
        raise TooManyInstances(message, hint="connection_type: all_to_one makes one for each source")


class _Sizes:
    """Instances of each entity, in all places together."""

    def __init__(self, groups: Mapping[str, ScalingGroup], hierarchy: Hierarchy, count: Callable[[str], int]) -> None:
        self._groups = groups
        self._hierarchy = hierarchy
        self.of: dict[str, int] = {}
        for name in hierarchy.in_order():
            self.of[name] = count(name) * self._places(name)

    def _places(self, name: str) -> int:
        group, container = self._hierarchy.above[name]
        if group is None or container is None:
            return self.of[group or container or ""] if group or container else 1
        outer = self._groups[group].container
        if outer == container or outer is None:
            return self.of[group]
        return self.of[group] * self.of[container] // max(1, self.of[outer])

    def edges(self, source: str, one: Relationship) -> int:
        if is_single(one):
            return self.of[source]
        shared = self._hierarchy.shared_groups(source, one.target)
        return self.of[source] * self.of[one.target] // max([1, *(self.of[name] for name in shared)])
