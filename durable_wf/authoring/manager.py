"""What the older system's plugins ask of its server, answered for the operation that runs in this thread.

Source: reference/workflow-api.md §0, names of `cloudify.manager`.
"""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any, NoReturn

from durable_wf.authoring import kept
from durable_wf.authoring.current import current_ctx
from durable_wf.authoring.exceptions import NonRecoverableError, StorageConflict
from durable_wf.authoring.properties import DirtyTrackingDict
from durable_wf.graph.properties import conflict_text
from durable_wf.model.protocol import PropertyUpdate

if TYPE_CHECKING:
    import logging

    from durable_wf.model.protocol import InstanceData


class NodeInstance:
    """A node instance of the deployment, read with `get_node_instance`.

    runtime_properties  may be changed, and saved with `update_node_instance`
    """

    def __init__(self, data: InstanceData) -> None:
        self.is_now(data)

    def is_now(self, data: InstanceData) -> None:
        """Take in what was read."""
        self._data = data
        self.id = data.id
        self.node_id = data.node
        self.index = data.index
        self.state = data.state
        self.version = data.version
        self.host_id = data.host_id
        self.relationships = deepcopy(data.relationships)
        self.scaling_groups = deepcopy(data.scaling_groups)
        self.system_properties = deepcopy(data.system_properties)
        self._properties = DirtyTrackingDict(kept.shown(data.runtime_properties))

    @property
    def runtime_properties(self) -> DirtyTrackingDict:
        """What is known of the instance since it is there."""
        return self._properties

    @runtime_properties.setter
    def runtime_properties(self, properties: dict[str, Any]) -> None:
        self._properties = DirtyTrackingDict(properties)
        self._properties.dirty = True

    @property
    def dirty(self) -> bool:
        """Whether its runtime properties were changed."""
        return self._properties.dirty

    @property
    def drift(self) -> Any:
        """What `check_drift` has found; None if nothing."""
        return self.system_properties.get("configuration_drift")

    def wanted(self) -> PropertyUpdate:
        """What was changed, to be merged by key.

        raises  NotSerializable, SecretInValue, naming the key
        """
        return PropertyUpdate(self.id, kept.changes(self.id, self._data.runtime_properties, self._properties))


def get_node_instance(node_instance_id: str, evaluate_functions: bool = False, client: object = None) -> NodeInstance:
    """The instance as it is now.

    raises  NonRecoverableError when there is none
    """
    data = _ctx().read_instance(node_instance_id)
    if data is None:
        text = f"there is no node instance '{node_instance_id}'"
        raise NonRecoverableError(text)
    return NodeInstance(data)


def update_node_instance(node_instance: NodeInstance, client: object = None) -> None:
    """Save what was changed of its runtime properties, merged by key, in a commit of its own.

    raises  StorageConflict naming a key that somebody else has changed too
    """
    wanted = node_instance.wanted()
    if not wanted.changes:
        return
    done = _ctx().update_instance(wanted)
    if done.conflict is not None:
        raise StorageConflict(conflict_text(node_instance.id, done.conflict))
    if done.data is None:
        text = f"there is no node instance '{node_instance.id}' any more"
        raise NonRecoverableError(text)
    node_instance.is_now(done.data)


def get_node_instance_ip(node_instance_id: str, client: object = None) -> str:
    """`ip` of the instance's host: a runtime property, else a property of its node.

    raises  NonRecoverableError where there is none
    """
    return str(_ctx().instance_context(node_instance_id).host_ip)


def get_resource(blueprint_id: str, deployment_id: str, tenant_name: str | None, resource_path: str) -> bytes:
    """A file beside the blueprint, as `ctx.get_resource`; the ids are those of the operation's own."""
    content: bytes = _ctx().get_resource(resource_path)
    return content


def download_resource(
    blueprint_id: str,
    deployment_id: str,
    tenant_name: str | None,
    resource_path: str,
    logger: logging.Logger | None = None,
    target_path: str | None = None,
) -> str:
    """A copy of a file beside the blueprint, as `ctx.download_resource`."""
    return str(_ctx().download_resource(resource_path, target_path))


def get_bootstrap_context() -> dict[str, Any]:
    """As given under `cloudify` in the provider context."""
    return dict(get_provider_context().get("cloudify") or {})


def get_provider_context() -> dict[str, Any]:
    """What was given for all operations of the deployment."""
    return dict(_ctx().provider_context)


def get_rest_client(tenant: str | None = None, api_token: str | None = None) -> NoReturn:
    """raises  NonRecoverableError: there is no server."""
    text = "there is no REST service here: plugins read and write through ctx"
    raise NonRecoverableError(text)


def update_execution_status(execution_id: str, status: str, error: str | None = None, client: object = None) -> None:
    """Nothing: only the engine moves an execution."""


def _ctx() -> Any:
    return current_ctx.get_ctx()
