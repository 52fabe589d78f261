"""The packaged example: a shop of 14 node instances whose operations start real servers on this machine."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import durable_wf
from durable_wf import Engine
from durable_wf.model.rows import History, Kind
from tools.crash.scenarios.base import Runs

EXAMPLE = Path(durable_wf.__file__).parent / "examples" / "three_tier"
_NAME = "shop"


def _proof() -> ModuleType:
    """The example's own proof, found as the engine finds its plugin: beside the blueprint."""
    if str(EXAMPLE) not in sys.path:
        sys.path.insert(0, str(EXAMPLE))
    from three_tier import proof  # type: ignore[import-not-found]

    return proof  # type: ignore[no-any-return]


class ThreeTier:
    """See `Scenario`. No operation pauses: a kill at a commit needs no time to hit."""

    clock = None

    def prepare(self, engine: Engine, folder: Path) -> None:
        inputs = {"scratch": str(folder / "scratch"), "pause": 0.0}
        suffixes = map("c{:05}".format, itertools.count())  # the same in every run: ids order what the workflow builds
        engine.deployments.create(EXAMPLE / "blueprint.yaml", _NAME, inputs, new_suffix=suffixes.__next__)

    def workflow(self, folder: Path) -> tuple[Any, dict[str, Any], str | None]:
        del folder
        return "start_all", {}, _NAME

    def names(self, history: History) -> Mapping[int, str]:
        found = {}
        for task in history.tasks:
            if task.kind == Kind.OPERATION:
                operation, _, end = task.name.partition(" ")
                source, _, target = task.target.partition("->")
                sides = (target, source) if end == "(target)" else (source, target)
                found[task.no] = f"{operation} {'--'.join(side for side in sides if side)}"
        return found

    def ran(self, folder: Path) -> Mapping[str, Runs]:
        counted = _proof().count_runs(folder / "scratch")
        return {
            f"{operation} {instance}": Runs(runs.begun, runs.ended + runs.raised, list(runs.keys))
            for (operation, instance), runs in counted.items()
        }

    def problems(self, folder: Path) -> list[str]:
        return [str(problem) for problem in _proof().problems(folder / "scratch")]

    def clean(self, folder: Path) -> None:
        _proof().clean(folder / "scratch")
        left = _proof().living(folder / "scratch")
        if left:
            text = f"servers live on: {left}"
            raise RuntimeError(text)
