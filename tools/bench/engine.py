#!/usr/bin/env python3
"""The engine against the floor: the same rows, written by plain sqlite3 in the same groups; and against its peers.

All take turns in one run, shuffled, so that what else the machine does meets them alike; medians with least and most.
The counters know no noise. Without options it takes less than ten minutes; `--quick` a minute, at small sizes; `--full`
an hour, with graphs of 100 000 tasks. With `--shape`, `--size`, `--threads` or `--payload` only such runs are taken.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
if __name__ == "__main__" and Path(sys.prefix).resolve() != (ROOT / ".venv").resolve():
    subprocess.run([ROOT / "tools" / "setup"], check=True)
    python = str(ROOT / ".venv" / "bin" / "python")
    os.execv(python, [python, __file__, *sys.argv[1:]])  # noqa: S606 - ourselves
sys.path.insert(0, str(ROOT)) if str(ROOT) not in sys.path else None

import argparse  # noqa: E402 - after the search path is set
import json  # noqa: E402
import platform  # noqa: E402
import shutil  # noqa: E402
import tempfile  # noqa: E402
from datetime import UTC, datetime  # noqa: E402
from statistics import median  # noqa: E402
from typing import Any  # noqa: E402

from durable_wf.journal import driver, library  # noqa: E402
from tools.bench import against, cells, figures, goals, page  # noqa: E402

os.environ.setdefault(driver.VARIABLE, driver.PYTHON)  # apsw is installed too, but the floor is sqlite3


def measure(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """All that was asked for, as it stands in the JSON file."""
    sizes = cells.QUICK if options.quick else cells.FULL if options.full else cells.SIZES
    choice = cells.Choice(sizes, options.shape, options.size, options.threads, options.payload)
    found = cells.measure(cells.plan(choice), folder, options.rounds)
    made = figures.Figures()
    figures.of_cells(made, found)
    if not any(choice[1:]):
        figures.measure(made, folder, quick=options.quick, full=options.full)
    result = {**about(), "runs": list(found.values()), "figures": made.others}
    if options.peers:
        result["peers"] = against.measure(folder, rounds=options.rounds, quick=options.quick)
        for name, pair in against.goals_of(result["peers"]["pairs"]).items():
            made.goal(name, pair["our_count"], *against.rates(pair))
    result["goals"] = {name: median(values) for name, values in made.goals.items()}
    return result | {"goal_values": made.goals, "goal_tasks": made.tasks}


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, write; 1 when a goal is missed and `--check` was given."""
    options = _options(arguments)
    if options.render:
        page.write(json.loads(page.JSON.read_text()))
        return 0
    folder = Path(tempfile.mkdtemp(prefix="durable-wf-bench-"))
    try:
        found = measure(folder, options)
    finally:
        shutil.rmtree(folder)
    print("\n".join(page.lines_of(found, drawn=False)))
    in_part = options.quick or options.shape or options.size or options.threads or options.payload
    output = options.output or (None if in_part else page.JSON)
    if output is not None:
        output.write_text(json.dumps(found, indent=1) + "\n")
    if output == page.JSON:
        page.write(found)
    missed = [
        goal for goal in goals.GOALS
        if goal.name in found["goals"] and goals.verdict(goal, found["goals"][goal.name]) == "missed"
    ]  # fmt: skip
    return 1 if options.check and missed else 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="tools/bench/engine.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    sizes = parser.add_mutually_exclusive_group()
    sizes.add_argument("--quick", action="store_true", help="small sizes only; writes no file")
    sizes.add_argument("--full", action="store_true", help="up to 100 000 tasks")
    parser.add_argument("--peers", action="store_true", help="also against DBOS, cloudify-common and huey, by pip")
    parser.add_argument("--shape", nargs="+", choices=cells.SIZES, default=(), help="only these shapes")
    parser.add_argument("--size", nargs="+", type=int, default=(), metavar="N", help="so many tasks")
    parser.add_argument("--threads", nargs="+", type=int, default=(), metavar="N", help="so many worker threads")
    parser.add_argument(
        "--payload", nargs="+", type=int, default=(), metavar="BYTES", help="of each argument and each result"
    )
    parser.add_argument("--rounds", type=int, default=5, help="measured runs of each (default: 5)")
    parser.add_argument(
        "--output", type=Path, help="the JSON file (default: docs/benchmark.json, where all is measured)"
    )
    parser.add_argument("--render", action="store_true", help="measure nothing: make the page from docs/benchmark.json")
    parser.add_argument("--check", action="store_true", help="exit with 1 when a goal is missed")
    return parser.parse_args(arguments)


def about() -> dict[str, str]:
    """What was measured, when, with what."""

    def git(*arguments: str) -> str:
        done = subprocess.run(("git", *arguments), cwd=ROOT, capture_output=True, text=True, check=False)
        return done.stdout.strip()

    changed = " with changes" if git("status", "--porcelain", "durable_wf") else ""
    return {
        "commit": (git("rev-parse", "--short", "HEAD") or "unknown") + changed,
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "python": platform.python_version(),
        "sqlite": library.version(),
        "cores": str(os.cpu_count()),
    }


if __name__ == "__main__":
    sys.exit(main())
