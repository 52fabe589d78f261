"""Two machines with a web server each, behind a balancer: scaled out to three, and in to one."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from durable_wf import Engine, workflow
from durable_wf.builtin.workflows import install, scale_entity
from tools.crash.scenarios import ran
from tools.crash.scenarios.lifecycle import Lifecycle

BLUEPRINT = Path(__file__).with_name("scale.yaml")
_NAME = "farm"


@workflow
def out_and_in(ctx: Any, **_: Any) -> list[list[list[Any]]]:
    """Install, one more, two less; who is there after each, and what they are related to."""
    found = []
    for delta in (0, 1, -2):
        if delta:
            scale_entity(ctx, scalable_entity_name="vm", delta=delta)
        else:
            install(ctx)
        ctx.refresh_node_instances()
        found.append([
            [one.id, one.state, sorted(one.runtime_properties), [each.target_id for each in one.relationships]]
            for one in ctx.node_instances
        ])  # fmt: skip
    return found


class Scale(Lifecycle):
    """See `Scenario`."""

    def prepare(self, engine: Engine, folder: Path) -> None:
        suffixes = map("c{:05}".format, itertools.count())  # the same in every run
        engine.deployments.create(BLUEPRINT, _NAME, {"folder": str(folder)}, new_suffix=suffixes.__next__)

    def workflow(self, folder: Path) -> tuple[Any, dict[str, Any], str | None]:
        del folder
        return "out_and_in", {}, _NAME

    def problems(self, folder: Path) -> list[str]:
        order = list(dict.fromkeys(line["label"] for line in ran.lines(folder)))
        found = list(_wrong_counts(order))
        for earlier, later in _pairs(order):
            if order.index(earlier) > order.index(later):
                found.append(f"'{later}' ran before '{earlier}'")
        return found


def _wrong_counts(order: list[str]) -> Iterator[str]:
    """What was made and unmade, by node, where that is not what the workflow asks for."""
    for name, expected in _COUNTS.items():
        seen = Counter(_node(label) for label in order if label.startswith(name))
        if seen != Counter(expected):
            yield f"{name} ran for {dict(seen)}, not for {expected}"


def _node(label: str) -> str:
    return label.split(" ")[1].partition("_")[0]


def _pairs(order: list[str]) -> Iterator[tuple[str, str]]:
    """What comes before what: of each link of the balancer, its web server's start and stop."""
    for label in order:
        name, target, *_ = label.split(" ")
        web = target.partition("->")[2]
        if name == f"{_LINK}.establish":
            yield f"{_LIFECYCLE}.start {web}", label
        elif name == f"{_LINK}.unlink":
            yield label, f"{_LIFECYCLE}.stop {web}"


_LIFECYCLE = "cloudify.interfaces.lifecycle"
_LINK = "cloudify.interfaces.relationship_lifecycle"
_MADE = {"vm": 3, "web": 3, "balancer": 1}
_GONE = {"vm": 2, "web": 2}
_COUNTS = {
    f"{_LIFECYCLE}.create ": _MADE,
    f"{_LIFECYCLE}.start ": _MADE,
    f"{_LINK}.establish ": {"balancer": 3},
    f"{_LINK}.unlink ": {"balancer": 2},
    f"{_LIFECYCLE}.stop ": _GONE,
    f"{_LIFECYCLE}.delete ": _GONE,
}
