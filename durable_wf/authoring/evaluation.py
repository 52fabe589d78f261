"""Intrinsic functions at run time: in an operation's inputs when a worker takes it, in outputs when they are read."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

from durable_wf.dsl.runtime import InstanceView, evaluate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from durable_wf.authoring.services import Topology
    from durable_wf.model.plan import Plugin
    from durable_wf.model.protocol import InstanceData, OperationRequest


class DeploymentScope:
    """What intrinsic functions may ask of a deployment as it is now (`dsl.runtime.Scope`).

    roles  instance ids by `self`, or `source` and `target`; empty for outputs
    """

    def __init__(self, topology: Topology, roles: Mapping[str, str]) -> None:
        self._topology = topology
        self._views: dict[str, InstanceView] | None = None
        self.self_id = roles.get("self")
        self.source_id = roles.get("source")
        self.target_id = roles.get("target")
        self.inputs = topology.inputs

    def node_properties(self, node: str) -> Mapping[str, Any]:
        """Properties of a node by name. raises KeyError."""
        return self._topology.nodes()[node].properties

    def instance(self, instance_id: str) -> InstanceView:
        """An instance by id. raises KeyError."""
        return self._all()[instance_id]

    def instances(self, node: str) -> Sequence[InstanceView]:
        """All instances of a node, by index."""
        return sorted((one for one in self._all().values() if one.node == node), key=lambda one: one.index)

    def _all(self) -> dict[str, InstanceView]:
        """All instances, read once."""
        if self._views is None:
            self._views = {data.id: _view(data) for data in self._topology.instances()}
        return self._views


def _view(data: InstanceData) -> InstanceView:
    targets = [entry["target_id"] for entry in data.relationships]
    return InstanceView(data.id, data.node, data.index, data.runtime_properties, targets)


def plugin_properties(plugin: Plugin, topology: Topology) -> dict[str, Any]:
    """A new copy of a plugin's properties, with every intrinsic function evaluated.

    raises  EvaluationError
    """
    return dict(evaluate(deepcopy(dict(plugin.properties)), DeploymentScope(topology, {})))


def evaluate_inputs(request: OperationRequest, topology: Topology | None) -> dict[str, Any]:
    """The operation's keyword arguments, with every intrinsic function evaluated.

    raises  EvaluationError
    """
    kwargs: dict[str, Any] = request.body["kwargs"]
    if not request.body.get("evaluate") or topology is None:
        return kwargs
    roles = {role: data.id for role, data in request.instances.items()}
    return dict(evaluate(kwargs, DeploymentScope(topology, roles)))
