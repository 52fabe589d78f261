"""How problems and warnings of a blueprint are shown: each with its line, and a caret under the column.

One form for all commands that read a blueprint:

    shop.yaml:12:11: node_templates.page.type: unknown node type 'Pag' [unknown-node-type]
      12 |     type: Pag
         |           ^ did you mean 'Page'?
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from durable_wf.cli.output import clean, paint, plural

if TYPE_CHECKING:
    from durable_wf.dsl.excerpts import Sources
    from durable_wf.dsl.problems import Problem

MOST_SHOWN = 50
"""As many are shown with their lines; more have one line each."""

WIDTH = 100
"""Columns that an excerpt takes at most."""

_BEFORE = 50  # columns before the caret, where the line is cut
_TAB = 4
_RED, _YELLOW = "1;31", "1;33"
_JAMO = range(0x1160, 0x1200)  # Korean vowels and finals: drawn into the syllable before them


@dataclass(frozen=True, slots=True)
class SourceLine:
    """The line that a problem is in, as it is shown: cut if it is long, tabs and control characters written out.

    column  from 1, of the place, in `text`
    """

    text: str
    column: int


@dataclass(frozen=True, slots=True)
class ProblemRecord:
    """A mistake in a blueprint, or a warning: where it stands, and how to mend it.

    source  null where there is no such line, as in a file that is empty
    """

    code: str
    message: str
    file: str
    line: int
    column: int
    path: str
    expected: str | None
    hint: str | None
    source: SourceLine | None


class Drawn(NamedTuple):
    """A character as a terminal has it: what is written, and how many columns that takes."""

    text: str
    width: int


def record(problem: Problem, sources: Sources) -> ProblemRecord:
    """A problem as data."""
    file, line, column = problem.place
    excerpt = _excerpt(problem, sources)
    source = None
    if excerpt is not None:
        cells, at = excerpt
        source = SourceLine("".join(cell.text for cell in cells), sum(len(cell.text) for cell in cells[:at]) + 1)
    code, message, path = problem.code, problem.message, problem.path
    return ProblemRecord(code, message, file, line, column, path, problem.expected, problem.hint, source)


def shown(
    problems: Sequence[Problem], sources: Sources, *, brief: bool = False, colors: bool = False, kind: str = ""
) -> Iterator[str]:
    """The lines that a person reads; all problems are said, the first of them with their lines.

    brief   one line each
    kind    what stands before each, such as `warning`
    """
    prefix = f"{paint(f'{kind}:', _YELLOW, on=colors)} " if kind else ""
    shown_whole = 0 if brief else MOST_SHOWN
    for problem in problems[:shown_whole]:
        yield from _whole(problem, sources, prefix, colors=colors, is_warning=bool(kind))
    rest = problems[shown_whole:]
    if rest and not brief:
        yield f"{plural(len(rest), 'more', 'more')}, one line each:"
    for problem in rest:
        yield prefix + one_line(str(problem))


def _whole(problem: Problem, sources: Sources, prefix: str, *, colors: bool, is_warning: bool) -> Iterator[str]:
    excerpt = _excerpt(problem, sources)
    if excerpt is None:
        yield prefix + one_line(str(problem))
        return
    yield f"{prefix}{one_line(f'{problem.place}: {problem.said}')} [{problem.code}]"
    cells, at = excerpt
    number = f"{problem.line:>4}"
    margin = " " * len(number)
    caret = paint("^", _YELLOW if is_warning else _RED, on=colors)
    hint = f" {one_line(problem.hint)}" if problem.hint else ""
    yield f"{number} | {''.join(cell.text for cell in cells)}".rstrip()
    yield f"{margin} | {' ' * sum(cell.width for cell in cells[:at])}{caret}{hint}"
    if problem.expected:
        yield f"{margin} = expected {one_line(problem.expected)}"


def one_line(text: str) -> str:
    """Somebody else's text, which can neither end the line nor be obeyed by a terminal."""
    return clean(text).replace("\n", "\\n").replace("\t", " ")


def _excerpt(problem: Problem, sources: Sources) -> tuple[list[Drawn], int] | None:
    """What is shown of a problem's line, and the index of the place in it; None where there is nothing to show."""
    found = sources.excerpt(*problem.place)
    return _cut(*found) if found is not None and found[0].strip() else None


def _cut(line: str, at: int) -> tuple[list[Drawn], int]:
    """A line's characters as they are drawn, of a long one only those around `at`; and where that is among them."""
    begin = max(0, at - WIDTH)  # what is further away is not shown, however many characters have no width
    cells = [_drawn(char) for char in line[begin : at + 2 * WIDTH]]
    at -= begin
    if begin == 0 and len(line) == len(cells) and sum(cell.width for cell in cells) <= WIDTH:
        return cells, at
    first = _fitting(cells[:at][::-1], _BEFORE)
    cells, is_cut = cells[at - first :], begin > 0 or first < at
    head = [_MORE] if is_cut else []
    last = _fitting(cells, WIDTH - 2)
    tail = [_MORE] if begin + at - first + last < len(line) else []
    return [*head, *cells[:last], *tail], first + len(head)


_MORE = Drawn("…", 1)


def _fitting(cells: Sequence[Drawn], width: int) -> int:
    """How many of the cells, from the first on, fit into so many columns."""
    taken = 0
    for count, cell in enumerate(cells):
        taken += cell.width
        if taken > width:
            return count
    return len(cells)


def _drawn(char: str) -> Drawn:
    if char == "\t":
        return Drawn(" " * _TAB, _TAB)
    if not char.isprintable():
        text = clean(char)
        return Drawn(text, len(text))
    if unicodedata.category(char) in {"Mn", "Me"} or ord(char) in _JAMO:
        return Drawn(char, 0)
    return Drawn(char, 2 if unicodedata.east_asian_width(char) in "WF" else 1)
