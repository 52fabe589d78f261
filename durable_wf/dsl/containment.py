"""What a node's relationships say about where it lies. Source: reference/blueprint-dsl.md §11, §15."""

from __future__ import annotations

from durable_wf.model.plan import Node, Relationship

CONTAINED_IN = "cloudify.relationships.contained_in"
HOST = "cloudify.nodes.Compute"


def is_contained_in(relationship: Relationship) -> bool:
    """Whether a relationship derives from contained_in."""
    return any(CONTAINED_IN in name for name in relationship.type_hierarchy)


def container_of(node: Node) -> str | None:
    """Name of the node that `node` is contained in."""
    return next((one.target for one in node.relationships if is_contained_in(one)), None)


def is_host(node: Node) -> bool:
    """Whether instances of a node are hosts: their own, and of what is contained in them."""
    return any(HOST in name for name in node.type_hierarchy)


def is_single(relationship: Relationship) -> bool:
    """Whether each instance of the source has one target: its container, or one that all sources share."""
    return is_contained_in(relationship) or relationship.properties.get("connection_type") == "all_to_one"
