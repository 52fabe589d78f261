"""Regular expressions of authors, matched in bounded time.

Python's own matcher goes back and tries again, which for a pattern such as `(a+)+b` takes longer than anybody lives.
Here it is only the parser: the tree that it makes is walked with all positions at once, so that no position is tried
twice by one part. What cannot be matched so (back references, atomic groups) is refused where it is written. The steps
are counted, not timed: what is too much is too much on every machine.

Source: reference/blueprint-dsl.md §4 (`pattern`: anchored at the start only); reliability.md §2c.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any

LONGEST = 1_000
DEEPEST = 32
STEPS = 500_000

_parser: Any = re._parser  # type: ignore[attr-defined] # noqa: SLF001 - the only way to a pattern's tree
_CHARACTER_FLAGS = re.IGNORECASE | re.ASCII | re.UNICODE
_ANCHORS: Mapping[str, str] = MappingProxyType(
    {
        "AT_BEGINNING": "^",
        "AT_END": "$",
        "AT_BEGINNING_STRING": r"\A",
        "AT_END_STRING": r"\Z",
        "AT_BOUNDARY": r"\b",
        "AT_NON_BOUNDARY": r"\B",
    }
)
_CATEGORIES: Mapping[str, str] = MappingProxyType(
    {f"CATEGORY_{word}": sign for word, sign in (("DIGIT", r"\d"), ("SPACE", r"\s"), ("WORD", r"\w"))}
    | {f"CATEGORY_NOT_{word}": sign for word, sign in (("DIGIT", r"\D"), ("SPACE", r"\S"), ("WORD", r"\W"))}
)


class TooManySteps(Exception):
    """A value cannot be matched within the limit."""


def refusal(pattern: str) -> str:
    """What a pattern has to be, where it is not; '' if it can be matched here."""
    if len(pattern) > LONGEST:
        return f"a regular expression of at most {LONGEST} characters"
    try:
        tree = _tree(pattern)
    except (re.error, RecursionError, OverflowError):
        return "a regular expression"
    for op, depth in _walked(tree):
        if depth > DEEPEST:
            return f"a regular expression whose groups are nested at most {DEEPEST} deep"
        if op not in _MATCHERS:
            return "a regular expression without back references, conditions, atomic groups and possessive repeats"
    return ""


def matches(pattern: object, text: object, steps: int = STEPS) -> bool:
    """Whether `text` begins with a match of `pattern`, which was not refused.

    steps   how many positions may be looked at
    raises  TooManySteps; TypeError where one of them is no text, or the pattern is one that would be refused
    cost    linear in text and pattern, but for repeats in repeats, lookarounds and counted repeats; never above `steps`
    """
    if not isinstance(text, str) or not isinstance(pattern, str) or refusal(pattern):
        raise TypeError
    tree = _tree(pattern)
    return bool(_Run(text, steps).sequence(tree, {0}, tree.state.flags))


@lru_cache(maxsize=256)
def _tree(pattern: str) -> Any:
    return _parser.parse(pattern)


def _walked(tree: Any) -> Iterator[tuple[str, int]]:
    """Every operator of a tree by name, and how deep it lies."""
    left = [(node, 0) for node in tree]
    while left:
        (op, argument), depth = left.pop()
        yield str(op), depth
        left.extend((node, depth + 1) for inner in _inner(str(op), argument) for node in inner)


def _inner(op: str, argument: Any) -> list[Any]:
    """The sequences in a node."""
    if op == "BRANCH":
        return list(argument[1])
    return [argument[-1]] if op in ("SUBPATTERN", "MAX_REPEAT", "MIN_REPEAT", "ASSERT", "ASSERT_NOT") else []


class _Run:
    """One match. Its methods take where the text was matched up to, and give where it is matched up to then."""

    def __init__(self, text: str, steps: int) -> None:
        self._text = text
        self._left = steps

    def sequence(self, nodes: Any, at: set[int], flags: int) -> set[int]:
        for op, argument in nodes:
            if not at:
                break
            self._left -= len(at)
            if self._left < 0:
                raise TooManySteps
            at = _MATCHERS[str(op)](self, str(op), argument, at, flags)
        return at

    def character(self, op: str, argument: Any, at: set[int], flags: int) -> set[int]:
        text, fits = self._text, _test(_class_of(op, argument, flags), flags & _CHARACTER_FLAGS)
        return {here + 1 for here in at if here < len(text) and fits(text[here])}

    def anchor(self, _op: str, argument: Any, at: set[int], flags: int) -> set[int]:
        fits = _test(_ANCHORS[str(argument)], flags & (_CHARACTER_FLAGS | re.MULTILINE))
        return {here for here in at if fits(self._text, here)}

    def branch(self, _op: str, argument: Any, at: set[int], flags: int) -> set[int]:
        return set().union(*(self.sequence(one, at, flags) for one in argument[1]))

    def group(self, _op: str, argument: Any, at: set[int], flags: int) -> set[int]:
        _, more, less, nodes = argument
        return self.sequence(nodes, at, (flags | more) & ~less)

    def repeat(self, _op: str, argument: Any, at: set[int], flags: int) -> set[int]:
        least, most, nodes = argument
        for _ in range(least):
            before, at = at, self.sequence(nodes, at, flags)
            if at == before:
                break
        found, new, times = set(at), at, least
        while new and times < most:  # who was here with fewer repeats has come as far
            new = self.sequence(nodes, new, flags) - found
            found |= new
            times += 1
        return found

    def look(self, op: str, argument: Any, at: set[int], flags: int) -> set[int]:
        direction, nodes = argument
        width = 0 if direction > 0 else nodes.getwidth()[1]
        wanted = op == "ASSERT"
        found = set()
        for here in at:
            ends = self.sequence(nodes, {here - width}, flags) if here >= width else set()
            if (here in ends if width else bool(ends)) == wanted:
                found.add(here)
        return found

    def nothing(self, _op: str, _argument: Any, _at: set[int], _flags: int) -> set[int]:
        return set()


_MATCHERS: Mapping[str, Callable[[_Run, str, Any, set[int], int], set[int]]] = MappingProxyType(
    {
        **dict.fromkeys(("LITERAL", "NOT_LITERAL", "IN", "ANY"), _Run.character),
        **dict.fromkeys(("MAX_REPEAT", "MIN_REPEAT"), _Run.repeat),
        **dict.fromkeys(("ASSERT", "ASSERT_NOT"), _Run.look),
        "AT": _Run.anchor,
        "BRANCH": _Run.branch,
        "SUBPATTERN": _Run.group,
        "FAILURE": _Run.nothing,
    }
)


def _class_of(op: str, argument: Any, flags: int) -> str:
    """A pattern of one character, made from a node that takes one."""
    if op == "ANY":
        return r"[\s\S]" if flags & re.DOTALL else r"[^\n]"
    if op != "IN":
        return f"[{'^' if op == 'NOT_LITERAL' else ''}{_written(argument)}]"
    parts = []
    for kind, value in argument:
        if str(kind) == "NEGATE":
            parts.append("^")
        elif str(kind) == "RANGE":
            parts.append(f"{_written(value[0])}-{_written(value[1])}")
        else:
            parts.append(_CATEGORIES[str(value)] if str(kind) == "CATEGORY" else _written(value))
    return f"[{''.join(parts)}]"


def _written(code: int) -> str:
    return f"\\U{code:08x}"


@lru_cache(maxsize=1024)
def _test(source: str, flags: int) -> Callable[..., object]:
    return re.compile(source, flags).match
