"""The cloudify-common package's local mode, in memory: nothing is durable.

Tasks that do nothing go through its graph and its pool of threads, with its own settings but for the number of
threads; the lines that it prints for each task go to /dev/null. The silent shapes are with `send_task_events=False`.

wide   all tasks at once
chain  each after the one before
"""

from __future__ import annotations

import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import protocol
from cloudify.decorators import workflow
from cloudify.workflows import local

_MODULE = Path(__file__).stem
_BLUEPRINT = f"""
tosca_definitions_version: cloudify_dsl_1_3
plugins:
  bench:
    executor: central_deployment_agent
    install: false
node_types:
  empty: {{}}
node_templates:
  only:
    type: empty
workflows:
  wide:
    mapping: bench.{_MODULE}.wide
    parameters: {{count: {{}}, events: {{}}}}
  chain:
    mapping: bench.{_MODULE}.chain
    parameters: {{count: {{}}, events: {{}}}}
"""


def _nothing() -> None:
    """Does nothing."""


@workflow
def wide(ctx: Any, count: int, *, events: bool, **_: Any) -> None:
    """All at once."""
    graph = ctx.graph_mode()
    for _number in range(count):
        graph.add_task(ctx.local_task(_nothing, send_task_events=events))
    graph.execute()


@workflow
def chain(ctx: Any, count: int, *, events: bool, **_: Any) -> None:
    """Each after the one before."""
    graph = ctx.graph_mode()
    line = graph.sequence()
    for _number in range(count):
        line.add(ctx.local_task(_nothing, send_task_events=events))
    graph.execute()


class Cloudify:
    """See `protocol.Driver`."""

    def __init__(self) -> None:
        self.shapes = {
            f"{name}{suffix}": partial(self._run, name, events=events)
            for name in ("wide", "chain")
            for suffix, events in (("", True), (" silent", False))
        }

    def open(self, folder: Path) -> None:
        """An environment of one node that does nothing."""
        blueprint = folder / "blueprint.yaml"
        blueprint.write_text(_BLUEPRINT)
        self._environment = local.init_env(str(blueprint), validate_version=False)

    def close(self) -> None:
        """Nothing stays."""

    def _run(self, name: str, count: int, *, events: bool) -> float:
        began = time.perf_counter()
        self._environment.execute(name, parameters={"count": count, "events": events}, task_thread_pool_size=16)
        return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(protocol.main(Cloudify()))
