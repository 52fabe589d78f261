"""`plan`: what a deployment of a blueprint would consist of, as data or as a picture. Nothing is stored."""

from __future__ import annotations

from collections import Counter
from itertools import count
from typing import TYPE_CHECKING

from durable_wf.cli.calls import Call
from durable_wf.cli.output import clean, columns, plural, shown_workflows
from durable_wf.cli.parameters import AllowHttp, Blueprint, Inputs, OutputFile, PlanFormat
from durable_wf.cli.pictures import format_of, write
from durable_wf.cli.sources import resolver_of
from durable_wf.cli.values import read_values

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from durable_wf.inspection.topology.record import Plan
    from durable_wf.model.plan import Workflow


def plan(
    call: Call,
    blueprint: Blueprint,
    inputs: Inputs = None,
    output: OutputFile = None,
    format_: PlanFormat = None,
    allow_http: AllowHttp = False,
) -> None:
    """Show what a deployment of a blueprint would consist of: nodes, instances, relationships, groups.

    With -o as JSON, or as a picture of the topology: SVG, or text for Graphviz or Mermaid.
    """
    from durable_wf.authoring.not_built import warnings_of
    from durable_wf.dsl.compile import compile_blueprint
    from durable_wf.dsl.deployment import plan_deployment
    from durable_wf.engine.code import prepare_functions
    from durable_wf.engine.safekeeping import announce
    from durable_wf.inspection.topology.drawing import drawing_of
    from durable_wf.inspection.topology.record import plan_record

    wanted = format_of(call, output, format_, source=blueprint)
    values = read_values(inputs or [], "-i")
    prepare_functions()
    compiled = compile_blueprint(resolver_of(call, blueprint, allow_http=allow_http))
    for warning in (*compiled.warnings, *warnings_of(compiled)):
        call.out.note(f"warning: {clean(warning)}")
    for note in compiled.notes:
        call.out.detail(f"note: {clean(note)}")
    announce(compiled.inputs, values, compiled, "inputs")
    made = plan_deployment(compiled, values, _numbered())
    record = plan_record(str(blueprint), made)
    if wanted is None:
        call.out.data(record, _lines(record, made.blueprint.workflows))
    else:
        write(call, output, wanted, record, lambda: drawing_of(made))


def _numbered() -> Callable[[], str]:
    """Suffixes that count, so that the same blueprint gives the same plan each time."""
    numbers = count(1)
    return lambda: f"{next(numbers):06}"


def _lines(record: Plan, workflows: Mapping[str, Workflow]) -> Iterator[str]:
    """For a person."""
    totals = Counter(one.node_id for one in record.node_instances)
    hosts = {one.id: one.host_id or "" for one in record.nodes}
    rows = [(clean(one.id), clean(one.type), str(totals[one.id]), clean(hosts[one.id])) for one in record.nodes]
    yield from columns([("NODE", "TYPE", "INSTANCES", "HOST"), *rows]) if rows else ["no nodes"]
    groups = [
        (clean(one.name), "" if one.policy is None else str(one.planned_instances), clean(", ".join(one.members)))
        for one in record.groups
    ]
    if groups:
        yield ""
        yield from columns([("GROUP", "INSTANCES", "MEMBERS"), *groups])
    yield ""
    links = sum(len(one.relationships) for one in record.node_instances)
    yield (
        f"{plural(len(record.node_instances), 'node instance')}, {plural(links, 'relationship')} between them; "
        f"workflows: {shown_workflows(workflows)}"
    )
