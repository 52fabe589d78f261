"""What functions may ask of a deployment while an execution runs: plain views, and the port that gives them.

Source: reference/blueprint-dsl.md §14.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from durable_wf.model.plan import Output


@dataclass(frozen=True, slots=True)
class InstanceView:
    """A node instance, as far as functions see it.

    index         1-based within the node
    target_ids    ids of the instances that its relationships point at
    container_id  id of the instance that it is contained in
    groups        scaling groups that it is in by itself, inner to outer: name and id of the group's instance
    """

    id: str
    node: str
    index: int
    runtime_properties: Mapping[str, Any] = field(default_factory=dict)
    target_ids: Sequence[str] = ()
    container_id: str | None = None
    groups: Sequence[tuple[str, str]] = ()


class Scope(Protocol):
    """What a value may refer to where it is read.

    self_id                 the instance, in a node's operation or properties; else None
    source_id, target_id    the instances, in a relationship's operation; else None
    """

    @property
    def self_id(self) -> str | None: ...
    @property
    def source_id(self) -> str | None: ...
    @property
    def target_id(self) -> str | None: ...
    @property
    def inputs(self) -> Mapping[str, Any]:
        """Values of the deployment's inputs."""
        ...

    @property
    def labels(self) -> Mapping[str, Sequence[Any]]:
        """Values of the deployment's labels by name; they may still hold calls."""
        ...

    @property
    def capabilities(self) -> Mapping[str, Output]:
        """The deployment's capabilities by name; they may still hold calls."""
        ...

    @property
    def system(self) -> Mapping[str, Mapping[str, Any]]:
        """What get_sys gives, by entity and property."""
        ...

    def node_properties(self, node: str) -> Mapping[str, Any]:
        """Properties of a node by name. raises KeyError."""
        ...

    def instance(self, instance_id: str) -> InstanceView:
        """An instance by id. raises KeyError."""
        ...

    def instances(self, node: str) -> Sequence[InstanceView]:
        """All instances of a node, by index."""
        ...

    def secret(self, name: str) -> str:
        """The value of a secret. raises KeyError; EvaluationError where secrets may not be read."""
        ...

    def told(self, name: str, keys: Sequence[Any], value: Any) -> None:
        """Take note that `value`, which stands under `keys` of a secret that is JSON, was handed out."""
        ...

    def made(self, of: str, value: Any) -> None:
        """Take note that a function made `value` of a secret; `of` says which, of which."""
        ...

    def other(self, deployment: str) -> Scope:
        """Another deployment of the journal, read as its outputs are. raises KeyError."""
        ...

    def members(self, group: str) -> Sequence[str]:
        """Ids of the deployments of a group, in a fixed order; none for an unknown group."""
        ...

    def consumers(self) -> Sequence[str]:
        """Ids of the deployments that read capabilities of this one, in a fixed order."""
        ...
