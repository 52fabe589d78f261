"""Constraints on values of inputs and parameters: what their arguments may be, and whether a value holds them.

Those that ask about a server (`filter_id`, `labels`, `tenants`, `deployment_id`) are kept and not checked; nor are
names of what another deployment has. Names in the blueprint itself are.

Source: reference/blueprint-dsl.md §4.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, NamedTuple

from durable_wf.dsl.checker import Checker
from durable_wf.dsl.declared_shapes import CONSTRAINT, OPERATORS
from durable_wf.dsl.functions import function_of, has_function
from durable_wf.dsl.patterns import TooManySteps, matches, refusal
from durable_wf.dsl.problems import Place, Report
from durable_wf.dsl.shapes import ListOf
from durable_wf.dsl.source import BAD, Value, child, located, plain
from durable_wf.model.declarations import Constraint
from durable_wf.model.plan import Blueprint, named_operations


class _Test(NamedTuple):
    """holds(value, argument), and the end of a sentence that says it.

    raises TypeError where they do not go together
    """

    holds: Callable[[Any, Any], bool]
    says: str


def _is_one_of(value: Any, allowed: Any) -> bool:
    """Python takes True for 1; an author does not."""
    return any(value == one and isinstance(value, bool) == isinstance(one, bool) for one in allowed)


_TESTS: Mapping[str, _Test] = {
    "equal": _Test(lambda value, wanted: _number(value) == wanted, "must be {}"),
    "greater_than": _Test(lambda value, least: _number(value) > least, "must be greater than {}"),
    "greater_or_equal": _Test(lambda value, least: _number(value) >= least, "must be at least {}"),
    "less_than": _Test(lambda value, most: _number(value) < most, "must be less than {}"),
    "less_or_equal": _Test(lambda value, most: _number(value) <= most, "must be at most {}"),
    "in_range": _Test(lambda value, ends: ends[0] <= _number(value) <= ends[1], "must be in the range {}"),
    "valid_values": _Test(_is_one_of, "must be one of {}"),
    "length": _Test(lambda value, wanted: len(value) == wanted, "must have the length {}"),
    "min_length": _Test(lambda value, least: len(value) >= least, "must have the length {} or more"),
    "max_length": _Test(lambda value, most: len(value) <= most, "must have the length {} or less"),
    "pattern": _Test(lambda value, pattern: matches(pattern, value), "must match the pattern {}"),
}

_OF_FILTERS = frozenset({"filter_id", "labels", "tenants"})
_FILTERED = frozenset({"deployment_id", "blueprint_id"})
_OF_DEPLOYMENTS = frozenset({"capability_value", "node_instance"})  # they need `deployment_id`
_LOCAL = frozenset({"node_id", "node_type", "operation_name", "scaling_group"})
_IN_DEPLOYMENTS = _OF_DEPLOYMENTS | _LOCAL
_IDS = _FILTERED | _IN_DEPLOYMENTS | {"secret_key"}
_FITTING: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(_OF_FILTERS, _FILTERED),
    "name_pattern": _IDS,
    "deployment_id": _IN_DEPLOYMENTS,
}
"""Data-based operator -> the types that it is for."""

_ENDS = 2
_LONGEST_SHOWN = 200


def _number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError
    return value


# ------------------------------------------------------------------ as written


def read(value: Value | None, type_: Value | None, path: str, report: Report) -> tuple[Constraint, ...]:
    """Constraints as they were written, the grammar checked already; what else is wrong with them is reported.

    type_   of the values that are checked: items, if they have a type; None: anything
    """
    found = [
        one
        for index, item in enumerate(value.items if value else ())
        if not item.is_bad and (one := _read(item, child(path, index), report)) is not None
    ]
    if value is not None and not (type_ and type_.is_bad):
        _check_types(found, value, type_.text if type_ else None, path, report)
    return tuple(found)


def _read(item: Value, path: str, report: Report) -> Constraint | None:
    names = [name for name in OPERATORS if name in item.pairs]
    if len(names) != 1:  # reported by the grammar
        return None
    argument = item.pairs[names[0]].value
    expected = None if argument.is_bad else _expected(names[0], argument)
    if expected:
        message = f"this is no argument for '{names[0]}'"
        report.add("bad-constraint-argument", message, argument.place, child(path, names[0]), expected=expected)
    words = item.get("error_message")
    if argument.is_bad or expected or any(one.is_bad for one in argument.items):
        return None
    return Constraint(names[0], plain(argument), (words.text if words else None) or "")


def _expected(operator: str, argument: Value) -> str:
    """What is asked for where an argument of the right kind is not right; '' if it is."""
    if function_of(argument.pairs) or any(item.is_bad for item in argument.items):
        return ""
    if operator == "in_range" and len(argument.items) != _ENDS:
        return "a list of two numbers"
    if operator == "in_range":
        least, most = (item.content for item in argument.items)
        if isinstance(least, int | float) and isinstance(most, int | float) and least > most:
            return "the smaller number first"
    return refusal(argument.text or "") if operator == "pattern" else ""


def _check_types(found: Iterable[Constraint], value: Value, type_name: str | None, path: str, report: Report) -> None:
    """Report constraints that ask a server about what is no id there, and say which are not checked."""
    operators = {one.operator for one in found}
    for index, item in enumerate(value.items):
        for name, pair in item.pairs.items():
            if name not in _FITTING:
                continue
            where = child(child(path, index), name)
            if type_name not in _FITTING[name]:
                message = f"'{name}' cannot be used for the type '{type_name or 'any'}'"
                expected = "one of the types " + ", ".join(sorted(_FITTING[name]))
                report.add("constraint-not-for-type", message, pair.key, where, expected=expected)
            elif name != "name_pattern" or type_name not in _LOCAL or "deployment_id" in operators:
                report.note(f"'{name}' is kept and not checked: it asks a server", pair.key, where)


def lacks_deployment(type_name: str | None, constraints: Iterable[Constraint]) -> bool:
    """Whether a type needs the constraint `deployment_id`, and it is not there."""
    return type_name in _OF_DEPLOYMENTS and all(one.operator != "deployment_id" for one in constraints)


def fits_operator(operator: str, argument: Any) -> bool:
    """Whether what a function gave as an argument is one that could have been written."""
    report = Report()
    nowhere = Place("", 0, 0)
    written = located([{operator: argument}], nowhere)
    checked = Checker(report).check(written, ListOf(CONSTRAINT), "")
    read(checked, Value(BAD, nowhere), "", report)
    return not report.count


# ------------------------------------------------------------------ values


def violation(one: Constraint, value: Any) -> str:
    """Why a value does not hold a constraint, as the end of a sentence, the author's if there is one; '' if it does.

    A constraint whose argument is still a function holds, and so does one that asks about names.
    """
    test = _TESTS.get(one.operator)
    if test is None or has_function(one.argument):
        return ""
    try:
        if test.holds(value, one.argument):
            return ""
    except TypeError:
        return _said(one, f"has no value that '{one.operator}' could be asked of")
    except TooManySteps:
        return f"takes too long to be matched: give the pattern {_shown(one.argument)} fewer repeats in repeats"
    return _said(one, test.says.format(_shown(one.argument)))


def _said(one: Constraint, otherwise: str) -> str:
    return f"is refused: {one.error_message}" if one.error_message else otherwise


def unknown_name(constraints: Collection[Constraint], type_name: str | None, value: Any, plan: Blueprint) -> str:
    """Why a value is not the name of something in the blueprint that the constraints ask for; '' if it is.

    Without `name_pattern` nothing is asked; with `deployment_id` another deployment is.
    """
    patterns = [one for one in constraints if one.operator == "name_pattern"]
    if type_name not in _LOCAL or not patterns or any(one.operator == "deployment_id" for one in constraints):
        return ""
    if not isinstance(value, str) or value not in _names(type_name, plan):
        return f"must be a {type_name} of the blueprint"
    for one in patterns:
        for how, wanted in one.argument.items():
            if not has_function(wanted) and not _looks(how, value, wanted):
                return _said(one, f"must have a name that {how.replace('_', ' ')} {_shown(wanted)}")
    return ""


def _names(type_name: str, plan: Blueprint) -> Collection[str]:
    if type_name == "node_id":
        return plan.nodes
    if type_name == "scaling_group":
        return plan.scaling_groups
    if type_name == "node_type":
        return {node.type for node in plan.nodes.values()}
    return {name for node in plan.nodes.values() for name in named_operations(node.interfaces)}


def _looks(how: str, name: str, wanted: Any) -> bool:
    words = wanted if isinstance(wanted, list) else [wanted]
    tests: Mapping[str, Callable[[str], bool]] = {
        "starts_with": name.startswith,
        "ends_with": name.endswith,
        "contains": lambda word: word in name,
        "equals_to": lambda word: word == name,
    }
    return any(tests[how](word) for word in words)


def _shown(argument: Any) -> str:
    text = ", ".join(map(_word, argument)) if isinstance(argument, list) else _word(argument)
    return text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "…"


def _word(value: Any) -> str:
    """A value as a blueprint spells it, not as Python does."""
    return json.dumps(value) if value is None or isinstance(value, bool) else str(value)
