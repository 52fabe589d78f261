"""Trees as lines: what lies in something stands below it, at the end of a branch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from durable_wf.cli.output import columns

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@dataclass(frozen=True, slots=True)
class Branch:
    """A line of a tree.

    cells   the first stands at its branch, the others in columns; all lines of a tree have as many
    more    lines of their own below it, in no column
    """

    cells: tuple[str, ...]
    inside: list[Branch] = field(default_factory=list)
    more: tuple[str, ...] = ()


def tree(branches: Sequence[Branch], head: tuple[str, ...] | None = None) -> list[str]:
    """The lines, after a line of titles."""
    rows, more = [] if head is None else [head], {}
    for row, below in _walk(branches, "", root=True):
        rows.append(row)
        if below:
            more[len(rows) - 1] = below
    lines = columns(rows)
    return [line for index, one in enumerate(lines) for line in (one, *more.get(index, ()))]


def _walk(branches: Sequence[Branch], before: str, *, root: bool) -> Iterator[tuple[tuple[str, ...], list[str]]]:
    for one in branches:
        last = one is branches[-1]
        here, under = ("", "") if root else ("└─ ", "   ") if last else ("├─ ", "│  ")
        below = before + under
        stem = "│  " if one.inside else "   "
        yield (before + here + one.cells[0], *one.cells[1:]), [f"{below}{stem}{line}" for line in one.more]
        yield from _walk(one.inside, below, root=False)
