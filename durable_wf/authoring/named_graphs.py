"""Graphs by name. Source: workflow-api §4.1 (`store`, `restore`), §6.2.

Nothing is written: a replay builds every graph again and finds its tasks in the journal. A name is remembered for the
length of one run of the function.
"""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

from durable_wf.authoring import task_classes
from durable_wf.authoring.builtin_tasks import (
    GetNodeInstanceStateTask,
    SendNodeEventTask,
    SendWorkflowEventTask,
    SetNodeInstanceStateTask,
    UpdateExecutionStatusTask,
)
from durable_wf.authoring.current import current_workflow_ctx
from durable_wf.authoring.functions import find
from durable_wf.authoring.subgraphs import SubgraphTask
from durable_wf.authoring.task_states import TERMINATED_STATES
from durable_wf.authoring.tasks import WorkflowTask

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from durable_wf.authoring.graphs import TaskDependencyGraph

_CLASSES: Mapping[str, type[WorkflowTask]] = {
    kind.__name__: kind
    for kind in (
        task_classes.LocalWorkflowTask,
        task_classes.RemoteWorkflowTask,
        task_classes.NOPLocalWorkflowTask,
        task_classes.DryRunLocalWorkflowTask,
        SetNodeInstanceStateTask,
        GetNodeInstanceStateTask,
        SendNodeEventTask,
        SendWorkflowEventTask,
        UpdateExecutionStatusTask,
        SubgraphTask,
    )
}


def make_or_get_graph(f: Callable[..., TaskDependencyGraph]) -> Callable[..., TaskDependencyGraph]:
    """Decorator of a function that builds a graph: its callers give a `name` too.

    In a replay the function builds again, and what has ended is answered from the journal.

    raises  KeyError without a name
    """

    @wraps(f)
    def named(*args: Any, **kwargs: Any) -> TaskDependencyGraph:
        name = kwargs.pop("name")
        graphs = current_workflow_ctx.get_ctx().internal.named_graphs
        if name in graphs:
            return graphs[name]  # type: ignore[no-any-return]
        graph = f(*args, **kwargs)
        store(graph, name, optimize=True)
        return graph

    return named


def store(graph: TaskDependencyGraph, name: str, *, optimize: bool) -> None:
    """Remember a graph under a name; see `TaskDependencyGraph.store`."""
    if optimize:
        graph.optimize()
    graph.id = graph.home.id_of(f"graph {name}")
    internal = getattr(graph.home.ctx, "internal", None)
    if internal is not None:
        internal.named_graphs[name] = graph


def operations_of(internal: Any, graph_id: str) -> list[dict[str, Any]]:
    """The tasks of a named graph that have not ended, as plain data.

    raises  NonRecoverableError for a handler that could not be found again
    """
    return [record for graph in internal.named_graphs.values() if graph.id == graph_id for record in dump(graph)]


def dump(graph: TaskDependencyGraph) -> list[dict[str, Any]]:
    """Every task as plain data, with the ids of what it waits for."""
    return [
        {**task.dump(), "dependencies": [one.id for one in graph.waits_for(task)], "tasks_graph_id": graph.id}
        for task in graph.linearize()
    ]


def restore(graph: TaskDependencyGraph, records: list[dict[str, Any]]) -> None:
    """Add the tasks that `dump` described to an empty graph; ended ones are left out, with what waited for them.

    raises  RuntimeError for a class that is no task's
    """
    open_ones = [record for record in records if record.get("state") not in TERMINATED_STATES]
    for record in open_ones:
        graph.add_task(_class_of(record["type"]).restore(graph.workflow_context, graph, record))
    for record in open_ones:
        for on in record.get("dependencies", ()):
            if graph.get_task(on) is not None:
                graph.add_dependency(record["id"], on)


def _class_of(name: str) -> type[WorkflowTask]:
    found: Any = _CLASSES.get(name)
    if found is None and ("." in name or ":" in name):
        found = find(name)
    if not (isinstance(found, type) and issubclass(found, WorkflowTask)):
        text = f"{name} is no class of tasks: it must be derived from WorkflowTask"
        raise RuntimeError(text)  # noqa: TRY004 - the reference's class (workflow-api §3.9)
    return found


__all__ = ["dump", "make_or_get_graph", "operations_of", "restore", "store"]
