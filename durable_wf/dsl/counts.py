"""Instance counts as written: of a node's `capabilities.scalable`, and of a scaling policy.

Source: reference/blueprint-dsl.md §12, §13.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from durable_wf.dsl.calls import CallChecker
from durable_wf.dsl.problems import Report
from durable_wf.dsl.source import Value, child, plain
from durable_wf.model.groups import Scalable

UNBOUNDED = -1

COUNTS: Mapping[str, int] = {"default_instances": 1, "min_instances": 0, "max_instances": UNBOUNDED}
"""The counts of a scalable, with what holds where they are not given."""


def check_counts(properties: Value, path: str, report: Report) -> None:
    """Report counts that do not fit each other; each for itself was checked by the grammar.

    properties  default_instances, min_instances, max_instances
    path        of the properties
    """
    count, least, most = (_number(properties, name, default) for name, default in COUNTS.items())
    wrong = None
    if least is not None and most is not None and least > most != UNBOUNDED:
        wrong = "min_instances"
    elif count is not None and ((least or 0) > count or (most is not None and count > most != UNBOUNDED)):
        wrong = "default_instances"
    if wrong:
        at = properties.get(wrong) or properties
        message = "min_instances <= default_instances <= max_instances does not hold"
        report.add("bad-instance-count", message, at.place, child(path, wrong))


def _number(properties: Value, name: str, default: int) -> int | None:
    """A count as far as it is literal; None where only a function or nothing usable stands."""
    given = properties.get(name)
    if given is None:
        return default
    if given.content == "UNBOUNDED":
        return UNBOUNDED
    return given.content if isinstance(given.content, int) else None


def scalable_of(properties: Value | None, path: str, calls: CallChecker) -> Scalable:
    """The counts for a plan; functions in them are checked and stay."""
    counts: dict[str, Any] = {}
    for name in COUNTS:
        given = properties.get(name) if properties else None
        if given is not None and not given.is_bad:
            calls.check_count(given, child(path, name))
            counts[name] = UNBOUNDED if given.content == "UNBOUNDED" else plain(given)
    return Scalable(**counts)
