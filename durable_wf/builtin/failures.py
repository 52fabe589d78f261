"""What is done about failures in the life of a node instance. Source: workflow-api §10.6."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from durable_wf.authoring.handlers import HandlerResult, may_retry
from durable_wf.authoring.task_names import TASK_SUCCEEDED, SetNodeInstanceStateTask, SubgraphTask

if TYPE_CHECKING:
    from collections.abc import Callable

    from durable_wf.authoring.node_instances import CloudifyWorkflowNodeInstance
    from durable_wf.authoring.tasks import Handler, WorkflowTask

    Rebuild = Callable[[CloudifyWorkflowNodeInstance, Any, str | None], SubgraphTask]


class SubgraphOnFailure:
    """The handler of what is done to one instance: it is done again, as often as `subgraph_retries` says.

    Inside another such subgraph it only fails: the outer one is done again.

    rebuild  given the instance, the graph and the state of the instance now, makes what is done instead
    """

    def __init__(self, instance: CloudifyWorkflowNodeInstance, rebuild: Rebuild) -> None:
        self._instance = instance
        self._rebuild = rebuild

    def __call__(self, subgraph: SubgraphTask) -> HandlerResult:
        """Decide."""
        if subgraph.containing_subgraph is not None or not may_retry(subgraph, subgraph.current_retries):
            return HandlerResult.fail()
        result = HandlerResult.retry()
        state = reached(subgraph, self._instance)
        result.retried_task = self._rebuild(self._instance, subgraph.graph, state)
        result.retried_task.current_retries = subgraph.current_retries + 1
        return result


def reached(subgraph: SubgraphTask, instance: CloudifyWorkflowNodeInstance) -> str | None:
    """The state that an instance has come to in a subgraph: what was set last there, else what the view shows."""
    state = instance.state
    stack: list[WorkflowTask] = list(reversed(subgraph.members.values()))
    while stack:
        task = stack.pop()
        if isinstance(task, SubgraphTask):
            stack.extend(reversed(task.members.values()))
        elif _has_set(task, instance):
            state = str(task.info)
    return state


def _has_set(task: WorkflowTask, instance: CloudifyWorkflowNodeInstance) -> bool:
    ours = isinstance(task, SetNodeInstanceStateTask) and task.spec.target == instance.id
    return ours and task.get_state() == TASK_SUCCEEDED


def ignoring(instance: CloudifyWorkflowNodeInstance) -> Handler:
    """A handler that tells of the failure, and ignores it."""

    def ignore(task: WorkflowTask) -> HandlerResult:
        told = instance.send_event(f"Ignoring task {task.name} failure")
        graph = task.containing_subgraph
        if graph is not None:
            graph.add_task(told)
        return HandlerResult.ignore()

    return ignore
