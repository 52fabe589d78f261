"""Intrinsic functions at run time: in an operation's inputs when a worker takes it, in outputs when they are read."""

from __future__ import annotations

from copy import deepcopy
from functools import cached_property
from typing import TYPE_CHECKING, Any

from durable_wf.authoring.extensions import load_functions
from durable_wf.dsl.containment import is_contained_in
from durable_wf.dsl.outcomes import EvaluationError
from durable_wf.dsl.requirements import environments_of
from durable_wf.dsl.runtime import InstanceView, evaluate
from durable_wf.sources.vault import VAULT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from durable_wf.authoring.services import Topology
    from durable_wf.model.plan import Node, Output, Plugin
    from durable_wf.model.protocol import InstanceData, OperationRequest


class DeploymentScope:
    """What intrinsic functions may ask of a deployment as it is now (`dsl.runtime.Scope`).

    roles          instance ids by `self`, or `source` and `target`; empty for outputs
    reads_secrets  whether get_secret is answered; not in a workflow function, which a replay must find the same
    """

    def __init__(self, topology: Topology, roles: Mapping[str, str], *, reads_secrets: bool = True) -> None:
        load_functions()
        self._topology = topology
        self._reads_secrets = reads_secrets
        self._views: dict[str, InstanceView] | None = None
        self.self_id = roles.get("self")
        self.source_id = roles.get("source")
        self.target_id = roles.get("target")
        self.inputs = topology.inputs

    @property
    def labels(self) -> Mapping[str, Sequence[Any]]:
        """Values of the labels by name."""
        return self._topology.plan.labels

    @property
    def capabilities(self) -> Mapping[str, Output]:
        """The capabilities by name."""
        return self._topology.plan.capabilities

    @cached_property
    def system(self) -> Mapping[str, Mapping[str, Any]]:
        """What get_sys gives. There are no tenants and no owners here: both are null."""
        name = self._topology.deployment
        deployment = {"id": name, "name": name, "blueprint": self._topology.blueprint, "owner": None}
        return {"tenant": {"name": None}, "deployment": deployment}

    def node_properties(self, node: str) -> Mapping[str, Any]:
        """Properties of a node by name. raises KeyError."""
        return self._topology.nodes()[node].properties

    def instance(self, instance_id: str) -> InstanceView:
        """An instance by id. raises KeyError."""
        return self._all()[instance_id]

    def instances(self, node: str) -> Sequence[InstanceView]:
        """All instances of a node, by index."""
        return sorted((one for one in self._all().values() if one.node == node), key=lambda one: one.index)

    def secret(self, name: str) -> str:
        """The value of a secret; known to the redactor from then on. raises KeyError; EvaluationError in a workflow."""
        if not self._reads_secrets:
            hint = "give the call to an operation as an argument: it is evaluated there, before each attempt"
            raise EvaluationError("get_secret is not evaluated in a workflow function", hint=hint)
        return VAULT.value(name)

    def told(self, name: str, keys: Sequence[Any], value: Any) -> None:
        """The redactor is to know what was taken out of a secret, too."""
        VAULT.told(name, keys, value)

    def made(self, of: str, value: Any) -> None:
        """The redactor is to know the texts, as far as they are long enough to be no word of something else."""
        VAULT.made(of, value)

    def other(self, deployment: str) -> DeploymentScope:
        """Another deployment of the journal. raises KeyError."""
        return DeploymentScope(self._topology.other(deployment), {}, reads_secrets=self._reads_secrets)

    def members(self, group: str) -> Sequence[str]:
        """The deployments whose blueprint's `default_groups` name the group, by name."""
        plans = {name: self._topology.other(name).plan for name in self._topology.names()}
        return [name for name, plan in plans.items() if group in plan.deployment_settings.get("default_groups", ())]

    def consumers(self) -> Sequence[str]:
        """The deployments whose calls name this one, by name."""
        others = [self._topology.other(name) for name in self._topology.names()]
        mine = self._topology.deployment
        return [one.deployment for one in others if mine in environments_of(one.plan, one.inputs)]

    def _all(self) -> dict[str, InstanceView]:
        """All instances, read once."""
        if self._views is None:
            nodes = self._topology.nodes()
            self._views = {data.id: _view(data, nodes[data.node]) for data in self._topology.instances()}
        return self._views


def _view(data: InstanceData, node: Node) -> InstanceView:
    container = next(
        (each["target_id"] for each in data.relationships if is_contained_in(node.relationships[each["position"]])),
        None,
    )
    return InstanceView(
        data.id,
        data.node,
        data.index,
        data.runtime_properties,
        [entry["target_id"] for entry in data.relationships],
        container,
        [(group["name"], group["id"]) for group in data.scaling_groups],
    )


def plugin_properties(plugin: Plugin, topology: Topology) -> dict[str, Any]:
    """A new copy of a plugin's properties, with every intrinsic function evaluated.

    raises  EvaluationError
    """
    return dict(evaluate(deepcopy(dict(plugin.properties)), DeploymentScope(topology, {})))


def evaluate_inputs(request: OperationRequest, topology: Topology | None) -> dict[str, Any]:
    """The operation's keyword arguments, with every intrinsic function evaluated; secrets are nowhere else.

    raises  EvaluationError
    """
    kwargs: dict[str, Any] = request.body["kwargs"]
    if not request.body.get("evaluate"):
        return kwargs
    if topology is None:
        return dict(VAULT.revealed(kwargs))
    roles = {role: data.id for role, data in request.instances.items()}
    return dict(evaluate(kwargs, DeploymentScope(topology, roles)))
