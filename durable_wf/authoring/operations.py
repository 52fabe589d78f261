"""Operations of nodes and relationships as tasks. Source: workflow-api §2.5, "execute_operation details"."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from durable_wf.authoring.requests import effect_spec, operation_spec
from durable_wf.authoring.task_classes import task_of
from durable_wf.model.plan import NOOP
from durable_wf.model.rows import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from durable_wf.authoring.services import Topology
    from durable_wf.authoring.workflow_ctx import WorkflowContext
    from durable_wf.model.plan import Operation, Plugin


class Subject(NamedTuple):
    """What an operation is of.

    target  an instance's id, or `source->target`
    node    the node that it runs on
    end     `source` or `target` of a relationship; None for a node's own
    """

    target: str
    node: str
    end: str | None = None


def run_operation(
    ctx: WorkflowContext,
    name: str,
    operations: Mapping[str, Operation],
    subject: Subject,
    kwargs: dict[str, Any] | None,
    *,
    override: bool,
    send_task_events: bool,
) -> Any:
    """The task that runs an operation, or one that does nothing where it has no implementation.

    raises  RuntimeError for a key twice, a value of the wrong type, or a plugin that nobody declares
    """
    internal = ctx.internal
    plan = operations.get(name, NOOP)
    if plan.is_noop:
        return task_of(internal.home, effect_spec(Kind.NOP, name, subject.target))
    plugin = _plugin_of(ctx, plan)
    inputs = merge_inputs(plan.inputs, kwargs or {}, override=override)
    _check_types(internal.topology, plan.inputs_types, kwargs or {})
    about = {"name": name, "node": subject.node, "plugin": plan.plugin, "relationship": subject.end}
    return internal.emit(
        operation_spec(
            internal.defaults,
            name=name if subject.end is None else f"{name} ({subject.end})",
            target=subject.target,
            function=plan.function,
            kwargs=inputs,
            plan=plan,
            about=about | timeouts(plan.timeout, plan.timeout_recoverable),
            on_unknown=plugin.on_unknown if plugin is not None else None,
            events=send_task_events,
        )
    )


def timeouts(timeout: float | None, recoverable: bool | None) -> dict[str, Any]:
    """What an operation's context shows of its timeout. In threads nothing enforces it (workflow-api §3.8)."""
    given = {"timeout": timeout, "timeout_recoverable": recoverable}
    return {key: value for key, value in given.items() if value is not None}


def _plugin_of(ctx: WorkflowContext, plan: Operation) -> Plugin | None:
    """The plugin that the function comes from; None where the operation names none."""
    topology = ctx.internal.topology
    if not plan.plugin or topology is None:
        return None
    plugin = topology.plugins.get(plan.plugin)
    if plugin is None:
        text = f"Plugin not found: {plan.plugin}"
        raise RuntimeError(text)
    return plugin


def merge_inputs(inputs: Mapping[str, Any], kwargs: dict[str, Any], *, override: bool) -> dict[str, Any]:
    """Operation inputs overlaid with `kwargs`.

    raises  RuntimeError for a key in both, unless `override`
    """
    twice = sorted(inputs.keys() & kwargs.keys())
    if twice and not override:
        text = (
            f"Duplicate definition of {', '.join(twice)} in operation properties and in kwargs. To allow redefinition, "
            "pass 'allow_kwargs_override' to 'execute_operation'"
        )
        raise RuntimeError(text)
    return {**inputs, **kwargs}


def _check_types(topology: Topology | None, types: Mapping[str, str], kwargs: dict[str, Any]) -> None:
    """What the blueprint gives was checked when it was compiled; here is what the workflow gives.

    raises  RuntimeError for a value that is not of the declared type (workflow-api §2.5)
    """
    for name, value in kwargs.items():
        if topology is not None and not topology.fits(types.get(name), value):
            text = f"Value {value!r} of '{name}' does not match the definition: {types[name]}"
            raise RuntimeError(text)
