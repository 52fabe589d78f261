"""The workflows. Each builds one graph and executes it; the order of what they build is always the same.

A part is a subgraph for one node instance, with the parts of the instances that it contains inside: so there is one
subgraph for each host.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cloudify.decorators import workflow
from cloudify.workflows.tasks_graph import forkjoin

_CONNECTED_TO = "cloudify.relationships.connected_to"
_CONTAINED_IN = "cloudify.relationships.contained_in"
_LIFECYCLE = "cloudify.interfaces.lifecycle"
_LINKS = "cloudify.interfaces.relationship_lifecycle"
_ANNOUNCE = "publishing.announce"

Waits = list[tuple[Any, str]]  # a task, and the id of the instance whose part it waits for


@workflow(resumable=True)
def run_operation(
    *, ctx: Any, operation: str, type_name: str, operation_kwargs: dict[str, Any], is_node_operation: bool, **_: Any
) -> list[str]:
    """Run one operation for each instance of a type; returns their ids.

    Where both ends of a relationship are chosen, the target is done before the source begins.
    """
    graph = ctx.graph_mode()
    chosen = [
        instance
        for node in sorted(ctx.nodes, key=lambda node: node.id)
        if type_name in node.type_hierarchy
        for instance in _by_id(node.instances)
    ]
    begun = {instance.id: instance.send_event(f"Running {operation}") for instance in chosen}
    done = {instance.id: instance.send_event(f"Ran {operation}") for instance in chosen}
    for instance in chosen:
        if is_node_operation:
            work = forkjoin(instance.execute_operation(operation, kwargs=operation_kwargs))
        else:
            work = _on_both_sides(instance.relationships, operation, operation_kwargs)
        graph.sequence().add(begun[instance.id], work, done[instance.id])
    for instance in chosen:
        for relationship in instance.relationships:
            if relationship.target_id in done:
                graph.add_dependency(begun[instance.id], done[relationship.target_id])
    graph.execute()
    return [instance.id for instance in chosen]


@workflow(resumable=True)
def start_all(ctx: Any, **_: Any) -> list[str]:
    """Start every part after what it depends on, then announce; returns the ids of all instances.

    A part inside a container starts after the container. A part that is connected to another is created and
    configured beside it, and waits for it before the connection is made. Any other dependency holds back the part
    as a whole.
    """
    graph = ctx.graph_mode()
    instances = _by_id(ctx.node_instances)
    parts: dict[str, Any] = {}
    waits: Waits = []
    outermost = [_start_part(graph, instance, parts, waits) for instance in instances if not _is_contained(instance)]
    announcers = [instance for instance in instances if instance.node.has_operation(_ANNOUNCE)]
    graph.sequence().add(
        forkjoin(*outermost),
        ctx.send_event("Every part is started"),
        forkjoin(*[instance.execute_operation(_ANNOUNCE) for instance in announcers]),
        ctx.send_event("The shop is open"),
    )
    for task, target_id in waits:
        graph.add_dependency(task, parts[target_id])
    graph.execute()
    return [instance.id for instance in instances]


@workflow(resumable=True)
def stop_all(ctx: Any, **_: Any) -> list[str]:
    """Stop and delete every part, each after all that depend on it; returns the ids of all instances."""
    graph = ctx.graph_mode()
    instances = _by_id(ctx.node_instances)
    parts: dict[str, Any] = {}
    waits: Waits = []
    outermost = [_stop_part(graph, instance, parts, waits) for instance in instances if not _is_contained(instance)]
    graph.sequence().add(forkjoin(*outermost), ctx.send_event("The shop is closed"))
    for part, target_id in waits:
        graph.add_dependency(parts[target_id], part)
    graph.execute()
    return [instance.id for instance in instances]


def _start_part(parent: Any, instance: Any, parts: dict[str, Any], waits: Waits) -> Any:
    part = parts[instance.id] = parent.subgraph(f"start_{instance.id}")
    connections = []
    for relationship in _links(instance):
        if relationship.relationship.is_derived_from(_CONNECTED_TO):
            tasks = _both_sides(relationship, f"{_LINKS}.establish", {})
            connections += tasks
            waits += [(task, relationship.target_id) for task in tasks]
        else:
            waits.append((part, relationship.target_id))
    started = instance.set_state("started")
    part.sequence().add(
        forkjoin(instance.set_state("creating"), instance.send_event("Creating")),
        instance.execute_operation(f"{_LIFECYCLE}.create"),
        instance.execute_operation(f"{_LIFECYCLE}.configure"),
        forkjoin(*connections),
        instance.set_state("starting"),
        instance.execute_operation(f"{_LIFECYCLE}.start"),
        forkjoin(started, instance.send_event("Started")),
    )
    for contained in _by_id(instance.contained_instances):
        part.add_dependency(_start_part(part, contained, parts, waits), started)
    return part


def _stop_part(parent: Any, instance: Any, parts: dict[str, Any], waits: Waits) -> Any:
    part = parts[instance.id] = parent.subgraph(f"stop_{instance.id}")
    links = _links(instance)
    waits += [(part, relationship.target_id) for relationship in links]
    stopping = instance.set_state("stopping")
    part.sequence().add(
        stopping,
        instance.send_event("Stopping"),
        instance.execute_operation(f"{_LIFECYCLE}.stop"),
        _on_both_sides(links, f"{_LINKS}.unlink", {}),
        instance.execute_operation(f"{_LIFECYCLE}.delete"),
        forkjoin(instance.set_state("deleted"), instance.send_event("Deleted")),
    )
    for contained in _by_id(instance.contained_instances):
        part.add_dependency(stopping, _stop_part(part, contained, parts, waits))
    return part


def _on_both_sides(relationships: Iterable[Any], operation: str, kwargs: dict[str, Any]) -> Any:
    return forkjoin(*[task for one in relationships for task in _both_sides(one, operation, kwargs)])


def _both_sides(relationship: Any, operation: str, kwargs: dict[str, Any]) -> list[Any]:
    return [
        relationship.execute_source_operation(operation, kwargs=kwargs),
        relationship.execute_target_operation(operation, kwargs=kwargs),
    ]


def _by_id(instances: Iterable[Any]) -> list[Any]:
    return sorted(instances, key=lambda instance: instance.id)


def _is_contained(instance: Any) -> bool:
    return any(relationship.relationship.is_derived_from(_CONTAINED_IN) for relationship in instance.relationships)


def _links(instance: Any) -> list[Any]:
    """The relationships other than containment, by target."""
    found = [one for one in instance.relationships if not one.relationship.is_derived_from(_CONTAINED_IN)]
    return sorted(found, key=lambda one: one.target_id)
