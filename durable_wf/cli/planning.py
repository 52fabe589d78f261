"""`plan`: what a deployment of a blueprint would consist of, as data or as a picture. Nothing is stored."""

from __future__ import annotations

from collections import Counter
from itertools import count, groupby
from pathlib import Path
from typing import TYPE_CHECKING

from durable_wf.cli.calls import Call
from durable_wf.cli.output import clean, columns, plural, shown_workflows
from durable_wf.cli.parameters import AllowHttp, Blueprint, Inputs, OutputFile, PlanFormat, PlanFormats
from durable_wf.cli.sources import resolver_of
from durable_wf.cli.values import read_values
from durable_wf.errors import StorageError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from durable_wf.inspection.topology.drawing import Drawing
    from durable_wf.inspection.topology.record import Plan, PlannedStage
    from durable_wf.model.plan import DeploymentPlan

_STAGES = 60  # lines
_NAMES = 4

_SUFFIXES: Mapping[str, PlanFormats] = {
    ".json": PlanFormats.JSON,
    ".svg": PlanFormats.SVG,
    ".dot": PlanFormats.DOT,
    ".gv": PlanFormats.DOT,
    ".mmd": PlanFormats.MERMAID,
    ".mermaid": PlanFormats.MERMAID,
}


def plan(
    call: Call,
    blueprint: Blueprint,
    inputs: Inputs = None,
    output: OutputFile = None,
    format_: PlanFormat = None,
    allow_http: AllowHttp = False,
) -> None:
    """Show what a deployment of a blueprint would consist of, and the order in which it would be installed.

    With -o as JSON, or as a picture of the topology: SVG, or text for Graphviz or Mermaid.
    """
    from durable_wf.authoring.not_built import warnings_of
    from durable_wf.dsl.compile import compile_blueprint
    from durable_wf.dsl.deployment import plan_deployment
    from durable_wf.engine.code import prepare_functions
    from durable_wf.engine.safekeeping import announce
    from durable_wf.inspection.topology.record import plan_record

    wanted = _format(call, blueprint, output, format_)
    values = read_values(inputs or [], "-i")
    prepare_functions()
    compiled = compile_blueprint(resolver_of(call, blueprint, allow_http=allow_http))
    for warning in (*compiled.warnings, *warnings_of(compiled)):
        call.out.note(f"warning: {clean(warning)}")
    for note in compiled.notes:
        call.out.detail(f"note: {clean(note)}")
    announce(compiled.inputs, values, compiled, "inputs")
    made = plan_deployment(compiled, values, _numbered())
    record = plan_record(str(blueprint), made, _install_order(made))
    if wanted is None:
        call.out.data(record, _lines(record, shown_workflows(made.blueprint.workflows, whole=call.out.level > 0)))
    elif output is None or str(output) == "-":
        call.out.lines([_text(wanted, record, made).removesuffix("\n")])
    else:
        _write(output, _text(wanted, record, made))
        if call.out.as_json:
            call.out.data(record, [])
        call.out.note(f"written: {output}")


def _install_order(made: DeploymentPlan) -> list[PlannedStage]:
    """The stages of the built-in install, where the blueprint has it."""
    from durable_wf.builtin.outline import INSTALL, outline
    from durable_wf.inspection.topology.record import PlannedStage

    install = made.blueprint.workflows.get("install")
    if install is None or install.function != INSTALL:
        return []
    return [PlannedStage(*stage) for stage in outline(made)]


def _format(call: Call, blueprint: Path, output: Path | None, given: PlanFormats | None) -> PlanFormats | None:
    """What is to be written; None: the usual lines, or JSON with --json.

    raises  UsageError where that cannot be told, or cannot be done
    """
    if output is None and given is None:
        return None
    if output is None or str(output) == "-":
        if call.out.as_json and given not in {None, PlanFormats.JSON}:
            raise UsageError("--json and a picture both want standard output", hint="write the picture to a file: -o")
        return given or PlanFormats.JSON
    if output.exists() and blueprint.exists() and output.samefile(blueprint):
        raise UsageError(f"-o {output}: this is the blueprint", hint="name another file")
    found = given or _SUFFIXES.get(output.suffix.lower())
    if found is None:
        known = ", ".join(_SUFFIXES)
        raise UsageError(
            f"-o {output}: the suffix tells no format", hint=f"end it with one of {known}, or say --format"
        )
    return found


def _numbered() -> Callable[[], str]:
    """Suffixes that count, so that the same blueprint gives the same plan each time."""
    numbers = count(1)
    return lambda: f"{next(numbers):06}"


def _text(wanted: PlanFormats, record: Plan, made: DeploymentPlan) -> str:
    if wanted is PlanFormats.JSON:
        from durable_wf.cli.output import as_document

        return as_document(record) + "\n"
    from durable_wf.inspection.topology.drawing import drawing_of

    return _painter(wanted)(drawing_of(made))


def _painter(wanted: PlanFormats) -> Callable[[Drawing], str]:
    from durable_wf.inspection.topology.svg import svg
    from durable_wf.inspection.topology.texts import dot, mermaid

    return {PlanFormats.SVG: svg, PlanFormats.DOT: dot, PlanFormats.MERMAID: mermaid}[wanted]


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror}") from error


def _lines(record: Plan, workflows: str) -> Iterator[str]:
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
        f"workflows: {workflows}"
    )
    yield from _order(record)


def _order(record: Plan) -> Iterator[str]:
    """The order of an install, each stage a line."""
    if not record.install_order:
        return
    shown = record.install_order[:_STAGES]
    rows = [
        (
            str(one.position),
            clean(_some(one.nodes)),
            str(one.instances),
            ", ".join(_folded(one.operations)) or "nothing",
        )
        for one in shown
    ]
    yield ""
    yield from columns([("INSTALL", "NODES", "INSTANCES", "OPERATIONS OF EACH"), *rows])
    if len(shown) < len(record.install_order):
        yield f"… and {plural(len(record.install_order) - len(shown), 'more stage')}; all of them: --json"


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _NAMES} more" if len(names) > _NAMES else ""
    return f"{', '.join(names[:_NAMES])}{more}"


def _folded(operations: list[str]) -> Iterator[str]:
    """`establish ×2` for the same twice in a row."""
    for name, same in groupby(operations):
        times = len(list(same))
        yield name if times == 1 else f"{name} ×{times}"
