"""What a deployment's inputs and an execution's parameters become: given values over declared ones.

All that is wrong is said at once.
Source: reference/blueprint-dsl.md §4 (applying inputs), §10; reference/workflow-api.md §9.2.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from durable_wf.dsl.fitting import NONE, Fitting
from durable_wf.dsl.functions import has_function
from durable_wf.dsl.problems import Report
from durable_wf.dsl.values import corrected
from durable_wf.errors import InputError
from durable_wf.model.declarations import Parameter
from durable_wf.model.plan import Blueprint, Workflow

MAX_DEPTH = 64


class ValuesError(InputError):
    """Given values do not fit what is declared.

    problems   one sentence for each
    """

    def __init__(self, subject: str, problems: Iterable[str], *, hint: str | None = None) -> None:
        self.problems = tuple(problems)
        between = "\n  " if len(self.problems) > 1 else " "
        super().__init__(f"{subject}:{between}" + between.join(self.problems), hint=hint)


class InputsError(ValuesError):
    """The inputs of a deployment are not those that its blueprint declares."""

    code = "bad-inputs"
    explanation = (
        "Inputs are missing, not declared by the blueprint, or do not fit their type. All are listed. `-i` takes "
        "name=value, read as YAML, or a file."
    )


class ParametersError(ValuesError):
    """The parameters of an execution are not those that its workflow declares."""

    code = "bad-parameters"
    explanation = (
        "Parameters are missing, not declared by the workflow, or do not fit their type. All are listed. "
        "`--allow-custom-parameters` passes undeclared ones on."
    )


def apply_inputs(blueprint: Blueprint, given: Mapping[str, Any]) -> dict[str, Any]:
    """The value of every declared input, in the order of declaration; defaults may still hold functions.

    A text is read as the integer, float or boolean that is declared. A value of a data type is completed with the
    type's defaults; one is made of them where none is given. An input that is not required, has no default and is
    not given is None.

    raises  InputsError listing all that is missing, unknown or does not fit.
    """
    declared = blueprint.inputs
    fitting = Fitting(blueprint)
    problems = _unknown("input", declared, given)
    found: dict[str, Any] = {}
    for name, one in declared.items():
        value = corrected(one.type, given[name]) if name in given else fitting.default(one)
        if value is NONE:
            if one.required:
                problems.append(f"the input '{name}' is missing")
            found[name] = None
            continue
        problem = _not_data(value)
        if problem or (value is None and not one.required):
            found[name] = value
        else:
            found[name], wrong = fitting.value(one, value)
            problem = "; ".join(wrong)
        if problem:
            problems.append(f"the input '{name}' {problem}")
    if problems:
        raise InputsError(_INPUTS_SUBJECT, problems, hint=_expected(declared))
    return found


def check_late(
    declared: Mapping[str, Parameter], raw: Mapping[str, Any], blueprint: Blueprint, values: Mapping[str, Any]
) -> None:
    """Check constraints on inputs where a function stood, in the constraint or in the value, now that it is evaluated.

    declared, raw       the inputs as the blueprint has them, and their values, with functions
    blueprint, values   the same without
    raises              InputsError
    """
    fitting = Fitting(blueprint)
    problems = []
    for name, one in blueprint.inputs.items():
        was_open = one.constraints != declared[name].constraints or has_function(raw[name])
        if one.constraints and was_open and values[name] is not None:
            wrong = fitting.value(one, values[name])[1]
            problems.extend([f"the input '{name}' {'; '.join(wrong)}"] if wrong else [])
    if problems:
        raise InputsError(_INPUTS_SUBJECT, problems, hint=_expected(declared))


_INPUTS_SUBJECT = "these inputs do not fit the blueprint"


def merge_parameters(
    workflow: Workflow, given: Mapping[str, Any], *, blueprint: Blueprint, allow_custom: bool = False
) -> dict[str, Any]:
    """The arguments of a workflow: defaults, and over them what is given, in the order of declaration.

    Texts are converted to a declared integer, float or boolean; an integer to a declared float. Of primitive types,
    only integer, float, string and boolean are checked; data types, types of items and constraints are. What is not
    required, has no default and is not given is not passed.

    blueprint     the deployment's
    allow_custom  whether undeclared parameters are passed through, after the declared ones
    raises        ParametersError listing all that is missing, undeclared or does not fit.
    """
    declared = workflow.parameters
    fitting = Fitting(blueprint)
    problems = [] if allow_custom else _unknown("parameter", declared, given)
    found: dict[str, Any] = {}
    for name, one in declared.items():
        value = _converted(one.type, given[name]) if name in given else fitting.default(one)
        if value is NONE:
            if one.required:
                problems.append(f"the parameter '{name}' is missing")
            continue
        found[name] = value
        wrong = _not_data(value) or (name in given and not _is_of(one.type, value) and f"is not of type {one.type}")
        if wrong:
            problems.append(f"the parameter '{name}' {wrong}")
        elif value is not None or (name in given and one.required):
            found[name], more = fitting.argument(one, value)
            problems.extend([f"the parameter '{name}' {'; '.join(more)}"] if more else [])
    for name, value in given.items():
        if name not in declared:
            found[name] = value
            wrong = _not_data(value)
            problems.extend([f"the parameter '{name}' {wrong}"] if wrong else [])
    if problems:
        subject = f"these parameters do not fit the workflow '{workflow.name}'"
        raise ParametersError(subject, problems, hint=_expected(declared))
    return found


def _unknown(what: str, declared: Mapping[str, Parameter], given: Mapping[str, Any]) -> list[str]:
    report = Report()
    problems = []
    for name in given:
        if name not in declared:
            hint = report.did_you_mean(name, declared)
            problems.append(f"there is no {what} '{name}'" + (f", {hint}" if hint else ""))
    return problems


def _expected(declared: Mapping[str, Parameter]) -> str:
    return f"declared are: {', '.join(declared)}" if declared else "none are declared"


def _converted(type_name: str | None, value: Any) -> Any:
    value = corrected(type_name, value, any_case=True)
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    return float(value) if type_name == "float" and is_whole and abs(value) < 2**53 else value


_CHECKED: Mapping[str, type | tuple[type, ...]] = {"integer": int, "float": float, "string": str, "boolean": bool}


def _is_of(type_name: str | None, value: Any) -> bool:
    wanted = _CHECKED.get(type_name or "")
    return wanted is None or isinstance(value, wanted)


def _not_data(value: Any) -> str:
    """Why a value cannot be stored as JSON, as the end of a sentence; '' if it can. Without recursion."""
    left: list[tuple[Any, int]] = [(value, 0)]
    while left:
        part, depth = left.pop()
        if depth > MAX_DEPTH:
            return f"is nested more than {MAX_DEPTH} deep"
        if isinstance(part, Mapping):
            if not all(isinstance(key, str) for key in part):
                return "has a key that is not text"
            left.extend((item, depth + 1) for item in part.values())
        elif isinstance(part, list | tuple):
            left.extend((item, depth + 1) for item in part)
        elif isinstance(part, float) and not math.isfinite(part):
            return "has a number that is not finite"
        elif part is not None and not isinstance(part, str | int | float):
            return f"has a value of type {type(part).__name__}, which JSON cannot hold"
    return ""
