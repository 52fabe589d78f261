"""What is declared secret takes its value from no input that is stored openly."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from durable_wf.dsl.functions import function_of
from durable_wf.dsl.hiding import Secrets, Way
from durable_wf.dsl.problems import Report
from durable_wf.dsl.source import Pair, Value, child, plain

_TEXT = "the value is secret, and the input '{}' is not: it would be stored as it is"


class OpenInputs:
    """Reports secret values that are inputs which are not declared secret.

    inputs   the section. One of a data type that has secret parts is not asked about, nor one that is a secret if
             nothing is given
    """

    def __init__(self, inputs: Mapping[str, Pair], secrets: Secrets, report: Report) -> None:
        self._open = {name for name, pair in inputs.items() if not _is_secret(pair.value, secrets)}
        self._report = report

    def check(self, properties: Mapping[str, Value], ways: Iterable[Way], path: str) -> None:
        """Look at the secret parts of the properties under a path."""
        for first, *way in ways:
            if first in properties:
                self.check_value(properties[first], [tuple(way)], child(path, first))

    def check_value(self, value: Value, ways: Iterable[Way], path: str) -> None:
        """Look at the secret parts of one value."""
        for way in ways:
            part: Value | None = value
            at = path
            for name in way:
                part, at = part and part.get(name), child(at, name)
            if part is not None and not part.is_bad:
                self._check(part, at)

    def _check(self, value: Value, path: str) -> None:
        for name in _read_inputs(plain(value)):
            if name in self._open:
                hint = f"say 'secret: true' in inputs.{name}, too"
                self._report.add("secret-from-open-input", _TEXT.format(name), value.place, path, hint=hint)


def _read_inputs(value: Any) -> Iterator[str]:
    """The inputs whose values go into a value; not those that only say which secret, or whose capability it is."""
    left = [value]
    while left:
        part = left.pop()
        function = function_of(part) if isinstance(part, dict) else None
        if function == "get_input":
            given = part[function]
            name = given[0] if isinstance(given, list) and given else given
            if isinstance(name, str):
                yield name
        elif function is None or not function.startswith("get_"):
            left.extend(part.values() if isinstance(part, dict) else part if isinstance(part, list) else ())


def _is_secret(value: Value, secrets: Secrets) -> bool:
    secret, type_, default = value.get("secret"), value.get("type"), value.get("default")
    if value.is_bad or (secret is not None and (secret.is_bad or secret.content is True)):
        return True
    if default is not None and function_of(default.pairs) == "get_secret":
        return True
    return type_ is not None and (type_.is_bad or bool(secrets.of_type(type_.text)))
