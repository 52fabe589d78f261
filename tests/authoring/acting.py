"""Workflows over the author API's deployment. Ids: host_1, server_2, server_3, client_4, alone_5."""

from __future__ import annotations

from typing import Any

from durable_wf import workflow
from durable_wf.workflows import forkjoin


@workflow
def acts(ctx: Any, instance: str, calls: list[list[Any]]) -> Any:
    """Run operations of one instance, each with its kwargs; what they gave, or the error of a refused call."""
    found = []
    for name, kwargs, *override in calls:
        try:
            task = ctx.get_node_instance(instance).execute_operation(name, kwargs, *override)
            found.append(task.get())
        except (RuntimeError, KeyError) as error:
            found.append(str(error))
    return found


@workflow
def shows(ctx: Any) -> dict[str, Any]:
    """What the workflow's side of the topology is."""
    client, host = ctx.get_node("client"), ctx.get_node_instance("host_1")
    server = ctx.get_node_instance("server_2")
    (relationship,) = client.relationships
    links = list(ctx.get_node_instance("client_4").relationships)
    own = server.runtime_properties
    own["changed"] = True
    client.properties["port"] = 1
    nodes = ctx.nodes
    return {
        "nodes": [next(nodes).id, *(node.id for node in nodes)],
        "instances": [one.id for one in ctx.node_instances],
        "unknown": [ctx.get_node("x"), ctx.get_node_instance("x"), client.get_relationship("x")],
        "node": [
            client.type,
            client.type_hierarchy,
            client.host_id,
            client.number_of_instances,
            [one.name for one in client.plugins],
        ],
        "properties": client.properties["port"],
        "host": [ctx.get_node("server").host_node.id, ctx.get_node("server").host_id, server.host_id],
        "has": [client.has_operation(name) for name in ("ops.takes", "takes", "ops.nothing", "unknown")],
        "relationship": [
            relationship.type,
            relationship.target_id,
            relationship.target_node.id,
            relationship.is_derived_from("cloudify.relationships.connected_to"),
            relationship.is_derived_from("cloudify.relationships.contained_in"),
        ],
        "links": [[one.source_id, one.target_id, one.target_node_instance.id, one.type] for one in links],
        "contained": [one.id for one in host.contained_instances],
        "below": sorted(one.id for one in host.get_contained_subgraph()),
        "fresh": ctx.get_node_instance("server_2").runtime_properties,
        "by id": [server == ctx.get_node_instance("server_2"), len({server, ctx.get_node_instance("server_2")})],
        "instance": [server.node_id, server.node.id, server.state, server.index, server.deployment_id, server.version],
        "ctx": [ctx.deployment.id, ctx.blueprint.id, ctx.workflow_id],
    }


@workflow
def meets(ctx: Any, values: list[int]) -> Any:
    """Two operations of one instance at the same time, that set the same key."""
    graph = ctx.graph_mode()
    alone = ctx.get_node_instance("alone_5")
    graph.sequence().add(forkjoin(*(alone.execute_operation("ops.meets", {"value": value}) for value in values)))
    graph.execute()
    ctx.refresh_node_instances()
    return ctx.get_node_instance("alone_5").runtime_properties


@workflow
def links_ends(ctx: Any) -> Any:
    """Operations of relationships, at both ends."""
    found = []
    for link in ctx.get_node_instance("client_4").relationships:
        name = "cloudify.interfaces.relationship_lifecycle"
        found.append(link.execute_source_operation(f"{name}.preconfigure").get())
        found.append(link.execute_target_operation(f"{name}.preconfigure").get())
        link.execute_source_operation(f"{name}.establish").get()
    ctx.refresh_node_instances()
    return [found, {one.id: one.runtime_properties for one in ctx.node_instances}]


@workflow
def snapshots(ctx: Any) -> Any:
    """What is seen before and after a refresh; objects of before stay equal to those of after."""
    before = ctx.get_node_instance("alone_5")
    before.execute_operation("ops.sets", {"a": 1}).get()
    same = ctx.get_node_instance("alone_5")
    ctx.refresh_node_instances()
    after = ctx.get_node_instance("alone_5")
    return [
        before.runtime_properties, same is before, after is before, after == before, after.runtime_properties,
        after.version - before.version, {before: 1}[after],
    ]  # fmt: skip


@workflow
def nops(ctx: Any, graph_mode: bool) -> Any:
    """Operations without implementation, and one that nobody has declared."""
    alone = ctx.get_node_instance("alone_5")
    names = ("ops.nothing", "unknown.operation", "cloudify.interfaces.lifecycle.create")
    if not graph_mode:
        return [alone.execute_operation(name).get() for name in names]
    graph = ctx.graph_mode()
    tasks = [alone.execute_operation(name) for name in names]
    graph.sequence().add(*tasks, alone.execute_operation("ops.sets", {"a": 1}))
    found = [task.is_nop() for task in tasks]
    graph.execute()
    return found


@workflow
def states(ctx: Any) -> Any:
    """States of an instance: any text, read from the storage when the task runs."""
    alone = ctx.get_node_instance("alone_5")
    found = [alone.get_state().get()]
    alone.set_state("creating").get()
    alone.set_state("a state of my own")
    alone.send_event("something", additional_context={"more": 1})
    found += [alone.get_state().get(), alone.state]
    return found


@workflow
def as_tasks(ctx: Any, instances: list[str]) -> Any:
    """A function as an operation of an instance, without a mapping in the blueprint."""
    found = []
    for instance in instances:
        context = {"node_id": instance}
        try:
            task = ctx.execute_task("tests.authoring.plugin.describes", node_context=context, total_retries=0)
            found.append(task.get())
        except RuntimeError as error:
            found.append(str(error))
    found.append(ctx.execute_task("tests.authoring.plugin.describes", True, None, None, {}, None, False, 0).get())
    return found
