"""cloudify-common's parser and planner of node instances: a blueprint's files in, node instances out."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import protocol
from blueprint_shape import written
from dsl_parser import parser, tasks


class Cloudify:
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
        began = time.perf_counter()
        plan = tasks.prepare_deployment_plan(parser.parse_from_path(str(path)), None, {})
        seconds = time.perf_counter() - began
        if len(plan["node_instances"]) != count:
            raise AssertionError(len(plan["node_instances"]))
        return seconds


if __name__ == "__main__":
    sys.exit(protocol.main(Cloudify()))
