"""The table of a sweep, on the terminal and in docs/reliability.md."""

from __future__ import annotations

import argparse
import platform
import re
import subprocess
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from durable_wf.journal import library
from tools.crash.points import Verdict

ROOT = Path(__file__).parent.parent.parent
PAGE = ROOT / "docs" / "reliability.md"
BEGIN, END = "<!-- crash sweep: begin -->", "<!-- crash sweep: end -->"
_SIGNS = {"broken": "!", "ended": "-", "nothing": "0", "plain": ".", "asked": "?", "cancelled": "c"}
_COLUMNS = ("scenario", "parallel", "commits", "points", "nothing yet", "plain resume", "asked", "cancelled", "ended",
            "run twice", "wrong")  # fmt: skip
_HEAD = (f"| {' | '.join(_COLUMNS)} |", "|---" * len(_COLUMNS) + "|")

Row = tuple[tuple[str, int], list[Verdict], int]


def line(name: tuple[str, int], verdicts: list[Verdict], commits: int) -> str:
    """One line for people, with a sign for each point."""
    ways = Counter(verdict.way for verdict in verdicts)
    wrong = sum(bool(verdict.problems) for verdict in verdicts)
    counts = ", ".join(f"{ways[way]} {way}" for way in _SIGNS)
    return f"{name[0]:22} x{name[1]}  {commits:4} commits, {len(verdicts):4} points: {counts}, {wrong} wrong"


def signs(verdicts: list[Verdict]) -> str:
    """A sign for each point, in the order of its commit."""
    return "".join("!" if verdict.problems else _SIGNS[verdict.way] for verdict in verdicts)


def markdown(rows: list[Row], options: argparse.Namespace) -> str:
    """The full table."""
    lines = [f"Commit {commit()}, {datetime.now(UTC):%Y-%m-%d}, {machine()}, durability `{options.durability}`.", ""]
    lines += _HEAD
    for name, verdicts, commits in rows:
        ways = Counter(verdict.way for verdict in verdicts)
        cells: list[Any] = [
            *name,
            commits,
            len(verdicts),
            *(ways[way] for way in ("nothing", "plain", "asked", "cancelled", "ended")),
        ]
        cells += [sum(verdict.repeated for verdict in verdicts), sum(bool(verdict.problems) for verdict in verdicts)]
        lines.append(f"| {' | '.join(map(str, cells))} |")
    lines += ["", "Every point, in the order of the commits, before and after each in turn:", "", "```text"]
    for (scenario, parallel), verdicts, _ in rows:
        text = signs(verdicts)
        lines.append(f"{scenario}, parallel {parallel}")
        each = 1 if "+" in scenario else 2
        lines += [f"  {at // each + 1:4}  {text[at : at + 80]}" for at in range(0, len(text), 80)]
    return "\n".join([*lines, "```"])


def write(rows: list[Row], options: argparse.Namespace) -> None:
    """Put the table between the page's markers. A sweep of some scenarios replaces nothing of the others."""
    if options.scenario or options.max_parallel:
        print("not written: docs/reliability.md has the table of all scenarios at both parallelisms")
        return
    page = PAGE.read_text()
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n{markdown(rows, options)}\n{END}{after}")
    print(f"written: {PAGE.relative_to(ROOT)}")


def commit() -> str:
    """The commit that is tried, and whether the program differs from it."""
    done = subprocess.run(
        ("git", "rev-parse", "--short", "HEAD"), cwd=ROOT, capture_output=True, text=True, check=False
    )
    changed = subprocess.run(
        ("git", "status", "--porcelain", "durable_wf"), cwd=ROOT, capture_output=True, text=True, check=False
    )
    return (done.stdout.strip() or "unknown") + (" with changes" if changed.stdout.strip() else "")


def machine() -> str:
    """What it is tried on, in words that do not name the machine."""
    release = re.match(r"[\d.]+", platform.release())
    return (
        f"Python {platform.python_version()}, SQLite {library.version()}, "
        f"Linux {release.group() if release else platform.release()}"
    )
