"""A plan as `durable-wf plan` prints it: nodes, instances, relationships, groups, under the reference's names.

Source: reference/blueprint-dsl.md §0 (plan keys), §15; reference/workflow-api.md §2.6 (groups).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from durable_wf.inspection.records import Relationship

if TYPE_CHECKING:
    from collections.abc import Iterator

    from durable_wf.model import plan as plans
    from durable_wf.model.groups import Scalable


@dataclass(frozen=True, slots=True)
class PlannedOperation:
    """What an operation runs; operations that run nothing are left out.

    name       `interface.operation`
    operation  dotted path of the function within the plugin
    """

    name: str
    plugin: str
    operation: str
    executor: str | None
    inputs: dict[str, Any]


@dataclass(frozen=True, slots=True)
class PlannedRelationship:
    """A relationship between two nodes."""

    type: str
    type_hierarchy: list[str]
    target_id: str
    properties: dict[str, Any]
    source_operations: list[PlannedOperation]
    target_operations: list[PlannedOperation]


@dataclass(frozen=True, slots=True)
class PlannedNode:
    """A node with all that its type says.

    host_id        the node that is or contains its host
    planned_instances    in each place: instance of its container, of its scaling group
    max_instances  -1: no limit
    """

    id: str
    type: str
    type_hierarchy: list[str]
    host_id: str | None
    properties: dict[str, Any]
    plugins: list[str]
    operations: list[PlannedOperation]
    relationships: list[PlannedRelationship]
    planned_instances: int
    min_instances: int
    max_instances: int


@dataclass(frozen=True, slots=True)
class PlannedGroupInstance:
    """An instance of a scaling group."""

    name: str
    id: str


@dataclass(frozen=True, slots=True)
class PlannedNodeInstance:
    """A node instance. Ids are numbered in a plan; those of a deployment end in letters and digits by chance.

    scaling_groups   inner to outer
    """

    id: str
    node_id: str
    index: int
    host_id: str | None
    relationships: list[Relationship]
    scaling_groups: list[PlannedGroupInstance]


@dataclass(frozen=True, slots=True)
class PlannedGroup:
    """A group.

    members        as written; of a scaling group: as planned, without those that are contained in another member
    policy         that scales it; null: the group has no effect on planning, and no counts
    container      the node in each instance of which it has its instances
    """

    name: str
    members: list[str]
    policy: str | None
    container: str | None
    planned_instances: int | None
    min_instances: int | None
    max_instances: int | None


@dataclass(frozen=True, slots=True)
class PlannedStage:
    """Node instances that an install treats alike, after the same number of others.

    position    1: they wait for nothing; 2: only for these; and so on
    nodes       of which they are instances
    instances   how many they are
    operations  that run for each of them, in order
    """

    position: int
    nodes: list[str]
    instances: int
    operations: list[str]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a deployment of a blueprint would consist of.

    outputs        values as far as they are known before anything runs; other calls stay
    install_order  the stages of the workflow `install`; empty where the blueprint has not the built-in one
    """

    blueprint: str
    description: str | None
    version: str
    inputs: dict[str, Any]
    nodes: list[PlannedNode]
    node_instances: list[PlannedNodeInstance]
    groups: list[PlannedGroup]
    workflows: list[str]
    outputs: dict[str, Any]
    install_order: list[PlannedStage]


def plan_record(name: str, plan: plans.DeploymentPlan, install_order: list[PlannedStage]) -> Plan:
    """A plan as a record.

    name           of the blueprint, as it was given
    install_order  see `Plan`
    """
    blueprint = plan.blueprint
    return Plan(
        name,
        blueprint.description,
        blueprint.version,
        dict(plan.inputs),
        [_node(one) for one in plan.nodes.values()],
        [_instance(one) for one in plan.instances],
        list(_groups(blueprint)),
        list(blueprint.workflows),
        {key: output.value for key, output in plan.outputs.items()},
        install_order,
    )


def _node(node: plans.Node) -> PlannedNode:
    return PlannedNode(
        node.id,
        node.type,
        list(node.type_hierarchy),
        node.host_id,
        dict(node.properties),
        list(node.plugins),
        _operations(node.interfaces),
        [_relationship(one) for one in node.relationships],
        *_counts(node.scalable),
    )


def _relationship(one: plans.Relationship) -> PlannedRelationship:
    return PlannedRelationship(
        one.type,
        list(one.type_hierarchy),
        one.target,
        dict(one.properties),
        _operations(one.source_interfaces),
        _operations(one.target_interfaces),
    )


def _operations(interfaces: plans.Interfaces) -> list[PlannedOperation]:
    return [
        PlannedOperation(f"{name}.{key}", one.plugin, one.function, one.executor, dict(one.inputs))
        for name, each in interfaces.items()
        for key, one in each.items()
        if not one.is_noop
    ]


def _instance(one: plans.PlannedInstance) -> PlannedNodeInstance:
    return PlannedNodeInstance(
        one.id,
        one.node,
        one.index,
        one.host_id,
        [Relationship(each.type, each.target_name, each.target_id) for each in one.relationships],
        [PlannedGroupInstance(group.name, group.id) for group in one.scaling_groups],
    )


def _groups(blueprint: plans.Blueprint) -> Iterator[PlannedGroup]:
    for name, group in blueprint.groups.items():
        scaling = blueprint.scaling_groups.get(name)
        if scaling is None:
            yield PlannedGroup(name, list(group.members), None, None, None, None, None)
        else:
            counts = _counts(scaling.scalable)
            yield PlannedGroup(name, list(scaling.members), scaling.policy, scaling.container, *counts)


def _counts(scalable: Scalable) -> tuple[int, int, int]:
    return scalable.default_instances, scalable.min_instances, scalable.max_instances
