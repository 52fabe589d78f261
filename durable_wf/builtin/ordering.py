"""The order between what is done to instances: by their relationships. Source: workflow-api §10.5."""

from __future__ import annotations

from typing import TYPE_CHECKING

from durable_wf.builtin.steps import LIFECYCLE, leaves

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from durable_wf.authoring.graphs import TaskDependencyGraph
    from durable_wf.authoring.node_instances import (
        CloudifyWorkflowNodeInstance,
        CloudifyWorkflowRelationshipInstance,
    )
    from durable_wf.authoring.nodes import CloudifyWorkflowRelationship
    from durable_wf.authoring.subgraphs import SubgraphTask
    from durable_wf.authoring.tasks import WorkflowTask

    Tied = Callable[[CloudifyWorkflowNodeInstance, CloudifyWorkflowRelationshipInstance], None]


class Order:
    """Ties the subgraphs of instances together.

    subgraphs  by instance id: of all instances through which order goes
    forwards   what an instance points at comes first; else it comes last
    whole      a relationship that names an operation to wait for is as any other
    """

    def __init__(
        self,
        graph: TaskDependencyGraph,
        subgraphs: Mapping[str, SubgraphTask],
        *,
        forwards: bool,
        whole: bool = False,
    ) -> None:
        self._graph = graph
        self._subgraphs = subgraphs
        self._forwards = forwards
        self._whole = whole
        self._by_operation: dict[str, dict[str, list[WorkflowTask]]] = {}

    def tie(self, instances: Iterable[CloudifyWorkflowNodeInstance], then: Tied | None = None) -> None:
        """Make each of these wait for what its relationships point at, or the other way round.

        then  called for each relationship between two of the subgraphs
        """
        waits: dict[CloudifyWorkflowRelationship, dict[str, dict[str, None]]] = {}
        for instance in instances:
            found = list(instance.relationships)
            for rel in found if self._forwards else reversed(found):
                if rel.target_id in self._subgraphs:
                    later, earlier = (instance.id, rel.target_id) if self._forwards else (rel.target_id, instance.id)
                    operation = None if self._whole else rel.relationship.properties.get("operation")
                    if operation:
                        self._tie_to_operation(later, earlier, f"{LIFECYCLE}.{operation}")
                    else:
                        waits.setdefault(rel.relationship, {}).setdefault(later, {})[earlier] = None
                    if then is not None:
                        then(instance, rel)
        for between in waits.values():
            self._tie_whole(between)

    def _tie_whole(self, waits: Mapping[str, Mapping[str, None]]) -> None:
        """Make each of these wait for those; where many wait for the same many, by one knot between them (P15)."""
        by_earlier: dict[tuple[str, ...], list[str]] = {}
        for later, earlier in waits.items():
            by_earlier.setdefault(tuple(earlier), []).append(later)
        for before, after in by_earlier.items():
            self._graph.follow([self._subgraphs[one] for one in before], [self._subgraphs[one] for one in after])

    def _tie_to_operation(self, later: str, earlier: str, operation: str) -> None:
        for task in self._operations(earlier).get(operation, ()):
            for after in self._graph.awaited_by(task):
                self._graph.add_dependency(self._subgraphs[later], after)

    def _operations(self, instance: str) -> dict[str, list[WorkflowTask]]:
        """The tasks of an instance's subgraph by what they run; looked through once, however many wait for them."""
        if instance not in self._by_operation:
            found: dict[str, list[WorkflowTask]] = {}
            for task in leaves(self._subgraphs[instance]):
                found.setdefault(task.spec.name, []).append(task)
            self._by_operation[instance] = found
        return self._by_operation[instance]
