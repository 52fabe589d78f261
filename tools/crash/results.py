"""What came of faults: rows in docs/faults.json, and the table of them in docs/reliability.md, made from these rows.

A run writes its own rows; the others stay, each with the commit that it was seen with.
"""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tools.crash.faults import FAULTS, fault
from tools.crash.faults.base import Made, Place
from tools.crash.table import PAGE, ROOT, commit, machine

FILE = ROOT / "docs" / "faults.json"
BEGIN, END = "<!-- faults: begin -->", "<!-- faults: end -->"
_COLUMNS = ("fault", "scenario", "parallel", "durability", "points", "tried", "survived", "states", "what came of it",
            "commit")  # fmt: skip
_KEY = ("fault", "scenario", "parallel", "durability")


def row(name: str, place: Place, there: int, made: list[Made]) -> dict[str, Any]:
    """One row.

    points  that there are; tried and survived of them
    states  distinct ones of the files, where the fault makes states
    ways    how often each came of it
    """
    ways = Counter("wrong" if one.problems else one.way for one in made)
    return {
        "fault": name,
        "scenario": place.scenario,
        "parallel": place.max_parallel,
        "durability": getattr(fault(name), "durability", None) or place.durability,
        "points": there,
        "tried": len(made),
        "survived": sum(not one.problems for one in made),
        "states": len({one.state for one in made if one.state is not None}),
        "ways": dict(sorted(ways.items())),
        "commit": commit(),
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "machine": machine(),
    }


def write(rows: list[dict[str, Any]], file: Path = FILE, page: Path = PAGE) -> None:
    """Put the rows in the place of those of the same runs, and the table on the page."""
    kept = {_key(one): one for one in (*read(file), *rows)}
    names = list(FAULTS)
    ordered = sorted(kept.values(), key=lambda one: (names.index(one["fault"]), *map(str, _key(one))))
    file.write_text(json.dumps({"schema_version": 1, "rows": ordered}, indent=1) + "\n")
    page.write_text(rendered(page.read_text(), ordered))
    print(f"written: {len(rows)} rows of {file.name}, and {page.name}")


def _key(one: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(one[name] for name in _KEY)


def read(file: Path = FILE) -> list[dict[str, Any]]:
    """The rows that there are, of faults that there still are."""
    if not file.exists():
        return []
    rows: list[dict[str, Any]] = json.loads(file.read_text())["rows"]
    return [one for one in rows if one["fault"] in FAULTS]


def rendered(page: str, rows: list[dict[str, Any]]) -> str:
    """The page with the table of these rows.

    raises  ValueError without the markers
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page has no {BEGIN} … {END}")
    return f"{before}{BEGIN}\n{_table(rows)}\n{END}{after}"


def _table(rows: list[dict[str, Any]]) -> str:
    if not rows:
        return "Nothing has been tried yet."
    machines = sorted({f"{one['machine']}, {one['date']}" for one in rows})
    lines = [f"{'; '.join(machines)}.", ""]
    lines += [*_summary(rows), "", *_flips(rows)]
    lines += [f"| {' | '.join(_COLUMNS)} |", "|---" * len(_COLUMNS) + "|"]
    for one in rows:
        ways = ", ".join(f"{count} {way}" for way, count in one["ways"].items())
        cells = [*(one[name] for name in _COLUMNS[:7]), one["states"] or "", ways, one["commit"]]
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines)


def _summary(rows: list[dict[str, Any]]) -> list[str]:
    """A line for each fault, and one for all of them."""
    lines = ["| fault | points | tried | | survived | distinct states of files |", "|---|---|---|---|---|---|"]
    for name in [*dict.fromkeys(one["fault"] for one in rows), "all"]:
        of = [one for one in rows if name in {one["fault"], "all"}]
        there, tried, survived, states = (
            sum(one[key] for one in of) for key in ("points", "tried", "survived", "states")
        )
        lines.append(f"| {name} | {there} | {tried} | {tried / max(1, there):.1%} | {survived} | {states or ''} |")
    return lines


def _flips(rows: list[dict[str, Any]]) -> list[str]:
    """What came of flipped bits."""
    ways: Counter[str] = Counter()
    for one in rows:
        if one["fault"] == "bits":
            ways.update(one["ways"])
    if not ways:
        return []
    effective, silent = sum(count for way, count in ways.items() if "effective" in way), ways["wrong"]
    reported = effective - silent
    return [f"Of {ways.total()} flipped bits {effective} were effective, {reported} reported, {silent} silent.", ""]
