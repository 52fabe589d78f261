"""What plugins ask of the server, answered by the engine."""

from durable_wf.authoring.manager import (
    NodeInstance,
    download_resource,
    get_bootstrap_context,
    get_node_instance,
    get_node_instance_ip,
    get_provider_context,
    get_resource,
    get_rest_client,
    update_execution_status,
    update_node_instance,
)
from durable_wf.authoring.properties import DirtyTrackingDict

__all__ = [
    "DirtyTrackingDict",
    "NodeInstance",
    "download_resource",
    "get_bootstrap_context",
    "get_node_instance",
    "get_node_instance_ip",
    "get_provider_context",
    "get_resource",
    "get_rest_client",
    "update_execution_status",
    "update_node_instance",
]
