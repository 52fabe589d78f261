"""Evaluates functions while an execution runs: get_attribute, and all that waited for it. Pure: it reads a `Scope`.

Source: reference/blueprint-dsl.md §14 (get_attribute, instance choice, outputs).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from durable_wf.dsl.evaluate import At, Evaluation, EvaluationError, Who, known, part, shown
from durable_wf.dsl.functions import has_function
from durable_wf.model.plan import Output


@dataclass(frozen=True, slots=True)
class InstanceView:
    """A node instance, as far as functions see it.

    index        1-based within the node
    target_ids   ids of the instances that its relationships point at
    """

    id: str
    node: str
    index: int
    runtime_properties: Mapping[str, Any] = field(default_factory=dict)
    target_ids: Sequence[str] = ()


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

    def node_properties(self, node: str) -> Mapping[str, Any]:
        """Properties of a node by name. raises KeyError."""
        ...

    def instance(self, instance_id: str) -> InstanceView:
        """An instance by id. raises KeyError."""
        ...

    def instances(self, node: str) -> Sequence[InstanceView]:
        """All instances of a node, by index."""
        ...


def evaluate(payload: Any, scope: Scope) -> Any:
    """New data with every function in `payload` evaluated.

    raises  EvaluationError: something asked for is not there, or it cannot be told which instance is meant.
    cost    linear in the result; no lookup of the scope but those that the functions ask for
    """
    if not has_function(payload):
        return payload
    run = _RuntimeEvaluation(scope)
    return run.evaluate(payload, run.at)


def evaluate_outputs(outputs: Mapping[str, Output], scope: Scope) -> dict[str, Any]:
    """The outputs' values by name; one that cannot be evaluated is the text `<ERROR: why>`."""
    found: dict[str, Any] = {}
    for name, output in outputs.items():
        try:
            found[name] = evaluate(output.value, scope)
        except EvaluationError as error:
            found[name] = f"<ERROR: {error.message}>"
    return found


class _RuntimeEvaluation(Evaluation):
    def __init__(self, scope: Scope) -> None:
        super().__init__(scope.inputs, scope.node_properties)
        self._scope = scope
        self.at = At(self._who(scope.self_id), self._who(scope.source_id), self._who(scope.target_id))

    def _who(self, instance_id: str | None) -> Who | None:
        return None if instance_id is None else Who(self._scope.instance(instance_id).node, instance_id)

    def get_attribute(self, arguments: Any, at: At, depth: int) -> Any:
        known(arguments, "get_attribute")
        who, path = self.owner("get_attribute", arguments, at)
        instance = self._instance(who, at)
        here = At(Who(instance.node, instance.id))
        name = f"{instance.id}.{shown(path)}"
        first = path[0]
        if first in instance.runtime_properties:
            return self._nested(name, instance.runtime_properties[first], path[1:], here, depth)
        if len(path) == 1 and first == "node_instance_id":
            return instance.id
        if len(path) == 1 and first == "node_instance_index":
            return instance.index
        properties = self.properties_of(instance.node, "get_attribute")
        return self._nested(name, properties.get(first), path[1:], here, depth)

    def _nested(self, name: str, value: Any, keys: Sequence[Any], at: At, depth: int) -> Any:
        """What stands at `keys`; null where they lead nowhere."""
        whole = self.follow(name, value, (), at, depth)
        for key in keys:
            try:
                whole = part(name, whole, key)
            except EvaluationError:
                return None
        return whole

    def _instance(self, who: Who, at: At) -> InstanceView:
        """The one instance that is meant."""
        if who.instance is not None:
            return self._scope.instance(who.instance)
        found = self._scope.instances(who.node)
        if not found:
            self.properties_of(who.node, "get_attribute")
            raise EvaluationError(f"get_attribute: the node '{who.node}' has no instance")
        if len(found) > 1 and at.self and at.self.instance:
            targets = set(self._scope.instance(at.self.instance).target_ids)
            found = [one for one in found if one.id in targets] or found
        if len(found) > 1:
            hint = "SELF must have a relationship to exactly one of them"
            raise EvaluationError(f"get_attribute: the node '{who.node}' has {len(found)} instances", hint=hint)
        return found[0]
