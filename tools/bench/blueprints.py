#!/usr/bin/env python3
"""Parsing and planning blueprints of 1 000, 3 000 and 10 000 node templates, in turns with cloudify-common.

The peer's time grows with the square of the templates; where it has not ended after `--patience` seconds it is given
up, and the ratio is a least one. Takes about half an hour, nearly all of it the peer's; `--quick` takes small
blueprints, in a minute, and writes nothing.
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
import random  # noqa: E402
import shutil  # noqa: E402
import tempfile  # noqa: E402
from collections.abc import Mapping, Sequence  # noqa: E402
from dataclasses import dataclass, field  # noqa: E402
from operator import truediv  # noqa: E402
from statistics import median  # noqa: E402
from typing import Any  # noqa: E402

from tools.bench import environments, page  # noqa: E402
from tools.bench.against import Session  # noqa: E402
from tools.bench.engine import about  # noqa: E402
from tools.bench.environments import DRIVERS, Unavailable  # noqa: E402
from tools.bench.goals import Goal, Spread, short, verdict  # noqa: E402

JSON = page.DOCS / "blueprints.json"
BEGIN, END = "<!-- blueprints: begin -->", "<!-- blueprints: end -->"
SHAPE = "blueprint"
OURS, THEIRS = DRIVERS / "ours_blueprints_driver.py", DRIVERS / "cloudify_blueprints_driver.py"
SIZES, QUICK = (1_000, 3_000, 10_000), (100, 300)
PATIENCE_S = 900.0
PEER = next(peer for peer in environments.PEERS if peer.name == "cloudify-common")
P13 = Goal("P13", "parse and plan: cloudify-common's time against ours, at the fewest templates", 30, at_most=False)
P14 = Goal("P14", "cost of a template: at the most templates against the fewest", 1.3)


@dataclass(slots=True)
class Turns:
    """What blueprints of one size took, in seconds, of each two turns that were taken one after the other.

    gave_up_s  after how long the peer was given up, if it was
    """

    count: int
    ours_s: list[float] = field(default_factory=list)
    theirs_s: list[float] = field(default_factory=list)
    gave_up_s: float | None = None

    def result(self) -> dict[str, Any]:
        """As it stands in the JSON file."""
        return {"count": self.count, "ours_s": self.ours_s, "theirs_s": self.theirs_s, "gave_up_s": self.gave_up_s}


def measure(
    folder: Path, python: Path | str, theirs: Path, sizes: Sequence[int], rounds: int, patience_s: float
) -> list[dict[str, Any]]:
    """Each size in turns; the larger ones, of which a turn takes the peer minutes, once.

    python, theirs  the peer's interpreter and driver
    """
    mine, other = folder / "ours", folder / "theirs"
    for path in (mine, other):
        path.mkdir(parents=True)
    turns = [Turns(count) for count in sizes]
    with Session(sys.executable, OURS, mine) as ours:
        ours.run(SHAPE, sizes[0] // 10)  # imports
        for number in range(rounds):
            for turn in random.sample(turns, len(turns)):
                turn.ours_s.append(ours.run(SHAPE, turn.count))
            print(f"ours alone: round {number + 1} of {rounds}", file=sys.stderr, flush=True)
        alone = {turn.count: turn.ours_s for turn in turns}
        for turn in turns:
            turn.ours_s = []
            for number in range(rounds if turn.count == sizes[0] else 1):
                if turn.gave_up_s is None:
                    _one_turn(turn, ours, (python, theirs, other), patience_s)
                    print(f"{turn.count}: round {number + 1}", file=sys.stderr, flush=True)
    return [{**turn.result(), "alone_s": alone[turn.count]} for turn in turns]


def _one_turn(turn: Turns, ours: Session, peer: tuple[Path | str, Path, Path], patience_s: float) -> None:
    """Both sides once, in either order; the peer in a process of its own, which may be given up."""

    def mine() -> None:
        turn.ours_s.append(ours.run(SHAPE, turn.count))

    def other() -> None:
        python, driver, folder = peer
        with Session(python, driver, folder, patience_s=patience_s) as session:
            try:
                turn.theirs_s.append(session.run(SHAPE, turn.count))
            except Unavailable:
                if not session.was_given_up:
                    raise
                turn.gave_up_s = patience_s

    for side in random.sample((mine, other), 2):
        side()


def goals_of(sizes: Sequence[Mapping[str, Any]]) -> dict[str, Spread]:
    """What was reached of P13 and P14."""
    first, last = sizes[0], sizes[-1]
    found = {P14.name: Spread(tuple(_per_template(last, first)))}
    if first["theirs_s"]:
        found[P13.name] = Spread(tuple(map(truediv, first["theirs_s"], first["ours_s"])))
    return found


def _per_template(many: Mapping[str, Any], few: Mapping[str, Any]) -> list[float]:
    """Of each round the cost of a template in the larger blueprint, against that in the smaller one."""
    return [
        (large / many["count"]) / (small / few["count"])
        for large, small in zip(many["alone_s"], few["alone_s"], strict=True)
    ]


def lines_of(found: Mapping[str, Any]) -> list[str]:
    """As people read it."""
    lines = [f"Commit {found['commit']}, {found['date']}, Python {found['python']}, {PEER.requirement}.", ""]
    lines += ["| goal | what | measured | limit | |", "|---|---|---|---|---|"]
    reached = goals_of(found["sizes"])
    for goal in (P13, P14):
        if goal.name in reached:
            sign = "at most" if goal.at_most else "at least"
            value = reached[goal.name]
            lines.append(
                f"| {goal.name} | {goal.about} | {value}{goal.unit} | {sign} {short(goal.limit)}{goal.unit} "
                f"| {verdict(goal, value.median)} |"
            )
    lines += ["", "| node templates | ours, s | cloudify-common, s | ratio |", "|---|---|---|---|"]
    return lines + [_row(size) for size in found["sizes"]]


def _row(size: Mapping[str, Any]) -> str:
    ours = Spread(tuple(size["alone_s"]))
    if size["gave_up_s"] is not None:
        least = size["gave_up_s"] / median(size["ours_s"])
        theirs = f"given up after {short(size['gave_up_s'])}"
        return f"| {short(size['count'])} | {ours} | {theirs} | more than {short(least)}× |"
    ratio = Spread(tuple(map(truediv, size["theirs_s"], size["ours_s"])))
    return f"| {short(size['count'])} | {ours} | {Spread(tuple(size['theirs_s']))} | {ratio}× |"


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, write; 1 where the peer cannot be installed or does not answer."""
    options = _options(arguments)
    if options.render:
        _write(json.loads(JSON.read_text()))
        return 0
    folder = Path(tempfile.mkdtemp(prefix="durable-wf-bench-"))
    try:
        python = environments.python_of(PEER)
        sizes = QUICK if options.quick else SIZES
        found = {**about(), "sizes": measure(folder, python, THEIRS, sizes, options.rounds, options.patience)}
    except Unavailable as error:
        print(f"{PEER.name}: {error}", file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(folder)
    print("\n".join(lines_of(found)))
    if not options.quick:
        JSON.write_text(json.dumps(found, indent=1) + "\n")
        _write(found)
    return 0


def _write(found: Mapping[str, Any]) -> None:
    page.PAGE.write_text(page.inserted(page.PAGE.read_text(), lines_of(found), (BEGIN, END)))


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="tools/bench/blueprints.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="small blueprints only; writes no file")
    parser.add_argument("--rounds", type=int, default=3, help="measured turns of the smallest (default: 3)")
    parser.add_argument(
        "--patience", type=float, default=PATIENCE_S, metavar="SECONDS", help="after which the peer is given up"
    )
    parser.add_argument("--render", action="store_true", help="measure nothing: the page from docs/blueprints.json")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
