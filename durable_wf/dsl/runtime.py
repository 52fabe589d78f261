"""Evaluates functions while an execution runs: get_attribute, and all that waited for it. Pure: it reads a `Scope`.

Source: reference/blueprint-dsl.md §14 (get_attribute, instance choice, outputs).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from durable_wf.dsl.choice import chosen
from durable_wf.dsl.evaluate import At, Evaluation, Who
from durable_wf.dsl.functions import function_of, has_function
from durable_wf.dsl.outcomes import EvaluationError, UnknownSecretError, known, part, shown
from durable_wf.dsl.surroundings import handlers
from durable_wf.dsl.views import InstanceView, Scope
from durable_wf.model.plan import Output

__all__ = ["InstanceView", "Scope", "evaluate", "evaluate_outputs"]


def evaluate(payload: Any, scope: Scope) -> Any:
    """New data with every function in `payload` evaluated.

    raises  EvaluationError: something asked for is not there, or it cannot be told which instance is meant.
    cost    linear in the result; no lookup of the scope but those that the functions ask for
    """
    if not has_function(payload):
        return payload
    run = RuntimeEvaluation(scope)
    return run.evaluate(payload, run.at)


def evaluate_outputs(outputs: Mapping[str, Output], scope: Scope) -> dict[str, Any]:
    """The values of outputs or capabilities by name; one that cannot be evaluated is the text `<ERROR: why>`.

    One that is nothing but a secret which is not there is left out, as the reference's §2 says.
    """
    found: dict[str, Any] = {}
    for name, output in outputs.items():
        try:
            found[name] = evaluate(output.value, scope)
        except EvaluationError as error:
            is_bare = isinstance(output.value, dict) and function_of(output.value) == "get_secret"
            if not (is_bare and isinstance(error, UnknownSecretError)):
                found[name] = f"<ERROR: {error.message}>"
    return found


class RuntimeEvaluation(Evaluation):
    """Evaluates all functions, for values read in `scope`."""

    at_run_time = True

    def __init__(self, scope: Scope) -> None:
        super().__init__(scope.inputs, scope.node_properties)
        self.scope = scope
        self.at = At(self._who(scope.self_id), self._who(scope.source_id), self._who(scope.target_id))
        self.calls |= {
            "get_attribute": self._get_attribute,
            "get_attributes_list": self._get_attributes_list,
            "get_attributes_dict": self._get_attributes_dict,
            **handlers(self),
        }

    def within(self, scope: Scope, prefix: str) -> RuntimeEvaluation:
        """An evaluation in another deployment that goes on with the work of this one.

        prefix  of that deployment's names in messages
        """
        other = RuntimeEvaluation(scope)
        other.work, other.prefix = self.work, prefix
        return other

    def made(self, name: str, secret: str, result: Any) -> None:
        """What is made of a secret is not said either."""
        self.scope.made(f"{name} of {secret}", result)

    def _who(self, instance_id: str | None) -> Who | None:
        return None if instance_id is None else Who(self.scope.instance(instance_id).node, instance_id)

    def _get_attribute(self, arguments: Any, at: At, depth: int) -> Any:
        known(arguments, "get_attribute")
        who, path = self.owner("get_attribute", arguments, at)
        self.properties_of(who.node, "get_attribute")
        instance = chosen(self.scope, who.node, at) if who.instance is None else self.scope.instance(who.instance)
        return self._read(instance, path, depth)

    def _get_attributes_list(self, arguments: Any, at: At, depth: int) -> list[Any]:
        known(arguments, "get_attributes_list")
        who, path = self.owner("get_attributes_list", arguments, at)
        self.properties_of(who.node, "get_attributes_list")
        return [self._read(one, path, depth) for one in self.scope.instances(who.node)]

    def _get_attributes_dict(self, arguments: Any, at: At, depth: int) -> dict[str, Any]:
        known(arguments, "get_attributes_dict")
        who, wanted = self.owner("get_attributes_dict", arguments, at)
        self.properties_of(who.node, "get_attributes_dict")
        paths: dict[str, list[Any]] = {}
        for one in wanted:
            path = one if isinstance(one, list) else [one]
            name = ".".join(map(str, path))
            if name in paths:
                raise EvaluationError(f"get_attributes_dict: two values would have the name '{name}'")
            paths[name] = path
        return {
            one.id: {name: self._read(one, path, depth) for name, path in paths.items()}
            for one in self.scope.instances(who.node)
        }

    def _read(self, instance: InstanceView, path: Sequence[Any], depth: int) -> Any:
        """Runtime property, else a special, else a property of the node, else null; null where keys lead nowhere."""
        first = path[0]
        if first in instance.runtime_properties:
            value = instance.runtime_properties[first]
        elif len(path) == 1 and first in ("node_instance_id", "node_instance_index"):
            return instance.id if first == "node_instance_id" else instance.index
        else:
            value = self.properties(instance.node).get(first)
        here = At(Who(instance.node, instance.id))
        whole = self.follow(f"{instance.id}.{shown(list(path))}", value, (), here, depth)
        for key in path[1:]:
            try:
                whole = part(instance.id, whole, key)
            except EvaluationError:
                return None
        return whole
