"""The five steps of the tutorial, as they are packaged: small deployments whose operations keep a diary."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import durable_wf
from durable_wf import Engine
from durable_wf.model.rows import History, Kind
from tools.crash.scenarios.base import Runs

EXAMPLES = Path(durable_wf.__file__).parent / "examples" / "tutorial"
_NAME = "garden"


class Tutorial:
    """See `Scenario`. The diary has a line for each end, and so cannot tell a begin without one.

    step        its folder
    parameters  of its workflow
    """

    clock = None

    def __init__(self, step: str, workflow: str, parameters: dict[str, Any] | None = None) -> None:
        self.step = step
        self._workflow = workflow
        self._parameters = parameters or {}

    def prepare(self, engine: Engine, folder: Path) -> None:
        inputs = {"diary": str(folder / "diary.txt"), "pace": 0.0}
        suffixes = map("c{:05}".format, itertools.count())  # the same in every run: ids order what the workflow builds
        blueprint = EXAMPLES / self.step / "blueprint.yaml"
        engine.deployments.create(blueprint, _NAME, inputs, new_suffix=suffixes.__next__)

    def workflow(self, folder: Path) -> tuple[Any, dict[str, Any], str | None]:
        del folder
        return self._workflow, self._parameters, _NAME

    def names(self, history: History) -> Mapping[int, str]:
        found = {}
        for task in history.tasks:
            if task.kind == Kind.OPERATION:
                operation, _, end = task.name.partition(" ")
                side = f" at the {end.strip('()')}" if end else ""
                found[task.no] = f"{operation} {task.target}{side}"
        return found

    def ran(self, folder: Path) -> Mapping[str, Runs]:
        diary = folder / "diary.txt"
        lines = diary.read_text(encoding="utf-8").splitlines() if diary.exists() else []
        return {line: Runs(count, count) for line, count in Counter(lines).items()}

    def problems(self, folder: Path) -> list[str]:
        return [] if self.ran(folder) else ["nothing stands in the diary"]

    def clean(self, folder: Path) -> None:
        """There is nothing but the folder."""
