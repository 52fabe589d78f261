"""`tools/fuzz`: runs until a time is over, and says what was tried and met."""

from __future__ import annotations

import argparse
import itertools
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path as Folder
from typing import Any

from tests.dsl.fuzzing.judging import Bench
from tests.dsl.fuzzing.running import Tally, run, tried, write_case

_ALL_BY_THEN = 1.0  # minutes after which everything must have been met


def numbers(minutes: float) -> Iterator[int]:
    """0, 1, 2 ... until the time is over."""
    end = time.monotonic() + minutes * 60
    return itertools.takewhile(lambda _number: time.monotonic() < end, itertools.count())


def report(tally: Tally, seed: str, minutes: float) -> dict[str, Any]:
    """The run as data."""
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False)
    return {
        "seed": seed,
        "commit": commit.stdout.strip(),
        "minutes": minutes,
        "inputs": tally.tried,
        "valid": tally.valid,
        "broken": tally.broken,
        "productions_missed": tally.productions_missed,
        "codes_missed": tally.codes_missed,
        "failures": tally.failures,
        "codes": dict(sorted(tally.codes.items())),
        "productions": dict(sorted(tally.productions.items())),
    }


def say(made: dict[str, Any]) -> None:
    """The report for people."""
    sys.stdout.write(
        f"seed {made['seed']} at {made['commit']}: {made['inputs']} inputs\n"
        f"{made['valid']} valid ones that were compiled, "
        f"planned and stored, {made['broken']} broken ones that were refused at the broken place and nowhere else\n"
        f"productions: {len(made['productions'])} used, {len(made['productions_missed'])} missed; "
        f"codes: {len(made['codes'])} met, {len(made['codes_missed'])} missed; failures: {len(made['failures'])}\n"
    )
    for what in ("productions_missed", "codes_missed"):
        for name in made[what]:
            sys.stdout.write(f"{what}: {name}\n")
    for name, failures in made["failures"].items():
        sys.stdout.write("\n  ".join([f"FAILED {name}", *failures]) + "\n")


def one(seed: str, number: int) -> int:
    """Show one input again: its documents, what was broken, what failed."""
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as kept:
        bench = Bench(Folder(folder) / "blueprint")
        outcome = tried(bench, seed, number)
        write_case(bench, outcome, Folder(kept))
        for path in sorted(Folder(kept).rglob("*")):
            if path.is_file():
                sys.stdout.write(f"# ---- {path.relative_to(kept)}\n{path.read_text()}")
        sys.stdout.write(f"# {outcome.what}: {'; '.join(outcome.failures) or 'as it should be'}\n")
    return 1 if outcome.failures else 0


def main() -> int:
    """Parse arguments and run."""
    parser = argparse.ArgumentParser(prog="tools/fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0, help="how long (default: %(default)s)")
    parser.add_argument("--seed", default="1", help="the same seed tries the same inputs (default: %(default)s)")
    parser.add_argument("--inputs", type=int, help="so many inputs, instead of a time")
    parser.add_argument("--only", type=int, metavar="N", help="show input N of the seed")
    parser.add_argument("--out", type=Folder, help="a file for the counts, as JSON")
    parser.add_argument(
        "--cases", type=Folder, default=Folder("fuzz-cases"), help="a folder for what fails, made small"
    )
    given = parser.parse_args()
    if given.only is not None:
        return one(given.seed, given.only)
    todo = range(given.inputs) if given.inputs else numbers(given.minutes)
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        tally = run(Bench(Folder(folder) / "blueprint"), given.seed, todo, given.cases)
    took = round((time.monotonic() - begun) / 60, 2)
    made = report(tally, given.seed, took)
    say(made)
    if given.out:
        given.out.write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n")
    missed = (made["productions_missed"] or made["codes_missed"]) and took >= _ALL_BY_THEN
    return 1 if made["failures"] or missed else 0


if __name__ == "__main__":
    sys.exit(main())
