"""durable-wf's compiler and planner, driven as its peer is: a blueprint's files in, node instances out."""

from __future__ import annotations

import itertools
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))
import protocol
from blueprint_shape import written

from durable_wf.dsl.compile import compile_blueprint
from durable_wf.dsl.deployment import plan_deployment
from durable_wf.sources.files import FileResolver


class Ours:
    """See `protocol.Driver`."""

    def __init__(self) -> None:
        self.shapes = {"blueprint": self._plan}

    def open(self, folder: Path) -> None:
        """Remember the folder."""
        self._folder = folder

    def close(self) -> None:
        """Nothing stays."""

    def _plan(self, count: int) -> float:
        path = written(self._folder, count)
        numbers = itertools.count()
        began = time.perf_counter()
        plan = plan_deployment(compile_blueprint(FileResolver(path)), {}, lambda: f"{next(numbers):06}")
        seconds = time.perf_counter() - began
        if len(plan.instances) != count:
            raise AssertionError(len(plan.instances))
        return seconds


if __name__ == "__main__":
    sys.exit(protocol.main(Ours()))
