"""Runs inputs, counts what they used and met, and writes what failed as cases."""

from __future__ import annotations

import re
import traceback
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path as Folder
from random import Random
from typing import Any

from durable_wf.dsl.codes import CODES
from durable_wf.errors import DurableError
from tests.dsl.fuzzing.blueprints import Drawn
from tests.dsl.fuzzing.judging import Bench
from tests.dsl.fuzzing.minimise import minimised
from tests.dsl.fuzzing.trials import Outcome, judge, rows, targets, trial
from tests.dsl.fuzzing.writer import written

_MOST_CASES = 20


@dataclass
class Tally:
    """What a run came to.

    productions  how many valid blueprints used each
    codes        how many breaks of each were said at their place
    breakers     the same by breaker
    failures     name of the input -> what was wrong
    """

    tried: int = 0
    valid: int = 0
    broken: int = 0
    productions: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    breakers: Counter[str] = field(default_factory=Counter)
    failures: dict[str, list[str]] = field(default_factory=dict)

    def add(self, outcome: Outcome) -> None:
        """Count an input."""
        self.tried += 1
        if outcome.failures:
            self.failures[f"{outcome.name} ({outcome.what})"] = outcome.failures
        elif outcome.row is None:
            self.valid += 1
            self.productions.update(outcome.used)
        elif outcome.done and outcome.broken:
            self.broken += 1
            self.codes[outcome.broken.codes[0]] += 1
            self.breakers[f"{outcome.row.code}/{outcome.row.name}"] += 1

    @property
    def productions_missed(self) -> list[str]:
        """Productions of the table that no valid blueprint used."""
        return [name for name, _ in targets() if not self.productions[name]]

    @property
    def codes_missed(self) -> list[str]:
        """Codes that were never said."""
        return [name for name in CODES if not self.codes[name]]


def run(bench: Bench, seed: int | str, numbers: Iterable[int], cases: Folder | None = None) -> Tally:
    """Try inputs.

    cases   where what failed is written, as small as it gets; None: nowhere
    """
    tally = Tally()
    for number in numbers:
        outcome = tried(bench, seed, number)
        tally.add(outcome)
        if outcome.failures and cases is not None and len(tally.failures) <= _MOST_CASES:
            write_case(bench, outcome, cases)
    return tally


def tried(bench: Bench, seed: int | str, number: int) -> Outcome:
    """One input; whatever it raises is a failure of it."""
    try:
        return trial(bench, seed, number)
    except Exception as error:  # noqa: BLE001 -- a traceback is what is looked for
        kind = "refused" if isinstance(error, DurableError) else "traceback"
        frames = "; ".join(
            f"{Folder(at.filename).name}:{at.lineno}" for at in traceback.extract_tb(error.__traceback__)[-6:]
        )
        return Outcome(f"{seed}:{number}", failures=[f"{kind}: {type(error).__name__}: {error} at {frames}"])


def write_case(bench: Bench, outcome: Outcome, folder: Folder) -> None:
    """Write the documents of a failed input, made small if it was a broken one."""
    files = outcome.files
    if outcome.broken is not None:
        files = _small(bench, outcome)
    name = re.sub(r"[^\w-]+", "_", outcome.name)
    (folder / name).mkdir(parents=True, exist_ok=True)
    for file, document in files.items():
        path = folder / name / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(written(document, Random(0), is_plain=True).text)
    (folder / name / "FAILED.txt").write_text("\n".join([outcome.what, *outcome.failures]) + "\n")


def _small(bench: Bench, outcome: Outcome) -> dict[str, Any]:
    broken = outcome.broken
    assert broken is not None
    wanted = _signature(outcome.failures)
    blueprint = Drawn(outcome.files, (1, 5), prefixes={"lib/other.yaml": "ns--"})

    def still(files: dict[str, Any]) -> bool:
        try:
            failures = judge(bench, blueprint, files, broken, Random(0), is_plain=True)
        except Exception as error:  # noqa: BLE001 -- another kind of failure is not this one
            failures = [f"traceback: {type(error).__name__}"]
        return _signature(failures) == wanted

    keep = [(spot.file, spot.path) for spot in broken.spots]
    return minimised(outcome.files, keep, still) if still(outcome.files) else outcome.files


def _signature(failures: list[str]) -> list[str]:
    """What a failure is, whatever it says: the codes in it."""
    return sorted(one.rpartition("[")[2] if one.endswith("]") else one.partition(":")[0] for one in failures)


def all_breakers() -> list[str]:
    """Names of all breakers, as they are counted."""
    return sorted({f"{row.code}/{row.name}" for each in rows().values() for row in each})
