"""Evaluates calls of intrinsic functions in plain data, innermost first.

When a deployment is created, what only run time knows stays a call (`runtime.py` adds that). A value that
still holds such a call is not pulled into another node, because SELF would change its meaning.

Never endless: circles are named, depth and work are bounded.
Source: reference/blueprint-dsl.md §14 ("When", nesting rules, §20).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from durable_wf.dsl.functions import function_of, has_function
from durable_wf.dsl.values import fits
from durable_wf.errors import InputError

MAX_REFERENCES = 50  # values that are taken from each other in a row
MAX_DEPTH = 250  # nesting and references together: Python's stack must hold twice as many frames
MAX_STEPS = 100_000  # parts looked at in one evaluation
MAX_TEXT = 1_000_000  # characters that one concat may make


class EvaluationError(InputError):
    """A function cannot be evaluated."""

    code = "evaluation"
    explanation = (
        "An intrinsic function asks for something that is not there, or refers to itself. The text names the "
        "function and what it asked for."
    )


class Who(NamedTuple):
    """A node, and which of its instances, if that is known."""

    node: str
    instance: str | None = None


class At(NamedTuple):
    """What SELF, SOURCE and TARGET stand for where a value is."""

    self: Who | None = None
    source: Who | None = None
    target: Who | None = None


PENDING: Any = object()
"""Stands for the result of a call that cannot be evaluated yet."""


class Evaluation:
    """Evaluates what can be known when a deployment is created.

    inputs       value of every input; may hold calls, which are evaluated when they are reached
    properties   properties of a node by its name; raises KeyError for an unknown one
    """

    def __init__(self, inputs: Mapping[str, Any], properties: Callable[[str], Mapping[str, Any]]) -> None:
        self.inputs = inputs
        self.properties = properties
        self.fits: Callable[[str, Any], bool] = fits  # whether a value fits a type; knows no data types by itself
        self._steps = 0
        self._active: dict[str, None] = {}
        self._calls: Mapping[str, Callable[[Any, At, int], Any]] = {
            "get_input": self._get_input,
            "get_property": self._get_property,
            "get_attribute": self.get_attribute,
            "concat": self._concat,
        }

    def evaluate(self, data: Any, at: At) -> Any:
        """New data, in which every call that can be evaluated is replaced by its result.

        raises  EvaluationError.
        cost    linear in the result, and bounded
        """
        self._steps = 0
        self._active = {}
        return self.value(data, at, 0)

    def value(self, data: Any, at: At, depth: int) -> Any:
        """`evaluate` for a part, `depth` levels into an evaluation."""
        self._steps += 1
        if depth > MAX_DEPTH or self._steps > MAX_STEPS:
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
        if name not in self._calls:
            raise EvaluationError(f"the function '{name}' is not supported yet by this version of durable-wf")
        arguments = self.value(data[name], at, depth + 1)
        result = self._calls[name](arguments, at, depth + 1)
        if result is PENDING:
            return {**data, name: arguments}
        wanted = data.get("type") if name == "get_input" else None
        if isinstance(wanted, str) and not self.fits(wanted, result):
            raise EvaluationError(f"get_input {shown(arguments)}: the value does not fit the type '{wanted}'")
        return result

    def follow(self, name: str, value: Any, keys: Sequence[Any], at: At, depth: int) -> Any:
        """What stands at `keys` in a value whose calls are evaluated on the way; PENDING if one cannot be yet.

        name    what is followed, for a circle's message and for errors
        raises  EvaluationError where a key leads nowhere, and where `name` is being followed already
        """
        if name in self._active:
            circle = [*list(self._active)[list(self._active).index(name) :], name]
            raise EvaluationError(f"values are defined by each other: {' -> '.join(circle)}")
        if len(self._active) >= MAX_REFERENCES:
            raise EvaluationError(f"more than {MAX_REFERENCES} values are taken from each other in a row")
        self._active[name] = None
        try:
            for key in keys:
                if isinstance(value, dict) and function_of(value):
                    value = self.value(value, at, depth + 1)
                if isinstance(value, dict) and function_of(value):
                    return PENDING
                value = part(name, value, key)
            found = self.value(value, at, depth + 1)
        finally:
            del self._active[name]
        return PENDING if has_function(found) else found

    def _get_input(self, arguments: Any, _at: At, depth: int) -> Any:
        path = arguments if isinstance(arguments, list) else [arguments]
        known(path, "get_input")
        name = path[0] if path else None
        if not isinstance(name, str) or name not in self.inputs:
            raise EvaluationError(f"get_input: there is no input {name!r}")
        return self.follow(f"input {shown(path)}", self.inputs[name], path[1:], At(), depth)

    def _get_property(self, arguments: Any, at: At, depth: int) -> Any:
        known(arguments, "get_property")
        who, path = self.owner("get_property", arguments, at)
        properties = self.properties_of(who.node, "get_property")
        if path[0] not in properties:
            raise EvaluationError(f"get_property: '{who.node}' has no property {path[0]!r}")
        return self.follow(f"{who.node}.{shown(path)}", properties[path[0]], path[1:], At(who), depth)

    def get_attribute(self, _arguments: Any, _at: At, _depth: int) -> Any:
        """Known at run time only."""
        return PENDING

    def _concat(self, arguments: Any, _at: At, _depth: int) -> Any:
        if not isinstance(arguments, list):
            raise EvaluationError("concat takes a list")
        if any(map(has_function, arguments)):
            return PENDING
        text = "".join(map(str, arguments))
        if len(text) > MAX_TEXT:
            raise EvaluationError(f"concat makes a text of {len(text)} characters; {MAX_TEXT} are allowed")
        return text

    def owner(self, name: str, arguments: Any, at: At) -> tuple[Who, list[Any]]:
        """Whom the first argument of a call means, and the other arguments.

        raises  EvaluationError for SELF, SOURCE or TARGET where they mean nothing
        """
        if not isinstance(arguments, list) or len(arguments) < 2:  # noqa: PLR2004 -- who and what
            raise EvaluationError(f"{name} takes a list of a node and a name, not {shown(arguments)}")
        word, path = arguments[0], arguments[1:]
        if isinstance(word, str) and word in _KEYWORDS:
            who = getattr(at, _KEYWORDS[word])
            if who is None:
                raise EvaluationError(f"{name}: {word} means nothing here")
            return who, path
        if not isinstance(word, str) or not all(isinstance(key, str | int) for key in path):
            raise EvaluationError(f"{name}: {shown(arguments)} is not a node's name and keys")
        return Who(word), path

    def properties_of(self, node: str, name: str) -> Mapping[str, Any]:
        """Properties of a node. raises EvaluationError when there is none of that name."""
        try:
            return self.properties(node)
        except KeyError:
            raise EvaluationError(f"{name}: there is no node '{node}'") from None


_KEYWORDS = {"SELF": "self", "SOURCE": "source", "TARGET": "target"}


def known(arguments: Any, name: str) -> None:
    """raises  EvaluationError if arguments that must be known now are calls still."""
    if has_function(arguments):
        raise EvaluationError(f"{name}: the argument {shown(arguments)} is known at run time only")


def part(name: str, value: Any, key: Any) -> Any:
    """What stands under a key of a mapping or an index of a list.

    raises  EvaluationError
    """
    if isinstance(value, dict) and isinstance(key, str) and key in value:
        return value[key]
    index = int(key) if isinstance(key, str) and key.isdecimal() and len(key) < 10 else key  # noqa: PLR2004
    if isinstance(value, list) and isinstance(index, int) and 0 <= index < len(value):
        return value[index]
    raise EvaluationError(f"{name}: nothing stands under {key!r}")


def shown(value: Any) -> str:
    """Arguments for people: a path with dots, or the beginning of what stands there."""
    if isinstance(value, list) and value and all(isinstance(item, str | int) for item in value):
        return ".".join(map(str, value))[:200]
    return repr(value)[:200]
