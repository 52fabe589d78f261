"""Relationships that wait for one operation of the target only: it must be one that the target's template gives.

Source: reference/blueprint-dsl.md §11 (depends_on_lifecycle_operation), codes 215 and 216.
"""

from __future__ import annotations

from collections.abc import Mapping

from durable_wf.dsl.functions import function_of
from durable_wf.dsl.problems import Report
from durable_wf.dsl.source import Value
from durable_wf.dsl.templates import Link, Template

INTERFACE = "cloudify.interfaces.lifecycle"
_TYPE = "cloudify.relationships.depends_on_lifecycle_operation"
_NAME = "operation"


def check_lifecycle_links(templates: Mapping[str, Template], report: Report) -> None:
    """Report such relationships that name no operation which their target itself gives."""
    for template in templates.values():
        for link in template.links:
            name = link.properties.get(_NAME)
            target = templates.get(link.target or "")
            if name is not None and target is not None and not name.is_bad and link.is_a(_TYPE):
                _check(link, name, target, report)


def _check(link: Link, name: Value, target: Template, report: Report) -> None:
    path = f"{link.path}.properties.{_NAME}"
    if function_of(name.pairs):
        message = "which operation is waited for must be a literal"
        report.add("function-not-allowed", message, name.place, path)
        return
    interfaces = target.pair.value.get("interfaces")
    given = interfaces.get(INTERFACE) if interfaces else None
    if any(part is not None and part.is_bad for part in (target.pair.value, interfaces, given)):
        return
    if given is None or not given.pairs:
        message = f"the template of '{target.name}' gives no operation of {INTERFACE}"
        hint = f"give '{target.name}' the operation there, or use cloudify.relationships.depends_on"
        report.add("target-without-lifecycle", message, name.place, path, hint=hint)
    elif name.text not in given.pairs:
        message = f"the template of '{target.name}' gives no operation '{name.text}' of {INTERFACE}"
        expected = "one of " + ", ".join(given.pairs)
        near = report.did_you_mean(name.text or "", given.pairs)
        report.add("unknown-lifecycle-operation", message, name.place, path, expected=expected, hint=near)
