"""Install and uninstall of two hosts with an application each, one of which is connected to the other."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from durable_wf import Engine, ctx, operation, workflow
from durable_wf.builtin.workflows import install, uninstall
from durable_wf.model.rows import History, Kind
from tools.crash.scenarios import ran
from tools.crash.scenarios.base import Runs

BLUEPRINT = Path(__file__).with_name("lifecycle.yaml")
_NAME = "site"


@operation(resumable=True)
def step(folder: str, side: str = "", **_: Any) -> bool:
    """A step of a lifecycle: it records itself, and leaves a runtime property.

    side  of a relationship, at which it runs
    """
    name = ctx.operation.name.rpartition(".")[2]
    target = f"{ctx.source.instance.id}->{ctx.target.instance.id}" if side else ctx.instance.id
    with ran.recorded(ctx, folder, " ".join(filter(None, (ctx.operation.name, target, side)))):
        if not side:
            ctx.instance.runtime_properties[name] = "done"
    return True


@workflow
def cycle(ctx: Any, **_: Any) -> list[list[str]]:
    """Up and down again; the states between and at the end."""
    install(ctx)
    ctx.refresh_node_instances()
    found = [[one.state for one in ctx.node_instances]]
    uninstall(ctx)
    ctx.refresh_node_instances()
    return [*found, [one.state for one in ctx.node_instances]]


class Lifecycle:
    """See `Scenario`."""

    clock = None

    def prepare(self, engine: Engine, folder: Path) -> None:
        suffixes = map("c{:05}".format, itertools.count())  # the same in every run: ids order what the workflow builds
        engine.deployments.create(BLUEPRINT, _NAME, {"folder": str(folder)}, new_suffix=suffixes.__next__)

    def workflow(self, folder: Path) -> tuple[Any, dict[str, Any], str | None]:
        del folder
        return "cycle", {}, _NAME

    def names(self, history: History) -> Mapping[int, str]:
        found = {}
        for task in history.tasks:
            if task.kind == Kind.OPERATION:
                name, _, end = task.name.partition(" ")
                found[task.no] = " ".join(filter(None, (name, task.target, end.strip("()"))))
        return found

    def ran(self, folder: Path) -> Mapping[str, Runs]:
        return ran.count(folder)

    def problems(self, folder: Path) -> list[str]:
        order = list(dict.fromkeys(line["label"] for line in ran.lines(folder)))
        found = []
        for earlier, later in _ORDER:
            if order.index(earlier) > order.index(later):
                found.append(f"'{later}' ran before '{earlier}'")
        return found

    def clean(self, folder: Path) -> None:
        """There is nothing but the folder."""


_LIFECYCLE = "cloudify.interfaces.lifecycle"
_LINK = "cloudify.interfaces.relationship_lifecycle"
_ORDER = (
    (f"{_LIFECYCLE}.start back_c00001", f"{_LIFECYCLE}.create db_c00002"),
    (f"{_LIFECYCLE}.start db_c00002", f"{_LIFECYCLE}.create web_c00003"),
    (f"{_LIFECYCLE}.start front_c00000", f"{_LIFECYCLE}.create web_c00003"),
    (f"{_LIFECYCLE}.start web_c00003", f"{_LINK}.establish web_c00003->db_c00002 source"),
    (f"{_LINK}.establish web_c00003->db_c00002 target", f"{_LIFECYCLE}.stop web_c00003"),
    (f"{_LIFECYCLE}.stop web_c00003", f"{_LINK}.unlink web_c00003->db_c00002 source"),
    (f"{_LIFECYCLE}.delete web_c00003", f"{_LIFECYCLE}.stop db_c00002"),
    (f"{_LIFECYCLE}.delete db_c00002", f"{_LIFECYCLE}.stop back_c00001"),
)
