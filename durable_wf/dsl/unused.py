"""Inputs that a blueprint declares and does not use."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from durable_wf.dsl.document import Document
from durable_wf.dsl.functions import function_of
from durable_wf.dsl.problems import Report
from durable_wf.dsl.source import Pair, Value

_GET_INPUT = "get_input"


def advise_unused(document: Document, sections: Mapping[str, Mapping[str, Pair]], report: Report) -> None:
    """Warn of the inputs of the blueprint's own files that nothing names."""
    own = {name: pair for name, pair in sections["inputs"].items() if document.is_own(pair.key)}
    values = [pair.value for section in sections.values() for pair in section.values()]
    for name in unused(own, [*values, *([document.settings] if document.settings else [])]):
        report.advise("unused-input", f"no get_input names the input '{name}'", own[name].key, f"inputs.{name}")


def unused(inputs: Collection[str], values: Iterable[Value]) -> list[str]:
    """The inputs that no get_input names; none where one of them computes the name, for that may be any.

    values  all that the blueprint consists of, with names as they are in the blueprint
    cost    linear in the values; one that stands in several places is walked once
    """
    left = dict.fromkeys(inputs)
    for argument in _asked(values) if left else ():
        if argument.text is None:
            return []
        left.pop(argument.text, None)
    return list(left)


def _asked(values: Iterable[Value]) -> Iterator[Value]:
    """The first argument of every get_input: the input's name, or what computes it."""
    seen: dict[int, Value] = {}
    left = list(values)
    while left:
        value = left.pop()
        if id(value) in seen:
            continue
        seen[id(value)] = value
        if function_of(value.pairs) == _GET_INPUT:
            argument = value.pairs[_GET_INPUT].value
            yield argument.items[0] if argument.items else argument
        left.extend(pair.value for pair in value.pairs.values())
        left.extend(value.items)
