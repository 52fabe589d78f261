"""What a deployment needs of its surroundings: secrets, and capabilities of other deployments.

Source: reference/blueprint-dsl.md §0 (requirements), §14 ("Secrets", get_capability).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from durable_wf.dsl.functions import calls_in, function_of
from durable_wf.dsl.surroundings import PARENT
from durable_wf.model.plan import Blueprint, DeploymentPlan, Interfaces


def secrets_of(plan: DeploymentPlan) -> tuple[str, ...]:
    """Names of the secrets that the plan's calls name literally, sorted."""
    names = set()
    for call in _calls(plan.blueprint, plan.inputs):
        if function_of(call) == "get_secret":
            given = call["get_secret"]
            name = given[0] if isinstance(given, list) and given else given
            if isinstance(name, str):
                names.add(name)
    return tuple(sorted(names))


def environments_of(blueprint: Blueprint, inputs: Any) -> frozenset[str]:
    """Ids of the deployments whose capabilities a deployment reads, as far as its calls name them literally."""
    found: set[str] = set()
    for call in _calls(blueprint, inputs):
        name = function_of(call)
        if name == "get_capability" and isinstance(call[name], list) and isinstance(call[name][0], str | int):
            found.add(str(call[name][0]))
    found.update(one for one in blueprint.labels.get(PARENT, ()) if isinstance(one, str))
    return frozenset(found)


def _calls(blueprint: Blueprint, inputs: Any) -> Iterator[dict[str, Any]]:
    """Every call that reading or running the deployment may evaluate."""
    yield from calls_in(inputs)
    for output in (*blueprint.outputs.values(), *blueprint.capabilities.values()):
        yield from calls_in(output.value)
    yield from calls_in(dict(blueprint.labels))
    for node in blueprint.nodes.values():
        yield from calls_in(dict(node.properties))
        yield from _of_operations(node.interfaces)
        for link in node.relationships:
            yield from calls_in(dict(link.properties))
            yield from _of_operations(link.source_interfaces)
            yield from _of_operations(link.target_interfaces)


def _of_operations(interfaces: Interfaces) -> Iterator[dict[str, Any]]:
    for operations in interfaces.values():
        for operation in operations.values():
            if operation.has_intrinsic_functions:
                yield from calls_in(dict(operation.inputs))
