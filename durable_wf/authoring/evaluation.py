"""Intrinsic functions in an operation's inputs, evaluated when a worker takes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from durable_wf.dsl.runtime import evaluate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from durable_wf.authoring.services import Topology
    from durable_wf.model.protocol import InstanceData, OperationRequest


class Scope:
    """What intrinsic functions may ask of a deployment as it is now (`dsl.runtime.Scope`).

    roles  instance ids by `self`, or `source` and `target`
    """

    def __init__(self, topology: Topology, roles: Mapping[str, str]) -> None:
        self._topology = topology
        self._instances: list[InstanceData] | None = None
        self.self_id = roles.get("self")
        self.source_id = roles.get("source")
        self.target_id = roles.get("target")
        self.inputs = topology.inputs

    def _all(self) -> list[InstanceData]:
        if self._instances is None:
            self._instances = self._topology.instances()
        return self._instances
"""placeholder"""


def evaluate_inputs(request: OperationRequest, topology: Topology | None) -> dict[str, Any]:
    """The operation's keyword arguments, with every intrinsic function evaluated."""
    kwargs: dict[str, Any] = request.body["kwargs"]
    if not request.body.get("evaluate") or topology is None:
        return kwargs
    roles = {role: data.id for role, data in request.instances.items()}
    return {key: evaluate(value, Scope(topology, roles)) for key, value in kwargs.items()}
