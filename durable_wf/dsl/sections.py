"""Small sections of a blueprint: outputs, capabilities, labels, settings of deployments.

Source: reference/blueprint-dsl.md §2.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from durable_wf.dsl.calls import CallChecker
from durable_wf.dsl.functions import calls_in, function_of
from durable_wf.dsl.problems import Report
from durable_wf.dsl.source import Pair, Value, child, plain
from durable_wf.model.plan import Output

_PER_INSTANCE = frozenset({"get_attribute", "get_attributes_list", "get_attributes_dict"})


def values(sections: Mapping[str, Mapping[str, Pair]], section: str, calls: CallChecker) -> dict[str, Output]:
    """The entries of `outputs` or `capabilities`; SELF, SOURCE and TARGET mean nothing in them."""
    found: dict[str, Output] = {}
    for name, pair in sections[section].items():
        value = pair.value.get("value")
        if value is not None:
            calls.check(value, f"{section}.{name}.value", {})
        description = pair.value.get("description")
        found[name] = Output(plain(value), (description.text or "") if description else "")
    return found


def labels(section: Mapping[str, Pair], calls: CallChecker, report: Report) -> dict[str, Any]:
    """The values of each label: texts, and calls of functions other than those that read attributes."""
    found: dict[str, Any] = {}
    for name, pair in section.items():
        given = pair.value.get("values")
        for index, item in enumerate(given.items if given else ()):
            path = child(f"labels.{name}.values", index)
            calls.check(item, path, {})
            asked = {function_of(call) for call in calls_in(plain(item))} & _PER_INSTANCE
            if asked:
                message = f"a label cannot hold {min(map(str, asked))}: it is there before any instance"
                report.add("function-not-allowed", message, item.place, path)
        found[name] = plain(given) or []
    return found


def default_groups(settings: Value | None) -> tuple[str, ...]:
    """The groups that a deployment is in from the start, each once."""
    given = settings.get("default_groups") if settings is not None else None
    return tuple(dict.fromkeys(item.text for item in (given.items if given else ()) if item.text is not None))
