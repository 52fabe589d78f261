"""Compiles labels, tags and settings of deployments. What means something to a server only is kept, and said.

Source: reference/blueprint-dsl.md §2, §14 ("deployment creation").
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from durable_wf.dsl.calls import CallChecker
from durable_wf.dsl.functions import function_of
from durable_wf.dsl.problems import Report
from durable_wf.dsl.schedules import Schedules
from durable_wf.dsl.source import Pair, Value, child, plain
from durable_wf.sources.port import Resolver

KEPT = "kept; it means something to a server only"


class ServerSections:
    """Compiles those sections; what is wrong is reported, and that they are only kept is noted."""

    def __init__(self, calls: CallChecker, report: Report, resolver: Resolver) -> None:
        self._calls = calls
        self._report = report
        self._schedules = Schedules(report, resolver)

    def labels(self, section: Mapping[str, Pair], name: str) -> dict[str, Any]:
        """`labels` or `blueprint_labels`: values by name."""
        found: dict[str, Any] = {}
        for key, pair in section.items():
            path = f"{name}.{key}"
            if name != "labels":  # get_label and get_environment_capability ask for those
                self._report.note(KEPT, pair.key, path)
            values = pair.value.get("values")
            if values is not None and name == "labels":
                self._calls.check(values, child(path, "values"), {})
                self._refuse_attributes(values, child(path, "values"))
            found[key] = plain(values) if values else []
        return found

    def tags(self, section: Mapping[str, Pair]) -> dict[str, Any]:
        """`resource_tags`: what was written by name; functions in them are not looked at."""
        for key, pair in section.items():
            self._report.note(KEPT, pair.key, f"resource_tags.{key}")
        return {key: plain(pair.value) for key, pair in section.items()}

    def settings(self, given: Value | None) -> dict[str, Any]:
        """`deployment_settings`."""
        if given is None or given.is_bad:
            return {}
        path = "deployment_settings"
        for name, pair in given.pairs.items():
            if name != "default_groups":  # get_group_capability asks for those
                self._report.note(KEPT, pair.key, child(path, name))
        for key in ("display_name", "default_schedules"):
            value = given.get(key)
            if value is not None:
                self._calls.check(value, child(path, key), {})
        found = {key: plain(one.value) for key, one in given.pairs.items()}
        schedules = given.get("default_schedules")
        for name, one in schedules.pairs.items() if schedules else ():
            where = f"{path}.default_schedules.{name}"
            found["default_schedules"][name] = self._schedules.compiled(one.value, where)
            parameters = one.value.get("workflow_parameters")
            if parameters is not None:
                self._refuse_attributes(parameters, child(where, "workflow_parameters"))
        return found

    def _refuse_attributes(self, value: Value, path: str) -> None:
        """Report calls that ask for attributes of instances: there are none yet when these values are needed."""
        left = [(value, path)]
        while left:
            part, at = left.pop()
            name = function_of(part.pairs)
            if name and name.startswith("get_attribute"):
                self._report.add("function-not-allowed", f"'{name}' cannot stand here", part.pairs[name].key, at)
            left.extend((pair.value, child(at, key)) for key, pair in part.pairs.items())
            left.extend((item, child(at, index)) for index, item in enumerate(part.items))
