"""What happens to one node instance, put together step by step. Source: workflow-api §10.3.

A step is a list of elements of a sequence. One whose operation is not implemented is empty, or says that there was
nothing to do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from durable_wf.authoring.sequences import forkjoin
from durable_wf.authoring.task_names import SubgraphTask
from durable_wf.builtin.failures import ignoring

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from durable_wf.authoring.graphs import TaskDependencyGraph
    from durable_wf.authoring.node_instances import (
        CloudifyWorkflowNodeInstance,
        CloudifyWorkflowRelationshipInstance,
    )
    from durable_wf.authoring.tasks import WorkflowTask

    Owner = TaskDependencyGraph | SubgraphTask
    Step = list[Any]

LIFECYCLE = "cloudify.interfaces.lifecycle"
VALIDATION = "cloudify.interfaces.validation"
MONITORING = "cloudify.interfaces.monitoring"
MONITORING_AGENT = "cloudify.interfaces.monitoring_agent"
HOST = "cloudify.interfaces.host"
RELATIONSHIPS = "cloudify.interfaces.relationship_lifecycle"

_HOST_TYPE = "cloudify.nodes.Compute"


def is_host(instance: CloudifyWorkflowNodeInstance) -> bool:
    """Whether it is a machine."""
    return _HOST_TYPE in instance.node.type_hierarchy


def does_nothing(task: WorkflowTask) -> bool:
    """Whether it stands for an operation that is not implemented."""
    return task.is_nop()


def operation(
    instance: CloudifyWorkflowNodeInstance,
    name: str,
    doing: str | None = None,
    done: str | None = None,
    *,
    before: str | None = None,
    after: str | None = None,
    kwargs: dict[str, Any] | None = None,
    override: bool = False,
) -> Step:
    """An operation between its events and states; empty where it is not implemented.

    doing, done    texts of the events before and after
    before, after  states that are set then, at the same time as the events
    """
    task = instance.execute_operation(name, kwargs=kwargs, allow_kwargs_override=override)
    if does_nothing(task):
        return []
    return [*mark(instance, before, doing), task, *mark(instance, after, done)]


def mark(instance: CloudifyWorkflowNodeInstance, state: str | None, text: str | None) -> Step:
    """A state that is set, and an event that is sent at the same time; either may be left out."""
    found = [*([instance.send_event(text)] if text else []), *([instance.set_state(state)] if state else [])]
    return [forkjoin(*found)] if len(found) > 1 else found


def or_nothing(instance: CloudifyWorkflowNodeInstance, step: Step, doing: str) -> Step:
    """The step; or, where it is empty, an event that says so."""
    return step or [instance.send_event(f"{doing}: nothing to do")]


def relationship_operations(rel: CloudifyWorkflowRelationshipInstance, name: str) -> list[WorkflowTask]:
    """The operation at the source and at the target of a relationship, where they are implemented."""
    found = [rel.execute_source_operation(name), rel.execute_target_operation(name)]
    return [task for task in found if not does_nothing(task)]


def relationships(
    owner: SubgraphTask, instance: CloudifyWorkflowNodeInstance, name: str, *, backwards: bool = False
) -> Step:
    """A subgraph of an operation of all relationships of an instance; empty where none has it.

    One target node comes after the other, in the order of the template; what is for the same node runs together.

    name       without its interface
    backwards  the last target node comes first
    """
    full = f"{RELATIONSHIPS}.{name}"
    by_node: dict[str, list[WorkflowTask]] = {}
    for rel in instance.relationships:
        by_node.setdefault(rel.relationship.target_id, []).extend(relationship_operations(rel, full))
    groups = [forkjoin(*tasks) for tasks in by_node.values() if tasks]
    if not groups:
        return []
    made = owner.subgraph(f"{full}_subgraph")
    made.sequence().add(*(reversed(groups) if backwards else groups))
    return [made]


def leaves(subgraph: SubgraphTask) -> Iterator[WorkflowTask]:
    """All tasks in it that are no subgraphs, however deep, in the order in which they were put there."""
    for task in subgraph.members.values():
        if isinstance(task, SubgraphTask):
            yield from leaves(task)
        else:
            yield task


def ignore_failures(instance: CloudifyWorkflowNodeInstance, tasks: Iterable[WorkflowTask]) -> None:
    """Whatever of these fails is told, and what comes after it runs all the same."""
    handler = ignoring(instance)
    for task in tasks:
        task.on_failure = handler
