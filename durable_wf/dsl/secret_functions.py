"""No deployment's creation works on the value of a secret input: it is kept, and a call stands in its place. Pure.

Source: design.md "Secrets", L10; docs/secrets.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from durable_wf.dsl.functions import function_of
from durable_wf.dsl.hiding import WHOLE, Secrets, Way
from durable_wf.dsl.problems import Report
from durable_wf.dsl.source import Pair, Value
from durable_wf.dsl.texts import MADE_FROM

_NEED_VALUES = frozenset({"get_input", "get_property", *MADE_FROM})
"""Functions that a creation evaluates, and whose arguments it must know."""

_PASS_ON = (None, "concat", "merge")  # wait for what stands in them; None is no function


def secret_inputs(section: Mapping[str, Pair], secrets: Secrets) -> dict[str, tuple[Way, ...]]:
    """Inputs that have secret parts, with the ways to those."""
    found: dict[str, tuple[Way, ...]] = {}
    for name, pair in section.items():
        secret, type_ = pair.value.get("secret"), pair.value.get("type")
        whole = secret is not None and secret.content is True
        ways = WHOLE if whole else secrets.of_type(type_.text if type_ else None)
        if ways:
            found[name] = ways
    return found


class SecretArguments:
    """Reports secret inputs where their values would be needed too early.

    inputs   those that have secret parts
    """

    def __init__(self, inputs: Mapping[str, tuple[Way, ...]], report: Report) -> None:
        self._inputs = inputs
        self._report = report

    def of_call(self, name: str, arguments: Value, path: str) -> None:
        """The arguments of one call; calls in them that need values are looked at by themselves."""
        if self._inputs and name in _NEED_VALUES:
            self._check(arguments, f"'{name}'", path)

    def of_count(self, value: Value, path: str) -> None:
        """A number of instances."""
        self._check(value, "a number of instances", path)

    def _check(self, value: Value, who: str, path: str) -> None:
        for name, call in self._read(value):
            message = f"{who} needs the value of the input '{name}', which is secret: only run time knows it"
            hint = "give the secret to an operation as it is, and work on it there"
            self._report.add("function-of-secret", message, call.place, path, hint=hint)

    def _read(self, value: Value) -> Iterator[tuple[str, Value]]:
        """The secret inputs whose values go into a value, with the calls."""
        left = [value]
        while left:
            part = left.pop()
            function = function_of(part.pairs)
            if function == "get_input":
                given = part.pairs[function].value
                name, *keys = [item.text for item in given.items] or [given.text]
                if name is not None and self._is_secret(name, keys):
                    yield name, part
            elif function in _PASS_ON:
                left.extend(part.items)
                left.extend(pair.value for pair in part.pairs.values())

    def _is_secret(self, name: str, keys: list[str | None]) -> bool:
        """Whether what stands under the keys of an input is secret, or has a secret part."""
        ways = self._inputs.get(name, ())
        return any(all(a == b for a, b in zip(way, keys, strict=False)) for way in ways)
