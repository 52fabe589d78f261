"""`deployments …`: making and deleting them, and what a blueprint says of them; `deployed` shows what there is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from durable_wf.cli import parameters
from durable_wf.cli.calls import Call
from durable_wf.cli.output import clean, columns, plural, short
from durable_wf.cli.parameters import AllowHttp, At, Blueprint, Inputs, NewName, Policy, RuntimeOnly
from durable_wf.cli.sources import resolver_of
from durable_wf.cli.values import read_values
from durable_wf.clock import iso
from durable_wf.errors import NotFoundError
from durable_wf.inspection.records import Capabilities, Deleted, Outputs, Parameter, Workflow

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from pathlib import Path

    from durable_wf.cli.parameters import OnUnknown
    from durable_wf.engine.topology import DeploymentTopology
    from durable_wf.sources.port import Resolver


def create(
    call: Call,
    blueprint: Blueprint,
    name: NewName = None,
    inputs: Inputs = None,
    on_unknown: Policy = None,
    runtime_only_evaluation: RuntimeOnly = False,
    allow_http: AllowHttp = False,
) -> None:
    """Make a deployment of a blueprint: its nodes and instances, none of which is started."""
    made = create_deployment(
        call,
        blueprint,
        name,
        inputs,
        on_unknown=on_unknown,
        runtime_only=runtime_only_evaluation,
        allow_http=allow_http,
        command="deployments create",
    )
    with call.view() as view:
        from durable_wf.inspection.deployments import deployment_detail

        found = deployment_detail(view, made)
    call.out.data(found, [made])
    call.out.note(
        f"deployment '{made}': {plural(found.node_instances, 'node instance')}; workflows: {', '.join(found.workflows)}"
    )


def create_deployment(
    call: Call,
    blueprint: Path,
    name: str | None,
    inputs: list[str] | None,
    *,
    on_unknown: OnUnknown | None,
    runtime_only: bool,
    allow_http: bool,
    command: str,
    workflow: str | None = None,
) -> str:
    """Make a deployment of a blueprint, as the options of a command say; its name.

    command   that has these options
    workflow  that is to be run then, and must be there
    raises    BlueprintError, InputError and what else is wrong with them; NotFoundError
    """
    values = read_values(inputs or [], "-i")
    resolver = resolver_of(call, blueprint, allow_http=allow_http)
    found = _check(call, resolver, values, runtime_only=runtime_only)
    if workflow is not None and workflow not in found:
        raise NotFoundError(
            f"the blueprint has no workflow '{workflow}'", hint="have it import cloudify/types/types.yaml"
        )
    policy = on_unknown and on_unknown.value
    with call.engine(command) as engine:
        return engine.deployments.create(
            blueprint, name, values, on_unknown=policy, runtime_only=runtime_only, resolver=resolver
        )


def _check(call: Call, resolver: Resolver, values: dict[str, Any], *, runtime_only: bool) -> Collection[str]:
    """Refuse a bad blueprint or input before a journal is made (L11), and say what is accepted and ignored.

    returns  the names of its workflows
    """
    from durable_wf.authoring.not_built import warnings_of
    from durable_wf.engine.deployments import planned, random_suffix

    call.secrets()
    compiled, _ = planned(resolver, values, random_suffix, runtime_only=runtime_only)
    for warning in (*compiled.warnings, *warnings_of(compiled)):
        call.out.note(f"warning: {clean(warning)}")
    return compiled.workflows.keys()


def outputs(call: Call, deployment: parameters.Deployment, at: At = None) -> None:
    """Show the outputs of a deployment, evaluated now, or from what was at a point. Secrets in them are masked."""
    from durable_wf.engine.deployments import outputs_of

    found = _evaluated(call, deployment, at, outputs_of)
    call.out.data(Outputs(found), _values(found))


def capabilities(call: Call, deployment: parameters.Deployment, at: At = None) -> None:
    """Show the capabilities of a deployment: what others may read. Evaluated as its outputs."""
    from durable_wf.engine.deployments import capabilities_of

    found = _evaluated(call, deployment, at, capabilities_of)
    call.out.data(Capabilities(found), _values(found))


def _evaluated(
    call: Call, deployment: str, at: str | None, evaluate: Callable[[DeploymentTopology], dict[str, Any]]
) -> dict[str, Any]:
    from durable_wf.cli.deployed import note_of_deletion, read_at
    from durable_wf.engine.past import PastTopology
    from durable_wf.inspection.points import moment_of

    point = read_at(at)
    call.secrets()
    with call.view() as view, view.store.snapshot():
        then = moment_of(view, deployment, point)
        found = evaluate(PastTopology(view, then))
    note_of_deletion(call, deployment, None if then.deleted_us is None else iso(then.deleted_us))
    return found


def _values(found: dict[str, Any]) -> Iterator[str]:
    for key, value in found.items():
        yield f"{clean(key)} = {clean(value) if isinstance(value, str) else short(value, 500)}"


def workflows(call: Call, deployment: parameters.Deployment) -> None:
    """List the workflows that a deployment can run, with their parameters."""
    from durable_wf.inspection.deployments import workflows as find

    with call.view() as view:
        found = find(view, deployment)
    call.out.items(found, [line for one in found for line in _workflow(one)])


def _workflow(one: Workflow) -> Iterator[str]:
    yield one.name
    rules = one.availability_rules
    for name, wanted in (
        ("node_instances_active", rules.node_instances_active),
        ("node_types_required", rules.node_types_required),
    ):
        if wanted:
            yield f"    {name}: {clean(' or '.join(wanted))}"
    if not rules.available:
        yield "    available: false"
    rows = [
        (
            f"    -p {parameter.name}=…",
            _type(parameter),
            "required" if parameter.required else f"default: {short(parameter.default, 40)}",
            short(parameter.description, 80),
            ", ".join(f"{each.operator} {short(each.argument, 40)}" for each in parameter.constraints),
        )
        for parameter in one.parameters
    ]
    yield from columns(rows)


def _type(parameter: Parameter) -> str:
    name = parameter.type or "any"
    return f"{name} of {parameter.item_type}" if parameter.item_type else name


def delete(call: Call, deployment: parameters.Deployment) -> None:
    """Delete a deployment. Its history stays in the journal; what its operations made is not touched."""
    with call.engine("deployments delete") as engine:
        engine.deployments.delete(deployment)
    call.out.data(Deleted(deployment), [])
    call.out.note(f"deleted deployment '{deployment}'")
