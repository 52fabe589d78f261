"""The built-in workflows."""

from durable_wf.builtin.workflows import (
    auto_heal_reinstall_node_subgraph,
    check_drift,
    check_status,
    execute_operation,
    install,
    pull,
    reinstall,
    restart,
    rollback,
    scale,
    scale_entity,
    start,
    stop,
    uninstall,
)

__all__ = [
    "auto_heal_reinstall_node_subgraph",
    "check_drift",
    "check_status",
    "execute_operation",
    "install",
    "pull",
    "reinstall",
    "restart",
    "rollback",
    "scale",
    "scale_entity",
    "start",
    "stop",
    "uninstall",
]
