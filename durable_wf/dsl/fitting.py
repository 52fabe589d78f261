"""Whether given values fit what is declared, and what the declaration adds to them: plain data, no places.

Source: reference/blueprint-dsl.md §4 (applying inputs), §5, §10.
"""

from __future__ import annotations

from typing import Any

from durable_wf.dsl.constraints import unknown_name, violation
from durable_wf.dsl.data_types import DataTypes, Filling, Spot
from durable_wf.dsl.functions import function_of, has_function
from durable_wf.dsl.problems import Place, Report
from durable_wf.dsl.source import located, plain
from durable_wf.dsl.values import fits
from durable_wf.model.declarations import Parameter
from durable_wf.model.plan import Blueprint

NONE: Any = object()
"""Stands for a value that there is not."""

_NOWHERE = Place("", 0, 0)


class Fitting:
    """Checks values against declarations of one blueprint."""

    def __init__(self, blueprint: Blueprint) -> None:
        self._plan = blueprint
        self._types = DataTypes.of_plan(blueprint.data_types)

    def fits(self, type_name: str | None, value: Any) -> bool:
        """Whether a value fits a primitive type or a data type, whose defaults may complete it; None takes everything.

        A function fits any type.
        """
        if type_name is None or type_name not in self._types:
            return fits(type_name, value)
        return not self._completed(type_name, value)[1]

    def default(self, one: Parameter) -> Any:
        """What stands where no value is given: the default, or a value made of the data type's; else NONE."""
        if one.has_default:
            return one.default
        if one.type not in self._types:
            return NONE
        found, wrong = self._completed(one.type or "", {})
        return NONE if wrong else found

    def value(self, one: Parameter, value: Any) -> tuple[Any, list[str]]:
        """A value completed, and all that is wrong with it as ends of sentences."""
        if isinstance(value, dict) and function_of(value):
            return value, ["is a function, and there are constraints on it"] if one.constraints else []
        if one.type not in self._types and not fits(one.type, value):
            return value, [f"is not of type {one.type}"]
        return self.argument(one, value)

    def argument(self, one: Parameter, value: Any) -> tuple[Any, list[str]]:
        """As `value`, for what primitive types are checked elsewhere."""
        if isinstance(value, dict) and function_of(value):
            return value, []
        if one.type in self._types:
            found, wrong = self._completed(one.type or "", value)
            return found, wrong or self._violations(one, found)
        if one.item_type is None:
            return value, self._violations(one, value)
        if not isinstance(value, list):
            return value, ["is not of type list"]
        wrong = []
        for index, item in enumerate(value):
            problems = self._violations(one, item) if fits(one.item_type, item) else [f"is not of type {one.item_type}"]
            wrong += [f"[{index}] {problem}" for problem in problems]
        return value, wrong

    def _violations(self, one: Parameter, value: Any) -> list[str]:
        if not one.constraints or has_function(value):
            return []
        found = [said for constraint in one.constraints if (said := violation(constraint, value))]
        unknown = unknown_name(one.constraints, one.item_type or one.type, value, self._plan)
        return [*found, unknown] if unknown else found

    def _completed(self, type_name: str, value: Any) -> tuple[Any, list[str]]:
        report = Report()
        given = located(value, _NOWHERE)
        found = self._types.filled(type_name, given, Spot(_NOWHERE, "", "", ""), Filling(report))
        return plain(found), [
            f"{'' if index else 'does not fit: '}{one.path + ': ' if one.path else ''}{one.message}"
            for index, one in enumerate(report.problems)
        ]
