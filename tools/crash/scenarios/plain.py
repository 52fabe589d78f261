"""Scenarios of plain Python functions: nothing is made before, and nothing is left."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from durable_wf import Engine
from durable_wf.clock import Clock
from durable_wf.model.rows import History
from tools.crash.scenarios import ran
from tools.crash.scenarios.base import Runs


class Plain:
    """See `Scenario`. `main` is given the folder, and its operations record themselves there (`ran.recorded`).

    clock     makes what its engines live by, for a folder; None for the machine's
    problems  what is wrong in the folder at the end
    """

    def __init__(
        self,
        main: Callable[..., Any],
        clock: Callable[[Path], Clock] | None = None,
        problems: Callable[[Path], list[str]] | None = None,
    ) -> None:
        self._main = main
        self._problems = problems or (lambda _: [])
        self.clock = clock

    def prepare(self, engine: Engine, folder: Path) -> None:
        """Nothing is needed."""

    def workflow(self, folder: Path) -> tuple[Any, dict[str, Any], str | None]:
        return self._main, {"folder": str(folder)}, None

    def names(self, history: History) -> Mapping[int, str]:
        return ran.labels(history)

    def ran(self, folder: Path) -> Mapping[str, Runs]:
        return ran.count(folder)

    def problems(self, folder: Path) -> list[str]:
        return self._problems(folder)

    def clean(self, folder: Path) -> None:
        """Nothing is left."""
