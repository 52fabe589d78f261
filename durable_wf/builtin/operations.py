"""One operation of many node instances: execute_operation, and what is made of it. Source: workflow-api §10.7."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from durable_wf.builtin.ordering import Order
from durable_wf.builtin.selection import in_order
from durable_wf.builtin.steps import operation

if TYPE_CHECKING:
    from collections.abc import Callable

    from durable_wf.authoring.node_instances import CloudifyWorkflowNodeInstance
    from durable_wf.authoring.subgraphs import SubgraphTask
    from durable_wf.authoring.workflow_ctx import WorkflowContext
    from durable_wf.builtin.selection import Instances

    Fill = Callable[[CloudifyWorkflowNodeInstance, SubgraphTask], None]


def run_on(ctx: WorkflowContext, selected: Instances, fill: Fill, *, in_dependency_order: bool, name: str) -> None:
    """A graph of a subgraph for each instance, named by its id; executed.

    fill                 puts into a subgraph what is done to its instance
    in_dependency_order  what an instance points at comes first, however many instances that are not selected are
                         between them
    raises               WorkflowFailed, ExecutionCancelled
    """
    chosen = in_order(selected)
    if not chosen:
        return
    graph = ctx.graph_mode()
    subgraphs = {}
    for instance in chosen:
        subgraphs[instance.id] = graph.subgraph(instance.id)
        fill(instance, subgraphs[instance.id])
    if in_dependency_order:
        everything = list(ctx.node_instances)
        for instance in everything:
            if instance.id not in subgraphs:
                subgraphs[instance.id] = graph.subgraph(f"stub_{instance.id}")
        Order(graph, subgraphs, forwards=True, whole=True).tie(everything)
    graph.store(name, optimize=False)
    graph.execute()


def execute_operation(
    ctx: WorkflowContext,
    name: str,
    kwargs: dict[str, Any] | None,
    selected: Instances,
    *,
    override: bool,
    in_dependency_order: bool,
) -> None:
    """Run an operation of each selected instance that has it, between two events.

    raises  WorkflowFailed, ExecutionCancelled; RuntimeError for a key that the blueprint gives, too
    """
    given = kwargs or {}
    begins = f"Starting operation {name}" + (f" (Operation parameters: {given})" if given else "")

    def fill(instance: CloudifyWorkflowNodeInstance, subgraph: SubgraphTask) -> None:
        ends = f"Finished operation {name}"
        subgraph.sequence().add(*operation(instance, name, begins, ends, kwargs=given, override=override))

    run_on(ctx, selected, fill, in_dependency_order=in_dependency_order, name=f"execute_operation_{name}")
