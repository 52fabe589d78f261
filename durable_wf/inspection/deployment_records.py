"""What `--json` prints of deployments, as records; see `records`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from durable_wf.inspection.records import Execution, Relationship


@dataclass(frozen=True, slots=True)
class Deployment:
    """A blueprint with inputs.

    node_count, node_instances    how many there are
    states          how many of its instances are in each state
    last_execution  the newest; null where nothing was run
    """

    id: str
    blueprint_id: str
    created_at: str
    node_instances: int
    node_count: int
    states: dict[str, int]
    last_execution: Execution | None


@dataclass(frozen=True, slots=True)
class NodeRelationship:
    """From one node to another."""

    type: str
    target_id: str


@dataclass(frozen=True, slots=True)
class Node:
    """A node of a deployment, with its instances counted by state.

    container_id  the node that it is contained in
    group         the scaling group that it is a member of
    """

    id: str
    type: str
    host_id: str | None
    instances: dict[str, int]
    container_id: str | None
    group: str | None
    relationships: list[NodeRelationship]


@dataclass(frozen=True, slots=True)
class NodeInstance:
    """A node instance as it is, or was.

    container_id  the instance that it is contained in
    unexpected    why its state is not as one would expect it; null where it is
    """

    id: str
    node_id: str
    index: int
    state: str
    host_id: str | None
    runtime_properties: dict[str, Any]
    relationships: list[Relationship]
    scaling_groups: list[Any]
    version: int
    container_id: str | None
    system_properties: dict[str, Any]
    unexpected: str | None


@dataclass(frozen=True, slots=True)
class Group:
    """A group of nodes.

    members       names of nodes and groups
    policy        that scales it; null: it has no instances
    group         the scaling group that it is a member of
    container_id  the node in each instance of which it has its instances
    instances     ids of its instances, those that have a node instance
    """

    name: str
    members: list[str]
    policy: str | None
    group: str | None
    container_id: str | None
    instances: list[str]


@dataclass(frozen=True, slots=True)
class Topology:
    """What is deployed.

    at          the seq that was looked at; null: now
    deleted_at  when the deployment was deleted, where it has been since
    """

    id: str
    at: int | None
    deleted_at: str | None
    nodes: list[Node]
    instances: list[NodeInstance]
    groups: list[Group]


@dataclass(frozen=True, slots=True)
class DeploymentDetail(Deployment):
    """A deployment with what it is made of.

    last_execution  of those that were there
    blueprint_path  the file that it was made from
    on_unknown      what is done about unknown outcomes where an operation says nothing itself; null: ask
    settings        what was chosen for all its executions
    executions      those that have not ended, the newest first
    at, deleted_at  as of `Topology`
    """

    blueprint_path: str
    description: str | None
    on_unknown: str | None
    inputs: dict[str, Any]
    nodes: list[Node]
    workflows: list[str]
    outputs: list[str]
    capabilities: list[str]
    labels: dict[str, Any]
    settings: dict[str, Any]
    instances: list[NodeInstance]
    groups: list[Group]
    executions: list[Execution]
    at: int | None
    deleted_at: str | None
