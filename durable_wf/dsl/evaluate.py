"""Evaluates calls of intrinsic functions in plain data, innermost first.

When a deployment is created, what only run time knows stays a call (`runtime.py` adds that). A value that
still holds such a call is not pulled into another node, because SELF would change its meaning.

Never endless: circles are named, depth and work are bounded.
Source: reference/blueprint-dsl.md §14 ("When", nesting rules, §20).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

from durable_wf.dsl.arguments import misfit
from durable_wf.dsl.functions import FUNCTIONS, function_of, has_function
from durable_wf.dsl.memo import CHARACTERS_PER_STEP, Creation, Kept, steps_of
from durable_wf.dsl.outcomes import MAX_TEXT, PENDING, EvaluationError, known, part, shown
from durable_wf.dsl.texts import MADE_FROM, OF_ARGUMENTS
from durable_wf.dsl.values import fits

__all__ = ["MAX_TEXT", "PENDING", "At", "Evaluation", "EvaluationError", "Who", "known", "part", "shown"]

MAX_REFERENCES = 50  # values that are taken from each other in a row
MAX_DEPTH = 250  # nesting and references together: Python's stack must hold twice as many frames
MAX_STEPS = 100_000  # parts looked at in one evaluation, and hundreds of characters made


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

    steps    parts looked at so far
    active   names of the values that are being followed, outermost first
    deepest  the depth that was reached
    longest  the most values that were being followed at once
    secrets  names of the secrets that were read
    """

    steps: int = 0
    active: dict[str, None] = field(default_factory=dict)
    deepest: int = 0
    longest: int = 0
    secrets: list[str] = field(default_factory=list)


Handler: TypeAlias = "Callable[[Any, At, int], Any]"
"""Evaluates one function: (evaluated arguments, where it stands, depth) -> result or PENDING."""


class Evaluation:
    """Evaluates what can be known when a deployment is created.

    at_run_time  whether functions that only run time knows are evaluated
    inputs       value of every input; may hold calls, which are evaluated when they are reached
    properties   properties of a node by its name; raises KeyError for an unknown one
    creation     what it shares with the other evaluations of a deployment's creation; None at run time, when what
                 is read may change
    """

    at_run_time = False

    def __init__(
        self,
        inputs: Mapping[str, Any],
        properties: Callable[[str], Mapping[str, Any]],
        creation: Creation | None = None,
    ) -> None:
        self.inputs = inputs
        self.creation = creation
        self.properties = properties
        self.fits: Callable[[str, Any], bool] = fits  # whether a value fits a type; knows no data types by itself
        self.work = Work()
        self.prefix = ""  # of names in messages about circles: says whose values they are
        self.calls: dict[str, Handler] = {"get_input": self._get_input, "get_property": self._get_property}

    def evaluate(self, data: Any, at: At) -> Any:
        """New data, in which every call that can be evaluated is replaced by its result.

        raises  EvaluationError.
        cost    linear in the parts looked at, and bounded; in a creation each input and property that is asked for
                is looked at once for all evaluations
        """
        self.work = Work()
        if self.creation is None:
            return self.value(data, at, 0)
        self.creation.begin()
        try:
            return self.value(data, at, 0)
        finally:
            self.creation.steps += self.work.steps

    def value(self, data: Any, at: At, depth: int) -> Any:
        """`evaluate` for a part, `depth` levels into an evaluation."""
        self._take(1, depth)
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

    def _take(self, steps: int, depth: int) -> None:
        """Count what is done. raises EvaluationError where it is too much."""
        work = self.work
        work.steps += steps
        work.deepest = max(work.deepest, depth)
        if depth > MAX_DEPTH:
            raise EvaluationError(f"functions are nested more than {MAX_DEPTH} deep")
        if work.steps > MAX_STEPS:
            raise EvaluationError(
                f"functions give more than {MAX_STEPS} values, or {MAX_STEPS * CHARACTERS_PER_STEP} characters"
            )

    def _call(self, name: str, data: dict[str, Any], at: At, depth: int) -> Any:
        read = len(self.work.secrets)
        arguments = self.value(data[name], at, depth + 1)
        result = self._result(name, arguments, data, at, depth + 1)
        if name in MADE_FROM and len(self.work.secrets) > read:
            self.made(name, self.work.secrets[read], result)
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
            made = OF_ARGUMENTS[name](arguments)
            self._take(len(made) // CHARACTERS_PER_STEP if isinstance(made, str) else 0, depth)
            return made
        if name in self.calls:
            return self.calls[name](arguments, at, depth)
        row = FUNCTIONS[name]
        if row.custom is None or has_function(arguments) or not (row.at_creation or self.at_run_time):
            return PENDING
        return row.custom(arguments, data)

    def made(self, name: str, secret: str, result: Any) -> None:
        """Take note that a function made `result` of a secret; only run time has secrets."""

    def follow(self, name: str, value: Any, keys: Sequence[Any], at: At, depth: int) -> Any:
        """What stands at `keys` in a value whose calls are evaluated on the way; PENDING if one cannot be yet.

        name    what is followed, for a circle's message and for errors
        raises  EvaluationError where a key leads nowhere, and where `name` is being followed already
        """
        name, active = self.prefix + name, self.work.active
        if name in active:
            circle = [*list(active)[list(active).index(name) :], name]
            raise EvaluationError(f"values are defined by each other: {' -> '.join(circle)}")
        self._reach(len(active) + 1)
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

    def _reach(self, references: int) -> None:
        self.work.longest = max(self.work.longest, references)
        if references > MAX_REFERENCES:
            raise EvaluationError(f"more than {MAX_REFERENCES} values are taken from each other in a row")

    def _remembered(self, key: Hashable, name: str, value: Any, keys: Sequence[Any], at: At, depth: int) -> Any:
        """`follow`, once in a creation; a later reader is told the same, also of what is too deep for it."""
        if self.creation is None:
            return self.follow(name, value, keys, at, depth)
        work, kept = self.work, self.creation.kept
        if key in kept:
            one = kept[key]
            self._reach(len(work.active) + one.references)
            self._take(one.size, depth + one.depth)
            return one.value
        deepest, longest = work.deepest, work.longest
        work.deepest, work.longest = depth, len(work.active)
        found = self.follow(name, value, keys, at, depth)
        kept[key] = Kept(found, steps_of(found), work.deepest - depth, work.longest - len(work.active))
        work.deepest, work.longest = max(work.deepest, deepest), max(work.longest, longest)
        return found

    def _get_input(self, arguments: Any, _at: At, depth: int) -> Any:
        path = arguments if isinstance(arguments, list) else [arguments]
        known(path, "get_input")
        name = path[0]
        if name not in self.inputs:
            raise EvaluationError(f"get_input: there is no input {name!r}")
        key = (None, *path)
        return self._remembered(key, f"input {shown(path)}", self.inputs[name], path[1:], At(), depth)

    def _get_property(self, arguments: Any, at: At, depth: int) -> Any:
        known(arguments, "get_property")
        who, path = self.owner("get_property", arguments, at)
        properties = self.properties_of(who.node, "get_property")
        if path[0] not in properties:
            raise EvaluationError(f"get_property: '{who.node}' has no property {path[0]!r}")
        key, name = (who.node, *path), f"{who.node}.{shown(path)}"
        return self._remembered(key, name, properties[path[0]], path[1:], At(who), depth)

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
