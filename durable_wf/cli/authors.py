"""`validate`: tells whether a blueprint is right, and if not, all that is wrong."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from durable_wf.cli.calls import Call
from durable_wf.cli.mistakes import ProblemRecord, record, shown
from durable_wf.cli.output import clean, plural, shown_workflows
from durable_wf.cli.parameters import AllowHttp, Blueprint
from durable_wf.cli.sources import resolver_of


@dataclass(frozen=True, slots=True)
class Validation:
    """What `validate` found.

    warnings       those that the plan keeps, and what cannot be run yet, as text
    notes          what is kept, and means something to a server only
    items          all mistakes, by file and place
    warning_items  all warnings, by file and place; none where there are mistakes
    """

    blueprint: str
    valid: bool
    warnings: list[str]
    notes: list[str]
    nodes: int
    workflows: list[str]
    items: list[ProblemRecord]
    warning_items: list[ProblemRecord]


def validate(call: Call, blueprint: Blueprint, allow_http: AllowHttp = False) -> int:
    """Check a blueprint and all that it imports; every mistake is shown with its place. Nothing is stored."""
    from durable_wf.dsl.compile import check_blueprint
    from durable_wf.dsl.problems import BlueprintError
    from durable_wf.engine.code import prepare_functions
    from durable_wf.engine.missing import missing_functions
    from durable_wf.engine.unbuilt import not_built

    prepare_functions()
    resolver = resolver_of(call, blueprint, allow_http=allow_http)
    try:
        checked = check_blueprint(resolver)
    except BlueprintError as error:
        if call.out.as_json:
            items = [record(problem, error.sources) for problem in error.problems]
            call.out.data(Validation(str(blueprint), False, [], [], 0, [], items, []), [])  # noqa: FBT003 - a record's field
        raise
    found = checked.blueprint
    unbuilt = not_built(checked)
    said = checked.and_also([*missing_functions(blueprint, checked, resolver.plugin_folders), *unbuilt])
    for line in shown(said, checked.sources, colors=call.out.colors(sys.stderr), kind="warning"):
        call.out.note(line)
    for note in found.notes:
        call.out.detail(f"note: {clean(note)}")
    workflows, warnings, notes = list(found.workflows), [*found.warnings, *map(str, unbuilt)], list(found.notes)
    items = [record(one, checked.sources) for one in said]
    made = Validation(str(blueprint), True, warnings, notes, len(found.nodes), workflows, [], items)  # noqa: FBT003
    nodes = plural(len(found.nodes), "node template")
    names = shown_workflows(found.workflows, whole=call.out.level > 0)
    call.out.data(made, [f"{blueprint}: valid; {nodes}, workflows: {names}"])
    return 0
