"""What a deployment's inputs and an execution's parameters become: given values over declared ones.

All that is wrong is said at once.
Source: reference/blueprint-dsl.md §4 (applying inputs), §10; reference/workflow-api.md §9.2.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from durable_wf.dsl.problems import Report
from durable_wf.dsl.values import corrected, fits
from durable_wf.errors import InputError
from durable_wf.model.plan import Parameter, Workflow

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


def apply_inputs(declared: Mapping[str, Parameter], given: Mapping[str, Any]) -> dict[str, Any]:
    """The value of every declared input, in the order of declaration; defaults may still hold functions.

    A text is read as the integer, float or boolean that is declared. An input that is not required, has no
    default and is not given is None.

    raises  InputsError listing all that is missing, unknown or does not fit.
    """
    problems = _unknown("input", declared, given)
    found: dict[str, Any] = {}
    for name, one in declared.items():
        if name not in given:
            if one.required and not one.has_default:
                problems.append(f"the input '{name}' is missing")
            found[name] = one.default if one.has_default else None
            continue
        value = corrected(one.type, given[name])
        problem = _not_data(value)
        if not problem and not fits(one.type, value) and not (value is None and not one.required):
            problem = f"is not of type {one.type}"
        if problem:
            problems.append(f"the input '{name}' {problem}")
        found[name] = value
    if problems:
        raise InputsError("these inputs do not fit the blueprint", problems, hint=_expected(declared))
    return found


def merge_parameters(workflow: Workflow, given: Mapping[str, Any], *, allow_custom: bool = False) -> dict[str, Any]:
    """The arguments of a workflow: defaults, and over them what is given, in the order of declaration.

    Texts are converted to a declared integer, float or boolean; an integer to a declared float. Of types,
    only integer, float, string and boolean are checked. What is not required, has no default and is not
    given is not passed.

    allow_custom  whether undeclared parameters are passed through, after the declared ones
    raises        ParametersError listing all that is missing, undeclared or of another type.
    """
    declared = workflow.parameters
    problems = [] if allow_custom else _unknown("parameter", declared, given)
    found: dict[str, Any] = {}
    for name, one in declared.items():
        if name in given:
            found[name] = _converted(one.type, given[name])
            if not _is_of(one.type, found[name]):
                problems.append(f"the parameter '{name}' is not of type {one.type}")
        elif one.has_default:
            found[name] = one.default
        elif one.required:
            problems.append(f"the parameter '{name}' is missing")
    found.update((name, value) for name, value in given.items() if name not in declared)
    problems.extend(f"the parameter '{name}' {bad}" for name, value in given.items() if (bad := _not_data(value)))
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
