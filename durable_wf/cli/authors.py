"""`validate`: tells whether a blueprint is right, and if not, all that is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from durable_wf.cli.calls import Call
from durable_wf.cli.output import clean, plural, shown_workflows
from durable_wf.cli.parameters import AllowHttp, Blueprint
from durable_wf.cli.sources import resolver_of

if TYPE_CHECKING:
    from durable_wf.dsl.problems import Problem


@dataclass(frozen=True, slots=True)
class ProblemRecord:
    """A mistake in a blueprint, where it stands, and how to mend it."""

    code: str
    message: str
    file: str
    line: int
    column: int
    path: str
    expected: str | None
    hint: str | None


@dataclass(frozen=True, slots=True)
class Validation:
    """What `validate` found.

    notes  what is kept, and means something to a server only
    items  all mistakes, by file and place
    """

    blueprint: str
    valid: bool
    warnings: list[str]
    notes: list[str]
    nodes: int
    workflows: list[str]
    items: list[ProblemRecord]


def validate(call: Call, blueprint: Blueprint, allow_http: AllowHttp = False) -> int:
    """Check a blueprint and all that it imports; every mistake is shown with its place. Nothing is stored."""
    from durable_wf.authoring.not_built import warnings_of
    from durable_wf.dsl.compile import compile_blueprint
    from durable_wf.dsl.problems import BlueprintError
    from durable_wf.engine.code import prepare_functions

    prepare_functions()
    try:
        found = compile_blueprint(resolver_of(call, blueprint, allow_http=allow_http))
    except BlueprintError as error:
        records = [_record(problem) for problem in error.problems]
        if call.out.as_json:
            call.out.data(Validation(str(blueprint), False, [], [], 0, [], records), [])  # noqa: FBT003 - a record's field
        for problem in error.problems:
            call.out.error(clean(str(problem)))
        call.out.error(f"{blueprint}: {plural(len(records), 'mistake')} [{error.code}]")
        return error.exit_code
    warnings = [*found.warnings, *warnings_of(found)]
    for warning in warnings:
        call.out.note(f"warning: {clean(warning)}")
    for note in found.notes:
        call.out.detail(f"note: {clean(note)}")
    workflows, notes = list(found.workflows), list(found.notes)
    record = Validation(str(blueprint), True, warnings, notes, len(found.nodes), workflows, [])  # noqa: FBT003
    nodes = plural(len(found.nodes), "node template")
    call.out.data(record, [f"{blueprint}: valid; {nodes}, workflows: {shown_workflows(found.workflows)}"])
    return 0


def _record(problem: Problem) -> ProblemRecord:
    place = problem.place
    return ProblemRecord(
        problem.code,
        problem.message,
        place.file,
        place.line,
        place.column,
        problem.path,
        problem.expected,
        problem.hint,
    )
