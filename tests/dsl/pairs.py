"""Pairs of blueprints, one refused and one accepted, that are the same but for a line or two.

A file of `cases/pairs/` has many, each a delta as `difflib.ndiff` writes it:

    === unknown-node-type: what is shown, if one code has several pairs
      node_types: {Server: {}}
      node_templates:
    -   web: {type: Sever}
    ?              ^
    +   web: {type: Server}
    @ other.yaml
      inputs: {}

Two spaces begin a line of both blueprints, `-` one of the refused, `+` one of the accepted; `?` marks the problem's
place in the line above it. `@` begins another file of the blueprint: those before it are the main file's. A main file
that does not name its version is of the newest. `!` begins what is said, where that has no place.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

MAIN = "main.yaml"
HEAD = "tosca_definitions_version: cloudify_dsl_1_5"
PAIRS = Path(__file__).parent / "cases" / "pairs"


class Spot(NamedTuple):
    """Where a problem is; line and column from 1."""

    file: str
    line: int
    column: int


@dataclass
class Pair:
    """Two blueprints.

    title      what stands behind the code
    refused    lines of the one by file
    accepted   lines of the other by file
    spots      where the refused one has its problems, in order
    removed    lines that only the refused one has
    added      lines that only the accepted one has
    said       of the refused one, where problems have no places
    """

    code: str
    title: str
    refused: dict[str, list[str]] = field(default_factory=dict)
    accepted: dict[str, list[str]] = field(default_factory=dict)
    spots: list[Spot] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    added: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.code}: {self.title}" if self.title else self.code

    def texts(self, which: dict[str, list[str]]) -> dict[str, str]:
        """The texts of `refused` or of `accepted` by file, the main file first."""
        return {name: "".join(f"{line}\n" for line in lines) for name, lines in which.items()}


def read(text: str, start: str = HEAD) -> list[Pair]:
    """The pairs of a file; what stands before the first is a comment.

    start   of a main file that does not name a version
    raises  ValueError for a line that begins with none of the marks
    """
    pairs: list[Pair] = []
    for number, line in enumerate(text.splitlines(), 1):
        mark, rest = line[:2], line[2:]
        if line.startswith("=== "):
            code, _, title = line.removeprefix("=== ").partition(": ")
            pairs.append(Pair(code, title))
            name = MAIN
        elif pairs and mark == "@ ":
            name = rest
        elif pairs and mark == "! ":
            pairs[-1].said.append(rest)
        elif pairs:
            if mark not in {"  ", "- ", "+ ", "? "}:
                raise ValueError(f"line {number} has no mark: {line}")
            _take(pairs[-1], name, mark, rest)
    for pair in pairs:
        _begin(pair, start)
    return pairs


def _take(pair: Pair, name: str, mark: str, rest: str) -> None:
    refused, accepted = pair.refused.setdefault(name, []), pair.accepted.setdefault(name, [])
    if mark == "? ":
        pair.spots.append(Spot(name, len(refused), rest.index("^") + 1))
        return
    if mark != "+ ":
        refused.append(rest)
    if mark != "- ":
        accepted.append(rest)
    if mark == "- ":
        pair.removed.append(rest)
    if mark == "+ ":
        pair.added.append(rest)


def _begin(pair: Pair, start: str) -> None:
    """Put the version before a main file that names none."""
    both = (*pair.refused.get(MAIN, ()), *pair.accepted.get(MAIN, ()))
    if not any("tosca_definitions_version" in line for line in both):
        for which in (pair.refused, pair.accepted):
            which.setdefault(MAIN, []).insert(0, start)
        pair.spots = [spot._replace(line=spot.line + (spot.file == MAIN)) for spot in pair.spots]


def all_pairs(folder: Path = PAIRS) -> list[Pair]:
    """Those of all files of a folder."""
    return [pair for path in sorted(folder.glob("*.ndiff")) for pair in read(path.read_text())]
