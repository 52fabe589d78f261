"""Pairs that no file shows well: too large, too deep, no text. Each is at a limit, and one beyond it.

`pairs.py` has those that are written down.
"""

from __future__ import annotations

from typing import NamedTuple

from tests.dsl.pairs import HEAD, MAIN, Spot
from tests.dsl.samples import Sample

SCALING = "cloudify.policies.scaling"


class Made(NamedTuple):
    """A blueprint that is refused, one that is nearly the same and accepted, and where the mistake is."""

    refused: Sample
    accepted: Sample
    spot: Spot


def _one(name: str, data: str | bytes) -> Sample:
    return Sample(name, ((MAIN, HEAD.encode() + b"\n" + (data.encode() if isinstance(data, str) else data)),))


def _made(name: str, refused: str | bytes, accepted: str | bytes, line: int, column: int) -> Made:
    return Made(_one(name, refused), _one(name, accepted), Spot(MAIN, line, column))


def _comment(size: int) -> str:
    return "#" * (size - len(HEAD) - 1)


def _deep(levels: int) -> str:
    return "metadata: {a: " + "[" * (levels - 2) + "]" * (levels - 2) + "}"


def _values(count: int) -> str:
    """So many values in all; those of the head count too."""
    return "metadata: {a: [" + ", ".join("1" * (count - 7)) + "]}"


def _aliases(count: int) -> str:
    return "metadata:\n  a: &a 1\n  b: [" + ", ".join(["*a"] * count) + "]"


def _chain(length: int) -> Sample:
    names = [MAIN, *(f"f{number}.yaml" for number in range(length))]
    imports = [f"{HEAD}\nimports: [{name}]\n" for name in names[1:]]
    return Sample("too-many-imports", tuple(zip(names, [*imports, "inputs: {}\n"], strict=True)))


def _groups(levels: int) -> str:
    groups = "".join(f"  g{number}: {{members: [g{number - 1}]}}\n" for number in range(1, levels))
    targets = ", ".join(f"g{number}" for number in range(levels))
    nodes = "node_types: {T: {}}\nnode_templates: {n: {type: T}}\n"
    return f"{nodes}groups:\n  g0: {{members: [n]}}\n{groups}policies: {{p: {{type: {SCALING}, targets: [{targets}]}}}}"


MADE = {
    "not-utf8": _made("not-utf8", "description: grün".encode("latin-1"), "description: grün", 2, 16),
    "bad-character": _made("bad-character", "description: a\0b", "description: a\tb", 2, 15),
    "file-too-large": _made("file-too-large", _comment(5_000_001), _comment(5_000_000), 1, 1),
    "too-deep": _made("too-deep", _deep(65), _deep(64), 2, 77),
    "too-many-values": _made("too-many-values", _values(100_001), _values(100_000), 2, 299_995),
    "too-many-aliases": _made("too-many-aliases", _aliases(1001), _aliases(1000), 4, 4007),
    "too-many-imports": Made(_chain(51), _chain(50), Spot("f49.yaml", 2, 11)),
    "groups-too-deep": _made("groups-too-deep", _groups(65), _groups(64), 6, 18),
}
