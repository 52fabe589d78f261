"""`deployments …`: blueprints with inputs, and how their instances are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from durable_wf.cli import parameters
from durable_wf.cli.calls import Call
from durable_wf.cli.output import clean, columns, moment, plural, short
from durable_wf.cli.parameters import AllowHttp, Blueprint, Inputs, NewName, Policy, RuntimeOnly
from durable_wf.cli.sources import resolver_of
from durable_wf.cli.values import read_values
from durable_wf.errors import NotFoundError
from durable_wf.inspection.records import (
    Capabilities,
    Deleted,
    Deployment,
    DeploymentDetail,
    NodeInstance,
    Outputs,
    Parameter,
    Workflow,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from durable_wf.cli.parameters import OnUnknown
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


def list_(call: Call) -> None:
    """List the deployments; with -q their names only."""
    from durable_wf.inspection.deployments import deployments

    found: list[Deployment] = []
    try:
        with call.view() as view:
            found = deployments(view)
    except NotFoundError:  # no journal yet
        found = []
    rows = [(one.id, one.blueprint_id, str(one.node_instances), moment(one.created_at)) for one in found]
    lines = columns([("DEPLOYMENT", "BLUEPRINT", "INSTANCES", "CREATED (UTC)"), *rows]) if rows else []
    call.out.items(found, lines if call.out.level >= 0 else [one.id for one in found])
    if not found:
        call.out.note(f"no deployments in {call.config.journal}")
        call.out.note("to begin: durable-wf deployments create BLUEPRINT -d NAME")


def show(call: Call, deployment: parameters.Deployment) -> None:
    """Show what a deployment is made of."""
    from durable_wf.inspection.deployments import deployment_detail

    with call.view() as view:
        found = deployment_detail(view, deployment)
    call.out.data(found, _detail(found))


def _detail(found: DeploymentDetail) -> Iterator[str]:
    yield f"deployment   {found.id}"
    yield f"blueprint    {clean(found.blueprint_path)}"
    if found.description:
        yield f"             {short(found.description, 100)}"
    yield f"created      {moment(found.created_at)} UTC"
    if found.on_unknown:
        yield f"on unknown   {found.on_unknown}"
    yield f"workflows    {', '.join(found.workflows) or 'none'}"
    yield f"outputs      {', '.join(found.outputs) or 'none'}"
    if found.capabilities:
        yield f"capabilities {', '.join(found.capabilities)}"
    yield from _pairs("labels", found.labels)
    yield from _pairs("inputs", found.inputs)
    yield ""
    rows = [(one.id, one.type, _counts(one.instances)) for one in found.nodes]
    yield from columns([("NODE", "TYPE", "INSTANCES"), *rows])


def _pairs(title: str, values: dict[str, Any]) -> Iterator[str]:
    for index, (key, value) in enumerate(values.items()):
        yield f"{title if index == 0 else '':<12} {clean(key)} = {short(value, 100)}"


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {state}" for state, count in counts.items()) or "none"


def instances(call: Call, deployment: parameters.Deployment) -> None:
    """List the node instances of a deployment as they are now."""
    from durable_wf.inspection.deployments import instances as find

    with call.view() as view:
        found = find(view, deployment)
    rows = [_instance(call, one) for one in found]
    call.out.items(found, columns([("INSTANCE", "NODE", "STATE", "HOST", "RUNTIME PROPERTIES"), *rows]))


def _instance(call: Call, one: NodeInstance) -> tuple[str, ...]:
    properties = ", ".join(f"{key}={short(value, 40)}" for key, value in one.runtime_properties.items())
    shown = clean(properties) if call.out.level > 0 else short(properties, 60)
    return one.id, one.node_id, clean(one.state), one.host_id or "", shown


def outputs(call: Call, deployment: parameters.Deployment) -> None:
    """Show the outputs of a deployment, evaluated now. Secrets in them are masked."""
    from durable_wf.engine.deployments import outputs_of
    from durable_wf.engine.topology import find_deployment

    call.secrets()
    with call.view() as view:
        found = outputs_of(find_deployment(view.store, deployment))
    call.out.data(Outputs(found), _values(found))


def capabilities(call: Call, deployment: parameters.Deployment) -> None:
    """Show the capabilities of a deployment, evaluated now: what others may read. Secrets in them are masked."""
    from durable_wf.engine.deployments import capabilities_of
    from durable_wf.engine.topology import find_deployment

    call.secrets()
    with call.view() as view:
        found = capabilities_of(find_deployment(view.store, deployment))
    call.out.data(Capabilities(found), _values(found))


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
