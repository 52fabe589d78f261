"""Evaluates calls of intrinsic functions in plain data, innermost first.

When a deployment is created, what only run time knows stays a call (`runtime.py` adds that). A value that
still holds such a call is not pulled into another node, because SELF would change its meaning.

Never endless: circles are named, depth and work are bounded.
Source: reference/blueprint-dsl.md §14 ("When", nesting rules, §20).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

from durable_wf.dsl.arguments import misfit
from durable_wf.dsl.functions import FUNCTIONS, function_of, has_function
from durable_wf.dsl.outcomes import MAX_TEXT, PENDING, EvaluationError, known, part, shown
from durable_wf.dsl.texts import OF_ARGUMENTS
from durable_wf.dsl.values import fits

__all__ = ["MAX_TEXT", "PENDING", "At", "Evaluation", "EvaluationError", "Who", "known", "part", "shown"]

MAX_REFERENCES = 50  # values that are taken from each other in a row
MAX_DEPTH = 250  # nesting and references together: Python's stack must hold twice as many frames
MAX_STEPS = 100_000  # parts looked at in one evaluation


class Who(NamedTuple):
    """A node, and which of its instances, if that is known."""

    node: str
    instance: str | None = None


class At(NamedTuple):
    """What SELF, SOURCE and TARGET stand for where a value is."""

    self: Who | None = None
    source: Who | None = None
    target: Who | None = None


@dataclass(slots=True)
class Work:
    """What evaluations that ask each other share, so that together they end.

    steps   parts looked at so far
    active  names of the values that are being followed, outermost first
    """

    steps: int = 0
    active: dict[str, None] = field(default_factory=dict)


Handler: TypeAlias = "Callable[[Any, At, int], Any]"
"""Evaluates one function: (evaluated arguments, where it stands, depth) -> result or PENDING."""


class Evaluation:
    """Evaluates what can be known when a deployment is created.

    at_run_time  whether functions that only run time knows are evaluated
    inputs       value of every input; may hold calls, which are evaluated when they are reached
    properties   properties of a node by its name; raises KeyError for an unknown one
    """

    at_run_time = False

    def __init__(self, inputs: Mapping[str, Any], properties: Callable[[str], Mapping[str, Any]]) -> None:
        self.inputs = inputs
        self.properties = properties
        self.fits: Callable[[str, Any], bool] = fits  # whether a value fits a type; knows no data types by itself
        self.work = Work()
        self.prefix = ""  # of names in messages about circles: says whose values they are
        self.calls: dict[str, Handler] = {"get_input": self._get_input, "get_property": self._get_property}

    def evaluate(self, data: Any, at: At) -> Any:
        """New data, in which every call that can be evaluated is replaced by its result.

        raises  EvaluationError.
        cost    linear in the result, and bounded
        """
        self.work = Work()
        return self.value(data, at, 0)

    def value(self, data: Any, at: At, depth: int) -> Any:
        """`evaluate` for a part, `depth` levels into an evaluation."""
        self.work.steps += 1
        if depth > MAX_DEPTH or self.work.steps > MAX_STEPS:
            raise EvaluationError(
                f"functions are nested more than {MAX_DEPTH} deep, or give more than {MAX_STEPS} values"
            )
        if isinstance(data, dict):
            name = function_of(data)
            if name:
                return self._call(name, data, at, depth)
            found = {}
            for key, part in data.items():
                found[key] = self.value(part, at, depth + 1)
            return found
        if isinstance(data, list):
            items = []
            for part in data:
                items.append(self.value(part, at, depth + 1))  # noqa: PERF401 -- a comprehension is one more frame
            return items
        return data

    def _call(self, name: str, data: dict[str, Any], at: At, depth: int) -> Any:
        arguments = self.value(data[name], at, depth + 1)
        result = self._result(name, arguments, data, at, depth + 1)
        if result is PENDING:
            return {**data, name: arguments}
        wanted = data.get("type") if name == "get_input" else None
        if isinstance(wanted, str) and not self.fits(wanted, result):
            raise EvaluationError(f"get_input {shown(arguments)}: the value does not fit the type '{wanted}'")
        return result

    def _result(self, name: str, arguments: Any, data: dict[str, Any], at: At, depth: int) -> Any:
        wrong = misfit(name, arguments)
        if wrong is not None:
            raise EvaluationError(f"{name} takes {wrong.expected}, not {repr(arguments)[:200]}")
        if name in OF_ARGUMENTS:
            return OF_ARGUMENTS[name](arguments)
        if name in self.calls:
            return self.calls[name](arguments, at, depth)
        row = FUNCTIONS[name]
        if row.custom is None or has_function(arguments) or not (row.at_creation or self.at_run_time):
            return PENDING
        return row.custom(arguments, data)

    def follow(self, name: str, value: Any, keys: Sequence[Any], at: At, depth: int) -> Any:
        """What stands at `keys` in a value whose calls are evaluated on the way; PENDING if one cannot be yet.

        name    what is followed, for a circle's message and for errors
        raises  EvaluationError where a key leads nowhere, and where `name` is being followed already
        """
        name, active = self.prefix + name, self.work.active
        if name in active:
            circle = [*list(active)[list(active).index(name) :], name]
            raise EvaluationError(f"values are defined by each other: {' -> '.join(circle)}")
        if len(active) >= MAX_REFERENCES:
            raise EvaluationError(f"more than {MAX_REFERENCES} values are taken from each other in a row")
        active[name] = None
        try:
            for key in keys:
                if isinstance(value, dict) and function_of(value):
                    value = self.value(value, at, depth + 1)
                if isinstance(value, dict) and function_of(value):
                    return PENDING
                value = part(name, value, key)
            found = self.value(value, at, depth + 1)
        finally:
            del active[name]
        return PENDING if has_function(found) else found

    def _get_input(self, arguments: Any, _at: At, depth: int) -> Any:
        path = arguments if isinstance(arguments, list) else [arguments]
        known(path, "get_input")
        name = path[0]
        if name not in self.inputs:
            raise EvaluationError(f"get_input: there is no input {name!r}")
        return self.follow(f"input {shown(path)}", self.inputs[name], path[1:], At(), depth)

    def _get_property(self, arguments: Any, at: At, depth: int) -> Any:
        known(arguments, "get_property")
        who, path = self.owner("get_property", arguments, at)
        properties = self.properties_of(who.node, "get_property")
        if path[0] not in properties:
            raise EvaluationError(f"get_property: '{who.node}' has no property {path[0]!r}")
        return self.follow(f"{who.node}.{shown(path)}", properties[path[0]], path[1:], At(who), depth)

    def owner(self, name: str, arguments: Any, at: At) -> tuple[Who, list[Any]]:
        """Whom the first argument of a call means, and the other arguments.

        raises  EvaluationError for SELF, SOURCE or TARGET where they mean nothing
        """
        word, path = arguments[0], arguments[1:]
        if isinstance(word, str) and word in _KEYWORDS:
            who = getattr(at, _KEYWORDS[word])
            if who is None:
                raise EvaluationError(f"{name}: {word} means nothing here")
            return who, path
        return Who(word), path

    def properties_of(self, node: str, name: str) -> Mapping[str, Any]:
        """Properties of a node. raises EvaluationError when there is none of that name."""
        try:
            return self.properties(node)
        except KeyError:
            raise EvaluationError(f"{name}: there is no node '{node}'") from None


_KEYWORDS = {"SELF": "self", "SOURCE": "source", "TARGET": "target"}
