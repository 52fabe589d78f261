"""`ctx.internal.handler` and its storage: reads of the deployment at the workflow's view (workflow-api §2.9, §9.3)."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

from durable_wf.authoring.stored_objects import Raw, raw_instance, raw_node, raw_plugin

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from durable_wf.authoring.services import Topology
    from durable_wf.authoring.workflow_ctx import WorkflowContext
    from durable_wf.model.modification import PlannedModification
    from durable_wf.model.plan import Node, Plugin
    from durable_wf.model.protocol import InstanceData


class ViewedTopology:
    """A deployment as it is at the workflow's view (`authoring.services.Topology`)."""

    def __init__(self, ctx: WorkflowContext, topology: Topology) -> None:
        self._ctx = ctx
        self._topology = topology
        self.deployment = topology.deployment
        self.blueprint = topology.blueprint
        self.source = topology.source
        self.plan = topology.plan
        self.inputs: Mapping[str, Any] = topology.inputs
        self.settings: Mapping[str, Any] = topology.settings
        self.plugins: Mapping[str, Plugin] = topology.plugins

    def fits(self, type_name: str | None, value: Any) -> bool:
        """Whether a value fits a type."""
        return self._topology.fits(type_name, value)

    def nodes(self, at: int | None = None) -> Mapping[str, Node]:
        """The nodes by name."""
        return self._topology.nodes(self._ctx.view_seq if at is None else at)

    def instances(self, at: int | None = None) -> list[InstanceData]:
        """The node instances by id."""
        return self._topology.instances(self._ctx.view_seq if at is None else at)

    def instance(self, instance_id: str) -> InstanceData | None:
        """One instance."""
        return next((one for one in self.instances() if one.id == instance_id), None)

    def scaling(self, at: int | None = None) -> Mapping[str, tuple[int, int]]:
        """Numbers of instances that were changed."""
        return self._topology.scaling(self._ctx.view_seq if at is None else at)

    def modification(self, uid: str) -> tuple[PlannedModification, int]:
        """What a modification was planned to do. raises KeyError."""
        return self._topology.modification(uid)

    def names(self, at: int | None = None) -> list[str]:
        """Names of the deployments that were there at the view, and are there now."""
        return self._topology.names(self._ctx.view_seq if at is None else at)

    def other(self, deployment: str) -> ViewedTopology:
        """Another deployment, at the same view. raises KeyError for one that was not there yet."""
        if deployment not in self.names():
            raise KeyError(deployment)
        return ViewedTopology(self._ctx, self._topology.other(deployment))


class ViewedStorage:
    """What the older system's `env.storage` lets a workflow read; all that it gives are copies."""

    def __init__(self, ctx: WorkflowContext) -> None:
        self._ctx = ctx
        topology = ctx.internal.topology
        self._topology = None if topology is None else ViewedTopology(ctx, topology)
        self.name = None if topology is None else topology.deployment
        self.blueprint_name = None if topology is None else topology.blueprint

    def get_nodes(self) -> list[Raw]:
        """All nodes, by name."""
        return [] if self._topology is None else [self._raw(node) for _, node in sorted(self._topology.nodes().items())]

    def get_node(self, node_id: str) -> Raw:
        """One node. raises KeyError."""
        if self._topology is None:
            raise KeyError(node_id)
        return self._raw(self._topology.nodes()[node_id])

    def _raw(self, node: Node) -> Raw:
        known = {} if self._topology is None else self._topology.plugins
        scaling = {} if self._topology is None else self._topology.scaling()
        counts = scaling.get(node.name, (node.number_of_instances, node.number_of_instances))
        return raw_node(node, self.name, [raw_plugin(known[name]) for name in node.plugins if name in known], counts)

    def get_node_instances(self, node_id: str | None = None) -> list[Raw]:
        """All node instances, or those of one node, by node and index."""
        found = [] if self._topology is None else self._topology.instances()
        found = sorted(found, key=lambda one: (one.node, one.index))
        return [raw_instance(one, self.name) for one in found if node_id in (None, one.node)]

    def get_node_instance(self, node_instance_id: str) -> Raw:
        """One node instance. raises KeyError."""
        found = None if self._topology is None else self._topology.instance(node_instance_id)
        if found is None:
            raise KeyError(node_instance_id)
        return raw_instance(found, self.name)

    def get_input(self, name: str) -> Any:
        """An input of the deployment. raises KeyError."""
        if self._topology is None:
            raise KeyError(name)
        return deepcopy(self._topology.inputs[name])

    def get_execution(self, execution_id: str) -> Raw | None:
        """The execution itself; None for any other."""
        return self._ctx.get_execution(execution_id)

    def update_node_instance(
        self,
        node_instance_id: str,
        version: int,
        runtime_properties: dict[str, Any] | None = None,
        system_properties: dict[str, Any] | None = None,
        state: str | None = None,
        relationships: Any = None,
        force: bool = False,
    ) -> dict[str, Any]:
        """As `ctx.update_node_instance`."""
        return self._ctx.update_node_instance(
            node_instance_id, version, state, runtime_properties, system_properties, relationships, force
        )


class LocalHandler:
    """What the older system's contexts ask of their surroundings."""

    def __init__(self, ctx: WorkflowContext) -> None:
        self._ctx = ctx
        self.storage = ViewedStorage(ctx)

    @property
    def operation_cloudify_context(self) -> dict[str, Any]:
        """What each operation's context has besides."""
        return {"local": True, "storage": self.storage}

    @property
    def scaling_groups(self) -> dict[str, Any]:
        """The deployment's scaling groups by name."""
        return self._ctx.deployment.scaling_groups

    @property
    def bootstrap_context(self) -> Mapping[str, Any]:
        """Empty: nothing was bootstrapped."""
        return self._ctx.internal.bootstrap_context

    def get_nodes(self) -> list[Raw]:
        """All nodes."""
        return self.storage.get_nodes()

    def get_node_instances(self) -> list[Raw]:
        """All node instances."""
        return self.storage.get_node_instances()

    def get_plugin(self, plugin: Any) -> Any:
        """What is known of a plugin, given its name or a mapping with one; what was given where nothing is known."""
        name = plugin["name"] if isinstance(plugin, dict) else plugin
        topology = self._ctx.internal.topology
        known = topology.plugins.get(name) if topology is not None else None
        return plugin if known is None else raw_plugin(known)

    def get_send_task_event_func(self, task: Any) -> Callable[..., None]:
        """Writes events about a task."""
        del task
        return self._ctx.internal.send_task_event

    def send_workflow_event(
        self,
        event_type: str,
        message: str | None = None,
        args: Any = None,
        additional_context: dict[str, Any] | None = None,
    ) -> None:
        """As `ctx.internal.send_workflow_event`."""
        self._ctx.internal.send_workflow_event(event_type, message, args, additional_context)

    def download_deployment_resource(self, resource_path: str, target_path: str | None = None) -> str:
        """As `ctx.download_resource`."""
        return self._ctx.download_resource(resource_path, target_path)
