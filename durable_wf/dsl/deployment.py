"""A compiled blueprint and its inputs -> what is deployed: values evaluated, instances planned. Pure.

Source: reference/blueprint-dsl.md §14 ("deployment creation"), §15.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from durable_wf.dsl.constraints import fits_operator
from durable_wf.dsl.evaluate import At, Evaluation, EvaluationError, Who
from durable_wf.dsl.fitting import Fitting
from durable_wf.dsl.functions import has_function
from durable_wf.dsl.hiding import WHOLE, Hide, Secrets, by_path, hidden
from durable_wf.dsl.instances import plan_instances
from durable_wf.dsl.memo import Creation
from durable_wf.dsl.parameters import ValuesError, apply_inputs, check_late
from durable_wf.dsl.secret_defaults import without_defaults
from durable_wf.model.declarations import Constraint, Parameter
from durable_wf.model.groups import Policy, Scalable
from durable_wf.model.plan import (
    Blueprint,
    DeploymentPlan,
    Interfaces,
    Node,
    Operation,
    Output,
    Relationship,
    Workflow,
)


class DeploymentError(ValuesError):
    """With these inputs the blueprint cannot be deployed."""

    code = "deployment"
    explanation = (
        "Functions in the blueprint cannot be evaluated with the given inputs, or give a number of instances that "
        "cannot be. Each line begins with the path in the blueprint."
    )


def plan_deployment(
    blueprint: Blueprint,
    inputs: Mapping[str, Any],
    new_suffix: Callable[[], str],
    *,
    runtime_only: bool = False,
    hide: Hide = by_path,
) -> DeploymentPlan:
    """What a deployment of `blueprint` with `inputs` consists of.

    new_suffix    six characters of a-z0-9 for an instance's id, new ones at each call
    runtime_only  evaluate nothing now but numbers of instances: all functions stay calls until run time
    hide          takes values that are declared secret away; the plan has the calls that it gives, nowhere a value
    returns     the blueprint with functions evaluated in node properties, counts, operation inputs, outputs,
                capabilities and labels; what only run time knows is still a call there
    raises      InputsError listing all inputs that are missing, unknown or of another type; DeploymentError
                listing all values that cannot be evaluated; TooManyInstances
    cost        linear in the blueprint's values, those that functions give, and the instances; functions have one
                budget of steps for all values together (`memo.py`)
    """
    values = apply_inputs(blueprint, inputs)
    run = _Creation(blueprint, values, hide, runtime_only=runtime_only)
    planned = run.planned()
    if run.problems:
        raise DeploymentError("the blueprint cannot be deployed with these inputs", run.problems)
    check_late(blueprint.inputs, values, planned, {**run.inputs, **run.plain})
    planned = without_defaults(planned, {name: (run.plain[name], run.inputs[name]) for name in run.plain}, hide)
    instances = plan_instances(planned.nodes, new_suffix, planned.scaling_groups)
    return DeploymentPlan(planned, run.inputs, instances)


class _Creation:
    """One deployment's evaluation; collects what goes wrong.

    plain   the inputs that have secret parts, with those
    """

    def __init__(self, blueprint: Blueprint, values: Mapping[str, Any], hide: Hide, *, runtime_only: bool) -> None:
        self._blueprint = blueprint
        self._runtime_only = runtime_only
        self._problems: dict[str, list[str]] = {}  # paths by message: what fails in one place fails where it is used
        self._hide = hide
        self._secrets = Secrets(blueprint.data_types)
        self._fits = Fitting(blueprint).fits
        self._properties: dict[str, Mapping[str, Any]] = {}
        self._shared = Creation()
        self._use(values)
        self.plain: dict[str, Any] = {}
        self.inputs = self._inputs(values)
        self._hide_properties()

    def _use(self, inputs: Mapping[str, Any]) -> None:
        """Evaluate with these inputs from now on."""
        nodes = self._blueprint.nodes
        self._shared.kept.clear()  # an earlier input's value
        self._evaluation = Evaluation(
            inputs, lambda node: self._properties.get(node) or nodes[node].properties, self._shared
        )
        self._evaluation.fits = self._fits

    def _inputs(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """All inputs evaluated, without what is secret; nothing that is evaluated later can take that from anywhere."""
        ways = {name: found for name, one in self._blueprint.inputs.items() if (found := self._secrets.ways(one))}
        self.plain = {name: self._value(values[name], f"inputs.{name}", At()) for name in ways}
        kept = {name: hidden(value, ways[name], f"inputs.{name}", self._hide) for name, value in self.plain.items()}
        self._use({**values, **kept})
        return {
            name: kept[name] if name in kept else self._value(value, f"inputs.{name}", At())
            for name, value in values.items()
        }

    def _hide_properties(self) -> None:
        """The nodes' secret properties, before any other value can take one from there."""
        nodes = [node for node in self._blueprint.nodes.values() if node.secrets]
        for node in nodes:
            self._properties[node.name] = self._without(node, dict(node.properties))
        for node in nodes if not self._runtime_only else ():
            self._properties[node.name] = self._without_secrets(node, self._properties[node.name])
            self._shared.kept.clear()  # nobody takes from there what was secret in these properties

    def _without(self, node: Node, properties: dict[str, Any]) -> dict[str, Any]:
        return dict(hidden(properties, node.secrets, f"node_templates.{node.name}.properties", self._hide))

    def _without_secrets(self, node: Node, properties: Mapping[str, Any]) -> dict[str, Any]:
        """As far as functions in them can be evaluated now."""
        found = dict(properties)
        for way in node.secrets:
            with suppress(EvaluationError, KeyError):  # said where the node is evaluated; not given
                found[way[0]] = self._evaluation.evaluate(found[way[0]], At(Who(node.name)))
        return dict(hidden(found, node.secrets, f"node_templates.{node.name}.properties", self._hide))

    def planned(self) -> Blueprint:
        nodes = {name: self._node(node) for name, node in self._blueprint.nodes.items()}
        outputs = {name: self._output(output) for name, output in self._blueprint.outputs.items()}
        policies = {name: self._policy(name, policy) for name, policy in self._blueprint.policies.items()}
        groups = {
            name: replace(group, scalable=policies[group.policy].scalable)
            for name, group in self._blueprint.scaling_groups.items()
        }
        workflows = {
            name: self._with_arguments(flow, f"workflows.{name}.parameters")
            for name, flow in self._blueprint.workflows.items()
        }
        return replace(
            self._blueprint,
            nodes=nodes,
            outputs=outputs,
            capabilities={name: self._output(one) for name, one in self._blueprint.capabilities.items()},
            policies=policies,
            scaling_groups=groups,
            workflows=workflows,
            inputs=self._arguments(self._blueprint.inputs, "inputs"),
            labels={
                name: self._value(values, f"labels.{name}", At()) for name, values in self._blueprint.labels.items()
            },
            deployment_settings=self._value(self._blueprint.deployment_settings, "deployment_settings", At()),
        )

    def _policy(self, name: str, policy: Policy) -> Policy:
        return replace(policy, scalable=self._scalable(policy.scalable, f"policies.{name}.properties"))

    def _with_arguments(self, flow: Workflow, path: str) -> Workflow:
        parameters = self._arguments(flow.parameters, path)
        return flow if parameters is flow.parameters else replace(flow, parameters=parameters)

    def _arguments(self, declared: Mapping[str, Parameter], path: str) -> Mapping[str, Parameter]:
        """Declarations with the arguments of constraints evaluated; the same object where none is a function."""
        if not any(has_function(one.argument) for each in declared.values() for one in each.constraints):
            return declared
        return {
            name: replace(
                each,
                constraints=tuple([self._constraint(one, f"{path}.{name}.constraints") for one in each.constraints]),
            )
            for name, each in declared.items()
        }

    def _constraint(self, one: Constraint, path: str) -> Constraint:
        if not has_function(one.argument):
            return one
        found = self._now(one.argument, f"{path}.{one.operator}", At())
        if has_function(found):
            self._problem(f"{path}.{one.operator}", "the argument is known at run time only")
        elif not fits_operator(one.operator, found):
            self._problem(f"{path}.{one.operator}", f"{str(found)[:200]!r} is no argument for '{one.operator}'")
        return replace(one, argument=found)

    def _value(self, value: Any, path: str, at: At) -> Any:
        return value if self._runtime_only else self._now(value, path, at)

    def _now(self, value: Any, path: str, at: At) -> Any:
        if not has_function(value):
            return value
        try:
            return self._evaluation.evaluate(value, at)
        except EvaluationError as error:
            self._problem(path, error.message)
            return None

    @property
    def problems(self) -> list[str]:
        """One line for each message, with the first path that it was met at."""
        return [
            f"{paths[0]}: {message}" + (f" (and {len(paths) - 1} more)" if len(paths) > 1 else "")
            for message, paths in self._problems.items()
        ]

    def _problem(self, path: str, message: str) -> None:
        self._problems.setdefault(message, []).append(path)

    def _output(self, output: Output) -> Output:
        """Evaluated as far as possible; what cannot be is told by every read of it."""
        if self._runtime_only:
            return output
        try:
            return replace(output, value=self._evaluation.evaluate(output.value, At()))
        except EvaluationError:
            return output

    def _node(self, node: Node) -> Node:
        path = f"node_templates.{node.name}"
        at = At(Who(node.name))
        return replace(
            node,
            properties={
                name: self._value(value, f"{path}.properties.{name}", at)
                for name, value in self._properties.get(node.name, node.properties).items()
            },
            interfaces=self._interfaces(node.interfaces, f"{path}.interfaces", at),
            relationships=tuple(
                [
                    self._relationship(node.name, one, f"{path}.relationships[{index}]")
                    for index, one in enumerate(node.relationships)
                ]
            ),
            scalable=self._scalable(node.scalable, f"{path}.capabilities.scalable.properties"),
        )

    def _relationship(self, source: str, one: Relationship, path: str) -> Relationship:
        at = At(source=Who(source), target=Who(one.target))
        sources = self._interfaces(one.source_interfaces, f"{path}.source_interfaces", at)
        targets = self._interfaces(one.target_interfaces, f"{path}.target_interfaces", at)
        if sources is one.source_interfaces and targets is one.target_interfaces and not one.secrets:
            return one
        properties = hidden(one.properties, one.secrets, f"{path}.properties", self._hide) if one.secrets else {}
        return replace(
            one, source_interfaces=sources, target_interfaces=targets, properties=properties or one.properties
        )

    def _interfaces(self, interfaces: Interfaces, path: str, at: At) -> Interfaces:
        """The same object where no operation has a function in its inputs."""
        if not any(self._is_open(op) for each in interfaces.values() for op in each.values()):
            return interfaces
        return {
            name: {op: self._operation(one, f"{path}.{name}.{op}", at) for op, one in each.items()}
            for name, each in interfaces.items()
        }

    def _operation(self, operation: Operation, path: str, at: At) -> Operation:
        if not self._is_open(operation):
            return operation
        inputs = {name: self._value(value, f"{path}.inputs.{name}", at) for name, value in operation.inputs.items()}
        for name, value in inputs.items():
            ways = WHOLE if name in operation.secrets else self._secrets.of_type(operation.inputs_types.get(name))
            inputs[name] = hidden(value, ways, f"{path}.inputs.{name}", self._hide)
        return replace(operation, inputs=inputs, has_intrinsic_functions=has_function(inputs))

    def _is_open(self, operation: Operation) -> bool:
        """Whether the inputs of an operation may change by a deployment's creation."""
        if operation.has_intrinsic_functions or operation.secrets:
            return True
        return self._secrets.any_typed and any(map(self._secrets.of_type, operation.inputs_types.values()))

    def _scalable(self, scalable: Scalable, path: str) -> Scalable:
        least = self._count(scalable.min_instances, f"{path}.min_instances", 0)
        most = self._count(scalable.max_instances, f"{path}.max_instances", -1)
        count = self._count(scalable.default_instances, f"{path}.default_instances", 0)
        if count < least or -1 != most < max(count, least):
            self._problem(path, "min_instances <= default_instances <= max_instances does not hold")
        return Scalable(count, least, most)

    def _count(self, value: Any, path: str, low: int) -> int:
        found = self._now(value, path, At())
        if found == "UNBOUNDED" and low < 0:
            return -1
        if not isinstance(found, int) or isinstance(found, bool) or found < low:
            self._problem(path, f"an instance count is an integer of at least {low}, not {found!r}")
            return max(low, 0)
        return found
