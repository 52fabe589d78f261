"""Checks calls of intrinsic functions before anything is evaluated: shape, scope, and what they refer to.

Source: reference/blueprint-dsl.md §14 ("parse/upload", "Keyword scope"), §1 for versions.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from durable_wf.dsl.arguments import content, is_open, misfit
from durable_wf.dsl.functions import FUNCTIONS, KEYWORDS, function_of
from durable_wf.dsl.hiding import Way
from durable_wf.dsl.problems import Report
from durable_wf.dsl.secret_functions import SecretArguments
from durable_wf.dsl.shapes import Version
from durable_wf.dsl.source import Pair, Value, child

Scope = Mapping[str, str]
"""The keywords that may be used, each with the node that it stands for."""


class HasProperties(Protocol):
    """A node, as far as calls refer to it.

    is_complete    whether all its properties are known
    """

    @property
    def properties(self) -> Mapping[str, Value]: ...
    @property
    def is_complete(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Known:
    """What calls may refer to.

    secrets    the inputs that have secret parts, with the ways to those
    inputs_complete, nodes_complete    whether those are all names; else an unknown one may be one that was not read
    """

    inputs: Collection[str]
    nodes: Mapping[str, HasProperties]
    version: Version
    secrets: Mapping[str, tuple[Way, ...]] = field(default_factory=dict)
    inputs_complete: bool = True
    nodes_complete: bool = True


class CallChecker:
    """Walks values and reports calls that cannot be right."""

    def __init__(self, known: Known, report: Report) -> None:
        self._known = known
        self._report = report
        self._secrets = SecretArguments(known.secrets, report)
        self._without: dict[int, Value] = {}  # kept, so that no other value gets its id
        self._checks: Mapping[str, Callable[[Value, Scope, str], object]] = {
            "get_input": self._get_input,
            "get_property": self._get_property,
            "get_attribute": self._node,
            "get_attributes_list": self._node,
            "get_attributes_dict": self._get_attributes_dict,
            "get_sys": self._get_sys,
        }

    def check_count(self, value: Value, path: str) -> None:
        """`check` for a number of instances."""
        self.check(value, path, {})
        self._secrets.of_count(value, path)

    def check(self, value: Value, path: str, scope: Scope, *, is_late: bool = False) -> None:
        """Report what is wrong in all calls in `value`.

        scope   keywords that may be used here
        is_late whether the value is needed at run time only
        cost    linear in `value`; a value without calls that many nodes share is walked once
        """
        if id(value) in self._without:
            return
        found = False
        left = [(value, path)]
        while left:
            part, at = left.pop()
            name = function_of(part.pairs)
            if name:
                found = True
                self._call(name, part.pairs[name], scope, child(at, name))
                if not is_late:
                    self._secrets.of_call(name, part.pairs[name].value, child(at, name))
            left.extend((pair.value, child(at, key)) for key, pair in part.pairs.items())
            left.extend((item, child(at, index)) for index, item in enumerate(part.items))
        if not found:
            self._without[id(value)] = value

    def _call(self, name: str, pair: Pair, scope: Scope, path: str) -> None:
        row = FUNCTIONS[name]
        if row.since > self._known.version:
            used = "cloudify_dsl_{}_{}".format(*self._known.version)
            message = f"'{name}' needs cloudify_dsl_{row.since[0]}_{row.since[1]}, the blueprint declares {used}"
            self._report.add("feature-too-new", message, pair.key, path)
        wrong = misfit(name, pair.value)
        if wrong is not None:
            at = path if wrong.position is None else child(path, wrong.position)
            self._bad_arguments(wrong.part, at, wrong.expected)
        elif not pair.value.is_bad and name in self._checks:
            self._checks[name](pair.value, scope, path)

    def _bad_arguments(self, value: Value, path: str, expected: str) -> None:
        message = "these are no arguments for the function"
        self._report.add("bad-function-arguments", message, value.place, path, expected=expected)

    def _get_input(self, value: Value, _scope: Scope, path: str) -> None:
        parts = value.items if isinstance(value.content, list) else [value]
        name = parts[0].text
        if name is None or name in self._known.inputs:
            return
        if self._known.inputs_complete or self._report.slip(name, self._known.inputs):
            hint = self._report.did_you_mean(name, self._known.inputs)
            self._report.add("unknown-input", f"unknown input '{name}'", parts[0].place, path, hint=hint)

    def _node(self, value: Value, scope: Scope, path: str) -> HasProperties | None:
        """The node that the first argument of a call names; None where it cannot be told, or was reported."""
        parts = value.items
        name = parts[0].text
        if name in KEYWORDS and name not in scope:
            allowed = ", ".join([*scope, "a node's name"])
            message = f"{name} means nothing here"
            self._report.add("wrong-scope", message, parts[0].place, path, expected=allowed)
            return None
        if name is None:
            return None
        node = self._known.nodes.get(scope.get(name, name))
        if node is None and name not in scope:
            self._unknown_node(name, parts[0], path)
        return node

    def _unknown_node(self, name: str, value: Value, path: str) -> None:
        if self._known.nodes_complete or self._report.slip(name, self._known.nodes):
            hint = self._report.did_you_mean(name, self._known.nodes)
            self._report.add("unknown-node", f"unknown node '{name}'", value.place, path, hint=hint)

    def _get_attributes_dict(self, value: Value, scope: Scope, path: str) -> None:
        self._node(value, scope, path)
        seen: set[str] = set()
        for index, item in enumerate(value.items[1:], 1):
            keys = item.items if isinstance(item.content, list) else [item]
            if any(map(is_open, keys)):
                continue
            name = ".".join(str(content(key)) for key in keys)
            if name in seen:
                message = f"two values would have the name '{name}'"
                self._report.add("ambiguous-attributes", message, item.place, child(path, index))
            seen.add(name)

    def _get_sys(self, value: Value, _scope: Scope, path: str) -> None:
        asked = ".".join(item.text or "" for item in value.items)
        if asked in ("tenant.name", "deployment.owner"):
            self._report.note("only a server knows it; it is null here", value.place, path)

    def _get_property(self, value: Value, scope: Scope, path: str) -> None:
        node = self._node(value, scope, path)
        if node is None:
            return
        found = follow(node.properties, value.items[1:])
        if found.missing is None:
            return
        word = str(found.missing.content)
        if found.missing is value.items[1] and not (node.is_complete or self._report.slip(word, found.names)):
            return
        hint = self._report.did_you_mean(word, found.names)
        message = f"'{value.items[0].content}' has no property '{found.dotted}'"
        self._report.add("unknown-property", message, found.missing.place, path, hint=hint)


class Followed(NamedTuple):
    """Where a path of literal keys leads.

    value     what stands there, or the call that it meets on its way; None: it cannot be told, or nothing
    missing   the key that leads nowhere
    names     the keys that lead somewhere instead
    dotted    the path to the missing key, for people
    """

    value: Value | None
    missing: Value | None = None
    names: Collection[str] = ()
    dotted: str = ""


def follow(properties: Mapping[str, Value], keys: Sequence[Value]) -> Followed:
    """Follow `keys` into the properties of a node, as far as they and what they meet are literal."""
    at: Value | None = None
    dotted = ""
    for index, key in enumerate(keys):
        if at is not None and (at.is_bad or function_of(at.pairs)):
            return Followed(at)
        if not isinstance(key.content, str | int):
            return Followed(None)
        dotted = child(dotted, key.content)
        names: Mapping[str, Value] = properties if index == 0 else _parts(at)
        at = names.get(str(key.content))
        if at is None:
            return Followed(None, key, names, dotted)
    return Followed(at)


def _parts(value: Value | None) -> Mapping[str, Value]:
    if value is None:
        return {}
    if isinstance(value.content, list):
        return {str(index): item for index, item in enumerate(value.items)}
    return {key: pair.value for key, pair in value.pairs.items()}
