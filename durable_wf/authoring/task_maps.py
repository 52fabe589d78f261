"""What waits for what, as mappings from tasks to sets of them: read by lifecycle code and tests (workflow-api §4.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from durable_wf.authoring.tasks import WorkflowTask

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from durable_wf.authoring.fixed_set import FixedSet
    from durable_wf.authoring.graphs import TaskDependencyGraph


class TaskMap(Mapping["WorkflowTask | str", "FixedSet[WorkflowTask]"]):
    """One direction. Keys are tasks or their ids; what has nothing has an empty set. Sets are copies."""

    def __init__(self, graph: TaskDependencyGraph, way: Callable[[WorkflowTask | str], FixedSet[WorkflowTask]]) -> None:
        self._graph = graph
        self._way = way

    def __getitem__(self, task: WorkflowTask | str) -> FixedSet[WorkflowTask]:
        return self._way(task)

    def __contains__(self, task: object) -> bool:
        return isinstance(task, (str, WorkflowTask)) and bool(self._way(task))

    def __iter__(self) -> Iterator[WorkflowTask]:
        return (task for task in self._graph.tasks if self._way(task))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return repr(dict(self.items()))
