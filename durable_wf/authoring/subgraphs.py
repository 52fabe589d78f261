"""A graph inside a graph: itself a task, in sequences and dependencies. Source: workflow-api §4.5.

Unlike there: running members of a failed subgraph are waited for, and `retry_after` delays its replacement.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from durable_wf.authoring.custom import UNSET
from durable_wf.authoring.requests import subgraph_spec
from durable_wf.authoring.sequences import TaskSequence
from durable_wf.authoring.task_states import (
    DEFAULT_RETRY_INTERVAL,
    DEFAULT_SEND_TASK_EVENTS,
    DEFAULT_SUBGRAPH_TOTAL_RETRIES,
    TASK_FAILED,
)
from durable_wf.authoring.tasks import EngineTask, WorkflowTask

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from durable_wf.authoring.graphs import TaskDependencyGraph
    from durable_wf.authoring.tasks import Handler
    from durable_wf.model.events import Spec


class SubgraphTask(EngineTask):
    """A subgraph. Its members start after it has; it ends when they have, and fails if one of them does.

    graph    the graph that it is in
    members  everything that was put into it, by spec
    """

    __slots__ = ("_failed_task", "graph", "members")

    is_subgraph = True

    def __init__(
        self,
        graph: TaskDependencyGraph,
        task_id: str | None = None,
        info: Any = None,
        on_success: Handler | None = None,
        on_failure: Handler | None = None,
        total_retries: int = DEFAULT_SUBGRAPH_TOTAL_RETRIES,
        retry_interval: float = DEFAULT_RETRY_INTERVAL,
        send_task_events: bool = DEFAULT_SEND_TASK_EVENTS,
    ) -> None:
        name = info.get("name") if isinstance(info, dict) else None
        self.settle(graph.home, subgraph_spec(str(name or ""), total_retries, retry_interval))
        self.graph = graph
        self.members: dict[Spec, WorkflowTask] = {}
        self._failed_task: WorkflowTask | None = None
        self.fill(task_id, info, on_success, on_failure)
        self.send_task_events = send_task_events
        if not name:
            self.spec.name = self.id

    @property
    def tasks(self) -> dict[str, WorkflowTask]:
        """Its members by id that have not ended, as of what the function was shown last; a copy."""
        return {task.id: task for task in self.graph.live(self.members)}

    @property
    def failed_task(self) -> WorkflowTask | None:
        """The first of its tasks that failed; None while none has, as far as the function knows."""
        if self.consult is not None:
            return None if self.consult.failed is None else self.graph.task_of(self.consult.failed)
        if self._failed_task is None:
            numbers = self.detail().get("failures") or ()
            found = {task.spec.no: task for task in self.everything() if task.spec.no}
            self._failed_task = next((found[number] for number in numbers if number in found), None)
        return self._failed_task

    @failed_task.setter
    def failed_task(self, task: WorkflowTask | None) -> None:
        self._failed_task = task

    def set_state(self, state: str, result: Any = UNSET, exception: BaseException | None = None) -> None:
        """As a task's. A handler of what is in it may say that it has failed: it does so with that task."""
        if state == TASK_FAILED and self._is_around(self.home.consulted):
            self.home.fails_around = True
        else:
            super().set_state(state, result, exception)

    def _is_around(self, task: WorkflowTask | None) -> bool:
        around = None if task is None else task.containing_subgraph
        while around is not None and around is not self:
            around = around.containing_subgraph
        return around is self

    def everything(self) -> Iterator[WorkflowTask]:
        """All that was put into it, however deep."""
        stack = list(self.members.values())
        seen: set[Spec] = set()
        while stack:
            task = stack.pop()
            if task.spec not in seen:
                seen.add(task.spec)
                yield task
                if isinstance(task, SubgraphTask):
                    stack.extend(task.members.values())

    def add_task(self, task: WorkflowTask) -> None:
        """Put a task into it.

        raises  RuntimeError when it is in another subgraph; UsageError when this one has been executed
        """
        self.graph.add_into(task, self)

    def remove_task(self, task: WorkflowTask | str) -> None:
        """As the graph's."""
        self.graph.remove_task(task)

    def add_dependency(self, src_task: WorkflowTask | str, dst_task: WorkflowTask | str) -> None:
        """`src_task` waits for `dst_task`."""
        self.graph.add_dependency(src_task, dst_task)

    def remove_dependency(self, src_task: WorkflowTask | str, dst_task: WorkflowTask | str) -> None:
        """As the graph's."""
        self.graph.remove_dependency(src_task, dst_task)

    def sequence(self) -> TaskSequence:
        """A new, empty sequence inside the subgraph."""
        return TaskSequence(self)

    def subgraph(self, name: str) -> SubgraphTask:
        """A new subgraph inside this one."""
        return self.graph.new_subgraph(name, self)

    def follow(self, before: list[WorkflowTask], after: list[WorkflowTask]) -> None:
        """As the graph's, inside the subgraph."""
        self.graph.follow(before, after, self)

    def apply_async(self) -> NoReturn:
        """A subgraph cannot run by itself: its graph runs it.

        raises  NotImplementedError
        """
        text = f"{self!r} is run by its graph's execute()"
        raise NotImplementedError(text)

    @classmethod
    def restore(cls, ctx: Any, graph: Any, task_descr: Mapping[str, Any]) -> WorkflowTask:
        """An empty subgraph of that name, in the graph; its members are restored after it."""
        del ctx
        from durable_wf.authoring import dumps

        parameters = task_descr["parameters"]
        made = cls(graph, task_id=task_descr["id"], info=parameters.get("info"))
        dumps.settle(made, graph, task_descr)
        return made
