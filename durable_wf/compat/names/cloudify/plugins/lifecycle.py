"""Helpers of workflows that install and uninstall."""

from durable_wf.builtin.installing import install_node_instance_subgraph, reinstall_node_instance_subgraph
from durable_wf.builtin.lifecycle import (
    LifecycleProcessor,
    execute_establish_relationships,
    execute_unlink_relationships,
    heal_node_instances,
    install_node_instances,
    reinstall_node_instances,
    rollback_node_instances,
    uninstall_node_instances,
    update_node_instances,
)
from durable_wf.builtin.steps import is_host as is_host_node
from durable_wf.builtin.uninstalling import uninstall_node_instance_subgraph

__all__ = [
    "LifecycleProcessor",
    "execute_establish_relationships",
    "execute_unlink_relationships",
    "heal_node_instances",
    "install_node_instance_subgraph",
    "install_node_instances",
    "is_host_node",
    "reinstall_node_instance_subgraph",
    "reinstall_node_instances",
    "rollback_node_instances",
    "uninstall_node_instance_subgraph",
    "uninstall_node_instances",
    "update_node_instances",
]
